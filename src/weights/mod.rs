//! Files of weights in every format, and models written to them. There is one reader per format, and [`Checkpoint`]
//! over all of them: the configuration, the vocabulary, and the tensors, one at a time, by their published names.
//! Loading, export and verification ask for one tensor after the other, so a model is never in memory twice, and
//! nothing is written that wasn't checked.
//!
//! A reader returns a tensor only in the shape that was asked for. A number in a file is compared with the file's size
//! before memory is allocated for it. Formats whose usual readers trust their input are read by hand: TensorFlow's
//! index (`sstable`, `protobuf`, `bundle`), the header of GGUF files (`gguf/head`), and pickles (`pickle`, which
//! reports calls and makes none). `tests/model/fuzz.rs` gives damaged files to each reader.

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
