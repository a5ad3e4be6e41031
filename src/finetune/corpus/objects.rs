//! JSON, however it is laid out: a list, one object a line, JavaScript before it. Objects are cut out one by one, so that
//! a broken one costs only itself and a long file needs no memory.

use super::{Form, LONGEST, Reason, find::Opened, mill::Mill, tweet};
use anyhow::Result;
use serde::de::IgnoredAny;
use std::io::{BufRead, ErrorKind};

/// All objects of a file into the mill.
///
/// # Errors
/// As of reading and writing.
pub fn read(opened: &mut Opened, mill: &mut Mill) -> Result<()> {
    let mut cutter = Cutter { lines: is_lines(&opened.head), ..Cutter::default() };
    let input = &mut opened.input;
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            break;
        }
        let (taken, cut) = cutter.push(chunk);
        input.consume(taken);
        if let Some(cut) = cut {
            meet(cut, &cutter.object, mill)?;
        }
    }
    if !matches!(cutter.state, State::Between | State::Lost) {
        mill.lose(Reason::Broken, &String::from_utf8_lossy(&cutter.object));
    }
    Ok(())
}

fn meet(cut: Cut, object: &[u8], mill: &mut Mill) -> Result<()> {
    let text = mill.decode(object)?;
    match cut {
        Cut::Broken => mill.lose(Reason::Broken, &text),
        Cut::TooLong => mill.lose(Reason::TooLong, &text),
        Cut::Whole => match tweet::read(&text, mill.settings.column.as_deref()) {
            Err(_) => mill.lose(Reason::Broken, &text),
            Ok(tweet::Tweet { text: None, .. }) => mill.lose(Reason::NoText, &text),
            Ok(tweet::Tweet { text: Some(found), retweet }) => {
                mill.document(&found, Form::Post, retweet)?;
            }
        },
    }
    Ok(())
}

/// Whether each line is an object of its own: the first one is.
fn is_lines(head: &[u8]) -> bool {
    let first = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(first).is_ok()
}

/// What was cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Whole,
    Broken,
    TooLong,
}

/// Where in the file it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between objects, where anything may stand.
    #[default]
    Between,
    Object,
    Text,
    /// Behind a backslash.
    Escape,
    /// Behind a broken object, whose rest may look like texts: the next object is waited for.
    Lost,
}

#[derive(Default)]
struct Cutter {
    state: State,
    depth: usize,
    /// What there is of the object, up to the limit.
    object: Vec<u8>,
    long: bool,
    /// Whether an object ends with its line at the latest.
    lines: bool,
}

impl Cutter {
    /// How much of `chunk` was read until something was whole or broken, and which.
    fn push(&mut self, chunk: &[u8]) -> (usize, Option<Cut>) {
        let waits = |state| matches!(state, State::Between | State::Lost);
        if waits(self.state) {
            self.object.clear();
            self.long = false;
        }
        let mut from = 0;
        for (at, byte) in chunk.iter().enumerate() {
            let mut cut = None;
            self.state = match (self.state, byte) {
                (State::Between | State::Lost, b'{') => {
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
                    cut = Some(Cut::Broken);
                    State::Between
                }
                // JSON has no line ends in texts: this one was never closed
                (State::Text | State::Escape, b'\n') => {
                    cut = Some(Cut::Broken);
                    if self.lines || self.depth == 0 { State::Between } else { State::Lost }
                }
                (State::Escape, _) => State::Text,
                (state, _) => state,
            };
            if self.state == State::Object && self.depth == 0 {
                self.state = State::Between;
                cut = Some(Cut::Whole);
            }
            if let Some(cut) = cut {
                self.add(&chunk[from..=at]);
                return (at + 1, Some(if self.long { Cut::TooLong } else { cut }));
            }
        }
        if !waits(self.state) {
            self.add(&chunk[from..]);
        }
        (chunk.len(), None)
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = LONGEST.saturating_sub(self.object.len());
        self.long |= bytes.len() > room;
        self.object.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}
