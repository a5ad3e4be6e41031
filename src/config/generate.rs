//! The request of `unstuck generate`: flags over settings, and the prompt from an argument or standard input.

use super::Config;
use crate::cli;
use anyhow::{Context, Result, bail};
use std::{io::Read, path::Path};
use unstuck::{
    clean::Level,
    commands::generate::{Form, Request, any_seed},
};

impl Config {
    /// The request of `unstuck generate`; the prompt may be read from standard input.
    ///
    /// # Errors
    /// When standard input can't be read or isn't UTF-8.
    pub fn generate(&self, args: cli::Generate) -> Result<Request> {
        let mut params = self.generate.clone();
        params.max_tokens = args.max_tokens.unwrap_or(params.max_tokens);
        params.temperature = args.temperature.unwrap_or(params.temperature);
        params.top_k = args.top_k.unwrap_or(params.top_k);
        params.top_p = args.top_p.unwrap_or(params.top_p);
        params.min_p = args.min_p.unwrap_or(params.min_p);
        params.repetition_penalty = args.repetition_penalty.unwrap_or(params.repetition_penalty);
        params.seed = args.seed.unwrap_or_else(any_seed);
        params.stop.extend(args.stop);
        params.logprobs = args.logprobs.unwrap_or(params.logprobs);
        let delimiter = args.delimiter.strip_suffix('\n').unwrap_or(&args.delimiter).to_owned();
        Ok(Request {
            prompt: read_prompt(args.prompt.or(args.old.prefix))?,
            samples: args.samples,
            at_once: args.old.batch_size.unwrap_or(8),
            params,
            clean: match args.clean {
                cli::Clean::None => Level::None,
                cli::Clean::Prose => Level::Prose,
                cli::Clean::Post => Level::Post,
            },
            include_prompt: args.include_prompt || args.old.include_prefix.unwrap_or(false),
            form: if args.json {
                Form::Json { stream: args.stream }
            } else {
                Form::Text { delimiter }
            },
            output: args.output,
        })
    }
}

/// The folder of a gpt-2-simple run, from gpt-2-simple's options.
pub fn old_run(old: &cli::OldNames) -> Option<String> {
    if old.run_name.is_none() && old.checkpoint_dir.is_none() {
        return None;
    }
    let folder = old.checkpoint_dir.as_deref().unwrap_or(Path::new("checkpoint"));
    let run = old.run_name.as_deref().unwrap_or("run1");
    Some(folder.join(run).to_string_lossy().into_owned())
}

/// The prompt; for `-` the text of standard input without its final line end.
fn read_prompt(prompt: Option<String>) -> Result<String> {
    if prompt.as_deref() != Some("-") {
        return Ok(prompt.unwrap_or_default());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
    let Ok(mut text) = String::from_utf8(bytes) else {
        bail!("standard input: not UTF-8; convert it first, with iconv for example");
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
