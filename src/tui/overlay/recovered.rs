//! The question after a crash. The recovered text is on the page already, and can be read by moving the cursor. Typing
//! keeps it; leaving without an answer asks again at the next start.

use super::{
    difference::Difference,
    layer::{Flow, Layer},
};
use crate::{
    session::Recovery,
    tui::{
        command::Command,
        desk::{Desk, NOTCH, moment},
        drawn,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;

/// The question.
pub struct Recovered {
    words: String,
    has_file: bool,
}

impl Recovered {
    /// The question, if text was recovered and the writer hasn't decided yet.
    pub fn of(desk: &Desk) -> Option<Self> {
        let Recovery { words, since, outside } = desk.session.recovery()?;
        let what = match words {
            0 => "Recovered a change that was not saved".to_owned(),
            1 => "Recovered 1 word that was not saved".to_owned(),
            many => format!("Recovered {many} words that were not saved"),
        };
        let when = moment(since, desk.session.now(), &desk.world.environment.zone);
        let other = if outside { ", and another program has changed the file" } else { "" };
        let has_file = desk.session.path().is_some();
        Some(Self { words: format!("{what} ({when}){other}."), has_file })
    }
}

impl Layer for Recovered {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let command = desk.keymap.command(key);
        match (key.code(), command) {
            (KeyCode::Enter, _) => {
                desk.session.keep();
                let save = desk.key(Command::Save);
                desk.notices.say(format!("Kept. {save} saves it."));
                Flow::Close
            }
            (KeyCode::Esc, _) => {
                desk.session.discard();
                let map = desk.key("branches");
                desk.notices
                    .say(format!("Back to the saved text. What was recovered is a branch: {map}."));
                Flow::Close
            }
            (KeyCode::Char('d' | 'D'), None) => Difference::with_file(desk),
            (_, Some(Command::Quit)) => {
                desk.over = true;
                Flow::Close
            }
            (_, Some(command)) => match command.leads() {
                Some(to) => {
                    desk.go(to);
                    Flow::Stay
                }
                None => {
                    desk.session.keep();
                    Flow::Pass
                }
            },
            (_, None) if key.typed().is_some() => {
                desk.session.keep();
                Flow::Pass
            }
            _ => Flow::Stay,
        }
    }

    /// Pasting keeps what was recovered, as typing does.
    fn paste(&mut self, _: &str, desk: &mut Desk) -> Flow {
        desk.session.keep();
        Flow::Pass
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        desk.page.scroll(&desk.session, by * NOTCH);
    }

    fn draw(&self, _: &Desk, _: &mut Frame, _: &Areas) -> drawn::Overlay {
        drawn::Overlay::default()
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        let without = if self.has_file { "the saved file" } else { "an empty page" };
        let answers = [("Enter", "keep them"), ("d", "difference"), ("Esc", without)];
        let answers = answers.map(|(key, label)| (key.to_owned(), label));
        Status::Question(self.words.clone(), answers.to_vec())
    }
}
