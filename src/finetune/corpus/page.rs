//! Plain text and Markdown, a line at a time: what a document is there is for the writer to say, and training tags say
//! it too.

use super::{
    END, Form, START, Unit,
    lines::{self, Ended},
    markdown::Markdown,
    mill::Mill,
};
use anyhow::Result;
use std::io::BufRead;

/// From here on a paragraph's end is also a document's.
const LONG: usize = 16 << 10;
/// And from here on a line's end, or a word's.
const TOO_LONG: usize = 64 << 10;

/// All of `input` into the mill.
///
/// # Errors
/// As of reading and writing.
pub fn read(
    input: &mut dyn BufRead,
    mut markdown: Option<Markdown>,
    mill: &mut Mill,
) -> Result<()> {
    let mut page = String::new();
    let mut line = Vec::new();
    loop {
        let ended = lines::read(input, LONG, &mut line)?;
        if ended == Ended::Input {
            break;
        }
        let whole = ended == Ended::Line;
        let cut = if whole { line.len() } else { lines::cut(&line) };
        let text = mill.decode(&line[..cut])?;
        let seen = match &mut markdown {
            Some(markdown) => markdown.line(&text),
            None => Some(text),
        };
        if let Some(text) = seen {
            add(&text, whole, &mut page, mill)?;
        }
        line.drain(..cut);
    }
    flush(&mut page, mill)
}

/// One line more, or a piece of one.
fn add(text: &str, whole: bool, page: &mut String, mill: &mut Mill) -> Result<()> {
    let mut pieces = text.split(END).peekable();
    while let Some(piece) = pieces.next() {
        for (at, part) in piece.split(START).enumerate() {
            if at > 0 {
                flush(page, mill)?;
            }
            page.push_str(part);
        }
        if pieces.peek().is_some() {
            flush(page, mill)?;
        }
    }
    let over = match mill.settings.by {
        Unit::Line => whole,
        Unit::Paragraph => whole && text.trim().is_empty(),
        Unit::File => whole && text.trim().is_empty() && page.len() >= LONG,
    };
    if over || page.len() >= TOO_LONG {
        return flush(page, mill);
    }
    if whole && !page.is_empty() {
        page.push('\n');
    }
    Ok(())
}

fn flush(page: &mut String, mill: &mut Mill) -> Result<()> {
    let form = if mill.settings.by == Unit::Line { Form::Post } else { Form::Prose };
    // what stands between two paragraphs or tags is no document, but an empty line of a list of them is
    if !page.trim().is_empty() || form == Form::Post {
        mill.document(page, form, false)?;
    }
    page.clear();
    Ok(())
}
