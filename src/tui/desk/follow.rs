//! Typing through an offer: letters that match consume it; after other letters a new ghost is decoded from the text as
//! it is now. And the ghost for a writer who pauses.

use super::{Desk, heard::TRIES};
use crate::ui::asking::{Ghost, List, Standing, Until};
use unicode_segmentation::UnicodeSegmentation;

/// After this many letters that disagree, no further ghost is decoded.
const MISSES: u8 = 8;

/// After this many letters in a row that agree, the misses are reset. Fewer prove nothing, since a model easily guesses
/// the ends of words.
const AGREED: u8 = 12;

impl Desk {
    pub fn type_text(&mut self, text: &str) {
        let before = self.offers.rest(&self.session).map(str::to_owned);
        let awaited = self.is_awaited();
        let (text, done) = self.type_smartly(text);
        self.edited(done);
        if done && (before.is_some() || awaited) && !self.turn_to_another() {
            self.follow(before, &text);
        }
    }

    /// If the chosen offer disagrees with what was typed but another one of the list agrees, chooses that one. Returns
    /// whether one was found.
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

    /// Whether an offer is about to add text right after the cursor.
    fn is_awaited(&self) -> bool {
        let comes = |list: &List| {
            list.choice().is_some_and(|offer| offer.is_live())
                && match list.standing(list.chosen, &self.session) {
                    Standing::Here(_) => true,
                    // All of its text so far has been typed already.
                    Standing::Taken => list.taken_to(&self.session) == Some(self.session.cursor()),
                    _ => false,
                }
        };
        self.offers.list().is_some_and(comes)
            || self.offers.ghost.as_ref().is_some_and(|ghost| comes(&ghost.list))
    }

    /// Called after letters were typed where there was an offer, or one was awaited.
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
        // The rest of the previous ghost stays in its place, without what was typed over.
        let before = before.unwrap_or(dim);
        let over = typed.graphemes(true).count();
        let before: String =
            before.lines().next().unwrap_or_default().graphemes(true).skip(over).collect();
        let list = List::default();
        self.decode(Ghost { list, before, idle: false, misses, agreed: 0, dropped: 0 });
    }

    /// Whether the cursor is at the end of a paragraph and the model is ready.
    fn may_follow(&self) -> bool {
        let next = self.session.text().get_char(self.session.cursor());
        self.is_ready()
            && !self.session.notes().model_off
            && self.session.selection().is_none()
            && next.is_none_or(|next| matches!(next, '\n' | '\r'))
    }

    /// Asks for a ghost that continues the text before the cursor, which may end in a half-typed word.
    fn decode(&mut self, ghost: Ghost) {
        let at = self.session.cursor();
        let (prompt, origin) = self.prompt(at);
        if prompt.trim().is_empty() {
            return;
        }
        let quotes = self.quotes(&prompt, at);
        let until = match Until::of(at, self.session.text().len_chars()) {
            Until::Next => Until::Cursor,
            end => end,
        };
        // The current edit step is not ended, so that undo works as it does without a ghost.
        let from = self.session.revision();
        let prompt = (prompt, origin);
        let list = List { at, from, until, prompt, quotes, ..List::default() };
        let offers = vec![self.asking.offer(&list)];
        let list = List { offers, ..list };
        self.offers.ghost = Some(Ghost { list, ..ghost });
    }

    /// Replaces a ghost that has a fault, at most [`TRIES`] times.
    pub fn judge_ghost(&mut self) {
        let Some(ghost) = &self.offers.ghost else { return };
        let fault = |list: &List| self.offers.growing_fault(list, list.choice()?);
        if fault(&ghost.list).is_none() {
            return;
        }
        let Some(ghost) = self.offers.ghost.take() else { return };
        self.send_stop(&ghost);
        if ghost.dropped < TRIES && ghost.agrees(&self.session) {
            self.decode(Ghost { dropped: ghost.dropped + 1, before: String::new(), ..ghost });
        }
    }

    /// The writer has paused.
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

    /// Called after every event: drops a ghost that no longer matches the page, or that the list makes needless.
    /// `cursor` is its place before a key.
    pub fn tend_ghost(&mut self, cursor: Option<usize>) {
        let Some(ghost) = &self.offers.ghost else { return };
        let caught_up = self.offers.list().is_some_and(|list| list.rest(&self.session).is_some());
        let sent_away = ghost.idle && cursor == Some(self.session.cursor());
        if caught_up || sent_away || !ghost.agrees(&self.session) {
            self.drop_ghost();
        }
    }

    /// Drops the ghost.
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
