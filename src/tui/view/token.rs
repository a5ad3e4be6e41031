//! An open token: what might have stood there, how likely before and after the cuts.

use crate::{
    clean::for_terminal,
    token::SamplingParams,
    tui::{app::App, overlay::Token, page::width as cells},
    ui::theme::Role,
};
use indicatif::HumanCount;
use ratatui::{
    Frame,
    layout::{Position, Rect},
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};

/// How wide the list is, with its frame.
const WIDTH: u16 = 54;
/// Cells for a token's text, and for its bar.
const TEXT: usize = 14;
const BAR: usize = 10;

/// Draws the list below the cursor, or above it where there is more room.
pub fn draw(app: &App, token: &Token, frame: &mut Frame, page: Rect, cursor: Position) {
    let style = app.theme.style(Role::Text);
    let quiet = app.theme.style(Role::Quiet);
    let width = WIDTH.min(page.width);
    let inside = usize::from(width).saturating_sub(2);
    let (title, rows, foot) = match &token.seen {
        None => ("reading".to_owned(), Vec::new(), "Esc back"),
        Some(seen) => {
            let now = token.span.get(seen.token.clone()).unwrap_or_default();
            let title = format!(
                "{} ─ rank {} of {}",
                quoted(now),
                seen.rank,
                HumanCount(seen.vocabulary as u64)
            );
            (title, rows(app, token, inside), "Enter go on from there  ←→ other words  Esc back")
        }
    };
    let height = (rows.len() as u16 + 3).min(page.height);
    let below = page.bottom().saturating_sub(cursor.y + 1);
    let y = if below >= height || below >= cursor.y.saturating_sub(page.y) {
        (cursor.y + 1).min(page.bottom().saturating_sub(height))
    } else {
        cursor.y.saturating_sub(height).max(page.y)
    };
    let x = cursor.x.saturating_sub(2).min(page.right().saturating_sub(width)).max(page.x);
    let area = Rect { x, y, width, height };
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, style);
    let title = crate::tui::view::cut(&title, inside.saturating_sub(3));
    let rule = app.theme.style(Role::Rule);
    let line = "─".repeat(inside.saturating_sub(cells(&title) + 2));
    let mut lines = vec![Line::from(vec![
        Span::styled("┌ ", rule),
        Span::styled(title, app.theme.style(Role::Title)),
        Span::styled(format!(" {line}┐"), rule),
    ])];
    lines.extend(rows.into_iter().map(|mut row: Line| {
        let free = inside.saturating_sub(row.width());
        row.spans.insert(0, Span::styled("│", rule));
        row.spans.push(Span::raw(" ".repeat(free)));
        row.spans.push(Span::styled("│", rule));
        row
    }));
    let foot = crate::tui::view::cut(foot, inside.saturating_sub(1));
    let free = " ".repeat(inside.saturating_sub(cells(&foot) + 1));
    lines.push(Line::from(vec![
        Span::styled("│ ", rule),
        Span::styled(format!("{foot}{free}"), quiet),
        Span::styled("│", rule),
    ]));
    lines.push(Line::styled(format!("└{}┘", "─".repeat(inside)), rule));
    // On a low screen the frame's end goes, never the words.
    frame.render_widget(Paragraph::new(lines), area);
}

fn rows<'a>(app: &App, token: &Token, inside: usize) -> Vec<Line<'a>> {
    let Some(seen) = &token.seen else { return Vec::new() };
    let mut rows = Vec::new();
    for (number, other) in seen.top.iter().enumerate() {
        let raw = other.logprob.exp();
        let bar = "█".repeat((raw * BAR as f32).round() as usize);
        let after = match other.after {
            Some(after) => format!("drawn {}", percent(after)),
            None => format!("cut by {}", cut_by(app.sampling(), number)),
        };
        let text = crate::tui::view::cut(&quoted(&other.text), TEXT);
        let pad = " ".repeat(TEXT.saturating_sub(cells(&text)));
        let here = number == token.chosen;
        let mark = if here { " ▸ " } else { "   " };
        let words = format!("{text}{pad} {} {bar:<BAR$}  {after}", percent(raw));
        let words = crate::tui::view::cut(&words, inside.saturating_sub(3));
        let role = match (here, other.after) {
            (true, _) => Role::Selection,
            (false, Some(_)) => Role::Text,
            (false, None) => Role::Stale,
        };
        rows.push(Line::from(vec![
            Span::styled(mark, app.theme.style(Role::Mark)),
            Span::styled(words, app.theme.style(role)),
        ]));
    }
    rows
}

/// Which of the cuts took out the token of this rank, from 0.
fn cut_by(params: &SamplingParams, rank: usize) -> &'static str {
    if params.temperature == 0.0 {
        "temperature 0"
    } else if params.active_top_k().is_some_and(|k| rank >= k) {
        "top-k"
    } else if params.active_top_p().is_some() {
        "top-p"
    } else {
        "min-p"
    }
}

/// A share, so that small ones still differ.
pub(in crate::tui) fn percent(share: f32) -> String {
    let share = share * 100.0;
    if share < 0.95 { format!("{share:4.1} %") } else { format!("{share:4.0} %") }
}

/// A token as it can be read: its spaces and line ends seen.
fn quoted(text: &str) -> String {
    let text = text.replace('\n', "⏎");
    for_terminal(&format!("\"{text}\"")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_read() {
        assert_eq!(
            [0.414, 0.0004, 1.0, 0.0094].map(percent),
            ["  41 %", " 0.0 %", " 100 %", " 0.9 %"]
        );
        assert_eq!(quoted("\n\n"), "\"⏎⏎\"");
    }
}
