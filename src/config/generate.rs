//! The request of `unstuck generate`: flags over settings, and the prompt from an argument or standard input.

use super::Config;
use crate::cli;
use anyhow::{Context, Result, bail};
use std::{io::Read, path::Path};
use unstuck::{
    clean::{self, Level},
    commands::generate::{Form, Request, any_seed},
    judge::Kind,
    token::Setting,
};

impl Config {
    /// The request of `unstuck generate`; the prompt may be read from standard input. `open` are the sampling settings
    /// that the settings leave open.
    ///
    /// # Errors
    /// When standard input can't be read or isn't UTF-8.
    pub fn generate(&self, args: cli::Generate, mut open: Vec<&'static str>) -> Result<Request> {
        let mut settings = self.generate.clone();
        let params = &mut settings.sampling;
        params.max_tokens = args.max_tokens.unwrap_or(params.max_tokens);
        let mut told = args.sampling.apply(params);
        told.extend(args.max_tokens.map(|_| Setting::MAX_TOKENS.name));
        open.retain(|name| !told.contains(name));
        let chosen = (params.seed > 0).then_some(params.seed);
        params.seed = args.seed.or(chosen).unwrap_or_else(any_seed);
        params.ban.extend(args.ban.iter().map(|phrase| clean::unescaped(phrase)));
        params.bias.extend(args.bias);
        params.end_on = args.end_on.unwrap_or(std::mem::take(&mut params.end_on));
        params.stop.extend(args.stop.iter().map(|stop| clean::unescaped(stop)));
        params.logprobs = args.logprobs.unwrap_or(params.logprobs);
        settings.must.extend(args.must);
        for (text, given) in
            [(&mut settings.memory, &args.memory), (&mut settings.note, &args.note)]
        {
            if let Some(given) = given {
                *text = clean::unified(given).into_owned();
            }
        }
        settings.clean = match args.clean {
            Some(cli::Clean::None) => Level::None,
            Some(cli::Clean::Prose) => Level::Prose,
            Some(cli::Clean::Post) => Level::Post,
            None => settings.clean,
        };
        let delimiter = args.delimiter.strip_suffix('\n').unwrap_or(&args.delimiter).to_owned();
        let is_json = args.json || args.prompts.is_some();
        Ok(Request {
            prompt: match &args.file {
                Some(file) => read_file(file)?,
                None if args.prompts.is_some() => String::new(),
                None => read_prompt(args.prompt.or(args.given_prompt))?,
            },
            prompts: args.prompts,
            samples: args.samples,
            best_of: args.best_of,
            at_once: args.at_once,
            settings,
            only: args.only.map(|kind| match kind {
                cli::Only::Description => Kind::Description,
                cli::Only::Action => Kind::Action,
                cli::Only::Dialogue => Kind::Dialogue,
            }),
            include_prompt: args.include_prompt,
            form: if is_json {
                Form::Json { stream: args.stream }
            } else {
                Form::Text { delimiter }
            },
            output: args.output,
            open,
        }
        .with_must())
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
