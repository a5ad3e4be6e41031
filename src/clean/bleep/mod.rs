//! Finds words that must not be shown, in any spelling, also in a text that is still being generated. Ordinary words
//! that contain the same letters are not affected.

mod drawn;
mod find;
mod letters;
mod list;
mod masked;
#[cfg(test)]
mod tests;

pub use list::{Bleeps, Severity};

use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// What is shown in place of each bleeped character.
pub const BLEEP: char = '█';

/// The result for a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// The ranges of bytes that must not be shown, in order and not overlapping.
    pub bleeped: Vec<Range<usize>>,
    /// Up to this byte the result is final. The text after it may still become a listed word.
    pub certain: usize,
}

impl Judged {
    /// A part of the judged text, with the listed words masked.
    pub fn masked(&self, text: &str, part: Range<usize>) -> String {
        let mut out = String::with_capacity(part.len());
        let mut at = part.start;
        for hidden in &self.bleeped {
            let (from, to) = (hidden.start.max(at), hidden.end.min(part.end));
            if from >= to {
                continue;
            }
            out.push_str(&text[at..from]);
            for grapheme in text[from..to].graphemes(true) {
                match grapheme.chars().next() {
                    Some(c) if c.is_whitespace() => out.push(c),
                    _ => out.push(BLEEP),
                }
            }
            at = to;
        }
        out.push_str(&text[at.min(part.end)..part.end]);
        out
    }
}
