//! On air, without a terminal and without a model: the test presses the keys, plays the worker, and makes time pass.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../desk/mod.rs"]
mod desk;

mod air;
mod bleeping;
mod notes;
mod outside;
mod show;
mod views;

use air::{Air, RUNDOWN, gear};
use std::time::Duration;
use unstuck::session::Session;
