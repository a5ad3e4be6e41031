//! The request of `unstuck generate`: flags over settings, and the prompt from an argument or standard input.

use super::Config;
use crate::cli;
use anyhow::{Context, Result, bail};
use std::{io::Read, path::Path};
use unstuck::{
    clean::{self, Level},
    commands::generate::{Form, Request, any_seed},
    generate::Guide,
    token::Setting,
};

impl Config {
    /// The request of `unstuck generate`; the prompt may be read from standard input. `open` are the sampling settings
    /// that the settings leave open.
    ///
    /// # Errors
    /// When standard input can't be read or isn't UTF-8.
    pub fn generate(&self, args: cli::Generate, mut open: Vec<&'static str>) -> Result<Request> {
        let mut params = self.generate.clone();
        params.max_tokens = args.max_tokens.unwrap_or(params.max_tokens);
        let mut told = args.sampling.apply(&mut params);
        told.extend(args.max_tokens.map(|_| Setting::MAX_TOKENS.name));
        open.retain(|name| !told.contains(name));
        params.seed = args.seed.unwrap_or_else(any_seed);
        params.stop.extend(args.stop.iter().map(|stop| clean::unescaped(stop)));
        params.logprobs = args.logprobs.unwrap_or(params.logprobs);
        let delimiter = args.delimiter.strip_suffix('\n').unwrap_or(&args.delimiter).to_owned();
        Ok(Request {
            prompt: match &args.file {
                Some(file) => read_file(file)?,
                None => read_prompt(args.prompt.or(args.given_prompt))?,
            },
            guide: Guide {
                memory: clean::unified(&args.memory.unwrap_or_default()).into_owned(),
                note: clean::unified(&args.note.unwrap_or_default()).into_owned(),
            },
            samples: args.samples,
            best_of: args.best_of,
            at_once: args.at_once,
            params,
            clean: match args.clean {
                cli::Clean::None => Level::None,
                cli::Clean::Prose => Level::Prose,
                cli::Clean::Post => Level::Post,
            },
            include_prompt: args.include_prompt,
            form: if args.json {
                Form::Json { stream: args.stream }
            } else {
                Form::Text { delimiter }
            },
            output: args.output,
            open,
        })
    }
}

/// The prompt; for `-` the text of standard input without its final line end.
fn read_prompt(prompt: Option<String>) -> Result<String> {
    if prompt.as_deref() != Some("-") {
        return Ok(clean::unified(&prompt.unwrap_or_default()).into_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
    without_line_end(bytes, "standard input")
}

/// The prompt in a file, without its final line end.
fn read_file(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    without_line_end(std::fs::read(path).with_context(|| name.clone())?, &name)
}

fn without_line_end(bytes: Vec<u8>, name: &str) -> Result<String> {
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("{name}: not UTF-8; convert it first, with iconv for example");
    };
    let text = clean::unified(&text);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}
