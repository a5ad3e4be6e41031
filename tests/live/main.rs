//! Tests of on air without a terminal or a model: the test presses the keys, acts as the worker, and advances the
//! time.

#![allow(clippy::unwrap_used)]

mod bleeping;
mod notes;
mod outside;
mod receipts;
mod resume;
mod show;
#[path = "../support/mod.rs"]
mod support;
mod views;

use std::time::Duration;
use support::{
    air::{self, Air, RUNDOWN, gear},
    desk,
};
use unstuck::session::Session;
