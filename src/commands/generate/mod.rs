//! `unstuck generate`: reads one prompt and prints continuations while they are generated, or the best of several; or
//! reads many prompts from a file.

mod batch;
mod prompts;
mod settings;

pub use settings::Settings;

use super::Place;
use crate::{
    clean::{self, Level, Phrases, PostRules},
    generate::{Engine, ModelInfo, Reading},
    judge::{Fault, Kind},
    token::{SamplingParams, StopReason, Token, copied},
};
use anyhow::{Context, Result};
use batch::{Batch, params_of};
use serde::Serialize;
use std::{
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
};

/// What to generate.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text to continue.
    pub prompt: String,
    /// A file with many prompts, in place of the one.
    pub prompts: Option<PathBuf>,
    /// The number of samples.
    pub samples: usize,
    /// How many candidates the samples are the best of; `None` prints every sample that is generated.
    pub best_of: Option<usize>,
    /// The number of samples that are generated in parallel; at least 1.
    pub at_once: usize,
    /// What determines the text. The seed is that of the first sample; each further sample adds 1.
    pub settings: Settings,
    /// The kind of prose that is preferred among candidates.
    pub only: Option<Kind>,
    /// Whether the output includes the prompt.
    pub include_prompt: bool,
    /// The format of the output.
    pub form: Form,
    /// The output file; `None` is standard output.
    pub output: Option<PathBuf>,
    /// The sampling settings that the user left open, by name: the model's own defaults apply to them.
    pub open: Vec<&'static str>,
}

impl Request {
    /// Tell what the model's files say, and use their sampling values for what the user left open.
    pub fn heed(&mut self, model: &ModelInfo, notice: &mut dyn FnMut(&str)) {
        for note in &model.about.notes {
            notice(&format!("{}: {note}", model.name));
        }
        let is_open = |name: &str| self.open.contains(&name);
        let (params, used) = model.about.defaults.over(&self.settings.sampling, is_open);
        if !used.is_empty() {
            notice(&format!(
                "{}: {used} are the model's own defaults (generation_config.json)",
                model.name
            ));
        }
        self.settings.sampling = params;
    }

    /// Makes the words that the text should have likelier, unless they have a bias already.
    #[must_use]
    pub fn with_must(mut self) -> Self {
        let Settings { sampling, must, .. } = &mut self.settings;
        for word in must {
            sampling.bias.entry(word.clone()).or_insert(SamplingParams::WANTED);
        }
        self
    }

    /// What a text lacks of what it should have: words, and the phrase that it should end on.
    fn unmet(&self, text: &str, stop: Option<StopReason>) -> Vec<String> {
        let Settings { sampling, must, .. } = &self.settings;
        let lacks = |phrase: &&String| Phrases::new([phrase]).find(text).is_none();
        let words = must.iter().filter(lacks).map(|word| format!("has no \"{word}\""));
        let ends = sampling.end_on.trim().is_empty() || stop == Some(StopReason::Phrase);
        let end = (!ends).then(|| format!("doesn't end on \"{}\"", sampling.end_on));
        words.chain(end).collect()
    }

    /// How many samples are generated.
    fn drawn(&self) -> usize {
        self.best_of.unwrap_or(self.samples)
    }

    /// The text of a sample as it is printed, from the text of its tokens.
    fn printed(&self, text: String) -> String {
        if self.settings.clean != Level::Post {
            return text;
        }
        let rules = PostRules { prompt: self.prompt.clone(), ..PostRules::default() };
        clean::post(&text, &rules).unwrap_or_default()
    }
}

/// The format of the output.
#[derive(Clone, Debug)]
pub enum Form {
    /// Plain text, with this line between samples.
    Text {
        /// The line.
        delimiter: String,
    },
    /// JSON Lines: one object per sample.
    Json {
        /// Whether each token is also printed as an object when it is generated.
        stream: bool,
    },
}

