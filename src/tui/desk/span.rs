//! Taking a span of an offer with the mouse, in the list or as a ghost on the page: the words that are dragged over are
//! inserted at the cursor. A click in the list chooses the offer.

use super::Desk;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use std::ops::RangeInclusive;

/// The number of the offer that is dragged over as a ghost.
const GHOST: usize = usize::MAX;

impl Desk {
    /// A mouse event over the offers. Returns whether it was for them.
    pub fn point_at_offers(&mut self, event: MouseEvent) -> bool {
        let at = (event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let place = self.offered_at(at);
                self.offers.dragged = place.map(|(number, char)| (number, char, char));
                place.is_some()
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                let Some((number, from, _)) = self.offers.dragged else { return false };
                if let Some((_, to)) = self.offered_at(at).filter(|(other, _)| *other == number) {
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
                    self.take_span(number, from.min(to)..=from.max(to));
                }
                true
            }
            _ => false,
        }
    }

    /// The offer at a cell of the screen, and its character there.
    fn offered_at(&self, (x, y): (u16, u16)) -> Option<(usize, usize)> {
        let cells = |row: &crate::tui::drawn::Row| crate::tui::text::width(&row.text) as u16;
        let rows = &mut self.drawn.ghost.iter();
        let ghost = rows.find(|row| row.y == y && (row.x..row.x + cells(row)).contains(&x));
        let ghost = ghost.map(|row| (GHOST, row.char_at(x)));
        ghost.or_else(|| self.drawn.offers.place_at((x, y)))
    }

    /// Takes the words of an offer that these characters touch, with a space before them if two words would join.
    fn take_span(&mut self, number: usize, span: RangeInclusive<usize>) {
        let list = self.offers.list();
        let of_list = list.and_then(|list| list.rest(&self.session)).is_some();
        let (text, source) = if number == GHOST && !of_list {
            let Some(ghost) = &self.offers.ghost else { return };
            let text = ghost.list.choice().map(|offer| offer.text.clone());
            (text, self.keep_ghost())
        } else {
            (list.and_then(|list| list.choice()).map(|offer| offer.text.clone()), self.source())
        };
        let Some(text) = text else { return };
        let span = words_at(&text, span);
        let span = span.trim_end();
        let before = self.session.cursor().checked_sub(1);
        let before = before.and_then(|at| self.session.text().get_char(at));
        let joins = before.is_some_and(|c| !c.is_whitespace() && !"([{“‘«—–-".contains(c))
            && span.starts_with(char::is_alphanumeric);
        let text = format!("{}{span}", if joins { " " } else { "" });
        if !text.is_empty() {
            self.take(self.session.cursor(), &text, source);
        }
    }
}

/// The characters of a text, extended to whole words.
fn words_at(text: &str, span: RangeInclusive<usize>) -> String {
    let chars: Vec<char> = text.chars().collect();
    let inside = |at: usize| {
        let is =
            |at: usize| chars.get(at).is_some_and(|c| c.is_alphanumeric() || "'’".contains(*c));
        is(at) && is(at + 1)
    };
    let (mut from, mut to) = (*span.start(), *span.end());
    while from > 0 && inside(from - 1) {
        from -= 1;
    }
    while inside(to) {
        to += 1;
    }
    chars.into_iter().skip(from).take(to + 1 - from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_whole_words() {
        let text = " The lamps weren't lit.";
        for (span, expected) in [
            (2..=5, "The lamps"),
            (6..=6, "lamps"),
            (12..=12, "weren't"),
            (4..=5, " lamps"),
            (19..=22, "lit."),
            (30..=40, ""),
        ] {
            assert_eq!(words_at(text, span), expected);
        }
    }
}
