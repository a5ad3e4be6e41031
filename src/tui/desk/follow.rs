//! Typing through what is offered: letters that agree consume it, others have it decoded anew under what stands
//! there now. And the line for a writer who rests.

use super::{Desk, heard::TRIES};
use crate::ui::asking::{Ghost, List, Standing, Until};
use unicode_segmentation::UnicodeSegmentation;

/// So many letters that disagree, and the writer is left alone.
const MISSES: u8 = 8;

/// So many letters in a row that agree, and those are forgotten. A model guesses the ends of words, so fewer say nothing.
const AGREED: u8 = 12;

impl Desk {
    pub fn type_text(&mut self, text: &str) {
        let before = self.offers.rest(&self.session).map(str::to_owned);
        let awaited = self.is_awaited();
        let done = self.session.type_text(text);
        self.edited(done);
        if done && (before.is_some() || awaited) && !self.turn_to_another() {
            self.follow(before, text);
        }
    }

    /// The chosen offer disagrees with what was typed, but another one of the list agrees: that one is chosen. Says
    /// whether one was.
    fn turn_to_another(&mut self) -> bool {
        let Some(list) = self.offers.list_mut() else { return false };
        if list.standing(list.chosen, &self.session) != Standing::Away {
            return false;
        }
        let other = (0..list.offers.len()).find(|number| {
            matches!(list.standing(*number, &self.session), Standing::Here(rest) if !rest.is_empty())
        });
        let Some(other) = other else { return false };
        list.chosen = other;
        self.drop_ghost();
        true
    }

    /// Something is to come right behind the cursor.
    fn is_awaited(&self) -> bool {
        let comes = |list: &List| {
            list.choice().is_some_and(|offer| offer.is_live())
                && match list.standing(list.chosen, &self.session) {
                    Standing::Here(_) => true,
                    // All that has come is typed through already.
                    Standing::Taken => list.taken_to(&self.session) == Some(self.session.cursor()),
                    _ => false,
                }
        };
        self.offers.list().is_some_and(comes)
            || self.offers.ghost.as_ref().is_some_and(|ghost| comes(&ghost.list))
    }

    /// Letters were typed where something was offered or awaited.
    fn follow(&mut self, before: Option<String>, typed: &str) {
        let agreed = before.as_ref().is_some_and(|rest| rest.starts_with(typed));
        if agreed {
            if let Some(ghost) = &mut self.offers.ghost {
                ghost.agreed += 1;
                if ghost.agreed >= AGREED {
                    (ghost.misses, ghost.agreed) = (0, 0);
                }
            }
            return;
        }
        let (idle, misses, dim) = match self.offers.ghost.take() {
            Some(ghost) => {
                self.send_stop(&ghost);
                (ghost.idle, ghost.misses + 1, ghost.before)
            }
            None => (false, 1, String::new()),
        };
        if idle || misses > MISSES || typed.contains('\n') || !self.may_follow() {
            return;
        }
        // What stood there stays where it stood, less what was typed over it.
        let before = before.unwrap_or(dim);
        let over = typed.graphemes(true).count();
        let before: String =
            before.lines().next().unwrap_or_default().graphemes(true).skip(over).collect();
        let list = List::default();
        self.decode(Ghost { list, before, idle: false, misses, agreed: 0, dropped: 0 });
    }

    /// Nothing follows the cursor in its paragraph, and the model can be asked.
    fn may_follow(&self) -> bool {
        let next = self.session.text().get_char(self.session.cursor());
        self.is_ready()
            && self.session.selection().is_none()
            && next.is_none_or(|next| matches!(next, '\n' | '\r'))
    }

    /// Has a ghost decoded under the words before the cursor, a half-typed one among them.
    fn decode(&mut self, ghost: Ghost) {
        let at = self.session.cursor();
        let (prompt, first) = self.prompt(at);
        if prompt.trim().is_empty() {
            return;
        }
        let offers = vec![self.asking.offer(&prompt)];
        let quotes = self.quotes(&prompt, at);
        let until = match Until::of(at, self.session.text().len_chars()) {
            Until::Next => Until::Cursor,
            end => end,
        };
        // The step being typed is not ended for it: undo stays as it is without a ghost.
        let from = self.session.revision();
        let list = List { at, from, until, prompt: (prompt, first), quotes, offers, chosen: 0 };
        self.offers.ghost = Some(Ghost { list, ..ghost });
    }

    /// A ghost that isn't worth its place gives it to another, a few times.
    pub fn judge_ghost(&mut self) {
        let banned = &self.offers.banned;
        let fault = |list: &List| list.fault(list.choice()?, banned);
        let ghost = self.offers.ghost.take_if(|ghost| fault(&ghost.list).is_some());
        let Some(ghost) = ghost else { return };
        self.send_stop(&ghost);
        if ghost.dropped < TRIES && ghost.agrees(&self.session) {
            self.decode(Ghost { dropped: ghost.dropped + 1, before: String::new(), ..ghost });
        }
    }

    /// The writer has rested for a while.
    pub fn rested(&mut self) {
        let nothing = self.offers.rest(&self.session).is_none() && !self.is_awaited();
        let free = !self.offers.focus && !self.offers.are_live();
        if self.offers.idle
            && nothing
            && free
            && self.may_follow()
            && self.session.read_only().is_none()
        {
            self.drop_ghost();
            let list = List::default();
            self.session.seal();
            self.decode(Ghost {
                list,
                before: String::new(),
                idle: true,
                misses: 0,
                agreed: 0,
                dropped: 0,
            });
        }
    }

    /// After every event: a ghost that no longer agrees with the page goes, and so does one that the list's own
    /// words have caught up with. `cursor`: where it stood before a key.
    pub fn tend_ghost(&mut self, cursor: Option<usize>) {
        let Some(ghost) = &self.offers.ghost else { return };
        let caught_up = self.offers.list().is_some_and(|list| list.rest(&self.session).is_some());
        let sent_away = ghost.idle && cursor == Some(self.session.cursor());
        if caught_up || sent_away || !ghost.agrees(&self.session) {
            self.drop_ghost();
        }
    }

    /// Lets the ghost go.
    pub fn drop_ghost(&mut self) {
        if let Some(ghost) = self.offers.ghost.take() {
            self.send_stop(&ghost);
        }
    }

    fn send_stop(&self, ghost: &Ghost) {
        for offer in ghost.list.offers.iter().filter(|offer| offer.is_live()) {
            self.asking.stop(offer.branch);
        }
    }
}
