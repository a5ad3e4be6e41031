//! The engine as front ends use it: it reads prompts and generates tokens, several branches in each step.

use super::{
    Ask, DraftScores, Local, Look, ModelInfo, Output, Proposals, Reading, ScoreDraft, Scored,
    Stream, Weigh,
};
use crate::{
    model::{Model, Precision},
    token::{BranchId, Draw, SamplingParams},
    weights,
};
use anyhow::{Result, bail};
use std::{collections::VecDeque, path::Path};

/// What generates: a model on this machine ([`super::Local`]), or on a server ([`super::remote::Remote`]).
pub trait Backend: Send {
    /// The settings among these that are on and have no effect, because a server doesn't have them.
    fn ignores(&self, _params: &SamplingParams) -> Vec<&'static str> {
        Vec::new()
    }

    /// What is loaded.
    fn info(&self) -> &ModelInfo;

    /// How many tokens a text is.
    ///
    /// # Errors
    /// When the text can't be tokenized.
    fn count(&self, text: &str) -> Result<usize>;

    /// Begin a branch, replacing one with the same number. The prompt is read during the next steps.
    ///
    /// # Errors
    /// When the prompt can't be tokenized.
    fn start(&mut self, ask: Ask) -> Result<Reading>;

    /// Advance all live branches, and read a block of each prompt that is not read yet. The output may be empty.
    ///
    /// # Errors
    /// When the model fails; no branch is live after that.
    fn step(&mut self) -> Result<Vec<(BranchId, Output)>>;

    /// Forget a branch, a look or a text to weigh; unknown numbers are ignored.
    fn stop(&mut self, branch: BranchId);

    /// From now on, cut a prompt that is too long to exactly what fits. Without it, prompts are cut at sentences and in
    /// blocks, so that the start stays the same while a text grows.
    fn cut_exactly(&mut self) {}

    /// Whether no branch is live, and no look and no text to weigh is pending.
    fn is_idle(&self) -> bool;

    /// Whether tokens copied from the training text are marked.
    fn marks_copies(&self) -> bool {
        false
    }

    /// The probability of each token of a text that comes in pieces, which may be cut anywhere. `tell` gets the tokens in
    /// order, as many as were read at once.
    ///
    /// # Errors
    /// When the text can't be read, the model fails or can't tell, or `tell` fails.
    fn score(
        &self,
        pieces: &mut dyn Iterator<Item = Result<String>>,
        tell: &mut dyn FnMut(&[Scored]) -> Result<()>,
    ) -> Result<()> {
        let _ = (pieces, tell);
        bail!("{}", self.no_scores())
    }

    /// Begin to score a draft, in the place of the one before. What was read for that one is not read again.
    ///
    /// # Errors
    /// When the text can't be tokenized, or the model can't tell.
    fn score_draft(&mut self, _draft: &ScoreDraft) -> Result<()> {
        bail!("{}", self.no_scores())
    }

    /// Read a block of the draft to be scored. Returns what is new.
    ///
    /// # Errors
    /// When the model fails; the draft is given up.
    fn score_on(&mut self) -> Result<Option<DraftScores>> {
        Ok(None)
    }

    /// Give up the draft to be scored. What was read of it is kept.
    fn stop_scores(&mut self) {}

    /// Whether a draft is being scored. That doesn't count as a live branch.
    fn is_scoring(&self) -> bool {
        false
    }

    /// As [`Engine::read_ahead`].
    ///
    /// # Errors
    /// As there.
    fn read_ahead(&mut self, _ask: &Ask) -> Result<()> {
        Ok(())
    }

    /// As [`Engine::read_on`].
    ///
    /// # Errors
    /// As there.
    fn read_on(&mut self) -> Result<()> {
        Ok(())
    }

    /// As [`Engine::is_reading_ahead`].
    fn is_reading_ahead(&self) -> bool {
        false
    }

    /// Why a given text has no scores.
    fn no_scores(&self) -> String {
        format!("{} doesn't report the probabilities of a given text", self.info().name)
    }

    /// Begin a look at one token of a text. A later step answers with an [`Output::Seen`] of this number.
    ///
    /// # Errors
    /// When there is no token at that place, or the model can't tell.
    fn look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        let _ = (number, look);
        bail!("{} doesn't report alternatives for a given text", self.info().name)
    }

    /// As [`Engine::proposals`].
    fn proposals(&self) -> Option<Proposals> {
        None
    }

    /// As [`Engine::check`].
    ///
    /// # Errors
    /// As there.
    fn check(&mut self, ask: Ask, draws: Vec<Draw>) -> Result<()> {
        let _ = (ask, draws);
        bail!("{} is on a server, and what a server generates can't be verified", self.info().name)
    }

    /// Begin to weigh a text. A later step answers with an [`Output::Weighed`] of this number.
    ///
    /// # Errors
    /// When the text is empty, or the model can't tell.
    fn weigh(&mut self, number: BranchId, weigh: &Weigh) -> Result<()> {
        let _ = (number, weigh);
        bail!("{}", self.no_scores())
    }
}

