//! The scrolling of a sheet, for every overlay that is a text to read.

use super::layer::Flow;
use crate::{
    tui::desk::{Desk, NOTCH},
    ui::keymap::Key,
};
use crossterm::event::KeyCode;

/// The first row of a sheet that is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scroll(usize);

impl Scroll {
    /// The first row that is shown.
    pub fn row(self) -> usize {
        self.0
    }

    /// A key scrolls the sheet or closes it.
    pub fn press(&mut self, key: Key, desk: &Desk) -> Flow {
        let (most, page) = (desk.drawn.overlay.most, desk.page.height());
        let at = self.0.min(most);
        let to = match key.code() {
            KeyCode::Esc | KeyCode::Enter | KeyCode::F(1) | KeyCode::Char('q') => {
                return Flow::Close;
            }
            KeyCode::Up => at.saturating_sub(1),
            KeyCode::Down => at.saturating_add(1),
            KeyCode::PageUp => at.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => at.saturating_add(page),
            KeyCode::Home => 0,
            KeyCode::End => most,
            _ => at,
        };
        self.0 = to.min(most);
        Flow::Stay
    }

    /// The wheel scrolls the sheet by a notch, down or up.
    pub fn wheel(&mut self, by: isize, desk: &Desk) {
        let most = desk.drawn.overlay.most;
        self.0 = self.0.min(most).saturating_add_signed(by * NOTCH).min(most);
    }
}
