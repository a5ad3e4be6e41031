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
pub struct DraftModelOptions {
    /// Which model, and how it is held.
    #[command(flatten)]
    pub main: ModelOptions,

    /// A smaller model with the same vocabulary, which proposes tokens to save time; the text stays the same
    #[arg(long, value_name = "NAME|FOLDER|FILE")]
    pub draft: Option<String>,
}

/// Options of commands that open a model.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct ModelOptions {
    /// Which model.
    #[command(flatten)]
    pub choice: ModelChoice,

    /// How weights are held in memory: f32, f16, bf16, q8_0 (8 bits), q5_1, q5_0, q4_1, q4_0 or q4k (4 bits) [default: q8_0]
    #[arg(long, value_name = "FORM")]
    pub quantization: Option<Precision>,
}

/// Which model is loaded, and with how many threads.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Model")]
pub struct ModelChoice {
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
struct Accepted<'a> {
    choice: Option<&'a ModelChoice>,
    model: Option<&'a ModelOptions>,
    draft: Option<&'a DraftModelOptions>,
}

impl<'a> From<&'a ModelChoice> for Accepted<'a> {
    fn from(choice: &'a ModelChoice) -> Self {
        Self { choice: Some(choice), ..Self::default() }
    }
}

impl<'a> From<&'a ModelOptions> for Accepted<'a> {
    fn from(model: &'a ModelOptions) -> Self {
        Self { model: Some(model), ..Self::from(&model.choice) }
    }
}

impl<'a> From<&'a DraftModelOptions> for Accepted<'a> {
    fn from(draft: &'a DraftModelOptions) -> Self {
        Self { draft: Some(draft), ..Self::from(&draft.main) }
    }
}

impl Command {
    /// The options of the model that it accepts.
    fn accepted(&self) -> Accepted<'_> {
        match self {
            Self::Generate(args) => (&args.model).into(),
            Self::Bench(args) => (&args.model).into(),
            Self::Config(model) | Self::Tour(model) => model.into(),
            Self::Bot(bot) => match &bot.act {
                BotAct::Run(run) | BotAct::Once(run) => (&run.model).into(),
                BotAct::Check(model) => model.into(),
                _ => Accepted::default(),
            },
            Self::Score(args) => (&args.model).into(),
            Self::Models(Models::Info(args)) => (&args.model).into(),
            Self::Models(Models::Verify(args)) => (&args.model).into(),
            Self::Models(Models::Export(args)) => (&args.model).into(),
            Self::Models(Models::List(args)) => (&args.choice).into(),
            Self::Models(Models::Pack(args)) => (&args.choice).into(),
            Self::Finetune(args) => (&args.choice).into(),
            Self::Verify(args) => (&args.choice).into(),
            Self::Export(args) => (&args.choice).into(),
            _ => Accepted::default(),
        }
    }
}

impl Cli {
    /// The options that take precedence over settings.
    ///
    /// # Errors
    /// When an option is given before a command that doesn't use it.
    pub fn overrides(&self) -> Result<Overrides, String> {
        // What is given before the name of the command.
        let DraftModelOptions { main: before, draft: draft_before } = &self.model;
        let accepted = match &self.command {
            Some(command) => command.accepted(),
            None => (&self.model).into(),
        };
        let opens_desk = matches!(self.command, None | Some(Command::Tour(_)));
        let shows_theme = opens_desk || matches!(self.command, Some(Command::Config(_)));
        let Accepted { choice, model, draft } = accepted;
        let unused = [
            ("--plain", self.plain && !opens_desk),
            ("--theme", self.theme.is_some() && !shows_theme),
            ("--model", choice.is_none() && before.choice.model.is_some()),
            ("--threads", choice.is_none() && before.choice.threads.is_some()),
            ("--quantization", model.is_none() && before.quantization.is_some()),
            ("--draft", draft.is_none() && draft_before.is_some()),
        ];
        if let Some((option, _)) = unused.iter().find(|(_, unused)| *unused) {
            return Err(format!("{option}: this command doesn't use it; leave it out"));
        }
        let name = choice.and_then(|choice| choice.model.clone());
        let draft = draft.and_then(|options| options.draft.clone());
        Ok(Overrides {
            model: name.or_else(|| before.choice.model.clone()),
            theme: self.theme.clone(),
            quantization: model.and_then(|model| model.quantization).or(before.quantization),
            draft: draft.or_else(|| draft_before.clone()),
            threads: choice.and_then(|choice| choice.threads).or(before.choice.threads),
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
        let (model, draft) = (&options[..3], &options[..4]);
        for (command, accepted) in [
            ("", &options[..]),
            ("tour", &options),
            ("config", &options[..5]),
            ("generate x", draft),
            ("bench", draft),
            ("bot run", draft),
            ("bot once", draft),
            ("bot check", draft),
            ("score x", model),
            ("models info", model),
            ("models verify", model),
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
                if draft.contains(option) {
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
