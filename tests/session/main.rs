//! The draft: its text and history, its file, its journal, and the tree of branches.

#![allow(clippy::unwrap_used)]

mod draft;
mod file;
mod film;
mod journal;
mod replay;
#[path = "../support/mod.rs"]
mod support;
mod timeline;
mod tree;
