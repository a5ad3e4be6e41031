//! Rolling again, pinning, making an offer longer, and changing the number of offers.

use super::Desk;
use crate::{
    tui::command::Command,
    ui::asking::{MOST, Offer},
};

impl Desk {
    /// Asks again at the same place. Right after a take, the page goes back to the text before it, and undo brings the
    /// take back. A single word that was taken is kept while its offer has more words.
    pub fn roll_again(&mut self) {
        let now = (self.session.revision(), self.session.cursor());
        let taken = self.offers.taken.filter(|taken| (taken.revision, taken.cursor) == now);
        let more = self.offers.rest(&self.session).is_some() || self.offers.are_live();
        let other = self.offers.list().and_then(|list| list.compared().map(str::to_owned));
        let prefix = self.offers.list().map(|list| list.prefix);
        if taken.is_some_and(|taken| !taken.word || !more) {
            self.session.take_back();
        }
        match other {
            Some(other) => self.compare_models(&other),
            None => self.ask_with(prefix),
        }
    }

    /// Replaces the chosen offer with another one for the same prompt.
    pub fn roll_one(&mut self) {
        let list = self.offers.list();
        if list.and_then(|list| list.choice()).is_some_and(|offer| offer.pinned) {
            let pin = self.key(Command::Pin);
            return self.notices.say(format!("This offer is pinned. {pin} unpins it."));
        }
        let Some(old) = list.and_then(|list| Some(list.choice()?.branch)) else {
            return self.ask();
        };
        if !self.may_ask() {
            return;
        }
        self.asking.stop(old);
        self.keep_replaced();
        let offer = self.spare_or_new();
        if let (Some(list), Some(offer)) = (self.offers.list_mut(), offer) {
            list.offers[list.chosen] = offer;
        }
    }

    /// Pins or unpins the chosen offer. A pinned offer stays when the others are rolled again.
    pub fn pin(&mut self) {
        let list = self.offers.list_mut();
        let Some((list, number)) = list.and_then(|list| {
            let number = list.chosen;
            Some((list.offers.get_mut(number)?, number + 1))
        }) else {
            return self.no_offers();
        };
        list.pinned = !list.pinned;
        self.notices.say(if list.pinned {
            format!("Offer {number} is pinned: it stays when you roll again.")
        } else {
            format!("Offer {number} is no longer pinned.")
        });
    }

    /// Makes the chosen offer longer by another sentence.
    pub fn longer(&mut self) {
        let Some(list) = self.offers.list() else { return self.no_offers() };
        let Some(offer) = list.choice().filter(|offer| !offer.words().is_empty()) else {
            return self.notices.say("This offer has no text yet.");
        };
        if offer.is_live() {
            return self.notices.say("This offer is still streaming.");
        }
        if !self.may_ask() {
            return;
        }
        if let Some(list) = self.offers.list_mut() {
            self.asking.extend(list, list.chosen);
        }
    }

    /// One more offer, in the current list and in later ones.
    pub fn one_more(&mut self) {
        let now = self.offers.list().map(|list| list.offers.len());
        let count = now.unwrap_or(self.asking.style.offers);
        if count >= MOST {
            return self.notices.say(format!("{MOST} offers is the maximum."));
        }
        self.asking.style.offers = count + 1;
        if now.is_some() {
            if !self.may_ask() {
                return;
            }
            let offer = self.spare_or_new();
            if let Some(list) = self.offers.list_mut() {
                list.offers.extend(offer);
            }
        }
        self.say_count();
    }

    /// The best spare candidate of the list that is shown; if there is none, a new offer.
    fn spare_or_new(&mut self) -> Option<Offer> {
        let filter = self.offers.filter.clone();
        let list = self.offers.list_mut()?;
        let spare = list.spare(&filter);
        Some(spare.unwrap_or_else(|| self.asking.offer(list)))
    }

    /// One offer fewer in later lists.
    pub fn one_fewer(&mut self) {
        self.asking.style.offers = (self.asking.style.offers - 1).max(1);
        self.say_count();
    }

    /// Turns ghosts for a pausing writer on or off.
    pub fn toggle_idle(&mut self) {
        self.offers.idle = !self.offers.idle;
        self.notices.say(if self.offers.idle {
            "When you pause for half a second, a line is offered; the next key dismisses it."
        } else {
            "Nothing is offered until you ask."
        });
    }

    fn say_count(&mut self) {
        let ask = self.key(Command::Ask);
        self.notices.say(match self.asking.style.offers {
            1 => format!("{ask} asks for one offer now."),
            count => format!("{ask} asks for {count} offers now."),
        });
    }

    pub fn no_offers(&mut self) {
        let ask = self.key(Command::Ask);
        self.notices.say(format!("There are no offers yet. {ask} asks for some."));
    }
}
