//! Paragraphs of a text as tokens. A text is cut where a line begins, and tokenized paragraph by paragraph, so that an
//! edit changes the tokens of one paragraph. Each is tokenized together with the first character of the next one, so
//! that its tokens are those of the whole text; if a token contains that character too, the two paragraphs are not cut.

use crate::{clean::sentence_ends, model::Tokenizer};
use anyhow::Result;
use std::sync::Arc;
use twox_hash::XxHash3_64;

/// A paragraph longer than this is cut between two words, in bytes.
const LONGEST: usize = 16 << 10;
/// A token may span a cut. After this many such cuts in a row, the next one is made anyway.
const SPANNED: usize = 8;
/// How many tokens of a sentence determine whether a window may begin at it.
const FIRST: usize = 4;

/// A place in a text's tokens at which a window may begin: where a sentence or a paragraph begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// The index of its first token.
    pub at: usize,
    /// Which of several starts is taken: the lowest. Those of paragraphs are lower than those of sentences within.
    pub key: (bool, u64),
}

/// The tokens of a paragraph, and where its sentences begin. Indices are within the paragraph.
#[derive(Debug, PartialEq)]
pub(super) struct Paragraph {
    pub ids: Vec<u32>,
    pub starts: Vec<Start>,
}

/// The first paragraph of a text, with its length in bytes. `None` if its end isn't known yet, because more text comes.
/// `lead` is put before it.
///
/// # Errors
/// When the tokenizer fails.
pub(super) fn first(
    tokenizer: &Tokenizer,
    lead: &str,
    text: &str,
    ended: bool,
) -> Result<Option<(usize, Paragraph)>> {
    let mut from = 0;
    for _ in 0..SPANNED {
        let Some(at) = boundary(text, from) else {
            let whole = (ended && !text.is_empty()).then(|| encode(tokenizer, lead, text));
            return Ok(whole.transpose()?.map(|paragraph| (text.len(), paragraph)));
        };
        if let Some(paragraph) = before(tokenizer, lead, &text[..at], &text[at..])? {
            return Ok(Some((at, paragraph)));
        }
        from = at;
    }
    Ok(Some((from, encode(tokenizer, lead, &text[..from])?)))
}

/// The first place after byte `from` where a text may be cut.
pub(super) fn boundary(text: &str, from: usize) -> Option<usize> {
    let rest = &text[from..];
    let mut after = None;
    for (at, c) in rest.char_indices() {
        let begins_line = after == Some('\n') && !c.is_whitespace();
        // Between two words: what follows the space is known, too.
        let begins_word = at >= LONGEST
            && c == ' '
            && after.is_some_and(char::is_alphanumeric)
            && rest[at + 1..].starts_with(char::is_alphanumeric);
        if begins_line || begins_word {
            return Some(from + at);
        }
        after = Some(c);
    }
    None
}

/// The tokens of a text that `next` follows; `None` if a token spans the two.
fn before(tokenizer: &Tokenizer, lead: &str, text: &str, next: &str) -> Result<Option<Paragraph>> {
    let spaces = next.len() - next.trim_start_matches(' ').len();
    let first = next[spaces..].chars().next().map_or(0, char::len_utf8);
    let next = &next[..spaces + first];
    let mut ids = tokenizer.encode(&format!("{lead}{text}{next}"))?;
    let mut left = next.len();
    while left > 0 {
        let bytes = ids.pop().map_or(0, |id| tokenizer.bytes(id).len());
        if bytes == 0 || bytes > left {
            return Ok(None);
        }
        left -= bytes;
    }
    Ok(Some(Paragraph { starts: starts(tokenizer, lead, text, &ids), ids }))
}

fn encode(tokenizer: &Tokenizer, lead: &str, text: &str) -> Result<Paragraph> {
    let ids = tokenizer.encode(&format!("{lead}{text}"))?;
    Ok(Paragraph { starts: starts(tokenizer, lead, text, &ids), ids })
}

/// Where the sentences of a paragraph begin. The key of a start depends on its first tokens alone, so that it stays
/// while the sentence goes on.
fn starts(tokenizer: &Tokenizer, lead: &str, text: &str, ids: &[u32]) -> Vec<Start> {
    let mut ends = sentence_ends(text).map(|end| end + lead.len()).peekable();
    let mut starts = Vec::new();
    let mut byte = 0;
    for (at, &id) in ids.iter().enumerate() {
        while ends.next_if(|end| *end < byte).is_some() {}
        if at == 0 || ends.peek() == Some(&byte) {
            let first = &ids[at..ids.len().min(at + FIRST)];
            let bytes: Vec<u8> = first.iter().flat_map(|id| id.to_le_bytes()).collect();
            starts.push(Start { at, key: (at > 0, XxHash3_64::oneshot(&bytes)) });
        }
        byte += tokenizer.bytes(id).len();
    }
    starts
}

