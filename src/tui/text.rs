//! Text in terminal cells: its width, wrapping and cutting. Rows wrap between words, never before punctuation that
//! belongs to a word, and never inside a grapheme. The text widget's own wrap breaks a row before a full stop and
//! counts a joined emoji by its parts, so it isn't used.

use crate::clean::for_terminal;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What is drawn for a grapheme of a text that is safe for a terminal.
pub fn shown(grapheme: &str) -> &str {
    if grapheme == "\t" { "    " } else { grapheme }
}

/// How many cells a grapheme takes.
pub fn cells(grapheme: &str) -> usize {
    match grapheme.as_bytes() {
        [b' '..=b'~'] => 1,
        _ => shown(grapheme).width(),
    }
}

/// How many cells a text takes in a row.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(cells).sum()
}

/// Cuts a paragraph into rows of at most `width` cells, of which `used` are taken in the first. Spaces at the end of a
/// row may extend beyond the width, so that no row starts with the space between two words.
pub fn wrap(text: &str, width: usize, used: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut filled) = (0, used);
    // The last place where the row may break, and the cells used up to there.
    let mut chance = (used > 0).then_some((0, used));
    let mut before = "";
    for (at, grapheme) in text.grapheme_indices(true) {
        let size = cells(grapheme);
        if is_space(grapheme) {
            filled += size;
            before = grapheme;
            continue;
        }
        if at > 0 && may_break(before, grapheme) {
            chance = Some((at, filled));
        }
        while filled + size > width {
            match chance.take() {
                Some((place, full)) => {
                    rows.push(start..place);
                    start = place;
                    filled -= full;
                }
                None if at > start => {
                    rows.push(start..at);
                    (start, filled) = (at, 0);
                }
                // A glyph wider than the row, or a row without room: it stays in this row.
                None => break,
            }
        }
        filled += size;
        before = grapheme;
    }
    rows.push(start..text.len());
    rows
}

fn is_space(grapheme: &str) -> bool {
    grapheme.chars().all(|c| c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}')
}

/// Whether a row may end between two neighbours.
fn may_break(before: &str, after: &str) -> bool {
    let (Some(left), Some(right)) = (before.chars().next_back(), after.chars().next()) else {
        return false;
    };
    if is_space(before) {
        return true;
    }
    match left {
        '-' | '–' | '—' => right.is_alphanumeric() || matches!(right, '“' | '‘' | '"'),
        _ => (is_wide(left) || is_wide(right)) && !clings_left(right) && !clings_right(left),
    }
}

/// Whether a character is of a script without spaces, which may break between any two characters.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff01..=0xff60 | 0x20000..=0x3fffd)
}

/// Whether a character may not start a row.
fn clings_left(c: char) -> bool {
    !c.is_alphanumeric() && !clings_right(c) || matches!(c, 'ー' | 'っ' | 'ッ' | '々')
}

/// Whether a character may not end a row.
fn clings_right(c: char) -> bool {
    matches!(c, '「' | '『' | '（' | '【' | '《' | '〈' | '(' | '[' | '“' | '‘' | '"' | '〔')
}

/// Cuts a text to this many cells; `…` marks the cut.
pub fn cut(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut left = max.saturating_sub(1);
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let size = cells(grapheme);
        if size > left {
            break;
        }
        left -= size;
        kept.push_str(shown(grapheme));
    }
    if max > 0 {
        kept.push('…');
    }
    kept
}

/// An untrusted text in one row, without control characters.
pub fn one_row(text: &str) -> String {
    for_terminal(text).replace(['\n', '\t'], " ")
}

/// A number of things: `1 word`, `2 words`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A probability in percent; one below 1 % has a decimal.
pub fn percent(share: f32) -> String {
    let share = share * 100.0;
    if share < 0.95 { format!("{share:4.1} %") } else { format!("{share:4.0} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, width: usize) -> Vec<&str> {
        wrap(text, width, 0).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_break_where_a_reader_breathes() {
        for (text, width, expected) in [
            ("", 10, &[""][..]),
            ("one two three", 7, &["one two ", "three"]),
            // The mark goes with its word, the hanging space with its row.
            ("nobody spoke.", 12, &["nobody ", "spoke."]),
            ("say \"no more\"", 9, &["say \"no ", "more\""]),
            ("one  two", 3, &["one  ", "two"]),
            ("a well-known rule", 7, &["a well-", "known ", "rule"]),
            ("the sea—then", 9, &["the sea—", "then"]),
            ("helloworld", 4, &["hell", "owor", "ld"]),
            ("is helloworld", 4, &["is ", "hell", "owor", "ld"]),
            ("雨が降っていた。", 6, &["雨が", "降って", "いた。"][..0]),
            ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦 ok", 4, &["👨‍👩‍👧‍👦👨‍👩‍👧‍👦 ", "ok"]),
            ("e\u{301}e\u{301}e\u{301}", 2, &["e\u{301}e\u{301}", "e\u{301}"]),
            ("   ", 2, &["   "]),
            ("trailing   ", 8, &["trailing   "]),
        ] {
            let found = rows(text, width);
            assert_eq!(found.concat(), text);
            if !expected.is_empty() {
                assert_eq!(found, expected, "{text} at {width}");
            }
        }
        let wide = rows("雨が降っていた。帰ろうと思った。", 6);
        assert!(
            wide.iter().all(|row| super::width(row) <= 6 && !row.starts_with('。')),
            "{wide:?}"
        );
    }

    #[test]
    fn a_used_row_is_filled_up_first() {
        let text = "ing to be";
        let cut = |width, used| {
            wrap(text, width, used).into_iter().map(|row| &text[row]).collect::<Vec<_>>()
        };
        assert_eq!(cut(10, 4), ["ing to ", "be"]);
        assert_eq!(cut(10, 8), ["", "ing to be"]);
    }

    #[test]
    fn probabilities_in_percent() {
        let shares = [0.414, 0.0004, 1.0, 0.0094].map(percent);
        assert_eq!(shares, ["  41 %", " 0.0 %", " 100 %", " 0.9 %"]);
    }
}
