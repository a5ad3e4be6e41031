//! Notes on the draft: what the model sees beside it, names that offers may use, and what the writer says of words. They are kept in the draft's journal,
//! and are drawn below the page, so that the page stays visible.

use super::layer::{Flow, Layer};
use crate::{
    session::{self, Notes},
    tui::{
        command::{Command, Opens},
        desk::{Desk, Field, Notice},
        drawn,
        text::{cut, one_row, width},
        view::{Areas, Status, clear, heading, status::line},
    },
    ui::{asking::unreadable, keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "notes",
    heading: "The model",
    help: "Open the notes on this draft: memory, author's note, names, and words: banned, likelier, wanted.",
    keys: &["alt-n"],
};

/// A note: its name, and what it does.
type Row = (&'static str, &'static str, fn(&mut Notes) -> &mut String);

/// The notes, in the order of the rows.
const ROWS: [Row; 8] = [
    ("memory", "before all that the model sees of the draft", |notes| &mut notes.memory),
    ("note", "a few sentences before the cursor (» in the margin)", |notes| &mut notes.note),
    ("names", "names that offers may use, beside those of the draft", |notes| &mut notes.names),
    ("ban", "words and phrases that no offer has, with commas between", |notes| &mut notes.ban),
    ("bias", "words made likelier or less likely: lamp = 2, rain = -1", |notes| &mut notes.bias),
    ("must", "words and phrases that offers should have, with commas", |notes| &mut notes.must),
    ("end on", "the phrase that an offer ends on", |notes| &mut notes.end_on),
    ("only", "prefer description, action or dialogue", |notes| &mut notes.only),
];

/// The width of a name, in cells.
const NAME: usize = 9;

/// What the memory says of the headings begins so.
const SO_FAR: &str = "So far: ";

/// The notes, each in a field.
struct Panel {
    fields: Vec<Field>,
    chosen: usize,
}

/// Shows the notes.
pub fn open(desk: &mut Desk) -> Flow {
    if desk.session.read_only().is_some() {
        desk.notices.say("This draft can't be changed, so there are no notes on it.");
        return Flow::Stay;
    }
    desk.offers.focus = false;
    let mut notes = desk.session.notes().clone();
    let fields = ROWS.iter().map(|(.., of)| Field::new(of(&mut notes))).collect();
    Flow::open(Panel { fields, chosen: 0 })
}

impl Panel {
    /// Keeps what the fields have.
    fn keep(&self, desk: &mut Desk) {
        let mut notes = desk.session.notes().clone();
        for ((.., of), field) in ROWS.iter().zip(&self.fields) {
            *of(&mut notes) = field.text().trim().to_owned();
        }
        if desk.session.set_notes(notes) {
            desk.heed_notes();
            if let Some(wrong) = unreadable(desk.session.notes()) {
                desk.notices.say(wrong);
            }
        }
    }

    fn step(&mut self, by: isize, desk: &mut Desk) {
        self.keep(desk);
        let count = ROWS.len().cast_signed();
        self.chosen = (self.chosen.cast_signed() + by).rem_euclid(count).cast_unsigned();
    }

    /// Puts the headings before the cursor into the memory, in the place of those that were put there before.
    fn gather(&mut self, desk: &mut Desk) {
        let before = desk.session.text().slice(..desk.session.cursor()).to_string();
        let headings = headings(&before);
        if headings.is_empty() {
            desk.notices
                .say("No heading is before the cursor. A heading is a line like `# The island`.");
            return;
        }
        let memory = self.fields[0].text();
        let own = memory.find(SO_FAR).map_or(&*memory, |at| &memory[..at]).trim_end();
        let gap = if own.is_empty() { "" } else { " " };
        self.fields[0].put(&format!("{own}{gap}{SO_FAR}{}.", headings.join("; ")));
        self.chosen = 0;
    }
}

/// The headings of a text in Markdown, without a full stop.
fn headings(text: &str) -> Vec<&str> {
    let titles = text.lines().filter_map(session::heading);
    titles.map(|(_, title)| title.trim_end_matches('.')).collect()
}

impl Layer for Panel {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        let held = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Esc => {
                self.keep(desk);
                return Flow::Close;
            }
            KeyCode::Down | KeyCode::Tab | KeyCode::Enter => self.step(1, desk),
            KeyCode::Up | KeyCode::BackTab => self.step(-1, desk),
            KeyCode::Char('g') if held => self.gather(desk),
            _ => match desk.keymap.command(key) {
                Some(command) if command.name() == OPENS.name => {
                    self.keep(desk);
                    return Flow::Close;
                }
                Some(command @ (Command::Save | Command::Quit)) => {
                    self.keep(desk);
                    return Flow::Run(command);
                }
                _ => desk.press_field(&mut self.fields[self.chosen], key, event),
            },
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        self.fields[self.chosen].paste(&text.split_whitespace().collect::<Vec<_>>().join(" "));
        Flow::Stay
    }

    /// A click on a row goes there; one on the page closes the notes.
    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        self.keep(desk);
        if desk.drawn.overlay.is_page(at) {
            return Flow::Close;
        }
        if let Some(number) = desk.drawn.overlay.entry_at(at, ROWS.len()) {
            self.chosen = number;
        }
        Flow::Stay
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let theme = &desk.look.theme;
        let height = ROWS.len() as u16 + 3;
        let over = Rect {
            y: areas.screen.bottom().saturating_sub(height),
            height: height.min(areas.screen.height),
            ..areas.screen
        };
        clear(desk, frame, over);
        let room = usize::from(over.width);
        frame.buffer_mut().set_line(
            over.x,
            over.y,
            &heading(desk, "notes on this draft", room),
            over.width,
        );
        let left = NAME as u16 + 3;
        for (number, ((name, about, _), field)) in ROWS.iter().zip(&self.fields).enumerate() {
            let y = over.y + 1 + number as u16;
            let is_chosen = number == self.chosen;
            let mark = if is_chosen { " ▸ " } else { "   " };
            let name = format!("{name}{}", " ".repeat(NAME.saturating_sub(width(name))));
            let mut spans = vec![
                Span::styled(mark, theme.style(Role::Mark)),
                Span::styled(name, theme.style(Role::Quiet)),
            ];
            let text = field.text();
            let free = room.saturating_sub(usize::from(left) + 1);
            if !is_chosen {
                let (text, role) = match text.trim() {
                    "" => (*about, Role::Quiet),
                    text => (text, Role::Text),
                };
                spans.push(Span::styled(cut(&one_row(text), free), theme.style(role)));
            }
            frame.buffer_mut().set_line(over.x, y, &Line::from(spans), over.width);
            if is_chosen {
                let at = Rect { x: over.x + left, y, width: free as u16, height: 1 };
                let shown = field.shown(theme.style(Role::Selection));
                frame.render_widget(&shown, at);
                if let Some(cursor) = shown.rendered_cursor_position() {
                    frame.set_cursor_position(cursor);
                }
            }
        }
        let ruler = format!("   {}", ruler(desk));
        let ruler = Line::styled(cut(&ruler, room), theme.style(Role::Quiet));
        frame.buffer_mut().set_line(over.x, over.bottom().saturating_sub(2), &ruler, over.width);
        let words = match desk.notices.shown() {
            Some((Notice::Word(words) | Notice::Error(words), _)) => one_row(words),
            None => ROWS[self.chosen].1.to_owned(),
        };
        let hints = [("↑↓", "another"), ("Esc", "back"), ("^G", "headings into the memory")];
        let hints = hints.map(|(key, act)| (key.to_owned(), act));
        let last = Rect { y: over.bottom().saturating_sub(1), height: 1, ..over };
        line(desk, frame, last, Span::styled(words, theme.style(Role::Quiet)), &hints);
        let rows = Rect { y: over.y + 1, height: ROWS.len() as u16, ..over };
        drawn::Overlay { rows, ..drawn::Overlay::default() }
    }
}

/// What the model saw at the last question, in tokens.
fn ruler(desk: &Desk) -> String {
    let Some(read) = desk.offers.read else {
        return "what the model sees is counted at the next question".to_owned();
    };
    let (memory, note) = read.guide;
    let draft = read.tokens.saturating_sub(memory + note);
    let part = if desk.seen_from() == Some(0) { "" } else { " (from ┌ on)" };
    format!("the model sees: memory {memory} · note {note} · draft {draft} tokens{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_lines_with_a_mark() {
        let text =
            "# The island\n\nText # no\n## Three rules.\n####### no\n#no\n# \n### The boat ###\n";
        assert_eq!(headings(text), ["The island", "Three rules", "The boat"]);
    }
}
