//! Asking the model, stopping it, and what it tells. Offers are bound to the text they were asked about.

use super::{App, Model};
use crate::{
    clean::Level,
    generate::{Ask, Reading},
    token::{BranchId, StopReason},
    tui::{
        command::Command,
        offers::{List, OPENINGS, Offer, Standing, State},
    },
    ui::worker::Request,
};

/// The most characters that are sent: no model here sees more, and reading a novel would only cost time.
const PROMPT: usize = 32_768;

impl App {
    /// Asks at the cursor: one continuation, or openings when there is nothing to go on from.
    pub(super) fn ask(&mut self) {
        if let Model::Gone(why) = &self.model {
            return self.notices.warn(why.clone());
        }
        if self.session.read_only().is_some() {
            return self.edited(false);
        }
        let at = self.session.cursor();
        self.session.move_to(at, false);
        let text = self.session.text();
        let blank = text.chars().all(char::is_whitespace);
        let first = at.saturating_sub(PROMPT);
        let prompt = if blank { String::new() } else { text.slice(first..at).to_string() };
        let number = if blank { self.openings } else { 1 };
        self.stop_all();
        let from = self.session.seal();
        let at_end = at == self.session.text().len_chars();
        let offers = (0..number).map(|_| self.request(&prompt)).collect();
        self.offers.push(List { at, from, at_end, prompt: (prompt, first), offers, chosen: 0 });
        self.offers.focus = false;
    }

    /// Sends one request, with a seed of its own. Where there is nothing to go on from, it gets a few words to
    /// begin with, and those are part of what it offers.
    fn request(&mut self, prompt: &str) -> Offer {
        let (branch, seed) = (self.offers.next_branch(), self.seed);
        self.seed = self.seed.wrapping_add(1);
        let mut params = self.sampling.clone();
        params.seed = seed;
        let openings = OPENINGS.lines().count() as u64;
        let opening = OPENINGS.lines().nth((seed % openings) as usize).unwrap_or_default();
        let opening = if prompt.is_empty() { opening } else { "" };
        let prompt = format!("{prompt}{opening}");
        self.send(Request::Generate(Ask {
            branch,
            prompt,
            params,
            clean: Level::Prose,
            heal: true,
        }));
        Offer::new(branch, seed, opening)
    }

    /// Tab asks where nothing follows in the paragraph; elsewhere it is a tab.
    pub(super) fn ask_or_tab(&mut self) {
        let (text, at) = (self.session.text(), self.session.cursor());
        let ends = text.get_char(at).is_none_or(|next| matches!(next, '\n' | '\r'));
        if ends && self.session.selection().is_none() {
            self.ask();
        } else {
            self.type_text("\t");
        }
    }

    /// Other words in the same place. Right after a take that left nothing, instead of what was taken:
    /// that one step is taken back first, and never more.
    pub(super) fn roll_again(&mut self) {
        let now = (self.session.revision(), self.session.cursor());
        let taken = self.taken == Some(now) && !self.offers.are_live();
        let list = self.offers.list();
        let whole =
            list.is_some_and(|list| list.standing(list.chosen, &self.session) == Standing::Taken);
        if taken && whole {
            self.session.undo();
        }
        self.ask();
    }

    /// Another answer to the same question, in the place of the chosen offer.
    pub(super) fn roll_one(&mut self) {
        let list = self.offers.list();
        let Some((prompt, old)) =
            list.and_then(|list| Some((list.prompt.0.clone(), list.choice()?.branch)))
        else {
            return self.ask();
        };
        if let Model::Gone(why) = &self.model {
            return self.notices.warn(why.clone());
        }
        self.send(Request::Stop(old));
        let offer = self.request(&prompt);
        if let Some(list) = self.offers.list_mut() {
            list.offers[list.chosen] = offer;
        }
    }

    /// Stops what streams; when nothing does, one thing more goes at each call.
    pub(super) fn stop(&mut self) {
        let at = self.session.cursor();
        if self.stop_all() {
            let away = self.key(Command::Stop);
            self.notices.say(format!("Stopped. {away} again puts the offers away."));
        } else if self.notices.dismiss() {
        } else if self.offers.list().is_some() {
            self.offers.close();
        } else {
            self.session.move_to(at, false);
        }
    }

    /// Says whether there was anything to stop.
    fn stop_all(&mut self) -> bool {
        let live = self.offers.stop_all();
        live.iter().for_each(|branch| self.send(Request::Stop(*branch)));
        !live.is_empty()
    }

    pub(super) fn focus_offers(&mut self) {
        self.offers.focus = self.offers.list().is_some();
        if !self.offers.focus {
            let ask = self.key(Command::Ask);
            self.notices.say(format!("There are no offers yet. {ask} asks for some."));
        }
    }

    /// The usual key of a command, to be named in a sentence.
    pub(in crate::tui) fn key(&self, command: Command) -> String {
        self.keymap.keys(command).next().map_or_else(|| "a key".into(), |key| key.to_string())
    }

    pub(super) fn read(&mut self, branch: BranchId, reading: Reading) {
        let Some((list, number)) = self.offers.find(branch) else { return };
        let (prompt, first) = &list.prompt;
        let unseen = prompt.get(..reading.sees_from).unwrap_or_default().chars().count();
        // A draft cut before it was sent is not seen from its start either.
        let at = if *first == 0 && unseen == 0 { 0 } else { first + unseen };
        self.sees = Some((at, list.from));
        let offer = &mut list.offers[number];
        if offer.is_live() {
            offer.state = State::Reading(reading.tokens);
        }
    }

    pub(super) fn grow(&mut self, branch: BranchId, text: &str) {
        let Some((list, number)) = self.offers.find(branch) else { return };
        let offer = &mut list.offers[number];
        // What comes after the writer stopped it is late, and is let go.
        if offer.is_live() {
            offer.text.push_str(text);
            offer.tokens += 1;
            offer.state = State::Streaming;
        }
    }

    pub(super) fn finish(&mut self, branch: BranchId, why: StopReason) {
        self.end(branch, State::Done(why));
    }

    pub(super) fn fail(&mut self, branch: BranchId, why: String) {
        let again = self.key(Command::RollAgain);
        self.notices.warn(format!("The model stopped: {why}. {again} tries again."));
        self.end(branch, State::Failed(why));
    }

    fn end(&mut self, branch: BranchId, state: State) {
        if let Some((list, number)) = self.offers.find(branch) {
            let offer = &mut list.offers[number];
            if offer.is_live() {
                offer.state = state;
            }
        }
    }

    pub(super) fn lose_model(&mut self, why: String) {
        self.stop_all();
        self.notices.warn(why.clone());
        self.model = Model::Gone(why);
    }
}
