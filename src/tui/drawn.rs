//! Where things were drawn in the last frame. Drawing returns it, and the mouse looks it up.

use super::text::cells;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;

/// The parts of the last frame that the mouse can point at.
#[derive(Default)]
pub struct Drawn {
    /// The column of text.
    pub page: Page,
    /// The pane or the drawer.
    pub offers: Offers,
    /// The rows of the ghost on the page.
    pub ghost: Vec<Row>,
    /// The overlay on top.
    pub overlay: Overlay,
}

/// The page's column of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Where it is.
    pub area: Rect,
    /// How many rows of an offer are shown below the cursor's row.
    pub offered: usize,
}

/// The list of offers.
#[derive(Default)]
pub struct Offers {
    /// Where it is.
    pub area: Rect,
    /// The rows of offers in it.
    pub rows: Vec<Row>,
    /// The first row or offer that is shown, from 0.
    pub top: usize,
    /// The greatest value that `top` can have.
    pub most: usize,
}

impl Offers {
    /// The number of the offer at a cell of the screen, and of its character there.
    pub fn place_at(&self, (x, y): (u16, u16)) -> Option<(usize, usize)> {
        // The number before the text belongs to the offer.
        let row = self.rows.iter().find(|row| row.y == y && row.x <= x + 3)?;
        Some((row.number, row.char_at(x)))
    }
}

/// An overlay.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Where its list is, one entry a row.
    pub rows: Rect,
    /// The number of the first entry that is shown.
    pub first: usize,
    /// The last row that can be the first, when its text is scrolled.
    pub most: usize,
    /// Its fields, and the column of each one's cursor.
    pub fields: Vec<(Rect, u16)>,
}

impl Overlay {
    /// The number of the entry at a cell of the screen, of `all` entries.
    pub fn entry_at(&self, at: (u16, u16), all: usize) -> Option<usize> {
        let number = self.first + usize::from(at.1.checked_sub(self.rows.y)?);
        (self.rows.contains(at.into()) && number < all).then_some(number)
    }

    /// Whether a cell is above the list and its heading, where the page is visible.
    pub fn is_page(&self, at: (u16, u16)) -> bool {
        at.1 + 1 < self.rows.y
    }
}

/// A row of an offer.
pub struct Row {
    /// The row of the screen.
    pub y: u16,
    /// The column of its first character.
    pub x: u16,
    /// The offer's number in its list.
    pub number: usize,
    /// The number of the row's first character in the offer.
    pub start: usize,
    /// The characters of the row.
    pub text: String,
}

impl Row {
    /// The number of the character at a column; of the last one, beyond the row's end.
    pub fn char_at(&self, x: u16) -> usize {
        let mut column = usize::from(self.x);
        let mut at = self.start;
        let mut last = at;
        for grapheme in self.text.graphemes(true) {
            last = at;
            column += cells(grapheme);
            if column > usize::from(x) {
                break;
            }
            at += grapheme.chars().count();
        }
        last
    }

    /// The bytes of the row between two characters of the offer, both included.
    pub fn between(&self, from: usize, to: usize) -> std::ops::Range<usize> {
        let byte = |char: usize| {
            let mut indices = self.text.char_indices();
            indices.nth(char.saturating_sub(self.start)).map_or(self.text.len(), |(at, _)| at)
        };
        let (from, to) = (from.min(to), from.max(to) + 1);
        if to <= self.start { 0..0 } else { byte(from)..byte(to) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_and_characters_agree() {
        let row = Row { y: 1, x: 10, number: 0, start: 4, text: "a雨 e\u{301}b".into() };
        let chars: Vec<_> = (10..18).map(|x| row.char_at(x)).collect();
        assert_eq!(chars, [4, 5, 5, 6, 7, 9, 9, 9]);
        assert_eq!(&row.text[row.between(5, 6)], "雨 ");
        assert_eq!(&row.text[row.between(9, 0)], "a雨 e\u{301}b");
        assert_eq!(row.between(0, 3), 0..0);
    }
}
