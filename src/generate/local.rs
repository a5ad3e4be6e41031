//! The engine on this machine. Live branches are decoded as one batch, and prompts are read in blocks in the same
//! steps. The KV caches of ended branches are kept, so that only the changed part of the next prompt is read.

use super::{
    Ask, Backend, DraftScores, Look, ModelInfo, Output, Prefix, Reading, ScoreDraft, Scored, Weigh,
    ahead::Prepared,
    ban::Ban,
    branch::Branch,
    cover::Covering,
    draft::{Draft, Proposals},
    fits_as_draft, indent,
    look::Looking,
    memory::{self, Memory, common},
    numerics::Numerics,
    prompt::Prompt,
    sampler::{self, Bias, Marks},
    score::{Drafted, stream},
    spellings::Spellings,
    text::Text,
    weigh::Weighing,
    word,
};
use crate::{
    model::{KvCache, Model, kernels::on_threads},
    token::{BranchId, Draw},
};
use anyhow::Result;
use std::collections::VecDeque;

/// The maximum number of prompt tokens read in one step, so that steps stay short.
pub(super) const READ: usize = 64;
/// How many KV caches of ended branches are kept for the next requests.
pub(super) const KEPT: usize = 2;

/// A model with its live branches, its pending looks and texts to weigh, and the KV caches of ended branches.
pub struct Local {
    pub(super) model: Model,
    pub(super) info: ModelInfo,
    pub(super) spellings: Spellings,
    pub(super) marks: Marks,
    /// Whether the model has seen indentation.
    pub(super) indents: bool,
    pub(super) live: Vec<Branch>,
    /// The ends of prompts that branches wait for, and how many there were.
    pub(super) coverings: Vec<Covering>,
    covered: u64,
    pub(super) looks: Vec<Looking>,
    pub(super) weighings: Vec<Weighing>,
    pub(super) kept: Vec<Memory>,
    /// What is known of the draft that is scored.
    drafted: Drafted,
    /// The prompts of questions that may come.
    pub(super) ahead: Vec<Memory>,
    /// Whether long prompts are cut to exactly what fits.
    pub(super) exact: bool,
    /// Proposes tokens, if there is a draft model.
    pub(super) draft: Option<Draft>,
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
            draft: None,
            numerics: Some(Box::new(Numerics::of(&model))),
            about: Box::new(model.about.clone()),
        };
        let spellings = Spellings::new(&model.tokenizer, info.vocabulary);
        let marks = Marks::new(&model.tokenizer, info.vocabulary);
        let indents = indent::is_known(&model.tokenizer, info.vocabulary);
        Self {
            indents,
            model,
            info,
            spellings,
            marks,
            live: Vec::new(),
            coverings: Vec::new(),
            covered: 0,
            looks: Vec::new(),
            weighings: Vec::new(),
            kept: Vec::new(),
            ahead: Vec::new(),
            drafted: Drafted::default(),
            exact: false,
            draft: None,
        }
    }

    /// Let a smaller model of the same vocabulary propose tokens. The text stays the same, and comes faster.
    ///
    /// # Errors
    /// When the draft model isn't smaller, or has another vocabulary.
    pub fn with_draft(mut self, draft: Model) -> Result<Self> {
        fits_as_draft(&draft, &self.model)?;
        self.info.draft = Some(draft.name.clone());
        self.draft = Some(Draft::new(draft));
        Ok(self)
    }

    /// A KV cache of the longest prefix of these tokens that was already read, without the last token: its logits are
    /// needed.
    pub(super) fn read_before(&self, tokens: &[u32]) -> Option<KvCache> {
        let wanted = &tokens[..tokens.len().saturating_sub(1)];
        let live = self.live.iter().map(|branch| &branch.memory);
        let prompts = self.coverings.iter().map(Covering::memory);
        memory::longest(wanted, live.chain(prompts).chain(&self.kept).chain(&self.ahead))
    }

    /// The number of a covering of this prompt's end, which branches with the same prompt share.
    fn cover(&mut self, prompt: Prompt) -> u64 {
        if let Some(covering) = self.coverings.iter().find(|covering| covering.prompt == prompt) {
            return covering.number;
        }
        self.covered += 1;
        self.coverings.push(Covering::new(self.covered, prompt, self.model.network.cache()));
        self.covered
    }

    /// Forget a covering that no branch waits for.
    fn drop_unless_needed(&mut self, number: u64) {
        let is_needed = self.live.iter().any(|branch| branch.waits_for == Some(number));
        let place = self.coverings.iter().position(|covering| covering.number == number);
        if let (false, Some(i)) = (is_needed, place) {
            let memory = self.coverings.remove(i).into_memory();
            self.keep(memory);
        }
    }

    pub(super) fn keep(&mut self, memory: Memory) {
        let read = memory.cache.len();
        // A cache that is a prefix of the new one is redundant.
        self.kept.retain(|m| common(m.read(), &memory.tokens[..read]) < m.cache.len());
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

    fn proposals(&self) -> Option<Proposals> {
        self.draft.as_ref().map(|draft| draft.count)
    }

    fn count(&self, text: &str) -> Result<usize> {
        Ok(self.model.tokenizer.encode(text)?.len())
    }

    fn score(
        &self,
        pieces: &mut dyn Iterator<Item = Result<String>>,
        tell: &mut dyn FnMut(&[Scored]) -> Result<()>,
    ) -> Result<()> {
        stream(&self.model, pieces, tell)
    }

    fn score_draft(&mut self, draft: &ScoreDraft) -> Result<()> {
        self.drafted.begin(&self.model, draft)
    }

    fn score_on(&mut self) -> Result<Option<DraftScores>> {
        let Self { drafted, model, .. } = self;
        let told = on_threads(|| drafted.step(model));
        if told.is_err() {
            self.drafted.stop();
        }
        told
    }

    fn stop_scores(&mut self) {
        self.drafted.stop();
    }

    fn is_scoring(&self) -> bool {
        self.drafted.is_pending()
    }

    fn start(&mut self, ask: Ask) -> Result<Reading> {
        self.stop(ask.branch);
        let Prepared { prompt, shown, reading } = self.prepare(&ask)?;
        let tokenizer = &self.model.tokenizer;
        let is_word = ask.prefix == Prefix::Word && word::ends_with_word(&shown.text);
        let bias = Bias::new(tokenizer, &ask.params.bias);
        let waits_for = Some(self.cover(prompt));
        self.live.push(Branch {
            id: ask.branch,
            text: Text::new(&ask.params, ask.clean, &shown.text)
                .indented(shown.indent, shown.at_indent),
            bias,
            ban: Ban::new(&ask.params, &shown.text),
            mu: sampler::first_mu(&ask.params),
            params: ask.params,
            memory: Memory { tokens: Vec::new(), cache: self.model.network.cache() },
            waits_for,
            behind_word: is_word.then(Vec::new),
            held: VecDeque::new(),
            rejected: 0,
            generated: 0,
            shown: 0,
            copied: 0,
            drawn: Vec::new(),
            recorded: None,
        });
        Ok(reading)
    }

    fn read_ahead(&mut self, ask: &Ask) -> Result<()> {
        self.begin_ahead(ask)
    }

    fn read_on(&mut self) -> Result<()> {
        on_threads(|| self.ahead_on())
    }

    fn is_reading_ahead(&self) -> bool {
        self.has_more_ahead()
    }

    fn check(&mut self, ask: Ask, draws: Vec<Draw>) -> Result<()> {
        self.begin_check(ask, draws)
    }

    fn look(&mut self, number: BranchId, look: &Look) -> Result<()> {
        self.begin_look(number, look)
    }

    fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let outputs = on_threads(|| self.advance());
        if outputs.is_err() {
            self.live.clear();
            self.coverings.clear();
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
            match ended.waits_for {
                None => self.keep(ended.memory),
                Some(number) => self.drop_unless_needed(number),
            }
        }
    }

    fn cut_exactly(&mut self) {
        self.exact = true;
    }

    fn is_idle(&self) -> bool {
        self.live.is_empty() && self.looks.is_empty() && self.weighings.is_empty()
    }
}
