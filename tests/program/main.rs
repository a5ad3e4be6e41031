//! What scripts rely on, through the real program. The models are a tiny one with random weights, and broken copies of
//! it: nothing depends on what a model says.

#![allow(clippy::unwrap_used)]

mod doctor;
mod forgetting;
#[cfg(target_os = "linux")] // whose data folder can be moved by the environment
mod formats;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")] // whose folders can be moved by the environment
mod history;
#[cfg(target_os = "linux")]
mod kill;
mod models;
mod plain;
mod printing;
mod sampling;
mod scoring;
mod settings;
mod steering;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};
use support::models::TINY;
use support::program::{code, err, json_lines, success as out, unstuck};
use tempfile::TempDir;

fn run(args: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    unstuck(home.path()).args(args).output().expect("the program starts")
}

/// `unstuck generate --model TINY` with `args`.
fn generate(args: &[&str]) -> Output {
    run(&[&["generate", "--model", TINY], args].concat())
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
