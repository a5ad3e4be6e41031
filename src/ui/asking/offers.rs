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

/// The offers of one question.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Where it was asked, in the text of `from`.
    pub at: usize,
    /// The text it was asked about.
    pub from: Revision,
    /// What was written there since reaches to this.
    pub until: Until,
    /// What was sent, and the place in that text where it begins: of a long draft only the last part is sent.
    pub prompt: (String, usize),
    /// Those of the draft, which offers come in.
    pub quotes: Quotes,
    /// Side by side.
    pub offers: Vec<Offer>,
    /// The one that stands at the cursor.
    pub chosen: usize,
}

/// How far reaches what is written in the place of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// To the character that came next when it was asked.
    #[default]
    Next,
    /// To the end of the text, which ended there.
    End,
    /// To the cursor: it was asked in the midst of a step, in which no place after it is known.
    Cursor,
}

impl Until {
    /// Of a question at a place of a text of so many characters.
    pub fn of(at: usize, length: usize) -> Self {
        if at == length { Self::End } else { Self::Next }
    }
}

/// So many characters on both sides tell whether a place is in a word.
const NEAR: usize = 24;

/// So many characters before the place it was asked at must still stand there: a slip further back may be mended.
const BEFORE: usize = 8;

/// How an offer stands to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// At the cursor, with this much still to take.
    Here(&'a str),
    /// The cursor is elsewhere; this much could still be taken at this place.
    There(&'a str, usize),
    /// All of it is on the page, where it was asked.
    Taken,
    /// Other words stand where it was asked, or the place is gone.
    Away,
}

impl List {
    /// How an offer stands to the page.
    pub fn standing(&self, number: usize, session: &Session) -> Standing<'_> {
        let (Some(offer), Some(written)) = (self.offers.get(number), self.written(session)) else {
            return Standing::Away;
        };
        let mut rest = offer.text.chars();
        for char in session.text().slice(written.clone()).chars() {
            match rest.next() {
                Some(next) if next == char => {}
                // All of it is there, and more.
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

    /// How many bytes of an offer are on the page already, where it was asked.
    pub fn taken(&self, number: usize, session: &Session) -> usize {
        let all = self.offers.get(number).map_or(0, |offer| offer.text.len());
        match self.standing(number, session) {
            Standing::Here(rest) | Standing::There(rest, _) => all - rest.len(),
            Standing::Taken => all,
            Standing::Away => 0,
        }
    }

    /// Where what is on the page of the chosen offer ends, when all that has come of it is there.
    pub fn taken_to(&self, session: &Session) -> Option<usize> {
        let start = session.map(self.at, self.from)?;
        Some(start + self.choice()?.text.chars().count())
    }

    /// Whether the words that it goes on from still stand before a place.
    fn follows(&self, start: usize, session: &Session) -> bool {
        let prompt = &self.prompt.0;
        let before = session.text().chars_at(start).reversed().take(BEFORE.min(self.at));
        prompt.is_empty() || before.eq(prompt.chars().rev().take(BEFORE))
    }

    /// What stands now where the question was asked. When the character that came next is gone, it reaches to the
    /// cursor. `None` when the place itself is gone, or what stood before it.
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

    /// What the chosen offer has for the cursor. Never empty.
    pub fn rest(&self, session: &Session) -> Option<&str> {
        match self.standing(self.chosen, session) {
            Standing::Here(rest) if !rest.is_empty() => Some(rest),
            _ => None,
        }
    }

    /// The model that was asked beside the one in use, when this is a comparison.
    pub fn compared(&self) -> Option<&str> {
        self.offers.get(1)?.by.as_deref()
    }

    /// The beginning of the word, before the place it was asked at, that an offer goes on with; else nothing.
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

    /// Why one of its offers is not worth its place as far as it has come.
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

/// All lists, the one that is shown, the ghost, and what was taken last.
#[derive(Default)]
pub struct Offers {
    lists: Vec<List>,
    /// Which list is shown, counted back from the newest.
    back: usize,
    /// The pane or the drawer is open.
    pub open: bool,
    /// What is offered at the cursor when nothing of the list is.
    pub ghost: Option<Ghost>,
    /// A ghost is asked for when the writer pauses.
    pub idle: bool,
    /// Words and phrases that no offer may have.
    pub banned: Vec<String>,
    /// Arrows and Enter go to the list.
    pub focus: bool,
    /// The first row of the list to show, when the wheel has scrolled it and no key was pressed since.
    pub scrolled: Option<usize>,
    /// The offer over which the mouse is dragged, and from which of its characters to which.
    pub dragged: Option<(usize, usize, usize)>,
    /// The place from which the model saw the text when it was asked last, and that text.
    pub sees: Option<(usize, Revision)>,
    /// What was taken last.
    pub taken: Option<Taken>,
    /// The branch that taking an offer began.
    pub branched: Option<Branched>,
}

/// The last take. While the text and the cursor are the same, rolling again replaces it.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The text after it.
    pub revision: Revision,
    /// The cursor after it.
    pub cursor: usize,
    /// One word of an offer that has more.
    pub word: bool,
}

/// A branch that began when an offer was taken whose place the page had left.
#[derive(Clone, Copy, Debug)]
pub struct Branched {
    /// The text after the take.
    pub branch: Revision,
    /// The text that was left for it. Undo goes back there.
    pub left: Revision,
    /// The last undo left the branch, so that redo enters it again.
    pub undone: bool,
}

/// The most offers of one question.
pub const MOST: usize = 6;

/// Older lists than these are let go.
const KEPT: usize = 64;

impl Offers {
    /// No offers yet. `idle`: a ghost is asked for when the writer pauses. `banned`: what no offer may say.
    pub fn new(idle: bool, banned: Vec<String>) -> Self {
        Self { idle, banned, ..Self::default() }
    }

    /// The list that is shown.
    pub fn list(&self) -> Option<&List> {
        let newest = self.lists.len().checked_sub(1 + self.back)?;
        self.lists.get(newest).filter(|_| self.open)
    }

    /// The list that is shown, to be changed.
    pub fn list_mut(&mut self) -> Option<&mut List> {
        let newest = self.lists.len().checked_sub(1 + self.back)?;
        self.lists.get_mut(newest).filter(|_| self.open)
    }

    /// What can be taken at the cursor: of the chosen offer, else of the ghost. Never empty.
    pub fn rest(&self, session: &Session) -> Option<&str> {
        let lists = self.list().into_iter().chain(self.ghost.as_ref().map(|ghost| &ghost.list));
        lists.into_iter().find_map(|list| list.rest(session))
    }

    /// The characters of what [`Offers::rest`] gives that are copied from the text that the model was taught.
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

    /// How many lists came after the one that is shown.
    pub fn later(&self) -> usize {
        if self.open { self.back } else { 0 }
    }

    /// Shows a new list. The one before it isn't kept when nothing came of it.
    pub fn push(&mut self, list: List) {
        let idle = |offer: &Offer| !offer.is_live() && offer.tokens == 0 && !offer.pinned;
        self.lists.pop_if(|last| last.offers.iter().all(idle));
        self.lists.push(list);
        if self.lists.len() > KEPT {
            self.lists.remove(0);
        }
        (self.back, self.open) = (0, true);
    }

    /// Shows the list before, and after the oldest the newest again. False when there is no other.
    pub fn previous(&mut self) -> bool {
        if self.lists.is_empty() || (self.lists.len() == 1 && self.open) {
            return false;
        }
        self.back = if self.open { (self.back + 1) % self.lists.len() } else { 0 };
        self.open = true;
        true
    }

    /// Lets all lists go. Branches keep counting, so that what comes late finds nobody.
    pub fn clear(&mut self) {
        self.lists.clear();
        (self.back, self.open, self.focus) = (0, false, false);
        // Revisions of one draft mean nothing in another.
        (self.sees, self.taken, self.branched) = (None, None, None);
    }

    /// When nothing came of the chosen offer, the first of which something did is chosen.
    pub fn choose_one_with_words(&mut self) {
        let Some(list) = self.list_mut() else { return };
        let empty = |offer: &Offer| !offer.is_live() && offer.words().is_empty();
        if list.choice().is_some_and(empty) {
            let other = list.offers.iter().position(|offer| !offer.words().is_empty());
            list.chosen = other.unwrap_or(list.chosen);
        }
    }

    /// Puts the list away; it can be called back.
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

    /// Ends all that is live, and says which branches those were.
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

    /// Every offer with its number in its list, from 1, and the text and place it was asked for.
    pub fn all(&mut self) -> impl Iterator<Item = ((Revision, usize), usize, &mut Offer)> {
        self.lists.iter_mut().flat_map(|list| {
            let asked = (list.from, list.at);
            (1..).zip(&mut list.offers).map(move |(number, offer)| (asked, number, offer))
        })
    }

    /// The pinned offers of the list that is shown, with their numbers, to stay while the others are rolled:
    /// only where the same is asked again. What still comes of them comes to the new list.
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

    /// Why an offer isn't worth its place, if it isn't: as it is now, or as it is in the end.
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

    /// Something is live in the list that is shown.
    pub fn are_live(&self) -> bool {
        self.list().is_some_and(|list| list.offers.iter().any(Offer::is_live))
    }
}
