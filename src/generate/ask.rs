//! What a front end asks of an engine, and what it gets.

use super::{Checked, Guide, Seen, Weighed};
use crate::{
    clean,
    token::{BranchId, SamplingParams, StopReason, Token},
};
use serde::{Deserialize, Serialize};

/// A request for one continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The number of the continuation in everything that comes back.
    pub branch: BranchId,
    /// The text to continue.
    pub prompt: String,
    /// What steers the model beside it.
    pub guide: Guide,
    /// How tokens are sampled, and when generation stops.
    pub params: SamplingParams,
    /// How much of what a reader must not see is removed from the tokens' text.
    pub clean: clean::Level,
    /// How the end of the prompt determines what follows.
    pub prefix: Prefix,
}

/// How the end of a prompt determines what follows it. The same characters can be covered by different tokens: "nobo"
/// by " no" and "bo", or by " nobody" together with two letters of the continuation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prefix {
    /// The tokenizer's tokens of the prompt. For text that ends with a whole token, such as one that was generated.
    /// Only trailing spaces are covered as by `Characters`.
    Tokens,
    /// The characters of the prompt, whatever tokens cover them. For text that was typed.
    #[default]
    Characters,
    /// Like `Characters`, and the last word is finished: no letter, digit or apostrophe with a letter comes next.
    Word,
}

/// How a prompt was tokenized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// How many tokens are read, after a long prompt was cut at its beginning.
    pub tokens: usize,
    /// How many of them are memory, and how many are the note: see [`Guide`].
    pub guide: (usize, usize),
    /// The byte of the prompt at which they begin; 0 if nothing was cut.
    pub sees_from: usize,
}

/// What a step produced for one branch.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Another token.
    Token(Token),
    /// The branch has ended and is forgotten.
    Done(StopReason),
    /// The branch has failed and is forgotten; its tokens so far are good. A sentence that says what to do.
    Failed(String),
    /// The answer to the look with this number.
    Seen(Seen),
    /// The answer to [`Engine::weigh`](super::Engine::weigh) with this number.
    Weighed(Weighed),
    /// The answer to [`Engine::check`](super::Engine::check) with this number.
    Checked(Checked),
}
