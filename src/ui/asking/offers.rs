//! The desk's lists of offers, the ghost, and the last take.

use super::{Fault, Ghost, List, Offer, State, first_sentence};
use crate::{
    clean::Phrases,
    generate::{Prefix, Reading},
    judge::{Criterion, Sentences, ends_in_loop},
    session::{Revision, Session},
    token::{BranchId, StopReason},
};
use ropey::Rope;
use std::ops::Range;

/// All lists, which one is shown, the ghost, and the last take.
#[derive(Default)]
pub struct Offers {
    lists: Vec<List>,
    /// Which list is shown, counted back from the newest.
    back: usize,
    /// The pane or the drawer is open.
    pub open: bool,
    /// The offer at the cursor when the list has none there.
    pub ghost: Option<Ghost>,
    /// A ghost is asked for when the writer pauses.
    pub idle: bool,
    /// The writer was told that the model doesn't know the draft's language.
    pub told: bool,
    /// Words and phrases that no offer may contain.
    pub banned: Phrases,
    /// The criteria of the filter.
    pub filter: Vec<Criterion>,
    /// Arrows and Enter go to the list.
    pub focus: bool,
    /// The first row of the list to show, if the wheel scrolled it and no key was pressed since.
    pub scrolled: Option<usize>,
    /// The index of the offer that the mouse is dragged over, and its first and last character.
    pub dragged: Option<(usize, usize, usize)>,
    /// The first place of the draft that the model saw in the last request, and the revision.
    pub sees: Option<(usize, Revision)>,
    /// What the model read for the last request.
    pub read: Option<Reading>,
    /// The last take.
    pub taken: Option<Taken>,
    /// The draft for which the model was last told to read ahead, and the last end of a sentence before the cursor then.
    pub ahead: (Rope, Option<usize>),
}

/// The last take. While the text and the cursor are the same, rolling again replaces it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The text after it.
    pub revision: Revision,
    /// The cursor after it.
    pub cursor: usize,
    /// It was a single word of an offer.
    pub word: bool,
}

/// The most offers per request.
pub const MOST: usize = 6;

/// How many lists are kept.
const KEPT: usize = 64;

impl Offers {
    /// No offers yet. `idle`: a ghost is asked for when the writer pauses. `filter`: the criteria of the filter.
    pub fn new(idle: bool, filter: Vec<Criterion>) -> Self {
        Self { idle, filter, ..Self::default() }
    }

    /// The list that is shown.
    pub fn list(&self) -> Option<&List> {
        let newest = self.lists.len().checked_sub(1 + self.back)?;
        self.lists.get(newest).filter(|_| self.open)
    }

    /// The list that is shown, mutable.
    pub fn list_mut(&mut self) -> Option<&mut List> {
        let newest = self.lists.len().checked_sub(1 + self.back)?;
        self.lists.get_mut(newest).filter(|_| self.open)
    }

    /// What can be taken at the cursor: of the chosen offer, else of the ghost. Never empty.
    pub fn rest(&self, session: &Session) -> Option<&str> {
        let lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        lists.into_iter().find_map(|list| list.rest(session))
    }

    /// The first sentence of [`Offers::rest`]; `None` if that is only a fragment of one.
    pub fn sentence(&self, session: &Session) -> Option<&str> {
        let mut lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        let (list, rest) = lists.find_map(|list| Some((list, list.rest(session)?)))?;
        first_sentence(rest, list.ends_well())
    }

    /// How many characters of the offer at the cursor are before [`Offers::rest`].
    pub fn before_rest(&self, session: &Session) -> usize {
        let mut lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        let found = lists.find_map(|list| Some((list.choice()?, list.rest(session)?)));
        found.map_or(0, |(offer, rest)| offer.text.chars().count() - rest.chars().count())
    }

    /// The ranges of characters in [`Offers::rest`] that are copied from the training text.
    pub fn copied(&self, session: &Session) -> Vec<Range<usize>> {
        let mut lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        let found = lists.find_map(|list| list.rest(session).and(list.choice()));
        let Some(offer) = found else { return Vec::new() };
        let before = self.before_rest(session);
        let ahead = offer.copied.iter().filter(|run| run.end > before);
        ahead.map(|run| run.start.saturating_sub(before)..run.end - before).collect()
    }

