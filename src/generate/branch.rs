//! A continuation in progress: chooses its next token from the logits, and turns it into text.

use super::{
    cover::Covering,
    memory::Memory,
    sampler::{self, Choice, Marks, Moment, Rated},
    spellings::Spellings,
    text::Text,
    word,
};
use crate::{
    model::{Model, memorized},
    token::{Alternative, BranchId, SamplingParams, StopReason, Token},
};
use anyhow::{Context, Result};

/// A continuation.
pub(super) struct Branch {
    pub(super) id: BranchId,
    pub(super) params: SamplingParams,
    /// The tokens of the prompt and of the continuation. Empty until the first token is chosen.
    pub(super) memory: Memory,
    /// The number of the covering that its first token is drawn from; `None` after that.
    pub(super) waits_for: Option<u64>,
    /// Behind a finished word: the text so far, until it is certain that the word isn't continued.
    pub(super) behind_word: Option<Vec<u8>>,
    /// Tokens of the continuation so far.
    pub(super) generated: usize,
    /// The surprise in bits that Mirostat lets through at the next token.
    pub(super) mu: f32,
    /// How many tokens at its end are copied from the training text.
    pub(super) copied: usize,
    pub(super) text: Text,
}

/// What a branch chooses from: logits after the penalties, and what each means.
struct Options<'a> {
    /// The raw logits, and the same after the penalties and with minus infinity for what is excluded.
    raw: Vec<f32>,
    scores: Vec<f32>,
    /// The token of an option by its index, and the bytes that it adds to the text.
    meaning: Box<dyn Fn(u32) -> (u32, &'a [u8]) + 'a>,
}

/// What a branch adds to its text in a step. The token is `None` if it is only the one that ends the text.
pub(super) type Added = (Option<Token>, Option<StopReason>);

