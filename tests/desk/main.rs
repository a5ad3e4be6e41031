//! The desk, without a terminal and without a model: the test presses the keys and plays the worker.

#![allow(clippy::unwrap_used)]

mod branches;
mod comfort;
mod editing;
mod graphemes;
mod models;
mod offers;
mod recovery;
mod screens;
#[path = "../support/mod.rs"]
mod support;
mod themes;
mod untrusted;
mod worker;
