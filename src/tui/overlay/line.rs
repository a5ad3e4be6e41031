//! A question that a line of text answers, asked in the status line.

use super::layer::{Flow, Layer};
use crate::{
    tui::{
        desk::{Desk, Field},
        drawn,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;

/// What becomes of the text at Enter.
type Enter = Box<dyn FnMut(&str, &mut Desk) -> Flow>;

/// The question.
pub struct Line {
    label: &'static str,
    verb: &'static str,
    field: Field,
    enter: Enter,
    /// What is said after Esc.
    kept: Option<&'static str>,
}

impl Line {
    /// A question. `label` stands before the field, `verb` says what Enter does.
    pub fn new(
        label: &'static str,
        verb: &'static str,
        field: Field,
        enter: impl FnMut(&str, &mut Desk) -> Flow + 'static,
    ) -> Self {
        Self { label, verb, field, enter: Box::new(enter), kept: None }
    }

    /// Says this after Esc.
    pub fn kept(mut self, said: &'static str) -> Self {
        self.kept = Some(said);
        self
    }
}

impl Layer for Line {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        match key.code() {
            KeyCode::Esc => {
                if let Some(said) = self.kept {
                    desk.notices.say(said);
                }
                Flow::Close
            }
            KeyCode::Enter => (self.enter)(&self.field.text(), desk),
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
        Status::Prompt(self.label, &self.field, self.verb)
    }
}
