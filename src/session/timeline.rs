//! The timeline: the texts that were on the page, in order. Undo and redo move along it, whatever put a text on the
//! page: an edit, a jump in the branch map, a step to a sibling branch. The journal records it, so it survives a
//! restart.

use super::tree::{Place, Revision};

/// How the page came to show another revision without an edit. The numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum How {
    /// A journal of an older version doesn't say it: [`super::tree::Tree::travel`] infers it.
    Unsaid,
    /// A jump, which is one step for undo.
    Jump,
    /// Undo.
    Undo,
    /// Redo.
    Redo,
    /// A jump that is one step for undo together with the edit that follows.
    Join,
    /// The page showed it once, in a part of the timeline that is no longer kept. The page doesn't change.
    Seen,
}

impl How {
    /// What a stored number means; `None` when a newer version wrote it.
    pub fn from_code(code: u8) -> Option<Self> {
        let all = [Self::Jump, Self::Undo, Self::Redo, Self::Join, Self::Seen];
        all.into_iter().find(|how| *how as u8 == code)
    }

    /// Whether the record has the place of the cursor before the jump.
    pub fn has_place(self) -> bool {
        matches!(self, Self::Jump | Self::Join)
    }
}

/// One text on the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stop {
    pub revision: Revision,
    /// Where the cursor was when the page left this text.
    pub left: Place,
    /// A jump led here, not an edit.
    pub jumped: bool,
}

/// The texts that were on the page, and which of them is there now. It begins with revision 0.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    stops: Vec<Stop>,
    at: usize,
    /// The next stop replaces the current one: both are one step.
    joins: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { stops: vec![Stop::default()], at: 0, joins: false }
    }
}

impl Timeline {
    /// The page shows a new text; what was undone is no longer ahead. `left`: the cursor before.
    pub fn push(&mut self, revision: Revision, left: Place, jumped: bool) {
        self.stops.truncate(self.at + 1);
        let joins = std::mem::take(&mut self.joins) && self.at > 0;
        if joins {
            self.stops.pop();
        } else {
            self.stops[self.at].left = left;
            self.at += 1;
        }
        self.stops.push(Stop { revision, left: Place::default(), jumped: jumped || joins });
    }

    /// The next push replaces the current stop.
    pub fn join(&mut self) {
        self.joins = true;
    }

    /// The edit that should have followed [`Timeline::join`] didn't come.
    pub fn settle(&mut self) {
        self.joins = false;
    }

    /// Where undo leads.
    pub fn before(&self) -> Option<Stop> {
        self.at.checked_sub(1).map(|before| self.stops[before])
    }

    /// Where redo leads.
    pub fn after(&self) -> Option<Stop> {
        self.stops.get(self.at + 1).copied()
    }

    /// Undo, if it leads to this revision.
    pub fn back_to(&mut self, revision: Revision) -> bool {
        let leads = self.before().is_some_and(|stop| stop.revision == revision);
        self.at -= usize::from(leads);
        self.joins = false;
        leads
    }

    /// Redo, if it leads to this revision.
    pub fn forth_to(&mut self, revision: Revision) -> bool {
        let leads = self.after().is_some_and(|stop| stop.revision == revision);
        self.at += usize::from(leads);
        self.joins = false;
        leads
    }

    /// The text from which the last jump before the current text led away.
    pub fn before_jump(&self) -> Option<Revision> {
        let jump = (1..=self.at).rev().find(|stop| self.stops[*stop].jumped)?;
        Some(self.stops[jump - 1].revision)
    }

    /// Remove the texts that were pruned. The current text is none of them.
    pub fn forget(&mut self, is_gone: impl Fn(Revision) -> bool) {
        let mut kept: Vec<Stop> = Vec::with_capacity(self.stops.len());
        let mut at = 0;
        for (number, stop) in self.stops.iter().enumerate() {
            if is_gone(stop.revision) {
                continue;
            }
            // Both sides of what was pruned may be the same text.
            match kept.last_mut() {
                Some(last) if last.revision == stop.revision => last.left = stop.left,
                _ => kept.push(*stop),
            }
            if number <= self.at {
                at = kept.len() - 1;
            }
        }
        (self.stops, self.at) = (kept, at);
    }

    /// Every stop, and the number of the current one.
    pub fn stops(&self) -> (&[Stop], usize) {
        (&self.stops, self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(revisions: &[Revision]) -> Timeline {
        let mut line = Timeline::default();
        revisions.iter().for_each(|one| line.push(*one, Place::default(), false));
        line
    }

    fn revisions(line: &Timeline) -> Vec<Revision> {
        line.stops.iter().map(|stop| stop.revision).collect()
    }

    #[test]
    fn pruned_texts_leave_the_timeline() {
        for (stops, back, gone, left, at) in [
            (&[1, 2, 3][..], 0, &[2][..], &[0, 1, 3][..], 2),
            (&[1, 2, 1], 0, &[2], &[0, 1], 1),
            (&[1, 2, 3], 2, &[2, 3], &[0, 1], 1),
            (&[1, 0], 1, &[], &[0, 1, 0], 1),
            (&[1, 2, 1, 3, 1], 0, &[2, 3], &[0, 1], 1),
        ] {
            let mut line = line(stops);
            for _ in 0..back {
                let before = line.before().unwrap().revision;
                assert!(line.back_to(before));
            }
            line.forget(|one| gone.contains(&one));
            assert_eq!((revisions(&line), line.at), (left.to_vec(), at), "{stops:?}");
        }
    }

    #[test]
    fn a_jump_and_the_edit_after_it_are_one_step() {
        let mut line = line(&[1, 2]);
        line.push(1, Place::default(), true);
        line.join();
        line.push(3, Place::default(), false);
        assert_eq!(revisions(&line), [0, 1, 2, 3]);
        assert_eq!(line.before_jump(), Some(2));
        assert!(!line.back_to(1) && line.back_to(2));
        assert_eq!(line.before_jump(), None);
        assert!(line.forth_to(3));
    }
}
