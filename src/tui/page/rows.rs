//! The rows of the draft around a place. Only the text near it is laid out, so a key costs the same in a novel and in a
//! note; a very long paragraph is laid out in pieces.

use super::cuts::{Cuts, safe};
use crate::tui::{
    look::Apart,
    text::{cells, wrap},
};
use ropey::Rope;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// One row of the screen. Places are characters of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The place of its first character.
    pub start: usize,
    /// The place after its last character.
    pub end: usize,
    /// Its text, safe for a terminal, without the line break.
    pub text: String,
    /// The paragraph ends here, so the place at its end is in this row and not in the next.
    pub last: bool,
    /// How many cells before its text are empty.
    pub indent: usize,
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
        self.indent + before.map(cells).sum::<usize>()
    }

    /// Whether it is an empty row that sets paragraphs apart or has marks, and no part of the text.
    pub fn is_gap(&self) -> bool {
        self.start == self.end && !self.last
    }

    /// The place in this row nearest to a column. The end of a row that continues is part of the next row.
    pub fn place(&self, column: usize) -> usize {
        let (mut place, mut passed) = (self.start, self.indent);
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

/// A piece of a paragraph: a range of characters with whole rows; `next` is the start of the next piece.
struct Piece {
    start: usize,
    end: usize,
    paragraph: Range<usize>,
    next: Option<usize>,
}

/// The draft, wrapped to `width` cells.
pub struct Rows<'a> {
    text: &'a Rope,
    width: usize,
    apart: Apart,
    cuts: &'a mut Cuts,
}

/// How many cells the first row of a paragraph is indented, where paragraphs are set apart so.
const INDENT: usize = 3;

impl<'a> Rows<'a> {
    /// Lays nothing out yet. `cuts` caches where long paragraphs are cut.
    pub fn new(text: &'a Rope, width: usize, cuts: &'a mut Cuts) -> Self {
        Self { text, width: width.max(1), apart: Apart::Written, cuts }
    }

    /// Sets paragraphs apart.
    pub fn apart(self, apart: Apart) -> Self {
        Self { apart, ..self }
    }

    /// The indent of the paragraph that starts at a place. Headings, lists and what is indented already have none.
    fn indent(&self, start: usize) -> usize {
        let first = self.text.get_char(start);
        let is_prose =
            first.is_some_and(|c| c.is_alphanumeric() || "\"'“‘„«»”’([—–…¿¡".contains(c));
        let is_list = first.is_some_and(|c| c.is_ascii_digit());
        match self.apart {
            Apart::Indented if is_prose && !is_list && self.width > 2 * INDENT => INDENT,
            _ => 0,
        }
    }

    /// Whether an empty row is shown after a paragraph: the text has none there.
    fn has_gap(&self, piece: &Piece) -> bool {
        let is_blank = |line: usize| self.text.line(line).chars().all(char::is_whitespace);
        let line = self.text.char_to_line(piece.start);
        self.apart == Apart::Spaced
            && piece.end == piece.paragraph.end
            && line + 1 < self.text.len_lines()
            && !is_blank(line)
            && !is_blank(line + 1)
    }

    /// The row that holds a place, with at least this many rows before and after it, if there are any. Returns the
    /// rows, and the index of the one that holds the place.
    pub fn around(&mut self, at: usize, before: usize, after: usize) -> (Vec<Row>, usize) {
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
        let text = safe(self.text, &piece.paragraph, piece.start..piece.end);
        let first = rows.len();
        let mut start = piece.start;
        let is_first = piece.start == piece.paragraph.start;
        let mut indent = if is_first { self.indent(piece.start) } else { 0 };
        for range in wrap(&text, self.width, indent) {
            let text = text[range].to_owned();
            let end = start + text.chars().count();
            rows.push(Row { start, end, text, last: false, indent });
            (start, indent) = (end, 0);
        }
        if let Some(row) = rows.last_mut() {
            row.last = piece.end == piece.paragraph.end;
        }
        let gap = |at| Row { start: at, end: at, text: String::new(), last: false, indent: 0 };
        if self.apart == Apart::Marked {
            let own = rows.split_off(first);
            rows.extend(own.into_iter().flat_map(|row| {
                let below = gap(row.end);
                [row, below]
            }));
        } else if self.has_gap(piece) {
            rows.push(gap(start));
        }
    }

