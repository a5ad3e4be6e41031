//! What scripts rely on, through the real program. The models are a tiny one with random weights, and broken copies of
//! it: nothing depends on what a model says.

mod forgetting;
mod models;
mod printing;
mod scoring;

use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const TINY: &str = "tests/fixtures/tiny-gpt2";

/// The program, in a world of its own: no settings, models or data of the person who runs the tests.
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
    command.stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    unstuck(home.path()).args(args).output().expect("the program starts")
}

/// `unstuck generate --model TINY` with `args`.
fn generate(args: &[&str]) -> Output {
    run(&[&["generate", "--model", TINY], args].concat())
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn out(output: &Output) -> String {
    assert_eq!(code(output), Some(0), "{}", err(output));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json_lines(output: &Output) -> Vec<Value> {
    out(output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().expect("an object").keys().map(|k| &**k).collect();
    keys.sort_unstable();
    keys
}

fn ids(sample: &Value) -> Vec<u64> {
    let tokens = sample["tokens"].as_array().expect("tokens");
    tokens.iter().map(|token| token["id"].as_u64().expect("an id")).collect()
}
