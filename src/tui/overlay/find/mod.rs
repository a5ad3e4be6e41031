//! Find and replace. The current match is the selection on the page, and Esc leaves it selected.

mod matches;
mod search;

use super::layer::{Flow, Layer};
use crate::{
    session::Session,
    tui::{
        command::{Command, Opens},
        desk::{Desk, NOTCH, Notice},
        drawn,
        text::width,
        view::{
            Areas, Hint, Status,
            status::{above, line, short, size},
        },
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use matches::{Find, Part};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};
use std::ops::Range;

/// The command.
pub const OPENS: Opens = Opens {
    name: "find",
    heading: "The text",
    help: "Find and replace; press again to return to where you were.",
    keys: &["ctrl-f", "alt-/"],
};

/// The longest selection that becomes the search text, in cells.
const ROW: usize = 72;
/// The least width of a field in cells, and the width it has before hints are shown.
const LEAST: usize = 10;
const FAIR: usize = 20;

/// Opens the field, with the selection or the last search text.
pub fn open(desk: &mut Desk) -> Flow {
    let selected = desk.session.selection().map(|range| desk.session.text().slice(range));
    let selected = selected.filter(|words| words.len_chars() <= ROW).map(|w| w.to_string());
    let is_row = |words: &String| !words.contains(['\n', '\r']) && width(words) <= ROW;
    let (wanted, instead) = &desk.searched;
    let wanted = selected.filter(is_row).unwrap_or_else(|| wanted.clone());
    let find = Find::new(&wanted, instead, &mut desk.session);
    desk.offers.focus = false;
    desk.page.forget_column();
    Flow::open(find)
}

impl Layer for Find {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        self.round = None;
        desk.page.come_back();
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        match (key.code(), desk.keymap.command(key)) {
            (KeyCode::Esc, _) => return self.close(desk),
            (_, Some(command)) if command.name() == OPENS.name => {
                self.back(&mut desk.session);
                return self.close(desk);
            }
            (_, Some(Command::TakeAll)) if self.replaces => self.replace_everywhere(desk),
            (_, Some(command @ (Command::Undo | Command::Redo))) => {
                desk.edit(command);
                self.look(&desk.session);
            }
            (KeyCode::Tab, _) if self.replaces => {
                self.part = match self.part {
                    Part::Wanted => Part::Instead,
                    Part::Instead => Part::Wanted,
                };
            }
            (KeyCode::Tab, _) => (self.replaces, self.part) = (true, Part::Instead),
            (KeyCode::Enter, _) if self.part == Part::Instead && !shift => {
                let done = self.replace(&mut desk.session);
                desk.edited(done);
            }
            (KeyCode::Enter, _) => self.step(!shift, &mut desk.session),
            (KeyCode::Down, _) => self.step(true, &mut desk.session),
            (KeyCode::Up, _) => self.step(false, &mut desk.session),
            _ => {
                let before = self.wanted.text();
                desk.press_field(self.field(), key, event);
                if self.wanted.text() != before {
                    self.typed(&mut desk.session);
                }
            }
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str, desk: &mut Desk) -> Flow {
        self.round = None;
        desk.page.come_back();
        self.field().paste(text);
        if self.part == Part::Wanted {
            self.typed(&mut desk.session);
        }
        Flow::Stay
    }

    /// A click in a field moves its cursor. A click on the page closes the fields and moves the cursor there.
    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        if self.point(at, &desk.drawn.overlay.fields)
            || desk.page.place_at(&desk.session, at).is_none()
        {
            return Flow::Stay;
        }
        self.close(desk);
        Flow::Pass
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        desk.page.scroll(&desk.session, by * NOTCH);
    }

    fn marks(&self, _: &Session, window: Range<usize>) -> Vec<(Range<usize>, Role)> {
        self.within(window).iter().map(|range| (range.clone(), Role::Found)).collect()
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    /// Draws the fields in the last row, or in the last two.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let rows = if self.replaces { 2 } else { 1 };
        let area = areas.status;
        let over = Rect { y: area.bottom().saturating_sub(rows), height: rows, ..area };
        frame.render_widget(Clear, over);
        frame.buffer_mut().set_style(over, desk.look.theme.style(Role::Text));
        if let Some((Notice::Word(words) | Notice::Error(words), _)) = desk.notices.shown() {
            above(desk, frame, over, words, desk.look.theme.style(Role::Notice));
        }
        let parts = [Part::Wanted, Part::Instead].into_iter().zip(over.rows());
        let fields = parts.map(|(part, row)| draw_field(self, part, desk, frame, row)).collect();
        drawn::Overlay { fields, ..drawn::Overlay::default() }
    }
}

