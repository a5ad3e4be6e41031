//! Plain text and Markdown, read line by line. Documents end where the settings say and at training tags.

use super::{
    END, Form, START, Unit,
    lines::{self, Breaks, Ended},
    markdown::Markdown,
    pipeline::Pipeline,
};
use anyhow::Result;
use std::io::BufRead;
use twox_hash::XxHash3_64;

/// A document of this many bytes is split at the next end of a paragraph.
const LONG: usize = 16 << 10;
/// A document of this many bytes is split at the next end of a line, or within a long line.
const TOO_LONG: usize = 64 << 10;

/// Send all documents of `input` through the pipeline. With `markdown`, its syntax is removed.
///
/// # Errors
/// I/O errors, and invalid UTF-8 when the settings refuse it.
pub fn read(
    input: &mut dyn BufRead,
    mut markdown: Option<Markdown>,
    pipeline: &mut Pipeline,
) -> Result<()> {
    let mut document = String::new();
    let mut line = Vec::new();
    loop {
        let ended = lines::read(input, LONG, Breaks::All, &mut line)?;
        if ended == Ended::Input {
            break;
        }
        let whole = ended == Ended::Line;
        let cut = if whole { line.len() } else { lines::cut(&line) };
        if !line.trim_ascii().is_empty() {
            pipeline.watch.line(XxHash3_64::oneshot(&line));
        }
        let text = pipeline.decode(&line[..cut])?;
        let kept = match &mut markdown {
            Some(markdown) => markdown.line(&text),
            None => Some(text),
        };
        if let Some(text) = kept {
            add(&text, whole, &mut document, pipeline)?;
        }
        line.drain(..cut);
    }
    flush(&mut document, pipeline)
}

/// Add a line, or a piece of a long line, to the current document.
fn add(text: &str, whole: bool, document: &mut String, pipeline: &mut Pipeline) -> Result<()> {
    let mut pieces = text.split(END).peekable();
    while let Some(piece) = pieces.next() {
        for (at, part) in piece.split(START).enumerate() {
            if at > 0 {
                flush(document, pipeline)?;
            }
            document.push_str(part);
        }
        if pieces.peek().is_some() {
            flush(document, pipeline)?;
        }
    }
    let over = match pipeline.settings.by {
        Unit::Line => whole,
        Unit::Paragraph => whole && text.trim().is_empty(),
        Unit::File => whole && text.trim().is_empty() && document.len() >= LONG,
    };
    if over || document.len() >= TOO_LONG {
        return flush(document, pipeline);
    }
    if whole && !document.is_empty() {
        document.push('\n');
    }
    Ok(())
}

/// Process the current document and start a new one.
fn flush(document: &mut String, pipeline: &mut Pipeline) -> Result<()> {
    let form = if pipeline.settings.by == Unit::Line { Form::Post } else { Form::Prose };
    // blank text between paragraphs or tags is no document, but an empty line in a list of posts counts as one
    if !document.trim().is_empty() || form == Form::Post {
        pipeline.document(document, form, false)?;
    }
    document.clear();
    Ok(())
}
