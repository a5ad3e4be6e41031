//! The bot: what it decides, what it remembers, and that nobody is ever answered twice, through anything that breaks.
//! Networks are of this machine only, and time is what each test says it is.

#![allow(clippy::unwrap_used)] // a test's world has to be as the test says

mod address;
mod cleaning;
mod console;
mod crash;
mod defects;
#[path = "../desk/mod.rs"]
mod desk;
mod desk_queue;
mod fake;
mod faults;
mod faults_more;
mod faults_process;
mod interleaving;
mod ledger;
mod operator;
#[path = "../program/mod.rs"]
mod program;
mod rig;
mod scenarios;
mod serve;
mod signing;
mod world;

use program::{code, err, out, unstuck};
use std::{
    path::Path,
    process::{Output, Stdio},
};

const TINY: &str = "tests/fixtures/tiny-gpt2";