    /// The piece that holds a place.
    fn piece(&mut self, at: usize) -> Piece {
        let line = self.text.char_to_line(at);
        let from = self.text.line_to_char(line);
        let to = self.text.line_to_char(line + 1);
        let ended = line + 1 < self.text.len_lines();
        // The line break is not part of the rows; CR LF is one break of two characters.
        let crlf = ended && to - from >= 2 && self.text.char(to - 2) == '\r';
        let end = to - usize::from(ended) - usize::from(crlf && self.text.char(to - 1) == '\n');
        // The end of the paragraph is in the piece of its last character.
        let at = at.min(end.saturating_sub(1)).max(from);
        let shape = (self.width, self.indent(from));
        let piece = self.cuts.piece(self.text, shape, &(from..end), at);
        let next = if piece.end < end { Some(piece.end) } else { ended.then_some(to) };
        Piece { start: piece.start, end: piece.end, paragraph: from..end, next }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::cuts::PIECE, *};
    use crate::clean::for_terminal;
    use proptest::prelude::*;

    /// All rows, by a wrap of each whole paragraph.
    fn whole(text: &str, width: usize) -> Vec<Row> {
        let (mut rows, mut start) = (Vec::new(), 0);
        for paragraph in text.split('\n') {
            let paragraph = for_terminal(paragraph);
            for range in wrap(&paragraph, width, 0) {
                let last = range.end == paragraph.len();
                let text = paragraph[range].to_owned();
                let end = start + text.chars().count();
                rows.push(Row { start, end, text, last, indent: 0 });
                start = end;
            }
            start += 1;
        }
        rows
    }

    /// That the rows around some places are those of the whole paragraphs.
    fn agree(text: &Rope, width: usize, cuts: &mut Cuts, places: impl Iterator<Item = usize>) {
        let all = whole(&text.to_string(), width);
        for at in places {
            let (near, index) = Rows::new(text, width, cuts).around(at, 3, 3);
            let home = all.iter().position(|row| row.holds(at)).expect("a row");
            assert_eq!(near[index], all[home], "{at} at {width}");
            let first = home - index;
            assert!(first == 0 || index >= 3);
            assert!(near == all[first..first + near.len()], "{at} at {width}");
            assert!(first + near.len() == all.len() || near.len() > index + 3);
        }
    }

    /// Stretches that paragraphs are made of: words, no spaces, wide signs, what joins, marks, many spaces.
    const STRETCHES: &[&str] = &[
        "the same page, for eleven days in a row. ",
        "well-known—“and” so on ",
        "unbroken",
        "雨が降っていた。帰ろうと思った。",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "e\u{301}",
        "☔\u{fe0e}",
        "می\u{200c}خواهم",
        "\u{200d}",
        "\u{1b}[31m\t",
        "       ",
        "x ",
    ];

