//! A backend that gives what a test wrote: exact tokens, late ones, errors in the middle of a stream, even a panic.

use anyhow::{Context, Result, bail};
use std::{collections::VecDeque, sync::Arc};
use unstuck::{
    generate::{Ask, Backend, DraftScores, Look, ModelInfo, Output, Reading, ScoreDraft, Seen},
    token::{BranchId, StopReason},
};

/// What one step does.
#[derive(Clone, Debug)]
pub enum Turn {
    /// It gives these, in this order.
    Give(Vec<(BranchId, Output)>),
    /// The step fails.
    Fail(String),
    /// The step panics.
    Panic(String),
}

/// The script and its state.
pub struct Scripted {
    /// What it says it is.
    pub info: ModelInfo,
    /// What the steps do, one after another. After the last one all branches end.
    pub turns: VecDeque<Turn>,
    /// The branches that can't begin.
    pub refused: Vec<BranchId>,
    /// The answer to every look.
    pub seen: Option<Seen>,
    /// The live branches.
    pub live: Vec<BranchId>,
    /// The pending looks: answered by the next step, before its turn.
    pub looks: Vec<BranchId>,
    /// How many more steps a draft takes that is being scored.
    pub unread: usize,
    /// Dropped with the engine, so that a test sees when that is.
    pub held: Option<Arc<()>>,
}

impl Backend for Scripted {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn count(&self, text: &str) -> Result<usize> {
        Ok(text.split_whitespace().count())
    }

    fn start(&mut self, ask: Ask) -> Result<Reading> {
        if self.refused.contains(&ask.branch) {
            bail!("branch {} is refused", ask.branch);
        }
        self.live.push(ask.branch);
        let tokens = ask.prompt.split_whitespace().count();
        Ok(Reading { tokens, ..Reading::default() })
    }

    /// Answers the looks, or plays the next turn.
    fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        if let (false, Some(seen)) = (self.looks.is_empty(), &self.seen) {
            let looks = self.looks.drain(..);
            return Ok(looks.map(|number| (number, Output::Seen(seen.clone()))).collect());
        }
        match self.turns.pop_front() {
            Some(Turn::Give(outputs)) => {
                for (branch, output) in &outputs {
                    if matches!(output, Output::Done(_)) {
                        self.live.retain(|live| live != branch);
                    }
                }
                Ok(outputs)
            }
            Some(Turn::Fail(why)) => {
                self.live.clear();
                bail!(why)
            }
            Some(Turn::Panic(why)) => std::panic::panic_any(why),
            None => {
                let ended = self.live.drain(..);
                Ok(ended.map(|branch| (branch, Output::Done(StopReason::Eot))).collect())
            }
        }
    }

    fn look(&mut self, number: BranchId, _: &Look) -> Result<()> {
        self.seen.as_ref().context("there is nothing to see")?;
        self.looks.push(number);
        Ok(())
    }

    /// Every word takes a step.
    fn score_draft(&mut self, draft: &ScoreDraft) -> Result<()> {
        if draft.text.contains("torn") {
            bail!("the text is torn");
        }
        self.unread = draft.text.split_whitespace().count();
        Ok(())
    }

    fn score_on(&mut self) -> Result<Option<DraftScores>> {
        self.unread -= 1;
        Ok(Some(DraftScores { parts: Vec::new(), tokens: self.unread, read: 0 }))
    }

    fn stop_scores(&mut self) {
        self.unread = 0;
    }

    fn is_scoring(&self) -> bool {
        self.unread > 0
    }

    fn stop(&mut self, branch: BranchId) {
        self.live.retain(|live| *live != branch);
        self.looks.retain(|look| *look != branch);
    }

    fn is_idle(&self) -> bool {
        self.live.is_empty() && self.looks.is_empty()
    }
}
