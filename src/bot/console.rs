//! The platform for trials and tests: reads one mention per line as JSON from standard input. The loop prints the
//! decisions; nothing is stored here.

use super::{Class, Look, Outgoing, Page, Platform, Refusal, Replies, Settings};
use crate::mentions::{Account, Mention, Moment, Person};
use serde::Deserialize;
use std::io::{BufRead, ErrorKind, Read};

/// The longest line in bytes; the rest is ignored.
const LONGEST: u64 = 1 << 20;

/// Reads mentions from `input`.
pub struct Console<R> {
    input: R,
    handle: String,
    line: usize,
}

/// The fields of a line; others are ignored.
#[derive(Deserialize)]
struct Line {
    id: Name,
    author: Name,
    text: String,
    thread: Option<Name>,
}

/// Ids and names are strings; a number is accepted too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(u64),
}

impl Name {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

impl<R: BufRead> Console<R> {
    /// Mentions of `handle` from `input`.
    pub fn new(input: R, handle: &str) -> Self {
        Self { input, handle: handle.to_owned(), line: 0 }
    }

    fn next_line(&mut self) -> Result<String, Refusal> {
        let gone =
            |error: std::io::Error| Refusal::new(Class::Ended, format!("standard input: {error}"));
        loop {
            let mut bytes = Vec::new();
            self.input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes).map_err(gone)?;
            if bytes.is_empty() {
                return Err(Refusal::new(Class::Ended, ""));
            }
            self.line += 1;
            if bytes.len() as u64 == LONGEST && !bytes.ends_with(b"\n") {
                match self.input.skip_until(b'\n') {
                    Err(error) if error.kind() != ErrorKind::Interrupted => {
                        return Err(gone(error));
                    }
                    _ => {}
                }
            }
            let text = String::from_utf8_lossy(&bytes);
            if !text.trim().is_empty() {
                return Ok(text.trim().to_owned());
            }
        }
    }
}

impl<R: BufRead> Platform for Console<R> {
    fn account(&mut self, _: Moment) -> Result<Account, Refusal> {
        let id = format!("@{}", self.handle);
        Ok(Account { id, handle: self.handle.clone(), ..Account::default() })
    }

    fn mentions(&mut self, _: &Look<'_>, now: Moment) -> Result<Page, Refusal> {
        let line = self.next_line()?;
        let read: Line = serde_json::from_str(&line).map_err(|error| {
            let says = format!("standard input: line {}: not a mention ({error})", self.line);
            Refusal::new(Class::Never, says)
        })?;
        let (id, author) = (read.id.text(), read.author.text());
        let handle = author.trim_start_matches('@').to_owned();
        let ours = handle.eq_ignore_ascii_case(&self.handle);
        let mention = Mention {
            key: id.clone(),
            conversation: read.thread.map_or_else(|| id.clone(), Name::text),
            id,
            author: Person {
                // handles are the same in any case
                id: if ours { format!("@{}", self.handle) } else { handle.to_lowercase() },
                handle,
                ..Person::default()
            },
            text: read.text,
            created: now,
            explicit: true,
            ..Mention::default()
        };
        Ok(Page { mentions: vec![mention], ..Page::default() })
    }

    fn reply(&mut self, reply: &Outgoing<'_>, _: Moment) -> Result<String, Refusal> {
        Ok(format!("re:{}", reply.key))
    }

    fn replies(&mut self, _: Moment, _: Option<&str>, _: Moment) -> Result<Replies, Refusal> {
        Err(Refusal::new(Class::Never, "the console keeps no posts to check"))
    }

    fn exists(&mut self, _: &str, _: Moment) -> Result<bool, Refusal> {
        Ok(true)
    }

    fn retract(&mut self, _: &str, _: Moment) -> Result<(), Refusal> {
        Err(Refusal::new(Class::Never, "a printed reply can't be deleted"))
    }

    fn pace(&self, _: &Settings) -> Moment {
        0
    }

    fn costs(&self) -> bool {
        false
    }

    fn has_timeline(&self) -> bool {
        false
    }
}
