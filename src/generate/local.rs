//! The engine on this machine. Live branches are decoded as one batch, and prompts are read in blocks in the same
//! steps. The KV caches of ended branches are kept, so that only the changed part of the next prompt is read.

use super::{
    Ask, Backend, Look, ModelInfo, Output, Prefix, Reading, Scored, Weigh,
    look::Looking,
    prompt::{self, Cut},
    sampler,
    text::Text,
    weigh::Weighing,
};
use crate::{
    model::{KvCache, Model, Span, kernels::on_threads, memorized},
    token::{BranchId, SamplingParams, StopReason, Token},
};
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use std::collections::HashMap;

/// The maximum number of prompt tokens read in one step, so that steps stay short.
pub(super) const READ: usize = 64;
/// How many KV caches of ended branches are kept for the next requests.
const KEPT: usize = 2;

/// A model with its live branches, its pending looks and texts to weigh, and the KV caches of ended branches.
pub struct Local {
    pub(super) model: Model,
    pub(super) info: ModelInfo,
    live: Vec<Branch>,
    pub(super) looks: Vec<Looking>,
    pub(super) weighings: Vec<Weighing>,
    kept: Vec<Memory>,
    /// Whether long prompts are cut to exactly what fits.
    exact: bool,
}

/// A sequence of tokens, and the KV cache of those already read.
pub(super) struct Memory {
    pub(super) tokens: Vec<u32>,
    pub(super) cache: KvCache,
}

struct Branch {
    id: BranchId,
    params: SamplingParams,
    memory: Memory,
    /// Tokens of the continuation so far.
    generated: usize,
    /// How many tokens at its end are copied from the training text.
    copied: usize,
    owed: Vec<u8>,
    text: Text,
}

impl Local {
    /// An engine for a model, without branches.
    pub fn new(model: Model) -> Self {
        let config = model.network.config();
        let info = ModelInfo {
            name: model.name.clone(),
            parameters: Some(config.parameters()),
            context: model.context,
            vocabulary: config.dims().vocabulary,
            embedded: model.embedded,
            quantization: model.network.precisions().remove(0).0,
            bytes: model.network.bytes(),
            server: None,
        };
        Self {
            model,
            info,
            live: Vec::new(),
            looks: Vec::new(),
            weighings: Vec::new(),
            kept: Vec::new(),
            exact: false,
        }
    }

    fn advance(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let mut outputs = self.pass()?;
        let seen = self.look_on()?;
        outputs.extend(seen.map(|(number, seen)| (number, Output::Seen(seen))));
        let weighed = self.weigh_on()?;
        outputs.extend(weighed.map(|(number, weighed)| (number, Output::Weighed(weighed))));
        Ok(outputs)
    }

    fn pass(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let mut outputs = Vec::new();
        self.make_room();
        let waiting = self.share_what_was_read();
        let mut spans = Vec::new();
        let mut writing = Vec::new();
        let mut rows = 0u32;
        for (i, branch) in self.live.iter_mut().enumerate().filter(|(i, _)| !waiting[*i]) {
            let Memory { tokens, cache } = &mut branch.memory;
            let unread = &tokens[cache.len()..];
            let ids = &unread[..unread.len().min(READ)];
            rows += ids.len() as u32;
            if ids.len() == unread.len() {
                writing.push((i, rows - 1));
            }
            spans.push(Span { ids, cache });
        }
        if spans.is_empty() {
            return Ok(outputs);
        }
        let network = &self.model.network;
        let hidden = network.read(&mut spans)?;
        if writing.is_empty() {
            return Ok(outputs);
        }
        let last: Vec<u32> = writing.iter().map(|(_, row)| *row).collect();
        let hidden = hidden.index_select(&Tensor::new(last, &Device::Cpu)?, 0)?;
        let logits: Vec<Vec<f32>> = network.head(&hidden)?.to_vec2()?;
        let rows: HashMap<usize, &Vec<f32>> =
            writing.iter().map(|(i, _)| *i).zip(&logits).collect();
        let model = &self.model;
        let chosen: Vec<Result<_>> = self
            .live
            .par_iter_mut()
            .enumerate()
            .filter_map(|(i, branch)| Some((branch.id, branch.next(model, rows.get(&i)?))))
            .map(|(id, next)| Ok((id, next?)))
            .collect();
        for next in chosen {
            let (id, (token, stop)) = next?;
            outputs.extend(token.map(|token| (id, Output::Token(token))));
            if let Some(stop) = stop {
                outputs.push((id, Output::Done(stop)));
                self.stop(id);
            }
        }
        Ok(outputs)
    }

