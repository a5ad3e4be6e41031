//! The engine on this machine. Live branches are decoded as one batch, and prompts are read in blocks in the same
//! steps. The KV caches of ended branches are kept, so that only the changed part of the next prompt is read.

use super::{
    Ask, Backend, DraftScores, Look, ModelInfo, Output, Prefix, Reading, ScoreDraft, Scored, Weigh,
    ahead::Prepared,
    ban::Ban,
    batch::Batch,
    branch::{Added, Branch, With},
    cover::Covering,
    indent,
    look::Looking,
    memory::{self, Memory, Reader, Share, common},
    numerics::Numerics,
    prompt::{self, Prompt},
    sampler::{self, Bias, Marks},
    score::{Drafted, stream},
    spellings::Spellings,
    text::Text,
    weigh::Weighing,
    word,
};
use crate::{
    model::{
        KvCache, Model, Span,
        kernels::{map_mut, on_threads},
    },
    token::{BranchId, Draw},
};
use anyhow::Result;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// The maximum number of prompt tokens read in one step, so that steps stay short.
pub(super) const READ: usize = 64;
/// How many KV caches of ended branches are kept for the next requests.
const KEPT: usize = 2;

/// A model with its live branches, its pending looks and texts to weigh, and the KV caches of ended branches.
pub struct Local {
    pub(super) model: Model,
    pub(super) info: ModelInfo,
    spellings: Spellings,
    pub(super) marks: Marks,
    /// Whether the model has seen indentation.
    pub(super) indents: bool,
    pub(super) live: Vec<Branch>,
    /// The ends of prompts that branches wait for, and how many there were.
    coverings: Vec<Covering>,
    covered: u64,
    pub(super) looks: Vec<Looking>,
    pub(super) weighings: Vec<Weighing>,
    kept: Vec<Memory>,
    /// What is known of the draft that is scored.
    drafted: Drafted,
    /// The prompt of a question that may come.
    pub(super) ahead: Option<Memory>,
    /// Whether long prompts are cut to exactly what fits.
    pub(super) exact: bool,
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
            ahead: None,
            drafted: Drafted::default(),
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

    /// One pass of the network: a token for each branch, or a block of its prompt, or more covers of the prompt's end.
    fn pass(&mut self) -> Result<Vec<(BranchId, Output)>> {
        self.make_room();
        let mut waits = self.share_what_was_read().into_iter();
        let mut batch = Batch::default();
        let (mut writing, mut covering) = (Vec::new(), Vec::new());
        for (i, branch) in self.live.iter_mut().enumerate() {
            if branch.waits_for.is_some() || waits.next() == Some(true) {
                continue;
            }
            let all = branch.memory.tokens.len();
            let (ids, cache) = branch.memory.next_block(READ);
            let last = (cache.len() + ids.len() == all).then(|| ids.len() as u32 - 1);
            writing.extend(last.map(|_| i));
            batch.add([Span { ids, cache }], last);
        }
        for (i, part) in self.coverings.iter_mut().enumerate() {
            if waits.next() != Some(true) {
                covering.push(i);
                let rows = part.rows(READ);
                batch.add(part.spans(READ), rows);
            }
        }
        let mut logits = batch.read(&*self.model.network)?.into_iter();
        let logits_of: HashMap<usize, Vec<f32>> = writing.into_iter().zip(&mut logits).collect();
        let Self { model, spellings, info, .. } = self;
        for i in covering {
            self.coverings[i].hear(&mut logits, &model.tokenizer, spellings, READ, info.context);
        }
        self.write(&logits_of)
    }

    /// Choose the next tokens: of the branches with these logits, and of those whose covering is done.
    fn write(&mut self, logits: &HashMap<usize, Vec<f32>>) -> Result<Vec<(BranchId, Output)>> {
        let Self { model, spellings, marks, coverings, live, .. } = self;
        let done: HashMap<u64, Arc<Covering>> = coverings
            .extract_if(.., |covering| covering.is_done())
            .map(|covering| (covering.number, Arc::new(covering)))
            .collect();
        let with = With { model, spellings, marks };
        let added: Vec<Option<Result<(BranchId, Added)>>> = map_mut(live, |i, branch| {
            let added = match branch.waits_for {
                None => branch.next(logits.get(&i)?, with),
                Some(number) => branch.begin(done.get(&number)?.clone(), with),
            };
            Some(added.map(|added| (branch.id, added)))
        });
        let mut outputs = Vec::new();
        for added in added.into_iter().flatten() {
            let (id, (tokens, stop)) = added?;
            let branch = self.live.iter_mut().find(|branch| branch.id == id);
            if let Some(checked) = branch.and_then(|branch| branch.follow(&tokens, stop)) {
                if let Some(checked) = checked {
                    outputs.push((id, Output::Checked(checked)));
                    self.stop(id);
                }
                continue;
            }
            outputs.extend(tokens.into_iter().map(|token| (id, Output::Token(token))));
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

    /// Give each prompt and branch with unread tokens the longest prefix that was read elsewhere. Returns for each
    /// branch with a token, then for each covering, whether it waits for an earlier one to read the same prefix.
    fn share_what_was_read(&mut self) -> Vec<bool> {
        // The last token is always read by the branch itself, because its logits are needed.
        let branches = self.live.iter().filter(|branch| branch.waits_for.is_none());
        let branches =
            branches.map(|b| Reader { memory: &b.memory, needed: b.memory.tokens.len() - 1 });
        let prompts = self.coverings.iter();
        let prompts = prompts.map(|c| Reader { memory: c.memory(), needed: c.prompt.fixed - 1 });
        let readers: Vec<Reader> = branches.chain(prompts).collect();
        let shares = memory::share(&readers, self.kept.iter().chain(&self.ahead));
        let branches = self.live.iter_mut().filter(|branch| branch.waits_for.is_none());
        let caches = branches.map(|branch| &mut branch.memory.cache);
        let caches = caches.chain(self.coverings.iter_mut().map(Covering::cache_mut));
        let take = |(cache, share): (&mut KvCache, Share)| {
            if let Some(longer) = share.cache {
                *cache = longer;
            }
            share.waits
        };
        caches.zip(shares).map(take).collect()
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
        let Prepared { prompt, shown, reading } = self.prepare(&ask, 0)?;
        if ask.guide.note.trim().is_empty() {
            self.ahead = None;
        }
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
