//! Tests that can't run on this machine.

use std::{fs::OpenOptions, io::Write, thread};

/// Says that a test, or a part of it, can't run on this machine: `return skipped("why")`. The line is also added to the
/// file that the environment variable `UNSTUCK_SKIPPED` names: `.ci/run` counts them.
pub fn skipped(why: &str) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("skipped: {test}: {why}\n");
    // Unlike `println!`, this is shown for tests that pass.
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Some(path) = std::env::var_os("UNSTUCK_SKIPPED") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}
