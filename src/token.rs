//! Plain types shared by all modules: the tokens a model produces and how they are sampled. No tensors, no terminal.

mod defaults;
mod preset;
mod sampling;
mod setting;

pub use defaults::Defaults;
pub use preset::{PRESETS, Preset};
pub use sampling::{SamplingParams, Step};
pub use setting::{OutOfRange, Setting};

use serde::{Deserialize, Serialize};

/// Identifies one continuation and the request that asked for it, so that a late token is matched to its own branch.
pub type BranchId = u64;

/// One token of a continuation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its id in the vocabulary; `None` if a server doesn't report it.
    pub id: Option<u32>,
    /// Its text, in whole characters: empty while a character is incomplete, or when cleaning removed it.
    pub text: String,
    /// Natural logarithm of its probability under the raw model (temperature 1, no cuts); `None` if a server doesn't
    /// report it.
    pub logprob: Option<f32>,
    /// Its rank under the raw model: 1 for the most likely token; `None` if a server doesn't report it.
    pub rank: Option<u32>,
    /// The most likely tokens at this position, if requested (`SamplingParams::logprobs`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<Alternative>,
    /// Length in tokens of the run ending with this token that occurs verbatim in the training text; 0 when the run is
    /// too short to count as copied, or when the training text is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copied: usize,
    /// The draws that led to it since the token before it, in order: its own, and those that were taken back for a banned
    /// phrase. Where tokens are held back, the first of those that come together has the draws of all. Empty if a server
    /// made it.
    #[serde(skip)]
    pub drawn: Vec<Draw>,
}

/// One draw of a continuation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Draw {
    /// The token that was drawn.
    Token(u32),
    /// The tokens that spell the end of the prompt, and behind them the token that was drawn.
    Cover(Vec<u32>),
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Counts the tokens that belong to a run copied from the training text.
pub fn copied(tokens: &[Token]) -> usize {
    let mut seen = 0;
    let ends = tokens.iter().enumerate().filter(|(_, token)| token.copied > 0);
    ends.map(|(i, token)| {
        let from = (i + 1).saturating_sub(token.copied).max(seen);
        seen = i + 1;
        seen - from
    })
    .sum()
}

/// A token that could have been drawn instead of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Its id in the vocabulary; `None` if a server doesn't report it.
    pub id: Option<u32>,
    /// Its bytes decoded as UTF-8, with `�` for an incomplete character.
    pub text: String,
    /// Natural logarithm of its probability under the raw model.
    pub logprob: f32,
    /// Its probability (not the logarithm) after penalty, temperature and cuts; `None` when a cut removed it.
    #[serde(default)]
    pub after: Option<f32>,
}

/// Why a continuation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// It reached the maximum number of tokens.
    Length,
    /// A sentence ended.
    Sentence,
    /// A stop text occurred.
    Stop,
    /// The phrase that the text was to end on (`SamplingParams::end_on`).
    Phrase,
    /// The model ended the text (`<|endoftext|>`).
    Eot,
}
