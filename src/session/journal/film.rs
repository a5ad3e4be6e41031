//! Plays a journal record by record, as the page changed.

use super::{frame::Frames, record::Record, replay::Past};
use crate::session::{
    draft::{Draft, Piece},
    film::{Film, Scene, What},
    timeline::How,
    tree::{Kind, Node},
};
use std::{collections::HashSet, time::SystemTime};

/// A change of the page: where, and what was there and is there now.
type Change = (usize, Piece, Piece);

/// The film of a journal's bytes, as far as they can be read; `None` when not even their beginning can.
pub(crate) fn film(bytes: &[u8]) -> Option<Film> {
    let mut last = 0;
    let mut records = Frames::new(bytes).map_while(|payload| Record::decode(payload, &mut last));
    let (begun, Record::Begin { .. }) = records.next()? else { return None };
    let Record::Snapshot { text, runs, .. } = records.next()?.1 else { return None };
    let start = Draft::from_parts(text, runs);
    let mut reel = Reel {
        past: Past::beginning(begun),
        page: start.clone(),
        latest: begun,
        shown: HashSet::from([0]),
        is_rewritten: false,
        scenes: Vec::new(),
    };
    for (time, record) in records {
        if reel.take(time, record).is_none() {
            break;
        }
    }
    Some(Film { start, begun, scenes: reel.scenes })
}

/// The state while a journal is played.
struct Reel {
    past: Past,
    page: Draft,
    /// The time of the scene before: time doesn't go back in a film, whatever the clock did.
    latest: SystemTime,
    shown: HashSet<usize>,
    /// The journal was written anew, so the times of its records aren't those of the changes.
    is_rewritten: bool,
    scenes: Vec<Scene>,
}

impl Reel {
    fn take(&mut self, time: SystemTime, record: Record) -> Option<()> {
        let before = self.past.tree.current();
        let (what, change) = self.see(&record)?;
        let is_move = matches!(record, Record::Go { .. });
        self.past.apply(time, record)?;
        let now = self.past.tree.current();
        let change = match change {
            None if is_move && now != before => Some(self.move_to(before, now)?),
            change => change,
        };
        let Some(what) = what else { return Some(()) };
        let first = self.shown.insert(now);
        let own = self.past.tree.node(now).map(|node| node.time);
        let time = own.filter(|_| is_move && first && self.is_rewritten).unwrap_or(time);
        self.latest = self.latest.max(time);
        if let Some((at, removed, inserted)) = &change {
            let range = *at..at + removed.len();
            self.page.fits(&range).then(|| self.page.replace(range, inserted))?;
        }
        let cursor = change.as_ref().map(|(at, _, inserted)| at + inserted.len());
        self.scenes.push(Scene { time: self.latest, revision: now, what, change, cursor });
        Some(())
    }

    /// What a record is for a viewer, and how it changes the page, but for moves; `None` inside for what nobody sees.
    #[allow(clippy::type_complexity)]
    fn see(&mut self, record: &Record) -> Option<(Option<What>, Option<Change>)> {
        Some(match record {
            Record::Step { visit: true, node } => {
                let change = (node.at, node.removed.clone(), node.inserted.clone());
                (Some(what(node)), Some(change))
            }
            Record::Step { visit: false, node } => match (node.kind, node.source) {
                (Kind::Offered, Some(source)) if !self.is_rewritten => {
                    (Some(What::Offered(source, node.inserted.text.as_str().into())), None)
                }
                (Kind::Offered | Kind::Outside, _) => (None, None),
                _ => {
                    self.is_rewritten = true;
                    (None, None)
                }
            },
            Record::Key { author, text } => {
                let here = self.past.tree.here();
                let at = here.at + here.inserted.len();
                (Some(what(here)), Some((at, Piece::default(), Piece::new(text, *author))))
            }
            Record::Grow { at, removed, inserted, .. } => {
                let change = (*at, removed.clone().into_owned(), inserted.clone().into_owned());
                (Some(what(self.past.tree.here())), Some(change))
            }
            Record::Go { how: How::Seen, .. } => (None, None),
            Record::Go { how: How::Undo, .. } => (Some(What::Undone), None),
            // A rewritten journal leads from step to step by moves.
            Record::Go { revision, how: How::Redo, .. } => {
                let node = self.past.tree.node(*revision)?;
                let is_new = self.is_rewritten && !self.shown.contains(revision);
                (Some(if is_new { what(node) } else { What::Redone }), None)
            }
            Record::Go { .. } => (Some(What::Went), None),
            Record::Request { .. } => (Some(What::Asked(self.past.tree.requests.len())), None),
            // A journal begins with what the file says.
            Record::Saved { .. } if self.scenes.is_empty() => (None, None),
            Record::Saved { .. } => (Some(What::Saved), None),
            _ => (None, None),
        })
    }

    /// How the page changes from one revision to another: the smallest replacement.
    fn move_to(&self, from: usize, to: usize) -> Option<Change> {
        let mut new = self.page.clone();
        self.past.tree.carry(&mut new, from, to)?;
        let (old, len, new_len) =
            (self.page.text(), self.page.text().len_chars(), new.text().len_chars());
        let same = |pair: &(char, char)| pair.0 == pair.1;
        let head = old.chars().zip(new.text().chars()).take_while(same).count();
        let ends = old.chars_at(len).reversed().zip(new.text().chars_at(new_len).reversed());
        let tail = ends.take(len.min(new_len) - head).take_while(same).count();
        Some((head, self.page.piece(head..len - tail), new.piece(head..new_len - tail)))
    }
}

/// What a step is for a viewer.
fn what(node: &Node) -> What {
    match node.kind {
        Kind::Pasted => What::Pasted,
        Kind::Deleted => What::Deleted,
        Kind::Taken => What::Taken(node.source),
        Kind::Outside => What::Outside,
        _ => What::Typed,
    }
}