    /// Shorten each branch that exceeds the context: drop about half of a context at its start, at a sentence, and read
    /// the rest again.
    fn make_room(&mut self) {
        let context = self.info.context;
        for branch in &mut self.live {
            let tokens = &mut branch.memory.tokens;
            if tokens.len() > context {
                let tokenizer = &self.model.tokenizer;
                let begin = tokenizer.begin().len();
                let first = prompt::first_kept(tokenizer, tokens, tokens.len() - context / 2);
                tokens.drain(begin..first.max(begin));
                branch.memory.cache = self.model.network.cache();
            }
        }
    }

    /// Give each branch with unread tokens the longest prefix that another branch or a kept cache has read. Returns for
    /// each branch whether it waits, because an earlier branch is reading the same prefix.
    fn share_what_was_read(&mut self) -> Vec<bool> {
        let mut waiting = Vec::with_capacity(self.live.len());
        for i in 0..self.live.len() {
            let own = &self.live[i].memory;
            let have = own.cache.len();
            if own.tokens.len() - have <= 1 {
                waiting.push(false);
                continue;
            }
            // The last token is always read by the branch itself, because its logits are needed.
            let wanted = &own.tokens[..own.tokens.len() - 1];
            let others =
                self.live.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, b)| &b.memory);
            let best = others
                .chain(&self.kept)
                .map(|m| (common(wanted, &m.tokens[..m.cache.len()]), m))
                .max_by_key(|(n, _)| *n)
                .filter(|(n, _)| *n > have)
                .map(|(n, m)| {
                    let mut cache = m.cache.clone();
                    cache.truncate(n);
                    cache
                });
            let ahead = self.live[..i]
                .iter()
                .filter(|b| b.memory.tokens.len() - b.memory.cache.len() > 1)
                .map(|b| common(wanted, &b.memory.tokens))
                .max()
                .unwrap_or(0);
            waiting.push(ahead > best.as_ref().map_or(have, KvCache::len));
            if let Some(cache) = best {
                self.live[i].memory.cache = cache;
            }
        }
        waiting
    }

    /// A KV cache of the longest prefix of these tokens that was already read, without the last token: its logits are
    /// needed.
    pub(super) fn read_before(&self, tokens: &[u32]) -> Option<KvCache> {
        let wanted = &tokens[..tokens.len().saturating_sub(1)];
        let memories = self.live.iter().map(|branch| &branch.memory).chain(&self.kept);
        let read = memories.map(|m| (common(wanted, &m.tokens[..m.cache.len()]), m));
        let (read, memory) = read.max_by_key(|(read, _)| *read).filter(|(read, _)| *read > 0)?;
        let mut cache = memory.cache.clone();
        cache.truncate(read);
        Some(cache)
    }

    pub(super) fn keep(&mut self, memory: Memory) {
        let read = memory.cache.len();
        // A cache that is a prefix of the new one is redundant.
        self.kept
            .retain(|m| common(&m.tokens[..m.cache.len()], &memory.tokens[..read]) < m.cache.len());
        self.kept.insert(0, memory);
        self.kept.truncate(KEPT);
    }
}

impl Backend for Local {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn marks_copies(&self) -> bool {
        self.model.memorized.is_some()
    }

    fn count(&self, text: &str) -> Result<usize> {
        Ok(self.model.tokenizer.encode(text)?.len())
    }

    fn score(&self, text: &str) -> Result<Vec<Scored>> {
        on_threads(|| super::score::score(&self.model, text))
    }

    fn start(&mut self, ask: Ask) -> Result<Reading> {
        self.stop(ask.branch);
        let context = self.info.context;
        let mut room = ask.params.max_tokens.clamp(1, context.div_ceil(4));
        if self.exact {
            room -= 1; // the last token is chosen, but never read
        }
        let most = (context - room).max(1);
        let cut = if self.exact { Cut::Exact } else { Cut::Blocks };
        let prompt = prompt::prepare(
            &self.model.tokenizer,
            &ask.prompt,
            most,
            ask.prefix != Prefix::Tokens,
            cut,
        )?;
        let reading = Reading { tokens: prompt.tokens.len(), sees_from: prompt.sees_from };
        self.live.push(Branch {
            id: ask.branch,
            text: Text::new(&ask.params, ask.clean),
            params: ask.params,
            memory: Memory { tokens: prompt.tokens, cache: self.model.network.cache() },
            generated: 0,
            copied: 0,
            owed: prompt.owed,
        });
        Ok(reading)
    }

