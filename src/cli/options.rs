//! Options that several commands have, and which of them take precedence over settings.

use super::{BotAct, Cli, Command, Models, parse_count};
use clap::{ArgAction, Args};
use std::path::PathBuf;
use unstuck::model::Precision;

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Read settings from FILE instead of the configuration folder's unstuck.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print no notices
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Log more; -vv logs still more. The desk writes to a log file (`unstuck config` prints its folder)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// Options of commands that accept a draft model.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct With {
    /// Which model, and how it is held.
    #[command(flatten)]
    pub open: Open,

    /// A smaller model with the same vocabulary, which proposes tokens to save time; the text stays the same
    #[arg(long, value_name = "NAME|FOLDER|FILE")]
    pub draft: Option<String>,
}

/// Options of commands that open a model.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct Open {
    /// Which model.
    #[command(flatten)]
    pub which: Which,

    /// How weights are held in memory: f32, f16, bf16, q8_0 (8 bits), q5_1, q5_0, q4_1, q4_0 or q4k (4 bits) [default: q8_0]
    #[arg(long, value_name = "FORM")]
    pub quantization: Option<Precision>,
}

/// Which model is loaded, and with how many threads.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct Which {
    /// The model: a folder, a gpt-2-simple checkpoint, a GGUF file, run:NAME for a run of `unstuck finetune`,
    /// http://HOST:PORT/v1#NAME on a server, or a name from `unstuck models list` [default: the built-in model]
    #[arg(long, short_alias = 'm', value_name = "NAME|FOLDER|FILE")]
    pub model: Option<String>,

    /// Number of threads the model uses [default: one per core]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub threads: Option<usize>,
}

/// The options that take precedence over settings, wherever they stand on the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--model`.
    pub model: Option<String>,
    /// `--theme`.
    pub theme: Option<String>,
    /// `--quantization`.
    pub quantization: Option<Precision>,
    /// `--draft`.
    pub draft: Option<String>,
    /// `--threads`.
    pub threads: Option<usize>,
}

/// The options of the model that a command accepts.
#[derive(Clone, Copy, Default)]
struct Uses<'a> {
    which: Option<&'a Which>,
    open: Option<&'a Open>,
    with: Option<&'a With>,
}

impl<'a> From<&'a Which> for Uses<'a> {
    fn from(which: &'a Which) -> Self {
        Self { which: Some(which), ..Self::default() }
    }
}

impl<'a> From<&'a Open> for Uses<'a> {
    fn from(open: &'a Open) -> Self {
        Self { open: Some(open), ..Self::from(&open.which) }
    }
}

impl<'a> From<&'a With> for Uses<'a> {
    fn from(with: &'a With) -> Self {
        Self { with: Some(with), ..Self::from(&with.open) }
    }
}

impl Command {
    /// The options of the model that it accepts.
    fn uses(&self) -> Uses<'_> {
        match self {
            Self::Generate(args) => (&args.with).into(),
            Self::Bench(args) => (&args.with).into(),
            Self::Config(with) | Self::Tour(with) => with.into(),
            Self::Bot(bot) => match &bot.act {
                BotAct::Run(run) | BotAct::Once(run) => (&run.with).into(),
                BotAct::Check(with) => with.into(),
                _ => Uses::default(),
            },
            Self::Score(args) => (&args.open).into(),
            Self::Models(Models::Info(args)) => (&args.open).into(),
            Self::Models(Models::Verify(args)) => (&args.open).into(),
            Self::Models(Models::Export(args)) => (&args.open).into(),
            Self::Models(Models::List(args)) => (&args.which).into(),
            Self::Models(Models::Pack(args)) => (&args.which).into(),
            Self::Finetune(args) => (&args.which).into(),
            Self::Verify(args) => (&args.which).into(),
            Self::Export(args) => (&args.which).into(),
            _ => Uses::default(),
        }
    }
}

