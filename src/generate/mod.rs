//! Prompt to tokens: engines, sampler, stop rules. Knows no terminal and no draft.

mod engine;
mod local;
mod prompt;
mod sampler;
mod text;

pub use engine::{Ask, Engine, ModelInfo, Output, Reading, Stream};
pub use local::check;
