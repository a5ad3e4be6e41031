//! Where a row of an offer stands on the screen, so that the mouse finds its characters.

use crate::tui::page::cells;
use unicode_segmentation::UnicodeSegmentation;

/// A row of an offer, as it was drawn last.
pub struct Spot {
    /// The row of the screen.
    pub row: u16,
    /// The column of its first character.
    pub column: u16,
    /// The offer's number in its list.
    pub number: usize,
    /// The number of its first character in the offer.
    pub start: usize,
    /// What stands there.
    pub text: String,
}

impl Spot {
    /// The number of the character at a column; of the last one, beyond the row's end.
    pub fn char_at(&self, x: u16) -> usize {
        let mut column = usize::from(self.column);
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

    /// The bytes of the row that lie between two characters of the offer, both counted in.
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
        let spot = Spot { row: 1, column: 10, number: 0, start: 4, text: "a雨 e\u{301}b".into() };
        let chars: Vec<_> = (10..18).map(|x| spot.char_at(x)).collect();
        assert_eq!(chars, [4, 5, 5, 6, 7, 9, 9, 9]);
        assert_eq!(&spot.text[spot.between(5, 6)], "雨 ");
        assert_eq!(&spot.text[spot.between(9, 0)], "a雨 e\u{301}b");
        assert_eq!(spot.between(0, 3), 0..0);
    }
}
