//! Speculative decoding (Leviathan et al. 2023, arXiv 2211.17192): a small draft model proposes the next tokens of each
//! branch, and the large model reads them all in one pass, which takes less time than one pass for each.
//!
//! The large model draws every token itself, with the random number of its place. If a proposal is
//! the token drawn, a pass is saved; else it is forgotten. So the text is the one without a draft, whatever the draft proposes. The draft draws
//! with the same random numbers.

use super::{
    batch::Batch,
    branch::{Branch, With},
    local::{KEPT, READ},
    memory::{self, Memory, Reader, common},
    sampler::{self, Moment},
};
use crate::{
    model::{Model, Span},
    token::BranchId,
};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::collections::HashMap;

/// The most tokens that are proposed for a branch in a step.
const PROPOSALS: usize = 4;
/// The most rows that the large model reads in a step with proposals. Up to this number, weights are read once.
const ROWS: usize = 8;

/// The draft model, and what it has read of the branches.
pub(super) struct Draft {
    model: Model,
    read: HashMap<BranchId, Memory>,
    /// What it has read of branches that have ended.
    kept: Vec<Memory>,
    pub count: Proposals,
}

/// How often a draft model was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Proposals {
    /// How many tokens it proposed.
    pub proposed: usize,
    /// How many of them were drawn.
    pub drawn: usize,
}

/// A branch for which tokens are being proposed.
struct Proposing<'a> {
    branch: &'a Branch,
    memory: Memory,
    /// The tokens proposed so far, and how many may be.
    tokens: Vec<u32>,
    most: usize,
}

/// Check that a draft model can propose tokens for a model.
///
/// # Errors
/// When it isn't smaller, or their vocabularies differ.
pub fn fits(draft: &Model, model: &Model) -> Result<()> {
    let parameters = |model: &Model| model.network.config().parameters();
    let names = format!("the draft model {} and {}", draft.name, model.name);
    ensure!(is_same_vocabulary(draft, model), "{names} have different vocabularies");
    ensure!(
        parameters(draft) < parameters(model),
        "{names}: the draft model has to be the smaller"
    );
    Ok(())
}

impl Draft {
    /// A draft model, which has to fit the large one.
    pub fn new(model: Model) -> Self {
        Self { model, read: HashMap::new(), kept: Vec::new(), count: Proposals::default() }
    }

    /// Keep what was read of the last branches that have ended, for the next ones.
    fn keep_ended(&mut self, live: &[Branch]) {
        let has_ended = |id: &BranchId| live.iter().all(|branch| branch.id != *id);
        let ended = self.read.extract_if(|id, _| has_ended(id)).map(|(_, memory)| memory);
        self.kept.splice(0..0, ended);
        self.kept.truncate(KEPT);
    }

    /// Propose tokens for the branches that wait for their next token.
    pub fn propose(
        &mut self,
        live: &[Branch],
        context: usize,
        with: With,
    ) -> Result<HashMap<BranchId, Vec<u32>>> {
        self.keep_ended(live);
        let each = (ROWS / live.len().max(1)).saturating_sub(1).min(PROPOSALS);
        let mut proposing = Vec::new();
        for branch in live {
            let tokens = &branch.memory.tokens;
            let waits = branch.waits_for.is_none() && branch.memory.cache.len() + 1 == tokens.len();
            let room = context.min(self.model.context).saturating_sub(tokens.len());
            let wanted = branch.params.max_tokens.saturating_sub(branch.generated + 1);
            let most = each.min(room).min(wanted);
            if waits && most > 0 && branch.recorded.is_none() {
                let memory = self.memory(branch);
                proposing.push(Proposing { branch, memory, tokens: Vec::new(), most });
            }
        }
        let needed = |part: &Proposing| part.memory.tokens.len() - 1;
        let readers = proposing.iter().map(|p| Reader { memory: &p.memory, needed: needed(p) });
        let shares = memory::share(&readers.collect::<Vec<_>>(), self.kept.iter());
        for (part, share) in proposing.iter_mut().zip(shares) {
            if let Some(longer) = share.cache {
                part.memory.cache = longer;
            }
            if share.waits {
                part.most = 0;
            }
        }
        for _ in 0..each {
            self.propose_one(&mut proposing, with)?;
        }
        let mut all = HashMap::new();
        for Proposing { branch, memory, tokens, .. } in proposing {
            self.read.insert(branch.id, memory);
            if !tokens.is_empty() {
                self.count.proposed += tokens.len();
                all.insert(branch.id, tokens);
            }
        }
        Ok(all)
    }

