//! One step of the engine on this machine: a pass of the network, and the choice of the tokens that follow.

use super::{
    Backend, Output,
    batch::Batch,
    branch::{Added, Branch, With},
    cover::Covering,
    local::{Local, READ},
    memory::{self, Memory, Reader, Share, common},
    prompt,
};
use crate::{
    model::{KvCache, Span, kernels::map_mut},
    token::BranchId,
};
use anyhow::Result;
use std::{collections::HashMap, sync::Arc};

/// What a branch reads in a step, and what comes of it.
#[derive(Default)]
struct Next {
    /// The tokens that are read: a block of those that were not, and the proposals behind the last one.
    ids: Vec<u32>,
    proposed: Vec<u32>,
    /// How many tokens the branch had.
    before: usize,
    /// Whether all of them are read, so that its next token can be chosen.
    is_read: bool,
    /// The logits behind the last one, and behind each proposal.
    rows: Vec<Vec<f32>>,
}

impl Next {
    /// Let the branch read, with at most `READ` tokens of its own.
    fn read<'a>(&'a mut self, memory: &'a mut Memory, batch: &mut Batch<'a>) {
        let Memory { tokens, cache } = memory;
        let unread = &tokens[cache.len()..];
        self.before = tokens.len();
        self.is_read = unread.len() <= READ;
        self.ids.extend(&unread[..unread.len().min(READ)]);
        if self.is_read {
            self.ids.extend(&self.proposed);
        }
        let (all, rows) = (self.ids.len() as u32, self.wanted() as u32);
        batch.add([Span { ids: &self.ids, cache }], all - rows..all);
    }

    /// How many rows of logits are needed.
    fn wanted(&self) -> usize {
        if self.is_read { 1 + self.proposed.len() } else { 0 }
    }
}

impl Local {
    pub(super) fn advance(&mut self) -> Result<Vec<(BranchId, Output)>> {
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
        let mut next = self.proposals();
        let mut batch = Batch::default();
        let mut covering = Vec::new();
        for (branch, next) in self.live.iter_mut().zip(&mut next) {
            if branch.waits_for.is_none() && waits.next() != Some(true) {
                next.read(&mut branch.memory, &mut batch);
            }
        }
        for (i, part) in self.coverings.iter_mut().enumerate() {
            if waits.next() != Some(true) {
                covering.push(i);
                let rows = part.rows(READ);
                batch.add(part.spans(READ), rows);
            }
        }
        let mut logits = batch.read(&*self.model.network)?.into_iter();
        for next in &mut next {
            next.rows.extend(logits.by_ref().take(next.wanted()));
        }
        let Self { model, spellings, info, .. } = self;
        for i in covering {
            self.coverings[i].hear(&mut logits, &model.tokenizer, spellings, READ, info.context);
        }
        self.write(next)
    }

    /// For each branch what it reads: so far only the proposals of the draft model.
    fn proposals(&mut self) -> Vec<Next> {
        let Self { model, spellings, marks, draft, live, info, .. } = self;
        let with = With { model, spellings, marks };
        let mut all = HashMap::new();
        if let Some(proposer) = draft {
            all = proposer.propose(live, info.context, with).unwrap_or_else(|error| {
                tracing::error!("the draft model is not used any more: {error:#}");
                *draft = None;
                HashMap::new()
            });
        }
        let proposed = live.iter().map(|branch| all.remove(&branch.id).unwrap_or_default());
        proposed.map(|proposed| Next { proposed, ..Next::default() }).collect()
    }

    /// Choose the next tokens: of the branches that were read to their end, and of those whose covering is done.
    fn write(&mut self, next: Vec<Next>) -> Result<Vec<(BranchId, Output)>> {
        let Self { model, spellings, marks, coverings, live, .. } = self;
        let done: HashMap<u64, Arc<Covering>> = coverings
            .extract_if(.., |covering| covering.is_done())
            .map(|covering| (covering.number, Arc::new(covering)))
            .collect();
        let with = With { model, spellings, marks };
        let mut writing: Vec<(&mut Branch, Next)> = live.iter_mut().zip(next).collect();
        let write = |(branch, next): &mut (&mut Branch, Next)| {
            let added = match branch.waits_for {
                None if !next.is_read => return None,
                None => branch.next(std::mem::take(&mut next.rows), &next.proposed, with),
                Some(number) => branch.begin(done.get(&number)?.clone(), with),
            };
            Some(added.map(|added| (branch.id, added)))
        };
        let added: Vec<Option<Result<(BranchId, Added)>>> =
            map_mut(&mut writing, |_, writing| write(writing));
        if let Some(draft) = &mut self.draft {
            for (branch, next) in writing.iter().filter(|(_, next)| next.is_read) {
                let drawn = branch.memory.tokens.get(next.before..).unwrap_or_default();
                draft.count.drawn += common(&next.proposed, drawn);
            }
        }
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
}
