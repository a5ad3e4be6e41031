//! Prompts for a model whose tokenizer is not known: an estimate of their tokens, corrected by what the server counts,
//! and the cut of a long one, at a sentence and in large steps.

use crate::{clean::sentence_ends, generate::prompt::window};

/// The most bytes of a word, with the spaces before it, that a server is made to begin with.
const LONGEST_WORD: usize = 64;

/// The byte at which the last word of a prompt begins, with the spaces before it. `None` if the prompt doesn't end in a
/// word, or is nothing else.
pub fn last_word(prompt: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    let before = prompt.trim_end_matches(is_part);
    let begin = before.trim_end_matches(' ').len();
    let is_word = before.len() < prompt.len() && prompt.len() - begin <= LONGEST_WORD;
    (is_word && begin > 0).then_some(begin)
}

/// Estimates how many tokens a text is.
#[derive(Clone, Copy, Debug)]
pub struct Gauge(f64);

impl Default for Gauge {
    fn default() -> Self {
        Self(1.15)
    }
}

impl Gauge {
    /// Tokens of a text, before correction: vocabularies of English prose average four letters a token; other scripts
    /// average about one character.
    fn raw(text: &str) -> f64 {
        text.chars().map(|c| if c.is_ascii() { 0.25 } else { 1.0 }).sum()
    }

    /// The estimate for a text.
    pub fn tokens(self, text: &str) -> usize {
        (Self::raw(text) * self.0).ceil() as usize
    }

    /// The server has counted a prompt. Short prompts say little.
    pub fn learn(&mut self, text: &str, tokens: usize) {
        let raw = Self::raw(text);
        if raw >= 32.0 {
            self.0 = (tokens as f64 / raw).clamp(0.3, 6.0);
        }
    }

    /// The byte of a text at which a prompt of at most `most` tokens begins: at a sentence, else at a word. It stays
    /// the same while the text grows a little.
    pub fn cut(self, text: &str, most: usize) -> usize {
        if self.tokens(text) <= most {
            return 0;
        }
        let per_byte = self.tokens(text) as f64 / text.len().max(1) as f64;
        let bytes = ((most as f64 / per_byte) as usize).max(4);
        let from = window(text, bytes, 0);
        let mut reach = (from + bytes / 4).min(text.len());
        while !text.is_char_boundary(reach) {
            reach += 1;
        }
        let near = &text[from..reach];
        let sentence = sentence_ends(near).find(|at| *at < near.len());
        let word = near.find(char::is_whitespace);
        from + sentence.or(word).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_prompts_begin_at_a_sentence_that_stays_for_a_while() {
        let gauge = Gauge::default();
        let text: String = (0..200).map(|i| format!("Sentence number {i} was here. ")).collect();
        let mut begins = Vec::new();
        for end in (text.len() / 2..text.len()).step_by(29) {
            let from = gauge.cut(&text[..end], 200);
            let seen = &text[from..end];
            assert!(seen.starts_with(" Sentence number"), "{:?}", &seen[..30]);
            assert!(gauge.tokens(seen) <= 200 && gauge.tokens(seen) > 80);
            begins.push(from);
        }
        begins.dedup();
        assert!(begins.len() < 25, "{begins:?}");
        assert_eq!(gauge.cut("short", 200), 0);
        for text in ["x".repeat(5000), "é".repeat(5000), "字".repeat(5000), "🙂".repeat(900)] {
            let from = gauge.cut(&text, 64);
            assert!(gauge.tokens(&text[from..]) <= 64 && from < text.len());
        }
    }

    #[test]
    fn the_last_word_is_cut_off_with_the_spaces_before_it() {
        let cut = |prompt: &str| last_word(prompt).map(|at| prompt.split_at(at).1.to_owned());
        for (prompt, word) in [
            ("the house, nobo", Some(" nobo")),
            ("said  Ze", Some("  Ze")),
            ("said\nZe", Some("Ze")),
            ("“don’", Some("don’")),
            ("der Fluß", Some(" Fluß")),
            ("the house, ", None),
            ("the house.", None),
            ("nobo", None),
            ("", None),
        ] {
            assert_eq!(cut(prompt).as_deref(), word, "{prompt:?}");
        }
        assert_eq!(last_word(&format!("a {}", "x".repeat(99))), None);
    }

    #[test]
    fn the_estimate_follows_the_servers_count() {
        let mut gauge = Gauge::default();
        let text = "word ".repeat(100);
        gauge.learn(&text, 250);
        assert_eq!(gauge.tokens(&text), 250);
        gauge.learn("tiny", 4);
        assert_eq!(gauge.tokens(&text), 250);
    }
}
