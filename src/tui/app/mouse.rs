//! The mouse: a click sets the cursor, a second one takes the word, dragging selects, the wheel scrolls.

use super::App;
use crate::tui::overlay::Overlay;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// How many rows a notch of the wheel goes.
const NOTCH: isize = 3;

impl App {
    pub(super) fn point(&mut self, event: MouseEvent) {
        let at = (event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(-1),
            MouseEventKind::ScrollDown => self.wheel(1),
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::Drag(MouseButton::Left) if self.overlay.is_none() => {
                self.clicked = None;
                if let Some(place) = self.page.place_at(&self.session, at) {
                    self.session.move_to(place, true);
                    self.page.forget_column();
                }
            }
            _ => {}
        }
    }

    fn click(&mut self, at: (u16, u16)) {
        if self.overlay.is_some() {
            return;
        }
        self.notices.forget_word();
        let Some(place) = self.page.place_at(&self.session, at) else { return };
        self.offers.focus = false;
        self.page.forget_column();
        self.session.move_to(place, false);
        let again = self.clicked.replace(at) == Some(at);
        if again {
            self.clicked = None;
            self.select_word(place);
        }
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

    fn wheel(&mut self, by: isize) {
        match &mut self.overlay {
            None => self.page.scroll(&mut self.session, by * NOTCH),
            Some(Overlay::Sheet(_, at)) => *at = at.saturating_add_signed(by * NOTCH),
            Some(Overlay::Difference(difference, _)) => {
                difference.scrolled = difference.scrolled.saturating_add_signed(by * NOTCH);
            }
            Some(Overlay::Branches(map)) if map.naming.is_none() => {
                let last = map.rows.len().saturating_sub(1);
                map.chosen = map.chosen.saturating_add_signed(by).min(last);
            }
            Some(Overlay::Mentions(waiting)) if waiting.changing.is_none() => {
                let last = waiting.rows.len().saturating_sub(1);
                waiting.chosen = waiting.chosen.saturating_add_signed(by).min(last);
            }
            Some(Overlay::Picker(_)) => {
                if let Some(Overlay::Picker(mut picker)) = self.overlay.take() {
                    picker.step(by);
                    self.preview(&picker);
                    self.overlay = Some(Overlay::Picker(picker));
                }
            }
            Some(_) => {}
        }
    }
}
