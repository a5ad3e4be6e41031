//! The words and sentences of a scored text. They are found paragraph by paragraph.

use crate::{clean::sentence_ends, generate::Scored, generate::Totals};
use anyhow::Result;
use serde::Serialize;
use std::ops::Range;

/// A paragraph longer than this is cut between two words, in bytes.
const LONGEST: usize = 64 << 10;

/// A word, with what is written next to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Word {
    /// It, without the space around it.
    pub text: String,
    /// The sum of its tokens' log-probabilities; `None` if none of them has one.
    pub logprob: Option<f64>,
    /// The number of its tokens.
    pub tokens: usize,
}

/// A sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Sentence {
    /// It, without the space around it.
    pub text: String,
    /// The sum of its tokens' log-probabilities; `None` if none of them has one.
    pub logprob: Option<f64>,
    /// The number of its tokens.
    pub tokens: usize,
    /// The perplexity of its tokens, each after all the text before it.
    pub perplexity: Option<f64>,
    /// Its words.
    #[serde(skip)]
    pub words: Vec<Word>,
}

/// Puts tokens together.
#[derive(Default)]
pub(super) struct Groups {
    /// The number of words and of sentences so far.
    pub words: usize,
    pub sentences: usize,
    /// The paragraph so far.
    bytes: Vec<u8>,
    /// Its tokens: the byte at which each begins, without the space before it, and its score.
    tokens: Vec<(usize, Scored)>,
}

impl Groups {
    /// The next token. `tell` gets the sentences of a paragraph once it has ended.
    ///
    /// # Errors
    /// When `tell` fails.
    pub fn push(
        &mut self,
        token: &Scored,
        tell: &mut dyn FnMut(&Sentence) -> Result<()>,
    ) -> Result<()> {
        let space = token.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let ends = match self.bytes.last() {
            Some(b'\n') => space == 0,
            Some(_) => self.bytes.len() > LONGEST && space > 0,
            None => false,
        };
        if ends {
            self.end(tell)?;
        }
        // A token of space alone belongs to what is before it.
        let within = if space == token.bytes.len() { 0 } else { space };
        self.tokens.push((self.bytes.len() + within, token.clone()));
        self.bytes.extend(&token.bytes);
        Ok(())
    }

    /// The paragraph has ended.
    ///
    /// # Errors
    /// When `tell` fails.
    pub fn end(&mut self, tell: &mut dyn FnMut(&Sentence) -> Result<()>) -> Result<()> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.bytes)).into_owned();
        let tokens = std::mem::take(&mut self.tokens);
        let mut from = 0;
        for range in ranges(&text) {
            let count = tokens[from..].partition_point(|(at, _)| *at < range.end);
            let sentence = sentence(&text, range, &tokens[from..from + count]);
            from += count;
            self.words += sentence.words.len();
            self.sentences += 1;
            tell(&sentence)?;
        }
        Ok(())
    }
}

/// The sentences of a paragraph. What follows the last full stop is one too, if it has words; space belongs to the
/// sentence before it. A paragraph without words is one sentence.
fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    for end in sentence_ends(text) {
        ranges.push(from..end);
        from = end;
    }
    if text[from..].contains(|c: char| !c.is_whitespace()) || ranges.is_empty() && !text.is_empty()
    {
        ranges.push(from..text.len());
    } else if let Some(last) = ranges.last_mut() {
        last.end = text.len();
    }
    ranges
}

fn sentence(text: &str, range: Range<usize>, tokens: &[(usize, Scored)]) -> Sentence {
    let all = sum(tokens);
    let mut words = Vec::new();
    let (mut from, mut at) = (0, range.start);
    let whole = &text[range];
    let mut rest = whole;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        let word = &rest[start..];
        let length = word.find(char::is_whitespace).unwrap_or(word.len());
        let space = word[length..].find(|c: char| !c.is_whitespace());
        at += start + length;
        // Space alone behind the word is its own, up to the token that begins the next one.
        let next = space.map_or(usize::MAX, |space| at + space);
        let count = tokens[from..].partition_point(|(begin, _)| *begin < next);
        let totals = sum(&tokens[from..from + count]);
        from += count;
        words.push(Word {
            text: word[..length].to_owned(),
            logprob: (totals.scored > 0).then_some(totals.logprob),
            tokens: totals.tokens,
        });
        rest = &word[length..];
    }
    Sentence {
        text: whole.trim().to_owned(),
        logprob: (all.scored > 0).then_some(all.logprob),
        tokens: all.tokens,
        perplexity: all.perplexity(),
        words,
    }
}

fn sum(tokens: &[(usize, Scored)]) -> Totals {
    let mut totals = Totals::default();
    tokens.iter().for_each(|(_, token)| totals.add(token));
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(tokens: &[&str]) -> (Vec<Sentence>, Groups) {
        let (mut groups, mut all) = (Groups::default(), Vec::new());
        let mut tell = |sentence: &Sentence| {
            all.push(sentence.clone());
            Ok(())
        };
        for (i, text) in tokens.iter().enumerate() {
            let token = Scored {
                id: 1,
                text: (*text).into(),
                bytes: text.as_bytes().to_vec(),
                logprob: (i > 0).then_some(-1.0),
                rank: None,
                entropy: None,
            };
            groups.push(&token, &mut tell).expect("told");
        }
        groups.end(&mut tell).expect("told");
        (all, groups)
    }

    #[test]
    fn every_token_is_in_one_word_and_one_sentence() {
        let (all, groups) = grouped(&[
            "The", " lam", "ps", ",", " \"", "both", ".\"", " Then", "  ", " no", "thing", ".",
            "\n", "\n", "A", " boat",
        ]);
        let said: Vec<_> = all.iter().map(|s| (s.text.as_str(), s.tokens, s.logprob)).collect();
        assert_eq!(
            said,
            [
                ("The lamps, \"both.\"", 7, Some(-6.0)),
                ("Then   nothing.", 7, Some(-7.0)),
                ("A boat", 2, Some(-2.0)),
            ]
        );
        let words: Vec<_> = all.iter().flat_map(|s| &s.words).collect();
        let said: Vec<_> = words.iter().map(|w| (w.text.as_str(), w.tokens)).collect();
        assert_eq!(
            said,
            [
                ("The", 1),
                ("lamps,", 3),
                ("\"both.\"", 3),
                ("Then", 2),
                ("nothing.", 5),
                ("A", 1),
                ("boat", 1)
            ]
        );
        assert_eq!(words[0].logprob, None);
        assert_eq!((groups.words, groups.sentences), (7, 3));
    }

    #[test]
    fn space_alone_is_a_sentence_without_words() {
        let (all, groups) = grouped(&[" ", "\n"]);
        assert_eq!((all.len(), all[0].tokens, groups.words), (1, 2, 0));
        assert!(grouped(&[]).0.is_empty());
    }
}
