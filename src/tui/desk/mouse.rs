//! The mouse on the page and the offers: a click sets the cursor, a second one takes the word, dragging selects, the
//! wheel scrolls what is under it.

use super::Desk;
use crate::tui::command::Move;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// How many rows a notch of the wheel scrolls.
pub const NOTCH: isize = 3;

/// The state of the mouse.
#[derive(Default)]
pub(super) struct Pointer {
    /// The cell of the last click, if nothing else has happened since.
    clicked: Option<(u16, u16)>,
    /// The button was pressed on the page and is still held.
    selects: bool,
}

impl Pointer {
    /// Something else has happened: the next click is not a double click.
    pub fn forget(&mut self) {
        self.clicked = None;
    }
}

impl Desk {
    /// A mouse event over the page or the offers.
    pub fn point(&mut self, event: MouseEvent) {
        if self.point_at_offers(event) {
            return;
        }
        let at = (event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(at, -1),
            MouseEventKind::ScrollDown => self.wheel(at, 1),
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::Up(MouseButton::Left) => self.release(),
            _ => {}
        }
    }

    /// The button is released.
    pub fn release(&mut self) {
        self.pointer.selects = false;
    }

    /// The button is pressed on the page.
    pub fn click(&mut self, at: (u16, u16)) {
        self.notices.forget_word();
        let Some(place) = self.page.place_at(&self.session, at) else { return };
        self.offers.focus = false;
        self.page.forget_column();
        self.session.move_to(place, false);
        self.pointer.selects = true;
        let again = self.pointer.clicked.replace(at) == Some(at);
        if again {
            self.pointer.clicked = None;
            self.select_word(place);
        }
    }

    /// Selects up to the mouse. Above or below the page, extends the selection row by row.
    fn drag(&mut self, at: (u16, u16)) {
        if !self.pointer.selects {
            return;
        }
        self.pointer.clicked = None;
        let (place, beyond) = self.page.nearest(&self.session, at);
        if let Some(place) = place {
            self.session.move_to(place, true);
        }
        if beyond != 0 {
            self.page.go(&mut self.session, Move::Rows(beyond), true);
        }
        self.page.forget_column();
    }

    fn select_word(&mut self, place: usize) {
        let text = self.session.text();
        let in_word = |at: usize| {
            text.get_char(at).is_some_and(|c| c.is_alphanumeric() || matches!(c, '\'' | '’'))
        };
        let mut start = place;
        while start > 0 && in_word(start - 1) {
            start -= 1;
        }
        let mut end = place;
        while in_word(end) {
            end += 1;
        }
        self.session.move_to(start, false);
        self.session.move_to(end, true);
    }

    fn wheel(&mut self, at: (u16, u16), by: isize) {
        let drawn = &self.drawn.offers;
        if self.offers.list().is_some() && drawn.area.contains(at.into()) {
            self.offers.scrolled = Some(drawn.top.saturating_add_signed(by).min(drawn.most));
        } else {
            self.page.scroll(&self.session, by * NOTCH);
        }
    }
}
