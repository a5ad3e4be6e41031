//! What scripts rely on, through the real program. The models are a tiny one with random weights, and broken copies of
//! it: nothing depends on what a model says.

mod forgetting;
mod hub;
mod models;
mod printing;
#[path = "../program/mod.rs"]
mod program;
mod scoring;

use program::{code, err, unstuck};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const TINY: &str = "tests/fixtures/tiny-gpt2";

fn run(args: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    unstuck(home.path()).args(args).output().expect("the program starts")
}

/// `unstuck generate --model TINY` with `args`.
fn generate(args: &[&str]) -> Output {
    run(&[&["generate", "--model", TINY], args].concat())
}

fn out(output: &Output) -> String {
    assert_eq!(code(output), Some(0), "{}", err(output));
    program::out(output)
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
