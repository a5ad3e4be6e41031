//! The interface of overlays: an overlay gets the events while it is on top, and draws itself over the desk.

use crate::{
    session::Session,
    tui::{
        desk::Desk,
        drawn,
        view::{Areas, Status},
    },
    ui::{keymap::Key, theme::Role, worker::News},
};
use crossterm::event::KeyEvent;
use ratatui::Frame;
use std::ops::Range;

/// An overlay: one feature's state, keys, paste, mouse, drawing and hints.
pub trait Layer {
    /// A key. `key` is the chord, `event` what the terminal sent.
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow;

    /// A paste by the terminal.
    fn paste(&mut self, _text: &str, _desk: &mut Desk) -> Flow {
        Flow::Stay
    }

    /// The mouse button is pressed at a cell. `Desk::drawn` has where this overlay was drawn.
    fn click(&mut self, _at: (u16, u16), _desk: &mut Desk) -> Flow {
        Flow::Stay
    }

    /// The wheel is turned by one notch, down or up.
    fn wheel(&mut self, _by: isize, _desk: &mut Desk) {}

    /// A report from the model. `None`: it is for the desk.
    fn hear(&mut self, _news: &News, _desk: &mut Desk) -> Option<Flow> {
        None
    }

    /// Listed data may have changed: the models, or the model in use.
    fn refresh(&mut self, _desk: &Desk) {}

    /// Draws the overlay, and returns where.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay;

    /// What the status line shows: a question, a field, hints.
    fn status<'a>(&'a self, _desk: &Desk) -> Status<'a> {
        Status::Page
    }

    /// The overlay in lines, for plain mode. A question or a field is told by its status.
    fn spoken(&self, _desk: &Desk) -> Spoken {
        Spoken::Nothing
    }

    /// Ranges of the draft to highlight, within the viewport.
    fn marks(&self, _session: &Session, _window: Range<usize>) -> Vec<(Range<usize>, Role)> {
        Vec::new()
    }
}

/// An overlay in lines of text.
pub enum Spoken {
    /// A text to read.
    Text(Vec<String>),
    /// Entries to choose from, the first of which Enter chooses.
    List(Vec<String>),
    /// Only a screen can show it.
    Nothing,
}

/// What happens to an overlay after an event.
pub enum Flow {
    /// It stays.
    Stay,
    /// It closes.
    Close,
    /// It stays, and another one opens over it.
    Open(Box<dyn Layer>),
    /// It closes, and another one opens in its place.
    Replace(Box<dyn Layer>),
    /// It closes, and the layer below it gets the event.
    Pass,
    /// It closes, and a command is run.
    Run(crate::tui::command::Command),
}

impl Flow {
    /// Opens an overlay over what is there.
    pub fn open(layer: impl Layer + 'static) -> Self {
        Self::Open(Box::new(layer))
    }

    /// Opens an overlay in the place of this one.
    pub fn replace(layer: impl Layer + 'static) -> Self {
        Self::Replace(Box::new(layer))
    }
}