/// Paragraphs that were tokenized before, by their text and the beginning of what follows.
#[derive(Default)]
pub(super) struct Known {
    before: std::collections::HashMap<String, Arc<Paragraph>>,
    now: std::collections::HashMap<String, Arc<Paragraph>>,
}

impl Known {
    /// Tokenize a whole text. Returns each paragraph with its length in bytes; only those that are new are tokenized.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn all(
        &mut self,
        tokenizer: &Tokenizer,
        text: &str,
    ) -> Result<Vec<(usize, Arc<Paragraph>)>> {
        let mut lead = tokenizer.lead(text);
        let (mut all, mut from) = (Vec::new(), 0);
        while from < text.len() {
            let rest = &text[from..];
            // What was tokenized up to a boundary is cut there again.
            let ahead = boundary(rest, 0).map(|at| {
                let spaces = rest[at..].len() - rest[at..].trim_start_matches(' ').len();
                at + spaces + rest[at + spaces..].chars().next().map_or(0, char::len_utf8)
            });
            let key = format!("{lead}\0{}", &rest[..ahead.unwrap_or(rest.len())]);
            let whole = boundary(rest, 0).unwrap_or(rest.len());
            let known = self.now.get(&key).or_else(|| self.before.get(&key)).cloned();
            let (length, paragraph) = match known {
                Some(paragraph) => (whole, paragraph),
                None => match first(tokenizer, lead, rest, true)? {
                    Some((length, paragraph)) => (length, Arc::new(paragraph)),
                    None => break,
                },
            };
            if length == whole {
                self.now.insert(key, paragraph.clone());
            }
            all.push((length, paragraph));
            from += length;
            lead = "";
        }
        self.before = std::mem::take(&mut self.now);
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Tokenizer {
        Tokenizer::from_json(include_bytes!("../../../models/inkwell/tokenizer.json")).unwrap()
    }

    const TEXTS: &[&str] = &[
        "",
        "\n",
        "One.",
        "There was one. Then two.\n\nThe third\n\n\n  \"Indented,\" she said.\n\tTab.\nEnd\n\n",
        "雨が降っていた。帰ろうと思った。\n🙂\n",
        "a\r\nb\r\n\r\nc",
    ];

    #[test]
    fn the_tokens_of_paragraphs_are_those_of_the_whole_text() {
        let t = tokenizer();
        let long = "word ".repeat(10_000);
        for text in TEXTS.iter().copied().chain([long.as_str()]) {
            let all = Known::default().all(&t, text).unwrap();
            let ids: Vec<u32> = all.iter().flat_map(|(_, p)| p.ids.clone()).collect();
            assert_eq!(ids, t.encode(text).unwrap(), "{text:.60}");
            assert_eq!(all.iter().map(|(length, _)| length).sum::<usize>(), text.len());
        }
        assert!(Known::default().all(&t, &long).unwrap().len() > 2);
    }

    #[test]
    fn paragraphs_that_are_known_are_not_tokenized_again() {
        let t = tokenizer();
        let mut known = Known::default();
        let text = "One. Two.\n\nThree.\nFour.";
        let first = known.all(&t, text).unwrap();
        let again = known.all(&t, &text.replace("Three", "Thirty")).unwrap();
        assert!(Arc::ptr_eq(&first[0].1, &again[0].1) && Arc::ptr_eq(&first[2].1, &again[2].1));
        assert!(!Arc::ptr_eq(&first[1].1, &again[1].1));
    }

    #[test]
    fn sentences_begin_where_a_token_does() {
        let t = tokenizer();
        let text = "It rained. Nobody spoke of it. \"Well?\" she asked.";
        let (_, p) = first(&t, "", text, true).unwrap().unwrap();
        let begins: Vec<String> =
            p.starts.iter().map(|s| t.decode(&p.ids[s.at..s.at + 1])).collect();
        assert_eq!(begins, ["It", " Nobody", " \""]);
        assert!(p.starts[0].key < p.starts[1].key);
    }

    #[test]
    fn the_end_of_a_paragraph_is_known_when_the_next_begins() {
        let t = tokenizer();
        assert!(first(&t, "", "One.\n\n", false).unwrap().is_none());
        assert_eq!(first(&t, "", "One.\n\nT", false).unwrap().unwrap().0, 6);
        assert_eq!(first(&t, "", "One.\n\n", true).unwrap().unwrap().0, 6);
    }
}