    /// How many lists there are besides the one that is shown.
    pub fn earlier(&self) -> usize {
        self.lists.len().saturating_sub(1 + self.back)
    }

    /// How many lists are newer than the one that is shown.
    pub fn later(&self) -> usize {
        if self.open { self.back } else { 0 }
    }

    /// Shows a new list. The list before it is dropped if it has no tokens.
    pub fn push(&mut self, list: List) {
        let idle = |offer: &Offer| !offer.is_live() && offer.tokens == 0 && !offer.pinned;
        self.lists.pop_if(|last| last.offers.iter().all(idle));
        self.lists.push(list);
        if self.lists.len() > KEPT {
            self.lists.remove(0);
        }
        (self.back, self.open) = (0, true);
    }

    /// Shows the previous list; after the oldest, the newest again. False if there is no other.
    pub fn previous(&mut self) -> bool {
        if self.lists.is_empty() || (self.lists.len() == 1 && self.open) {
            return false;
        }
        self.back = if self.open { (self.back + 1) % self.lists.len() } else { 0 };
        self.open = true;
        true
    }

    /// Shows the next list. False if the newest is shown.
    pub fn following(&mut self) -> bool {
        let is_newest = self.back == 0 && (self.open || self.lists.is_empty());
        self.back = self.back.saturating_sub(usize::from(self.open));
        self.open |= !self.lists.is_empty();
        !is_newest
    }

    /// Drops all lists. Branch numbers are not reused, so late tokens are ignored.
    pub fn clear(&mut self) {
        self.lists.clear();
        (self.back, self.open, self.focus) = (0, false, false);
        // Revisions of one draft are meaningless in another.
        (self.sees, self.read, self.taken) = (None, None, None);
    }

    /// If the chosen offer has no words, chooses the first one that has.
    pub fn choose_one_with_words(&mut self) {
        let Some(list) = self.list_mut() else { return };
        let empty = |offer: &Offer| !offer.is_live() && offer.words().is_empty();
        if list.choice().is_some_and(empty) {
            let other = list.offers.iter().position(|offer| !offer.words().is_empty());
            list.chosen = other.unwrap_or(list.chosen);
        }
    }

    /// Hides the list; `previous` shows it again.
    pub fn close(&mut self) {
        (self.open, self.focus) = (false, false);
    }

    /// The newest list, whether it is shown or not: only this one draws candidates.
    pub fn newest(&mut self) -> Option<&mut List> {
        self.lists.last_mut()
    }

    /// The offer of a branch, wherever it is.
    pub fn find(&mut self, branch: BranchId) -> Option<(&mut List, usize)> {
        let ghost = self.ghost.as_mut().map(|ghost| &mut ghost.list);
        ghost.into_iter().chain(self.lists.iter_mut().rev()).find_map(|list| {
            let number = list.offers.iter().position(|offer| offer.branch == branch)?;
            Some((list, number))
        })
    }

    /// The candidate of a branch, in the pool of a list.
    pub fn find_candidate(&mut self, branch: BranchId) -> Option<(&mut List, usize)> {
        self.lists.iter_mut().rev().find_map(|list| {
            let number = list.pool.iter().position(|offer| offer.branch == branch)?;
            Some((list, number))
        })
    }

    /// Stops all live offers, and returns their branches.
    pub fn stop_all(&mut self) -> Vec<BranchId> {
        let ghost = self.ghost.take().map(|ghost| ghost.list);
        let mut ghost: Vec<_> = ghost.into_iter().flat_map(|list| list.offers).collect();
        let offers = self
            .lists
            .iter_mut()
            .flat_map(|list| list.offers.iter_mut().chain(&mut list.pool))
            .chain(&mut ghost);
        offers
            .filter(|offer| offer.is_live())
            .map(|offer| {
                offer.state = State::Stopped;
                offer.branch
            })
            // A place that waited for candidates has no branch.
            .filter(|branch| *branch > 0)
            .collect()
    }

