//! Candidates on the desk: when they are drawn, when the best are shown, and when one replaces an offer.

use super::Desk;
use crate::{
    generate::Weigh,
    token::{BranchId, StopReason},
    ui::{
        asking::{DRAWS, Fault, List, Offer, Standing, State, quotes},
        worker::Request,
    },
};

/// How many tokens behind the cursor tell how well an offer fits there.
const BEHIND: usize = 40;

impl Desk {
    /// Shows the best candidates of the newest list, as soon as they are all there. If too few are good, draws again
    /// once; then those with a small fault are shown, too.
    pub fn choose(&mut self) {
        let filter = self.offers.filter.clone();
        self.judge_pool();
        if self.weigh() {
            return;
        }
        let Some(list) = self.offers.newest().filter(|list| !list.is_drawing()) else { return };
        list.fill(&filter, true);
        let (waiting, draws) = (list.waiting(), list.draws);
        if waiting > 0 && draws + 1 < DRAWS {
            match self.asking.at_once(waiting) {
                Some(count) => return self.draw(count),
                None if draws == 0 => return self.ask_for_the_rest(),
                None => {}
            }
        }
        if let Some(list) = self.offers.newest().filter(|list| list.waiting() > 0) {
            list.fill(&filter, false);
            list.give_up();
        }
        self.turn_from_nothing();
        self.mend();
        self.tell_unmet();
        self.draw_spares();
    }

    /// In the middle of a draft, asks how likely the text behind the cursor is after each candidate. Returns whether
    /// answers are awaited.
    fn weigh(&mut self) -> bool {
        let filter = self.offers.filter.clone();
        let (asking, session) = (&mut self.asking, &self.session);
        let Some(list) = self.offers.newest() else { return false };
        let new = list.pool.iter().any(|offer| offer.weighed.is_none());
        if list.behind.is_empty() || list.is_drawing() || !new || list.waiting() == 0 {
            return false;
        }
        list.cut_to_fit(&filter, || asking.next_branch());
        for offer in list.pool.iter().filter(|offer| offer.weighed.is_none()) {
            let gap = if super::take::glues(session, list.at, &offer.text) { " " } else { "" };
            let prompt = format!("{}{}{gap}", list.prompt.0, offer.text);
            let (prompt, text) = (quotes::straight(&prompt), quotes::straight(&list.behind));
            let weigh = Weigh { prompt: prompt.into(), text: text.into(), tokens: BEHIND };
            asking.send(Request::Weigh(offer.branch, weigh));
        }
        list.is_drawing()
    }

    /// How likely the text behind the cursor is after a candidate; `None` if the model can't tell.
    pub fn weighed(&mut self, branch: BranchId, mean: Option<f32>) -> bool {
        let found = self.offers.find_candidate(branch);
        let Some((list, number)) = found.filter(|(list, _)| !list.behind.is_empty()) else {
            return false;
        };
        let offer = &mut list.pool[number];
        if offer.state != State::Waiting || offer.tokens == 0 {
            return false;
        }
        offer.weighed = Some(mean.unwrap_or(offer.score()));
        offer.state = State::Done(StopReason::Sentence);
        self.choose();
        true
    }

    /// Draws candidates for the newest list.
    fn draw(&mut self, count: usize) {
        let Some(list) = self.offers.newest() else { return };
        let drawn: Vec<Offer> = (0..count).map(|_| self.asking.offer(list)).collect();
        list.pool.extend(drawn);
        list.draws += 1;
    }

    /// Lets the places that wait stream, because the model is too slow to choose first.
    fn ask_for_the_rest(&mut self) {
        let Some(list) = self.offers.newest() else { return };
        for number in 0..list.offers.len() {
            if list.offers[number].state == State::Choosing {
                list.offers[number] = self.asking.offer(list);
            }
        }
    }

