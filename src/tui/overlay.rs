//! What stands before the page for a moment and takes the keys: a sheet to read, a question, a field to fill.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::PathBuf;
use tui_textarea::TextArea;

/// What takes the keys.
pub enum Overlay {
    /// A text to read.
    Sheet(Sheet, usize),
    /// A question on the status line.
    Question(Question),
    /// The name to save under; whether the desk is left afterwards.
    SaveAs(Field, bool),
}

/// The texts there are to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// All commands and their keys.
    Help,
    /// The model.
    Models,
}

/// The questions that are asked. Each is asked by one key, and Esc changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Leave with something unsaved?
    Leave,
    /// Another program changed the file. Whether the desk is left afterwards.
    Changed(bool),
    /// There is another file of this name. Whether the desk is left afterwards.
    There(PathBuf, bool),
}

impl Question {
    /// The question, and its answers: key, act.
    pub fn words(&self, title: &str) -> (String, &'static [(&'static str, &'static str)]) {
        match self {
            Self::Leave => (
                format!("{title} is not saved."),
                &[("s", "save"), ("l", "leave without"), ("Esc", "stay")],
            ),
            Self::Changed(_) => (
                format!("{title} was changed by another program."),
                &[("o", "save over"), ("r", "read it"), ("Esc", "neither")],
            ),
            Self::There(path, _) => (
                format!("{} exists already.", path.display()),
                &[("o", "save over it"), ("Esc", "another name")],
            ),
        }
    }
}

/// A field of one line.
pub struct Field {
    /// What is drawn.
    pub area: Box<TextArea<'static>>,
}

impl Field {
    /// A field that is filled already; the cursor stands at its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.set_cursor_line_style(ratatui::style::Style::default());
        area.set_cursor_render_mode(tui_textarea::CursorRenderMode::Hidden);
        area.move_cursor(tui_textarea::CursorMove::End);
        Self { area: Box::new(area) }
    }

    /// What is in it.
    pub fn text(&self) -> String {
        self.area.lines().concat()
    }

    /// A key that is neither Enter nor Esc.
    pub fn press(&mut self, key: KeyEvent) {
        // One line stays one line.
        let breaks = key.modifiers.contains(KeyModifiers::CONTROL)
            && matches!(key.code, KeyCode::Char('m' | 'j'));
        if !breaks {
            self.area.input(key);
        }
    }

    /// A paste: its first line.
    pub fn paste(&mut self, text: &str) {
        self.area.insert_str(text.lines().next().unwrap_or_default());
    }
}
