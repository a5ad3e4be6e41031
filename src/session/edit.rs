//! Edits: cursor, typing, pasting, deleting, taking, undo and redo.
//!
//! Typed text is by `Writer`, but `Edited` between two characters of machine text
//! (or of edited machine text), and where it replaces machine text next to machine text.
//! Machine text that is partly deleted stays the machine's. Pasted text stays `Pasted`.

use super::{
    Author, Kind, Motion, Revision, Session, Source,
    draft::Piece,
    journal::Record,
    motion::{snap_back, snap_on, target},
    timeline::How,
    tree::{Node, Place},
};
use crate::clean::sentence_ends;
use std::{borrow::Cow, ops::Range};
use unicode_segmentation::UnicodeSegmentation;

impl Session {
    /// The cursor: where the next character is inserted.
    pub fn cursor(&self) -> usize {
        self.place.cursor
    }

    /// The selection; never empty.
    pub fn selection(&self) -> Option<Range<usize>> {
        let Place { cursor, anchor } = self.place;
        let anchor = anchor.filter(|anchor| *anchor != cursor)?;
        Some(anchor.min(cursor)..anchor.max(cursor))
    }

    /// Move the cursor to the grapheme boundary at or before a position; `select` extends the selection.
    pub fn move_to(&mut self, at: usize, select: bool) {
        let cursor = snap_back(self.text(), at);
        let anchor = select.then(|| self.place.anchor.unwrap_or(self.place.cursor));
        self.growing &= cursor == self.place.cursor;
        self.place = Place { cursor, anchor };
    }

    /// Move the cursor. With a selection, a step left or right moves to its edge.
    pub fn motion(&mut self, motion: Motion, select: bool) {
        let at = match (motion, self.selection()) {
            (Motion::Left, Some(range)) if !select => range.start,
            (Motion::Right, Some(range)) if !select => range.end,
            _ => target(self.text(), self.place.cursor, motion),
        };
        self.move_to(at, select);
    }

    /// Type a text at the cursor, replacing the selection. Characters typed one after another are
    /// one step for undo, up to the end of a line or a sentence.
    pub fn type_text(&mut self, text: &str) -> bool {
        let text = plain(text);
        if text.is_empty() {
            return false;
        }
        let range = self.selection().unwrap_or(self.place.cursor..self.place.cursor);
        let text = self.with_ends(range.start, text);
        let author = self.author_of_typing(&range);
        let one = text.graphemes(true).nth(1).is_none();
        self.growing &= one;
        let done = self.edit(range, Piece::new(&text, author), Kind::Typed, None);
        self.growing = done && one && !self.ends_step();
        done
    }

    /// Paste a text at the cursor, replacing the selection, as one step. Line ends become `\n`;
    /// other control characters, tabs apart, are dropped.
    pub fn paste(&mut self, text: &str) -> bool {
        let range = self.selection().unwrap_or(self.place.cursor..self.place.cursor);
        let text = plain(text);
        if text.is_empty() {
            return false;
        }
        self.growing = false;
        let text = self.with_ends(range.start, text);
        self.edit(range, Piece::new(&text, Author::Pasted), Kind::Pasted, None)
    }

    /// Delete the selection, or the text from the cursor to where a motion leads. Single characters deleted one
    /// after another are one step for undo.
    pub fn delete(&mut self, motion: Motion) -> bool {
        let cursor = self.place.cursor;
        let range = self.selection().unwrap_or_else(|| {
            let to = target(self.text(), cursor, motion);
            cursor.min(to)..cursor.max(to)
        });
        let one = self.selection().is_none() && matches!(motion, Motion::Left | Motion::Right);
        self.growing &= one;
        let done = self.edit(range, Piece::default(), Kind::Deleted, None);
        self.growing = one && (done || self.growing);
        done
    }

    /// Insert a text of the model, as one step; the cursor moves behind it.
    pub fn take(&mut self, at: usize, text: &str) -> bool {
        self.insert_taken(at, text, None)
    }

    /// Replace a range by a text of the model, as one step; the cursor moves behind it. `source` is the offer that it is
    /// from, if it is from one.
    pub fn take_instead(
        &mut self,
        range: Range<usize>,
        text: &str,
        source: Option<Source>,
    ) -> bool {
        let end = range.end.min(self.text().len_chars());
        self.growing = false;
        let piece = Piece::new(&plain(text), Author::Machine);
        self.edit(range.start.min(end)..end, piece, Kind::Taken, source)
    }

    pub(crate) fn insert_taken(&mut self, at: usize, text: &str, source: Option<Source>) -> bool {
        let at = at.min(self.text().len_chars());
        self.growing = false;
        self.edit(at..at, Piece::new(&plain(text), Author::Machine), Kind::Taken, source)
    }

    /// Undo the last change of the page: an edit by the writer or the machine, or a jump to another revision. The
    /// cursor moves where it was before it.
    pub fn undo(&mut self) -> bool {
        let before = self.tree.timeline.before();
        before.is_some_and(|stop| self.walk(stop.revision, stop.left, How::Undo))
    }

