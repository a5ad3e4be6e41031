//! The words of a text that a dictionary can know.

use crate::clean::is_ideograph;
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// Its range in bytes.
    pub range: Range<usize>,
    /// The word.
    pub text: &'a str,
    /// It begins with a capital in the middle of a sentence.
    pub is_name: bool,
}

/// The words of a text. Words with digits, words in capitals, links, addresses and words of scripts without spaces are
/// left out; of a word with hyphens, each part is a word.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut starts = true;
    text.split_word_bound_indices().filter_map(move |(at, word)| {
        let is_word = word.contains(char::is_alphanumeric);
        if !is_word {
            // A sentence starts after its end, and a word in quotes or brackets may be one.
            let ends = word.contains([
                '.', '!', '?', '…', ':', '\n', '\r', '“', '„', '«', '"', '(', '—', '*', '#', '>',
            ]);
            starts = starts || ends;
            return None;
        }
        let is_start = std::mem::replace(&mut starts, false);
        let letters = || word.chars().filter(|c| c.is_alphabetic());
        let is_capital = word.starts_with(char::is_uppercase);
        let is_shout = letters().nth(1).is_some() && letters().all(char::is_uppercase);
        let is_odd = word.chars().any(|c| c.is_numeric() || c == '_' || is_ideograph(c));
        (!is_shout && !is_odd && !is_in_link(text, at, word)).then(|| Word {
            range: at..at + word.len(),
            text: word,
            is_name: is_capital && !is_start,
        })
    })
}

/// Whether a word is part of a link, a mail address or a handle: what is around it up to the next space says so.
fn is_in_link(text: &str, at: usize, word: &str) -> bool {
    let before = text[..at].rfind(char::is_whitespace).map_or(0, |space| space + 1);
    // A space may be of several bytes.
    let before = (before..=at).find(|byte| text.is_char_boundary(*byte)).unwrap_or(at);
    let end = at + word.len();
    let after = text[end..].find(char::is_whitespace).map_or(text.len(), |space| end + space);
    let around = &text[before..after];
    around.contains("://") || around.starts_with("www.") || around.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_dictionary_can_know() {
        let text = "Don’t well-known NASA 3rd https://a.example/path me@b.example @pell 雨が e\u{301}te\u{301} snake_case\u{2003}end";
        let found: Vec<_> = words(text).map(|word| word.text).collect();
        assert_eq!(found, ["Don’t", "well", "known", "e\u{301}te\u{301}", "end"]);
        assert!(words(text).all(|word| &text[word.range.clone()] == word.text));
    }

    #[test]
    fn a_name_is_a_capital_within_a_sentence() {
        let text = "The boat of Mara. Then “So said Pell”\n# Rules\nmara";
        let names: Vec<_> = words(text).filter(|word| word.is_name).map(|word| word.text).collect();
        assert_eq!(names, ["Mara", "Pell"]);
    }
}
