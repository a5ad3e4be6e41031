//! The fields to look for a text and to replace it, in the place of the line below the page.

use super::status::{above, line, short, size};
use crate::{
    tui::{
        app::App,
        command::Command,
        find::{Find, Part},
        notices::Notice,
        overlay::Overlay,
        page::width,
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};

/// The least cells of a field, and what it gets before keys are named beside it.
const LEAST: usize = 10;
const FAIR: usize = 20;

/// Draws the fields in the last row, or in the last two.
pub fn draw(app: &mut App, frame: &mut Frame, area: Rect) {
    let Some(Overlay::Find(find)) = &app.overlay else { return };
    let rows = if find.replaces { 2 } else { 1 };
    let over = Rect { y: area.bottom().saturating_sub(rows), height: rows, ..area };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, app.theme.style(Role::Text));
    if let Some((Notice::Word(words) | Notice::Error(words), _)) = app.notices.shown() {
        above(app, frame, over, words, app.theme.style(Role::Notice));
    }
    let mut drawn = Vec::new();
    for (part, row) in [Part::Wanted, Part::Instead].into_iter().zip(over.rows()) {
        drawn.push((part, field(app, find, part, frame, row)));
    }
    if let Some(Overlay::Find(find)) = &mut app.overlay {
        for (part, (area, cursor)) in drawn {
            find.drawn_at(part, area, cursor);
        }
    }
}

/// Draws a field with its name before it, and behind it what was found and the keys. Where it is, and its cursor.
fn field(app: &App, find: &Find, part: Part, frame: &mut Frame, row: Rect) -> (Rect, u16) {
    let has_keys = part == find.part;
    let (name, text, words) = match part {
        Part::Wanted if find.replaces => (" Find:    ", &find.wanted, said(app, find)),
        Part::Wanted => (" Find: ", &find.wanted, said(app, find)),
        Part::Instead => (" Replace: ", &find.instead, String::new()),
    };
    let role = if has_keys { Role::Notice } else { Role::Quiet };
    let hints = if has_keys { hints(app, find) } else { Vec::new() };
    let room = usize::from(row.width).saturating_sub(width(name));
    let least = if words.is_empty() { 0 } else { width(&words) + 2 };
    let wanted = (least + size(&hints)).min(room.saturating_sub(FAIR));
    let beside = wanted.max(least).min(room.saturating_sub(LEAST)) as u16;
    let into =
        Rect { x: row.x + width(name) as u16, width: (room as u16).saturating_sub(beside), ..row };
    let after = Rect { x: into.right(), width: beside, ..row };
    let before = Rect { width: row.width - into.width - beside, ..row };
    frame.render_widget(Line::styled(name, app.theme.style(role)), before);
    let shown = text.shown(app.theme.style(Role::Selection));
    frame.render_widget(&shown, into);
    line(app, frame, after, Span::styled(words, app.theme.style(Role::Quiet)), &hints);
    let cursor = shown.rendered_cursor_position();
    if let Some(cursor) = cursor.filter(|_| has_keys) {
        frame.set_cursor_position(cursor);
    }
    (into, cursor.map_or(into.x, |cursor| cursor.x))
}

/// What was found, in words.
fn said(app: &App, find: &Find) -> String {
    let all = find.found().len();
    let words = match (find.at(&app.session), all) {
        _ if find.wanted.text().is_empty() => return String::new(),
        (_, 0) => return "not found".into(),
        (Some(number), _) => format!("{} of {all}", number + 1),
        (None, _) => format!("{all} found"),
    };
    find.round.map_or(words.clone(), |round| format!("{words}, {round}"))
}

fn hints(app: &App, find: &Find) -> Vec<(String, &'static str)> {
    let hint = |command, act| (short(&app.key(command)), act);
    let key = |key: &str, act| (key.to_owned(), act);
    let back = hint(Command::Find, "back");
    match find.part {
        Part::Wanted if find.replaces => {
            vec![key("Enter", "next"), key("Tab", "replace"), key("Esc", "stay"), back]
        }
        Part::Wanted => vec![
            key("Enter", "next"),
            key("Esc", "stay"),
            key("Tab", "replace"),
            key("↑", "previous"),
            back,
        ],
        Part::Instead => vec![
            key("Enter", "replace"),
            hint(Command::TakeAll, "all"),
            key("Esc", "stay"),
            key("Tab", "find"),
            key("↓", "next"),
            back,
        ],
    }
}
