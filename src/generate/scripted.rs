//! An engine that says what a test wrote: exact tokens, late ones, errors in mid-stream, even a panic.

use super::{Ask, ModelInfo, Output, Reading, Seen};
use crate::token::{BranchId, StopReason};
use anyhow::{Context, Result, bail};
use std::{collections::VecDeque, sync::Arc};

/// What one step does.
#[derive(Clone, Debug)]
pub enum Turn {
    /// These come, in this order.
    Give(Vec<(BranchId, Output)>),
    /// The step fails.
    Fail(String),
    /// The step panics.
    Panic(String),
}

/// The script, and who listens to it.
pub struct Scripted {
    /// What it says it is.
    pub info: ModelInfo,
    /// What the steps do, one after another. After the last one all branches end.
    pub turns: VecDeque<Turn>,
    /// The branches that can't begin.
    pub refused: Vec<BranchId>,
    /// What it sees wherever it looks.
    pub seen: Option<Seen>,
    /// The branches in hand.
    pub live: Vec<BranchId>,
    /// What is looked for: answered by the next step, before its turn.
    pub looks: Vec<BranchId>,
    /// What lives as long as it does, so that a test sees when it is let go.
    pub held: Option<Arc<()>>,
}

impl Scripted {
    /// Takes a branch in hand.
    pub fn start(&mut self, ask: &Ask) -> Result<Reading> {
        if self.refused.contains(&ask.branch) {
            bail!("branch {} is refused", ask.branch);
        }
        self.live.push(ask.branch);
        Ok(Reading { tokens: ask.prompt.split_whitespace().count(), sees_from: 0 })
    }

    /// Answers what was looked for, or plays the next turn.
    pub fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
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

    /// Looks, if it was told what to see.
    pub fn look(&mut self, number: BranchId) -> Result<()> {
        self.seen.as_ref().context("there is nothing to see")?;
        self.looks.push(number);
        Ok(())
    }

    /// Lets go of a branch, or of what is looked for.
    pub fn stop(&mut self, branch: BranchId) {
        self.live.retain(|live| *live != branch);
        self.looks.retain(|look| *look != branch);
    }
}
