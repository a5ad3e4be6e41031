//! Where a motion of the cursor leads: whole graphemes, words, sentences, paragraphs, logical lines.
//! Only a window around the cursor is ever read, so a motion in a big draft costs what it costs in a small one.

use super::Session;
use crate::clean::sentence_ends;
use ropey::Rope;
use std::ops::Range;
use unicode_segmentation::{GraphemeCursor, GraphemeIncomplete, UnicodeSegmentation};

/// A motion of the cursor. Lines are logical ones: what a window shows as rows is the desk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// One grapheme back.
    Left,
    /// One grapheme on.
    Right,
    /// To the beginning of this word or the one before.
    WordLeft,
    /// To the end of this word or the next.
    WordRight,
    /// To the beginning of this sentence or the one before.
    SentenceLeft,
    /// To the beginning of the next sentence.
    SentenceRight,
    /// To the beginning of this paragraph or the one before. A paragraph is a line that isn't blank.
    ParagraphUp,
    /// To the beginning of the next paragraph.
    ParagraphDown,
    /// To the beginning of the logical line.
    LineStart,
    /// To the end of the logical line.
    LineEnd,
    /// To the beginning of the text.
    Start,
    /// To the end of the text.
    End,
}

/// A part of the text that is selected or lit as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A word; an ideograph is one.
    Word,
    /// A sentence, without the space behind it.
    Sentence,
    /// A logical line, without its line break.
    Paragraph,
}

impl Session {
    /// The part of the text at a place. Between two parts, the one before the place. Empty if no part is there.
    pub fn part(&self, at: usize, part: Part) -> Range<usize> {
        let text = self.text();
        let at = at.min(text.len_chars());
        let line = target(text, at, Motion::LineStart)..target(text, at, Motion::LineEnd);
        match part {
            Part::Paragraph => line,
            Part::Word => word_at(text, at),
            Part::Sentence => {
                let start = seek_left(text, at + 1, sentence_starts).max(line.start);
                let end = seek_right(text, at, sentence_starts).min(line.end);
                let trimmed = text.slice(start..end.max(start)).chars_at(end.max(start) - start);
                let spaces = trimmed.reversed().take_while(|c| c.is_whitespace()).count();
                start..end.max(start) - spaces
            }
        }
    }
}

/// The word at a place, or the one that ends there.
fn word_at(text: &Rope, at: usize) -> Range<usize> {
    let from = at.saturating_sub(WINDOW);
    let window = text.slice(from..(at + WINDOW).min(text.len_chars())).to_string();
    let mut start = from;
    let mut before = at..at;
    for word in window.split_word_bounds() {
        let end = start + word.chars().count();
        let is_word = word.contains(char::is_alphanumeric);
        if is_word && (start..end).contains(&at) {
            return start..end;
        }
        if is_word && end == at {
            before = start..end;
        }
        start = end;
    }
    before
}

/// The position that a motion leads to.
pub(crate) fn target(text: &Rope, at: usize, motion: Motion) -> usize {
    match motion {
        Motion::Left => before(text, at),
        Motion::Right => after(text, at),
        Motion::WordLeft => seek_left(text, at, word_starts),
        Motion::WordRight => seek_right(text, at, word_ends),
        Motion::SentenceLeft => seek_left(text, at, sentence_starts),
        Motion::SentenceRight => seek_right(text, at, sentence_starts),
        Motion::ParagraphUp => {
            let line = text.char_to_line(at);
            let above = |line: &usize| text.line_to_char(*line) < at && !is_blank(text, *line);
            (0..=line).rev().find(above).map_or(0, |line| text.line_to_char(line))
        }
        Motion::ParagraphDown => (text.char_to_line(at) + 1..text.len_lines())
            .find(|line| !is_blank(text, *line))
            .map_or(text.len_chars(), |line| text.line_to_char(line)),
        Motion::LineStart => text.line_to_char(text.char_to_line(at)),
        Motion::LineEnd => {
            let line = text.char_to_line(at);
            let end = text.line_to_char(line + 1);
            // The last line has no line break; CR LF is one line break of two characters.
            if line + 1 == text.len_lines() { end } else { before(text, end) }
        }
        Motion::Start => 0,
        Motion::End => text.len_chars(),
    }
}

fn is_blank(text: &Rope, line: usize) -> bool {
    text.line(line).chars().all(char::is_whitespace)
}

/// The last grapheme boundary before a place.
pub(crate) fn before(text: &Rope, at: usize) -> usize {
    boundary(text, at, |cursor, chunk, start| cursor.prev_boundary(chunk, start)).unwrap_or(0)
}

/// The first grapheme boundary after a place.
pub(crate) fn after(text: &Rope, at: usize) -> usize {
    boundary(text, at, |cursor, chunk, start| cursor.next_boundary(chunk, start))
        .unwrap_or(text.len_chars())
}

