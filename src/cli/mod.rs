//! The command line: clap's structs and nothing else. Names don't change, because scripts rely on them. Doc comments are
//! the help: each option says its unit, its default and what 0 means.

pub mod about;
mod bot;
mod corpus;
mod finetune;
mod live;
mod models;

pub use bot::{Bot, BotAct, Platform};
pub use corpus::Corpus;
pub use finetune::Finetune;
pub use live::Live;
pub use models::{Models, To};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::{ffi::OsString, path::PathBuf};
use unstuck::{
    model::{Precision, Shape},
    token::Setting,
};

/// A text editor with a small language model (GPT-2) beside the page
///
/// Opens FILE, or an empty page. Press Ctrl+Space there, and the model offers ways to continue the text. It runs on
/// this machine, and nothing you write is sent anywhere, unless you choose a model on a server. F1 shows all keys.
#[derive(Debug, Parser)]
#[command(version, long_version = about::version(), override_usage = USAGE, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    /// The draft to open; a file that doesn't exist is created when you save
    pub file: Option<PathBuf>,

    /// Run the bot, which answers mentions; the same as `unstuck bot run`
    #[arg(long)]
    pub bot: bool,

    /// Options of a show.
    #[command(flatten)]
    pub live: Live,

    /// Options of every command.
    #[command(flatten)]
    pub global: Global,

    /// A command; without one the desk opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const USAGE: &str = "unstuck [OPTIONS] [FILE]\n       unstuck [OPTIONS] <COMMAND>";

const EXAMPLES: &str = "\
Examples:
  unstuck draft.md                      write, with the model beside the draft
  unstuck --model ./my-gpt2 draft.md    the same with another model
  unstuck --live --rundown show.md      a show, with prepared prompts
  unstuck generate \"The lamp went out\"  print one continuation
  unstuck generate - < draft.md         continue the text of a file
  unstuck config                        print all settings, and where files are

Settings are read from unstuck.toml, then from the environment (UNSTUCK_MODEL,
UNSTUCK_QUANTIZATION, UNSTUCK_THREADS, UNSTUCK_THEME), then from options; the
later one wins. NO_COLOR is honoured.";

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The model: a folder, a gpt-2-simple checkpoint, a GGUF file, run:NAME for a run of `unstuck finetune`,
    /// http://HOST:PORT/v1#NAME on a server, or a name from `unstuck models list` [default: the built-in model]
    #[arg(long, global = true, value_name = "NAME|FOLDER|FILE")]
    pub model: Option<String>,

    /// Read settings from FILE instead of the configuration folder's unstuck.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The desk's theme [default: ink]
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// How weights are held in memory: f32, f16, bf16, q8_0 (8 bits), q5_1, q5_0, q4_1, q4_0 or q4k (4 bits) [default: q8_0]
    #[arg(long, global = true, value_name = "FORM")]
    pub quantization: Option<Precision>,

    /// Number of threads the model uses [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = parse_count)]
    pub threads: Option<usize>,

    /// Print no notices
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Log more; -vv logs still more. The desk writes to a log file (`unstuck config` prints its folder)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the model's continuation of a prompt
    ///
    /// The text streams to standard output as it is generated. The same prompt, settings and seed give the same text on
    /// the same machine.
    Generate(Box<Generate>),

    /// Print how likely the model finds a text, token by token
    Score(Score),

    /// Run the bot that answers mentions, and manage its replies
    ///
    /// Replies wait for `unstuck bot approve`, unless the setting bot.posting says otherwise.
    Bot(Bot),

    /// Measure the speed of a model on this machine
    Bench(Bench),

    /// Print a script that completes commands and options in a shell
    ///
    /// For bash: unstuck completions bash > ~/.local/share/bash-completion/completions/unstuck
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },

    /// Print a manual page, as in: unstuck man generate | man -l -
    Man {
        /// The command it describes [default: the whole program]
        command: Vec<String>,
    },

    /// Print all settings, and where each value comes from
    ///
    /// The output is itself a valid file of settings. The exit status is 1 if a setting is wrong and was left out.
    Config,

    /// Turn what you have written into clean text for training
    ///
    /// Reads an X archive's tweets.js, tables (.csv, .tsv), JSON and JSON lines, plain text, Markdown, and folders of
    /// them. Removes links, drops retweets, empty rows and duplicates, and prints how many of each. Writes train.txt,
    /// validation.txt and corpus.json to DIR, either all three or none.
    Corpus(Corpus),

    /// List, fetch, import, export, verify and remove models
    #[command(subcommand)]
    Models(Models),

    /// Fine-tune a model on your own texts
    ///
    /// A run is the folder runs/NAME in the data folder. Its checkpoints are models in the Hugging Face layout, which other
    /// programs for GPT-2 can open; `--model run:NAME` opens the newest. To resume a run that was interrupted, run the
    /// same command again.
    Finetune(Box<Finetune>),

    /// Delete the history of a draft: all that was typed, taken or offered. The draft itself stays
    Forget(Forget),
}

/// Arguments of `unstuck forget`.
#[derive(Args, Debug)]
pub struct Forget {
    /// The draft, which need not exist any more
    #[arg(value_name = "DRAFT")]
    pub draft: PathBuf,
}

