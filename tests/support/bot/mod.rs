//! A bot under test: a stand-in for X, a bot with a clock of the test's own, and the real program with its ledger.

pub mod fake;
pub mod rig;
pub mod toot;
pub mod world;