    /// Redo what was undone last. When nothing was, go on to the child that was visited last.
    pub fn redo(&mut self) -> bool {
        let next = self.tree.timeline.after().map(|stop| stop.revision).or(self.tree.here().redo);
        let next = next.and_then(|next| Some((next, self.tree.place(next)?)));
        next.is_some_and(|(next, place)| self.walk(next, place, How::Redo))
    }

    /// Go to any revision of the history, with the cursor where it was; false when there is none of that
    /// number. Undo leads back.
    pub fn go(&mut self, to: Revision) -> bool {
        if to == self.tree.current() {
            self.growing = false;
            return self.read_only.is_none();
        }
        self.tree.place(to).is_some_and(|place| self.walk(to, place, How::Jump))
    }

    /// Go back to the text before the step on the page. Unlike [`Session::undo`] this is a step of its own: undo leads
    /// back to the page as it was.
    pub fn take_back(&mut self) -> bool {
        let (parent, place) = (self.tree.here().parent, self.tree.here().before);
        self.tree.current() != 0 && self.walk(parent, place, How::Jump)
    }

    /// Go to a place of another revision to edit it: the edit that follows is one step for undo together with going
    /// there. False when there is no such revision.
    pub fn go_to_edit(&mut self, to: Revision, at: usize) -> bool {
        let Some(place) = self.tree.place(to) else { return false };
        let there = to == self.tree.current() || self.walk(to, place, How::Join);
        if there {
            self.move_to(at, false);
        }
        there
    }

    fn walk(&mut self, to: Revision, place: Place, how: How) -> bool {
        let (from, left) = (self.tree.current(), self.place);
        if self.read_only.is_some() || self.tree.carry(&mut self.draft, from, to).is_none() {
            return false;
        }
        self.tree.travel(to, how, left);
        self.note(Record::Go { revision: to, how, left });
        self.place = place;
        self.growing = false;
        self.compare();
        true
    }

    /// Replace a range by a piece, as a part of the current typing step where it continues it, else as a
    /// step of its own.
    pub(crate) fn edit(
        &mut self,
        range: Range<usize>,
        inserted: Piece,
        kind: Kind,
        source: Option<Source>,
    ) -> bool {
        if self.read_only.is_some() || (range.is_empty() && inserted.text.is_empty()) {
            return false;
        }
        let (at, before) = (range.start, self.place);
        let removed = self.draft.replace(range, &inserted);
        let cursor = snap_on(self.text(), at + inserted.len());
        let after = Place { cursor, anchor: None };
        let joins = self.growing && self.tree.here().kind == kind;
        if joins && self.tree.grow(at, &removed, &inserted) {
            self.note(match inserted.runs[..] {
                // The most common case: a character typed at the end of the step, with the cursor after it.
                [run] if kind == Kind::Typed && cursor == at + run.len => {
                    Record::Key { author: run.author, text: inserted.text.into() }
                }
                _ => {
                    let (removed, inserted) = (Cow::Owned(removed), Cow::Owned(inserted));
                    Record::Grow { at, removed, inserted, after }
                }
            });
            self.tree.here_mut().after = after;
        } else {
            let (parent, time) = (self.tree.current(), (self.clock)());
            let fixed = Node { parent, kind, time, source, ..Node::default() };
            let node = Node { at, removed, inserted, before, after, ..fixed };
            self.note(Record::Step { visit: true, node: Cow::Borrowed(&node) });
            self.tree.push(node);
        }
        self.place = after;
        self.recovery = None;
        self.compare();
        true
    }

    /// A typing step ends with a line, and with the space after a sentence; spaces alone are no step.
    fn ends_step(&self) -> bool {
        if self.tree.here().inserted.text.trim().is_empty() {
            return false;
        }
        let cursor = self.place.cursor;
        match cursor.checked_sub(1).and_then(|last| self.text().get_char(last)) {
            Some('\n') => true,
            // In scripts without spaces, the full stop alone ends the sentence.
            Some(last) if last.is_whitespace() || matches!(last, '。' | '！' | '？' | '｡') => {
                let near = self.text().slice(cursor.saturating_sub(NEAR)..cursor).to_string();
                let near = near.trim_end();
                sentence_ends(near).last() == Some(near.len())
            }
            _ => false,
        }
    }

    /// The author of typed text; see the rule in the module's documentation.
    pub(super) fn author_of_typing(&self, range: &Range<usize>) -> Author {
        let authors = self.draft.authors();
        let machine = |at: usize| authors.at(at).is_some_and(Author::is_machine_made);
        let left = range.start > 0 && machine(range.start - 1);
        let right = machine(range.end);
        let replaces = authors.iter(range.clone()).any(|(_, author)| author.is_machine_made());
        if (left && right) || (replaces && (left || right)) {
            Author::Edited
        } else {
            Author::Writer
        }
    }
}

/// Number of characters before the cursor that are examined for a sentence end.
const NEAR: usize = 256;

/// Normalize a text: line ends become `\n`, control characters other than that and tabs are dropped.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let odd = |char: char| char.is_control() && char != '\n' && char != '\t';
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace(odd, ""))
}
