//! What the tests share: the desk without a terminal, the program as a process, stand-ins for the hub and for X, a show
//! on air. Every test binary includes all of it and uses a part.

#![allow(dead_code, missing_docs, clippy::unwrap_used)]

pub mod air;
pub mod bot;
pub mod desk;
pub mod hub;
pub mod program;
pub mod scripted;
#[cfg(target_os = "linux")]
pub mod terminal;
