//! `unstuck corpus`: reads text, Markdown, tables and JSON, cleans the documents in them, drops duplicates, and writes
//! a training and a validation file. Input is read once, piece by piece: memory is bounded by the fixed tables in
//! `dedup`.
//!
//! ```text
//! find ──▶ table | json | text ──▶ pipeline: cleaning ──▶ dedup ──▶ output
//! which files,  rows, JSON objects       one text       repetitions   train.txt, validation.txt, corpus.json
//! which format  or text as documents
//! ```
//!
//! A reader gives documents to the pipeline one at a time; nothing else is in memory as a whole. Lines that are too
//! long are read in pieces. JSON objects are cut out of their list before they are parsed, so that a broken one costs
//! only itself. Whether a document goes to the training or the validation file depends on a hash of its text and the
//! seed only (`split`), so it stays there when other documents are added. `output` builds the folder beside its
//! destination and exchanges the two in one step.

mod cleaning;
mod csv;
mod dedup;
mod find;
mod json;
mod lines;
mod markdown;
mod output;
mod pipeline;
mod preview;
mod record;
mod split;
mod summary;
mod table;
mod text;

pub use cleaning::{Form, clean_text};
pub use output::{TRAIN, VALIDATION};
pub use preview::Preview;
pub use summary::{Changed, Documents, Dropped, Files, Input, Reason, Summary, TextFile};

use anyhow::{Context, Result, bail};
use find::{Found, Shape, Skipped};
use markdown::Markdown;
use output::Output;
use pipeline::Pipeline;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};
use strum::{EnumString, VariantNames};

/// The tag that starts a document, with [`Tags::Both`].
pub const START: &str = "<|startoftext|>";
/// The tag that ends a document, as in GPT-2's own training data.
pub const END: &str = "<|endoftext|>";

/// Maximum length of a record in bytes. Longer records are dropped.
const LONGEST: usize = 4 << 20;

/// How a corpus is made. The same settings and inputs give the same files, byte for byte. Stored in `corpus.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The tags around each document.
    pub tags: Tags,
    /// The fraction of the documents that goes to `validation.txt`, from 0 to below 1.
    pub validation: f64,
    /// Seed for choosing these documents.
    pub seed: u64,
    /// What counts as one document in plain text and Markdown.
    pub by: Unit,
    /// The column or JSON field with the text: a name, or the number of a column from 1; 0 = the whole row.
    pub column: Option<String>,
    /// Whether the first row of a table is a header.
    pub header: Header,
    /// Which duplicates are dropped.
    #[serde(rename = "repeats")]
    pub duplicates: Duplicates,
    /// What to do with bytes that aren't valid UTF-8.
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
            duplicates: Duplicates::default(),
            invalid: Invalid::default(),
        }
    }
}

/// The tags around each document in the text files.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Tags {
    /// None. A post is followed by a line break, prose by an empty line.
    None,
    /// [`END`] after it.
    #[default]
    End,
    /// [`START`] before it and [`END`] after it, as in gpt-2-simple.
    Both,
}

/// What counts as one document in plain text and Markdown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Unit {
    /// A file. Long files are split at paragraphs, about every 16 KiB.
    #[default]
    File,
    /// A paragraph: the text between empty lines.
    Paragraph,
    /// A line.
    Line,
}

/// Whether the first row of a table is a header.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Header {
    /// It is one if it contains a known name of a text column.
    #[default]
    Auto,
    /// The first row is a header.
    Yes,
    /// The first row is data.
    No,
}

/// Which duplicates are dropped.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Duplicates {
    /// Exact and near duplicates.
    #[default]
    Drop,
    /// Only exact duplicates.
    Exact,
    /// None.
    Keep,
}

/// What to do with bytes that aren't valid UTF-8.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Invalid {
    /// Replace each by `�` and count it.
    #[default]
    Replace,
    /// Stop with an error that names the file.
    Refuse,
}

/// Whether a file is training text as it is. Tables, JSON and Markdown are not: [`make`] takes the documents out of them.
pub fn is_plain_text(file: &Path) -> bool {
    let extension = file.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    extension.and_then(|e| find::shape_of(&e)).is_none_or(|shape| shape == Shape::Text)
}

/// What to make a corpus of, and where.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// The folder to write; `None` = only count.
    pub output: Option<PathBuf>,
    /// The settings.
    pub settings: Settings,
    /// Whether to collect examples of changed and dropped documents.
    pub preview: bool,
}

/// Make a corpus. `progress` is called with the counts so far a few times a second.
///
/// # Errors
/// When an input can't be read, no documents are left, or the folder can't be written. Then the folder is left as it
/// was.
pub fn make(request: &Request, progress: &mut dyn FnMut(&Summary)) -> Result<(Summary, Preview)> {
    let output = request.output.as_deref().map(Output::begin).transpose()?;
    let mut pipeline = Pipeline::new(request, output, progress);
    for input in &request.inputs {
        pipeline.begin(input);
        for file in find::files(input, request.output.as_deref()) {
            let file = file?;
            read(&file, &mut pipeline).with_context(|| name(&file.path))?;
        }
    }
    pipeline.finish()
}

/// Send the documents of a file through the pipeline. Files of other types are skipped if they were found in a folder,
/// and an error if they were named themselves.
fn read(file: &Found, pipeline: &mut Pipeline) -> Result<()> {
    let result = find::open(file).and_then(|mut opened| match opened.shape {
        Shape::Table { delimiter } => table::read(&mut opened, delimiter, pipeline),
        Shape::Objects => json::read(&mut opened, pipeline),
        Shape::Text => text::read(&mut *opened.input, None, pipeline),
        Shape::Markdown => text::read(&mut *opened.input, Some(Markdown::default()), pipeline),
    });
    let files = &mut pipeline.summary.files;
    match result.as_ref().err().and_then(|error| error.downcast_ref()) {
        Some(Skipped { why, .. }) if !file.named => *files.of(*why) += 1,
        _ => {
            result?;
            files.read += 1;
        }
    }
    Ok(())
}

/// An error if no documents are left, saying what became of the input.
fn refuse_empty(summary: &Summary) -> Result<()> {
    if summary.documents.kept > 0 {
        return Ok(());
    }
    if summary.documents.read > 0 {
        bail!(
            "no documents are left, so nothing was written: {} read; {}",
            summary::count(summary.documents.read, "document"),
            summary.dropped
        );
    }
    if summary.files.read > 0 {
        bail!("no text in {}, so nothing was written", summary::count(summary.files.read, "file"));
    }
    bail!(
        "no text found: {}; supported are .txt, .md, .csv, .tsv, .json, .jsonl and the tweets.js of an X archive",
        summary.files
    );
}

/// `path` as shown to people; `-` is standard input.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}
