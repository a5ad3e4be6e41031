//! The command line: clap's structs and nothing else. Names don't change, because scripts rely on them. Doc comments are
//! the help: each option says its unit, its default and what 0 means.

pub mod about;
mod bot;
mod corpus;
mod finetune;
mod generate;
mod history;
mod line;
mod live;
mod meant;
mod models;
mod old;
mod options;
mod sampling;
mod score;

pub use bot::{Bot, BotAct, Platform};
pub use corpus::Corpus;
pub use finetune::Finetune;
pub use generate::{Clean, Generate, Only};
pub use history::{Export, Replay, Verify};
pub use line::{Line, Stop};
pub use live::Live;
pub use models::{Models, To};
pub use options::{DraftModelOptions, Global, ModelChoice, ModelOptions, Overrides};
pub use sampling::Sampling;
pub use score::{By, Score};

use meant::{meant, meant_by};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::{ffi::OsString, path::PathBuf};
use unstuck::model::Shape;

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

    /// The desk's theme [default: ink]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,

    /// Write in lines of text, without a screen: for screen readers and pipes. On by default when UNSTUCK_PLAIN=1,
    /// ACCESSIBLE=1 or TERM=dumb is set
    #[arg(long, conflicts_with = "live")]
    pub plain: bool,

    /// Options of the model.
    #[command(flatten)]
    pub model: DraftModelOptions,

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
  unstuck --plain draft.md              the same in lines of text
  unstuck --live --rundown show.md      a show, with prepared prompts
  unstuck generate \"The lamp went out\"  print one continuation
  unstuck generate - < draft.md         continue the text of a file
  unstuck config                        print all settings, and where files are

Settings are read from unstuck.toml, then from the environment (UNSTUCK_MODEL,
UNSTUCK_QUANTIZATION, UNSTUCK_THREADS, UNSTUCK_THEME, UNSTUCK_PLAIN), then from
options; the later one wins. NO_COLOR is honoured.";

impl Cli {
    /// Parse a command line. Every option may also be written with underscores.
    ///
    /// # Errors
    /// When it is wrong, or asks for help.
    pub fn read(args: Vec<OsString>) -> Result<Self, clap::Error> {
        let mut command = with_underscores(Self::command());
        let matches = command.try_get_matches_from_mut(args)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }
}

/// Every option may also be written with underscores.
fn with_underscores(command: clap::Command) -> clap::Command {
    let spelt = |arg: clap::Arg| {
        let names = arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default());
        let more: Vec<String> =
            names.filter(|name| name.contains('-')).map(|name| name.replace('-', "_")).collect();
        arg.aliases(more)
    };
    let names: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    names.into_iter().fold(command.mut_args(spelt), |command, name| {
        command.mut_subcommand(name, with_underscores)
    })
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the model's continuation of a prompt
    ///
    /// The text streams to standard output as it is generated. The same prompt, settings and seed give the same text on
    /// the same machine.
    Generate(Box<Generate>),

    /// Print how likely the model finds a text: each token, word and sentence, and the whole
    ///
    /// Log-probabilities and entropies are in nats. A text longer than the model's context is read in windows that overlap:
    /// each token has at least about half a context before it.
    Score(Score),

    /// Run the bot that answers mentions, and manage its replies
    ///
    /// Replies wait for `unstuck bot approve`, unless the setting bot.posting says otherwise.
    Bot(Bot),

    /// Measure the speed of a model on this machine
    Bench(Bench),

    /// Print facts about this machine, its terminal and the program's folders, for bug reports
    ///
    /// It measures the built-in model's speed for a moment. It also works without a terminal, and prints nothing private: no
    /// names, no paths, no texts.
    Doctor {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },

    /// Show the desk in three steps, on a copy of an example
    Tour(DraftModelOptions),

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
    Config(DraftModelOptions),

    /// Turn what you have written into clean text for training
    ///
    /// Reads the archives of social networks and chats, tables, JSON, documents (DOCX, ODT, EPUB, HTML, RTF, LaTeX),
    /// plain text, Markdown, mail, and folders and ZIPs of them. Removes links, drops retweets, empty rows and duplicates, and prints how many of each. Writes train.txt,
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

    /// Repeat what the machine wrote in a draft, from the receipts in its history
    ///
    /// Each draw of a token is made again and compared with the recorded one. The exit status is 0 if all of the machine's
    /// text is proven, and 1 if a part of it isn't, can't be, or was changed.
    Verify(Verify),

    /// Make show notes, subtitles, chapters, a recording or a page of a draft and its history
    ///
    /// Times are those of the history, without the time between two sittings.
    Export(Export),

    /// Play the history of a draft in the terminal
    ///
    /// No pause is longer than two seconds. Space pauses, the left and right arrows step, up and down go ten seconds, + and -
    /// change the speed, q ends. Without a terminal it prints the page after each change.
    Replay(Replay),

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

    /// Options of the model.
    #[command(flatten)]
    pub model: DraftModelOptions,
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

/// `--bot` is short for `bot run`: replaces the option by that command.
fn with_bot_command(args: Vec<OsString>) -> Vec<OsString> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let Some(at) = args[..end].iter().position(|arg| arg == "--bot") else { return args };
    let mut args = args;
    args.splice(at..=at, ["bot".into(), "run".into()]);
    args
}
