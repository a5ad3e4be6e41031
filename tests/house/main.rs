//! The rules of this repository: which module may import which, what the documentation shows, what a file may hold.

#![allow(clippy::unwrap_used)]

mod manual;
mod pictures;
mod tidy;
