//! On air, without a terminal and without a model: the test presses the keys, plays the worker, and makes time pass.

#![allow(clippy::unwrap_used)]

mod bleeping;
mod notes;
mod outside;
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
