//! The candidates for a token as bars: the probability according to the model, and after temperature and top-p.

use super::{super::dice::Dice, Live, cut};
use crate::{
    clean::for_terminal,
    tui::text::{percent, width as cells},
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::Paragraph,
};

/// The width of a token's text.
const TEXT: usize = 16;

/// The height of the list on a screen of `of` rows.
pub fn height(dice: &Dice, of: u16) -> u16 {
    let all = u16::try_from(dice.rows.len()).unwrap_or(u16::MAX).saturating_add(2);
    all.min((of * 3 / 5).max(4)).min(of)
}

/// Draws the list.
pub fn draw(live: &Live, dice: &Dice, frame: &mut Frame, area: Rect) {
    let theme = &live.look.theme;
    let margin = usize::from(area.width / 20);
    let inside = usize::from(area.width).saturating_sub(2 * margin);
    // The text, and two probabilities with their bars.
    let bar = (inside.saturating_sub(TEXT + 30) / 2).clamp(4, 40);
    let room = usize::from(area.height).saturating_sub(2).max(1);
    let first = dice.chosen.saturating_sub(room - 1);
    let pad = " ".repeat(margin);
    let head = format!("{pad}   {:TEXT$}{:>6} {:bar$}  {:>6}", "", "model", "", "dice");
    let mut lines =
        vec![Line::styled(cut(&head, usize::from(area.width)), theme.style(Role::Quiet))];
    let take = live.item().take();
    for (number, row) in dice.rows.iter().enumerate().skip(first).take(room) {
        let seen = take.map_or_else(String::new, |take| {
            take.alternative(dice.token, &row.token.text, &live.bleeps)
        });
        let seen = format!("“{}”", for_terminal(&seen.replace('\n', "⏎")));
        let seen = cut(&seen, TEXT);
        let gap = " ".repeat(TEXT.saturating_sub(cells(&seen)));
        let mark = match (number == dice.chosen, row.drawn) {
            (true, _) => "▸",
            (false, true) => "●",
            (false, false) => " ",
        };
        let after = match (row.after, row.drawn) {
            (Some(after), true) => format!("{} {}  drawn", percent(after), block(after, bar)),
            (Some(after), false) => format!("{} {}", percent(after), block(after, bar)),
            (None, true) => "      drawn".to_owned(),
            (None, false) => "      cut off".to_owned(),
        };
        let words = format!("{seen}{gap}{} {}  {after}", percent(row.raw), block(row.raw, bar));
        let style = match (number == dice.chosen, row.after.is_some() || row.drawn) {
            (true, _) => theme.style(Role::Selection),
            (false, true) => theme.style(Role::Text),
            (false, false) => theme.style(Role::Quiet),
        };
        let style = if row.drawn { style.add_modifier(Modifier::BOLD) } else { style };
        lines.push(Line::from(vec![
            Span::styled(format!("{pad}{mark}  "), theme.style(Role::Mark)),
            Span::styled(cut(&words, inside.saturating_sub(3)), style),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// A bar for a share of 1, padded to `most` cells.
fn block(share: f32, most: usize) -> String {
    let full = ((share * most as f32).round() as usize).min(most);
    let thin = usize::from(full == 0 && share > 0.0);
    format!("{}{}{}", "█".repeat(full), "▏".repeat(thin), " ".repeat(most - full - thin))
}
