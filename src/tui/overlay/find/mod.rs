//! Find and replace. The current match is the selection on the page, and Esc leaves it selected.

mod matches;

use super::{
    difference::Difference,
    layer::{Flow, Layer},
};
use crate::{
    session::Session,
    tui::{
        command::{Command, Opens},
        desk::{Desk, NOTCH, Notice},
        drawn,
        search::{How, Searched},
        text::{one_row, width},
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
    help: "Find and replace, also whole words and expressions; press again to return.",
    keys: &["ctrl-f", "alt-/"],
};

/// The longest selection that becomes the search text, in cells.
const ROW: usize = 72;
/// The least width of a field in cells, and the width it has before hints are shown.
const LEAST: usize = 10;
const FAIR: usize = 20;
/// How many characters before and after a match its preview shows.
const SIDE: usize = 28;

/// Opens the field, with the selection or the last search text.
pub fn open(desk: &mut Desk) -> Flow {
    let selected = desk.session.selection().map(|range| desk.session.text().slice(range));
    let selected = selected.filter(|words| words.len_chars() <= ROW).map(|w| w.to_string());
    let is_row = |words: &String| !words.contains(['\n', '\r']) && width(words) <= ROW;
    let Searched { wanted, instead, how } = &desk.searched;
    let wanted = selected.filter(is_row).unwrap_or_else(|| wanted.clone());
    let find = Find::new(&wanted, instead, *how, &mut desk.session);
    desk.offers.focus = false;
    desk.page.forget_column();
    Flow::open(find)
}

impl Layer for Find {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        self.round = None;
        desk.page.come_back();
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        if self.press_option(key, event.modifiers, desk) {
            return Flow::Stay;
        }
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
            (KeyCode::Char('v'), _) if self.replaces && event.modifiers == KeyModifiers::ALT => {
                let title = "What replacing all would change";
                return Flow::open(Difference::new(title, self.changes(&desk.session)));
            }
            (KeyCode::Tab, _) if self.replaces => {
                self.part = match self.part {
                    Part::Wanted => Part::Instead,
                    Part::Instead => Part::Wanted,
                };
            }
            (KeyCode::Tab, _) => {
                (self.replaces, self.part) = (true, Part::Instead);
                self.look(&desk.session);
            }
            (KeyCode::Enter, _) if self.part == Part::Instead && !shift => {
                let done = self.replace(&mut desk.session);
                desk.edited(done);
            }
            (KeyCode::Enter, _) => self.step(!shift, &mut desk.session),
            (KeyCode::Down, _) => self.step(true, &mut desk.session),
            (KeyCode::Up, _) => self.step(false, &mut desk.session),
            _ => {
                let before = self.field().text();
                desk.press_field(self.field(), key, event);
                if self.field().text() != before {
                    self.changed(desk);
                }
            }
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str, desk: &mut Desk) -> Flow {
        self.round = None;
        desk.page.come_back();
        self.field().paste(text);
        self.changed(desk);
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
        } else if let Some(words) = self.preview(desk).filter(|_| self.part == Part::Instead) {
            above(desk, frame, over, &words, desk.look.theme.style(Role::Quiet));
        }
        let parts = [Part::Wanted, Part::Instead].into_iter().zip(over.rows());
        let fields = parts.map(|(part, row)| draw_field(self, part, desk, frame, row)).collect();
        drawn::Overlay { fields, ..drawn::Overlay::default() }
    }
}

impl Find {
    /// Keeps the texts for the next search.
    fn close(&self, desk: &mut Desk) -> Flow {
        desk.searched =
            Searched { wanted: self.wanted.text(), instead: self.instead.text(), how: self.how };
        Flow::Close
    }

    /// The text of a field was changed.
    fn changed(&mut self, desk: &mut Desk) {
        match self.part {
            Part::Wanted => self.typed(&mut desk.session),
            Part::Instead => self.look(&desk.session),
        }
    }

    /// Changes how the text is searched, if a key does that.
    fn press_option(&mut self, key: Key, held: KeyModifiers, desk: &mut Desk) -> bool {
        if held != KeyModifiers::ALT {
            return false;
        }
        match key.code() {
            KeyCode::Char('w') => self.how.words = !self.how.words,
            KeyCode::Char('c') => self.how.case = !self.how.case,
            KeyCode::Char('e') => self.how.regex = !self.how.regex,
            _ => return false,
        }
        self.typed(&mut desk.session);
        true
    }

    /// How the text is searched, in words; empty for the usual way.
    fn options(&self) -> String {
        let How { words, case, regex } = self.how;
        let on = [(words, "whole word"), (case, "case"), (regex, "expression")];
        let on: Vec<_> = on.iter().filter(|(is_on, _)| *is_on).map(|(_, name)| *name).collect();
        on.join(", ")
    }

    /// The current match with its replacement in its place, and how many there are in all.
    fn preview(&self, desk: &Desk) -> Option<String> {
        let (range, words) = self.replacement(&desk.session)?;
        let text = desk.session.text();
        let near = |from: usize, to: usize| one_row(&text.slice(from..to).to_string());
        let line = text.char_to_line(range.start);
        let from = text.line_to_char(line).max(range.start.saturating_sub(SIDE));
        let to = text.line_to_char((line + 1).min(text.len_lines())).max(range.end);
        let (end, to) = (to, to.min(range.end + SIDE));
        let (mut before, mut after) = (near(from, range.start), near(range.end, to));
        if to < end {
            after.truncate(after.rfind(' ').unwrap_or(0));
            after.push('…');
        }
        if from > text.line_to_char(line) {
            // Not from the middle of a word.
            let word = before.find(' ').map_or(0, |at| at + 1);
            before = format!("…{}", &before[word..]);
        }
        let found = near(range.start, range.end);
        Some(format!("{before}[-{found}-]{{+{}+}}{}", one_row(words), after.trim_end()))
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

/// The number of matches and how they are searched, in words.
fn said(desk: &Desk, find: &Find) -> String {
    let options = find.options();
    let (number, gap) = (number(desk, find), if options.is_empty() { "" } else { " · " });
    let gap = if number.is_empty() { "" } else { gap };
    format!("{number}{gap}{options}")
}

/// The number of matches, or why there are none.
fn number(desk: &Desk, find: &Find) -> String {
    let all = find.found().len();
    let words = match (find.at(&desk.session), all) {
        _ if find.wanted.text().is_empty() => return String::new(),
        (_, 0) => return find.wrong().map_or("not found".into(), |why| format!("! {why}")),
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
            vec![
                key("Enter", "next"),
                key("Tab", "replace"),
                key("Esc", "stay"),
                back,
                key("Alt+W", "word"),
                key("Alt+C", "case"),
                key("Alt+E", "expression"),
            ]
        }
        Part::Wanted => vec![
            key("Enter", "next"),
            key("Esc", "stay"),
            key("Tab", "replace"),
            key("↑", "previous"),
            back,
            key("Alt+W", "word"),
            key("Alt+C", "case"),
            key("Alt+E", "expression"),
        ],
        Part::Instead => vec![
            key("Enter", "replace"),
            hint(Command::TakeAll, "all"),
            key("Alt+V", "preview"),
            key("Esc", "stay"),
            key("Tab", "find"),
            key("↓", "next"),
            back,
        ],
    }
}
