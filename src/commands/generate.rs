//! `unstuck generate`: one prompt in, continuations out, as they are made.

use super::Output;
use crate::{
    clean::{self, Level, PostRules},
    generate::{Ask, Engine},
    token::{SamplingParams, StopReason, Token},
};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    hash::{BuildHasher, RandomState},
    path::PathBuf,
};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text to go on from.
    pub prompt: String,
    /// How many samples.
    pub samples: usize,
    /// How tokens are chosen. Its seed is the first sample's; the next one's is one more.
    pub params: SamplingParams,
    /// What is taken out.
    pub clean: Level,
    /// Whether the prompt is part of the text.
    pub include_prompt: bool,
    /// How samples are written.
    pub form: Form,
    /// A file instead of standard output.
    pub output: Option<PathBuf>,
}

/// How samples are written.
#[derive(Clone, Debug)]
pub enum Form {
    /// As they are, with this line between two.
    Text {
        /// The line.
        delimiter: String,
    },
    /// One object a line for each sample.
    Json {
        /// One for each token too, as it comes.
        stream: bool,
    },
}

/// A sample as JSON.
#[derive(Serialize)]
struct Sample<'a> {
    text: String,
    prompt: &'a str,
    seed: u64,
    model: &'a str,
    settings: Settings<'a>,
    tokens: Vec<Token>,
    stop: StopReason,
}

/// With what it was made, so that it can be made again.
#[derive(Serialize)]
struct Settings<'a> {
    #[serde(flatten)]
    params: &'a SamplingParams,
    clean: Level,
}

/// A seed for when none is given, short enough to be typed again.
pub fn any_seed() -> u64 {
    RandomState::new().hash_one(()) >> 32
}

/// Write what `request` wants.
///
/// # Errors
/// When the model fails or the output can't be written; a closed pipe is an [`std::io::Error`] in the chain.
pub fn run(request: &Request, engine: &mut Engine) -> Result<()> {
    let mut out = Output::open(request.output.as_deref())?;
    for index in 0..request.samples {
        if let (Form::Text { delimiter }, 1..) = (&request.form, index) {
            out.write(&format!("{delimiter}\n"))?;
        }
        let mut params = request.params.clone();
        params.seed = params.seed.wrapping_add(index as u64);
        sample(request, params, engine, &mut out)?;
    }
    out.finish()
}

/// Make one sample and write it.
fn sample(
    request: &Request,
    params: SamplingParams,
    engine: &mut Engine,
    out: &mut Output,
) -> Result<()> {
    let model = engine.info().name.clone();
    let mut page = Page::begin(request, out)?;
    let ask = Ask {
        branch: 0,
        prompt: request.prompt.clone(),
        params: params.clone(),
        clean: request.clean,
    };
    let mut stream = engine.stream(ask).context("the prompt")?;
    let mut tokens = Vec::new();
    for token in &mut stream {
        let token = token.context("the model")?;
        page.add(&token, out)?;
        tokens.push(token);
    }
    let stop = stream.stop.unwrap_or(StopReason::Length);
    let text = page.end(out)?;
    if let Form::Json { .. } = request.form {
        let settings = Settings { params: &params, clean: request.clean };
        let (prompt, model, seed) = (&*request.prompt, &*model, params.seed);
        write_json(&Sample { text, prompt, seed, model, settings, tokens, stop }, out)?;
    }
    Ok(())
}

/// One sample's text as it grows.
struct Page<'a> {
    request: &'a Request,
    text: String,
}

impl<'a> Page<'a> {
    fn begin(request: &'a Request, out: &mut Output) -> Result<Self> {
        if request.include_prompt && matches!(request.form, Form::Text { .. }) {
            out.write(&request.prompt)?;
        }
        Ok(Self { request, text: String::new() })
    }

    fn add(&mut self, token: &Token, out: &mut Output) -> Result<()> {
        self.text.push_str(&token.text);
        match self.request.form {
            // a post is made of the whole text: nothing can be shown before
            Form::Text { .. } if self.request.clean != Level::Post => out.write(&token.text)?,
            Form::Json { stream: true } => write_json(token, out)?,
            _ => {}
        }
        Ok(())
    }

    /// What is left to write, and the sample's text.
    fn end(self, out: &mut Output) -> Result<String> {
        let Self { request, mut text } = self;
        if request.clean == Level::Post {
            let rules = PostRules { prompt: request.prompt.clone(), ..PostRules::default() };
            text = clean::post(&text, &rules).unwrap_or_default();
        }
        if let Form::Text { .. } = request.form {
            let unseen = if request.clean == Level::Post { &*text } else { "" };
            out.write(unseen)?;
            if !text.ends_with('\n') {
                out.write("\n")?;
            }
        }
        if request.include_prompt {
            text.insert_str(0, &request.prompt);
        }
        Ok(text)
    }
}

fn write_json(value: &impl Serialize, out: &mut Output) -> Result<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    Ok(out.write(&line)?)
}
