//! Prompt to tokens: engines, sampler, stop rules. Knows no terminal and no draft.

mod engine;
mod local;
mod prompt;
mod sampler;
mod score;
mod text;

pub use engine::{Ask, Engine, ModelInfo, Output, Reading, Scored, Stream, perplexity};
pub use local::check;
