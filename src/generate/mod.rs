//! From a prompt to tokens. `engine.rs` is what front ends call and the trait for backends, `local.rs` the backend that
//! runs a network on this machine, `sampler.rs` chooses tokens, `text.rs` makes them text and finds where to stop.

mod engine;
mod local;
mod look;
mod prompt;
mod sampler;
mod score;
mod text;

pub use engine::{Ask, Backend, Engine, ModelInfo, Output, Reading, Scored, Stream, perplexity};
pub use local::Local;
pub use look::{Look, Seen};
