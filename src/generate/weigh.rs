//! Weighs a given text: how likely the model finds it after a prompt. The desk chooses an offer in the middle of a draft
//! by how well the text behind the cursor follows it. The tokens are read in blocks during the engine's steps, next to
//! the live branches, and a prompt that was read before is not read again.

use super::{
    local::{Local, READ},
    memory::Memory,
    prompt::{self, Cut, Size},
    sampler,
};
use crate::{model::Span, token::BranchId};
use anyhow::{Result, ensure};

/// A question: how likely is a text after a prompt?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weigh {
    /// The text before; it may be empty.
    pub prompt: String,
    /// The text whose probability is wanted.
    pub text: String,
    /// How many tokens of the text count, from its start.
    pub tokens: usize,
}

/// The answer to a [`Weigh`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// The sum of the natural logarithms of the tokens' probabilities, as the model gives them without sampling
    /// parameters.
    pub logprob: f32,
    /// How many tokens were counted: fewer than asked for when the text is shorter, or longer than half of the context.
    pub tokens: usize,
}

impl Weighed {
    /// The mean log-probability of a token; 0 if none was counted.
    pub fn mean(self) -> f32 {
        self.logprob / self.tokens.max(1) as f32
    }
}

/// A question in progress.
pub(super) struct Weighing {
    pub(super) number: BranchId,
    /// The tokens of prompt and text, and the KV cache of those already read.
    pub(super) memory: Memory,
    /// The index of the text's first token. A token that contains the end of the prompt too counts as the text's.
    first: usize,
    logprob: f64,
}

impl Weighing {
    /// Count the log-probabilities of the tokens that follow those of `rows`; the first row is the token at `from`.
    fn count(&mut self, from: usize, rows: &[Vec<f32>]) {
        let next = &self.memory.tokens[from + 1..];
        let places = next.iter().zip(rows).filter_map(|(&id, row)| sampler::place(row, id));
        self.logprob += places.map(|(logprob, _)| f64::from(logprob)).sum::<f64>();
    }
}

impl Local {
    /// Queue a question; later steps read the text and answer.
    pub(super) fn begin_weighing(&mut self, number: BranchId, weigh: &Weigh) -> Result<()> {
        let context = self.info.context;
        let count = weigh.tokens.min(context / 2);
        ensure!(!weigh.text.is_empty() && count > 0, "there is no text to weigh");
        // Prose averages far fewer than 16 bytes per token.
        let text = &weigh.text[..weigh.text.floor_char_boundary(16 * count)];
        let whole = format!("{}{text}", weigh.prompt);
        let tokenizer = &self.model.tokenizer;
        let (mut tokens, mut end) =
            prompt::fit(tokenizer, &whole, Size::most(context - 1), Cut::Blocks)?;
        // what is read before every text is no part of the prompt
        let lead = if end == 0 { tokenizer.lead(&whole).len() } else { 0 };
        let begin = tokenizer.begin().len();
        let mut is_before = |&id: &u32| {
            end += tokenizer.bytes(id).len();
            end <= weigh.prompt.len() + lead
        };
        let mut first = begin + tokens[begin..].iter().take_while(|id| is_before(id)).count();
        if first == 0 {
            // As on an empty page: the end-of-text token precedes every text in the training data.
            tokens.insert(0, tokenizer.end().unwrap_or(0));
            first = 1;
        }
        tokens.truncate(first + count);
        let memory = Memory { tokens, cache: self.model.network.cache() };
        self.weighings.push(Weighing { number, memory, first, logprob: 0.0 });
        Ok(())
    }

    /// Read one block for the first queued question. Returns its answer once everything is read.
    pub(super) fn weigh_on(&mut self) -> Result<Option<(BranchId, Weighed)>> {
        let Some(weighing) = self.weighings.first() else { return Ok(None) };
        if weighing.memory.cache.is_empty() {
            // The first row of logits that is needed is the one of the token before the text.
            let read = self.read_before(&weighing.memory.tokens[..weighing.first]);
            if let (Some(cache), Some(weighing)) = (read, self.weighings.first_mut()) {
                weighing.memory.cache = cache;
            }
        }
        let Some(weighing) = self.weighings.first_mut() else { return Ok(None) };
        let Memory { tokens, cache } = &mut weighing.memory;
        // The last token is only predicted, never read.
        let (from, to) = (cache.len(), tokens.len() - 1);
        let ids = &tokens[from..to.min(from + READ)];
        let network = &self.model.network;
        let hidden = network.read(&mut [Span { ids, cache }])?;
        let (end, wanted) = (from + ids.len(), from.max(weighing.first - 1));
        if wanted < end {
            let rows = hidden.narrow(0, wanted - from, end - wanted)?;
            weighing.count(wanted, &network.head(&rows)?.to_vec2()?);
        }
        if end < to {
            return Ok(None);
        }
        let done = self.weighings.remove(0);
        let weighed =
            Weighed { logprob: done.logprob as f32, tokens: done.memory.tokens.len() - done.first };
        self.keep(done.memory);
        Ok(Some((done.number, weighed)))
    }
}
