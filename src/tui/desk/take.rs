//! Taking offers: a word, a sentence, or all of it.

use super::Desk;
use crate::{
    session::{Author, Session, Source, words},
    tui::command::Command,
    ui::asking::{List, Offer, Standing, Taken, first_word},
};
use std::ops::Range;

impl Desk {
    /// Takes a piece of the offer at the cursor. Without an offer there, moves the cursor as the key usually does.
    pub fn take_or_move(&mut self, command: Command) {
        let at_end = self.session.cursor() == self.session.text().len_chars();
        let rest = self.offers.rest(&self.session);
        let sentence = self.offers.sentence(&self.session);
        if command == Command::TakeSentence && rest.is_some() && sentence.is_none() {
            return self.tell_of_fragment();
        }
        let piece = rest.and_then(|rest| match command {
            Command::TakeWord => Some(first_word(rest)),
            Command::TakeSentence => sentence,
            _ => at_end.then_some(rest),
        });
        match (piece.map(str::to_owned), command.leads()) {
            (Some(piece), _) => {
                self.take_here(&piece);
                if let Some(taken) = &mut self.offers.taken {
                    taken.word = command == Command::TakeWord;
                }
            }
            (None, Some(to)) => self.page.go(&mut self.session, to, false),
            (None, None) => {}
        }
    }

    /// The offer at the cursor has no whole sentence.
    fn tell_of_fragment(&mut self) {
        let (word, all) = (self.key(Command::TakeWord), self.key(Command::TakeAll));
        let lists = self.offers.list().into_iter();
        let mut lists = lists.chain(self.offers.ghost.as_ref().map(|ghost| &ghost.list));
        let list = lists.find(|list| list.rest(&self.session).is_some());
        let is_live = list.and_then(List::choice).is_some_and(Offer::is_live);
        let what = if is_live {
            "This sentence is still coming."
        } else {
            "This offer stops within a sentence."
        };
        self.notices.say(format!("{what} {word} takes a word, {all} all of it."));
    }

    /// Takes all of the offer at the cursor, or else the chosen offer.
    pub fn take_all(&mut self) {
        match self.offers.rest(&self.session).map(str::to_owned) {
            Some(rest) => self.take_here(&rest),
            None => self.take_chosen(),
        }
    }

    /// Takes all of the chosen offer.
    pub fn take_chosen(&mut self) {
        let Some(list) = self.offers.list() else {
            let ask = self.key(Command::Ask);
            return self.notices.say(format!("There is no offer to take. {ask} asks for one."));
        };
        let standing = list.standing(list.chosen, &self.session);
        let text = list.choice().map(|offer| offer.text.clone()).unwrap_or_default();
        match standing {
            Standing::Here("") => self.notices.say("This offer has no text yet."),
            Standing::Here(rest) => {
                let rest = rest.to_owned();
                self.take(self.session.cursor(), &rest, self.source());
            }
            Standing::There(rest, place) => {
                let rest = rest.to_owned();
                self.take(place, &rest, self.source());
            }
            Standing::Taken => self.notices.say("All of this offer is already on the page."),
            Standing::Away => self.take_where_asked(&text),
        }
    }

    /// Takes an offer whose place has other text by now: starts a branch at the revision it was requested for. The
    /// other text stays as a sibling branch; undo returns to it.
    fn take_where_asked(&mut self, text: &str) {
        if text.is_empty() {
            return self.notices.say("This offer has no text yet.");
        }
        let Some((at, from)) = self.offers.list().map(|list| (list.at, list.from)) else { return };
        if !self.session.go_to_edit(from, at) {
            return self
                .notices
                .say("The text this offer was made for is no longer in the history.");
        }
        self.take(at, text, self.source());
        let undo = self.key(Command::Undo);
        self.notices.say(format!(
            "This is a new branch from where you asked; {undo} returns to your text."
        ));
    }

    /// Takes all of an offer by its number, from 0.
    pub fn take_number(&mut self, number: usize) {
        match self.offers.list_mut() {
            Some(list) if number < list.offers.len() => {
                list.chosen = number;
                self.take_chosen();
            }
            _ => self.notices.say(format!("There is no offer {}.", number + 1)),
        }
    }

    /// Takes a piece of the offer or the ghost at the cursor.
    fn take_here(&mut self, text: &str) {
        // A ghost is not an offer of the list.
        let of_list = self.offers.list().and_then(|list| list.rest(&self.session)).is_some();
        let source = if of_list { self.source() } else { self.keep_ghost() };
        if let Some(ghost) = &mut self.offers.ghost {
            ghost.misses = 0;
        }
        self.take(self.session.cursor(), text, source);
    }

    /// The chosen offer's number in the history.
    pub fn source(&self) -> Option<Source> {
        self.offers.list()?.choice()?.source
    }

    /// Whether a text of the model may be taken in place of `replaced`, text of the model in characters of the draft,
    /// without exceeding the machine's share. If not, tells the writer.
    pub fn may_take(&mut self, text: &str, replaced: Range<usize>) -> bool {
        let most = usize::from(self.world.machine_share);
        let less = words(&self.session.text().slice(replaced).to_string());
        let (shares, more) = (self.session.shares(), words(text));
        let machine = (shares.words(Author::Machine) + more).saturating_sub(less);
        let all = (shares.all_words() + more).saturating_sub(less);
        let fits = most >= 100 || machine * 100 <= most * all;
        if !fits {
            let share = (machine * 100).checked_div(all).unwrap_or(0);
            self.notices.say(format!(
                "Not taken: the machine's share would be {share} % of the words, and your limit is {most} %."
            ));
        }
        fits
    }

    pub fn take(&mut self, at: usize, text: &str, source: Option<Source>) {
        let gap = if glues(&self.session, at, text) { " " } else { "" };
        let text = format!("{text}{gap}");
        if !self.may_take(&text, at..at) {
            return;
        }
        let done = match source {
            Some(source) => self.session.take_from(source, at, &text),
            None => self.session.take(at, &text),
        };
        if done {
            let (revision, cursor) = (self.session.revision(), self.session.cursor());
            self.offers.taken = Some(Taken { revision, cursor, word: false });
        }
        self.edited(done);
    }
}

/// Whether a space is needed after a piece inserted before a word: only if there is one before the piece.
pub fn glues(session: &Session, at: usize, piece: &str) -> bool {
    let page = session.text();
    let before = at.checked_sub(1).and_then(|before| page.get_char(before));
    let apart = before.is_none_or(char::is_whitespace) || piece.starts_with(char::is_whitespace);
    let begins = |next: char| next.is_alphanumeric() || "\"'“‘«([".contains(next);
    apart && page.get_char(at).is_some_and(begins) && !piece.ends_with(char::is_whitespace)
}