/// A sample as JSON.
#[derive(Serialize)]
struct Sample<'a> {
    text: String,
    prompt: &'a str,
    seen: Seen,
    seed: u64,
    model: &'a str,
    settings: &'a Settings,
    tokens: Vec<Token>,
    /// The number of tokens that are copied from the training text; `None` if that text is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    copied: Option<usize>,
    /// How it was chosen from several.
    #[serde(skip_serializing_if = "Option::is_none")]
    chosen: Option<Chosen>,
    /// The row of its prompt, of many.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
    /// What it lacks of what it should have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unmet: Vec<String>,
    /// Why it ended; `None` if it failed.
    stop: Option<StopReason>,
    /// Why it failed; the text is what came until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// The part of the prompt that the model read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Seen {
    /// How many tokens it read.
    tokens: usize,
    /// How many tokens the whole prompt has.
    of: usize,
    /// The character of the prompt at which they begin; 0 if nothing was cut.
    from: usize,
    /// Whether `tokens` is an estimate, because the tokenizer is a server's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    estimated: bool,
}

impl Seen {
    /// What was read of `prompt`.
    fn new(prompt: &str, reading: Reading, engine: &Engine) -> Result<Self> {
        let Reading { tokens, sees_from, .. } = reading;
        let before = prompt.get(..sees_from).unwrap_or_default();
        let of = if sees_from > 0 { engine.count(prompt)? } else { tokens };
        let estimated = engine.info().server.is_some();
        Ok(Self { tokens, of, from: before.chars().count(), estimated })
    }

    /// The notice that a prompt was cut.
    fn notice(self, context: usize) -> Option<String> {
        let Self { tokens, of, from, estimated } = self;
        let about = if estimated { "about " } else { "" };
        (from > 0).then(|| {
            format!(
                "the prompt has {about}{of} tokens, more than fit beside the new text into the model's context of {context}: it \
                 sees the last {about}{tokens}, from character {from} on; a lower --max-tokens leaves more room"
            )
        })
    }
}

/// What a sample was chosen by.
#[derive(Clone, Copy, Debug, Serialize)]
struct Chosen {
    /// The mean log-probability of its tokens; `None` if the model doesn't report them.
    score: Option<f32>,
    /// What is wrong with it.
    fault: Option<Fault>,
}

/// A random seed for when none is given; 32 bits, short enough to be typed again.
pub fn any_seed() -> u64 {
    RandomState::new().hash_one(()) >> 32
}

/// Generate the samples of `request`, or of each row of its file of prompts. `notice` is told what the user should know. Returns the number of tokens.
///
/// # Errors
/// When the model fails or the output can't be written; a closed pipe is an [`std::io::Error`] in the chain.
pub fn run(request: &Request, engine: &mut Engine, notice: &mut dyn FnMut(&str)) -> Result<usize> {
    if let Some(file) = &request.prompts {
        return prompts::prompts(request, file, engine, notice);
    }
    let mut out = Place::open(request.output.as_deref())?;
    let made = print(request, engine, notice, &mut out, None);
    if made.as_ref().map_or_else(|error| error.is::<Failed>(), |_| true) {
        out.finish()?;
    }
    made
}

/// A model failed in the middle of a text.
#[derive(Debug, thiserror::Error)]
#[error("{0}; the text so far was written")]
struct Failed(String);

