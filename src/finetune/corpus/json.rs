//! JSON in any layout: a list, one object per line, JavaScript before it. Objects are extracted one by one, so that a
//! broken one doesn't affect the others and long files need little memory.

use super::{Form, LONGEST, Reason, find::Opened, pipeline::Pipeline, record};
use anyhow::Result;
use serde::de::IgnoredAny;
use std::io::{BufRead, ErrorKind};

/// Send all objects of a file through the pipeline.
///
/// # Errors
/// I/O errors, and invalid UTF-8 when the settings refuse it.
pub fn read(opened: &mut Opened, pipeline: &mut Pipeline) -> Result<()> {
    let mut splitter = Splitter { lines: is_lines(&opened.head), ..Splitter::default() };
    let input = &mut opened.input;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            break;
        }
        let (taken, piece) = splitter.push(chunk);
        input.consume(taken);
        if let Some(piece) = piece {
            handle(piece, &splitter.object, pipeline)?;
        }
    }
    if !matches!(splitter.state, State::Between | State::Resync) {
        pipeline.reject(Reason::Broken, &String::from_utf8_lossy(&splitter.object));
    }
    Ok(())
}

/// Process an extracted object.
fn handle(piece: Piece, object: &[u8], pipeline: &mut Pipeline) -> Result<()> {
    let text = pipeline.decode(object)?;
    match piece {
        Piece::Broken => pipeline.reject(Reason::Broken, &text),
        Piece::TooLong => pipeline.reject(Reason::TooLong, &text),
        Piece::Whole => match record::read(&text, pipeline.settings.column.as_deref()) {
            Err(_) => pipeline.reject(Reason::Broken, &text),
            Ok(record::Record { text: None, .. }) => pipeline.reject(Reason::NoText, &text),
            Ok(record::Record { text: Some(found), retweet }) => {
                pipeline.document(&found, Form::Post, retweet)?;
            }
        },
    }
    Ok(())
}

/// Whether each line is an object: true if the first one is.
fn is_lines(head: &[u8]) -> bool {
    let first = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(first).is_ok()
}

/// What was extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Whole,
    Broken,
    TooLong,
}

/// The position in the JSON syntax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between objects, where anything is accepted.
    #[default]
    Between,
    Object,
    Text,
    /// After a backslash.
    Escape,
    /// After a broken object: everything up to the next `{` is ignored, since strings can't be recognized.
    Resync,
}

/// Extracts objects and top-level strings from a stream of bytes.
#[derive(Default)]
struct Splitter {
    state: State,
    depth: usize,
    /// The bytes of the current object, up to [`LONGEST`].
    object: Vec<u8>,
    /// Whether the object is longer than that.
    long: bool,
    /// Whether every object ends on its line.
    lines: bool,
}

impl Splitter {
    /// Read `chunk` up to the end of an object. Returns how many bytes were read, and what was extracted if there was an
    /// end.
    fn push(&mut self, chunk: &[u8]) -> (usize, Option<Piece>) {
        let is_between = |state| matches!(state, State::Between | State::Resync);
        if is_between(self.state) {
            self.object.clear();
            self.long = false;
        }
        let mut from = 0;
        for (at, byte) in chunk.iter().enumerate() {
            let mut cut = None;
            self.state = match (self.state, byte) {
                (State::Between | State::Resync, b'{') => {
                    (from, self.depth) = (at, 1);
                    State::Object
                }
                (State::Between, b'"') => {
                    (from, self.depth) = (at, 0);
                    State::Text
                }
                (State::Object, b'{' | b'[') => {
                    self.depth += 1;
                    State::Object
                }
                (State::Object, b'}' | b']') => {
                    self.depth -= 1;
                    State::Object
                }
                (State::Object, b'"') => State::Text,
                (State::Text, b'"') => State::Object,
                (State::Text, b'\\') => State::Escape,
                (State::Object, b'\n') if self.lines => {
                    cut = Some(Piece::Broken);
                    State::Between
                }
                // JSON strings can't contain line breaks: this one was never closed
                (State::Text | State::Escape, b'\n') => {
                    cut = Some(Piece::Broken);
                    if self.lines || self.depth == 0 { State::Between } else { State::Resync }
                }
                (State::Escape, _) => State::Text,
                (state, _) => state,
            };
            if self.state == State::Object && self.depth == 0 {
                self.state = State::Between;
                cut = Some(Piece::Whole);
            }
            if let Some(cut) = cut {
                self.add(&chunk[from..=at]);
                return (at + 1, Some(if self.long { Piece::TooLong } else { cut }));
            }
        }
        if !is_between(self.state) {
            self.add(&chunk[from..]);
        }
        (chunk.len(), None)
    }

    fn add(&mut self, bytes: &[u8]) {
        let free = LONGEST.saturating_sub(self.object.len());
        self.long |= bytes.len() > free;
        self.object.extend_from_slice(&bytes[..bytes.len().min(free)]);
    }
}
