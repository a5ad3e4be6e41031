//! A whole command line: old options translated, parsed, and checked for what clap doesn't know.

use super::{Cli, Command, Overrides, meant, meant_by, old, with_bot_command};
use std::{ffi::OsString, path::Path};

/// A command line that can be carried out.
pub struct Line {
    /// What it says.
    pub cli: Cli,
    /// Its options that take precedence over settings.
    pub told: Overrides,
    /// What the user should know about it.
    pub notices: Vec<String>,
}

/// Why nothing is carried out.
pub enum Stop {
    /// It is wrong, and why.
    Usage(String),
    /// It asks for help or for the version.
    Help(clap::Error),
}

impl Line {
    /// Read a command line, which begins with the program's name.
    ///
    /// # Errors
    /// When it is wrong, or asks for help.
    pub fn read(args: Vec<OsString>) -> Result<Self, Stop> {
        let old::Translated { args, notices } =
            old::translate(with_bot_command(args)).map_err(Stop::Usage)?;
        let cli = match Cli::read(args.clone()) {
            Ok(cli) => cli,
            Err(usage) if usage.use_stderr() => {
                let sentence = meant_by(&args).unwrap_or_else(|| usage.to_string());
                let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
                return Err(Stop::Usage(sentence.trim_end().to_owned()));
            }
            Err(help) => return Err(Stop::Help(help)),
        };
        let is_command = cli.command.is_some();
        if is_command && (cli.file.is_some() || cli.live.live) {
            let sentence =
                "the command line: no command opens a draft or a show; leave one of them out";
            return Err(Stop::Usage(sentence.to_owned()));
        }
        if cli.file.as_deref() == Some(Path::new("-")) {
            let sentence = "the command line: `-` is standard input, which the desk can't edit; for a file of this name \
                            write ./-";
            return Err(Stop::Usage(sentence.to_owned()));
        }
        if let Some(sentence) = cli.file.as_deref().filter(|_| !is_command).and_then(meant) {
            return Err(Stop::Usage(sentence));
        }
        if let Some(Command::Generate(args)) = &cli.command {
            args.check().map_err(Stop::Usage)?;
        }
        let told = cli.overrides().map_err(Stop::Usage)?;
        Ok(Self { cli, told, notices })
    }
}
