//! The list to choose from, below the page, so that the page is seen meanwhile; what is looked for stands below it.

use super::{cut, one_row};
use crate::{
    clean::for_terminal,
    tui::{
        app::App,
        command::Command,
        overlay::Overlay,
        page::width,
        picker::{Entry, Kind, Picker},
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};

/// The most entries that are seen at once.
const TALL: usize = 14;

/// Draws the list over the lower part of `area`, and what is looked for in its last row.
pub fn draw(app: &mut App, frame: &mut Frame, area: Rect) {
    let Some(Overlay::Picker(picker)) = &app.overlay else { return };
    let rows = picker.found().len().clamp(1, TALL).min(usize::from(area.height) / 2);
    let over = Rect {
        y: area.bottom().saturating_sub(rows as u16 + 2),
        height: (rows as u16 + 2).min(area.height),
        ..area
    };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, app.theme.style(Role::Text));
    let mut lines = vec![super::heading(app, &called(picker), usize::from(area.width))];
    let first = (picker.at() + 1).saturating_sub(rows);
    for (number, entry) in picker.found().enumerate().skip(first).take(rows) {
        lines.push(row(app, picker, entry, number == picker.at(), usize::from(area.width)));
    }
    if picker.found().len() == 0 {
        let words = match (picker.all(), &picker.kind) {
            (0, Kind::Beside) => {
                format!("   There is no other model here yet: {}.", app.key(Command::Models))
            }
            (0, _) => "   There is none yet.".to_owned(),
            _ => "   Nothing is called so.".to_owned(),
        };
        let words = cut(&words, usize::from(area.width));
        lines.push(Line::styled(words, app.theme.style(Role::Quiet)));
    }
    for (y, line) in (over.y..).zip(&lines) {
        frame.buffer_mut().set_line(over.x, y, line, over.width);
    }
    let last = Rect { y: over.bottom().saturating_sub(1), height: 1, ..over };
    wanted(app, picker, frame, last);
    let rows = Rect { y: over.y + 1, height: rows as u16, ..over };
    if let Some(Overlay::Picker(picker)) = &mut app.overlay {
        picker.seen_at(rows, first);
    }
}

fn called(picker: &Picker) -> String {
    let what = match picker.kind {
        Kind::Commands => "commands",
        Kind::Themes(_) => "themes",
        Kind::Recent => "drafts of late",
        Kind::Models => "models",
        Kind::Beside => "another model beside this one, on one seed",
    };
    format!("{what} · {} of {}", picker.found().len(), picker.all())
}

fn row<'a>(app: &App, picker: &Picker, entry: &Entry, chosen: bool, room: usize) -> Line<'a> {
    let role = |role| app.theme.style(if chosen { Role::Chosen } else { role });
    // A path's beginning is told by its end, everything else by its beginning.
    let names = picker.found().map(|entry| width(&for_terminal(&entry.name)));
    let wide = names.max().unwrap_or(0).clamp(8, 24).min(room / 2);
    let name = cut(&one_row(&entry.name), wide);
    let key = if room >= 60 { cut(&one_row(&entry.key), 24) } else { String::new() };
    // Where there is no place for it beside, what a model is just now stands before what it is.
    let state = match picker.kind {
        Kind::Models if key.is_empty() && !entry.key.is_empty() => format!("{} · ", entry.key),
        _ => String::new(),
    };
    let about = cut(
        &one_row(&format!("{state}{}", entry.about)),
        room.saturating_sub(7 + wide + width(&key)),
    );
    let gap = |cells: usize| " ".repeat(cells);
    Line::from(vec![
        Span::styled(if chosen { " ▸ " } else { "   " }, app.theme.style(Role::Mark)),
        Span::styled(name.clone(), role(Role::Text)),
        Span::styled(gap((wide + 2).saturating_sub(width(&name))), role(Role::Text)),
        Span::styled(about.clone(), role(Role::Quiet)),
        Span::styled(
            gap(room.saturating_sub(6 + wide + width(&about) + width(&key))),
            role(Role::Text),
        ),
        Span::styled(key, role(Role::Key)),
    ])
}

/// What is looked for, and the keys.
fn wanted(app: &App, picker: &Picker, frame: &mut Frame, area: Rect) {
    let enter = match picker.kind {
        Kind::Commands => "run",
        Kind::Themes(_) => "wear",
        Kind::Recent => "open",
        Kind::Models => "use",
        Kind::Beside => "compare",
    };
    let (key, quiet) = (app.theme.style(Role::Key), app.theme.style(Role::Quiet));
    let text = for_terminal(&picker.field.text()).into_owned();
    let hints = format!("Enter {enter}  Esc back");
    let room = usize::from(area.width).saturating_sub(4);
    let shows = width(&text) + width(&hints) + 4 < room;
    let shown = cut(&text, room.saturating_sub(1));
    let at = area.x + 3 + width(&shown) as u16;
    let mut spans = vec![
        Span::styled(" › ", app.theme.style(Role::Mark)),
        Span::styled(shown.clone(), app.theme.style(Role::Text)),
    ];
    if text.is_empty() && room > 60 {
        spans.push(Span::styled(" write a few letters", quiet));
    }
    if shows {
        let used: usize = spans.iter().map(|span| width(&span.content)).sum();
        let gap = usize::from(area.width).saturating_sub(used + width(&hints) + 1);
        spans.push(Span::raw(" ".repeat(gap)));
        for (name, act) in [("Enter", format!(" {enter}  ")), ("Esc", " back".to_owned())] {
            spans.push(Span::styled(name, key));
            spans.push(Span::styled(act, quiet));
        }
    }
    frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
    frame.set_cursor_position((at.min(area.right().saturating_sub(1)), area.y));
}
