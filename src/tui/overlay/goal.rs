//! A field for the goal of this draft, in words.

use super::layer::{Flow, Layer};
use crate::{
    tui::{
        command::Opens,
        desk::{Desk, Field},
        drawn,
        text::count,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;

/// The command.
pub const OPENS: Opens = Opens {
    name: "goal",
    heading: "The text",
    help: "Set the goal of this draft, in words.",
    keys: &[],
};

/// The field.
struct Goal {
    field: Field,
}

/// Asks for the goal, and suggests the current one.
pub fn open(desk: &mut Desk) -> Flow {
    let goal = desk.session.notes().goal;
    Flow::open(Goal {
        field: Field::offering(&if goal == 0 { String::new() } else { goal.to_string() }),
    })
}

impl Layer for Goal {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        match key.code() {
            KeyCode::Esc => Flow::Close,
            KeyCode::Enter => {
                let typed = self.field.text().replace([',', '.', ' ', '\u{202f}'], "");
                let Ok(goal) = (if typed.is_empty() { "0" } else { &typed }).parse::<usize>()
                else {
                    desk.notices.say("Type a number of words, or nothing for no goal.");
                    return Flow::Stay;
                };
                let mut notes = desk.session.notes().clone();
                notes.goal = goal;
                if desk.session.read_only().is_some() {
                    desk.edited(false);
                } else {
                    desk.session.set_notes(notes);
                    desk.notices.say(match goal {
                        0 => "This draft has no goal.".to_owned(),
                        goal => format!("The goal of this draft: {}.", count(goal, "word")),
                    });
                }
                Flow::Close
            }
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
        Status::Prompt(" Words of this draft: ", &self.field, "set")
    }
}
