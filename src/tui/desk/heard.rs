//! Reports from the model: offers grow and end, and those with a fault are replaced.
//!
//! When an offer ends, it is judged, and for banned words and loops at each token. One with a fault is replaced by the
//! best spare candidate. If there is no spare, one with a serious fault is replaced by one with the next seed, at most
//! twice; then its place says why it is empty. Places keep their numbers, so that Alt+3 is always the same offer. An
//! offer that is pinned, partly taken or being extended is never replaced.

use super::{Desk, pool::may_replace};
use crate::{
    generate::Reading,
    token::{BranchId, StopReason, Token},
    tui::command::Command,
    ui::{
        asking::{List, Model, Offer, State, quotes},
        worker::News,
    },
};

/// How many times an offer with a fault is replaced.
pub(super) const TRIES: u8 = 2;

impl Desk {
    /// Handles a report from the model's thread.
    pub fn hear(&mut self, news: News) {
        match news {
            News::Loaded(info) => {
                self.forget_scores();
                self.model_loaded(info);
            }
            News::NotOpened(why) => self.model_not_opened(&why),
            News::Gone(why) => self.lose_model(why),
            News::Speed(speed) => {
                self.asking.speed = Some(speed);
                self.show_early();
            }
            News::Measured(speed) => self.note_speed(speed),
            News::Reading(branch, reading) => self.read(branch, reading),
            News::Token(branch, token) => self.grow(branch, &token),
            News::Done(branch, why) => self.finish(branch, why),
            // Only the overlay that asked handles this.
            News::Seen(..) | News::Checked(..) => {}
            News::Weighed(branch, weighed) => _ = self.weighed(branch, Some(weighed.mean())),
            News::Scores(number, scores) => self.hear_scores(number, &scores),
            News::Failed(branch, why) => {
                if !self.scores_failed(branch, &why) {
                    self.fail(branch, why);
                }
            }
        }
    }

    pub fn read(&mut self, branch: BranchId, reading: Reading) {
        let offers = &mut self.offers;
        let list = if let Some((list, number)) = offers.find(branch) {
            let offer = &mut list.offers[number];
            if offer.is_live() {
                offer.state = State::Reading(reading.tokens);
            }
            list
        } else if let Some((list, _)) = offers.find_candidate(branch) {
            list
        } else {
            return;
        };
        let (prompt, origin) = &list.prompt;
        let prompt = quotes::straight(prompt);
        let unseen = prompt.get(..reading.sees_from).unwrap_or_default().chars().count();
        // If only the end of the draft was sent, its start was not seen either.
        let at = match (origin.first(), unseen) {
            (0, 0) => 0,
            _ => origin.place(unseen),
        };
        self.offers.sees = Some((at, list.from));
        self.offers.read = Some(reading);
    }

    pub fn grow(&mut self, branch: BranchId, token: &Token) {
        let Some((list, number)) = self.offers.find(branch) else {
            self.hear_candidate(branch, |offer, list| {
                offer.add(token, list.quotes, &list.prompt.0);
                offer.state = State::Streaming;
            });
            return;
        };
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

    /// An offer or a candidate has ended.
    pub fn finish(&mut self, branch: BranchId, why: StopReason) {
        if let Some((list, number)) = self.offers.find(branch)
            && list.offers[number].is_live()
        {
            let taken = list.taken(number, &self.session);
            let (form, column) = (list.form.clone(), column(list));
            list.offers[number].end(why, taken, &form, column);
        } else if self.hear_candidate(branch, |offer, list| {
            offer.end(why, 0, &list.form, column(list));
        }) {
            return;
        }
        self.judge(branch);
        self.choose();
    }

    pub fn fail(&mut self, branch: BranchId, why: String) {
        if self.weighed(branch, None) {
            return;
        }
        let again = self.key(Command::RollAgain);
        self.notices.warn(format!("The model failed: {why}. {again} tries again."));
        let reason = why.clone();
        self.hear_candidate(branch, |offer, _| offer.state = State::Failed(reason));
        if let Some((list, number)) = self.offers.find(branch)
            && list.offers[number].is_live()
        {
            list.offers[number].state = State::Failed(why);
        }
        self.turn_from_nothing();
    }

    /// Judges an offer. One with a fault is replaced by the best spare candidate; without one, a serious fault is
    /// replaced by another offer, at most [`TRIES`] times, and then its place stays empty and names the fault. Offers
    /// that are on the page, pinned or made longer are kept.
    fn judge(&mut self, branch: BranchId) {
        let Some(fault) = self.offers.judge(branch) else { return };
        let filter = self.offers.filter.clone();
        let Some((list, number)) = self.offers.find(branch) else { return };
        let offer = &list.offers[number];
        let (dropped, ended) = (offer.dropped + 1, matches!(offer.state, State::Done(_)));
        if !(offer.is_live() || ended) || !may_replace(list, number, &self.session) {
            return;
        }
        let spare = list.spare(&filter);
        if spare.is_none() && fault.is_small() {
            return;
        }
        if !ended {
            self.asking.stop(branch);
        }
        let again = spare.is_none() && dropped <= TRIES;
        let instead = spare.or_else(|| again.then(|| self.asking.offer(list)));
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
    pub fn turn_from_nothing(&mut self) {
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

/// How many characters of the line are before the place of a list.
fn column(list: &List) -> usize {
    list.prompt.0.rsplit('\n').next().map_or(0, |line| line.chars().count())
}
