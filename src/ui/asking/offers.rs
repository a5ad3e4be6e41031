//! The desk's lists of offers, each bound to the text and the place it was asked about.
//!
//! A list knows the revision and the place where it was asked, and nothing else. What is offered at the cursor is found
//! by comparing an offer with the page between that place and the cursor (`List::standing`). No keys are counted. So
//! typing through an offer, taking a word, undo, and deleting a wrong letter all lead to the same state, and undo
//! brings an offer back as it brings the text back. A letter that disagrees with the chosen offer switches to another
//! offer of the list that agrees; only if there is none is anything generated again.

use super::{Fault, Ghost, Offer, Quotes, State};
use crate::{
    session::{Revision, Session},
    token::BranchId,
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The offers of one request.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// The place it was requested for, in the revision `from`.
    pub at: usize,
    /// The revision it was requested for.
    pub from: Revision,
    /// How to find the end of what was written there since.
    pub until: Until,
    /// The prompt, and the place where it starts in the draft: of a long draft only the end is sent.
    pub prompt: (String, usize),
    /// The draft's quotes; offers are converted to them.
    pub quotes: Quotes,
    /// The offers.
    pub offers: Vec<Offer>,
    /// The index of the chosen offer, which is shown at the cursor.
    pub chosen: usize,
}

/// Where the text written at the place of a request ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// Before the character that followed at the time of the request.
    #[default]
    Next,
    /// At the end of the text; the request was made there.
    End,
    /// At the cursor: the request was made in the middle of an edit step, where no later place is known.
    Cursor,
}

impl Until {
    /// For a request at a place in a text of `length` characters.
    pub fn of(at: usize, length: usize) -> Self {
        if at == length { Self::End } else { Self::Next }
    }
}

/// How many characters on both sides are read to tell whether a place is inside a word.
const NEAR: usize = 24;

/// How many characters before the place must be unchanged. Corrections further back don't matter.
const BEFORE: usize = 8;

