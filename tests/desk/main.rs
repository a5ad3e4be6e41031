//! Tests of the desk without a terminal or a model: the test presses the keys and acts as the worker.

#![allow(clippy::unwrap_used)]

mod branches;
mod comfort;
mod editing;
mod goals;
mod graphemes;
mod look;
mod models;
mod moving;
mod offers;
mod plain;
mod receipts;
mod recovery;
mod saving;
mod scores;
mod screens;
mod spelling;
mod steering;
#[path = "../support/mod.rs"]
mod support;
mod themes;
mod tour;
mod untrusted;
mod worker;