/// The place itself when it is a grapheme boundary, else the one before; past the end is the end.
pub(crate) fn snap_back(text: &Rope, at: usize) -> usize {
    let at = at.min(text.len_chars());
    if is_boundary(text, at) { at } else { before(text, at) }
}

/// The place itself when it is a grapheme boundary, else the one after.
pub(crate) fn snap_on(text: &Rope, at: usize) -> usize {
    let at = at.min(text.len_chars());
    if is_boundary(text, at) { at } else { after(text, at) }
}

fn is_boundary(text: &Rope, at: usize) -> bool {
    boundary(text, at, |cursor, chunk, start| {
        cursor.is_boundary(chunk, start).map(|yes| yes.then_some(0))
    })
    .is_some()
}

/// Ask a grapheme cursor that stands at a place, feeding it the rope's chunks as it wants them.
/// Gives a char index.
fn boundary(
    text: &Rope,
    at: usize,
    ask: impl Fn(&mut GraphemeCursor, &str, usize) -> Result<Option<usize>, GraphemeIncomplete>,
) -> Option<usize> {
    let byte = text.char_to_byte(at);
    let mut cursor = GraphemeCursor::new(byte, text.len_bytes(), true);
    let (mut chunk, mut start, _, _) = text.chunk_at_byte(byte);
    loop {
        match ask(&mut cursor, chunk, start) {
            Ok(found) => return found.map(|byte| text.byte_to_char(byte)),
            Err(GraphemeIncomplete::NextChunk) => {
                (chunk, start, _, _) = text.chunk_at_byte(start + chunk.len());
            }
            Err(GraphemeIncomplete::PrevChunk) => {
                (chunk, start, _, _) = text.chunk_at_byte(start.saturating_sub(1));
            }
            Err(GraphemeIncomplete::PreContext(end)) => {
                let (context, begin, _, _) = text.chunk_at_byte(end.saturating_sub(1));
                cursor.provide_context(&context[..end - begin], begin);
            }
            // The cursor is outside the given chunk. This can't happen, but must not panic.
            Err(_) => return None,
        }
    }
}

/// Places in a window (bytes) where something begins or ends.
type Places = fn(&str) -> Vec<usize>;

fn word_starts(window: &str) -> Vec<usize> {
    window.unicode_word_indices().map(|(byte, _)| byte).collect()
}

fn word_ends(window: &str) -> Vec<usize> {
    window.unicode_word_indices().map(|(byte, word)| byte + word.len()).collect()
}

/// A line ends a sentence too: headings and verses have no full stop.
fn sentence_starts(window: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut begin = 0;
    for line in window.split_inclusive('\n') {
        let ends = sentence_ends(line).filter(|end| !line[*end..].trim().is_empty());
        for from in std::iter::once(0).chain(ends) {
            let space = line[from..].len() - line[from..].trim_start().len();
            if from + space < line.len() {
                starts.push(begin + from + space);
            }
        }
        begin += line.len();
    }
    starts
}

/// Characters read at first on either side; doubled until something is found.
const WINDOW: usize = 512;
/// Characters read on the other side of the cursor, so that what it stands in is seen whole.
const CONTEXT: usize = 64;

/// The last such place before `at`, else 0. What lies near the window's own edge may be half a word, so
/// it counts only where the text ends too.
fn seek_left(text: &Rope, at: usize, places: Places) -> usize {
    let mut reach = WINDOW;
    loop {
        let from = at.saturating_sub(reach);
        let sure = if from == 0 { 0 } else { at - reach * 3 / 4 };
        let found = look(text, from, (at + CONTEXT).min(text.len_chars()), places);
        match found.into_iter().rfind(|place| (sure..at).contains(place)) {
            Some(place) => return place,
            None if from == 0 => return 0,
            None => reach *= 2,
        }
    }
}

/// The first such place after `at`, else the end.
fn seek_right(text: &Rope, at: usize, places: Places) -> usize {
    let mut reach = WINDOW;
    let end = text.len_chars();
    loop {
        let to = (at + reach).min(end);
        let sure = if to == end { end } else { at + reach * 3 / 4 };
        let found = look(text, at.saturating_sub(CONTEXT), to, places);
        match found.into_iter().find(|place| *place > at && *place <= sure) {
            Some(place) => return place,
            None if to == end => return end,
            None => reach *= 2,
        }
    }
}

