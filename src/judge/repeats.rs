//! Repetition: loops, doubled words, and sentences that were there before.

use crate::clean::sentence_ends;
use std::collections::HashSet;

/// A loop is a piece of at most `PIECE` bytes that repeats for at least `LOOP` bytes.
const PIECE: usize = 32;
const LOOP: usize = 24;

/// How many words may not occur twice in one offer.
const PHRASE: usize = 4;

/// Whether a text goes in circles: it ends in the same piece four times, or has the same four words twice.
pub fn loops(text: &str) -> bool {
    ends_in_loop(text) || {
        let words = words(text);
        let mut seen = HashSet::new();
        words.windows(PHRASE).any(|phrase| !seen.insert(phrase))
    }
}

/// Whether a text ends in a loop: the same piece four times, for at least a few words. This can be told while the text
/// still grows.
pub fn ends_in_loop(text: &str) -> bool {
    let text = text.as_bytes();
    (1..=PIECE).any(|piece| {
        let tail = text.len().checked_sub((piece * 4).max(LOOP)).map(|from| &text[from..]);
        tail.is_some_and(|tail| tail[piece..] == tail[..tail.len() - piece])
    })
}

/// Whether a word occurs twice in a row with only spaces between, in the text or across its beginning or its end.
pub fn doubled(before: &str, text: &str, after: &str) -> bool {
    let last = before
        .split_whitespace()
        .next_back()
        .filter(|_| before.ends_with(char::is_whitespace) || text.starts_with(char::is_whitespace));
    // Without a space there, the text is in the middle of a word.
    let apart = after.starts_with(char::is_whitespace)
        || [before, text].iter().any(|text| text.ends_with(char::is_whitespace));
    let next = after.split_whitespace().next().filter(|_| apart);
    let words = last.into_iter().chain(text.split_whitespace()).chain(next);
    let all: Vec<String> = words.map(str::to_lowercase).collect();
    all.windows(2).any(|pair| {
        let word = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        // A mark between them separates them: "No, no".
        let apart = pair[0].ends_with(|c: char| !c.is_alphanumeric())
            || pair[1].starts_with(|c: char| !c.is_alphanumeric());
        !apart && !word(&pair[0]).is_empty() && word(&pair[0]) == word(&pair[1])
    })
}

/// A sentence of fewer words may occur again.
const SHORT: usize = 4;

/// The sentences of some texts, compared by their words alone.
#[derive(Clone, Debug, Default)]
pub struct Sentences(HashSet<String>);

impl Sentences {
    /// Adds the sentences of a text.
    pub fn add(&mut self, text: &str) {
        self.0.extend(sentences(text));
    }

    /// Whether a sentence of this text is among them.
    pub fn has_one_of(&self, text: &str) -> bool {
        sentences(text).iter().any(|sentence| self.0.contains(sentence))
    }
}

fn sentences(text: &str) -> Vec<String> {
    let mut from = 0;
    let mut all = Vec::new();
    for end in sentence_ends(text).chain([text.len()]) {
        for line in text[from..end.max(from)].lines() {
            let words = words(line);
            if words.len() >= SHORT {
                all.push(words.join(" "));
            }
        }
        from = end.max(from);
    }
    all
}

/// The words of a text, in lower case and without marks.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_over_and_over() {
        for (text, expected) in [
            (" Young Morpholpholpholpholpholpholphol", true),
            (" I don't know. I don't know. I don't know. I don't know.", true),
            (" never, never, never again", false),
            (" ha ha ha ha ha ha ha ha ha", true),
            (" The lamps were put out at nine.", false),
            (" He went to the door and then he went to the door again.", true),
        ] {
            assert_eq!(loops(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_twice_in_a_row() {
        for (before, text, expected) in [
            ("", "the the lamp", true),
            ("she saw the ", "the lamp", true),
            ("she saw the", " The lamp", true),
            ("", "No, no, no.", false),
            ("", "the lamp. The lamp", false),
            ("she saw \"the", "the", false),
            ("", "— — the", false),
        ] {
            assert_eq!(doubled(before, text, ""), expected, "{before:?} {text:?}");
        }
        for (before, text, after, expected) in [
            ("She opened the", " door", " door and looked in.", true),
            ("She opened the ", "door ", "door and looked in.", true),
            ("She opened the", " door", ". Door by door", false),
            ("She was wait", "ing", "ing room", false),
        ] {
            assert_eq!(doubled(before, text, after), expected, "{before:?} {text:?} {after:?}");
        }
    }

    #[test]
    fn a_sentence_is_known_by_its_words() {
        let mut known = Sentences::default();
        known.add("The lamps were put out at nine. \"No,\" he said. He had gone");
        assert!(known.has_one_of(" It rained. The lamps, were put out at nine!"));
        assert!(!known.has_one_of(" \"No,\" he said."));
        assert!(!known.has_one_of(" The lamps were put out at ten."));
    }
}
