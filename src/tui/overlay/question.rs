//! A question on the status line, answered by one key. Other keys do nothing.

use super::layer::{Flow, Layer};
use crate::{
    tui::{
        desk::{Desk, NOTCH},
        drawn,
        view::{Areas, Hint, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;

/// What an answer does.
type Act = Box<dyn Fn(&mut Desk) -> Flow>;

/// A question and its answers.
pub struct Question {
    words: String,
    answers: Vec<(&'static [KeyCode], Hint, Act)>,
}

impl Question {
    /// A question without answers yet.
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), answers: Vec::new() }
    }

    /// Adds an answer: its keys, the name of the first one, a label, and the action.
    pub fn answer(
        mut self,
        keys: &'static [KeyCode],
        name: &str,
        label: &'static str,
        act: impl Fn(&mut Desk) -> Flow + 'static,
    ) -> Self {
        self.answers.push((keys, (name.to_owned(), label), Box::new(act)));
        self
    }

    /// Adds Esc as the answer that changes nothing.
    pub fn esc(self, label: &'static str) -> Self {
        self.answer(&[KeyCode::Esc], "Esc", label, |_| Flow::Close)
    }
}

impl Layer for Question {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let code = match key.code() {
            KeyCode::Char(c) => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        match self.answers.iter().find(|(keys, ..)| keys.contains(&code)) {
            Some((.., act)) => act(desk),
            None => Flow::Stay,
        }
    }

    /// The page can be scrolled before answering.
    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        desk.page.scroll(&desk.session, by * NOTCH);
    }

    fn draw(&self, _: &Desk, _: &mut Frame, _: &Areas) -> drawn::Overlay {
        drawn::Overlay::default()
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        let answers = self.answers.iter().map(|(_, hint, _)| hint.clone()).collect();
        Status::Question(self.words.clone(), answers)
    }
}
