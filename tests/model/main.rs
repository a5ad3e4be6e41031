//! The network, the engine and the files of weights, inside this process.

#![allow(clippy::unwrap_used)]

mod bans;
mod covers;
mod formats;
mod fuzz;
mod generate;
mod kinds;
mod llama;
mod parity;
mod scores;
#[path = "../support/mod.rs"]
mod support;
mod tokenizers;
