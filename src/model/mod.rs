//! The network, its tokenizer and its weights. Knows nothing of prompts or sampling.

mod cache;
mod config;
mod find;
pub mod formats;
mod gpt2;
pub mod hub;
pub mod kernels;
mod linear;
mod load;
pub mod memorized;
pub mod memory;
mod ops;
mod random;
mod rounded;
mod tokenizer;

pub use cache::KvCache;
pub use config::Config;
pub use find::{EMBEDDED, find, list};
pub use gpt2::{Gpt2, Part, Raw, Source, Span, Windows};
pub use linear::{Floats, Precision, Weight, with_floats};
pub use load::{Model, in_the_program};
pub use memorized::Memorized;
pub use ops::Dropout;
pub use random::Shape;
pub use tokenizer::Tokenizer;