    /// Draws spare candidates while the writer reads: when the offers are complete, fewer spares are left than there
    /// are places, and nothing was written there meanwhile.
    fn draw_spares(&mut self) {
        let session = &self.session;
        let Some(list) = self.offers.newest() else { return };
        let places = list.offers.len();
        let quiet = !list.is_drawing() && !list.offers.iter().any(Offer::is_live);
        let here = list.compared().is_none()
            && list.behind.is_empty()
            && list.standing(0, session) != Standing::Away;
        let few = list.spares() < places && list.draws < DRAWS;
        let wanted = self.asking.wanted(places);
        if quiet && here && few && wanted > places && self.asking.draws_ahead() {
            self.draw(wanted - if self.asking.at_once(places).is_some() { 0 } else { places });
        }
    }

    /// Replaces offers that have a fault by the best spares. Those that are pinned, made longer or on the page stay.
    fn mend(&mut self) {
        let (filter, session, focus) =
            (self.offers.filter.clone(), &self.session, self.offers.focus);
        let Some(list) = self.offers.newest().filter(|_| !focus) else { return };
        for number in 0..list.offers.len() {
            let offer = &list.offers[number];
            let has_fault = offer.fault.is_some() && matches!(offer.state, State::Done(_));
            let empty = matches!(offer.state, State::Dropped(_));
            if (has_fault && may_replace(list, number, session) || empty)
                && let Some(spare) = list.spare(&filter)
            {
                list.offers[number] = spare;
            }
        }
    }

    /// The pool takes long: shows what is complete and good, and lets the other places stream.
    pub fn show_early(&mut self) {
        let filter = self.offers.filter.clone();
        let Some(list) = self.offers.newest().filter(|list| list.waiting() > 0) else { return };
        if list.show_first(&filter) {
            // If the candidate shown was the only one that waited, no answer will come for the other places.
            self.choose();
        } else {
            self.show_what_came();
        }
    }

    /// Shows what there is: complete candidates, then the others.
    pub fn show_what_came(&mut self) {
        let filter = self.offers.filter.clone();
        let Some(list) = self.offers.newest().filter(|list| list.waiting() > 0) else { return };
        // Those that wait for their weight are complete: what they have is enough to choose by.
        for offer in list.pool.iter_mut().filter(|offer| offer.state == State::Waiting) {
            if offer.tokens > 0 {
                offer.weighed = Some(offer.score());
                offer.state = State::Done(StopReason::Sentence);
            }
        }
        list.fill(&filter, true);
        if list.pool.iter().any(|offer| offer.tokens > 0) {
            list.fill_with_live();
        }
    }

    /// A candidate has grown or ended. One with a serious fault is stopped. Returns whether the branch was one.
    pub fn hear_candidate(
        &mut self,
        branch: BranchId,
        change: impl FnOnce(&mut Offer, &List),
    ) -> bool {
        let Some((list, number)) = self.offers.find_candidate(branch) else { return false };
        let mut offer = list.pool[number].clone();
        if !offer.is_live() {
            return true;
        }
        change(&mut offer, list);
        list.pool[number] = offer;
        let fault = self.offers.judge(branch);
        let Some((list, number)) = self.offers.find_candidate(branch) else { return true };
        let offer = &mut list.pool[number];
        let was_live = offer.is_live();
        if let Some(fault) = fault.filter(|fault| !fault.is_small()) {
            offer.state = State::Dropped(fault);
            if was_live {
                self.asking.stop(branch);
            }
        }
        if !was_live || fault.is_some_and(|fault| !fault.is_small()) {
            self.choose();
        }
        true
    }

    /// Judges the complete candidates of the newest list again: other offers are shown by now.
    fn judge_pool(&mut self) {
        let Some(list) = self.offers.newest().filter(|list| list.draws == 0) else { return };
        let branches: Vec<BranchId> = list.pool.iter().map(|offer| offer.branch).collect();
        for branch in branches {
            self.offers.judge(branch);
        }
        if let Some(list) = self.offers.newest() {
            list.pool.retain(|offer| offer.fault.is_none_or(Fault::is_small));
        }
    }
}

/// Whether an offer may be replaced: it is not pinned, made longer, compared or on the page.
pub fn may_replace(list: &List, number: usize, session: &crate::session::Session) -> bool {
    let offer = &list.offers[number];
    !offer.pinned && !offer.longer && offer.by.is_none() && list.taken(number, session) == 0
}
