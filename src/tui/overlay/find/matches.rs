//! The state of find and replace: the two fields, and the matches. The current match is the selection, so the two can't
//! disagree.

use crate::{
    session::{Change, Revision, Session},
    tui::{
        desk::Field,
        search::{How, Search},
    },
};
use ratatui::layout::Rect;
use std::{borrow::Cow, ops::Range};

/// Which field has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The search text.
    Wanted,
    /// The replacement.
    Instead,
}

/// Find and replace.
pub struct Find {
    /// The search text.
    pub wanted: Field,
    /// The replacement.
    pub instead: Field,
    /// Which of the two fields has the keys.
    pub part: Part,
    /// The field for the replacement is shown.
    pub replaces: bool,
    /// How the text is searched.
    pub how: How,
    /// The search wrapped around: from the end to the top, or the other way.
    pub round: Option<&'static str>,
    /// What is wrong with the search text.
    wrong: Option<String>,
    found: Vec<Range<usize>>,
    /// The replacement of each match, while the field for it is shown.
    words: Vec<String>,
    /// Where the search starts when the search text changes.
    from: usize,
    /// Where the writer was before: the revision, the cursor, and the other end of the selection.
    before: (Revision, usize, Option<usize>),
}

impl Find {
    /// Starts a search at the cursor. The last texts are in the fields, selected.
    pub fn new(wanted: &str, instead: &str, how: How, session: &mut Session) -> Self {
        let cursor = session.cursor();
        let selection = session.selection();
        let anchor = selection.clone().map(|range| range.start + range.end - cursor);
        let mut find = Self {
            wanted: Field::new(wanted),
            instead: Field::new(instead),
            part: Part::Wanted,
            replaces: false,
            round: None,
            how,
            wrong: None,
            found: Vec::new(),
            words: Vec::new(),
            from: selection.map_or(cursor, |range| range.start),
            before: (session.seal(), cursor, anchor),
        };
        find.wanted.area.select_all();
        find.look(session);
        find
    }

    /// The field that has the keys.
    pub fn field(&mut self) -> &mut Field {
        match self.part {
            Part::Wanted => &mut self.wanted,
            Part::Instead => &mut self.instead,
        }
    }

    /// Searches again: the search text, the replacement or the page has changed.
    pub fn look(&mut self, session: &Session) {
        let search = Search::new(&self.wanted.text(), self.how);
        let text = Cow::from(session.text().slice(..));
        if self.replaces {
            let instead = self.instead.text();
            (self.found, self.words) = search.replacements(&text, &instead).into_iter().unzip();
        } else {
            self.found = search.all(&text);
        }
        self.wrong = search.wrong().map(str::to_owned);
    }

    /// What is wrong with the search text, if anything is.
    pub fn wrong(&self) -> Option<&str> {
        self.wrong.as_deref()
    }

    /// The current match and its replacement.
    pub fn replacement(&self, session: &Session) -> Option<(Range<usize>, &str)> {
        let at = self.at(session)?;
        Some((self.found[at].clone(), self.words.get(at)?))
    }

    /// What replacing all matches would change.
    pub fn changes(&self, session: &Session) -> Vec<Change> {
        let text = session.text();
        let mut changes = Vec::new();
        let mut from = 0;
        for (range, words) in self.found.iter().zip(&self.words) {
            changes.push(Change::Same(text.slice(from..range.start).to_string()));
            changes.push(Change::Removed(text.slice(range.clone()).to_string()));
            changes.push(Change::Added(words.clone()));
            from = range.end;
        }
        changes.push(Change::Same(text.slice(from..).to_string()));
        changes.retain(|change| {
            let (Change::Same(text) | Change::Removed(text) | Change::Added(text)) = change;
            !text.is_empty()
        });
        changes
    }

    /// All matches, in order.
    pub fn found(&self) -> &[Range<usize>] {
        &self.found
    }

    /// The index of the current match.
    pub fn at(&self, session: &Session) -> Option<usize> {
        let selected = session.selection()?;
        let number = self.found.partition_point(|range| range.start < selected.start);
        (self.found.get(number) == Some(&selected)).then_some(number)
    }