/// The places in a window, as char indices of the text.
fn look(text: &Rope, from: usize, to: usize, places: Places) -> Vec<usize> {
    let window = text.slice(from..to).to_string();
    let (mut byte, mut char) = (0, from);
    let chars = |byte: &mut usize, char: &mut usize, next: usize| {
        *char += window[*byte..next].chars().count();
        *byte = next;
        *char
    };
    places(&window).into_iter().map(|next| chars(&mut byte, &mut char, next)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Motion::*;

    fn stops(text: &str, motion: Motion, from: usize) -> Vec<usize> {
        let rope = Rope::from_str(text);
        let mut at = from;
        let mut stops = Vec::new();
        loop {
            let next = target(&rope, at, motion);
            if next == at {
                return stops;
            }
            stops.push(next);
            at = next;
        }
    }

    #[test]
    fn moves_by_whole_graphemes() {
        // A letter with two marks, a family, a flag, a Hangul syllable of three, a tab, Hebrew with points.
        let text = "e\u{301}\u{302}👨‍👩‍👧🇩🇪\u{1112}\u{1161}\u{11ab}\tשָׁ";
        let stops_right = stops(text, Right, 0);
        assert_eq!(stops_right, [3, 8, 10, 13, 14, 17]);
        let mut back = stops(text, Left, 17);
        back.reverse();
        assert_eq!(back, [0, 3, 8, 10, 13, 14]);
        let rope = Rope::from_str(text);
        assert_eq!((snap_back(&rope, 5), snap_on(&rope, 5)), (3, 8));
    }

    #[test]
    fn graphemes_cross_the_chunks_of_a_rope() {
        for pad in 900..1100 {
            let text = format!("{}👨‍👩‍👧🇩🇪🇫🇷🇯🇵x{}", "a".repeat(pad), "b".repeat(3000));
            let rope = Rope::from_str(&text);
            assert_eq!(
                stops(&text, Right, pad)[..5],
                [pad + 5, pad + 7, pad + 9, pad + 11, pad + 12]
            );
            assert_eq!(before(&rope, pad + 11), pad + 9);
        }
    }

    #[test]
    fn words_and_sentences() {
        let text = "Don't go, he said. 你好!\nWhere to?  Home.";
        assert_eq!(stops(text, WordRight, 0), [5, 8, 12, 17, 20, 21, 28, 31, 38, 39]);
        assert_eq!(stops(text, WordLeft, 39), [34, 29, 23, 20, 19, 13, 10, 6, 0]);
        assert_eq!(stops(text, SentenceRight, 0), [19, 23, 34, 39]);
        assert_eq!(stops(text, SentenceLeft, 39), [34, 23, 19, 0]);
    }

    #[test]
    fn a_window_never_cuts_a_word() {
        let text = format!("{} {} end", "x".repeat(5000), "y".repeat(700));
        let rope = Rope::from_str(&text);
        assert_eq!(target(&rope, 5000, WordLeft), 0);
        assert_eq!(target(&rope, 5701, WordLeft), 5001);
        assert_eq!(target(&rope, 0, WordRight), 5000);
        assert_eq!(target(&Rope::from_str(&" ".repeat(9000)), 9000, WordLeft), 0);
    }

    #[test]
    fn parts_are_whole() {
        let text = "One two. “Three,” he said.  \n\ndon't 雨が e\u{301}te\u{301}";
        let session = Session::from_text(text);
        let part = |at, part| session.text().slice(session.part(at, part)).to_string();
        for (at, word, sentence, paragraph) in [
            (0, "One", "One two.", "One two. “Three,” he said.  "),
            (3, "One", "One two.", "One two. “Three,” he said.  "),
            (12, "Three", "“Three,” he said.", "One two. “Three,” he said.  "),
            (29, "", "", ""),
            (33, "don't", "don't 雨が e\u{301}te\u{301}", "don't 雨が e\u{301}te\u{301}"),
            (36, "雨", "don't 雨が e\u{301}te\u{301}", "don't 雨が e\u{301}te\u{301}"),
            (
                44,
                "e\u{301}te\u{301}",
                "don't 雨が e\u{301}te\u{301}",
                "don't 雨が e\u{301}te\u{301}",
            ),
        ] {
            assert_eq!(part(at, Part::Word), word, "word at {at}");
            assert_eq!(part(at, Part::Sentence), sentence, "sentence at {at}");
            assert_eq!(part(at, Part::Paragraph), paragraph, "paragraph at {at}");
        }
        assert_eq!(Session::new().part(0, Part::Sentence), 0..0);
    }

    #[test]
    fn lines_and_paragraphs() {
        let text = "One.\n\n  \nTwo two.\nThree";
        assert_eq!(stops(text, ParagraphDown, 0), [9, 18, 23]);
        assert_eq!(stops(text, ParagraphUp, 23), [18, 9, 0]);
        let rope = Rope::from_str(text);
        assert_eq!(target(&rope, 12, LineStart), 9);
        assert_eq!(target(&rope, 12, LineEnd), 17);
        assert_eq!(target(&rope, 20, LineEnd), 23);
        assert_eq!(target(&Rope::from_str("a\r\nb"), 0, LineEnd), 1);
        assert_eq!(target(&Rope::new(), 0, LineEnd), 0);
    }
}
