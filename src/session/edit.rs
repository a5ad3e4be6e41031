//! What changes the page: cursor, typing, pasting, deleting, taking, undo and redo.
//!
//! Whose a typed text is: `Writer`, but `Edited` where it stands between two characters of machine text
//! (or machine text that was edited before), or takes the place of machine text next to machine text.
//! What is left of machine text that was partly deleted stays the machine's. A paste stays `Pasted`.

use super::{
    Author, Kind, Motion, Revision, Session,
    draft::Piece,
    motion::{snap_back, snap_on, target},
    tree::{Node, Place},
};
use std::{borrow::Cow, ops::Range};
use unicode_segmentation::UnicodeSegmentation;

impl Session {
    /// Where the next character is typed.
    pub fn cursor(&self) -> usize {
        self.place.cursor
    }

    /// What is selected; never empty.
    pub fn selection(&self) -> Option<Range<usize>> {
        let Place { cursor, anchor } = self.place;
        let anchor = anchor.filter(|anchor| *anchor != cursor)?;
        Some(anchor.min(cursor)..anchor.max(cursor))
    }

    /// Put the cursor somewhere; `select` extends the selection to it. Goes to a grapheme's beginning.
    pub fn move_to(&mut self, at: usize, select: bool) {
        let cursor = snap_back(self.text(), at);
        let anchor = select.then(|| self.place.anchor.unwrap_or(self.place.cursor));
        self.growing &= cursor == self.place.cursor;
        self.place = Place { cursor, anchor };
    }

    /// Move the cursor. A step left or right from a selection goes to its edge.
    pub fn motion(&mut self, motion: Motion, select: bool) {
        let at = match (motion, self.selection()) {
            (Motion::Left, Some(range)) if !select => range.start,
            (Motion::Right, Some(range)) if !select => range.end,
            _ => target(self.text(), self.place.cursor, motion),
        };
        self.move_to(at, select);
    }

    /// Type a text at the cursor, in the place of what is selected. Characters typed one after another are
    /// one step for undo, up to the end of a line or a sentence.
    pub fn type_text(&mut self, text: &str) -> bool {
        let text = plain(text);
        if text.is_empty() {
            return false;
        }
        let range = self.selection().unwrap_or(self.place.cursor..self.place.cursor);
        let author = self.author_of_typing(&range);
        let one = text.graphemes(true).nth(1).is_none();
        let done = self.edit(range, &text, author, Kind::Typed, one);
        self.growing = done && one && !self.ends_step();
        done
    }

    /// Paste a text at the cursor, in the place of what is selected, as one step. Line ends become `\n`;
    /// other control characters, tabs apart, are dropped.
    pub fn paste(&mut self, text: &str) -> bool {
        let range = self.selection().unwrap_or(self.place.cursor..self.place.cursor);
        let text = plain(text);
        let done = !text.is_empty() && self.edit(range, &text, Author::Pasted, Kind::Pasted, false);
        self.growing &= !done;
        done
    }

    /// Delete what is selected, or from the cursor to where a motion leads. Single characters deleted one
    /// after another are one step for undo.
    pub fn delete(&mut self, motion: Motion) -> bool {
        let cursor = self.place.cursor;
        let range = self.selection().unwrap_or_else(|| {
            let to = target(self.text(), cursor, motion);
            cursor.min(to)..cursor.max(to)
        });
        let one = self.selection().is_none() && matches!(motion, Motion::Left | Motion::Right);
        let done = self.edit(range, "", Author::Writer, Kind::Deleted, one);
        self.growing = if done { one } else { self.growing };
        done
    }

    /// Take a text of the model at a place, as one step; the cursor goes behind it.
    pub fn take(&mut self, at: usize, text: &str) -> bool {
        let at = at.min(self.text().len_chars());
        let done = self.edit(at..at, &plain(text), Author::Machine, Kind::Taken, false);
        self.growing &= !done;
        done
    }

    /// One step back in the one history of writer and machine; the cursor goes where it was.
    pub fn undo(&mut self) -> bool {
        self.walk(|session| session.tree.undo(&mut session.draft))
    }

