//! The bot: what it decides, what it remembers, and that nobody is ever answered twice, through anything that breaks.
//! Networks are of this machine only, and time is what each test says it is.

#![allow(clippy::unwrap_used)] // a test's world has to be as the test says

mod account;
mod address;
mod cleaning;
mod console;
mod crash;
mod defects;
mod desk_queue;
mod faults;
mod faults_more;
mod faults_process;
mod gate;
mod interleaving;
mod ledger;
mod mastodon;
mod operations;
mod operator;
mod own_posts;
mod serve;
mod signing;
mod soak;
mod stop;
#[path = "../support/mod.rs"]
mod support;

use std::{
    path::Path,
    process::{Output, Stdio},
};
use support::{
    bot::{fake, rig, world},
    desk,
    models::TINY,
    program::{code, err, out, unstuck},
};
