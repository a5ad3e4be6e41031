//! Finds the files of an input, and the format of each: by its extension and its first bytes.

use super::summary::SkipReason;
use crate::whole;
use anyhow::{Context, Result, bail};
use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};
use walkdir::{DirEntry, WalkDir};

/// How many bytes of a file are looked at to find out its format.
const HEAD: u64 = 1 << 18;

/// A file to read.
pub struct Found {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Whether the file itself was given, and not a folder that contains it.
    pub named: bool,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table with one document per row.
    Table {
        /// The character between fields; `None` = found out from the first rows.
        delimiter: Option<u8>,
    },
    /// JSON objects, one per line or in a list, possibly after JavaScript as in an X archive.
    Objects,
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
}

/// A file that is ready to be read.
pub struct Opened {
    /// Its format.
    pub shape: Shape,
    /// Its first bytes.
    pub head: Vec<u8>,
    /// Its content from the start.
    pub input: Box<dyn BufRead>,
}

/// The error for a file without readable text. It only counts when the file itself was given; in a folder such files are
/// skipped.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Skipped {
    /// Why.
    pub why: SkipReason,
    sentence: String,
}

impl Skipped {
    /// `sentence` says what is wrong and what to do.
    pub fn new(why: SkipReason, sentence: impl Into<String>) -> Self {
        Self { why, sentence: sentence.into() }
    }
}

/// The files of `input`, sorted by name, without hidden ones and without the folder that the corpus is written to.
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

/// Open a file and find out its format.
///
/// # Errors
/// [`Skipped`] when it has no readable text; an I/O error when it can't be read.
pub fn open(file: &Found) -> Result<Opened> {
    let extension = file.path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    let extension = extension.as_deref().unwrap_or_default();
    let known = shape_of(extension);
    if !file.named && known.is_none() {
        bail!(Skipped::new(SkipReason::Other, "unsupported type of file"));
    }
    let mut rest: Box<dyn Read> = if file.path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match whole::open(&file.path) {
            Err(error) if !file.named => {
                bail!(Skipped::new(SkipReason::Unreadable, error.to_string()))
            }
            opened => Box::new(opened?),
        }
    };
    let mut head = Vec::new();
    rest.by_ref().take(HEAD).read_to_end(&mut head).context("can't be read")?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3); // a byte order mark, which some editors write
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        let sentence = "UTF-16; convert it first: iconv -f utf-16 -t utf-8";
        bail!(Skipped::new(SkipReason::Binary, sentence));
    }
    if is_binary(&head) {
        let sentence = "binary, not text; save or export it as text first";
        bail!(Skipped::new(SkipReason::Binary, sentence));
    }
    if extension == "js" && !file.named && !is_of_tweets(&head) {
        // an X archive also has other people's posts, for example in like.js
        bail!(Skipped::new(SkipReason::Other, "unsupported type of file"));
    }
    let shape = known.unwrap_or_else(|| match head.trim_ascii_start() {
        [b'{' | b'[', ..] => Shape::Objects,
        start if is_of_tweets(start) => Shape::Objects,
        _ => Shape::Text,
    });
    let whole = Cursor::new(head.clone()).chain(rest);
    let input = Box::new(BufReader::with_capacity(1 << 18, whole));
    Ok(Opened { shape, head, input })
}

/// The format that an extension stands for.
pub fn shape_of(extension: &str) -> Option<Shape> {
    Some(match extension {
        "csv" => Shape::Table { delimiter: None },
        "tsv" | "tab" => Shape::Table { delimiter: Some(b'\t') },
        "json" | "jsonl" | "ndjson" | "js" => Shape::Objects,
        "md" | "markdown" => Shape::Markdown,
        "txt" | "text" => Shape::Text,
        _ => return None,
    })
}

/// An X archive's `tweets.js`, its further parts, or the older `tweet.js`.
fn is_of_tweets(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    ["window.YTD.tweet.", "window.YTD.tweets.", "window.YTD.note_tweet."]
        .iter()
        .any(|start| head.starts_with(start.as_bytes()))
}

/// Whether a file is binary: by its signature, or because it has zero bytes or many control characters.
fn is_binary(head: &[u8]) -> bool {
    let starts: [&[u8]; 5] = [b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b"];
    let control =
        |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | b'\x0c' | b'\x1b');
    starts.iter().any(|start| head.starts_with(start))
        || head.contains(&0)
        || head.iter().filter(control).count() > head.len() / 20
}