impl Find {
    /// Keeps the texts for the next search.
    fn close(&self, desk: &mut Desk) -> Flow {
        desk.searched = (self.wanted.text(), self.instead.text());
        Flow::Close
    }

    fn replace_everywhere(&mut self, desk: &mut Desk) {
        let replaced = self.replace_all(&mut desk.session);
        desk.edited(replaced.is_some());
        let undo = desk.key(Command::Undo);
        match replaced {
            Some(0) => desk.notices.say("There is nothing to replace."),
            Some(number) => desk.notices.say(format!("{number} replaced. {undo} undoes it.")),
            None => {}
        }
    }
}

/// Draws a field with its name, the number of matches and the keys. Returns its area and the column of its cursor.
fn draw_field(find: &Find, part: Part, desk: &Desk, frame: &mut Frame, row: Rect) -> (Rect, u16) {
    let has_keys = part == find.part;
    let (name, text, words) = match part {
        Part::Wanted if find.replaces => (" Find:    ", &find.wanted, said(desk, find)),
        Part::Wanted => (" Find: ", &find.wanted, said(desk, find)),
        Part::Instead => (" Replace: ", &find.instead, String::new()),
    };
    let role = if has_keys { Role::Notice } else { Role::Quiet };
    let hints = if has_keys { hints(desk, find) } else { Vec::new() };
    let room = usize::from(row.width).saturating_sub(width(name));
    let least = if words.is_empty() { 0 } else { width(&words) + 2 };
    let wanted = (least + size(&hints)).min(room.saturating_sub(FAIR));
    let beside = wanted.max(least).min(room.saturating_sub(LEAST)) as u16;
    let into =
        Rect { x: row.x + width(name) as u16, width: (room as u16).saturating_sub(beside), ..row };
    let after = Rect { x: into.right(), width: beside, ..row };
    let before = Rect { width: row.width - into.width - beside, ..row };
    frame.render_widget(Line::styled(name, desk.look.theme.style(role)), before);
    let shown = text.shown(desk.look.theme.style(Role::Selection));
    frame.render_widget(&shown, into);
    line(desk, frame, after, Span::styled(words, desk.look.theme.style(Role::Quiet)), &hints);
    let cursor = shown.rendered_cursor_position();
    if let Some(cursor) = cursor.filter(|_| has_keys) {
        frame.set_cursor_position(cursor);
    }
    (into, cursor.map_or(into.x, |cursor| cursor.x))
}

/// The number of matches, in words.
fn said(desk: &Desk, find: &Find) -> String {
    let all = find.found().len();
    let words = match (find.at(&desk.session), all) {
        _ if find.wanted.text().is_empty() => return String::new(),
        (_, 0) => return "not found".into(),
        (Some(number), _) => format!("{} of {all}", number + 1),
        (None, _) => format!("{all} found"),
    };
    find.round.map_or(words.clone(), |round| format!("{words}, {round}"))
}

fn hints(desk: &Desk, find: &Find) -> Vec<Hint> {
    let hint = |command: Command, act| (short(&desk.key(command)), act);
    let key = |key: &str, act| (key.to_owned(), act);
    let back = (short(&desk.key(OPENS.name)), "back");
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