    /// Every offer that was requested, with its number in its list, from 1, and the revision and place it was requested for.
    pub fn all(&mut self) -> impl Iterator<Item = ((Revision, usize), usize, &mut Offer)> {
        self.lists.iter_mut().flat_map(|list| {
            let asked = (list.from, list.at);
            let offers = (1..).zip(&mut list.offers);
            offers
                .filter(|(_, offer)| offer.branch > 0)
                .map(move |(number, offer)| (asked, number, offer))
        })
    }

    /// The pinned offers of the list that is shown, with their indices, if the prompt is the same. They move to the new
    /// list, and their further tokens go there.
    pub fn pinned(&mut self, prompt: &str) -> Vec<(usize, Offer)> {
        let Some(list) = self.list_mut().filter(|list| list.prompt.0 == prompt) else {
            return Vec::new();
        };
        let pinned = list.offers.iter_mut().enumerate().filter(|(_, offer)| offer.pinned);
        pinned
            .map(|(number, offer)| {
                let kept = offer.clone();
                if offer.is_live() {
                    offer.state = State::Stopped;
                }
                (number, kept)
            })
            .collect()
    }

    /// The sentences of all offers.
    pub fn sentences(&self, known: &mut Sentences) {
        self.lists.iter().flat_map(|list| &list.offers).for_each(|offer| known.add(&offer.text));
    }

    /// The candidates that were drawn for a prompt and not shown, if the list that is shown has this prompt.
    pub fn take_spares(&mut self, prompt: &str, prefix: Prefix) -> Vec<Offer> {
        let same = |list: &&mut List| list.prompt.0 == prompt && list.prefix == prefix;
        let Some(list) = self.list_mut().filter(same) else {
            return Vec::new();
        };
        let ended = |offer: &mut Offer| matches!(offer.state, State::Done(_));
        list.pool.extract_if(.., ended).collect()
    }

    /// The fault that an offer shows while it grows: a banned word, or a loop.
    pub fn growing_fault(&self, list: &List, offer: &Offer) -> Option<Fault> {
        if !self.banned.is_empty() && offer.says(list.half_word(offer), &self.banned) {
            return Some(Fault::Banned);
        }
        let loops = self.filter.contains(&Criterion::Loops) && ends_in_loop(&offer.text);
        loops.then_some(Fault::Loop)
    }

    /// The fault of an offer or a candidate, if any. While it grows, only banned words and loops are found.
    pub fn fault(&self, list: &List, offer: &Offer) -> Option<Fault> {
        let growing = self.growing_fault(list, offer);
        if growing.is_some() || offer.is_live() {
            return growing;
        }
        let words = offer.words();
        if words.is_empty() {
            return Some(Fault::Empty);
        }
        let double = |other: &Offer| {
            other.branch != offer.branch && !other.is_live() && other.words() == words
        };
        if self.lists.iter().flat_map(|list| &list.offers).any(double) {
            return Some(Fault::Repeated);
        }
        // The phrase that an offer was to end on is an end.
        let ends = offer.state == State::Done(StopReason::Phrase);
        let filter = self.filter.iter().copied();
        let filter: Vec<_> = filter.filter(|one| !ends || *one != Criterion::Ends).collect();
        list.place.fault(&offer.text, &filter)
    }

    /// Judges an offer that has ended, or grown by a token, wherever it is. Returns its fault.
    pub fn judge(&mut self, branch: BranchId) -> Option<Fault> {
        let (number, at, in_pool) =
            self.lists.iter().enumerate().rev().find_map(|(number, list)| {
                let at = |offers: &[Offer]| offers.iter().position(|offer| offer.branch == branch);
                at(&list.offers)
                    .map(|at| (number, at, false))
                    .or_else(|| at(&list.pool).map(|at| (number, at, true)))
            })?;
        let list = &self.lists[number];
        let offers = if in_pool { &list.pool } else { &list.offers };
        let fault = self.fault(list, &offers[at]);
        let list = &mut self.lists[number];
        let offers = if in_pool { &mut list.pool } else { &mut list.offers };
        offers[at].fault = fault;
        fault
    }

    /// Whether an offer of the list that is shown is live.
    pub fn are_live(&self) -> bool {
        self.list().is_some_and(|list| list.offers.iter().any(Offer::is_live))
    }
}
