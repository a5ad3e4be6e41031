//! `unstuck corpus`: what it can be told.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use std::{path::PathBuf, str::FromStr};
use strum::VariantNames;
use unstuck::finetune::corpus::{Header, Invalid, Repeats, Request, Settings, Tags, Unit};

/// What `unstuck corpus` can be told.
#[derive(Args, Debug)]
pub struct Corpus {
    /// Files and folders; `-` reads standard input
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,

    /// The folder that gets the corpus; an older corpus in it is replaced
    #[arg(short, long, value_name = "DIR", required_unless_present_any = ["stats", "preview"])]
    pub output: Option<PathBuf>,

    /// Print the counts as JSON, as in corpus.json; without -o nothing is written
    #[arg(long)]
    pub stats: bool,

    /// Print documents before and after, and some that were dropped; without -o nothing is written
    #[arg(long)]
    pub preview: bool,

    /// What stands round each document: nothing, `<|endoftext|>` behind it, or `<|startoftext|>` before it too
    #[arg(long, value_name = "WHICH", default_value = "end", value_parser = word::<Tags>())]
    pub tags: Tags,

    /// What share of the documents goes to validation.txt instead of train.txt
    #[arg(long, value_name = "F", default_value = "0.05", value_parser = parse_validation)]
    pub validation: f64,

    /// Draws which documents those are; a document stays where it is when others come
    #[arg(long, value_name = "N", default_value = "0")]
    pub seed: u64,

    /// What a document is in plain text and Markdown; a long file is cut at a paragraph's end about every 16 KiB
    #[arg(long, value_name = "UNIT", default_value = "file", value_parser = word::<Unit>())]
    pub by: Unit,

    /// The column, or in JSON the field, that has the text: a name, or a column's number; 0 for the whole line
    #[arg(long, value_name = "NAME|N")]
    pub column: Option<String>,

    /// Whether a table's first row names its columns; auto knows the usual names of a column of text
    #[arg(long, value_name = "WHICH", default_value = "auto", value_parser = word::<Header>())]
    pub header: Header,

    /// What becomes of repetitions: drop exact and near ones, only exact ones, or keep all
    #[arg(long, value_name = "WHAT", default_value = "drop", value_parser = word::<Repeats>())]
    pub duplicates: Repeats,

    /// What becomes of bytes that aren't UTF-8: replace each by � and count it, or refuse the file
    #[arg(long, value_name = "WHAT", default_value = "replace", value_parser = word::<Invalid>())]
    pub invalid_utf8: Invalid,
}

impl Corpus {
    /// The same in the corpus's own words.
    pub fn request(self) -> Request {
        Request {
            inputs: self.inputs,
            output: self.output,
            settings: Settings {
                tags: self.tags,
                validation: self.validation,
                seed: self.seed,
                by: self.by,
                column: self.column,
                header: self.header,
                repeats: self.duplicates,
                invalid: self.invalid_utf8,
            },
            preview: self.preview,
        }
    }
}

/// One of the names of `T`.
fn word<T>() -> impl TypedValueParser<Value = T>
where
    T: VariantNames + FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(T::VARIANTS).try_map(|name| name.parse::<T>())
}

fn parse_validation(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x| (0.0..1.0).contains(x))
        .ok_or_else(|| "a number from 0, below 1, is wanted".into())
}
