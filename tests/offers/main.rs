//! Offers: asked, streamed, taken, typed through, rolled, opened. The test presses the keys and plays the worker, so
//! what comes, when it comes and what comes too late is exact.

#![allow(clippy::unwrap_used)]

#[path = "../desk/mod.rs"]
mod desk;
mod ghost;
mod many;
mod mouse;
mod property;
mod taking;
mod token;
