//! Prompt to tokens: engines, sampler, stop rules. Knows no terminal and no draft.

mod engine;

pub use engine::{Ask, Engine, ModelInfo, Output, Reading, Stream};
