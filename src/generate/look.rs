//! A place in a text opened: what the model might have said there, before and after the cuts. What has to be read
//! for it is read in blocks, beside the branches.

use super::{
    local::{Local, Memory, READ},
    prompt, sampler,
};
use crate::{
    model::Span,
    token::{Alternative, BranchId, SamplingParams},
};
use anyhow::{Context, Result};
use std::ops::Range;

/// A question about one token of a text that is there already.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The text before the words in question.
    pub before: String,
    /// Those words: read as tokens of their own, as they were when the model wrote them.
    pub span: String,
    /// A byte of the token in `span`.
    pub at: usize,
    /// How tokens were cut there, and how many alternatives are wanted (`logprobs`).
    pub params: SamplingParams,
}

/// A token, and those that could have stood in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its bytes in the span.
    pub token: Range<usize>,
    /// 1 for the likeliest.
    pub rank: u32,
    /// Natural logarithm of its raw probability.
    pub logprob: f32,
    /// How many tokens there are.
    pub vocabulary: usize,
    /// The likeliest, likeliest first.
    pub top: Vec<Alternative>,
}

/// A question in hand: what was read for it so far.
pub(super) struct Looking {
    pub(super) number: BranchId,
    pub(super) memory: Memory,
    /// The bytes of the token in the span, and its number in the vocabulary.
    token: Range<usize>,
    id: u32,
    params: SamplingParams,
}

impl Local {
    /// Begin a look; later steps read the text and answer.
    pub(super) fn begin_look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        let tokenizer = &self.model.tokenizer;
        let spans = tokenizer.encode(&look.span)?;
        let (index, token) =
            tokens(&look.span, look.at, spans.iter().map(|&t| tokenizer.bytes(t).len()))
                .context("there is no word to open here")?;
        let id = spans.get(index).copied().filter(|&id| (id as usize) < self.info.vocabulary);
        let id = id.context("the model doesn't know this token")?;
        let context = self.info.context;
        let from = prompt::window(&look.before, 16 * context);
        let mut ids = tokenizer.encode(&look.before[from..])?;
        ids.extend(&spans[..index]);
        if ids.is_empty() {
            ids.push(tokenizer.end().unwrap_or(0));
        }
        ids.drain(..ids.len().saturating_sub(context - 1));
        let cache = self.read_before(&ids).unwrap_or_else(|| self.model.network.cache());
        let memory = Memory { tokens: ids, cache };
        self.looks.push(Looking { number, memory, token, id, params: look.params.clone() });
        Ok(())
    }

    /// Read a block for the first question in hand; its answer, when that was all.
    pub(super) fn look_on(&mut self) -> Result<Option<(BranchId, Seen)>> {
        let Some(looking) = self.looks.first_mut() else { return Ok(None) };
        let network = &self.model.network;
        let Memory { tokens, cache } = &mut looking.memory;
        let unread = &tokens[cache.len()..];
        let ids = &unread[..unread.len().min(READ)];
        let hidden = network.read(&mut [Span { ids, cache }])?;
        if cache.len() < tokens.len() {
            return Ok(None);
        }
        let last = hidden.narrow(0, ids.len() - 1, 1)?;
        let logits: Vec<f32> =
            network.head(&last)?.to_vec2()?.pop().context("the model gave nothing")?;
        let looking = self.looks.remove(0);
        let tokens = &looking.memory.tokens;
        let recent = &tokens[tokens.len().saturating_sub(looking.params.repetition_window)..];
        let tokenizer = &self.model.tokenizer;
        let forbid = |scores: &mut [f32]| tokenizer.forbid_unnamed(scores);
        let top = sampler::alternatives(&logits, recent, &looking.params, forbid);
        let (logprob, rank) =
            sampler::place(&logits, looking.id).context("the model doesn't know this token")?;
        let seen = Seen {
            token: looking.token,
            rank,
            logprob,
            vocabulary: self.info.vocabulary,
            top: top.into_iter().map(|rated| rated.named(tokenizer)).collect(),
        };
        self.keep(looking.memory);
        Ok(Some((looking.number, seen)))
    }
}

/// The number and the bytes of the token that holds a byte; what is half a character is stretched to whole ones.
fn tokens(
    text: &str,
    at: usize,
    lengths: impl Iterator<Item = usize>,
) -> Option<(usize, Range<usize>)> {
    let mut first = (0, 0);
    let mut end = 0;
    for (index, length) in lengths.enumerate() {
        if text.is_char_boundary(end) {
            first = (index, end);
        }
        end += length;
        if end > at && text.is_char_boundary(end) {
            return Some((first.0, first.1..end));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_in_its_token_and_characters_stay_whole() {
        let find = |text: &str, at, lengths: &[usize]| tokens(text, at, lengths.iter().copied());
        assert_eq!(find(" The lamps", 0, &[4, 6]), Some((0, 0..4)));
        assert_eq!(find(" The lamps", 3, &[4, 6]), Some((0, 0..4)));
        assert_eq!(find(" The lamps", 4, &[4, 6]), Some((1, 4..10)));
        assert_eq!(find(" The lamps", 10, &[4, 6]), None);
        // Two tokens for one character of four bytes.
        assert_eq!(find("a🙂b", 3, &[1, 2, 2, 1]), Some((1, 1..5)));
        assert_eq!(find("a🙂b", 4, &[1, 2, 2, 1]), Some((1, 1..5)));
        assert_eq!(find("a🙂b", 5, &[1, 2, 2, 1]), Some((3, 5..6)));
    }
}
