//! Text search as a writer expects it: lower case matches upper case, straight quotes match curly ones, and an accent
//! matches however it is encoded. No match splits a grapheme. On request only whole words match, case matters, or the
//! search text is a regular expression.

use crate::clean::is_ideograph;
use regex::{Regex, RegexBuilder};
use std::{borrow::Cow, ops::Range};
use unicode_normalization::char::decompose_canonical;
use unicode_segmentation::GraphemeCursor;
use unicode_width::UnicodeWidthChar;

/// How a text is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Only whole words match.
    pub words: bool,
    /// Case matters, whether the search text has capitals or not.
    pub case: bool,
    /// The search text is a regular expression.
    pub regex: bool,
}

/// The last search: its text, its replacement, and how it was searched.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// The search text.
    pub wanted: String,
    /// The replacement.
    pub instead: String,
    /// How the text was searched.
    pub how: How,
}

/// A search text, prepared for comparing.
pub struct Search {
    wanted: Wanted,
    /// Only whole words match.
    words: bool,
    /// Case matters: it has a capital letter, or the writer said so.
    exact: bool,
}

/// What is searched for.
enum Wanted {
    /// These characters, folded.
    Letters(Vec<char>),
    /// A regular expression.
    Pattern(Box<Regex>),
    /// A regular expression with a mistake: what is wrong with it.
    Wrong(String),
}

/// The most memory that a compiled expression may take, in bytes.
const LARGEST: usize = 4 << 20;

impl Search {
    /// Prepares a search text. If it has no capitals, case doesn't matter.
    pub fn new(wanted: &str, how: How) -> Self {
        // A letter behind a backslash is no letter of the text: `\W`.
        let mut escaped = false;
        let capital = wanted.chars().any(|c| {
            let is_capital = c.is_uppercase() && !escaped;
            escaped = how.regex && c == '\\' && !escaped;
            is_capital
        });
        let exact = how.case || capital;
        let wanted = match how.regex {
            true => Wanted::pattern(wanted, exact),
            false => {
                let mut letters = Vec::new();
                wanted.chars().for_each(|c| fold(c, exact, |letter| letters.push(letter)));
                Wanted::Letters(letters)
            }
        };
        Self { wanted, words: how.words, exact }
    }

    /// What is wrong with the regular expression, if anything is.
    pub fn wrong(&self) -> Option<&str> {
        match &self.wanted {
            Wanted::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// All matches as ranges of characters, in order and without overlap. None is empty.
    pub fn all(&self, text: &str) -> Vec<Range<usize>> {
        let mut places = Places { text, byte: 0, place: 0 };
        let matches = match &self.wanted {
            Wanted::Letters(letters) => self.letters(letters, text),
            Wanted::Pattern(regex) => {
                let all = regex.find_iter(text).map(|found| found.range());
                all.filter(|range| self.fits(text, range)).collect()
            }
            Wanted::Wrong(_) => Vec::new(),
        };
        let matches = matches.into_iter();
        matches.map(|range| places.of(range.start)..places.of(range.end)).collect()
    }

    /// Every match with its replacement. In a regular expression's, `$1` is the first group, and `\n` a line break.
    pub fn replacements(&self, text: &str, instead: &str) -> Vec<(Range<usize>, String)> {
        let Wanted::Pattern(regex) = &self.wanted else {
            let mut chars = text.chars();
            let mut at = 0;
            let mut words = |range: &Range<usize>| -> String {
                let found: String =
                    chars.by_ref().skip(range.start - at).take(range.len()).collect();
                at = range.end;
                self.instead(&found, instead).into_owned()
            };
            return self
                .all(text)
                .into_iter()
                .map(|range| (range.clone(), words(&range)))
                .collect();
        };
        let instead = instead.replace("\\n", "\n").replace("\\t", "\t");
        let mut places = Places { text, byte: 0, place: 0 };
        let mut found = Vec::new();
        for captures in regex.captures_iter(text) {
            let Some(range) = captures.get(0).map(|whole| whole.range()) else { continue };
            if self.fits(text, &range) {
                let mut words = String::new();
                captures.expand(&instead, &mut words);
                found.push((places.of(range.start)..places.of(range.end), words));
            }
        }
        found
    }

    /// Whether a match may be one: it isn't empty, splits no grapheme, and is a whole word where that is wanted.
    fn fits(&self, text: &str, range: &Range<usize>) -> bool {
        let Range { start, end } = *range;
        start < end
            && is_boundary(text, start)
            && is_boundary(text, end)
            && (!self.words || !is_inside_word(text, start) && !is_inside_word(text, end))
    }

    /// Where the letters occur, in bytes.
    fn letters(&self, letters: &[char], text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let Some(first) = letters.first() else { return found };
        // For each byte, whether a match may begin there: at an ASCII character, or at the first byte of another one.
        let may_begin: [bool; 256] = std::array::from_fn(|byte| match u8::try_from(byte) {
            Ok(byte) if byte.is_ascii() => self.begins(char::from(byte), *first),
            _ => byte >= 0b1100_0000,
        });
        let mut from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if !may_begin[usize::from(byte)] || at < from {
                continue;
            }
            let rest = &text[at..];
            if !byte.is_ascii() && !rest.starts_with(|c| self.begins(c, *first)) {
                continue;
            }
            let end = self.end(letters, rest).map(|size| at + size);
            if let Some(end) = end.filter(|end| self.fits(text, &(at..*end))) {
                found.push(at..end);
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

    /// If a text starts with the letters: the length of the match in bytes.
    fn end(&self, letters: &[char], text: &str) -> Option<usize> {
        let mut known = 0;
        for (at, c) in text.char_indices() {
            if known == letters.len() {
                return Some(at);
            }
            let mut agrees = true;
            fold(c, self.exact, |letter| {
                agrees &= letters.get(known) == Some(&letter);
                known += 1;
            });
            if !agrees {
                return None;
            }
        }
        (known == letters.len()).then_some(text.len())
    }

    /// The replacement for a match. If case doesn't matter and the replacement has no capitals, it takes the case of
    /// the match: `Lamps` becomes `Lights`, and `LAMPS` becomes `LIGHTS`.
    fn instead<'a>(&self, found: &str, instead: &'a str) -> Cow<'a, str> {
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

impl Wanted {
    fn pattern(wanted: &str, exact: bool) -> Self {
        if wanted.is_empty() {
            return Self::Letters(Vec::new());
        }
        let mut builder = RegexBuilder::new(wanted);
        builder.case_insensitive(!exact).multi_line(true).size_limit(LARGEST);
        match builder.build() {
            Ok(regex) => Self::Pattern(Box::new(regex)),
            Err(regex::Error::CompiledTooBig(_)) => Self::Wrong("too large".into()),
            Err(error) => {
                // The last line says what is wrong; those before it show where.
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default();
                Self::Wrong(last.trim_start_matches("error: ").to_owned())
            }
        }
    }
}

/// Counts the characters of a text up to places that only go on.
struct Places<'a> {
    text: &'a str,
    byte: usize,
    place: usize,
}

impl Places<'_> {
    /// The place of a byte, in characters.
    fn of(&mut self, byte: usize) -> usize {
        // Each character has one byte that doesn't continue another.
        let begins = |byte: &&u8| **byte & 0b1100_0000 != 0b1000_0000;
        self.place += self.text.as_bytes()[self.byte..byte].iter().filter(begins).count();
        self.byte = byte;
        self.place
    }
}

/// Whether a word goes on across a byte: both neighbours are of one word. An apostrophe between letters is part of a word,
/// and an ideograph is a word of its own.
fn is_inside_word(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let is_mark = |c: &char| c.width() == Some(0);
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_ideograph(c));
    let joins = |c: Option<char>| matches!(c, Some('\'' | '’'));
    let mut left = before.chars().rev().filter(|c| !is_mark(c));
    let mut right = after.chars();
    let (last, next) = (left.next(), right.next());
    letter(last) && (letter(next) || joins(next) && letter(right.next()))
        || joins(last) && letter(next) && letter(left.next())
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

    const PLAIN: How = How { words: false, case: false, regex: false };
    const WORDS: How = How { words: true, ..PLAIN };
    const CASE: How = How { case: true, ..PLAIN };
    const REGEX: How = How { regex: true, ..PLAIN };

    fn found(wanted: &str, how: How, text: &str) -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        let all = Search::new(wanted, how).all(text);
        all.into_iter().map(|range| chars[range].iter().collect()).collect()
    }

