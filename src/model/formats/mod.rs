//! Files that hold a GPT-2, whatever wrote them: each reader gives the shape, the vocabulary, and the tensors one at a
//! time by their published names, so that no model is ever in memory twice.

mod bundle;
mod checkpoint;
pub mod gguf;
mod pickle;
mod protobuf;
mod run;
mod safetensors;
mod sstable;
mod torch;

pub use checkpoint::{Checkpoint, Form};
