//! Takes side by side, and the list of keys.

use super::{
    Live, WIDE, cut, large,
    letters::{Run, rows},
};
use crate::{
    clean::for_terminal,
    tui::live::{Cue, Letters, item, take::State},
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Margin, Rect},
    style::Modifier,
    text::{Line, Span},
    widgets::Paragraph,
};
use strum::{EnumMessage, IntoEnumIterator};

/// The least width of a take for spaced letters.
const SPACED: u16 = 56;

/// The end of the prompt, and below it the takes side by side with the writer's own continuation.
pub fn sides(live: &Live, frame: &mut Frame, area: Rect) {
    let show = live.item();
    let shown = show.on_screen();
    let written = show.own_on_screen().map(|text| item::seen(text, &live.bleeps));
    let count = shown.len() + usize::from(written.is_some());
    let share = vec![Constraint::Ratio(1, count as u32); count];
    let wide = area.width >= WIDE;
    let above = prompt(live, area);
    let rows = u16::try_from(above.len()).unwrap_or(0);
    let [_, top, _, area] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(rows),
        Constraint::Length(1),
        Constraint::Min(1),
    ])
    .areas(area);
    let margin = Margin { horizontal: if wide { 3 } else { 2 }, vertical: 0 };
    frame.render_widget(Paragraph::new(above), top.inner(margin));
    let places = if wide {
        Layout::horizontal(share).spacing(3).horizontal_margin(3).split(area)
    } else {
        Layout::vertical(share).horizontal_margin(2).split(area)
    };
    for (number, place) in shown.iter().zip(places.iter()) {
        let take = &show.takes[*number];
        let state = match take.state {
            _ if take.is_over() => "✓",
            State::Reading => "reading",
            _ => "",
        };
        let chosen = *number == show.chosen;
        let head = format!("take {} of {}  {state}", number + 1, show.takes.len());
        let [_, said] = take.seen();
        let style = if chosen { live.air() } else { live.look.theme.style(Role::Text) };
        let cursor = if live.runs() && !take.is_over() { "▌" } else { "" };
        let run = (format!("{}{cursor}", for_terminal(said.trim_start())), style);
        side(live, &head, chosen, run, frame, *place);
    }
    if let (Some(written), Some(place)) = (written, places.get(shown.len())) {
        let style = live.look.theme.style(Role::Text).add_modifier(Modifier::ITALIC);
        let run = (for_terminal(&written).into_owned(), style);
        side(live, "the writer", false, run, frame, *place);
    }
}

/// The last rows of the prompt: one on a low screen, up to three on a high one.
fn prompt(live: &Live, area: Rect) -> Vec<Line<'static>> {
    let most = usize::from(area.height / 8).clamp(1, 3);
    let text = for_terminal(live.item().seen(&live.bleeps).trim()).into_owned();
    let runs = [(text, live.look.theme.style(Role::Quiet))];
    let lines = rows(&runs, usize::from(area.width.saturating_sub(6)), Letters::Plain, false).lines;
    let mut lines: Vec<Line> = lines.into_iter().filter(|line| line.width() > 0).collect();
    lines.drain(..lines.len().saturating_sub(most));
    lines
}

fn side(live: &Live, head: &str, chosen: bool, run: Run, frame: &mut Frame, place: Rect) {
    let [top, _, body] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(place.height > 5)),
        Constraint::Min(1),
    ])
    .areas(place);
    let (mark, role) = if chosen { ("▸ ", Role::Mark) } else { ("  ", Role::Quiet) };
    let head = cut(&format!("{mark}{head}"), usize::from(top.width));
    frame.render_widget(Line::from(Span::styled(head, live.look.theme.style(role))), top);
    let letters =
        if body.width < SPACED || body.height < 4 { Letters::Plain } else { live.look.letters };
    // Large letters need the whole screen.
    let letters = if letters == Letters::Large { Letters::Spaced } else { letters };
    large(&[run], letters, frame, body);
}

/// The list of keys.
pub fn help(live: &Live, first: usize, frame: &mut Frame, area: Rect) {
    // Two columns only where nothing is cut.
    let words = |cue: Cue| crate::tui::text::width(cue.get_documentation().unwrap_or_default());
    let longest = Cue::iter().map(words).max().unwrap_or(0);
    let columns = if usize::from(area.width) >= 2 * (longest + 19) { 2 } else { 1 };
    let width = usize::from(area.width) / columns;
    let cell = |cue: Cue| {
        let keys: Vec<String> = live.keymap.keys(cue).take(2).map(super::super::name).collect();
        let keys = format!(" {:<16}", keys.join(", "));
        let words = cue.get_documentation().unwrap_or_default();
        let words = cut(words.trim_end_matches('.'), width.saturating_sub(19));
        let gap = " ".repeat(width.saturating_sub(18 + crate::tui::text::width(&words)));
        [
            Span::styled(keys, live.look.theme.style(Role::Key)),
            Span::styled(format!(" {words}{gap}"), live.look.theme.style(Role::Text)),
        ]
    };
    let cues: Vec<Cue> = Cue::iter().collect();
    let rows = cues.len().div_ceil(columns);
    let first = first.min(rows.saturating_sub(usize::from(area.height)));
    let lines: Vec<Line> = (first..rows)
        .map(|row| {
            let cells = (0..columns).filter_map(|column| cues.get(row + column * rows));
            Line::from(cells.flat_map(|cue| cell(*cue)).collect::<Vec<_>>())
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}
