//! Asking the model, and stopping it.

use super::{Desk, Notice};
use crate::{
    clean::sentence_ends,
    generate::{Guide, Prefix},
    judge::{Form, Language, Place, language, last_word},
    session::Revision,
    tui::command::Command,
    ui::{
        asking::{List, Model, Offer, Origin, Quotes, Until, prompt, seen},
        worker::Request,
    },
};

/// How many characters before the cursor are searched for the last end of a sentence.
const NEAR: usize = 500;

/// How many characters after the cursor offers are judged by.
const AFTER: usize = 2_000;

impl Desk {
    /// Asks for continuations at the cursor, or for openings on an empty page. Pinned offers for the same prompt stay. A
    /// last word that is known counts as finished, unless the writer asks again at the same place.
    pub fn ask(&mut self) {
        let prompt = self.prompt(self.session.cursor()).0;
        let finished = matches!(self.offers.list(), Some(list)
            if list.prompt.0 == prompt && list.prefix == Prefix::Word);
        self.ask_with(finished.then_some(Prefix::Characters));
    }

    /// Asks for continuations at the cursor. Without a `prefix`, the last word decides.
    pub fn ask_with(&mut self, prefix: Option<Prefix>) {
        if !self.may_ask() {
            return;
        }
        let at = self.session.cursor();
        self.session.move_to(at, false);
        let from = self.session.seal();
        let (prompt, origin) = self.prompt(at);
        let mut pinned = self.offers.pinned(&prompt);
        let mut list = self.list_for(at, from, (prompt.clone(), origin));
        let prefix = prefix.unwrap_or_else(|| self.prefix(&list));
        list.prefix = prefix;
        let spares = self.offers.take_spares(&prompt, prefix);
        self.stop_all();
        let number = pinned.iter().map(|(number, _)| number + 1).max().unwrap_or(0);
        let count = number.max(self.asking.style.offers);
        let chooses = !spares.is_empty() || self.asking.at_once(count - pinned.len()).is_some();
        let offers: Vec<_> = (0..count)
            .map(|number| match pinned.first() {
                Some((place, _)) if *place == number => pinned.remove(0).1,
                _ if chooses => Offer::place(),
                _ => self.asking.offer(&list),
            })
            .collect();
        // If the list has the focus, the choice in it stays.
        let chosen = self.offers.list().filter(|_| self.offers.focus).map_or(0, |list| list.chosen);
        let chosen = chosen.min(offers.len().saturating_sub(1));
        self.offers.push(List { chosen, offers, pool: spares, ..list });
        self.choose();
        self.tell_of_language();
    }

    /// Says once that the draft is in a language that the model in the program doesn't know.
    fn tell_of_language(&mut self) {
        let Model::Ready(info) = &self.asking.model else { return };
        let Some(list) = self.offers.list().filter(|_| info.embedded && !self.offers.told) else {
            return;
        };
        let looks = match language(&list.prompt.0) {
            Language::Other(name) => format!("is in {name}"),
            Language::Foreign => "is not in English".to_owned(),
            Language::English | Language::Unknown => return,
        };
        let (name, models) = (info.name.clone(), self.key("models"));
        self.offers.told = true;
        self.notices.say(format!(
            "This draft {looks}, and {name} knows only English. {models} offers other models."
        ));
    }

    /// Whether the last word before a question is finished: it is a word of the draft or of the language, or a name.
    fn prefix(&self, list: &List) -> Prefix {
        let next = self.session.text().get_char(list.at);
        let word = last_word(&list.prompt.0);
        let inside = next.is_some_and(char::is_alphanumeric);
        match !word.is_empty() && !inside && list.place.is_finished(word) {
            true => Prefix::Word,
            false => Prefix::Characters,
        }
    }

    /// A list for offers that are requested at a place.
    pub fn list_for(&self, at: usize, from: Revision, prompt: (String, Origin)) -> List {
        let text = self.session.text();
        let quotes = self.quotes(&prompt.0, at);
        let until = Until::of(at, text.len_chars());
        let after = seen(text, at..text.len_chars().min(at + AFTER)).0;
        let mut place = Place::new(&prompt.0, &after, last_word(&prompt.0));
        let notes = self.session.notes();
        [&notes.memory, &notes.note, &notes.names].into_iter().for_each(|text| place.know(text));
        self.offers.sentences(&mut place.sentences);
        let behind = after.split('\n').next().unwrap_or_default().trim_end().to_owned();
        // In the middle of a paragraph, the paragraph gives the form.
        let form = if behind.is_empty() { Form::of(&prompt.0) } else { Form::default() };
        let place = place.with_lines(form.has_lines());
        let words = self.asking.words.clone();
        List { at, from, until, prompt, quotes, place, form, behind, words, ..List::default() }
    }

    /// Lets the notes on the draft steer the model.
    pub fn heed_notes(&mut self) {
        let notes = self.session.notes();
        self.asking.guide = Guide { memory: notes.memory.clone(), note: notes.note.clone() };
        self.asking.words.heed(notes, &self.asking.style.sampling);
        self.offers.banned = self.asking.words.banned().clone();
        self.offers.ahead = Default::default();
    }

    /// Where the model would see the author's note if it were asked at the cursor.
    pub fn note_at(&self) -> Option<usize> {
        if self.asking.guide.note.trim().is_empty() {
            return None;
        }
        let (prompt, origin) = self.prompt(self.session.cursor());
        let at = self.asking.guide.place(&prompt)?;
        Some(origin.place(prompt[..at].chars().count()))
    }

    /// Lets the model read what precedes the cursor after each sentence, so that the next question has to read only what is
    /// typed after that.
    pub fn read_ahead(&mut self) {
        let is_ready = matches!(self.asking.model, Model::Ready(_));
        let text = self.session.text();
        if !is_ready || self.session.notes().model_off || self.offers.ahead.0.is_instance(text) {
            return;
        }
        let (text, at) = (text.clone(), self.session.cursor());
        let near = text.slice(at.saturating_sub(NEAR)..at).to_string();
        let end = sentence_ends(&near).last().map(|end| at - near[end..].chars().count());
        let is_new = end != self.offers.ahead.1;
        self.offers.ahead = (text, end);
        if is_new {
            let list = self.list_for(at, self.session.revision(), self.prompt(at));
            let ask = self.asking.question(&list, &Offer::new(0, 0, &list.form.lead));
            self.asking.send(Request::ReadAhead(ask));
        }
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
        !self.says_model_is_off()
    }

    /// The prompt for a place, and where it is in the draft.
    pub fn prompt(&self, at: usize) -> (String, Origin) {
        prompt(self.session.text(), at)
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
            return self.drop_ghost();
        }
        self.show_what_came();
        if self.stop_all() {
            let away = self.key(Command::Stop);
            self.notices.say(format!("Stopped. {away} again hides the offers."));
        } else if self.notices.dismiss() {
        } else if self.offers.list().is_some() {
            self.offers.close();
        } else {
            self.session.move_to(at, false);
        }
    }

    /// Whether there is something that [`Desk::stop`] ends or puts away.
    pub fn can_stop(&self) -> bool {
        let offers = &self.offers;
        let is_error = matches!(self.notices.shown(), Some((Notice::Error(_), _)));
        offers.are_live() || offers.list().is_some() || offers.ghost.is_some() || is_error
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