    fn look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        self.begin_look(number, look)
    }

    fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let outputs = on_threads(|| self.advance());
        if outputs.is_err() {
            self.live.clear();
            self.looks.clear();
            self.weighings.clear();
        }
        outputs
    }

    fn weigh(&mut self, number: BranchId, weigh: &Weigh) -> Result<()> {
        self.begin_weighing(number, weigh)
    }

    /// End what has this number, and keep its KV cache for the next request.
    fn stop(&mut self, branch: BranchId) {
        if let Some(i) = self.weighings.iter().position(|weighing| weighing.number == branch) {
            let ended = self.weighings.remove(i);
            self.keep(ended.memory);
        }
        if let Some(i) = self.looks.iter().position(|look| look.number == branch) {
            let ended = self.looks.remove(i);
            self.keep(ended.memory);
        }
        if let Some(i) = self.live.iter().position(|b| b.id == branch) {
            let ended = self.live.remove(i);
            self.keep(ended.memory);
        }
    }

    fn cut_exactly(&mut self) {
        self.exact = true;
    }

    fn is_idle(&self) -> bool {
        self.live.is_empty() && self.looks.is_empty() && self.weighings.is_empty()
    }
}

/// The length of the longest common prefix, in tokens.
fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

impl Branch {
    /// Choose the next token and add it to the text. The token is `None` if it is only the one that ends the text.
    fn next(
        &mut self,
        model: &Model,
        logits: &[f32],
    ) -> Result<(Option<Token>, Option<StopReason>)> {
        let tokenizer = &model.tokenizer;
        let seen = &self.memory.tokens;
        let recent = &seen[seen.len().saturating_sub(self.params.repetition_window)..];
        let forbid = |scores: &mut [f32], owed: &[u8]| {
            tokenizer.forbid_unnamed(scores);
            if owed.is_empty() {
                return;
            }
            // Prefer tokens that start with all owed bytes. A token that is only a part of them leads to a tokenization
            // that never occurs in training data ("no" + "body"), after which the model's output is poor. Allow parts
            // only if no token covers all.
            let whole = (0..scores.len()).any(|id| tokenizer.bytes(id as u32).starts_with(owed));
            for (id, score) in scores.iter_mut().enumerate() {
                let bytes = tokenizer.bytes(id as u32);
                let part = !whole && !bytes.is_empty() && owed.starts_with(bytes);
                if !bytes.starts_with(owed) && !part {
                    *score = f32::NEG_INFINITY;
                }
            }
        };
        let choose = |owed: &[u8]| {
            let position = self.generated;
            sampler::choose(logits, recent, &self.params, position, |scores| forbid(scores, owed))
        };
        // If no token of the vocabulary can produce the owed bytes, drop them.
        let choice = choose(&self.owed)
            .or_else(|| choose(&[]).inspect(|_| self.owed.clear()))
            .context("the model gave no numbers; its weights may be damaged")?;
        let top = match self.params.logprobs {
            0 => Vec::new(),
            _ => sampler::alternatives(logits, recent, &self.params, |scores| {
                forbid(scores, &self.owed)
            })
            .into_iter()
            .map(|rated| rated.named(tokenizer))
            .collect(),
        };
        let bytes = tokenizer.bytes(choice.id);
        let paid = self.owed.len().min(bytes.len());
        self.owed.drain(..paid);
        self.memory.tokens.push(choice.id);
        self.generated += 1;
        let all = self.memory.tokens.len();
        let own = &self.memory.tokens[all - self.generated.min(memorized::RUN).min(all)..];
        let is_copy = model.memorized.as_ref().is_some_and(|index| index.ends_in_copy(own));
        let is_long =
            || own.iter().map(|&id| tokenizer.bytes(id).len()).sum::<usize>() >= memorized::LEAST;
        self.copied = match self.copied {
            0 if is_copy && is_long() => memorized::RUN,
            before if is_copy && before > 0 => before + 1,
            _ => 0,
        };
        let (mut text, mut stop) = match model.is_end(choice.id) {
            true => (String::new(), Some(StopReason::Eot)),
            false => self.text.push(&bytes[paid..]),
        };
        if stop.is_none() && self.generated >= self.params.max_tokens {
            stop = Some(StopReason::Length);
        }
        if matches!(stop, Some(StopReason::Eot | StopReason::Length)) {
            text += &self.text.finish();
        }
        let only_showed_the_end = text.is_empty()
            && matches!(stop, Some(StopReason::Stop | StopReason::Sentence | StopReason::Eot));
        if only_showed_the_end {
            return Ok((None, stop));
        }
        let token = Token {
            id: Some(choice.id),
            text,
            logprob: Some(choice.logprob),
            rank: Some(choice.rank),
            top,
            copied: self.copied,
        };
        Ok((Some(token), stop))
    }
}
