//! The library in fifteen lines: open the built-in model, continue a prompt, print each token as it is generated.

use std::io::Write;
use unstuck::{
    clean::Level,
    generate::{Ask, Engine, Guide, Prefix},
    model::Precision,
    token::SamplingParams,
};

fn main() -> anyhow::Result<()> {
    let prompt = "The lamp went out, and".to_owned();
    let params = SamplingParams { seed: 7, max_tokens: 60, ..SamplingParams::default() };
    let mut out = std::io::stdout();
    write!(out, "{prompt}")?;
    let (clean, prefix, guide) = (Level::Prose, Prefix::Characters, Guide::default());
    let ask = Ask { branch: 0, prompt, guide, params, clean, prefix };
    for token in Engine::embedded(Precision::default())?.stream(ask)? {
        write!(out, "{}", token?.text)?;
        out.flush()?;
    }
    Ok(writeln!(out)?)
}