    /// The tokens of a branch, with the part of them that was read.
    fn memory(&mut self, branch: &Branch) -> Memory {
        let tokens = branch.memory.tokens.clone();
        let cache = match self.read.remove(&branch.id) {
            Some(Memory { tokens: before, mut cache }) => {
                cache.truncate(common(&before[..cache.len()], &tokens[..tokens.len() - 1]));
                cache
            }
            None => self.model.network.cache(),
        };
        Memory { tokens, cache }
    }

    /// Read a block of each branch, and propose a token for those that are read to their end.
    fn propose_one(&mut self, proposing: &mut [Proposing], with: With) -> Result<()> {
        let is_wanting = |part: &Proposing| part.tokens.len() < part.most;
        let (mut batch, mut whole) = (Batch::default(), Vec::new());
        for (i, part) in proposing.iter_mut().enumerate().filter(|(_, part)| is_wanting(part)) {
            let all = part.memory.tokens.len();
            let (ids, cache) = part.memory.next_block(READ);
            let last = (cache.len() + ids.len() == all).then(|| ids.len() as u32 - 1);
            whole.extend(last.map(|_| i));
            batch.add([Span { ids, cache }], last);
        }
        let rows = batch.read(&*self.model.network)?;
        for (i, logits) in whole.into_iter().zip(rows) {
            let part = &mut proposing[i];
            let guess = part.guess(&logits, with);
            match guess.filter(|id| !with.model.is_end(*id)) {
                Some(id) => {
                    part.tokens.push(id);
                    part.memory.tokens.push(id);
                }
                None => part.most = part.tokens.len(),
            }
        }
        Ok(())
    }
}

impl Proposing<'_> {
    /// The token that the branch would draw if these were the logits of the large model.
    fn guess(&self, logits: &[f32], with: With) -> Option<u32> {
        let Branch { params, bias, generated, rejected, mu, .. } = self.branch;
        let (tokens, tokenizer) = (&self.memory.tokens, &with.model.tokenizer);
        let mut scores = sampler::scores(logits, tokens, params, with.marks);
        bias.apply(&mut scores, tokens, tokenizer);
        tokenizer.forbid_unnamed(&mut scores);
        let position = (generated + self.tokens.len()) as u64 | rejected << 32;
        let may_exclude = |id| with.marks.may_exclude(id);
        let moment = Moment { position, mu: *mu, may_exclude: &may_exclude };
        sampler::index(&scores, params, moment).map(|(id, _)| id)
    }
}

