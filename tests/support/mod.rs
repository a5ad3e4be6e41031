//! What the tests share: the desk without a terminal, the program as a process, stand-ins for the hub and for X, a show
//! on air. Every test binary includes all of it and uses a part.

#![allow(dead_code, unused_imports, missing_docs, clippy::unwrap_used)]

pub mod air;
pub mod bot;
pub mod desk;
pub mod hub;
pub mod models;
pub mod program;
pub mod receipts;
pub mod scripted;
pub mod server;
mod skipped;
#[cfg(target_os = "linux")]
pub mod terminal;

pub use skipped::skipped;

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for something that should happen at once: long, since the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Looks again and again until `look` gives something.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
