//! Looking for a text on the page, and putting another in its place: the two fields, and where the text stands.
//! The match in hand is what is selected, so nothing here can disagree with the page.

use super::search::Search;
use crate::{
    session::{Revision, Session},
    tui::desk::Field,
};
use ratatui::layout::Rect;
use std::{borrow::Cow, ops::Range};

/// Which field has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is looked for.
    Wanted,
    /// What comes in its place.
    Instead,
}

/// Looking for a text.
pub struct Find {
    /// What is looked for.
    pub wanted: Field,
    /// What comes in its place.
    pub instead: Field,
    /// Which of the two has the keys.
    pub part: Part,
    /// The second one is shown.
    pub replaces: bool,
    /// The search went round: from the page's end to its top, or the other way.
    pub round: Option<&'static str>,
    search: Search,
    found: Vec<Range<usize>>,
    /// Where the search begins anew when other letters are typed.
    from: usize,
    /// Where the writer was: the text, the cursor, and the other end of what was selected.
    before: (Revision, usize, Option<usize>),
}

impl Find {
    /// Looks for a text from where the writer is; what it was last stands in the fields, to be typed over.
    pub fn new(wanted: &str, instead: &str, session: &mut Session) -> Self {
        let cursor = session.cursor();
        let selection = session.selection();
        let anchor = selection.clone().map(|range| range.start + range.end - cursor);
        let mut find = Self {
            wanted: Field::new(wanted),
            instead: Field::new(instead),
            part: Part::Wanted,
            replaces: false,
            round: None,
            search: Search::new(""),
            found: Vec::new(),
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

    /// Other words are looked for, or the page has changed.
    pub fn look(&mut self, session: &Session) {
        self.search = Search::new(&self.wanted.text());
        self.found = self.search.all(&Cow::from(session.text().slice(..)));
    }

    /// Every place where the text stands, in order.
    pub fn found(&self) -> &[Range<usize>] {
        &self.found
    }

    /// The number of the match in hand, from 0.
    pub fn at(&self, session: &Session) -> Option<usize> {
        let selected = session.selection()?;
        let number = self.found.partition_point(|range| range.start < selected.start);
        (self.found.get(number) == Some(&selected)).then_some(number)
    }

    /// The matches that touch a stretch of the page.
    pub fn within(&self, window: Range<usize>) -> &[Range<usize>] {
        let first = self.found.partition_point(|range| range.end <= window.start);
        let last = self.found.partition_point(|range| range.start < window.end);
        &self.found[first..last.max(first)]
    }

    /// Takes a match in hand, and searches on from there.
    fn hold(&mut self, number: usize, session: &mut Session) {
        if let Some(range) = self.found.get(number).cloned() {
            self.from = range.start;
            session.move_to(range.start, false);
            session.move_to(range.end, true);
        }
    }

    /// Takes the first match in hand from a place on, or from the top; without any the cursor goes to that place.
    pub fn seek(&mut self, from: usize, session: &mut Session) {
        let next = self.found.partition_point(|range| range.start < from);
        self.round = (next == self.found.len() && next > 0).then_some("from the top");
        if self.found.is_empty() {
            session.move_to(from, false);
        } else {
            self.hold(next % self.found.len(), session);
        }
        // Letters that are taken back lead back.
        self.from = from;
    }

    /// Other letters were typed.
    pub fn typed(&mut self, session: &mut Session) {
        self.look(session);
        self.seek(self.from, session);
    }

    /// To the next match, or the one before.
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

    /// What comes in the place of a match.
    fn words(&self, range: Range<usize>, session: &Session) -> String {
        let found = Cow::from(session.text().slice(range));
        self.search.instead(&found, &self.instead.text()).into_owned()
    }

    /// Replaces the match in hand and goes to the next; without one in hand, only that. False when the page can't be
    /// changed.
    pub fn replace(&mut self, session: &mut Session) -> bool {
        let Some(range) = self.at(session).map(|at| self.found[at].clone()) else {
            self.step(true, session);
            return true;
        };
        let words = self.words(range.clone(), session);
        if !session.replace(&[(range.clone(), words)]) {
            return false;
        }
        self.look(session);
        self.seek(session.cursor(), session);
        true
    }

    /// Replaces every match, as one step. How many there were; `None` when the page can't be changed.
    pub fn replace_all(&mut self, session: &mut Session) -> Option<usize> {
        let all = self.found.iter().cloned();
        let all: Vec<_> = all.map(|range| (range.clone(), self.words(range, session))).collect();
        if !all.is_empty() && !session.replace(&all) {
            return None;
        }
        self.from = session.cursor();
        self.look(session);
        Some(all.len())
    }

    /// Back to where the writer was before, as near as the text has it still.
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

    /// The mouse is pressed at a cell; `fields` says where each field is and the column of its cursor. False when the
    /// cell is in none of them.
    pub fn point(&mut self, at: (u16, u16), fields: &[(Rect, u16)]) -> bool {
        let parts = [Part::Wanted, Part::Instead].into_iter().zip(fields);
        let over = parts.into_iter().find(|(_, (area, _))| area.contains(at.into()));
        let Some((part, (_, cursor))) = over else { return false };
        self.part = part;
        self.field().point(usize::from(at.0).cast_signed() - usize::from(*cursor).cast_signed());
        true
    }
}
