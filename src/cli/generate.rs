//! Arguments of `unstuck generate`.

use super::{DraftModelOptions, Sampling, parse_count};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use unstuck::token::{SamplingParams, Setting};

/// Arguments of `unstuck generate`.
#[derive(Args, Debug)]
pub struct Generate {
    /// The text to continue; - reads standard input; without it the model starts a new text
    #[arg(allow_hyphen_values = false)]
    pub prompt: Option<String>,

    /// The prompt, as llama.cpp and others give it.
    #[arg(
        short = 'p',
        long = "prompt",
        hide = true,
        value_name = "TEXT",
        conflicts_with = "prompt",
        allow_hyphen_values = true
    )]
    pub given_prompt: Option<String>,

    /// Read the prompt from FILE
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["prompt", "given_prompt"])]
    pub file: Option<PathBuf>,

    /// Text that the model sees before all it sees of the prompt
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub memory: Option<String>,

    /// Text that the model sees a few sentences before the end of the prompt
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub note: Option<String>,

    /// Read many prompts from FILE, one a line, or JSON lines with a `prompt` and settings of their own; print JSON lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prompt", "given_prompt", "file", "files", "stream", "include_prompt"])]
    pub prompts: Option<PathBuf>,

    /// Number of samples
    #[arg(short = 'n', long = "samples", value_name = "N", default_value = "1", value_parser = parse_count)]
    pub samples: usize,

    /// Generate N candidates and print the best of them, as many as --samples
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub best_of: Option<usize>,

    /// `SamplingParams::max_tokens`.
    #[arg(long, aliases = ["max-new-tokens", "n-predict"], value_name = "N", help = Setting::MAX_TOKENS.help(), value_parser = |text: &str| Setting::MAX_TOKENS.parse_count(text))]
    pub max_tokens: Option<usize>,

    /// How tokens are chosen.
    #[command(flatten)]
    pub sampling: Sampling,

    /// Seed of the first sample; each further sample's is one more [default: random; --json prints it]
    #[arg(long, short_alias = 's', value_name = "N")]
    pub seed: Option<u64>,

    /// End the text before this string (\n is a line end, \t a tab, \\ a backslash); can be given several times
    #[arg(long, value_name = "STR", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stop: Vec<String>,

    /// A word or phrase that the text must not contain, in any case; can be given several times
    #[arg(long, value_name = "PHRASE", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub ban: Vec<String>,

    /// Make a word likelier or, below 0, less likely, from -100 to 100; can be given several times
    #[arg(long, value_name = "WORD=X", allow_hyphen_values = true, value_parser = SamplingParams::read_bias)]
    pub bias: Vec<(String, f32)>,

    /// A word or phrase that the text should have; can be given several times. Use it with --best-of
    #[arg(long, value_name = "PHRASE", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub must: Vec<String>,

    /// End the text behind this phrase
    #[arg(long, value_name = "PHRASE", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub end_on: Option<String>,

    /// With --best-of: prefer this kind of prose
    #[arg(long, value_name = "KIND", requires = "best_of")]
    pub only: Option<Only>,

    /// Print the prompt as well
    #[arg(long)]
    pub include_prompt: bool,

    /// What to remove from the text [default: none]
    #[arg(long, value_name = "LEVEL")]
    pub clean: Option<Clean>,

    /// Print one JSON object per line for each sample, with each token's log-probability and rank
    #[arg(long)]
    pub json: bool,

    /// With --json: also print one object per line for each token, as it is generated
    #[arg(long, requires = "json")]
    pub stream: bool,

    /// With --json: report the K most likely tokens at each position; 0 = none [default: 0]
    #[arg(long, value_name = "K", requires = "json", value_parser = |text: &str| Setting::LOGPROBS.parse_count(text))]
    pub logprobs: Option<usize>,

    /// Write to FILE, when all is done, instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The line printed between samples [default: ====================]
    #[arg(
        long,
        value_name = "STR",
        default_value = "====================",
        allow_hyphen_values = true,
        hide_default_value = true
    )]
    pub delimiter: String,

    /// Write each of N files with its own samples into the folder --into, instead of printing them
    #[arg(long, value_name = "N", requires = "into", conflicts_with_all = ["output", "json"], value_parser = parse_count)]
    pub files: Option<usize>,

    /// The folder for --files; created if it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub into: Option<PathBuf>,

    /// Samples that are generated at once.
    #[arg(long, hide = true, default_value = "8", value_parser = parse_count)]
    pub at_once: usize,

    /// Options of the model.
    #[command(flatten)]
    pub model: DraftModelOptions,
}

impl Generate {
    /// What one option must not be beside another.
    ///
    /// # Errors
    /// With the sentence for the user.
    pub fn check(&self) -> Result<(), String> {
        match self.best_of {
            Some(best_of) if best_of < self.samples => Err(format!(
                "--best-of {best_of} is less than --samples {}: give at least as many candidates as samples",
                self.samples
            )),
            _ => Ok(()),
        }
    }
}

/// A kind of prose.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Only {
    /// How things are and look
    Description,
    /// What somebody does
    Action,
    /// What somebody says
    Dialogue,
}

/// How much is removed from the model's text.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Clean {
    /// Nothing
    None,
    /// Training tags and control characters
    Prose,
    /// Also links, handles and unfinished sentences; at most 280 characters as platforms count them
    Post,
}
