//! Asking the model, and stopping it.

use super::Desk;
use crate::{
    tui::command::Command,
    ui::asking::{List, Model, PROMPT, Quotes, Until},
};

impl Desk {
    /// Asks for continuations at the cursor, or for openings on an empty page. Pinned offers for the same prompt stay.
    pub fn ask(&mut self) {
        if !self.may_ask() {
            return;
        }
        let at = self.session.cursor();
        self.session.move_to(at, false);
        let from = self.session.seal();
        let (prompt, first) = self.prompt(at);
        let mut pinned = self.offers.pinned(&prompt);
        self.stop_all();
        let number = pinned.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        let offers: Vec<_> = (0..number.max(self.asking.style.offers))
            .map(|number| match pinned.first() {
                Some((place, _)) if *place == number => pinned.remove(0).1,
                _ => self.asking.offer(&prompt),
            })
            .collect();
        let quotes = self.quotes(&prompt, at);
        let until = Until::of(at, self.session.text().len_chars());
        // If the list has the focus, the choice in it stays.
        let chosen = self.offers.list().filter(|_| self.offers.focus).map_or(0, |list| list.chosen);
        let chosen = chosen.min(offers.len().saturating_sub(1));
        self.offers.push(List { at, from, until, prompt: (prompt, first), quotes, offers, chosen });
    }

    /// Whether the model can be asked. If not, tells the writer why.
    pub fn may_ask(&mut self) -> bool {
        if let Model::Gone(why) = &self.asking.model {
            self.notices.warn(why.clone());
            return false;
        }
        if self.session.read_only().is_some() {
            self.edited(false);
            return false;
        }
        true
    }

    /// The prompt for a place, and where it starts in the draft. Empty for a blank draft.
    pub fn prompt(&self, at: usize) -> (String, usize) {
        let text = self.session.text();
        let first = at.saturating_sub(PROMPT);
        if text.chars().all(char::is_whitespace) {
            return (String::new(), first);
        }
        // A model that sees a carriage return goes on otherwise.
        (text.slice(first..at).to_string().replace("\r\n", "\n"), first)
    }

    /// The quotes of the draft around a place.
    pub fn quotes(&self, before: &str, at: usize) -> Quotes {
        Quotes::of(before, self.session.text().chars_at(at))
    }

    /// Tab asks at the end of a paragraph; elsewhere it inserts a tab.
    pub fn ask_or_tab(&mut self) {
        let (text, at) = (self.session.text(), self.session.cursor());
        let ends = text.get_char(at).is_none_or(|next| matches!(next, '\n' | '\r'));
        if ends && self.session.selection().is_none() {
            self.ask();
        } else {
            self.type_text("\t");
        }
    }

    /// Stops live offers. If there are none, each call removes one more thing: an error, the list, the selection.
    pub fn stop(&mut self) {
        let at = self.session.cursor();
        let resting = self.offers.ghost.as_ref().is_some_and(|ghost| ghost.idle);
        if resting {
            self.drop_ghost();
        } else if self.stop_all() {
            let away = self.key(Command::Stop);
            self.notices.say(format!("Stopped. {away} again hides the offers."));
        } else if self.notices.dismiss() {
        } else if self.offers.list().is_some() {
            self.offers.close();
        } else {
            self.session.move_to(at, false);
        }
    }

    /// Stops all live offers. Returns whether there were any.
    pub fn stop_all(&mut self) -> bool {
        let live = self.offers.stop_all();
        live.iter().for_each(|branch| self.asking.stop(*branch));
        !live.is_empty()
    }

    pub fn focus_offers(&mut self) {
        self.offers.focus = self.offers.list().is_some();
        if !self.offers.focus {
            let ask = self.key(Command::Ask);
            self.notices.say(format!("There are no offers yet. {ask} asks for some."));
        }
    }
}