/// Whether all tokens of two models mean the same.
fn is_same_vocabulary(a: &Model, b: &Model) -> bool {
    let size = |model: &Model| model.network.config().dims().vocabulary;
    let mut ids = 0..size(b) as u32;
    size(a) == size(b)
        && ids.all(|id| a.tokenizer.bytes(id) == b.tokenizer.bytes(id))
        && a.tokenizer.begin() == b.tokenizer.begin()
        && a.tokenizer.end() == b.tokenizer.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clean::Level,
        generate::{Ask, Backend, Guide, Local, Output, Prefix},
        model::Precision,
        token::SamplingParams,
        weights,
    };
    use std::path::Path;

    const PROMPT: &str = "The lamp on the landing went out, and the keeper";

    fn ask(prompt: &str, params: SamplingParams) -> Ask {
        Ask {
            branch: params.branch,
            prompt: prompt.into(),
            guide: Guide::default(),
            params,
            clean: Level::Prose,
            prefix: Prefix::Word,
        }
    }

    /// The tokens and the ends of some branches, and how many steps they took.
    fn written(
        engine: &mut Local,
        branches: u64,
        params: &SamplingParams,
    ) -> Result<(Vec<Vec<Output>>, usize)> {
        for branch in 0..branches {
            engine.start(ask(PROMPT, SamplingParams { branch, ..params.clone() }))?;
        }
        let (mut outputs, mut steps) = (vec![Vec::new(); branches as usize], 0);
        while !engine.is_idle() {
            for (branch, output) in engine.step()? {
                outputs[branch as usize].push(output);
            }
            steps += 1;
        }
        Ok((outputs, steps))
    }

    #[test]
    fn the_text_is_the_same_with_any_draft_and_takes_fewer_steps_with_a_good_one() -> Result<()> {
        let model = || weights::embedded(Precision::Q8_0);
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-gpt2");
        let mut alone = Local::new(model()?);
        let mut poor = Local::new(model()?).with_draft(weights::open(&tiny, Precision::F32)?)?;
        let mut good = Local::new(model()?);
        good.draft = Some(Draft::new(weights::embedded(Precision::F16)?));
        let usual = SamplingParams { max_tokens: 60, seed: 3, ..SamplingParams::default() };
        // The words that these branches begin with: all is rejected up to the first token.
        let begun = written(&mut alone, 2, &SamplingParams { max_tokens: 3, ..usual.clone() })?.0;
        let first = begun.iter().map(|outputs| {
            let texts = outputs.iter().filter_map(|output| match output {
                Output::Token(token) => Some(token.text.as_str()),
                _ => None,
            });
            texts.collect::<String>().trim().to_owned()
        });
        let first: Vec<String> = first.collect();
        let kinds = [
            ("usual", 1, usual.clone()),
            ("four branches", 4, usual.clone()),
            ("greedy", 1, SamplingParams { temperature: 0.0, ..usual.clone() }),
            ("banned at once", 2, SamplingParams { ban: first, ..usual.clone() }),
            (
                "banned words",
                2,
                SamplingParams { ban: vec!["the".into(), "of a".into()], ..usual.clone() },
            ),
            ("Mirostat", 2, SamplingParams { mirostat_tau: 5.0, ..usual.clone() }),
            ("DRY", 2, SamplingParams { dry_multiplier: 0.8, temperature: 0.3, ..usual.clone() }),
            ("a sentence", 3, SamplingParams { sentence: Some(1), ..usual.clone() }),
            ("past the context", 1, SamplingParams { max_tokens: 1100, ..usual }),
        ];
        for (kind, branches, params) in kinds {
            let (text, steps) = written(&mut alone, branches, &params)?;
            let (with_poor, _) = written(&mut poor, branches, &params)?;
            let (with_good, fewer) = written(&mut good, branches, &params)?;
            assert_eq!(with_poor, text, "{kind}");
            assert_eq!(with_good, text, "{kind}");
            let saved = if branches == 1 { 2 } else { 1 };
            assert!(fewer * (saved + 1) < steps * 2, "{kind}: {fewer} steps instead of {steps}");
        }
        let share = |engine: &Local| {
            let Proposals { proposed, drawn } = engine.proposals().unwrap_or_default();
            assert!(proposed > 100);
            drawn as f64 / proposed as f64
        };
        assert!(share(&poor) < 0.5 && share(&good) > 0.8, "{} {}", share(&poor), share(&good));
        Ok(())
    }

    #[test]
    fn the_draft_reads_a_prompt_once() -> Result<()> {
        let mut engine = Local::new(weights::embedded(Precision::Q8_0)?);
        engine.draft = Some(Draft::new(weights::embedded(Precision::F16)?));
        let mut prompt = "The boat was gone from the bay, and nobody had seen it go. ".repeat(20);
        let params = SamplingParams { max_tokens: 24, seed: 5, ..SamplingParams::default() };
        for first in [0, 10, 20] {
            for branch in first..first + 3 {
                engine.start(ask(&prompt, SamplingParams { branch, ..params.clone() }))?;
            }
            let proposed = |engine: &Local| engine.proposals().unwrap_or_default().proposed;
            let (before, mut steps, mut waited) = (proposed(&engine), 0, None);
            while !engine.is_idle() {
                let is_written = engine.step()?.iter().any(|(_, o)| matches!(o, Output::Token(_)));
                steps += usize::from(steps > 0 || is_written);
                if proposed(&engine) > before {
                    waited = waited.or(Some(steps));
                }
            }
            // At first the draft reads more than 250 tokens in blocks, later only what is new.
            let (least, most) = if first == 0 { (4, 8) } else { (1, 3) };
            let waited = waited.unwrap_or_default();
            assert!((least..=most).contains(&waited), "{waited} steps without a proposal");
            prompt += "The lamp was lit.";
        }
        Ok(())
    }

    #[test]
    fn a_draft_model_is_smaller_and_has_the_same_vocabulary() -> Result<()> {
        let kinds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let tiny = || weights::open(&kinds.join("tiny-gpt2"), Precision::F32);
        let embedded = || weights::embedded(Precision::Q8_0);
        assert!(fits(&tiny()?, &embedded()?).is_ok());
        let why = |draft: &Model, model: &Model| format!("{:#}", fits(draft, model).unwrap_err());
        let said = why(&embedded()?, &tiny()?);
        assert!(said.ends_with("the draft model has to be the smaller"), "{said}");
        let random = weights::random("124m".parse().map_err(anyhow::Error::msg)?, Precision::Q8_0)?;
        let said = why(&embedded()?, &random);
        assert!(said.ends_with("have different vocabularies"), "{said}");
        Ok(())
    }
}