/// How an offer relates to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It continues at the cursor; this text is left to take.
    Here(&'a str),
    /// It continues at this place, and the cursor is elsewhere; this text is left to take.
    There(&'a str, usize),
    /// All of it is on the page.
    Taken,
    /// Other text is in its place, or the place was deleted.
    Away,
}

impl List {
    /// How an offer relates to the page.
    pub fn standing(&self, number: usize, session: &Session) -> Standing<'_> {
        let (Some(offer), Some(written)) = (self.offers.get(number), self.written(session)) else {
            return Standing::Away;
        };
        let mut rest = offer.text.chars();
        for char in session.text().slice(written.clone()).chars() {
            match rest.next() {
                Some(next) if next == char => {}
                // All of it is on the page, and more text follows.
                None if !offer.text.is_empty() => return Standing::Taken,
                _ => return Standing::Away,
            }
        }
        match rest.as_str() {
            "" if !offer.text.is_empty() => Standing::Taken,
            rest if session.cursor() == written.end && session.selection().is_none() => {
                Standing::Here(rest)
            }
            rest => Standing::There(rest, written.end),
        }
    }

    /// How many bytes of an offer are already on the page.
    pub fn taken(&self, number: usize, session: &Session) -> usize {
        let all = self.offers.get(number).map_or(0, |offer| offer.text.len());
        match self.standing(number, session) {
            Standing::Here(rest) | Standing::There(rest, _) => all - rest.len(),
            Standing::Taken => all,
            Standing::Away => 0,
        }
    }

    /// The place where the chosen offer ends, if all of its text so far is on the page.
    pub fn taken_to(&self, session: &Session) -> Option<usize> {
        let start = session.map(self.at, self.from)?;
        Some(start + self.choice()?.text.chars().count())
    }

    /// Whether the end of the prompt is still before a place.
    fn follows(&self, start: usize, session: &Session) -> bool {
        let prompt = &self.prompt.0;
        let before = session.text().chars_at(start).reversed().take(BEFORE.min(self.at));
        prompt.is_empty() || before.eq(prompt.chars().rev().take(BEFORE))
    }

    /// The range written since at the place of the request. If the character that followed was deleted, it ends at the
    /// cursor. `None` if the place, or the text before it, is gone.
    fn written(&self, session: &Session) -> Option<Range<usize>> {
        let start = session.map(self.at, self.from)?.min(session.text().len_chars());
        if !self.follows(start, session) {
            return None;
        }
        let end = match self.until {
            Until::End => session.text().len_chars(),
            Until::Next => {
                let next = session.map(self.at + 1, self.from).filter(|next| *next > start);
                next.map_or(session.cursor(), |next| next - 1)
            }
            Until::Cursor => session.cursor(),
        };
        (start <= end && end <= session.text().len_chars()).then_some(start..end)
    }

    /// What is left of the chosen offer at the cursor. Never empty.
    pub fn rest(&self, session: &Session) -> Option<&str> {
        match self.standing(self.chosen, session) {
            Standing::Here(rest) if !rest.is_empty() => Some(rest),
            _ => None,
        }
    }

    /// The second model, when the list compares two models.
    pub fn compared(&self) -> Option<&str> {
        self.offers.get(1)?.by.as_deref()
    }

    /// The start of the word on the page that an offer continues; empty if it starts a new word.
    pub fn half_word(&self, offer: &Offer) -> &str {
        let prompt = &self.prompt.0;
        let from = prompt.char_indices().rev().nth(NEAR).map_or(0, |(at, _)| at);
        let before = &prompt[from..];
        let near: String = before.chars().chain(offer.text.chars().take(NEAR)).collect();
        let mut words = near.split_word_bound_indices();
        let word = words.find(|(at, word)| *at < before.len() && at + word.len() > before.len());
        match word {
            Some((at, word)) if word.contains(char::is_alphanumeric) => &before[at..],
            _ => "",
        }
    }

    /// The fault that an offer of this list shows so far.
    pub fn fault(&self, offer: &Offer, banned: &[String]) -> Option<Fault> {
        if !banned.is_empty() && offer.says(self.half_word(offer), banned) {
            return Some(Fault::Banned);
        }
        offer.loops().then_some(Fault::Loop)
    }

    /// The chosen offer.
    pub fn choice(&self) -> Option<&Offer> {
        self.offers.get(self.chosen)
    }
}

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
    /// Words and phrases that no offer may contain.
    pub banned: Vec<String>,
    /// Arrows and Enter go to the list.
    pub focus: bool,
    /// The first row of the list to show, if the wheel scrolled it and no key was pressed since.
    pub scrolled: Option<usize>,
    /// The index of the offer that the mouse is dragged over, and its first and last character.
    pub dragged: Option<(usize, usize, usize)>,
    /// The first place of the draft that the model saw in the last request, and the revision.
    pub sees: Option<(usize, Revision)>,
    /// The last take.
    pub taken: Option<Taken>,
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
    /// No offers yet. `idle`: a ghost is asked for when the writer pauses. `banned`: words that no offer may contain.
    pub fn new(idle: bool, banned: Vec<String>) -> Self {
        Self { idle, banned, ..Self::default() }
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

    /// The ranges of characters in [`Offers::rest`] that are copied from the training text.
    pub fn copied(&self, session: &Session) -> Vec<Range<usize>> {
        let mut lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        let found = lists.find_map(|list| Some((list.choice()?, list.rest(session)?)));
        let Some((offer, rest)) = found else { return Vec::new() };
        let before = offer.text.chars().count() - rest.chars().count();
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

    /// Drops all lists. Branch numbers are not reused, so late tokens are ignored.
    pub fn clear(&mut self) {
        self.lists.clear();
        (self.back, self.open, self.focus) = (0, false, false);
        // Revisions of one draft are meaningless in another.
        (self.sees, self.taken) = (None, None);
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

    /// The offer of a branch, wherever it is.
    pub fn find(&mut self, branch: BranchId) -> Option<(&mut List, usize)> {
        let ghost = self.ghost.as_mut().map(|ghost| &mut ghost.list);
        ghost.into_iter().chain(self.lists.iter_mut().rev()).find_map(|list| {
            let number = list.offers.iter().position(|offer| offer.branch == branch)?;
            Some((list, number))
        })
    }

    /// Stops all live offers, and returns their branches.
    pub fn stop_all(&mut self) -> Vec<BranchId> {
        let ghost = self.ghost.take().map(|ghost| ghost.list);
        let mut ghost: Vec<_> = ghost.into_iter().flat_map(|list| list.offers).collect();
        let offers = self.lists.iter_mut().flat_map(|list| &mut list.offers).chain(&mut ghost);
        offers
            .filter(|offer| offer.is_live())
            .map(|offer| {
                offer.state = State::Stopped;
                offer.branch
            })
            .collect()
    }

    /// Every offer with its number in its list, from 1, and the revision and place it was requested for.
    pub fn all(&mut self) -> impl Iterator<Item = ((Revision, usize), usize, &mut Offer)> {
        self.lists.iter_mut().flat_map(|list| {
            let asked = (list.from, list.at);
            (1..).zip(&mut list.offers).map(move |(number, offer)| (asked, number, offer))
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

    /// The fault of an offer, if any. Empty and repeated offers are found only once they have ended.
    pub fn fault(&self, branch: BranchId) -> Option<Fault> {
        let all = || self.lists.iter().flat_map(|list| &list.offers);
        let asked = |list: &&List| list.offers.iter().any(|offer| offer.branch == branch);
        let list = self.lists.iter().find(asked)?;
        let offer = list.offers.iter().find(|offer| offer.branch == branch)?;
        if let Some(fault) = list.fault(offer, &self.banned) {
            return Some(fault);
        }
        if offer.is_live() {
            return None;
        }
        let words = offer.words();
        if words.is_empty() {
            return Some(Fault::Empty);
        }
        let double =
            |other: &Offer| other.branch != branch && !other.is_live() && other.words() == words;
        all().any(double).then_some(Fault::Repeated)
    }

    /// Whether an offer of the list that is shown is live.
    pub fn are_live(&self) -> bool {
        self.list().is_some_and(|list| list.offers.iter().any(Offer::is_live))
    }
}
