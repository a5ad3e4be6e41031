//! `unstuck corpus`: reads text, Markdown, tables and JSON, cleans the documents in them, drops duplicates, and writes
//! a training and a validation file. Input is read once, piece by piece: memory is bounded by the fixed tables in
//! `dedup`.
//!
//! ```text
//! find, shape ──▶ table | json | text | ... ──▶ pipeline: cleaning ──▶ dedup ──▶ output
//! which files,    rows, JSON objects or           one text       repetitions   train.txt, validation.txt, corpus.json
//! which format    text as documents
//! ```
//!
//! A reader gives documents to the pipeline one at a time; nothing else is in memory as a whole. Lines that are too
//! long are read in pieces. JSON objects are cut out of their list before they are parsed, so that a broken one costs
//! only itself. Whether a document goes to the training or the validation file depends on a hash of its text and the
//! seed only (`split`), so it stays there when other documents are added. `output` builds the folder beside its
//! destination and exchanges the two in one step.

mod car;
mod chat;
mod cleaning;
mod columns;
mod csv;
mod cuts;
mod dedup;
mod document;
mod encoding;
mod find;
mod html;
mod json;
mod lines;
mod markdown;
mod mbox;
mod mime;
mod names;
mod node;
mod output;
mod people;
mod pieces;
mod pipeline;
mod preview;
mod record;
mod settings;
mod shape;
mod split;
mod splitter;
mod strip;
mod summary;
mod table;
mod text;
mod unpack;
mod watch;

pub use cleaning::{Form, clean_text};
pub use output::{TRAIN, VALIDATION};
pub use preview::Preview;
pub use settings::{Duplicates, Header, Invalid, Settings, Tags, Unit};
pub use summary::{Changed, Documents, Dropped, Files, Input, Reason, Summary, TextFile};

use anyhow::{Context, Result, bail, ensure};
use document::{Kind, Package, Words};
use encoding_rs::Encoding;
use find::{Found, Opened, Skipped};
use markdown::Markdown;
use output::Output;
use pipeline::Pipeline;
use shape::Shape;
use std::{
    fs::File,
    io::{self, BufRead, Read, Seek},
    path::{Path, PathBuf},
};
use summary::SkipReason;

/// The tag that starts a document, with [`Tags::Both`].
pub const START: &str = "<|startoftext|>";
/// The tag that ends a document, as in GPT-2's own training data.
pub const END: &str = "<|endoftext|>";

/// Maximum length of a record in bytes. Longer records are dropped.
const LONGEST: usize = 4 << 20;

/// Whether a file is training text as it is: plain text in UTF-8. From everything else [`make`] takes the documents.
pub fn is_plain_text(file: &Path) -> bool {
    let found = Found { path: file.to_owned(), shown: String::new(), named: true };
    let opened = shape::open(&found, &Settings::default());
    let is_text = opened.is_ok_and(|opened| opened.shape == Shape::Text);
    is_text && crate::whole::read_text(file).is_ok()
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
    request.settings.delimiter()?;
    request.settings.encoding()?;
    let output = request.output.as_deref().map(Output::begin).transpose()?;
    let mut pipeline = Pipeline::new(request, output, progress);
    for input in &request.inputs {
        pipeline.begin(input);
        if input.is_dir() && !find::is_project(input) {
            let shown = |path: &Path| path.display().to_string();
            read_folder(input, &shown, request.output.as_deref(), &mut pipeline)?;
        } else {
            let file = Found { path: input.clone(), shown: name(input), named: true };
            read(&file, &mut pipeline)?;
        }
    }
    pipeline.finish()
}

/// Send the documents of all files in a folder through the pipeline. `shown` is the name of a file as it is shown.
fn read_folder(
    root: &Path,
    shown: &dyn Fn(&Path) -> String,
    output: Option<&Path>,
    pipeline: &mut Pipeline,
) -> Result<()> {
    let owners = std::mem::replace(&mut pipeline.owners, find::owners(root));
    for path in find::files(root, output) {
        let path = path?;
        if find::is_others(root, &path) {
            pipeline.summary.files.other += 1;
            continue;
        }
        read(&Found { shown: shown(&path), path, named: false }, pipeline)?;
    }
    pipeline.owners = owners;
    Ok(())
}

/// Send the documents of a file through the pipeline. Files of other types are skipped if they were found in a folder,
/// and an error if they were named themselves.
fn read(file: &Found, pipeline: &mut Pipeline) -> Result<()> {
    pipeline.begin_file(&file.shown);
    let result = if find::is_project(&file.path) {
        project(&file.path, pipeline)
    } else {
        let opened = shape::open(file, pipeline.settings);
        opened.and_then(|opened| read_opened(opened, file, pipeline))
    };
    match result.as_ref().err().and_then(|error| error.downcast_ref()) {
        Some(Skipped { why, .. }) if !file.named => {
            if let (SkipReason::Unreadable, Err(error)) = (*why, &result) {
                pipeline.warn(format_args!("skipped: {error}"));
            }
            *pipeline.summary.files.of(*why) += 1;
        }
        _ => pipeline.summary.files.read += result.with_context(|| file.shown.clone())?,
    }
    Ok(())
}

