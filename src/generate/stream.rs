//! One continuation as an iterator of tokens.

use super::{Engine, Output};
use crate::token::{BranchId, StopReason, Token};
use anyhow::{Result, anyhow};
use std::collections::VecDeque;

/// The tokens of one continuation as they are generated. Dropping it stops the branch.
pub struct Stream<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) branch: BranchId,
    pub(super) ready: VecDeque<Token>,
    pub(super) failed: Option<String>,
    /// Why it ended, once it has ended.
    pub stop: Option<StopReason>,
}

impl Iterator for Stream<'_> {
    type Item = Result<Token>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(token) = self.ready.pop_front() {
                return Some(Ok(token));
            }
            if let Some(why) = self.failed.take() {
                return Some(Err(anyhow!(why)));
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
                    Output::Failed(why) => self.failed = Some(why),
                    Output::Seen(_) | Output::Weighed(_) | Output::Checked(_) => {}
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
