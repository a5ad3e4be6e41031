//! Restores the history from the bytes of a journal: every revision, and the current text.

use super::{frame::Frames, record::Record};
use crate::session::{
    author::Run,
    draft::{Draft, Piece},
    notes::Notes,
    opening,
    timeline::How,
    tree::{Kind, Node, Place, Request, Revision, Tree},
};
use ropey::Rope;
use std::time::SystemTime;

/// What follows the last record that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing, or a record that a crash interrupted.
    Torn,
    /// A record of a newer version.
    Newer,
    /// Something that no version writes.
    Damaged,
}

/// The content of a journal.
pub(crate) struct Past {
    pub tree: Tree,
    /// What the file said when it was last read or written: the revision, and length and hash in bytes
    /// unless there was no file.
    pub saved: (Revision, Option<(u64, u64)>),
    /// When the text on the page was last changed.
    pub changed: SystemTime,
    /// The number of valid bytes; what follows is a torn tail.
    pub good: usize,
    /// The number of bytes after the last snapshot.
    pub since_snapshot: usize,
    /// How the text began that the history began with.
    pub opening: String,
    /// The time of the last record, in milliseconds since 1970.
    pub last: u64,
    /// The notes on the draft.
    pub notes: Notes,
    /// The latest full text.
    snapshot: (Revision, Rope, Vec<Run>),
}

impl Past {
    /// Read a journal as far as it is whole; `None` when not even its beginning is.
    pub fn read(bytes: &[u8]) -> (Option<Self>, Tail) {
        let mut frames = Frames::new(bytes);
        let mut past: Option<Past> = None;
        let mut snapshot = None;
        let mut tail = Tail::Torn;
        let mut last = 0;
        loop {
            let before = frames.at;
            let Some(payload) = frames.next() else { break };
            let done = match (Record::decode(payload, &mut last), &mut past) {
                (Some((time, Record::Begin { .. })), None) => {
                    past = Some(Past::beginning(time));
                    true
                }
                (Some((_, Record::Snapshot { revision, text, runs })), Some(past)) => {
                    if revision == 0 {
                        past.opening = opening(&text);
                    }
                    snapshot = Some((revision, text, runs));
                    past.since_snapshot = 0;
                    true
                }
                (Some((time, record)), Some(past)) => {
                    past.since_snapshot += frames.at - before;
                    past.apply(time, record).is_some()
                }
                // Written by a newer version, or invalid data with a valid checksum.
                _ => false,
            };
            if !done {
                tail = if Record::is_newer(payload) { Tail::Newer } else { Tail::Damaged };
                frames.at = before;
                break;
            }
        }
        if tail == Tail::Torn && frames.is_damaged() {
            tail = Tail::Damaged;
        }
        let past = past.zip(snapshot).map(|(past, (revision, text, runs))| Past {
            snapshot: (revision, text, runs),
            good: frames.at,
            last,
            ..past
        });
        (past, tail)
    }

    pub(super) fn beginning(time: SystemTime) -> Self {
        Past {
            tree: Tree::new(time),
            saved: (0, None),
            changed: time,
            good: 0,
            since_snapshot: 0,
            opening: String::new(),
            last: 0,
            notes: Notes::default(),
            snapshot: (0, Rope::new(), Vec::new()),
        }
    }