    /// One step on, to the text that was left last.
    pub fn redo(&mut self) -> bool {
        self.walk(|session| session.tree.redo(&mut session.draft))
    }

    /// Go to any revision of the history; false when there is none of that number.
    pub fn go(&mut self, to: Revision) -> bool {
        self.walk(|session| session.tree.go(to, &mut session.draft))
    }

    fn walk(&mut self, step: impl Fn(&mut Session) -> Option<Place>) -> bool {
        if self.read_only.is_some() {
            return false;
        }
        let Some(place) = step(self) else { return false };
        self.place = place;
        self.growing = false;
        self.compare();
        true
    }

    /// Put a text in the place of a range. `grow`: it may join the step before it.
    fn edit(
        &mut self,
        range: Range<usize>,
        text: &str,
        author: Author,
        kind: Kind,
        grow: bool,
    ) -> bool {
        if self.read_only.is_some() || (range.is_empty() && text.is_empty()) {
            return false;
        }
        let inserted = Piece::new(text, author);
        let end = range.start + inserted.len();
        let removed = self.draft.replace(range.clone(), &inserted);
        let before = self.place;
        let after = Place { cursor: snap_on(self.text(), end), anchor: None };
        self.place = after;
        if !(grow && self.growing && self.grow(kind, range.start, &removed, &inserted)) {
            let (at, time) = (range.start, (self.clock)());
            self.tree.push(Node { kind, time, at, removed, inserted, before, ..Node::default() });
        }
        self.tree.here_mut().after = after;
        self.compare();
        true
    }

    /// Let the step on the page take in another change, when that goes on where the step stopped.
    fn grow(&mut self, kind: Kind, at: usize, removed: &Piece, inserted: &Piece) -> bool {
        let node = self.tree.here_mut();
        let (gone, came) = (removed.len(), inserted.len());
        if node.kind != kind {
            false
        } else if kind == Kind::Typed && gone == 0 && at == node.at + node.inserted.len() {
            node.inserted.append(inserted);
            true
        } else if kind == Kind::Deleted && came == 0 && at == node.at {
            node.removed.append(removed);
            true
        } else if kind == Kind::Deleted && came == 0 && at + gone == node.at {
            let mut all = removed.clone();
            all.append(&node.removed);
            (node.at, node.removed) = (at, all);
            true
        } else {
            false
        }
    }

    /// The step ends with a line, and with the space after a sentence.
    fn ends_step(&self) -> bool {
        let mut before = self.text().chars_at(self.place.cursor).reversed();
        match before.next() {
            Some('\n') => true,
            Some(last) if last.is_whitespace() => before
                .find(|char| !matches!(char, '"' | '\'' | ')' | ']' | '”' | '’' | '»'))
                .is_some_and(|char| matches!(char, '.' | '!' | '?' | '…')),
            Some(last) => matches!(last, '。' | '！' | '？'),
            None => false,
        }
    }

    /// The rule of the module's head.
    fn author_of_typing(&self, range: &Range<usize>) -> Author {
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

    /// Make the page say another text, changing no more than lies between the common beginning and end.
    pub(crate) fn become_text(&mut self, text: &str) {
        let old = self.text();
        let (len, new_len) = (old.len_chars(), text.chars().count());
        let same = |pair: &(char, char)| pair.0 == pair.1;
        let head = old.chars().zip(text.chars()).take_while(same).count();
        let most = len.min(new_len) - head;
        let tail = old.chars_at(len).reversed().zip(text.chars().rev()).take_while(same);
        let tail = tail.take(most).count();
        let middle: String = text.chars().skip(head).take(new_len - head - tail).collect();
        let place = self.place;
        self.edit(head..len - tail, &middle, Author::Unknown, Kind::Outside, false);
        self.growing = false;
        self.move_to(place.cursor, false);
    }
}

/// A text as a page can hold it: line ends are `\n`, no control characters but that and tabs.
fn plain(text: &str) -> Cow<'_, str> {
    let odd = |char: char| char.is_control() && char != '\n' && char != '\t';
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace(odd, ""))
}
