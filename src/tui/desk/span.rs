//! Taking a span of an offer with the mouse: exactly the text that is dragged over is inserted at the cursor. A click
//! chooses the offer.

use super::Desk;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

impl Desk {
    /// A mouse event over the offers. Returns whether it was for them.
    pub fn point_at_offers(&mut self, event: MouseEvent) -> bool {
        let at = (event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let place = self.drawn.offers.place_at(at);
                self.offers.dragged = place.map(|(number, char)| (number, char, char));
                place.is_some()
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                let Some((number, from, _)) = self.offers.dragged else { return false };
                if let Some((_, to)) =
                    self.drawn.offers.place_at(at).filter(|(other, _)| *other == number)
                {
                    self.offers.dragged = Some((number, from, to));
                }
                true
            }
            MouseEventKind::Up(MouseButton::Left) => {
                let Some((number, from, to)) = self.offers.dragged.take() else { return false };
                if let Some(list) = self.offers.list_mut().filter(|list| number < list.offers.len())
                {
                    list.chosen = number;
                }
                if from != to {
                    self.take_span(from.min(to), from.max(to));
                }
                true
            }
            _ => false,
        }
    }

    /// Takes the characters `from..=to` of the chosen offer, with a space before them if two words would join.
    fn take_span(&mut self, from: usize, to: usize) {
        let Some(offer) = self.offers.list().and_then(|list| list.choice()) else { return };
        let span: String = offer.text.chars().skip(from).take(to + 1 - from).collect();
        let span = span.trim_end();
        let before = self.session.cursor().checked_sub(1);
        let before = before.and_then(|at| self.session.text().get_char(at));
        let joins = before.is_some_and(|c| !c.is_whitespace() && !"([{“‘«—–-".contains(c))
            && span.starts_with(char::is_alphanumeric);
        let text = format!("{}{span}", if joins { " " } else { "" });
        if !text.is_empty() {
            self.take(self.session.cursor(), &text, self.source());
        }
    }
}