    /// Apply one event to the tree.
    pub(super) fn apply(&mut self, time: SystemTime, record: Record) -> Option<()> {
        let tree = &mut self.tree;
        match record {
            Record::Begin { .. } | Record::Snapshot { .. } => {}
            Record::Step { visit, node } => {
                let revision = tree.add(node.into_owned())?;
                if visit {
                    tree.enter(revision)?;
                    self.changed = time;
                }
            }
            Record::Grow { at, removed, inserted, after } => {
                tree.grow(at, &removed, &inserted).then_some(())?;
                tree.here_mut().after = after;
                self.changed = time;
            }
            Record::Key { author, text } => {
                let node = tree.here_mut();
                (node.kind == Kind::Typed).then_some(())?;
                node.inserted.append(&Piece::new(&text, author));
                let cursor = node.at + node.inserted.len();
                node.after = Place { cursor, anchor: None };
                self.changed = time;
            }
            Record::Go { revision, how, left } => tree.travel(revision, how, left)?,
            Record::Saved { revision, file } => {
                tree.node(revision)?;
                self.saved = (revision, file);
            }
            Record::Request { revision, at, details } => {
                let details = serde_json::from_str(&details).unwrap_or_default();
                tree.requests.push(Request { revision, at, time, details });
            }
            Record::Bookmark { revision, on } => tree.node_mut(revision)?.bookmarked = on,
            Record::Name { revision, name } => {
                tree.node_mut(revision)?.name = (!name.is_empty()).then(|| name.as_ref().into());
            }
            Record::Prune { revision } => tree.prune(revision)?,
            Record::Notes { notes } => self.notes = serde_json::from_str(&notes).ok()?,
            Record::Redo { revision, child } => {
                let child = Some(child).filter(|child| *child != 0);
                if let Some(child) = child {
                    tree.node(child).filter(|node| node.parent == revision)?;
                }
                tree.node_mut(revision)?.redo = child;
            }
        }
        Some(())
    }

    /// The page at a revision; `None` when the journal contradicts itself.
    pub fn draft(&self, revision: Revision) -> Option<Draft> {
        let (at, text, runs) = &self.snapshot;
        let mut draft = Draft::from_parts(text.clone(), runs.iter().copied());
        self.tree.carry(&mut draft, *at, revision)?;
        Some(draft)
    }
}

/// A history as the records of a new journal, without what was pruned.
pub(crate) fn rewrite(
    tree: &Tree,
    root: &Draft,
    notes: &Notes,
    saved: Record,
    mut put: impl FnMut(SystemTime, Record),
) {
    let now = tree.here().time;
    put(now, Record::snapshot(0, root));
    for request in &tree.requests {
        let Request { revision, at, time, details } = request;
        let details = details.to_string().into();
        put(*time, Record::Request { revision: *revision, at: *at, details });
    }
    let stub = Node::pruned();
    for revision in 1..tree.len() {
        let node = tree.node(revision).unwrap_or(&stub);
        put(node.time, Record::Step { visit: false, node: std::borrow::Cow::Borrowed(node) });
    }
    put_timeline(tree, &mut |record| put(now, record));
    for revision in 0..tree.len() {
        let Some(node) = tree.node(revision) else { continue };
        // What the timeline just set may have been pruned since, so none is written too.
        put(now, Record::Redo { revision, child: node.redo.unwrap_or(0) });
        if node.bookmarked {
            put(now, Record::Bookmark { revision, on: true });
        }
        if let Some(name) = &node.name {
            put(now, Record::Name { revision, name: name.as_ref().into() });
        }
    }
    if !notes.is_empty() {
        let notes = serde_json::to_string(notes).unwrap_or_default().into();
        put(now, Record::Notes { notes });
    }
    put(now, saved);
}

/// The timeline as the moves that led along it, and the revisions that the page has shown besides.
fn put_timeline(tree: &Tree, put: &mut impl FnMut(Record)) {
    let (stops, at) = tree.timeline.stops();
    let place = Place::default();
    for revision in 1..tree.len() {
        let seen = tree.node(revision).is_some_and(|node| node.seen && node.kind == Kind::Offered);
        if seen {
            put(Record::Go { revision, how: How::Seen, left: place });
        }
    }
    for pair in stops.windows(2) {
        let how = if pair[1].jumped { How::Jump } else { How::Redo };
        put(Record::Go { revision: pair[1].revision, how, left: pair[0].left });
    }
    for stop in stops[at..].iter().rev().skip(1) {
        put(Record::Go { revision: stop.revision, how: How::Undo, left: place });
    }
}
