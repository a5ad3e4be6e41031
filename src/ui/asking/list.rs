//! One list of offers, bound to the text and the place it was asked about.
//!
//! A list knows the revision and the place where it was asked, and nothing else. What is offered at the cursor is found
//! by comparing an offer with the page between that place and the cursor (`List::standing`). No keys are counted. So
//! typing through an offer, taking a word, undo, and deleting a wrong letter all lead to the same state, and undo
//! brings an offer back as it brings the text back. A letter that disagrees with the chosen offer switches to another
//! offer of the list that agrees; only if there is none is anything generated again.

use super::{Offer, Origin, Quotes, Words};
use crate::{
    generate::Prefix,
    judge::{Form, Place},
    session::{Revision, Session},
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
    /// The prompt, and where it is in the draft: of a long draft only the end is sent, without comments.
    pub prompt: (String, Origin),
    /// How the end of the prompt determines what follows.
    pub prefix: Prefix,
    /// The form of the draft at the place.
    pub form: Form,
    /// The text behind the place in its paragraph, if there is some.
    pub behind: String,
    /// The draft's quotes; offers are converted to them.
    pub quotes: Quotes,
    /// The offers.
    pub offers: Vec<Offer>,
    /// Candidates that are not shown.
    pub pool: Vec<Offer>,
    /// How often candidates were drawn.
    pub draws: u8,
    /// What candidates are judged by.
    pub place: Place,
    /// What the writer said about words when it was requested.
    pub words: Words,
    /// Whether the writer was told what none of its offers has.
    pub told: bool,
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

    /// Whether the chosen offer is complete and may end where it does.
    pub fn ends_well(&self) -> bool {
        self.choice().is_some_and(|offer| !offer.is_live() && self.place.ends_well(&offer.text))
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

    /// The chosen offer.
    pub fn choice(&self) -> Option<&Offer> {
        self.offers.get(self.chosen)
    }
}
