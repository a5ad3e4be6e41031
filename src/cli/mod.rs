//! What people type: clap's structs and nothing else. The names are a promise, see `README.md`.

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

/// A page, and a GPT-2 beside it.
///
/// Opens a desk on FILE, or on an empty page, where a small language model on this machine offers ways to go on.
/// Nothing leaves the machine. F1 in the desk shows every key.
#[derive(Debug, Parser)]
#[command(version, long_version = about::version(), override_usage = USAGE, after_help = EXAMPLES)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,

    /// The draft to open; a missing file is made when it is saved
    pub file: Option<PathBuf>,

    /// Answer mentions with nobody at the keyboard; the same as `unstuck bot run`
    #[arg(long)]
    pub bot: bool,

    /// On air.
    #[command(flatten)]
    pub live: Live,

    /// Something else than the desk.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const USAGE: &str = "unstuck [OPTIONS] [FILE]\n       unstuck [OPTIONS] <COMMAND>";

const EXAMPLES: &str = "\
Examples:
  unstuck draft.md                        write, with the model beside the draft
  unstuck --live --rundown show.md        a show: on air, with prompts prepared beforehand
  unstuck generate \"The lamp went out\"    print one continuation
  unstuck generate - < draft.md           go on from a file
  unstuck config                          the settings that hold, where each comes from, and where files lie
  unstuck --model ./my-gpt2 draft.md      another model: a folder with config.json, tokenizer.json, model.safetensors

Settings stand in unstuck.toml, over it in UNSTUCK_MODEL, UNSTUCK_THEME, UNSTUCK_THREADS and UNSTUCK_QUANTIZATION,\n\
and over those in flags. NO_COLOR is honoured.";

/// Flags of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The model: a folder, a run of gpt-2-simple, a GGUF file, run:NAME, or a name in the data folder's or this
    /// folder's `models` or the hub's cache; without, the one in the program
    #[arg(long, global = true, value_name = "NAME|FOLDER|FILE")]
    pub model: Option<String>,

    /// Read settings from FILE instead of the usual place
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The desk's theme
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// How weights are held: f32, f16, bf16, q8_0 or q4k [default: q8_0]
    #[arg(long, global = true, value_name = "FORM")]
    pub quantization: Option<Precision>,

    /// How many threads the model may use [default: one a core]
    #[arg(long, global = true, value_name = "N", value_parser = parse_count)]
    pub threads: Option<usize>,

    /// Say less: no notices
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Say more; twice: more yet. What is said by the desk goes to the log (`unstuck config` tells where)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// What the program does besides opening the desk.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print how the model goes on from a prompt
    ///
    /// The text streams to standard output as it is made. The same prompt, settings and seed give the same text on
    /// one machine.
    Generate(Box<Generate>),

    /// Print how likely a text is to the model, token by token
    Score(Score),

    /// Answer mentions on a platform with nobody at the keyboard, and look after that
    ///
    /// Posts nothing by itself unless the settings say so: replies wait for `unstuck bot approve`.
    Bot(Bot),

    /// Measure how fast a model is on this machine
    Bench(Bench),

    /// Print the script that completes commands and options in a shell
    ///
    /// For bash: unstuck completions bash > ~/.local/share/bash-completion/completions/unstuck
    Completions {
        /// Whose
        shell: clap_complete::Shell,
    },

    /// Print the manual's page: unstuck man | man -l -
    Man {
        /// The command that it is about; without, the program
        command: Vec<String>,
    },

    /// Print the settings that hold, and where each comes from
    ///
    /// What is printed could be a file of settings itself. Ends with 1 when something had to be left out.
    Config,

    /// Turn what you have written into clean text for training
    ///
    /// Reads an X archive's tweets.js, tables (.csv, .tsv), JSON and JSON lines, plain text, Markdown, and folders of
    /// them. Removes links, drops retweets, empty rows and duplicates, and prints how many of each. Writes train.txt,
    /// validation.txt and corpus.json to DIR, either all three or none.
    Corpus(Corpus),

    /// List, fetch, import, export, check and remove models
    #[command(subcommand)]
    Models(Models),

    /// Fine-tune a model on your own texts
    ///
    /// A run is the folder runs/NAME in the data folder. Its checkpoints are models in the Hugging Face layout, which other
    /// programs for GPT-2 can open; `--model run:NAME` opens the newest. To resume a run that was interrupted, run the
    /// same command again.
    Finetune(Box<Finetune>),

    /// Remove the history of a draft: all that was ever typed, taken or offered there. The draft stays
    Forget(Forget),
}

