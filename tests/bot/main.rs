//! The bot: what it decides, what it remembers, and that nobody is ever answered twice, through anything that breaks.
//! Networks are of this machine only, and time is what each test says it is.

#![allow(clippy::unwrap_used)] // a test's world has to be as the test says

mod address;
mod console;
mod crash;
mod fake;
mod faults;
mod faults_more;
mod ledger;
mod more;
mod rig;
mod signing;

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

const TINY: &str = "tests/fixtures/tiny-gpt2";

/// The program in a world of its own.
fn unstuck(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unstuck"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("UNSTUCK_") {
            command.env_remove(name);
        }
    }
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
