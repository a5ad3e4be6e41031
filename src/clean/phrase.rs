//! Words and phrases in a text. They are found as whole words, in any case, with any form of apostrophe, quote and
//! hyphen, whether accents are composed or not. Bans, wanted words and the bot's blocked words all use this.
//!
//! A word goes on behind an apostrophe with a letter, so that "can" is not in "can't"; only a possessive belongs to the
//! word before it: "Mara" is in "Mara's". A space between two words of a phrase stands for anything between two words
//! that is neither letter nor digit, so that "he said" is also in "he. Said". Other marks of a phrase are literal.

use super::{
    script::{is_of_word, is_spaceless},
    visible::is_plain,
};
use std::ops::Range;
use unicode_normalization::char::decompose_canonical;

/// Words and phrases to look for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phrases(Vec<Vec<Part>>);

/// A part of a phrase.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// This character, folded.
    Char(char),
    /// At least one character that is neither letter nor digit.
    Gap,
    /// White space, or nothing.
    Space,
}

/// How a phrase relates to a place in a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Match {
    /// It isn't there.
    No,
    /// The text ends before it is decided.
    Open,
    /// It ends before this folded character.
    Whole(usize),
}

/// What was found in the beginning of a text that goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scan {
    /// The first phrase that is complete, as a range of bytes.
    pub whole: Option<Range<usize>>,
    /// The first byte at which a phrase may be in the making.
    pub open: Option<usize>,
}

impl Phrases {
    /// These words and phrases. Empty ones are left out.
    pub fn new<T: AsRef<str>>(phrases: impl IntoIterator<Item = T>) -> Self {
        let parts = phrases.into_iter().map(|phrase| parts(phrase.as_ref()));
        Self(parts.filter(|parts| !parts.is_empty()).collect())
    }

    /// Whether the list has no phrases.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of them in a whole text, as a range of bytes.
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        self.scan(text.as_bytes(), 0, 0, true).whole
    }

    /// Which of them are in a whole text, in their order.
    pub fn found(&self, text: &str) -> Vec<bool> {
        let folded = Folded::new(text.as_bytes());
        let is_in = |phrase: &Vec<Part>| {
            (0..folded.chars.len()).any(|at| matches!(folded.at(at, phrase, true), Match::Whole(_)))
        };
        self.0.iter().map(is_in).collect()
    }

    /// Looks for phrases that begin at byte `from` or later and end behind byte `behind`. Unless the text `ended`, one at
    /// its end is complete only when the next character shows that the word is over. Bytes that are no text are skipped.
    pub fn scan(&self, text: &[u8], from: usize, behind: usize, ended: bool) -> Scan {
        let folded = Folded::new(text);
        let mut scan = Scan::default();
        let first = folded.starts.partition_point(|start| *start < from);
        for at in first..folded.chars.len() {
            for phrase in &self.0 {
                match folded.at(at, phrase, ended) {
                    Match::Whole(end) if folded.ends[end - 1] > behind => {
                        scan.whole = Some(folded.starts[at]..folded.ends[end - 1]);
                        return scan;
                    }
                    Match::Open => {
                        scan.open.get_or_insert(folded.starts[at]);
                    }
                    Match::No | Match::Whole(_) => {}
                }
            }
        }
        scan
    }
}

