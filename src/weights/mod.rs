//! Reads model weights in every supported format, and writes models. There is one reader per format, and
//! [`Checkpoint`] is the common interface: the configuration, the vocabulary, and the tensors by their published
//! names. Loading, export and verification read one tensor at a time, so that a model is never in memory twice. Every
//! tensor is checked before it is written.
//!
//! A reader returns a tensor only in the requested shape. A length in a file is compared with the file's size before
//! memory is allocated for it. Three formats have their own parsers here, because the usual ones trust their input:
//! TensorFlow's index (`sstable`, `protobuf`, `bundle`), the header of GGUF files (`gguf/head`), and pickles
//! (`pickle`, which records calls but executes none). `tests/model/fuzz.rs` runs each reader on damaged files.

pub mod adapter;
pub mod bundle;
mod checkpoint;
pub mod export;
pub mod gguf;
mod kinds;
mod load;
mod names;
mod nano;
pub mod pickle;
mod protobuf;
mod quantized;
pub mod run;
pub mod safetensors;
mod sstable;
mod stored;
pub mod sum;
pub mod torch;
mod words;

pub use checkpoint::Checkpoint;
pub use load::{EMBEDDED, about_embedded, embedded, open, random};
pub use stored::Form;
pub use words::{has_vocabulary, tokenizer_in};
