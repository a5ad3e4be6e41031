//! A field for a place to go to: a share of the text in percent, or a paragraph.

use super::layer::{Flow, Layer};
use crate::{
    tui::{
        command::Opens,
        desk::{Desk, Field},
        drawn,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;

/// The command.
pub const OPENS: Opens = Opens {
    name: "go-to",
    heading: "Moving",
    help: "Go to a share of the text (40%) or to a paragraph (p12).",
    keys: &["alt-g"],
};

/// The field.
struct GoTo {
    field: Field,
}

/// Asks where to go.
pub fn open(_: &mut Desk) -> Flow {
    Flow::open(GoTo { field: Field::new("") })
}

/// The place that was typed.
fn place(desk: &Desk, typed: &str) -> Option<usize> {
    let text = desk.session.text();
    let typed = typed.trim().to_lowercase();
    if let Some(number) = typed.strip_prefix('p') {
        let number: usize = number.trim().parse().ok()?;
        let is_one = |line: &usize| text.line(*line).chars().any(|c| !c.is_whitespace());
        let line = (0..text.len_lines()).filter(is_one).nth(number.checked_sub(1)?)?;
        return Some(text.line_to_char(line));
    }
    let share: usize = typed.strip_suffix('%').unwrap_or(&typed).trim().parse().ok()?;
    (share <= 100).then(|| text.len_chars() * share / 100)
}

impl Layer for GoTo {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        match key.code() {
            KeyCode::Esc => Flow::Close,
            KeyCode::Enter => match place(desk, &self.field.text()) {
                Some(place) => {
                    desk.go_to(place);
                    Flow::Close
                }
                None => {
                    desk.notices
                        .say("Type a number of percent, such as 40, or a paragraph, such as p12.");
                    Flow::Stay
                }
            },
            _ => {
                desk.press_field(&mut self.field, key, event);
                Flow::Stay
            }
        }
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        self.field.paste(text);
        Flow::Stay
    }

    fn draw(&self, _: &Desk, _: &mut Frame, _: &Areas) -> drawn::Overlay {
        drawn::Overlay::default()
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Prompt(" Go to % or p12: ", &self.field, "go")
    }
}
