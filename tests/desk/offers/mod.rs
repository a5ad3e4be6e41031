//! Offers: asked, streamed, taken, typed through, rolled, opened. The test presses the keys and plays the worker, so
//! what comes, when it comes and what comes too late is exact.

mod ghost;
mod many;
mod mouse;
mod property;
mod taking;
mod token;
