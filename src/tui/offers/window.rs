//! The part of a list of offers that is on the screen.

use ratatui::layout::Rect;

/// Which rows are seen. It follows what is chosen, until the wheel turns it.
#[derive(Default)]
pub struct Window {
    /// Where it is on the screen.
    pub area: Rect,
    /// The wheel has turned it, and no key was pressed since.
    pub turned: bool,
    top: usize,
    most: usize,
}

impl Window {
    /// The first row to be drawn: of `all` in a place for `room`, `usual` when the wheel has no say.
    pub fn top(&self, usual: usize, all: usize, room: usize) -> usize {
        let most = all.saturating_sub(room);
        if self.turned { self.top.min(most) } else { usual.min(most) }
    }

    /// This was drawn.
    pub fn shown(&mut self, top: usize, all: usize, room: usize) {
        (self.top, self.most) = (top, all.saturating_sub(room));
    }

    /// The wheel turns it by so many rows; it stops at the ends.
    pub fn turn(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.most);
        self.turned = true;
    }
}
