//! The samples of one request: generated in parallel, returned one after the other, and ranked on request.

use super::{Chosen, Request, Seen};
use crate::{
    clean::Phrases,
    generate::{Ask, Engine, Output, Prefix},
    judge::{self, Candidate, Criterion, Form, last_word},
    token::{BranchId, SamplingParams, StopReason, Token},
};
use anyhow::{Context, Result};
use std::collections::VecDeque;

/// The sampling parameters of one sample. Each has its own seed, so that it can be reproduced alone.
pub fn params_of(request: &Request, index: usize) -> SamplingParams {
    let sampling = &request.settings.sampling;
    SamplingParams { seed: sampling.seed.wrapping_add(index as u64), ..sampling.clone() }
}

/// Samples that are generated in parallel and returned one after the other.
pub struct Batch<'a> {
    pub request: &'a Request,
    pub engine: &'a mut Engine,
    pub notice: &'a mut dyn FnMut(&str),
    /// The samples that have been started.
    pub samples: Vec<Made>,
}

/// The state of a sample: the tokens that are not printed yet, and why it ended or failed.
#[derive(Default)]
pub struct Made {
    pub seen: Seen,
    waiting: VecDeque<Token>,
    pub stop: Option<StopReason>,
    pub failed: Option<String>,
}

impl Made {
    /// The text of a whole sample, none of whose tokens were taken yet.
    fn text(&self, request: &Request) -> String {
        request.printed(self.waiting.iter().map(|token| &*token.text).collect())
    }

    /// The mean log-probability of its tokens.
    fn score(&self) -> Option<f32> {
        let scores = self.waiting.iter().map(|token| token.logprob);
        let sum: f32 = scores.sum::<Option<f32>>()?;
        Some(sum / self.waiting.len().max(1) as f32)
    }

    fn has_ended(&self) -> bool {
        self.stop.is_some() || self.failed.is_some()
    }
}

impl Batch<'_> {
    /// The next token of one sample; `None` when it has ended.
    pub fn next(&mut self, index: usize) -> Result<Option<Token>> {
        loop {
            self.begin_more()?;
            let sample = &mut self.samples[index];
            if let Some(token) = sample.waiting.pop_front() {
                return Ok(Some(token));
            }
            if sample.has_ended() || self.engine.is_idle() {
                return Ok(None);
            }
            self.step()?;
        }
    }

    /// Generate all samples, and choose the best: their indices, the best first, as many as are printed. Where too few
    /// are good, the others follow in the order of their faults, those that failed last.
    pub fn best(&mut self) -> Result<Vec<(usize, Option<Chosen>)>> {
        loop {
            self.begin_more()?;
            if self.engine.is_idle() {
                break;
            }
            self.step()?;
        }
        let prompt = &self.request.prompt;
        let lines = Form::of(prompt).has_lines();
        let place = |half| judge::Place::new(prompt, "", half).with_lines(lines);
        let (whole, half) = (place(""), place(last_word(prompt)));
        let texts: Vec<String> = self.samples.iter().map(|made| made.text(self.request)).collect();
        let chosen: Vec<Chosen> = self
            .samples
            .iter()
            .zip(&texts)
            .map(|(made, text)| {
                let place = if text.starts_with(char::is_alphanumeric) { &half } else { &whole };
                // The phrase that a text was to end on is an end.
                let ends = made.stop == Some(StopReason::Phrase);
                let filter = Criterion::ALL.into_iter();
                let filter: Vec<_> =
                    filter.filter(|one| !ends || *one != Criterion::Ends).collect();
                Chosen { score: made.score(), fault: place.fault(text, &filter) }
            })
            .collect();
        let wanted = Phrases::new(&self.request.settings.must);
        let only = self.request.only;
        let of = |at: usize| Candidate {
            wanted: wanted.found(&texts[at]).into_iter().filter(|found| *found).count(),
            share: only.map_or(0.0, |kind| whole.share(kind, &texts[at])),
            text: &texts[at],
            fault: chosen[at].fault,
            score: chosen[at].score.unwrap_or_default(),
            any_length: false,
        };
        let candidates: Vec<Candidate> = (0..texts.len()).map(of).collect();
        let count = self.request.samples;
        let mut best = judge::choose(&candidates, texts.len(), &[], true);
        best.retain(|at| self.samples[*at].failed.is_none());
        if best.len() < count {
            (self.notice)(&format!(
                "{} of {} candidates can be chosen; the rest are empty, repeat themselves or another, or leave quotes or brackets open",
                best.len(),
                texts.len()
            ));
            let mut rest: Vec<usize> = (0..texts.len()).filter(|at| !best.contains(at)).collect();
            let failed = |at: &usize| self.samples[*at].failed.is_some();
            rest.sort_by_key(|at| (failed(at), chosen[*at].fault.map(std::cmp::Reverse)));
            best.append(&mut rest);
        }
        best.truncate(count);
        Ok(best.into_iter().map(|at| (at, Some(chosen[at]))).collect())
    }

    /// One step of the model.
    fn step(&mut self) -> Result<()> {
        for (branch, output) in self.engine.step().context("the model")? {
            let Some(sample) = self.samples.get_mut(branch as usize) else { continue };
            match output {
                Output::Token(token) => sample.waiting.push_back(token),
                Output::Done(stop) => sample.stop = Some(stop),
                Output::Failed(why) => sample.failed = Some(why),
                Output::Seen(_) | Output::Weighed(_) | Output::Checked(_) => {}
            }
        }
        Ok(())
    }

    /// Start as many samples as may run in parallel.
    fn begin_more(&mut self) -> Result<()> {
        let live = self.samples.iter().filter(|sample| !sample.has_ended()).count();
        let left = self.request.drawn() - self.samples.len();
        for _ in 0..left.min(self.request.at_once.saturating_sub(live)) {
            let index = self.samples.len();
            let reading = self.engine.start(Ask {
                branch: index as BranchId,
                prompt: self.request.prompt.clone(),
                guide: self.request.settings.guide(),
                params: params_of(self.request, index),
                clean: self.request.settings.clean,
                prefix: Prefix::Tokens,
            })?;
            let seen = match self.samples.first() {
                Some(first) => first.seen,
                None => {
                    let seen = Seen::new(&self.request.prompt, reading, self.engine)?;
                    if let Some(sentence) = seen.notice(self.engine.info().context) {
                        (self.notice)(&sentence);
                    }
                    seen
                }
            };
            self.samples.push(Made { seen, ..Made::default() });
        }
        Ok(())
    }
}