/// A source of tokens for front ends: a backend whose parameters are checked.
pub struct Engine(pub(super) Box<dyn Backend>);

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
    /// For every file that is missing or broken; the file is named.
    pub fn open(path: &Path, precision: Precision) -> Result<Self> {
        Ok(Self::new(weights::open(path, precision)?))
    }

    /// An engine of a loaded model.
    pub fn new(model: Model) -> Self {
        Self::with(Local::new(model))
    }

    /// An engine of a loaded model and of a draft model that proposes tokens for it.
    ///
    /// # Errors
    /// When the draft model isn't smaller, or has another vocabulary.
    pub fn with_draft(model: Model, draft: Model) -> Result<Self> {
        Ok(Self::with(Local::new(model).with_draft(draft)?))
    }

    /// An engine of any other kind.
    pub fn with(backend: impl Backend + 'static) -> Self {
        Self(Box::new(backend))
    }

    /// What is loaded.
    pub fn info(&self) -> &ModelInfo {
        self.0.info()
    }

    /// The settings among these that are on and have no effect, because a server doesn't have them.
    pub fn ignores(&self, params: &SamplingParams) -> Vec<&'static str> {
        self.0.ignores(params)
    }

    /// What the draft model has proposed so far, if there is one.
    pub fn proposals(&self) -> Option<Proposals> {
        self.0.proposals()
    }

    /// Whether tokens copied from the training text are marked.
    pub fn marks_copies(&self) -> bool {
        self.0.marks_copies()
    }

    /// How many tokens a text is.
    ///
    /// # Errors
    /// When the text can't be tokenized.
    pub fn count(&self, text: &str) -> Result<usize> {
        self.0.count(text)
    }

    /// The probability of each token of a text.
    ///
    /// # Errors
    /// When the model fails or can't tell.
    pub fn score(&self, text: &str) -> Result<Vec<Scored>> {
        let mut all = Vec::new();
        self.score_pieces(&mut std::iter::once(Ok(text.to_owned())), &mut |scored| {
            all.extend_from_slice(scored);
            Ok(())
        })?;
        Ok(all)
    }

    /// The probability of each token of a text that comes in pieces, which may be cut anywhere. `tell` gets the tokens in
    /// order, as many as were read at once. Memory doesn't grow with the text.
    ///
    /// # Errors
    /// When the text can't be read, the model fails or can't tell, or `tell` fails.
    pub fn score_pieces(
        &self,
        pieces: &mut dyn Iterator<Item = Result<String>>,
        tell: &mut dyn FnMut(&[Scored]) -> Result<()>,
    ) -> Result<()> {
        self.0.score(pieces, tell)
    }

    /// Begin to score a draft, in the place of the one before. [`Engine::score_on`] reads it, and what was read for the one
    /// before is not read again.
    ///
    /// # Errors
    /// When the text can't be tokenized, or the model can't tell.
    pub fn score_draft(&mut self, draft: &ScoreDraft) -> Result<()> {
        self.0.score_draft(draft)
    }

    /// Read a block of the draft to be scored. Returns what is new.
    ///
    /// # Errors
    /// When the model fails; the draft is given up.
    pub fn score_on(&mut self) -> Result<Option<DraftScores>> {
        self.0.score_on()
    }

    /// Give up the draft to be scored. What was read of it is kept.
    pub fn stop_scores(&mut self) {
        self.0.stop_scores();
    }

    /// Whether a draft is being scored. That doesn't count as a live branch: see [`Engine::is_idle`].
    pub fn is_scoring(&self) -> bool {
        self.0.is_scoring()
    }

    /// Begin to read the prompt of a question that may come, as it is now and as it will be after two more sentences.
    /// [`Engine::read_on`] reads it, and a later question reads only what differs. A server reads nothing ahead.
    ///
    /// # Errors
    /// When the prompt can't be tokenized.
    pub fn read_ahead(&mut self, ask: &Ask) -> Result<()> {
        self.0.read_ahead(ask)
    }

    /// Read a block of that prompt.
    ///
    /// # Errors
    /// When the model fails; the prompt is given up.
    pub fn read_on(&mut self) -> Result<()> {
        self.0.read_on()
    }

    /// Whether a part of that prompt is not read yet. That doesn't count as a live branch: see [`Engine::is_idle`].
    pub fn is_reading_ahead(&self) -> bool {
        self.0.is_reading_ahead()
    }

    /// Ask what the model might have generated in place of one token of a text. A later step answers with an
    /// [`Output::Seen`] of this number.
    ///
    /// # Errors
    /// When there is no token at that place, or a parameter is out of range.
    pub fn look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        look.params.check()?;
        self.0.look(number, look)
    }

    /// Ask how likely a text is after a prompt. A later step answers with an [`Output::Weighed`] of this number; other
    /// branches advance meanwhile.
    ///
    /// # Errors
    /// When the text is empty, or the model can't tell.
    pub fn weigh(&mut self, number: BranchId, weigh: &Weigh) -> Result<()> {
        self.0.weigh(number, weigh)
    }

    /// Begin a branch. The prompt is read during the next steps; branches with the same prompt read it once.
    ///
    /// # Errors
    /// When a parameter is out of range.
    pub fn start(&mut self, ask: Ask) -> Result<Reading> {
        ask.params.check()?;
        self.0.start(ask)
    }

    /// Advance all live branches, and read a block of each prompt that is not read yet. The output may be empty.
    ///
    /// # Errors
    /// When the model fails; no branch is live after that.
    pub fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        self.0.step()
    }

    /// Forget a branch, a look or a text to weigh; unknown numbers are ignored.
    pub fn stop(&mut self, branch: BranchId) {
        self.0.stop(branch);
    }

    /// From now on, cut a prompt that is too long to exactly what fits, instead of at sentences and in blocks.
    pub fn cut_exactly(&mut self) {
        self.0.cut_exactly();
    }

    /// Whether no branch is live, and no look and no text to weigh is pending.
    pub fn is_idle(&self) -> bool {
        self.0.is_idle()
    }

    /// One continuation as an iterator of tokens. Other live branches advance too, and their output is dropped.
    ///
    /// # Errors
    /// When a parameter is out of range.
    pub fn stream(&mut self, ask: Ask) -> Result<Stream<'_>> {
        let branch = ask.branch;
        self.start(ask)?;
        Ok(Stream { engine: self, branch, ready: VecDeque::new(), failed: None, stop: None })
    }
}
