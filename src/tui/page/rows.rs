//! The rows of the draft around a place. Only what is near is ever laid out: a key in a novel costs what it
//! costs in a note, and one endless paragraph is laid out in pieces.

use super::wrap::{cells, wrap};
use crate::clean::for_terminal;
use ropey::Rope;
use unicode_segmentation::UnicodeSegmentation;

/// The most characters of a paragraph that are laid out in one piece.
const PIECE: usize = 2048;
/// How far a piece goes on to end between two words.
const STRETCH: usize = 256;

/// One row of the screen. Places are characters of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The place of its first character.
    pub start: usize,
    /// The place after its last character.
    pub end: usize,
    /// Its text as it may be shown, without the end of the line.
    pub text: String,
    /// The paragraph ends here, so the place at its end is in this row and not in the next.
    pub last: bool,
}

impl Row {
    /// Whether a place is in this row.
    pub fn holds(&self, at: usize) -> bool {
        self.start <= at && (at < self.end || (self.last && at == self.end))
    }

    /// The column of a place.
    pub fn column(&self, at: usize) -> usize {
        let mut place = self.start;
        let before = self.text.graphemes(true).take_while(|grapheme| {
            place += grapheme.chars().count();
            place <= at
        });
        before.map(cells).sum()
    }

    /// The place nearest to a column, and in this row: the end of a row that goes on in the next is the next's.
    pub fn place(&self, column: usize) -> usize {
        let (mut place, mut passed) = (self.start, 0);
        let mut graphemes = self.text.graphemes(true).peekable();
        while let Some(grapheme) = graphemes.next() {
            passed += cells(grapheme);
            if passed > column || (graphemes.peek().is_none() && !self.last) {
                break;
            }
            place += grapheme.chars().count();
        }
        place
    }
}

/// A piece of a paragraph, in characters; `next` is where the piece after it begins.
struct Piece {
    start: usize,
    end: usize,
    last: bool,
    next: Option<usize>,
}

/// The draft, cut for a column of `width` cells.
pub struct Rows<'a> {
    text: &'a Rope,
    width: usize,
}

impl<'a> Rows<'a> {
    /// Lays nothing out yet.
    pub fn new(text: &'a Rope, width: usize) -> Self {
        Self { text, width: width.max(1) }
    }

    /// The row that holds a place, with at least so many rows before and after it where there are any.
    /// Gives all of them, and the number of the one that holds the place.
    pub fn around(&self, at: usize, before: usize, after: usize) -> (Vec<Row>, usize) {
        let at = at.min(self.text.len_chars());
        let home = self.piece(at);
        let mut rows = Vec::new();
        self.lay(&home, &mut rows);
        let mut index = rows.iter().position(|row| row.holds(at)).unwrap_or(rows.len() - 1);
        let mut next = home.next;
        while let Some(start) = next.filter(|_| rows.len() - index <= after) {
            let piece = self.piece(start);
            self.lay(&piece, &mut rows);
            next = piece.next;
        }
        let mut first = home.start;
        while first > 0 && index < before {
            let piece = self.piece(first - 1);
            let mut above = Vec::new();
            self.lay(&piece, &mut above);
            index += above.len();
            above.append(&mut rows);
            rows = above;
            first = piece.start;
        }
        (rows, index)
    }

    fn lay(&self, piece: &Piece, rows: &mut Vec<Row>) {
        let text = self.text.slice(piece.start..piece.end).to_string();
        // Character for character, so that places stay what they are.
        let text = for_terminal(&text);
        let mut start = piece.start;
        for range in wrap(&text, self.width, 0) {
            let text = text[range].to_owned();
            let end = start + text.chars().count();
            rows.push(Row { start, end, text, last: false });
            start = end;
        }
        if let Some(row) = rows.last_mut() {
            row.last = piece.last;
        }
    }

    /// The piece that holds a place.
    fn piece(&self, at: usize) -> Piece {
        let line = self.text.char_to_line(at);
        let from = self.text.line_to_char(line);
        let to = self.text.line_to_char(line + 1);
        let ended = line + 1 < self.text.len_lines();
        // The end mark of the line is no part of its rows; CR LF is one mark of two characters.
        let crlf = ended && to - from >= 2 && self.text.char(to - 2) == '\r';
        let end = to - usize::from(ended) - usize::from(crlf && self.text.char(to - 1) == '\n');
        // The end of the paragraph is in the piece of its last character.
        let at = at.min(end.saturating_sub(1)).max(from);
        let number = (at - from) / PIECE;
        let mut start = self.cut(from, end, number);
        let mut stop = self.cut(from, end, number + 1);
        if at < start {
            (start, stop) = (self.cut(from, end, number - 1), start);
        }
        let last = stop >= end;
        let next = if last { ended.then_some(to) } else { Some(stop) };
        Piece { start, end: stop, last, next }
    }

    /// Where the piece of a number begins in the paragraph `from..end`.
    fn cut(&self, from: usize, end: usize, number: usize) -> usize {
        let at = from + number * PIECE;
        if number == 0 || at >= end {
            return at.min(end);
        }
        let near = self.text.slice(at..end.min(at + STRETCH));
        let space = near.chars().position(char::is_whitespace);
        // One word of thousands of characters: anywhere will do.
        space.map_or(at, |space| at + space + 1).min(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other_through_the_whole_draft() {
        let long = "word ".repeat(2000) + &"x".repeat(9000);
        for text in ["", "\n", "one\n\ntwo\n", "one two three four five", &long, "a\r\nb\u{2028}c"]
        {
            let rope = Rope::from_str(text);
            let rows = Rows::new(&rope, 11);
            let (all, _) = rows.around(0, 0, usize::MAX - 1);
            let total: usize = all.iter().map(|row| row.text.chars().count()).sum();
            let marks = text.chars().filter(|c| "\r\n\u{2028}".contains(*c)).count();
            assert_eq!(total + marks, rope.len_chars(), "{:.40}", text);
            for at in (0..=rope.len_chars()).step_by(1 + text.len() / 500) {
                let (near, index) = rows.around(at, 1, 1);
                let holding = all.iter().position(|row| row.holds(at));
                if let Some(holding) = holding {
                    assert_eq!(near[index], all[holding], "{at}");
                    assert_eq!(holding > 0, index > 0, "{at}");
                }
            }
        }
    }

    #[test]
    fn columns_and_places_agree() {
        let rope = Rope::from_str("雨が 👨‍👩‍👧‍👦 e\u{301}nd of it all");
        let (rows, _) = Rows::new(&rope, 12).around(0, 0, 9);
        for row in &rows {
            for at in row.start..row.end {
                let place = row.place(row.column(at));
                assert!(place <= at && row.holds(place), "{row:?} {at}");
            }
            assert!(row.holds(row.place(usize::MAX)), "{row:?}");
        }
    }
}
