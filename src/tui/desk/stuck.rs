//! Offers that are not asked for by a key: when the writer hasn't typed for long, or types and deletes the same again and
//! again. Both are off unless the settings turn them on.

use super::Desk;
use crate::{session::Part, ui::asking};
use std::time::Duration;

/// How often a writer turns from typing to deleting in one paragraph before it is a loop.
const TURNS: u8 = 4;
/// The fewest characters that are deleted at a turn.
const DELETED: usize = 8;

/// Whether the writer is stuck.
#[derive(Default)]
pub struct Stuck {
    /// Seconds without a key after which offers are asked for; 0 = never.
    stall: u32,
    /// Whether a delete-loop asks for offers.
    loops: bool,
    /// The beginning of the paragraph in which text is typed and deleted.
    paragraph: usize,
    /// How many characters were deleted since some were typed.
    deleted: usize,
    turns: u8,
}

impl Stuck {
    /// As the settings have it.
    pub fn new(settings: &asking::Settings) -> Self {
        Self { stall: settings.stall_seconds, loops: settings.delete_loop, ..Self::default() }
    }

    /// After how long without a key offers are asked for.
    pub fn stall(&self) -> Option<Duration> {
        (self.stall > 0).then(|| Duration::from_secs(self.stall.into()))
    }

    /// Text was typed (`change` is positive) or deleted in a paragraph. True when that has become a loop.
    fn changed(&mut self, paragraph: usize, change: isize) -> bool {
        if paragraph != self.paragraph {
            (self.paragraph, self.deleted, self.turns) = (paragraph, 0, 0);
        }
        if change < 0 {
            self.deleted += change.unsigned_abs();
            return false;
        }
        if self.deleted >= DELETED {
            self.turns += 1;
        }
        self.deleted = 0;
        let is_loop = self.turns >= TURNS;
        if is_loop {
            self.turns = 0;
        }
        is_loop
    }
}

impl Desk {
    /// Looks at what a key has changed. `before`: the length of the text before it.
    pub fn look_for_delete_loop(&mut self, before: usize) {
        let change = self.session.text().len_chars().cast_signed() - before.cast_signed();
        if !self.world.stuck.loops || change == 0 {
            return;
        }
        let paragraph = self.session.part(self.session.cursor(), Part::Paragraph).start;
        if self.world.stuck.changed(paragraph, change) {
            self.offer_unasked();
        }
    }

    /// Asks for offers at the cursor, unless there are some, or the model can't be asked.
    pub fn offer_unasked(&mut self) {
        let free = self.offers.list().is_none() && self.session.selection().is_none();
        let may = self.session.read_only().is_none() && !self.session.notes().model_off;
        if free && may && self.is_ready() {
            self.ask();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_typing_and_deleting_again_and_again() {
        let mut stuck = Stuck::default();
        let mut turn = |paragraph| {
            stuck.changed(paragraph, -10);
            stuck.changed(paragraph, 10)
        };
        assert_eq!(
            [turn(0), turn(0), turn(0), turn(0), turn(0)],
            [false, false, false, true, false]
        );
        // Elsewhere it begins anew.
        assert_eq!([turn(7), turn(0), turn(0), turn(0)], [false; 4]);
        // A corrected letter is none.
        let mut stuck = Stuck::default();
        assert!(!(0..20).any(|_| stuck.changed(0, -1) || stuck.changed(0, 1)));
    }
}
