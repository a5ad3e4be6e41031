//! `unstuck corpus`: its arguments.

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use std::{path::PathBuf, str::FromStr};
use strum::VariantNames;
use unstuck::finetune::corpus::{Duplicates, Header, Invalid, Request, Settings, Tags, Unit};

/// The arguments of `unstuck corpus`.
#[derive(Args, Debug)]
pub struct Corpus {
    /// Files and folders to read; `-` = standard input
    #[arg(value_name = "IN", required = true)]
    pub inputs: Vec<PathBuf>,

    /// The folder to write the corpus to; an older corpus in it is replaced
    #[arg(short, long, value_name = "DIR", required_unless_present_any = ["stats", "preview"])]
    pub output: Option<PathBuf>,

    /// Print the counts as JSON, as in corpus.json. Without -o no corpus is written
    #[arg(long)]
    pub stats: bool,

    /// Print how each file was read, its first and last document, and examples of changed and dropped ones. Without -o no corpus is written
    #[arg(long)]
    pub preview: bool,

    /// Tags around each document: `none`; `end` = `<|endoftext|>` after it; `both` = also `<|startoftext|>` before it
    #[arg(long, value_name = "WHICH", default_value = "end", value_parser = name_of::<Tags>())]
    pub tags: Tags,

    /// Fraction of the documents that goes to validation.txt instead of train.txt, below 1; 0 = none
    #[arg(long, value_name = "F", default_value = "0.05", value_parser = parse_validation)]
    pub validation: f64,

    /// Random seed for the choice of validation documents. With the same seed a document stays in its file when others are added
    #[arg(long, value_name = "N", default_value = "0")]
    pub seed: u64,

    /// What counts as one document in plain text and Markdown. Long files are split at paragraphs, about every 16 KiB
    #[arg(long, value_name = "UNIT", default_value = "file", value_parser = name_of::<Unit>())]
    pub by: Unit,

    /// The table column or JSON field with the text: its name (a.b = the field b of the object a), or the number of a table column from 1; 0 = the whole row of a table [default: known names such as full_text, text, content]
    #[arg(long, value_name = "NAME|N")]
    pub column: Option<String>,

    /// Whether the first row of a table is a header; `auto` = if it has a known name of a text column
    #[arg(long, value_name = "WHICH", default_value = "auto", value_parser = name_of::<Header>())]
    pub header: Header,

    /// Duplicates: `drop` exact and near ones; `exact` = drop only exact ones; `keep` all
    #[arg(long, value_name = "WHAT", default_value = "drop", value_parser = name_of::<Duplicates>())]
    pub duplicates: Duplicates,

    /// The character between the fields of a table, or `tab` [default: found out from the first rows]
    #[arg(long, value_name = "C")]
    pub delimiter: Option<String>,

    /// Read only the messages of this author, where a file has names of authors [default: the owner of the archive if it says whose it is, else everyone]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,

    /// Make it an error when a file looks wrong: ids or links instead of text, one text again and again, tags in the text, hardly any text
    #[arg(long)]
    pub strict: bool,

    /// The encoding of the files, such as windows-1252 or shift_jis [default: found out; UTF-8 is preferred]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,

    /// Invalid UTF-8: `replace` = read a file in an older encoding as that, and replace each damaged sequence in UTF-8 by �; `refuse` the file with an error
    #[arg(long, value_name = "WHAT", default_value = "replace", value_parser = name_of::<Invalid>())]
    pub invalid_utf8: Invalid,
}

impl Corpus {
    /// The arguments as a request.
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
                duplicates: self.duplicates,
                invalid: self.invalid_utf8,
                author: self.author,
                delimiter: self.delimiter,
                encoding: self.encoding,
                strict: self.strict,
            },
            preview: self.preview,
        }
    }
}

/// A parser that accepts the names of `T`.
fn name_of<T>() -> impl TypedValueParser<Value = T>
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
        .ok_or_else(|| "must be at least 0 and below 1".into())
}
