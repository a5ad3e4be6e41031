//! The events of a draft as journal records. A record is a time, a kind and its fields. A kind that isn't known was
//! written by a newer version: reading ends there, and the whole journal is kept aside.

use super::{
    bytes::{In, Out},
    frame,
};
use crate::session::{
    author::{Author, Run},
    draft::{Draft, Piece},
    timeline::How,
    tree::{Kind, Node, Place, Revision, Source},
};
use ropey::Rope;
use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

/// One event. Borrows what is big when it is written, owns it when it was read.
#[derive(Clone, Debug)]
pub(crate) enum Record<'a> {
    /// A journal begins, or goes on under another name. For people who look at it; nothing reads it.
    Begin { draft: Cow<'a, str> },
    /// The whole text of a revision, so that a start can skip what led to it.
    Snapshot { revision: Revision, text: Rope, runs: Vec<Run> },
    /// A new revision. `visit`: the page shows it from now on.
    Step { visit: bool, node: Cow<'a, Node> },
    /// The revision on the page took in another change.
    Grow { at: usize, removed: Cow<'a, Piece>, inserted: Cow<'a, Piece>, after: Place },
    /// The revision on the page took in a text typed at its end, by one author: what nearly every key is.
    Key { author: Author, text: Cow<'a, str> },
    /// The page shows another revision. `left`: the cursor before, for a jump. Older versions wrote only the revision.
    Go { revision: Revision, how: How, left: Place },
    /// The file says what this revision says; its length and hash in bytes, unless there is no file.
    Saved { revision: Revision, file: Option<(u64, u64)> },
    /// The model was asked. `details` is JSON.
    Request { revision: Revision, at: usize, details: Cow<'a, str> },
    /// A bookmark was set or taken off.
    Bookmark { revision: Revision, on: bool },
    /// A revision was named; an empty name is none.
    Name { revision: Revision, name: Cow<'a, str> },
    /// A revision and all that came of it was pruned.
    Prune { revision: Revision },
    /// The notes on the draft, as JSON.
    Notes { notes: Cow<'a, str> },
    /// The child that was visited last, 0 for none (only in a journal that was written anew).
    Redo { revision: Revision, child: Revision },
}

/// The version of this format, in every `Begin`.
const VERSION: u64 = 1;
/// The code of the newest kind of record.
const NEWEST: u8 = 12;

/// Milliseconds since 1970, as times are stored.
pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A stored time; what lies beyond all calendars is 1970.
fn time(millis: u64) -> SystemTime {
    let since = Duration::from_millis(millis);
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Makes frames of events in the order of the file, for each has its time as the time since the one before.
#[derive(Clone, Copy, Default)]
pub(crate) struct Encoder {
    /// Milliseconds since 1970 of the latest event.
    pub last: u64,
}

impl Encoder {
    /// How long after the one before something happens.
    pub fn elapsed(&mut self, when: SystemTime) -> i64 {
        let now = millis(when);
        now.wrapping_sub(std::mem::replace(&mut self.last, now)) as i64
    }

    /// An event as it stands in the file.
    pub fn frame(&mut self, when: SystemTime, record: &Record) -> Vec<u8> {
        record.frame(self.elapsed(when))
    }
}

impl<'a> Record<'a> {
    /// A record as it stands in the file. `elapsed`: milliseconds since the one before.
    pub fn frame(&self, elapsed: i64) -> Vec<u8> {
        let mut frame = Vec::new();
        frame::put(&mut frame, &self.encode(elapsed));
        frame
    }

    /// The whole text of a revision.
    pub fn snapshot(revision: Revision, draft: &Draft) -> Self {
        Record::Snapshot { revision, text: draft.text().clone(), runs: draft.runs() }
    }

    /// The payload of a frame. `elapsed`: milliseconds since the record before.
    fn encode(&self, elapsed: i64) -> Vec<u8> {
        let mut out = Out::default();
        let code = match self {
            Record::Begin { .. } => 0,
            Record::Snapshot { .. } => 1,
            Record::Step { .. } => 2,
            Record::Grow { .. } => 3,
            Record::Go { .. } => 4,
            Record::Saved { .. } => 5,
            Record::Request { .. } => 6,
            Record::Bookmark { .. } => 7,
            Record::Name { .. } => 8,
            Record::Prune { .. } => 9,
            Record::Redo { .. } => 10,
            Record::Key { .. } => 11,
            Record::Notes { .. } => 12,
        };
        out.0.push(code);
        // Clocks can be set back, so the time is signed: the sign is in the lowest bit (zigzag), so that small numbers
        // stay short.
        out.number((elapsed << 1 ^ elapsed >> 63) as u64);
        match self {
            Record::Begin { draft } => {
                out.number(VERSION);
                out.text(draft);
            }
            Record::Snapshot { revision, text, runs } => {
                out.size(*revision);
                out.size(text.len_bytes());
                text.chunks().for_each(|chunk| out.0.extend(chunk.as_bytes()));
                out.runs(runs);
            }
            Record::Step { visit, node } => {
                out.0.push(u8::from(*visit));
                put_node(&mut out, node);
            }
            Record::Grow { at, removed, inserted, after } => {
                out.size(*at);
                out.piece(removed);
                out.piece(inserted);
                put_place(&mut out, *after);
            }
            Record::Key { author, text } => {
                out.0.push(*author as u8);
                out.0.extend(text.as_bytes());
            }
            Record::Go { revision, how, left } => {
                out.size(*revision);
                if *how != How::Unsaid {
                    out.0.push(*how as u8);
                }
                if how.has_place() {
                    put_place(&mut out, *left);
                }
            }
            Record::Prune { revision } => out.size(*revision),
            Record::Saved { revision, file } => {
                out.size(*revision);
                out.0.push(u8::from(file.is_some()));
                let (len, hash) = file.unwrap_or_default();
                out.number(len);
                out.number(hash);
            }
            Record::Request { revision, at, details } => {
                out.size(*revision);
                out.size(*at);
                out.text(details);
            }
            Record::Bookmark { revision, on } => {
                out.size(*revision);
                out.0.push(u8::from(*on));
            }
            Record::Name { revision, name } => {
                out.size(*revision);
                out.text(name);
            }
            Record::Redo { revision, child } => {
                out.size(*revision);
                out.size(*child);
            }
            Record::Notes { notes } => out.text(notes),
        }
        out.0
    }

    /// Whether a payload that isn't understood was written by a newer version: it is of another kind, or begins a
    /// journal of another format.
    pub fn is_newer(payload: &[u8]) -> bool {
        let mut read = In(payload);
        let (code, _) = (read.byte(), read.number());
        code > Some(NEWEST)
            || code == Some(0) && read.number().is_some_and(|format| format > VERSION)
    }

    /// Read a payload: `None` when it isn't understood. `last`: the time of the record before, in
    /// milliseconds since 1970; becomes this one's.
    pub fn decode(payload: &'a [u8], last: &mut u64) -> Option<(SystemTime, Record<'a>)> {
        let mut read = In(payload);
        let code = read.byte()?;
        let elapsed = read.number()?;
        *last = last.wrapping_add_signed((elapsed >> 1) as i64 ^ -((elapsed & 1) as i64));
        let when = time(*last);
        let record = match code {
            0 => {
                // In a newer format the same codes may have other meanings.
                (read.number()? == VERSION).then_some(())?;
                Record::Begin { draft: read.text()?.into() }
            }
            1 => Record::Snapshot {
                revision: read.size()?,
                text: Rope::from_str(read.text()?),
                runs: read.runs()?,
            },
            2 => Record::Step {
                visit: read.byte()? != 0,
                node: Cow::Owned(get_node(&mut read, when)?),
            },
            3 => Record::Grow {
                at: read.size()?,
                removed: Cow::Owned(read.piece()?),
                inserted: Cow::Owned(read.piece()?),
                after: get_place(&mut read)?,
            },
            4 => {
                let revision = read.size()?;
                let how = read.byte().map_or(Some(How::Unsaid), How::from_code)?;
                let left = if how.has_place() { get_place(&mut read)? } else { Place::default() };
                Record::Go { revision, how, left }
            }
            5 => Record::Saved {
                revision: read.size()?,
                file: {
                    let is_file = read.byte()? != 0;
                    let file = (read.number()?, read.number()?);
                    is_file.then_some(file)
                },
            },
            6 => Record::Request {
                revision: read.size()?,
                at: read.size()?,
                details: read.text()?.into(),
            },
            7 => Record::Bookmark { revision: read.size()?, on: read.byte()? != 0 },
            8 => Record::Name { revision: read.size()?, name: read.text()?.into() },
            9 => Record::Prune { revision: read.size()? },
            10 => Record::Redo { revision: read.size()?, child: read.size()? },
            11 => Record::Key {
                author: *Author::ALL.get(usize::from(read.byte()?))?,
                text: str::from_utf8(read.0).ok()?.into(),
            },
            12 => Record::Notes { notes: read.text()?.into() },
            _ => return None,
        };
        Some((when, record))
    }
}

fn put_place(out: &mut Out, place: Place) {
    out.size(place.cursor);
    out.maybe(place.anchor);
}

fn get_place(read: &mut In) -> Option<Place> {
    Some(Place { cursor: read.size()?, anchor: read.maybe()? })
}

fn put_node(out: &mut Out, node: &Node) {
    out.size(node.parent);
    out.0.push(node.kind as u8);
    out.size(node.at);
    out.piece(&node.removed);
    out.piece(&node.inserted);
    put_place(out, node.before);
    put_place(out, node.after);
    out.maybe(node.source.map(|source| source.request));
    out.size(node.source.map_or(0, |source| source.number));
    // Last, so that older versions, which don't read so far, understand the rest.
    node.receipt.iter().for_each(|receipt| out.text(receipt));
}

fn get_node(read: &mut In, time: SystemTime) -> Option<Node> {
    Some(Node {
        time,
        parent: read.size()?,
        kind: Kind::from_code(read.byte()?)?,
        at: read.size()?,
        removed: read.piece()?,
        inserted: read.piece()?,
        before: get_place(read)?,
        after: get_place(read)?,
        source: {
            let (request, number) = (read.maybe()?, read.size()?);
            request.map(|request| Source { request, number })
        },
        receipt: match read.0 {
            [] => None,
            _ => Some(read.text()?.into()),
        },
        ..Node::default()
    })
}
