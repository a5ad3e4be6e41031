//! `unstuck corpus`: files of any of a few shapes in, clean documents out, split for training. Everything is read
//! once and a piece at a time: memory doesn't grow with the input beyond the fixed tables in `repeats`.

mod find;
mod lines;
mod markdown;
mod mill;
mod objects;
mod output;
mod page;
mod preview;
mod repeats;
mod rows;
mod split;
mod summary;
mod table;
mod tweet;
mod wash;

pub use output::{TRAIN, VALIDATION};
pub use preview::Preview;
pub use summary::{Changed, Documents, Dropped, Files, Given, Part, Reason, Summary};
pub use wash::{Form, wash};

use anyhow::{Context, Result, bail};
use find::{Found, NotText, Shape};
use markdown::Markdown;
use mill::Mill;
use output::Output;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use strum::{EnumString, VariantNames};

/// The tag that begins a document, where it was asked for.
pub const START: &str = "<|startoftext|>";
/// The tag that ends a document, as in GPT-2's own training data.
pub const END: &str = "<|endoftext|>";

/// A record or an unbroken piece of a document longer than this is no writing: it is left out, or cut.
const LONGEST: usize = 4 << 20;

/// How a corpus is made. The same settings and inputs give the same files, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What stands round each document.
    pub tags: Tags,
    /// What share of the documents is kept from training, to validate with.
    pub validation: f64,
    /// Draws which documents those are.
    pub seed: u64,
    /// What a document is in plain text and Markdown.
    pub by: Unit,
    /// The column or field that has the text: a name, or a column's number from 1; 0 is the whole line.
    pub column: Option<String>,
    /// Whether a table's first row names its columns.
    pub header: Header,
    /// Which repetitions leave.
    pub repeats: Repeats,
    /// What becomes of bytes that are no UTF-8.
    pub invalid: Invalid,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tags: Tags::default(),
            validation: 0.05,
            seed: 0,
            by: Unit::default(),
            column: None,
            header: Header::default(),
            repeats: Repeats::default(),
            invalid: Invalid::default(),
        }
    }
}

/// What stands round each document.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Tags {
    /// Nothing: a line end behind a post, an empty line behind a piece of prose.
    None,
    /// [`END`] behind it.
    #[default]
    End,
    /// [`START`] before it and [`END`] behind it, as gpt-2-simple has them.
    Both,
}

/// What a document is in plain text and Markdown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Unit {
    /// A file; a long one is cut where a paragraph ends, about every 16 KiB.
    #[default]
    File,
    /// What stands between empty lines.
    Paragraph,
    /// A line.
    Line,
}

/// Whether a table's first row names its columns.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Header {
    /// It does when a name in it is one that such tables have.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It is text already.
    No,
}

/// Which repetitions leave.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Repeats {
    /// Exact ones and near ones.
    #[default]
    Drop,
    /// Only exact ones.
    Exact,
    /// None.
    Keep,
}

/// What becomes of bytes that are no UTF-8.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Invalid {
    /// A `�` each, and a count.
    #[default]
    Replace,
    /// The end, with the file's name.
    Refuse,
}

/// What is wanted of one run.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The folder that gets the corpus; without, it is only counted.
    pub output: Option<PathBuf>,
    /// How it is made.
    pub settings: Settings,
    /// Whether to collect samples of what was changed and dropped.
    pub preview: bool,
}

/// Make the corpus. `progress` hears of it a few times a second.
///
/// # Errors
/// When an input can't be read or nothing is left of it, and when the folder can't be written. Then `output` is as it
/// was before.
pub fn make(request: &Request, progress: &mut dyn FnMut(&Summary)) -> Result<(Summary, Preview)> {
    let output = request.output.as_deref().map(Output::begin).transpose()?;
    let mut mill = Mill::new(request, output, progress);
    for input in &request.inputs {
        mill.begin(input);
        for file in find::files(input, request.output.as_deref()) {
            let file = file?;
            read(&file, &mut mill).with_context(|| name(&file.path))?;
        }
    }
    mill.finish()
}

/// One file into the mill, by its shape. In a folder, what is no text of a known shape is passed over.
fn read(file: &Found, mill: &mut Mill) -> Result<()> {
    let result = find::open(file).and_then(|mut opened| match opened.shape {
        Shape::Table { delimiter } => table::read(&mut opened, delimiter, mill),
        Shape::Objects => objects::read(&mut opened, mill),
        Shape::Text => page::read(&mut *opened.input, None, mill),
        Shape::Markdown => page::read(&mut *opened.input, Some(Markdown::default()), mill),
    });
    let files = &mut mill.summary.files;
    match result.as_ref().err().and_then(|error| error.downcast_ref()) {
        Some(NotText { why, .. }) if !file.named => *files.of(*why) += 1,
        _ => {
            result?;
            files.read += 1;
        }
    }
    Ok(())
}

/// What went wrong when nothing is left, and what would help.
fn refuse_empty(summary: &Summary) -> Result<()> {
    if summary.documents.kept > 0 {
        return Ok(());
    }
    if summary.documents.read > 0 {
        bail!(
            "nothing is left after cleaning, so nothing was written: {} read; {}",
            summary::count(summary.documents.read, "document"),
            summary.dropped
        );
    }
    if summary.files.read > 0 {
        bail!("no text in {}: nothing was written", summary::count(summary.files.read, "file"));
    }
    bail!(
        "no text found: {}; .txt, .md, .csv, .tsv, .json, .jsonl and an X archive's tweets.js are read",
        summary.files
    );
}

/// `path` for people, `-` too.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}
