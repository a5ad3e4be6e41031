//! From a prompt to tokens. `engine.rs` is what front ends call and the trait for backends, `local.rs` the backend that
//! runs a network on this machine, `remote` the one that asks a server, `sampler` chooses tokens, `ban.rs` takes back
//! banned phrases, `text.rs` makes tokens text and finds where to stop, `score` says how likely a given text is.
//!
//! `Engine::start` takes an `Ask`: a prompt, sampling parameters and a cleaning level. `Engine::step` returns what all
//! live branches got in one pass of the network, and `Engine::stream` is an iterator over one branch.
//!
//! Each draw depends only on seed, branch, its number and the logits, not on what was drawn before or beside it. So a batch
//! gives the same text as one continuation after the other, and a seed gives the same text again.
//!
//! The text of a [`Token`](crate::token::Token) is whole characters, cleaned. Its log-probability and rank are those of
//! the model itself, before temperature and cuts.

mod ahead;
mod ask;
mod ban;
mod batch;
mod branch;
mod cover;
mod draft;
mod engine;
mod exclude;
mod guide;
mod indent;
mod info;
mod local;
mod look;
mod memory;
mod numerics;
mod pass;
mod prompt;
mod recorded;
pub mod remote;
mod sampler;
mod score;
mod spellings;
mod stream;
mod text;
mod weigh;
mod word;

pub use ask::{Ask, Output, Prefix, Reading};
pub use draft::{Proposals, fits as fits_as_draft};
pub use engine::{Backend, Engine};
pub use guide::Guide;
pub use info::{ModelInfo, Server};
pub use local::Local;
pub use look::{Look, Seen};
pub use numerics::Numerics;
pub use recorded::Checked;
pub use score::{
    DraftScores, LEVELS, Likelihood, Mark, Measure, Part, ScoreDraft, Scored, Totals, perplexity,
};
pub use stream::Stream;
pub use weigh::{Weigh, Weighed};
