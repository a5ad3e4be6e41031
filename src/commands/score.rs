//! `unstuck score`: prints the probability of each token of a text.

use super::Place;
use crate::clean::unified;
use crate::generate::{Engine, Scored, perplexity};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{io::Read, path::Path};

#[derive(Serialize)]
struct Report {
    model: String,
    /// The form of most of the weights.
    quantization: String,
    tokens: Vec<Scored>,
    perplexity: Option<f64>,
    /// The information in the text after its first token, per character.
    bits_per_character: Option<f64>,
}

/// Score the text in `file` (`-` is standard input). Prints one line per token, or one JSON object.
///
/// # Errors
/// When the file can't be read or isn't UTF-8, or the model fails.
pub fn run(file: &Path, json: bool, engine: &Engine) -> Result<()> {
    let (name, bytes) = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
        ("standard input".to_string(), bytes)
    } else {
        let name = file.display().to_string();
        (name.clone(), std::fs::read(file).context(name)?)
    };
    let text = String::from_utf8(bytes)
        .with_context(|| format!("{name}: not UTF-8; convert it first, with iconv for example"))?;
    let text = unified(&text);
    let tokens = engine.score(&text)?;
    let nats: Vec<f64> = tokens.iter().filter_map(|token| token.logprob).map(f64::from).collect();
    let bits = -nats.iter().sum::<f64>() / std::f64::consts::LN_2;
    let characters = text.chars().count();
    let report = Report {
        model: engine.info().name.clone(),
        quantization: engine.info().quantization.clone(),
        perplexity: perplexity(&tokens),
        tokens,
        bits_per_character: (!nats.is_empty()).then(|| bits / characters as f64),
    };
    let mut place = Place::open(None)?;
    if json {
        return place.write(&(serde_json::to_string(&report)? + "\n"));
    }
    for token in &report.tokens {
        let number = |x: Option<f32>| x.map_or("-".into(), |x| format!("{x:.3}"));
        let rank = token.rank.map_or("-".into(), |rank| rank.to_string());
        let text = format!("{:?}", token.text);
        place.write(&format!(
            "{text:<20} {:>9} {rank:>7} {:>8}\n",
            number(token.logprob),
            number(token.entropy)
        ))?;
    }
    if let Some(p) = report.perplexity {
        place.write(&format!("perplexity {p:.3} over {} tokens\n", report.tokens.len()))?;
    }
    Ok(())
}
