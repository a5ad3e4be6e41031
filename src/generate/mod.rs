//! Prompt to tokens: engines, sampler, stop rules. Knows no terminal and no draft.

mod engine;
mod local;
mod look;
mod prompt;
mod sampler;
mod score;
mod scripted;
mod text;

pub use engine::{Ask, Engine, ModelInfo, Output, Reading, Scored, Stream, perplexity};
pub use local::check;
pub use look::{Look, Seen};
#[doc(hidden)]
pub use scripted::{Scripted, Turn};