/// Print the samples of a request. `row` is its number among many.
fn print(
    request: &Request,
    engine: &mut Engine,
    notice: &mut dyn FnMut(&str),
    out: &mut Place,
    row: Option<usize>,
) -> Result<usize> {
    let mut count = 0;
    let (model, knows) = (engine.info().name.clone(), engine.marks_copies());
    engine.cut_exactly();
    if let (Form::Json { .. }, Some(server)) = (&request.form, &engine.info().server) {
        notice(&server.notice());
    }
    let ignored = engine.ignores(&request.settings.sampling);
    if !ignored.is_empty() {
        notice(&format!(
            "{model} is on a server that doesn't have these; they have no effect: {}",
            ignored.join(", ")
        ));
    }
    let mut batch = Batch { request, engine, notice, samples: Vec::new() };
    let order = match request.best_of {
        None => (0..request.samples).map(|index| (index, None)).collect(),
        Some(_) => batch.best()?,
    };
    for (place, (index, chosen)) in order.into_iter().enumerate() {
        if let (Form::Text { delimiter }, 1..) = (&request.form, place) {
            out.write(&format!("{delimiter}\n"))?;
        }
        let mut page = Page::begin(request, out)?;
        let mut tokens = Vec::new();
        while let Some(token) = batch.next(index)? {
            page.add(&token, out)?;
            tokens.push(token);
        }
        count += tokens.len();
        let stop = batch.samples[index].stop;
        let unmet = request.unmet(&page.text, stop);
        let text = page.end(out)?;
        let which = match request.samples {
            1 => "the text".to_owned(),
            _ => format!("sample {}", place + 1),
        };
        for lack in &unmet {
            let more = if request.best_of.is_some() { "a higher --best-of" } else { "--best-of N" };
            (batch.notice)(&format!("{which} {lack}; {more} chooses from more candidates"));
        }
        if let Form::Json { .. } = request.form {
            let sampling = params_of(request, index);
            let settings = Settings { sampling, ..request.settings.clone() };
            let sample = Sample {
                text,
                prompt: &request.prompt,
                seen: batch.samples[index].seen,
                seed: settings.sampling.seed,
                model: &model,
                settings: &settings,
                copied: knows.then(|| copied(&tokens)),
                tokens,
                chosen,
                row,
                unmet,
                stop,
                error: batch.samples[index].failed.as_deref(),
            };
            write_json(&sample, out)?;
        }
        if let Some(why) = batch.samples[index].failed.take() {
            return Err(Failed(why).into());
        }
    }
    Ok(count)
}

/// Generate the samples of `request` several times, each time into another file of a folder, and print the files' names.
///
/// # Errors
/// As [`run`], and when the folder can't be made.
pub fn to_files(
    request: &Request,
    files: usize,
    folder: &Path,
    engine: &mut Engine,
    notice: &mut dyn FnMut(&str),
) -> Result<usize> {
    let shown = || folder.display().to_string();
    std::fs::create_dir_all(folder).with_context(shown)?;
    let mut out = Place::open(None)?;
    let mut tokens = 0;
    for file in 0..files {
        let mut request = request.clone();
        let before = (file * request.drawn()) as u64;
        let seed = &mut request.settings.sampling.seed;
        *seed = seed.wrapping_add(before);
        let path = folder.join(format!("generated-{seed}.txt"));
        request.output = Some(path.clone());
        tokens += run(&request, engine, notice)?;
        out.write(&format!("{}\n", path.display()))?;
    }
    Ok(tokens)
}

/// The output of one sample.
struct Page<'a> {
    request: &'a Request,
    text: String,
}

impl<'a> Page<'a> {
    fn begin(request: &'a Request, out: &mut Place) -> Result<Self> {
        if request.include_prompt && matches!(request.form, Form::Text { .. }) {
            out.write(&request.prompt)?;
        }
        Ok(Self { request, text: String::new() })
    }

    fn add(&mut self, token: &Token, out: &mut Place) -> Result<()> {
        self.text.push_str(&token.text);
        match self.request.form {
            // a post is made from the whole text, so nothing can be shown earlier
            Form::Text { .. } if self.request.settings.clean != Level::Post => {
                out.write(&token.text)?
            }
            Form::Json { stream: true } => write_json(token, out)?,
            _ => {}
        }
        Ok(())
    }

    /// Write the rest, and return the sample's text.
    fn end(self, out: &mut Place) -> Result<String> {
        let Self { request, text } = self;
        let mut text = request.printed(text);
        if let Form::Text { .. } = request.form {
            let unseen = if request.settings.clean == Level::Post { &*text } else { "" };
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

fn write_json(value: &impl Serialize, out: &mut Place) -> Result<()> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    out.write(&line)
}
