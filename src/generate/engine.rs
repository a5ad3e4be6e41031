//! What front ends hold: an engine reads prompts and gives tokens, several branches a step.

use super::{Look, Scripted, Seen, local::Local};
use crate::{
    clean,
    model::{Model, Precision, kernels::on_threads},
    token::{BranchId, SamplingParams, StopReason, Token},
    weights,
};
use anyhow::Result;
use serde::Serialize;
use std::{collections::VecDeque, path::Path};

/// One continuation asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Names the continuation in all that comes back.
    pub branch: BranchId,
    /// The text to go on from. Trailing spaces are taken off and given back by the first token.
    pub prompt: String,
    /// How to choose and when to end.
    pub params: SamplingParams,
    /// What a reader never sees is taken out of every token's text.
    pub clean: clean::Level,
    /// Whether a word that is still being typed may be finished otherwise than its last token begins.
    pub heal: bool,
}

/// What the engine made of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How many tokens it is, after the cut.
    pub tokens: usize,
    /// The byte in the prompt from which the model sees it; 0 when it sees all.
    pub sees_from: usize,
}

/// What a step gave to one branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Another token.
    Token(Token),
    /// The branch has ended and is forgotten.
    Done(StopReason),
    /// What was looked for under this number.
    Seen(Seen),
}

/// The facts about a loaded model that a status line or a JSON line shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Its name as a person would say it.
    pub name: String,
    /// How many parameters.
    pub parameters: usize,
    /// How many tokens it can see at once.
    pub context: usize,
    /// The size of its vocabulary.
    pub vocabulary: usize,
    /// Whether it is the small one that comes in the binary.
    pub embedded: bool,
    /// How most of its weights are held: `q8_0`, `f32`, ...
    pub quantization: String,
    /// Bytes of memory that its weights take.
    pub bytes: usize,
}

/// A token of a text that was there before, and how the model took it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Its text, with `\u{fffd}` for an incomplete character.
    pub text: String,
    /// Natural logarithm of its probability; `None` for the first, which nothing precedes.
    pub logprob: Option<f32>,
    /// 1 for the likeliest.
    pub rank: Option<u32>,
    /// How open the model was in its place, in nats.
    pub entropy: Option<f32>,
}

/// e to the mean negative log-probability. `None` for nothing scored.
pub fn perplexity(scored: &[Scored]) -> Option<f64> {
    let known: Vec<f64> = scored.iter().filter_map(|s| s.logprob).map(f64::from).collect();
    (!known.is_empty()).then(|| (-known.iter().sum::<f64>() / known.len() as f64).exp())
}

/// A source of tokens. An enum, so that it can be swapped while the desk runs.
pub enum Engine {
    /// A model on this machine.
    Local(Box<Local>),
    /// A test's script.
    #[doc(hidden)]
    Scripted(Box<Scripted>),
}

impl Engine {
    /// The model in the binary.
    ///
    /// # Errors
    /// Only when the binary was built with a broken one.
    pub fn embedded(precision: Precision) -> Result<Self> {
        Ok(Self::new(weights::embedded(precision)?))
    }

    /// A model folder in the Hugging Face layout, or a GGUF file.
    ///
    /// # Errors
    /// For every file that is missing or broken, with its name and the way out.
    pub fn open(path: &Path, precision: Precision) -> Result<Self> {
        Ok(Self::new(weights::open(path, precision)?))
    }

    /// An engine of a model that is loaded already.
    pub fn new(model: Model) -> Self {
        Self::Local(Box::new(Local::new(model)))
    }

    /// What is loaded.
    pub fn info(&self) -> &ModelInfo {
        match self {
            Self::Local(local) => local.info(),
            Self::Scripted(script) => &script.info,
        }
    }

    /// Whether it can tell what it copies from the text that it was taught.
    pub fn knows_its_text(&self) -> bool {
        matches!(self, Self::Local(local) if local.model.memorized.is_some())
    }

    /// How many tokens a text is.
    ///
    /// # Errors
    /// What the tokenizer says.
    pub fn count(&self, text: &str) -> Result<usize> {
        match self {
            Self::Local(local) => local.count(text),
            Self::Scripted(_) => Ok(text.split_whitespace().count()),
        }
    }

    /// What the model makes of a text: for each token how likely it was there.
    ///
    /// # Errors
    /// When the model fails.
    pub fn score(&self, text: &str) -> Result<Vec<Scored>> {
        match self {
            Self::Local(local) => on_threads(|| local.score(text)),
            Self::Scripted(_) => Ok(Vec::new()),
        }
    }

    /// Ask what might have stood in the place of one token of a text. It is read during the next steps, and the answer
    /// is an [`Output::Seen`] of this number.
    ///
    /// # Errors
    /// When there is no token in that place.
    pub fn look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        super::check(&look.params)?;
        match self {
            Self::Local(local) => local.look(number, look),
            Self::Scripted(script) => script.look(number),
        }
    }

    /// Begin a branch. The prompt is read during the next steps; branches of one prompt read it once.
    ///
    /// # Errors
    /// Parameters that mean nothing.
    pub fn start(&mut self, ask: Ask) -> Result<Reading> {
        super::check(&ask.params)?;
        match self {
            Self::Local(local) => local.start(ask),
            Self::Scripted(script) => script.start(&ask),
        }
    }

    /// One step of all live branches, and a block of what is being read; no output is possible.
    ///
    /// # Errors
    /// When the model fails; no branch is live any more then.
    pub fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        match self {
            Self::Local(local) => on_threads(|| local.step()),
            Self::Scripted(script) => script.step(),
        }
    }

    /// Forget a branch or what is looked for; unknown ones are ignored.
    pub fn stop(&mut self, branch: BranchId) {
        match self {
            Self::Local(local) => local.stop(branch),
            Self::Scripted(script) => script.stop(branch),
        }
    }

    /// No branch is live, and nothing is looked for.
    pub fn is_idle(&self) -> bool {
        match self {
            Self::Local(local) => local.is_idle(),
            Self::Scripted(script) => script.live.is_empty() && script.looks.is_empty(),
        }
    }

    /// One continuation as an iterator of tokens; other live branches go on unseen.
    ///
    /// # Errors
    /// Parameters that mean nothing.
    pub fn stream(&mut self, ask: Ask) -> Result<Stream<'_>> {
        let branch = ask.branch;
        self.start(ask)?;
        Ok(Stream { engine: self, branch, ready: VecDeque::new(), stop: None })
    }
}

/// The tokens of one continuation, as they come. Dropping it forgets the rest.
pub struct Stream<'a> {
    engine: &'a mut Engine,
    branch: BranchId,
    ready: VecDeque<Token>,
    /// Why it ended, once it has.
    pub stop: Option<StopReason>,
}

impl Iterator for Stream<'_> {
    type Item = Result<Token>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(token) = self.ready.pop_front() {
                return Some(Ok(token));
            }
            if self.stop.is_some() || self.engine.is_idle() {
                return None;
            }
            let outputs = match self.engine.step() {
                Ok(outputs) => outputs,
                Err(e) => return Some(Err(e)),
            };
            for (_, output) in outputs.into_iter().filter(|(branch, _)| *branch == self.branch) {
                match output {
                    Output::Token(token) => self.ready.push_back(token),
                    Output::Done(stop) => self.stop = Some(stop),
                    Output::Seen(_) => {}
                }
            }
        }
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        self.engine.stop(self.branch);
    }
}
