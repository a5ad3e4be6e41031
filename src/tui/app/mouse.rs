//! The mouse: a click sets the cursor, a second one takes the word, dragging selects, the wheel scrolls what is under
//! it, a click in a list chooses.

use super::App;
use crate::tui::{command::Move, overlay::Overlay};
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// How many rows a notch of the wheel goes.
const NOTCH: isize = 3;

/// What the mouse is at.
#[derive(Default)]
pub(super) struct Pointer {
    /// Where it was clicked last, when nothing has happened since.
    clicked: Option<(u16, u16)>,
    /// The button is held since it was pressed on the page.
    selects: bool,
}

impl Pointer {
    /// Something else has happened: the next click is a first one.
    pub fn forget(&mut self) {
        self.clicked = None;
    }
}

impl App {
    /// The mouse over anything but the offers' words.
    pub(super) fn point(&mut self, event: MouseEvent) {
        let at = (event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(at, -1),
            MouseEventKind::ScrollDown => self.wheel(at, 1),
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            MouseEventKind::Up(MouseButton::Left) => self.pointer.selects = false,
            _ => {}
        }
    }

    fn click(&mut self, at: (u16, u16)) {
        match self.overlay.take() {
            Some(Overlay::Picker(mut picker)) => match picker.entry_at(at) {
                Some(number) => {
                    picker.hold(number);
                    self.preview(&picker);
                    return self.choose(picker);
                }
                None if picker.is_above(at) => return self.put_away(picker),
                None => self.overlay = Some(Overlay::Picker(picker)),
            },
            Some(Overlay::Dials(dials)) => return self.point_at_dials(dials, at),
            Some(Overlay::Find(find)) => {
                if let Some(find) = self.point_at_fields(find, at) {
                    self.overlay = Some(Overlay::Find(find));
                }
            }
            other => self.overlay = other,
        }
        if self.overlay.is_some() {
            return;
        }
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

    /// Selects to where the mouse is; above and below the page, row by row beyond what is seen.
    fn drag(&mut self, at: (u16, u16)) {
        if !self.pointer.selects || self.overlay.is_some() {
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
        let over_offers =
            self.offers.list().is_some() && self.offers.window.area.contains(at.into());
        match &mut self.overlay {
            None if over_offers => self.offers.window.turn(by),
            // What was recovered is read before the question is answered.
            None | Some(Overlay::Question(_) | Overlay::Find(_)) => {
                self.page.scroll(&self.session, by * NOTCH);
            }
            Some(Overlay::Dials(dials)) if dials.typed.is_none() => dials.step(by),
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
            Some(Overlay::Token(token)) => {
                let last = token.seen.as_ref().map_or(0, |seen| seen.top.len().saturating_sub(1));
                token.chosen = token.chosen.saturating_add_signed(by).min(last);
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