    /// The matches that overlap a range of the page.
    pub fn within(&self, window: Range<usize>) -> &[Range<usize>] {
        let first = self.found.partition_point(|range| range.end <= window.start);
        let last = self.found.partition_point(|range| range.start < window.end);
        &self.found[first..last.max(first)]
    }

    /// Selects a match, and continues the search from there.
    fn hold(&mut self, number: usize, session: &mut Session) {
        if let Some(range) = self.found.get(number).cloned() {
            self.from = range.start;
            session.move_to(range.start, false);
            session.move_to(range.end, true);
        }
    }

    /// Selects the first match from a place on, or else from the top. Without matches, the cursor goes to that place.
    pub fn seek(&mut self, from: usize, session: &mut Session) {
        let next = self.found.partition_point(|range| range.start < from);
        self.round = (next == self.found.len() && next > 0).then_some("from the top");
        if self.found.is_empty() {
            session.move_to(from, false);
        } else {
            self.hold(next % self.found.len(), session);
        }
        // Deleting letters of the search text goes back.
        self.from = from;
    }

    /// The search text was changed.
    pub fn typed(&mut self, session: &mut Session) {
        self.look(session);
        self.seek(self.from, session);
    }

    /// Goes to the next match, or to the previous one.
    pub fn step(&mut self, on: bool, session: &mut Session) {
        let (cursor, at) = (session.cursor(), self.at(session));
        let last = self.found.len().saturating_sub(1);
        let next = match (on, at) {
            (true, Some(at)) => Some(at + 1),
            (true, None) => Some(self.found.partition_point(|range| range.start < cursor)),
            (false, Some(at)) => at.checked_sub(1),
            (false, None) => self.found.partition_point(|range| range.end <= cursor).checked_sub(1),
        };
        let (to, round) = match next {
            Some(next) if next <= last => (next, None),
            Some(_) => (0, Some("from the top")),
            None => (last, Some("from the end")),
        };
        self.round = round.filter(|_| last > 0);
        self.hold(to, session);
    }

    /// Replaces the current match, if any, and goes to the next. False if the draft is read-only.
    pub fn replace(&mut self, session: &mut Session) -> bool {
        let Some(range) = self.at(session).map(|at| self.found[at].clone()) else {
            self.step(true, session);
            return true;
        };
        let words = self.replacement(session).map_or(String::new(), |(_, words)| words.to_owned());
        if !session.replace(&[(range, words)]) {
            return false;
        }
        self.look(session);
        self.seek(session.cursor(), session);
        true
    }

    /// Replaces all matches in one undo step. Returns their number; `None` if the draft is read-only.
    pub fn replace_all(&mut self, session: &mut Session) -> Option<usize> {
        let all: Vec<_> = self.found.iter().cloned().zip(self.words.iter().cloned()).collect();
        if !all.is_empty() && !session.replace(&all) {
            return None;
        }
        self.from = session.cursor();
        self.look(session);
        Some(all.len())
    }

    /// Returns to where the writer was before, as far as that place still exists.
    pub fn back(&self, session: &mut Session) {
        let (revision, cursor, anchor) = self.before;
        let now = |at| session.map(at, revision);
        let (cursor, anchor) = (now(cursor), anchor.and_then(now));
        match (cursor, anchor) {
            (Some(cursor), Some(anchor)) => {
                session.move_to(anchor, false);
                session.move_to(cursor, true);
            }
            (Some(cursor), None) => session.move_to(cursor, false),
            (None, _) => session.move_to(session.cursor(), false),
        }
    }

    /// Handles a click at a cell; `fields` has the area of each field and the column of its cursor. False if the cell
    /// is in no field.
    pub fn point(&mut self, at: (u16, u16), fields: &[(Rect, u16)]) -> bool {
        let parts = [Part::Wanted, Part::Instead].into_iter().zip(fields);
        let over = parts.into_iter().find(|(_, (area, _))| area.contains(at.into()));
        let Some((part, (_, cursor))) = over else { return false };
        self.part = part;
        self.field().point(usize::from(at.0).cast_signed() - usize::from(*cursor).cast_signed());
        true
    }
}
