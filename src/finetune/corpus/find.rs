//! Which files an input means, and what shape each has: by its name's ending, and by how it begins.

use super::summary::PassedOver;
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};
use walkdir::{DirEntry, WalkDir};

/// How much of a file is looked at before it is read.
const HEAD: u64 = 1 << 18;

/// A file to read.
pub struct Found {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Whether it was named itself, and not a folder that it is in.
    pub named: bool,
}

/// How a file's documents lie in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rows; with the character between two fields, if the name says it.
    Table {
        /// It.
        delimiter: Option<u8>,
    },
    /// JSON objects, one a line or in a list, be there JavaScript before it or not.
    Objects,
    /// Plain text.
    Text,
    /// Text with Markdown's marks.
    Markdown,
}

/// A file that can be read.
pub struct Opened {
    /// How.
    pub shape: Shape,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// All of it.
    pub input: Box<dyn BufRead>,
}

/// A file that has no text to read, which matters only when it was named.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct NotText {
    /// What it is instead.
    pub why: PassedOver,
    sentence: String,
}

impl NotText {
    /// With the way out in the sentence.
    pub fn new(why: PassedOver, sentence: impl Into<String>) -> Self {
        Self { why, sentence: sentence.into() }
    }
}

/// The files of `input`, in order of their names; without hidden ones and those of the corpus that is being made.
pub fn files<'a>(
    input: &'a Path,
    output: Option<&Path>,
) -> Box<dyn Iterator<Item = Result<Found>> + 'a> {
    if !input.is_dir() {
        return Box::new(std::iter::once(Ok(Found { path: input.to_owned(), named: true })));
    }
    let output = output.and_then(|output| fs::canonicalize(output).ok());
    let wanted = move |entry: &DirEntry| {
        let hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        let own = entry.file_type().is_dir()
            && output.is_some()
            && fs::canonicalize(entry.path()).ok() == output;
        !hidden && !own
    };
    let walk = WalkDir::new(input).sort_by_file_name().into_iter().filter_entry(wanted);
    Box::new(walk.filter_map(|entry| match entry {
        Ok(entry) if entry.file_type().is_file() => {
            Some(Ok(Found { path: entry.into_path(), named: false }))
        }
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    }))
}

/// Looks at how `file` begins.
///
/// # Errors
/// When it can't be read or has no text; see [`NotText`].
pub fn open(file: &Found) -> Result<Opened> {
    let extension = file.path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    let extension = extension.as_deref().unwrap_or_default();
    if !file.named && !is_known(extension) {
        bail!(NotText::new(PassedOver::Other, "of no kind that is read"));
    }
    let mut rest: Box<dyn Read> = if file.path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match File::open(&file.path) {
            Err(error) if !file.named => {
                bail!(NotText::new(PassedOver::Unreadable, error.to_string()))
            }
            opened => Box::new(opened?),
        }
    };
    let mut head = Vec::new();
    rest.by_ref().take(HEAD).read_to_end(&mut head).context("can't be read")?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3); // a mark that some editors put before UTF-8
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        let sentence = "UTF-16; convert it first: iconv -f utf-16 -t utf-8";
        bail!(NotText::new(PassedOver::Binary, sentence));
    }
    if is_binary(&head) {
        let sentence = "binary, not text; save or export it as text first";
        bail!(NotText::new(PassedOver::Binary, sentence));
    }
    let shape = match extension {
        "csv" => Shape::Table { delimiter: None },
        "tsv" | "tab" => Shape::Table { delimiter: Some(b'\t') },
        "json" | "jsonl" | "ndjson" => Shape::Objects,
        "js" if !file.named && !is_of_tweets(&head) => {
            // an archive's folder has others' words too, in like.js for one
            bail!(NotText::new(PassedOver::Other, "of no kind that is read"));
        }
        "js" => Shape::Objects,
        "md" | "markdown" => Shape::Markdown,
        "txt" | "text" => Shape::Text,
        _ => match head.trim_ascii_start() {
            [b'{' | b'[', ..] => Shape::Objects,
            start if is_of_tweets(start) => Shape::Objects,
            _ => Shape::Text,
        },
    };
    let whole = Cursor::new(head.clone()).chain(rest);
    let input = Box::new(BufReader::with_capacity(1 << 18, whole));
    Ok(Opened { shape, head, input })
}

fn is_known(extension: &str) -> bool {
    let known =
        ["csv", "tsv", "tab", "json", "jsonl", "ndjson", "js", "md", "markdown", "txt", "text"];
    known.contains(&extension)
}

/// An X archive's `tweets.js`, its further parts, or the older `tweet.js`.
fn is_of_tweets(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    ["window.YTD.tweet.", "window.YTD.tweets.", "window.YTD.note_tweet."]
        .iter()
        .any(|start| head.starts_with(start.as_bytes()))
}

/// Zero bytes and many controls are in no text.
fn is_binary(head: &[u8]) -> bool {
    let starts: [&[u8]; 5] = [b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b"];
    let control =
        |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | b'\x0c' | b'\x1b');
    starts.iter().any(|start| head.starts_with(start))
        || head.contains(&0)
        || head.iter().filter(control).count() > head.len() / 20
}
