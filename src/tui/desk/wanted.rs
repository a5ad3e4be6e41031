//! What offers should have, and whether they have it.

use super::Desk;
use crate::{
    token::StopReason,
    tui::command::Command,
    ui::asking::{Offer, State},
};

impl Desk {
    /// Says once for a list, when all its offers are complete, what none of them has of what the notes ask for.
    pub fn tell_unmet(&mut self) {
        let Some(list) = self.offers.newest() else { return };
        let ended = |offer: &&Offer| matches!(offer.state, State::Done(_));
        let offers: Vec<&Offer> = list.offers.iter().filter(ended).collect();
        if list.told || offers.is_empty() || list.offers.iter().any(Offer::is_live) {
            return;
        }
        let texts: Vec<&str> = offers.iter().map(|offer| &*offer.text).collect();
        let missing = list.words.missing(&texts);
        let met = |offer: &&Offer| offer.state == State::Done(StopReason::Phrase);
        let end = list.words.end_on();
        let mut said = Vec::new();
        if !missing.is_empty() {
            said.push(format!("has {}", quoted(&missing)));
        }
        if !end.is_empty() && !offers.iter().any(met) {
            said.push(format!("ends on {}", quoted(&[end])));
        }
        list.told = true;
        if !said.is_empty() {
            let again = self.key(Command::RollAgain);
            self.notices.say(format!("No offer {}. {again} draws again.", said.join(" or ")));
        }
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ")
}
