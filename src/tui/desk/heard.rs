//! Reports from the model: offers grow and end, and those with a fault are replaced.
//!
//! When an offer ends, it is judged, and for banned words at each token. One that is empty, banned or a repetition is
//! replaced by one with the next seed, at most twice; then its place says why it is empty. Places keep their numbers,
//! so that Alt+3 is always the same offer. An offer that is pinned, partly taken or being extended is never replaced.

use super::Desk;
use crate::{
    clean::hanging,
    generate::Reading,
    token::{BranchId, StopReason, Token},
    tui::command::Command,
    ui::asking::{Model, Offer, State, quotes},
};

/// How many times an offer with a fault is replaced.
pub(super) const TRIES: u8 = 2;

impl Desk {
    pub fn read(&mut self, branch: BranchId, reading: Reading) {
        let Some((list, number)) = self.offers.find(branch) else { return };
        let (prompt, first) = &list.prompt;
        let prompt = quotes::straight(prompt);
        let unseen = prompt.get(..reading.sees_from).unwrap_or_default().chars().count();
        // If only the end of the draft was sent, its start was not seen either.
        let at = if *first == 0 && unseen == 0 { 0 } else { first + unseen };
        let from = list.from;
        let offer = &mut list.offers[number];
        if offer.is_live() {
            offer.state = State::Reading(reading.tokens);
        }
        self.offers.sees = Some((at, from));
    }

    pub fn grow(&mut self, branch: BranchId, token: &Token) {
        let Some((list, number)) = self.offers.find(branch) else { return };
        let offer = &mut list.offers[number];
        // Tokens that arrive after the writer stopped the offer are ignored.
        if !offer.is_live() {
            return;
        }
        offer.add(token, list.quotes, &list.prompt.0);
        offer.state = State::Streaming;
        self.judge(branch);
        self.judge_ghost();
    }

    /// An offer has ended. If it ran out of tokens, the unfinished clause after its last full sentence is cut off,
    /// unless it is on the page already.
    pub fn finish(&mut self, branch: BranchId, why: StopReason) {
        if let Some((list, number)) = self.offers.find(branch)
            && list.offers[number].is_live()
        {
            let taken = list.taken(number, &self.session);
            let offer = &mut list.offers[number];
            let whole = hanging(&offer.text).len();
            if why == StopReason::Length && whole > taken && whole > offer.opening.len() {
                offer.text.truncate(whole);
            }
            offer.state = State::Done(why);
        }
        self.judge(branch);
    }

    pub fn fail(&mut self, branch: BranchId, why: String) {
        let again = self.key(Command::RollAgain);
        self.notices.warn(format!("The model failed: {why}. {again} tries again."));
        if let Some((list, number)) = self.offers.find(branch)
            && list.offers[number].is_live()
        {
            list.offers[number].state = State::Failed(why);
        }
        self.turn_from_nothing();
    }

    /// Replaces an offer that has a fault, at most [`TRIES`] times; then its place stays empty and names the fault.
    /// Offers that are on the page, pinned or made longer are kept.
    fn judge(&mut self, branch: BranchId) {
        let Some(fault) = self.offers.fault(branch) else { return };
        let Some((list, number)) = self.offers.find(branch) else { return };
        let offer = &list.offers[number];
        let ended = matches!(offer.state, State::Done(_));
        if !(offer.is_live() || ended)
            || offer.pinned
            || offer.longer
            || offer.by.is_some()
            || list.taken(number, &self.session) > 0
        {
            return;
        }
        let dropped = offer.dropped + 1;
        let prompt = list.prompt.0.clone();
        if !ended {
            self.asking.stop(branch);
        }
        let instead = (dropped <= TRIES).then(|| self.asking.offer(&prompt));
        let Some((list, number)) = self.offers.find(branch) else { return };
        let offer = &mut list.offers[number];
        match instead {
            Some(other) => *offer = Offer { dropped, ..other },
            None => {
                offer.text.clear();
                offer.state = State::Dropped(fault);
            }
        }
        self.turn_from_nothing();
    }

    /// Makes sure that the chosen offer has words, if any has. Not while the list has the focus: then the writer
    /// chooses.
    fn turn_from_nothing(&mut self) {
        if !self.offers.focus {
            self.offers.choose_one_with_words();
        }
    }

    pub fn lose_model(&mut self, why: String) {
        self.stop_all();
        self.notices.warn(why.clone());
        self.asking.model = Model::Gone(why);
    }
}