impl Branch {
    /// Draw the first token: a cover of the prompt's end, with what it adds to the text. Every option of every node is
    /// rated as a token is: its probability is that of the cover among all covers. Penalties and the chain of steps apply
    /// to these; the prompt's own tokens are given, so the penalties don't make a spelling of them unlikely.
    pub(super) fn begin(
        &mut self,
        model: &Model,
        covering: &Covering,
        spellings: &Spellings,
        marks: &Marks,
    ) -> Result<Added> {
        let tokenizer = &model.tokenizer;
        let tokens = &covering.prompt.tokens;
        let owed = &covering.prompt.owed;
        let (mut raw, mut scores, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (index, node) in covering.nodes.iter().enumerate() {
            let offset = node.logprob as f32 - node.total;
            let mut penalized = sampler::scores(&node.logits, tokens, &self.params, marks);
            tokenizer.forbid_unnamed(&mut penalized);
            let mut add = |id: u32| {
                raw.push(node.logits[id as usize] + offset);
                scores.push(penalized[id as usize] + offset);
                places.push((index, id));
            };
            match &owed[node.spelled..] {
                [] => (0..node.logits.len() as u32).for_each(&mut add),
                rest => spellings.beyond(tokenizer, rest).iter().copied().for_each(&mut add),
            }
        }
        let nodes = &covering.nodes;
        let place = places.clone();
        let meaning = move |index: u32| {
            let (node, id) = place[index as usize];
            (id, &tokenizer.bytes(id)[owed.len() - nodes[node].spelled..])
        };
        let options = Options { raw, scores, meaning: Box::new(meaning) };
        let (choice, top) = self.choose(options, marks)?;
        let (node, id) = places[choice.index as usize];
        self.memory = covering.fork(&nodes[node], id);
        self.waits_for = None;
        let bytes = &tokenizer.bytes(id)[owed.len() - nodes[node].spelled..];
        Ok(self.add(model, id, bytes, choice, top))
    }

    /// Choose the next token and add it to the text.
    pub(super) fn next(&mut self, model: &Model, logits: &[f32], marks: &Marks) -> Result<Added> {
        let tokenizer = &model.tokenizer;
        let mut scores = sampler::scores(logits, &self.memory.tokens, &self.params, marks);
        tokenizer.forbid_unnamed(&mut scores);
        let meaning = Box::new(|id| (id, tokenizer.bytes(id)));
        let options = Options { raw: logits.to_vec(), scores, meaning };
        let (choice, top) = self.choose(options, marks)?;
        self.memory.tokens.push(choice.index);
        Ok(self.add(model, choice.index, tokenizer.bytes(choice.index), choice, top))
    }

    /// Choose one of the options, and rate the likeliest.
    fn choose(&mut self, options: Options, marks: &Marks) -> Result<(Choice, Vec<Alternative>)> {
        let Options { raw, mut scores, meaning } = options;
        if let Some(before) = &self.behind_word {
            forbid_more_of_the_word(before, &mut scores, &meaning);
        }
        let named = |Rated { index, logprob, after }| {
            let (id, bytes) = meaning(index);
            let text = String::from_utf8_lossy(bytes).into_owned();
            Alternative { id: Some(id), text, logprob, after }
        };
        let may_exclude = |index| marks.may_exclude(meaning(index).0);
        let moment = Moment { position: self.generated, mu: self.mu, may_exclude: &may_exclude };
        let top = match self.params.logprobs {
            0 => Vec::new(),
            _ => sampler::alternatives(&raw, &scores, &self.params, moment)
                .into_iter()
                .map(named)
                .collect(),
        };
        let choice = sampler::choose(&raw, &scores, &self.params, moment)
            .context("the model gave no numbers; its weights may be damaged")?;
        self.mu = choice.mu;
        Ok((choice, top))
    }

    /// Add the bytes of a token, which is already in the memory, to the text.
    fn add(
        &mut self,
        model: &Model,
        id: u32,
        bytes: &[u8],
        choice: Choice,
        top: Vec<Alternative>,
    ) -> Added {
        if let Some(before) = &mut self.behind_word {
            before.extend(bytes);
            if word::is_settled(before) {
                self.behind_word = None;
            }
        }
        self.generated += 1;
        self.count_copied(model);
        let (mut text, mut stop) = match model.is_end(id) {
            true => (String::new(), Some(StopReason::Eot)),
            false => self.text.push(bytes),
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
            return (None, stop);
        }
        let (logprob, rank) = (Some(choice.logprob), Some(choice.rank));
        (Some(Token { id: Some(id), text, logprob, rank, top, copied: self.copied }), stop)
    }

    /// Count how many tokens at the end are copied from the training text.
    fn count_copied(&mut self, model: &Model) {
        let tokens = &self.memory.tokens;
        let own = &tokens[tokens.len() - self.generated.min(memorized::RUN).min(tokens.len())..];
        let length = |id: &u32| model.tokenizer.bytes(*id).len();
        let is_long = || own.iter().map(length).sum::<usize>() >= memorized::LEAST;
        let is_copy = model.memorized.as_ref().is_some_and(|index| index.ends_in_copy(own));
        self.copied = match self.copied {
            0 if is_copy && is_long() => memorized::RUN,
            before if is_copy && before > 0 => before + 1,
            _ => 0,
        };
    }
}

/// Exclude what would continue a finished word, unless nothing else is left. `before` is the text since the word.
fn forbid_more_of_the_word<'a>(
    before: &[u8],
    scores: &mut [f32],
    meaning: &dyn Fn(u32) -> (u32, &'a [u8]),
) {
    let mut text = before.to_vec();
    let allowed: Vec<bool> = (0..scores.len() as u32)
        .map(|index| {
            text.truncate(before.len());
            text.extend(meaning(index).1);
            word::may_follow(&text)
        })
        .collect();
    if allowed.iter().zip(&*scores).any(|(allowed, score)| *allowed && *score > f32::NEG_INFINITY) {
        let excluded = scores.iter_mut().zip(&allowed).filter(|(_, allowed)| !**allowed);
        excluded.for_each(|(score, _)| *score = f32::NEG_INFINITY);
    }
}
