//! Text search as a writer expects it: lower case matches upper case, straight quotes match curly ones, and an accent
//! matches however it is encoded. No match splits a grapheme.

use std::{borrow::Cow, ops::Range};
use unicode_normalization::char::decompose_canonical;
use unicode_segmentation::GraphemeCursor;

/// A search text, prepared for comparing.
pub struct Search {
    /// Its characters, folded.
    letters: Vec<char>,
    /// It has a capital letter, so case matters.
    exact: bool,
}

impl Search {
    /// Prepares a search text. If it has no capitals, case doesn't matter.
    pub fn new(wanted: &str) -> Self {
        let exact = wanted.chars().any(char::is_uppercase);
        let mut letters = Vec::new();
        wanted.chars().for_each(|c| fold(c, exact, |letter| letters.push(letter)));
        Self { letters, exact }
    }

    /// All matches as ranges of characters, in order and without overlap.
    pub fn all(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let Some(first) = self.letters.first() else { return found };
        let mut from = 0;
        for (place, (at, c)) in text.char_indices().enumerate() {
            if at < from || !self.begins(c, *first) {
                continue;
            }
            let end = self.end(&text[at..]).map(|(size, length)| (at + size, place + length));
            if let Some((end, last)) =
                end.filter(|(end, _)| is_boundary(text, at) && is_boundary(text, *end))
            {
                found.push(place..last);
                from = end;
            }
        }
        found
    }

    fn begins(&self, c: char, first: char) -> bool {
        if c.is_ascii() {
            return first == if self.exact { c } else { c.to_ascii_lowercase() };
        }
        let mut begins = None;
        fold(c, self.exact, |letter| begins = begins.or(Some(letter == first)));
        begins == Some(true)
    }

    /// If a text starts with it: the length of the match, in bytes and in characters.
    fn end(&self, text: &str) -> Option<(usize, usize)> {
        let mut known = 0;
        for (number, (at, c)) in text.char_indices().enumerate() {
            if known == self.letters.len() {
                return Some((at, number));
            }
            let mut agrees = true;
            fold(c, self.exact, |letter| {
                agrees &= self.letters.get(known) == Some(&letter);
                known += 1;
            });
            if !agrees {
                return None;
            }
        }
        (known == self.letters.len()).then(|| (text.len(), text.chars().count()))
    }

    /// The replacement for a match. If case doesn't matter and the replacement has no capitals, it takes the case of
    /// the match: `Lamps` becomes `Lights`, and `LAMPS` becomes `LIGHTS`.
    pub fn instead<'a>(&self, found: &str, instead: &'a str) -> Cow<'a, str> {
        let letters = || found.chars().filter(|c| c.is_alphabetic());
        if self.exact
            || instead.chars().any(char::is_uppercase)
            || !letters().next().is_some_and(char::is_uppercase)
        {
            return instead.into();
        }
        if letters().nth(1).is_some() && letters().all(char::is_uppercase) {
            return instead.to_uppercase().into();
        }
        let mut chars = instead.chars();
        let first: String = chars.by_ref().take(1).flat_map(char::to_uppercase).collect();
        (first + chars.as_str()).into()
    }
}

/// Folds a character for comparing: its letter and its accents, in lower case unless case matters; one kind of quotes,
/// apostrophes and spaces.
fn fold(c: char, exact: bool, mut each: impl FnMut(char)) {
    match c {
        _ if c.is_ascii() => each(if exact { c } else { c.to_ascii_lowercase() }),
        '‘' | '’' | '‚' | '‛' | 'ʼ' => each('\''),
        '“' | '”' | '„' | '‟' => each('"'),
        '\u{a0}' | '\u{202f}' => each(' '),
        _ if exact => decompose_canonical(c, each),
        // Sigma has another form at the end of a word.
        'ς' => each('σ'),
        _ => decompose_canonical(c, |part| part.to_lowercase().for_each(&mut each)),
    }
}

/// Whether there is a grapheme boundary at a byte.
fn is_boundary(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match (at.checked_sub(1).and_then(|before| bytes.get(before)), bytes.get(at)) {
        (Some(b'\r'), Some(b'\n')) => false,
        (Some(before), Some(after)) if !before.is_ascii() || !after.is_ascii() => {
            GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(true)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &str, text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let all = Search::new(wanted).all(text);
        all.into_iter().map(|range| chars[range].iter().collect()).collect()
    }

    #[test]
    fn what_a_writer_means_is_found() {
        for (wanted, text, expected) in [
            ("", "abc", &[][..]),
            ("lamp", "Lamp, lamps, LAMP", &["Lamp", "lamp", "LAMP"]),
            ("Lamp", "Lamp, lamps, LAMP", &["Lamp"]),
            ("aa", "aaaaa", &["aa", "aa"]),
            ("ab", "aab", &["ab"]),
            ("don't", "don’t don't DON‘T", &["don’t", "don't", "DON‘T"]),
            ("don’t", "don't", &["don't"]),
            ("\"so\"", "“So” „so‟ \"so\"", &["“So”", "„so‟", "\"so\""]),
            ("a b", "a\u{a0}b", &["a\u{a0}b"]),
            // An accent is a letter's own, however it is written.
            ("é", "é e\u{301} e É", &["é", "e\u{301}", "É"]),
            ("e\u{301}", "é", &["é"]),
            ("e", "é e\u{301} è e", &["e"]),
            ("É", "é É", &["É"]),
            ("cafe", "café cafe", &["cafe"]),
            ("σας", "ΣΑΣ σας", &["ΣΑΣ", "σας"]),
            ("i", "İ i", &["i"]),
            ("straße", "STRASSE Straße", &["Straße"]),
            // Nothing that is seen as one is cut.
            ("👩", "👨‍👩‍👧 👩", &["👩"]),
            ("👨‍👩‍👧", "a👨‍👩‍👧b", &["👨‍👩‍👧"]),
            ("🇩🇪", "🇦🇩🇪🇺 🇩🇪", &["🇩🇪"]),
            ("雨", "雨が雨", &["雨", "雨"]),
            ("\u{301}", "e\u{301}", &[]),
            ("a", "\u{301}a\r\n", &["a"]),
        ] {
            assert_eq!(found(wanted, text), expected, "{wanted:?} in {text:?}");
        }
    }

    #[test]
    fn capitals_are_kept_where_they_do_not_matter() {
        for (wanted, found, instead, expected) in [
            ("lamp", "lamp", "light", "light"),
            ("lamp", "Lamp", "light", "Light"),
            ("lamp", "LAMP", "light", "LIGHT"),
            ("lamp", "Lamp", "McLight", "McLight"),
            ("Lamp", "Lamp", "light", "light"),
            ("i", "I", "we", "We"),
            ("\"a", "“A", "\"b", "\"b"),
            ("雨", "雨", "rain", "rain"),
            ("lamp", "Lamp", "", ""),
            ("école", "École", "étude", "Étude"),
        ] {
            assert_eq!(Search::new(wanted).instead(found, instead), expected, "{wanted} {found}");
        }
    }
}
