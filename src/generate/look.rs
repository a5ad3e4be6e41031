//! A look inspects one token of an existing text: the model's most likely alternatives at its position, before and
//! after the sampling cuts. The text before it is read in blocks during the engine's steps, next to the live branches.

use super::{
    local::{Local, READ},
    memory::Memory,
    prompt, sampler,
};
use crate::{
    model::Span,
    token::{Alternative, BranchId, SamplingParams},
};
use anyhow::{Context, Result};
use std::ops::Range;

/// A question about one token of an existing text.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// The text before the span.
    pub before: String,
    /// The text that contains the token. It is tokenized separately from `before`, because the model generated it that
    /// way.
    pub span: String,
    /// A byte offset in `span` inside the token.
    pub at: usize,
    /// The sampling parameters to rate alternatives with; `logprobs` is the number of alternatives.
    pub params: SamplingParams,
}

/// The answer to a [`Look`]: the token, and its most likely alternatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The byte range of the token in the span, extended to whole characters.
    pub token: Range<usize>,
    /// Its rank by probability; 1 is the most likely.
    pub rank: u32,
    /// Natural logarithm of its raw probability.
    pub logprob: f32,
    /// The size of the vocabulary.
    pub vocabulary: usize,
    /// The most likely tokens at this position, most likely first.
    pub top: Vec<Alternative>,
}

/// A look in progress: the tokens to read, and the cache of those already read.
pub(super) struct Looking {
    pub(super) number: BranchId,
    pub(super) memory: Memory,
    /// The byte range of the token in the span; `id` is its id in the vocabulary.
    token: Range<usize>,
    id: u32,
    params: SamplingParams,
}

impl Local {
    /// Queue a look; later steps read the text and answer.
    pub(super) fn begin_look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        let tokenizer = &self.model.tokenizer;
        let spans = tokenizer.encode(&look.span)?;
        let (index, token) =
            tokens(&look.span, look.at, spans.iter().map(|&t| tokenizer.bytes(t).len()))
                .context("there is no word to open here")?;
        let id = spans.get(index).copied().filter(|&id| (id as usize) < self.info.vocabulary);
        let id = id.context("the model doesn't know this token")?;
        let context = self.info.context;
        let from = prompt::window(&look.before, 16 * context, 0);
        let lead = if from == 0 { tokenizer.lead(&look.before) } else { "" };
        let mut ids = tokenizer.encode(&format!("{lead}{}", &look.before[from..]))?;
        ids.extend(&spans[..index]);
        let begin = tokenizer.begin();
        ids.drain(..ids.len().saturating_sub((context - 1).saturating_sub(begin.len())));
        ids.splice(0..0, begin.iter().copied());
        if ids.is_empty() {
            ids.push(tokenizer.end().unwrap_or(0));
        }
        let cache = self.read_before(&ids).unwrap_or_else(|| self.model.network.cache());
        let memory = Memory { tokens: ids, cache };
        self.looks.push(Looking { number, memory, token, id, params: look.params.clone() });
        Ok(())
    }

    /// Read one block for the first queued look. Returns its answer once everything is read.
    pub(super) fn look_on(&mut self) -> Result<Option<(BranchId, Seen)>> {
        let Some(looking) = self.looks.first_mut() else { return Ok(None) };
        let network = &self.model.network;
        let (ids, cache) = looking.memory.next_block(READ);
        let count = ids.len();
        let hidden = network.read(&mut [Span { ids, cache }])?;
        if looking.memory.read().len() < looking.memory.tokens.len() {
            return Ok(None);
        }
        let last = hidden.narrow(0, count - 1, 1)?;
        let logits: Vec<f32> =
            network.head(&last)?.to_vec2()?.pop().context("the model gave nothing")?;
        let looking = self.looks.remove(0);
        let tokens = &looking.memory.tokens;
        let tokenizer = &self.model.tokenizer;
        let mut scores = sampler::scores(&logits, tokens, &looking.params, &self.marks);
        let bias = sampler::Bias::new(tokenizer, &looking.params.bias);
        bias.apply(&mut scores, tokens, tokenizer);
        tokenizer.forbid_unnamed(&mut scores);
        let may_exclude = |id| self.marks.may_exclude(id);
        let mu = sampler::first_mu(&looking.params);
        let moment = sampler::Moment { position: 0, mu, may_exclude: &may_exclude };
        let top = sampler::alternatives(&logits, &scores, &looking.params, moment);
        let named = |sampler::Rated { index: id, logprob, after }| Alternative {
            id: Some(id),
            text: tokenizer.decode(&[id]),
            logprob,
            after,
        };
        let (logprob, rank) =
            sampler::place(&logits, looking.id).context("the model doesn't know this token")?;
        let seen = Seen {
            token: looking.token,
            rank,
            logprob,
            vocabulary: self.info.vocabulary,
            top: top.into_iter().map(named).collect(),
        };
        self.keep(looking.memory);
        Ok(Some((looking.number, seen)))
    }
}

/// The index and the byte range of the token that contains byte `at`. Tokens that split a character are joined to a
/// range of whole characters. `lengths` are the tokens' lengths in bytes.
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
        // Two tokens share one character of four bytes.
        assert_eq!(find("a🙂b", 3, &[1, 2, 2, 1]), Some((1, 1..5)));
        assert_eq!(find("a🙂b", 4, &[1, 2, 2, 1]), Some((1, 1..5)));
        assert_eq!(find("a🙂b", 5, &[1, 2, 2, 1]), Some((3, 5..6)));
    }
}