/// A text as it is compared: its characters folded, each with the bytes that it comes from.
struct Folded {
    chars: Vec<char>,
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl Folded {
    fn new(bytes: &[u8]) -> Self {
        let mut folded = Self { chars: Vec::new(), starts: Vec::new(), ends: Vec::new() };
        let mut at = 0;
        for chunk in bytes.utf8_chunks() {
            for (offset, c) in chunk.valid().char_indices() {
                let start = at + offset;
                fold(c, &mut |c| {
                    folded.chars.push(c);
                    folded.starts.push(start);
                    folded.ends.push(start + c_len(bytes, start));
                });
            }
            at += chunk.valid().len() + chunk.invalid().len();
        }
        folded
    }

    /// How a phrase relates to the place at this character.
    fn at(&self, at: usize, phrase: &[Part], ended: bool) -> Match {
        let chars = &self.chars;
        let open = if ended { Match::No } else { Match::Open };
        let inside = |i: usize| i > 0 && joined(chars[i - 1], chars[i]);
        if inside(at) {
            return Match::No;
        }
        let mut next = at;
        for part in phrase {
            let rest = &chars[next..];
            next += match part {
                Part::Char(_) if rest.is_empty() => return open,
                Part::Char(c) if rest[0] == *c => 1,
                Part::Char(_) => return Match::No,
                Part::Gap => match rest.iter().position(|c| is_of_word(*c)) {
                    Some(0) => return Match::No,
                    Some(count) => count,
                    None => return open,
                },
                Part::Space => rest.iter().take_while(|c| c.is_whitespace()).count(),
            };
        }
        self.end(next, ended)
    }

    /// Whether a phrase that reaches up to this character ends there.
    fn end(&self, end: usize, ended: bool) -> Match {
        let (last, rest) = (self.chars[end - 1], &self.chars[end..]);
        let whole = Match::Whole(end);
        let open = if ended { whole } else { Match::Open };
        if !is_of_word(last) || is_spaceless(last) {
            return whole;
        }
        match rest {
            [] => open,
            [next, ..] if joined(last, *next) => Match::No,
            ['\''] => open,
            ['\'', 's'] => open,
            ['\'', 's', next, ..] if !is_of_word(*next) => whole,
            ['\'', next, ..] if is_of_word(*next) => Match::No,
            _ => whole,
        }
    }
}

/// The number of bytes of the character at a byte.
fn c_len(bytes: &[u8], start: usize) -> usize {
    let more = bytes[start + 1..].iter().take_while(|byte| **byte & 0xc0 == 0x80);
    // Bytes behind the character that continue nothing aren't its own.
    let most = match bytes[start] {
        0..0xc0 => 0,
        0xc0..0xe0 => 1,
        0xe0..0xf0 => 2,
        _ => 3,
    };
    1 + more.count().min(most)
}

/// Whether two characters that stand side by side belong to one word.
fn joined(a: char, b: char) -> bool {
    is_of_word(a) && is_of_word(b) && !is_spaceless(a) && !is_spaceless(b)
}

/// The forms of a character that count as the same. Invisible ones are left out.
fn fold(c: char, add: &mut dyn FnMut(char)) {
    decompose_canonical(c, |c| match c {
        '‘' | '’' | '‛' | '′' | 'ʼ' | '`' | '´' | '＇' => add('\''),
        '“' | '”' | '„' | '‟' | '″' | '＂' => add('"'),
        '\u{2010}' | '\u{2011}' => add('-'),
        'ς' => add('σ'),
        '\n' | '\t' | '\r' | '\u{2028}' | '\u{2029}' => add(' '),
        c if c == char::REPLACEMENT_CHARACTER || !is_plain(c) => {}
        c if c.is_whitespace() => add(' '),
        c => c.to_lowercase().for_each(&mut *add),
    });
}

/// The parts of a phrase.
fn parts(phrase: &str) -> Vec<Part> {
    let mut chars = Vec::new();
    phrase.trim().chars().for_each(|c| fold(c, &mut |c| chars.push(c)));
    let words = chars.split(|c| *c == ' ').filter(|word| !word.is_empty());
    let mut parts: Vec<Part> = Vec::new();
    for word in words {
        match parts.last() {
            Some(Part::Char(last)) if is_of_word(*last) && is_of_word(word[0]) => {
                parts.push(Part::Gap);
            }
            Some(_) => parts.push(Part::Space),
            None => {}
        }
        parts.extend(word.iter().map(|c| Part::Char(*c)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words_in_any_form() {
        for (text, phrase, expected) in [
            (" The Suddenly man", "suddenly", true),
            (" all of a  sudden, he", "of a sudden", true),
            (" a suddenness", "sudden", false),
            (" unsudden", "sudden", false),
            (" was it—sudden!", "sudden", true),
            (" so… well", "…", true),
            (" anything", "", false),
            (" anything", " \n", false),
            (" straße", "STRASSE", false),
            ("I don’t know", "don't", true),
            ("I don't know", "don’t", true),
            ("I DONʼT", "don`t", true),
            ("I can't", "can", false),
            ("Mara's lamp", "mara", true),
            ("Mara's", "mara", true),
            ("the Maras'", "maras", true),
            ("can't, stop", "can't stop", true),
            ("said—she", "said she", true),
            ("saidshe", "said she", false),
            ("“So,” he said", "\"so,\" he", true),
            ("he said , then", "said, then", false),
            ("he said,\nthen", "said, then", true),
            ("well\u{2011}known", "well-known", true),
            ("caf\u{e9} noir", "cafe\u{301}", true),
            ("cafe\u{301} noir", "caf\u{e9}", true),
            ("caf\u{e9}", "cafe", false),
            ("cafe\u{301}", "cafe", false),
            ("su\u{ad}dden", "sudden", true),
            ("夜里,灯灭了。", "灯灭", true),
            ("ΟΔΟΣ", "οδος", true),
            ("de l'amour", "amour", true),
            ("42nd", "42", false),
        ] {
            assert_eq!(
                Phrases::new([phrase]).find(text).is_some(),
                expected,
                "{text:?} {phrase:?}"
            );
        }
        let found = Phrases::new(["fog", "", "lamp"]).find("a “Lamp’s” glow");
        assert_eq!(found, Some(5..9));
        assert_eq!(Phrases::new(["fog", "lamp"]).found("a lamp"), [false, true]);
        assert!(Phrases::new([" "]).is_empty());
    }

    /// What a scan says after each character of a text.
    fn after_each(text: &str, phrases: &[&str]) -> String {
        let phrases = Phrases::new(phrases);
        let said = |end: usize| {
            let scan = phrases.scan(&text.as_bytes()[..end], 0, 0, false);
            match (scan.whole, scan.open) {
                (Some(_), _) => '#',
                (None, Some(at)) => char::from_digit(at as u32 % 36, 36).unwrap_or('?'),
                (None, None) => '.',
            }
        };
        (1..=text.len()).map(said).collect()
    }

    #[test]
    fn what_may_become_a_phrase_is_open_until_it_is_decided() {
        // The place where the phrase may begin, `.` for none, `#` when it is complete.
        assert_eq!(after_each("a sudden.", &["sudden"]), "..222222#");
        assert_eq!(after_each("a suddenly", &["sudden"]), "..222222..");
        assert_eq!(after_each("a don't so", &["don't"]), "..22222###");
        assert_eq!(after_each("I can't ", &["can"]), "..2222..");
        assert_eq!(after_each("I can's ", &["can"]), "..22222#");
        assert_eq!(after_each("of the, and", &["of the lamp"]), "00000000...");
        assert_eq!(after_each("so… w", &["…"]), "....###");
    }

    #[test]
    fn what_is_before_and_bytes_that_are_no_text_do_not_count() {
        let phrases = Phrases::new(["of the", "so"]);
        let text = b"so of the man";
        assert_eq!(phrases.scan(text, 0, 5, false).whole, Some(3..9));
        assert_eq!(phrases.scan(text, 4, 5, false), Scan::default());
        assert_eq!(phrases.scan(b"so of th", 0, 5, false), Scan { whole: None, open: Some(3) });
        assert_eq!(phrases.scan(b"of th", 0, 0, true), Scan::default());
        assert_eq!(phrases.scan(b"of\xff the\xe2\x80", 0, 0, false).open, Some(0));
        assert_eq!(phrases.scan(b"a s\xffo \xc3", 0, 0, false).whole, Some(2..5));
    }
}
