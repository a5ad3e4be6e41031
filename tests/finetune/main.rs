//! Fine-tuning: steps against the reference implementation, a corpus learnt by heart, runs that go on to the bit.
#![allow(clippy::unwrap_used)]

mod learning;
mod program;
mod runs;
#[path = "../support/mod.rs"]
mod support;

use std::{fs, path::Path};
use support::models::TINY;
use unstuck::{
    finetune::{
        Options,
        weights::{Scope, Weights},
    },
    model::{Model, Precision, Tokenizer},
};

fn tiny() -> Model {
    unstuck::weights::open(Path::new(TINY), Precision::F32).unwrap()
}

fn weights(scope: &Scope) -> Weights {
    Weights::new(tiny().into_gpt2().unwrap().0, scope, 1).unwrap()
}

fn options() -> Options {
    Options { steps: 100, window: 16, warmup: 0, ..Options::default() }
}

fn flat(tensor: &candle_core::Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// 200 lines of words that come once each: what follows can be known, and nothing else says it but this text.
fn two_hundred_lines(tokenizer: &Tokenizer) -> String {
    let is_word = |text: &str| {
        text.len() > 4 && text.starts_with(' ') && text[1..].chars().all(|c| c.is_ascii_lowercase())
    };
    let words: Vec<String> = (0..tokenizer.size() as u32)
        .filter_map(|id| String::from_utf8(tokenizer.bytes(id).to_vec()).ok())
        .filter(|text| is_word(text))
        .take(600)
        .collect();
    let lines: Vec<String> = words.chunks_exact(3).map(|line| line.concat()).collect();
    assert_eq!(lines.len(), 200);
    lines.join("\n") + "\n"
}

fn reference() -> serde_json::Value {
    serde_json::from_slice(&fs::read(format!("{TINY}/reference.json")).unwrap()).unwrap()
}
