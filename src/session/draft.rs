//! The current text with its authors and their counts, changed together or not at all.

use super::author::{Author, Authors, Run, push};
use crate::clean::is_ideograph;
use ropey::Rope;
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// A piece of text with its authors: inserted or removed by an edit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Piece {
    pub text: String,
    /// Cover `text` exactly.
    pub runs: Vec<Run>,
}

impl Piece {
    /// Text by one author.
    pub fn new(text: &str, author: Author) -> Self {
        let len = text.chars().count();
        // A history has thousands of pieces with one run, so allocate only one.
        let runs = if len == 0 { Vec::new() } else { vec![Run { len, author }] };
        Self { text: text.to_owned(), runs }
    }

    /// In characters.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.len).sum()
    }

    /// Append another piece.
    pub fn append(&mut self, other: &Piece) {
        self.text.push_str(&other.text);
        other.runs.iter().for_each(|run| push(&mut self.runs, *run));
    }
}

/// The number of words of a text, as a reader counts them.
pub fn words(text: &str) -> usize {
    Draft::new(text, Author::Unknown).shares().all_words()
}

/// The number of characters and words by author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    chars: [usize; 5],
    words: [usize; 5],
}

impl Shares {
    /// Characters by one author.
    pub fn chars(&self, author: Author) -> usize {
        self.chars[author as usize]
    }

    /// Characters in all.
    pub fn all_chars(&self) -> usize {
        self.chars.iter().sum()
    }

    /// Words by one author: a word belongs to the author of its first character.
    pub fn words(&self, author: Author) -> usize {
        self.words[author as usize]
    }

    /// Words in all. An ideograph or a kana counts as a word; punctuation doesn't.
    pub fn all_words(&self) -> usize {
        self.words.iter().sum()
    }
}

/// A part of a whole in percent, as it is shown. More than nothing is never 0 %.
pub fn percent(part: usize, all: usize) -> String {
    match (part * 100 + all / 2).checked_div(all) {
        None => "-".into(),
        Some(0) if part > 0 => "<1 %".into(),
        Some(percent) => format!("{percent} %"),
    }
}

/// Text, authors and shares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    text: Rope,
    authors: Authors,
    shares: Shares,
}

impl Draft {
    pub fn new(text: &str, author: Author) -> Self {
        Self::from_parts(Rope::from_str(text), [Run { len: usize::MAX, author }])
    }

    /// A text and its runs; runs that are too long are cut, uncovered text is `Unknown`.
    pub fn from_parts(text: Rope, runs: impl IntoIterator<Item = Run>) -> Self {
        let mut left = text.len_chars();
        let mut all = Vec::new();
        for run in runs {
            let len = run.len.min(left);
            push(&mut all, Run { len, ..run });
            left -= len;
        }
        push(&mut all, Run { len: left, author: Author::Unknown });
        let mut draft = Self { text, authors: Authors::from_runs(all), shares: Shares::default() };
        draft.count(0..draft.text.len_chars(), true);
        draft
    }

    pub fn text(&self) -> &Rope {
        &self.text
    }

    pub fn authors(&self) -> &Authors {
        &self.authors
    }

    pub fn shares(&self) -> Shares {
        self.shares
    }

    /// Every run of the text.
    pub fn runs(&self) -> Vec<Run> {
        self.cut(0..self.text.len_chars())
    }

    /// The runs of a range.
    pub fn cut(&self, range: Range<usize>) -> Vec<Run> {
        let run = |(range, author): (Range<usize>, _)| Run { len: range.len(), author };
        self.authors.iter(range).map(run).collect()
    }

    /// A range with its authors.
    pub fn piece(&self, range: Range<usize>) -> Piece {
        Piece { text: self.text.slice(range.clone()).to_string(), runs: self.cut(range) }
    }

    /// Whether a range lies in the text.
    pub fn fits(&self, range: &Range<usize>) -> bool {
        range.start <= range.end && range.end <= self.text.len_chars()
    }

    /// Replace a range, which must be within the text, by a piece; returns the old piece.
    pub fn replace(&mut self, range: Range<usize>, with: &Piece) -> Piece {
        self.count(range.clone(), false);
        let removed = Piece {
            text: self.text.slice(range.clone()).to_string(),
            runs: self.authors.splice(range.clone(), &with.runs),
        };
        self.text.remove(range.clone());
        self.text.insert(range.start, &with.text);
        self.count(range.start..range.start + with.len(), true);
        removed
    }

    /// Add the characters of a range to the shares, or subtract them. Whether a word begins at a
    /// character depends on the two before it, so the two after the range are looked at as well.
    fn count(&mut self, range: Range<usize>, add: bool) {
        let Draft { text, authors, shares } = self;
        let end = (range.end + 2).min(text.len_chars());
        let from = range.start.saturating_sub(2);
        let mut before = [None; 2];
        let mut chars = text.chars_at(from);
        for _ in from..range.start {
            before = [before[1], chars.next()];
        }
        let put = |number: &mut usize, by: usize| {
            // This never saturates: what is subtracted was added before.
            *number = if add { *number + by } else { number.saturating_sub(by) };
        };
        for (run, author) in authors.iter(range.start..end) {
            let whose = author as usize;
            put(&mut shares.chars[whose], run.end.min(range.end).saturating_sub(run.start));
            let mut words = 0;
            for char in chars.by_ref().take(run.len()) {
                words += usize::from(begins_word(before, char));
                before = [before[1], Some(char)];
            }
            put(&mut shares.words[whose], words);
        }
    }
}

/// Whether a word begins at a character, given the two before it. `don't`, `well-known` are one word.
pub fn begins_word(before: [Option<char>; 2], char: char) -> bool {
    let in_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    if !char.is_alphanumeric() {
        return false;
    }
    if is_ideograph(char) {
        return true;
    }
    let joins = |char: char| matches!(char, '\'' | '’' | '-') || char.width() == Some(0);
    match before {
        [_, Some(last)] if last.is_alphanumeric() => is_ideograph(last),
        [first, Some(last)] if joins(last) => !in_word(first),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_words_as_a_reader_does() {
        for (text, count) in [
            ("", 0),
            ("  \n", 0),
            ("one", 1),
            ("Don't stop — he's well-known.", 4),
            ("'quoted' *marked* --dashes--", 3),
            ("word--word", 2),
            ("你好 world", 3),
            ("नमस्ते दुनिया", 2),
            ("e\u{301}te\u{301} fini", 2),
        ] {
            assert_eq!(words(text), count, "{text:?}");
        }
    }

    #[test]
    fn shares_follow_every_replacement() {
        let mut draft = Draft::new("The lamps were put out.", Author::Writer);
        draft.replace(3..3, &Piece::new(" old-", Author::Machine));
        draft.replace(0..1, &Piece::new("", Author::Writer));
        draft.replace(5..7, &Piece::new("\n\n", Author::Pasted));
        let fresh = Draft::from_parts(
            draft.text().clone(),
            draft
                .authors()
                .iter(0..draft.text().len_chars())
                .map(|(range, author)| Run { len: range.len(), author }),
        );
        assert_eq!(draft.shares(), fresh.shares());
    }
}