/// What `unstuck forget` can be told.
#[derive(Args, Debug)]
pub struct Forget {
    /// The draft, existing or not any more
    #[arg(value_name = "DRAFT")]
    pub draft: PathBuf,
}

/// What `unstuck score` can be told.
#[derive(Args, Debug)]
pub struct Score {
    /// The text; `-` reads it from standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,

    /// One JSON object: every token, and the perplexity
    #[arg(long)]
    pub json: bool,
}

/// What `unstuck bench` can be told.
#[derive(Args, Debug)]
pub struct Bench {
    /// A published shape with weights drawn at random: 124m, 355m, 774m or 1558m
    #[arg(long, value_name = "SHAPE")]
    pub random: Option<Shape>,

    /// One JSON object
    #[arg(long)]
    pub json: bool,

    /// Only write the random weights to this GGUF file, for measuring another program with them
    #[arg(long, value_name = "FILE", requires = "random", hide = true)]
    pub write: Option<PathBuf>,

    /// Also ask N times in one process, and compare with a fresh engine
    #[arg(long, value_name = "N", default_value = "0")]
    pub steady: usize,
}

/// What `unstuck generate` can be told.
#[derive(Args, Debug)]
pub struct Generate {
    /// The text to go on from; `-` reads it from standard input; without, the model opens a text of its own
    #[arg(allow_hyphen_values = false)]
    pub prompt: Option<String>,

    /// How many samples
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

    /// The first sample's seed, the next one's is one more; without, a random one (`--json` tells)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// End where this text begins; may be given several times
    #[arg(long, alias = "truncate", value_name = "STR", allow_hyphen_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub stop: Vec<String>,

    /// Print the prompt too
    #[arg(long)]
    pub include_prompt: bool,

    /// What is taken out: nothing; tags and control characters; also all that a public post must not have
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    pub clean: Clean,

    /// One JSON object a line for each sample, with every token's log-probability and rank
    #[arg(long)]
    pub json: bool,

    /// With --json: also one object a line for each token, as it comes
    #[arg(long, requires = "json")]
    pub stream: bool,

    /// With --json: report the K most likely tokens at each position
    #[arg(long, value_name = "K", requires = "json", value_parser = |text: &str| Setting::LOGPROBS.parse_count(text))]
    pub logprobs: Option<usize>,

    /// Write to FILE when all is done, instead of printing
    #[arg(short, long, alias = "destination_path", value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The line between samples
    #[arg(
        long,
        alias = "sample_delim",
        value_name = "STR",
        default_value = "====================",
        allow_hyphen_values = true,
        hide_default_value = true
    )]
    pub delimiter: String,

    /// Names of old.
    #[command(flatten)]
    pub old: OldNames,
}

/// gpt-2-simple's names that don't mean just what one of ours does, so that old commands run.
#[derive(Args, Debug)]
pub struct OldNames {
    /// The prompt.
    #[arg(long, hide = true, conflicts_with = "prompt", allow_hyphen_values = true)]
    pub prefix: Option<String>,
    /// `include_prompt`, with a word behind it.
    #[arg(long = "include_prefix", hide = true, num_args = 0..=1, default_missing_value = "true", value_parser = parse_truth)]
    pub include_prefix: Option<bool>,
    /// How many samples are made side by side.
    #[arg(long = "batch_size", hide = true, value_parser = parse_count)]
    pub batch_size: Option<usize>,
    /// The run's folder in `checkpoint_dir`.
    #[arg(long = "run_name", hide = true)]
    pub run_name: Option<String>,
    /// The folder of runs, `checkpoint` when there is none.
    #[arg(long = "checkpoint_dir", hide = true)]
    pub checkpoint_dir: Option<PathBuf>,
}

/// How much is taken out of what the model says.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Clean {
    /// Nothing
    None,
    /// Training tags and control characters
    Prose,
    /// Also links, handles, and sentences that don't end; at most 280 characters as platforms count them
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

/// Python's words for it too: gpt-2-simple's own commands have `True`.
fn parse_truth(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// `--bot` is another word for `bot run`: the flag goes, and the command comes where the flag stood.
pub fn with_bot_command(args: Vec<OsString>) -> Vec<OsString> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(at) = args[..end].iter().position(|arg| arg == "--bot") else { return args };
    let mut args = args;
    args.splice(at..=at, ["bot".into(), "run".into()]);
    args
}
