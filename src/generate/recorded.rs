//! The check of a recorded continuation: its draws are followed, and each is compared with what the seed draws now. The
//! network reads the recorded tokens, so one draw that differs doesn't change those behind it.

use super::{Ask, Engine, Local, Output, branch::Branch, engine::Backend, sampler::Fit};
use crate::token::{BranchId, Draw, StopReason, Token};
use anyhow::{Context, Result, ensure};

/// What the check of a recorded continuation found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// How many draws pick the recorded token.
    pub same: usize,
    /// How many pick another, but are so near that the difference may be rounding.
    pub near: usize,
    /// The numbers of the draws that pick another token, from 0.
    pub other: Vec<usize>,
    /// How many draws were not reached, because the text had ended, or a draw can't have been made.
    pub left: usize,
    /// The recorded tokens, as the model rates them now.
    pub tokens: Vec<Token>,
}

impl Checked {
    /// The text that the recorded tokens spell.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| &*token.text).collect()
    }

    /// Whether every draw was reached and picks the recorded token, or may but for rounding.
    pub fn agrees(&self) -> bool {
        self.other.is_empty() && self.left == 0
    }
}

/// The draws of a continuation that is checked, and what was found so far.
pub(super) struct Recorded {
    draws: Vec<Draw>,
    next: usize,
    /// A draw that can't have been made: nothing behind it can be followed.
    is_lost: bool,
    checked: Checked,
}

impl Recorded {
    fn new(draws: Vec<Draw>) -> Self {
        Self { draws, next: 0, is_lost: false, checked: Checked::default() }
    }

    /// The next draw.
    pub(super) fn next(&mut self) -> Option<Draw> {
        let draw = self.draws.get(self.next).cloned();
        self.next += 1;
        draw
    }

    /// Whether there is no draw left to follow.
    pub(super) fn is_over(&self) -> bool {
        self.is_lost || self.next >= self.draws.len()
    }

    /// Notes how the last draw compares; `None` if it can't have been made.
    pub(super) fn note(&mut self, fit: Option<Fit>) {
        match fit {
            Some(Fit::Same) => self.checked.same += 1,
            Some(Fit::Near) => self.checked.near += 1,
            Some(Fit::Other) => self.checked.other.push(self.next - 1),
            None => {
                self.checked.other.push(self.next - 1);
                self.is_lost = true;
            }
        }
    }

    fn finish(&self) -> Checked {
        let left = self.draws.len().saturating_sub(self.next);
        Checked { left, ..self.checked.clone() }
    }
}

impl Branch {
    /// If this is a check: takes in the tokens that were followed. Returns what was found once it has `ended`.
    pub(super) fn follow(
        &mut self,
        tokens: &[Token],
        ended: Option<StopReason>,
    ) -> Option<Option<Checked>> {
        let recorded = self.recorded.as_mut()?;
        recorded.checked.tokens.extend_from_slice(tokens);
        Some(ended.map(|_| recorded.finish()))
    }
}

impl Local {
    /// Begins to check a continuation.
    pub(super) fn begin_check(&mut self, ask: Ask, draws: Vec<Draw>) -> Result<()> {
        ensure!(!draws.is_empty(), "no draws are recorded");
        let number = ask.branch;
        self.start(ask)?;
        let branch = self.live.iter_mut().find(|branch| branch.id == number);
        branch.context("the check did not begin")?.recorded = Some(Recorded::new(draws));
        Ok(())
    }
}

impl Engine {
    /// Begin to check a recorded continuation: `ask` as it was asked, and the draws of its tokens
    /// ([`Token::drawn`]). A later step answers with an [`Output::Checked`] of the ask's number.
    ///
    /// # Errors
    /// When a parameter is out of range, no draw is recorded, or the model is on a server.
    pub fn check(&mut self, ask: Ask, draws: Vec<Draw>) -> Result<()> {
        ask.params.check()?;
        self.0.check(ask, draws)
    }

    /// As [`Engine::check`], and wait for the answer. Other live branches advance, and their output is dropped.
    ///
    /// # Errors
    /// As [`Engine::check`], and when the model fails.
    pub fn checked(&mut self, ask: Ask, draws: Vec<Draw>) -> Result<Checked> {
        let number: BranchId = ask.branch;
        self.check(ask, draws)?;
        while !self.is_idle() {
            for (branch, output) in self.step()? {
                if let (true, Output::Checked(checked)) = (branch == number, output) {
                    return Ok(checked);
                }
            }
        }
        Err(anyhow::anyhow!("the check ended without an answer"))
    }
}