/// Send the documents of an opened file through the pipeline. Returns how many files were read: an archive is none, since
/// the files in it are counted.
fn read_opened(mut opened: Opened, file: &Found, pipeline: &mut Pipeline) -> Result<u64> {
    match opened.shape {
        Shape::Table { delimiter } => table::read(&mut opened, delimiter, pipeline)?,
        Shape::Objects => json::read(&mut opened, pipeline)?,
        Shape::Text => {
            pipeline.read_as("plain text");
            text::read(&mut *opened.input, None, pipeline)?;
        }
        Shape::Markdown => {
            pipeline.read_as("Markdown");
            text::read(&mut *opened.input, Some(Markdown::default()), pipeline)?;
        }
        Shape::Html => {
            let source = source(&mut *opened.input, pipeline)?;
            let words = Words { text: html::text(&source), parts: html::visible_bytes(&source) };
            pipeline.read_as("HTML");
            send(&words, pipeline)?;
        }
        Shape::Chat => chat::read(&mut *opened.input, pipeline)?,
        Shape::Mail => mbox::read(&mut *opened.input, &opened.head, pipeline)?,
        Shape::Repository => car::read(&mut *opened.input, pipeline)?,
        Shape::Document(kind) => {
            let source = source(&mut *opened.input, pipeline)?;
            if kind == Kind::Novel && !file.named && document::is_aside(&source) {
                bail!(Skipped::new(SkipReason::Other, "a note, or thrown away"));
            }
            let words = document::words(kind, &source).map_err(damaged)?;
            pipeline.read_as(kind.name());
            send(&literal(words), pipeline)?;
        }
        Shape::Tar => {
            let folder = unpack::tar(&mut opened.input).map_err(damaged)?;
            return read_unpacked(folder.path(), file, pipeline);
        }
        Shape::Package => {
            let mut package = Package::open(packed(&mut opened, file)?).map_err(damaged)?;
            let Some(kind) = package.kind() else {
                if pipeline.unpacked {
                    bail!(Skipped::new(SkipReason::Other, "an archive in an archive; unpack it"));
                }
                let folder = unpack::zip(&mut package).map_err(damaged)?;
                return read_unpacked(folder.path(), file, pipeline);
            };
            let words = document::packed(kind, &mut package).map_err(damaged)?;
            pipeline.read_as(kind.name());
            // references in the pages of a book are decoded by the cleaning
            let words = if kind == Kind::Epub { words } else { literal(words) };
            send(&words, pipeline)?;
        }
    }
    let encoding = opened.encoding.get().filter(|_| pipeline.settings.encoding.is_none());
    pipeline.end_file(encoding.map(Encoding::name));
    Ok(1)
}

/// Send the documents of an archive's files through the pipeline.
fn read_unpacked(folder: &Path, file: &Found, pipeline: &mut Pipeline) -> Result<u64> {
    let inside = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    pipeline.unpacked = true;
    let result =
        read_folder(folder, &|path| format!("{}/{}", file.shown, inside(path)), None, pipeline);
    pipeline.unpacked = false;
    result.map(|()| 0)
}

/// Send the texts of a project of Scrivener through the pipeline.
fn project(folder: &Path, pipeline: &mut Pipeline) -> Result<u64> {
    pipeline.read_as("a project of Scrivener");
    for text in document::scrivener(folder).map_err(damaged)? {
        let words = Words { parts: text.len(), text };
        send(&literal(words), pipeline)?;
    }
    pipeline.end_file(None);
    Ok(1)
}

/// A file that can be read at any place, as a ZIP must be. Standard input and compressed files are copied to a temporary
/// file.
fn packed(opened: &mut Opened, file: &Found) -> Result<File> {
    let is_plain = file.path != Path::new("-") && !matches!(&*file.extension(), "gz" | "tgz");
    if is_plain {
        return Ok(crate::whole::open(&file.path)?);
    }
    let mut copy = tempfile::tempfile().context("the temporary file")?;
    let size = io::copy(&mut opened.input.by_ref().take(LARGEST_ARCHIVE + 1), &mut copy)?;
    ensure!(size <= LARGEST_ARCHIVE, "larger than 2 GiB; unpack it and give the folder");
    copy.rewind()?;
    Ok(copy)
}

/// A damaged file in a folder costs only itself.
fn damaged(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<Skipped>() {
        Ok(skipped) => skipped.into(),
        Err(error) => Skipped::new(SkipReason::Unreadable, format!("{error:#}")).into(),
    }
}

/// The longest document, which is read as a whole.
const LONGEST_DOCUMENT: u64 = 64 << 20;
/// The largest archive that is read from standard input.
const LARGEST_ARCHIVE: u64 = 2 << 30;

/// The source of a document.
fn source(input: &mut dyn BufRead, pipeline: &mut Pipeline) -> Result<String> {
    let mut bytes = Vec::new();
    input.take(LONGEST_DOCUMENT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_DOCUMENT {
        let sentence = "a document of more than 64 MiB; split it first";
        bail!(Skipped::new(SkipReason::Unreadable, sentence));
    }
    Ok(pipeline.decode(&bytes)?.into_owned())
}

/// The words of a document in which `&amp;` stands for itself: the cleaning decodes character references.
fn literal(words: Words) -> Words {
    let has_references =
        words.text.contains('&') && crate::clean::decode(&words.text) != words.text;
    if has_references { Words { text: words.text.replace('&', "&amp;"), ..words } } else { words }
}

/// Send the text of a document through the pipeline.
fn send(words: &Words, pipeline: &mut Pipeline) -> Result<()> {
    pipeline.watch.parts(words.parts);
    pipeline.watch.text(words.text.len());
    text::read(&mut words.text.as_bytes(), None, pipeline)
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
        "no text found: {}; supported are text, Markdown, HTML, tables, JSON, DOCX, ODT, EPUB, RTF, LaTeX, mail, and the \
         archives of social networks; docs/corpus.md lists them",
        summary.files
    );
}

/// `path` as shown to people; `-` is standard input.
fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}
