//! Options of `unstuck score`.

use super::ModelOptions;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `unstuck score`.
#[derive(Args, Debug)]
pub struct Score {
    /// The text; - reads standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,

    /// Print one JSON object with every token, word and sentence, and the totals
    #[arg(long)]
    pub json: bool,

    /// Also write one page of HTML to FILE, with the text coloured by rank or by surprise
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// What the rows of the table are
    #[arg(long, value_name = "UNIT", value_enum, default_value = "token", conflicts_with = "json")]
    pub by: By,

    /// Options of the model.
    #[command(flatten)]
    pub model: ModelOptions,
}

/// What the rows of `unstuck score` are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum By {
    /// Tokens: log-probability, rank, entropy
    Token,
    /// Words: log-probability, number of tokens
    Word,
    /// Sentences: log-probability, number of tokens, perplexity
    Sentence,
    /// Only the totals
    Document,
}
