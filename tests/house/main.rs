//! The rules of this repository: which module may import which, what the documentation shows, what a file may hold.

#![allow(clippy::unwrap_used)]

mod circles;
mod manual;
mod pictures;
// Not all of `tests/support`: the pictures bring the desk.
#[allow(dead_code)]
#[path = "../support/program.rs"]
mod program;
#[path = "../support/skipped.rs"]
mod skipped;
mod tidy;
mod written;
