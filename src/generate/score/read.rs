//! Reading a window: a block of tokens in each step, with its KV cache. What a window has in common with one that was
//! read before is taken from that one.

use super::{Likelihood, window::Window};
use crate::{
    generate::{memory::common, sampler},
    model::{
        KvCache, Model, Span,
        kernels::{entropy, log_sum_exp, map_mut},
    },
};
use anyhow::Result;

/// A window that is being read, or was read.
pub(super) struct Reading {
    /// The tokens that every text begins with, and those of the window.
    pub ids: Vec<u32>,
    /// The index in `ids` of the first token that is scored; at least 1, because a token before it is needed.
    pub from: usize,
    /// The scores of the tokens from `from` on, as far as they are known.
    pub scores: Vec<Likelihood>,
    /// The KV cache of the tokens that were read.
    cache: KvCache,
}

impl Reading {
    /// Begins a window with an empty cache. If no token stands before every text, the first token of a text has no
    /// score.
    pub fn new(model: &Model, window: &Window) -> Self {
        let begin = model.tokenizer.begin();
        let ids = begin.iter().chain(&window.ids).copied().collect();
        let from = (begin.len() + window.from).max(1);
        Self { ids, from, scores: Vec::new(), cache: model.network.cache() }
    }

    /// Takes from another window what it has in common with this one.
    pub fn take_from(&mut self, other: &Self) {
        let common = common(&self.ids, &other.ids);
        if other.from <= self.from {
            let known = common.min(other.from + other.scores.len()).saturating_sub(other.from);
            let scores = other.scores.get(self.from - other.from..known);
            self.scores = scores.unwrap_or_default().to_vec();
        }
        // The row before the next token without a score is needed, so its token is read here.
        let read = common.min(other.cache.len()).min(self.from + self.scores.len() - 1);
        self.cache = other.cache.clone();
        self.cache.truncate(read);
    }

    /// How many of its tokens were read.
    pub fn read(&self) -> usize {
        self.cache.len()
    }

    /// The size of its KV cache in bytes, without what other caches share.
    pub fn bytes(&self) -> usize {
        self.cache.own_bytes()
    }

    /// How many of its tokens would not have to be read, if this window were taken from another one.
    pub fn shares(&self, other: &Self) -> usize {
        common(&self.ids, &other.ids).min(other.cache.len())
    }

    /// Whether every token that can have a score has one.
    pub fn is_done(&self) -> bool {
        self.from + self.scores.len() >= self.ids.len()
    }

    /// Reads at most `most` tokens.
    ///
    /// # Errors
    /// When the network fails.
    pub fn step(&mut self, model: &Model, most: usize) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        // The last token is only predicted, never read.
        let first = self.cache.len();
        let end = (first + most).min(self.ids.len() - 1);
        let ids = &self.ids[first..end];
        let hidden = model.network.read(&mut [Span { ids, cache: &mut self.cache }])?;
        // A row predicts the token after its own.
        let wanted = (self.from + self.scores.len() - 1).max(first);
        if wanted < end {
            let rows = hidden.narrow(0, wanted - first, end - wanted)?;
            let mut rows: Vec<Vec<f32>> = model.network.head(&rows)?.to_vec2()?;
            let next = &self.ids[wanted + 1..];
            self.scores.extend(map_mut(&mut rows, |i, logits| judge(logits, next[i])));
        }
        Ok(())
    }
}

/// How likely a token is under these logits. One that the network doesn't know is as unlikely as can be.
fn judge(logits: &[f32], id: u32) -> Likelihood {
    let entropy = entropy(logits, log_sum_exp(logits));
    let unknown = (f32::MIN_POSITIVE.ln(), logits.len() as u32 + 1);
    let (logprob, rank) = sampler::place(logits, id).unwrap_or(unknown);
    Likelihood { logprob, rank, entropy }
}
