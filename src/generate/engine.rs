//! What front ends hold: an engine reads prompts and gives tokens, several branches a step.

use crate::{
    clean,
    token::{BranchId, SamplingParams, StopReason, Token},
};
use anyhow::{Result, bail};
use std::path::Path;

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
}

/// A source of tokens. An enum, so that it can be swapped while the desk runs.
pub enum Engine {}

impl Engine {
    /// The model in the binary.
    pub fn embedded() -> Result<Self> {
        bail!("not built yet")
    }

    /// A model folder in the Hugging Face layout. Errors name the file and the way out.
    pub fn open(_folder: &Path) -> Result<Self> {
        bail!("not built yet")
    }

    /// What is loaded.
    pub fn info(&self) -> &ModelInfo {
        match *self {}
    }

    /// Begin a branch. The prompt is read during the next steps.
    pub fn start(&mut self, _ask: Ask) -> Result<Reading> {
        match *self {}
    }

    /// One step of all live branches, or a block of a prompt being read; empty outputs are possible.
    pub fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        match *self {}
    }

    /// Forget a branch; unknown ones are ignored.
    pub fn stop(&mut self, _branch: BranchId) {
        match *self {}
    }

    /// No branch is live.
    pub fn is_idle(&self) -> bool {
        match *self {}
    }

    /// One continuation as an iterator of tokens; the other branches are dropped.
    pub fn stream(&mut self, _ask: Ask) -> Result<Stream<'_>> {
        match *self {}
    }
}

/// The tokens of one continuation, as they come.
pub struct Stream<'a> {
    engine: &'a mut Engine,
    /// Why it ended, once it has.
    pub stop: Option<StopReason>,
}

impl Iterator for Stream<'_> {
    type Item = Result<Token>;
    fn next(&mut self) -> Option<Self::Item> {
        match *self.engine {}
    }
}