/// Arguments of `unstuck score`.
#[derive(Args, Debug)]
pub struct Score {
    /// The text; - reads standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,

    /// Print one JSON object with every token and the perplexity
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `unstuck bench`.
#[derive(Args, Debug)]
pub struct Bench {
    /// Use random weights in a published size instead of a model: 124m, 355m, 774m or 1558m parameters
    #[arg(long, value_name = "SHAPE")]
    pub random: Option<Shape>,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Only write the random weights to this GGUF file, to measure another program with them
    #[arg(long, value_name = "FILE", requires = "random", hide = true)]
    pub write: Option<PathBuf>,

    /// Also ask N times in one process, and compare with a new engine; 0 = off
    #[arg(long, value_name = "N", default_value = "0")]
    pub steady: usize,
}

/// Arguments of `unstuck generate`.
#[derive(Args, Debug)]
pub struct Generate {
    /// The text to continue; - reads standard input; without it the model starts a new text
    #[arg(allow_hyphen_values = false)]
    pub prompt: Option<String>,

    /// Number of samples
    #[arg(short = 'n', long = "samples", alias = "nsamples", value_name = "N", default_value = "1", value_parser = parse_count)]
    pub samples: usize,

    /// `SamplingParams::max_tokens`.
    #[arg(long, alias = "length", value_name = "N", help = Setting::MAX_TOKENS.help(), value_parser = |text: &str| Setting::MAX_TOKENS.parse_count(text))]
    pub max_tokens: Option<usize>,

    /// `SamplingParams::temperature`.
    #[arg(long, value_name = "F", help = Setting::TEMPERATURE.help(), value_parser = |text: &str| Setting::TEMPERATURE.parse_number(text))]
    pub temperature: Option<f32>,

    /// `SamplingParams::top_k`.
    #[arg(long, alias = "top_k", value_name = "K", help = Setting::TOP_K.help(), value_parser = |text: &str| Setting::TOP_K.parse_count(text))]
    pub top_k: Option<usize>,

    /// `SamplingParams::top_p`.
    #[arg(long, alias = "top_p", value_name = "F", help = Setting::TOP_P.help(), value_parser = |text: &str| Setting::TOP_P.parse_number(text))]
    pub top_p: Option<f32>,

    /// `SamplingParams::min_p`.
    #[arg(long, value_name = "F", help = Setting::MIN_P.help(), value_parser = |text: &str| Setting::MIN_P.parse_number(text))]
    pub min_p: Option<f32>,

    /// `SamplingParams::repetition_penalty`.
    #[arg(long, value_name = "F", help = Setting::REPETITION_PENALTY.help(), value_parser = |text: &str| Setting::REPETITION_PENALTY.parse_number(text))]
    pub repetition_penalty: Option<f32>,

    /// Seed of the first sample; each further sample's is one more [default: random; --json prints it]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// End the text before this string; can be given several times
    #[arg(long, alias = "truncate", value_name = "STR", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stop: Vec<String>,

    /// Print the prompt as well
    #[arg(long)]
    pub include_prompt: bool,

    /// What to remove from the text
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    pub clean: Clean,

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
    #[arg(short, long, alias = "destination_path", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The line printed between samples [default: ====================]
    #[arg(
        long,
        alias = "sample_delim",
        value_name = "STR",
        default_value = "====================",
        allow_hyphen_values = true,
        hide_default_value = true
    )]
    pub delimiter: String,

    /// gpt-2-simple's names.
    #[command(flatten)]
    pub old: OldNames,
}

/// Options of gpt-2-simple that don't mean exactly the same as one of ours. Its other names are aliases.
#[derive(Args, Debug)]
pub struct OldNames {
    /// The prompt.
    #[arg(long, hide = true, conflicts_with = "prompt", allow_hyphen_values = true)]
    pub prefix: Option<String>,
    /// `include_prompt`, with a value.
    #[arg(long = "include_prefix", hide = true, num_args = 0..=1, default_missing_value = "true", value_parser = parse_truth)]
    pub include_prefix: Option<bool>,
    /// How many samples are generated at once.
    #[arg(long = "batch_size", hide = true, value_parser = parse_count)]
    pub batch_size: Option<usize>,
    /// The run's folder in `checkpoint_dir`.
    #[arg(long = "run_name", hide = true)]
    pub run_name: Option<String>,
    /// The folder of runs [default: `checkpoint`].
    #[arg(long = "checkpoint_dir", hide = true)]
    pub checkpoint_dir: Option<PathBuf>,
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

fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected at least 1".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("expected a whole number".into()),
    }
}

fn parse_number_of(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("expected a number from {least} to {most}"))
}

/// Also reads Python's `True` and `False`, which gpt-2-simple's commands use.
fn parse_truth(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// `--bot` is short for `bot run`: replaces the option by that command.
pub fn with_bot_command(args: Vec<OsString>) -> Vec<OsString> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(at) = args[..end].iter().position(|arg| arg == "--bot") else { return args };
    let mut args = args;
    args.splice(at..=at, ["bot".into(), "run".into()]);
    args
}