impl Cli {
    /// The options that take precedence over settings.
    ///
    /// # Errors
    /// When an option is given before a command that doesn't use it.
    pub fn overrides(&self) -> Result<Overrides, String> {
        let desk = &self.with;
        let uses = self.command.as_ref().map_or_else(|| desk.into(), Command::uses);
        let opens_desk = matches!(self.command, None | Some(Command::Tour(_)));
        let shows_theme = opens_desk || matches!(self.command, Some(Command::Config(_)));
        let unused = [
            ("--plain", self.plain && !opens_desk),
            ("--theme", self.theme.is_some() && !shows_theme),
            ("--model", uses.which.is_none() && desk.open.which.model.is_some()),
            ("--threads", uses.which.is_none() && desk.open.which.threads.is_some()),
            ("--quantization", uses.open.is_none() && desk.open.quantization.is_some()),
            ("--draft", uses.with.is_none() && desk.draft.is_some()),
        ];
        if let Some((option, _)) = unused.iter().find(|(_, unused)| *unused) {
            return Err(format!("{option}: this command doesn't use it; leave it out"));
        }
        let Uses { which, open, with } = uses;
        let model = which.and_then(|which| which.model.clone());
        let draft = with.and_then(|with| with.draft.clone());
        Ok(Overrides {
            model: model.or_else(|| desk.open.which.model.clone()),
            theme: self.theme.clone(),
            quantization: open.and_then(|open| open.quantization).or(desk.open.quantization),
            draft: draft.or_else(|| desk.draft.clone()),
            threads: which.and_then(|which| which.threads).or(desk.open.which.threads),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Overrides, String> {
        let args = ["unstuck"].into_iter().chain(line.split_whitespace()).map(Into::into);
        Cli::read(args.collect()).map_err(|error| error.to_string())?.overrides()
    }

    #[test]
    fn each_command_accepts_the_options_that_it_uses() {
        const MODEL: &[&str] = &["--model m", "--threads 2"];
        let options = ["--model m", "--threads 2", "--quantization q4_0", "--draft d"];
        let options = [&options[..], &["--theme paper", "--plain"]].concat();
        let (open, with) = (&options[..3], &options[..4]);
        for (command, accepted) in [
            ("", &options[..]),
            ("tour", &options),
            ("config", &options[..5]),
            ("generate x", with),
            ("bench", with),
            ("bot run", with),
            ("bot once", with),
            ("bot check", with),
            ("score x", open),
            ("models info", open),
            ("models verify", open),
            ("models list", MODEL),
            ("finetune x", MODEL),
            ("verify x", MODEL),
            ("corpus x --stats", &[]),
            ("replay x", &[]),
            ("doctor", &[]),
            ("bot queue", &[]),
        ] {
            for option in &options {
                let before = read(&format!("{option} {command}"));
                assert_eq!(before.is_ok(), accepted.contains(option), "{option} {command}");
                let name = option.split(' ').next().unwrap_or_default();
                assert!(before.is_ok() || before.is_err_and(|error| error.starts_with(name)));
                if with.contains(option) {
                    let after = read(&format!("{command} {option}"));
                    assert_eq!(after.is_ok(), accepted.contains(option), "{command} {option}");
                }
            }
        }
    }

    #[test]
    fn an_option_after_the_command_takes_precedence() {
        let line = "--model a --threads 1 --quantization f32 --draft b generate x --model c --threads 2 \
                    --quantization q4_0 --draft d";
        let both = read(line).expect("a command line");
        assert_eq!((both.model.as_deref(), both.threads), (Some("c"), Some(2)));
        assert_eq!((both.quantization, both.draft.as_deref()), (Some(Precision::Q4_0), Some("d")));
        let before = read("--model a --draft b generate x").expect("a command line");
        assert_eq!((before.model.as_deref(), before.draft.as_deref()), (Some("a"), Some("b")));
    }
}
