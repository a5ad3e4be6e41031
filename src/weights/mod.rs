//! Files that hold a GPT-2, whatever wrote them: each reader gives the shape, the vocabulary, and the tensors one at a
//! time by their published names, so that no model is ever in memory twice.

pub mod bundle;
mod checkpoint;
pub mod export;
pub mod gguf;
mod load;
pub mod pickle;
mod protobuf;
mod quantized;
pub mod run;
pub mod safetensors;
mod sstable;
pub mod torch;

pub use checkpoint::{Checkpoint, Form};
pub use load::{EMBEDDED, about_embedded, embedded, open, random};