    #[test]
    fn whole_words_case_and_expressions_are_found() {
        for (wanted, how, text, expected) in [
            ("lamp", WORDS, "Lamp lamps clamp lamp-post lamp.", &["Lamp", "lamp", "lamp"][..]),
            ("don", WORDS, "don't don’t don", &["don"]),
            ("t", WORDS, "don't t", &["t"]),
            ("e", WORDS, "e\u{301} e", &["e"]),
            ("雨", WORDS, "雨が雨", &["雨", "雨"]),
            ("lamp", CASE, "Lamp lamp", &["lamp"]),
            ("l.mp", REGEX, "Lamp lump l.mp", &["Lamp", "lump", "l.mp"]),
            ("L.mp", REGEX, "Lamp lump", &["Lamp"]),
            (r"\Wlamp\W", REGEX, "a Lamp, lamp", &[" Lamp,"]),
            ("^t.*$", REGEX, "one\ntwo\nThree", &["two", "Three"]),
            ("x*", REGEX, "axxb", &["xx"]),
            // No part of a grapheme.
            ("👩", REGEX, "👨‍👩‍👧 👩", &["👩"]),
            ("lamp.?", How { words: true, ..REGEX }, "lamps lamp!", &["lamps", "lamp!"]),
            ("", REGEX, "a", &[]),
            ("(", REGEX, "a", &[]),
        ] {
            assert_eq!(found(wanted, how, text), expected, "{wanted:?} {how:?} in {text:?}");
        }
        assert_eq!(Search::new("(", REGEX).wrong(), Some("unclosed group"));
        assert_eq!(Search::new(r"\w{90000}", REGEX).wrong(), Some("too large"));
        assert_eq!(Search::new("(", PLAIN).wrong(), None);
    }

    #[test]
    fn an_expressions_groups_are_in_its_replacement() {
        let replaced = |wanted: &str, instead: &str, text: &str| {
            let parts = Search::new(wanted, REGEX).replacements(text, instead);
            parts.into_iter().map(|(range, words)| format!("{range:?} {words}")).collect::<Vec<_>>()
        };
        assert_eq!(replaced(r"(\w+) (\w+)", "$2 $1", "é one two"), ["0..5 one é"]);
        assert_eq!(replaced(r"\bb", r"$$\n", "ab b"), ["3..4 $\n"]);
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
            assert_eq!(found(wanted, PLAIN, text), expected, "{wanted:?} in {text:?}");
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
            let parts = Search::new(wanted, PLAIN).replacements(found, instead);
            assert_eq!(parts[0].1, expected, "{wanted} {found}");
        }
    }
}