    #[test]
    fn rows_of_a_long_paragraph_are_those_of_all_of_it() {
        for stretch in STRETCHES {
            for width in [1, 2, 7, 40, 72] {
                for len in [PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 70, 5 * PIECE] {
                    let text: String = stretch.chars().cycle().take(len).collect();
                    let text = Rope::from_str(&format!("one\n{text}\ntwo"));
                    let end = text.len_chars();
                    let places = [0, 4, PIECE, PIECE + 5, 2 * PIECE, end / 2, end - 4, end];
                    let places = places.into_iter().filter(|at| *at <= end);
                    agree(&text, width, &mut Cuts::default(), places);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

        /// Whatever is edited wherever, and looked at in whatever order.
        #[test]
        fn cuts_hold_through_edits(
            parts in prop::collection::vec((0..STRETCHES.len(), 1..400usize), 1..12),
            breaks in prop::collection::vec(0..20_000usize, 0..3),
            edits in prop::collection::vec(
                (0..30_000usize, 0..60usize, 0..STRETCHES.len(), any::<bool>(), 0..30_000usize),
                1..12,
            ),
            width in 1..80usize,
        ) {
            let text: String =
                parts.iter().map(|(stretch, times)| STRETCHES[*stretch].repeat(*times)).collect();
            let mut text: Rope = text.chars().take(20_000).collect::<String>().as_str().into();
            for at in breaks {
                text.insert(at.min(text.len_chars()), "\n");
            }
            let mut cuts = Cuts::default();
            for (at, gone, stretch, comes, looked) in edits {
                let end = text.len_chars();
                agree(&text, width, &mut cuts, [at.min(end), looked.min(end)].into_iter());
                let at = at.min(end);
                text.remove(at..(at + gone).min(end));
                if comes {
                    text.insert(at, STRETCHES[stretch]);
                }
                let end = text.len_chars();
                agree(&text, width, &mut cuts, [at, looked.min(end), end].into_iter());
            }
        }
    }

    #[test]
    fn a_row_without_an_end_is_cut() {
        for endless in [" ", "\u{301}"] {
            let text = Rope::from_str(&format!("a{}b", endless.repeat(200_000)));
            let mut cuts = Cuts::default();
            let (rows, at) = Rows::new(&text, 20, &mut cuts).around(100_000, 1, 1);
            assert!(rows.iter().all(|row| row.text.len() < 100_000), "{:?}", rows.len());
            assert!(rows[at].holds(100_000));
        }
    }

    #[test]
    fn rows_follow_each_other_through_the_whole_draft() {
        let long = "word ".repeat(2000) + &"x".repeat(9000);
        for text in ["", "\n", "one\n\ntwo\n", "one two three four five", &long, "a\r\nb\u{2028}c"]
        {
            let rope = Rope::from_str(text);
            let mut cuts = Cuts::default();
            let mut rows = Rows::new(&rope, 11, &mut cuts);
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
    fn paragraphs_are_set_apart_on_the_screen_alone() {
        let text = Rope::from_str("one two three\n“four”\n\n# five\n- six\n雨が\n");
        let shown = |apart| {
            let mut cuts = Cuts::default();
            let (rows, _) = Rows::new(&text, 10, &mut cuts).apart(apart).around(0, 0, 99);
            for row in &rows {
                for at in row.start..row.end {
                    assert!(row.place(row.column(at)) <= at && row.column(at) >= row.indent);
                }
                assert_eq!(row.place(0), row.start, "{row:?}");
            }
            for at in 0..=text.len_chars() {
                assert_eq!(rows.iter().filter(|row| row.holds(at)).count(), 1, "{at}");
            }
            let shown =
                rows.iter().map(|row| format!("{}{}", " ".repeat(row.indent), row.text.trim_end()));
            shown.collect::<Vec<_>>().join("|")
        };
        assert_eq!(shown(Apart::Written), "one two|three|“four”||# five|- six|雨が|");
        assert_eq!(shown(Apart::Indented), "   one two|three|   “four”||# five|- six|   雨が|");
        assert_eq!(shown(Apart::Spaced), "one two|three||“four”||# five||- six||雨が|");
        assert_eq!(shown(Apart::Marked), "one two||three||“four”||||# five||- six||雨が|||");
    }

    #[test]
    fn columns_and_places_agree() {
        let rope = Rope::from_str("雨が 👨‍👩‍👧‍👦 e\u{301}nd of it all");
        let (rows, _) = Rows::new(&rope, 12, &mut Cuts::default()).around(0, 0, 9);
        for row in &rows {
            for at in row.start..row.end {
                let place = row.place(row.column(at));
                assert!(place <= at && row.holds(place), "{row:?} {at}");
            }
            assert!(row.holds(row.place(usize::MAX)), "{row:?}");
        }
    }
}
