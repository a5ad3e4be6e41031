//! Requests that are sent again: with less, because the server has rejected them, or from where a banned phrase began.

use super::{Branch, Extent, Kind, Remote, Request, flight::Problem};
use crate::{
    generate::{Ask, Output, Prefix},
    token::BranchId,
};

/// How often a prompt that is too long for the server is halved.
const HALVINGS: u32 = 4;

/// How far the seed of a request that goes on after a banned phrase is from the one before.
const SEEDS: u64 = 1_000_003;

impl Remote {
    /// Continue a text from which a banned phrase was taken back, with another seed.
    pub(super) fn go_on(
        &mut self,
        mut ask: Ask,
        branch: Branch,
        halvings: u32,
    ) -> Vec<(BranchId, Output)> {
        let (text, tokens) = branch.accepted();
        // The prompt of a request that went on already has some of it.
        ask.prompt = format!("{}{text}", branch.prompt);
        ask.prefix = Prefix::Tokens;
        ask.params.seed = ask.params.seed.wrapping_add(SEEDS);
        ask.params.max_tokens = branch.most.saturating_sub(tokens).max(1);
        self.resumed.push(branch);
        self.send(vec![ask], halvings)
    }

    /// Send asks again. What came of a text that goes on after a banned phrase is kept.
    fn again(&mut self, left: Vec<(Ask, Branch)>, halvings: u32) -> Vec<(BranchId, Output)> {
        let (asks, branches): (Vec<Ask>, Vec<Branch>) = left.into_iter().unzip();
        self.resumed.extend(branches.into_iter().filter(|branch| branch.rejected > 0));
        self.send(asks, halvings)
    }

    /// A request has failed. If the server has rejected it, less is asked.
    pub(super) fn fail(&mut self, request: Request, problem: Problem) -> Vec<(BranchId, Output)> {
        let halvings = request.halvings;
        let (count, is_long) = (request.asks.len(), request.prompt.len() > 64);
        let mut left = request.left();
        let says = match problem {
            Problem::Rejected(says) => says,
            Problem::Other(why) => return ended(left, &why),
        };
        let lower = says.to_lowercase();
        let mentions = |names: &[&str]| names.iter().any(|name| lower.contains(name));
        if mentions(&["context", "too long", "max_new_tokens", "exceed"])
            && is_long
            && halvings < HALVINGS
        {
            tracing::info!("the prompt is too long for the server: {says}");
            return self.again(left, halvings + 1);
        }
        if self.extent.grammar && mentions(&["grammar"]) {
            self.extent.grammar = false;
            return self.again(left, halvings);
        }
        if mentions(&["logit_bias"]) && left.iter().any(|(_, one)| !one.excluded.is_empty()) {
            left.iter_mut().for_each(|(_, one)| one.excluded.clear());
            return self.again(left, halvings);
        }
        if count > 1 {
            self.at_once = 1;
            return left.into_iter().flat_map(|one| self.again(vec![one], halvings)).collect();
        }
        if self.extent.logprobs && self.kind.has_logprobs() && mentions(&["logprob", "logits"]) {
            self.extent.logprobs = false;
            return self.again(left, halvings);
        }
        if self.extent.extras && matches!(self.kind, Kind::Other | Kind::LmStudio) {
            self.extent = Extent { logprobs: false, extras: false, grammar: false };
            return self.again(left, halvings);
        }
        let host = &self.address.host;
        ended(left, &format!("{host} rejects the request: {says}"))
    }
}

/// The last text of failed continuations, and the reason.
fn ended(left: Vec<(Ask, Branch)>, why: &str) -> Vec<(BranchId, Output)> {
    let outputs = left.into_iter().flat_map(|(_, mut branch)| {
        let last = branch.finish().map(Output::Token);
        let id = branch.id;
        last.into_iter().chain([Output::Failed(why.to_owned())]).map(move |output| (id, output))
    });
    outputs.collect()
}
