//! Choosing another model while the draft stays, fetching one while the writer writes on, and letting two answer the same.

use super::{App, Model};
use crate::{
    clean::Level,
    generate::{Ask, ModelInfo},
    model::memory::size,
    token::SamplingParams,
    tui::{
        command::Command,
        models::about,
        offers::{List, Offer, Until, quotes},
        overlay::{Overlay, Question},
        picker::{Act, Entry, Kind, Picker},
    },
    ui::{
        shelf::{self, Errand, Word},
        worker::Request,
    },
};
use std::sync::mpsc::Sender;

impl App {
    /// From now on there are other models to choose from.
    pub fn use_shelf(&mut self, errands: Sender<Errand>) {
        self.models.errands = Some(errands);
    }

    /// All models there are, and those that could be.
    pub(super) fn open_models(&mut self) {
        self.open_list(Kind::Models);
    }

    /// The models that could answer beside the one in use.
    pub(super) fn open_beside(&mut self) {
        if self.may_ask() {
            self.open_list(Kind::Beside);
        }
    }

    fn open_list(&mut self, kind: Kind) {
        if !self.models.send(Errand::List) {
            return self
                .notices
                .say("No other model can be opened here: unstuck --model NAME begins with one.");
        }
        let entries = self.entries(&kind);
        let used = entries.iter().position(|entry| self.is_used(&entry.name)).unwrap_or(0);
        self.overlay = Some(Overlay::Picker(Picker::new(kind, entries, used)));
    }

    /// What the list shows, as things are now.
    fn entries(&self, kind: &Kind) -> Vec<Entry> {
        let fits = |model: &&shelf::Entry| match kind {
            Kind::Beside => model.here && model.broken.is_none() && !self.is_used(&model.name),
            _ => true,
        };
        let entry = |model: &shelf::Entry| {
            let coming = self.models.fetching.as_ref().filter(|coming| coming.name == model.name);
            let key = match coming {
                Some(coming) => format!("{} %", coming.share()),
                None if self.is_used(&model.name) => "in use".into(),
                None if !model.here => "fetch".into(),
                None => String::new(),
            };
            let act = match kind {
                Kind::Beside => Act::Compare(model.name.clone()),
                _ => Act::Use(model.name.clone()),
            };
            Entry { name: model.name.clone(), about: about(model), key, act }
        };
        self.models.entries.iter().filter(fits).map(entry).collect()
    }

    /// The list shows how things are now, if it is open.
    fn refresh_list(&mut self) {
        let Some(Overlay::Picker(mut picker)) = self.overlay.take_if(is_list) else { return };
        picker.refill(self.entries(&picker.kind));
        self.overlay = Some(Overlay::Picker(picker));
    }

    fn is_used(&self, name: &str) -> bool {
        let Model::Ready(info) = &self.model else { return false };
        match &self.models.used {
            Some(used) => used == name,
            None => info.name == name,
        }
    }

    /// A model was chosen: use it, or ask whether it shall come first.
    pub(super) fn use_model(&mut self, name: &str) {
        let Some(model) = self.models.entries.iter().find(|model| model.name == name) else {
            return;
        };
        if let Some(why) = &model.broken {
            return self.notices.warn(format!("{name} can't be opened: {why}"));
        }
        if self.is_used(name) {
            return self.notices.say(format!("{name} is in use already."));
        }
        if let Some(coming) = &self.models.fetching {
            let question = Question::StopFetching(coming.name.clone());
            if coming.name == name {
                self.overlay = Some(Overlay::Question(question));
                return;
            }
            if !model.here {
                return self.notices.say(format!("{} comes first; then {name} can.", coming.name));
            }
        }
        if !model.here {
            let bytes = model.bytes.map_or("Its size is not known".into(), size);
            let what =
                format!("{bytes}, licence {}", model.licence.as_deref().unwrap_or("not stated"));
            self.overlay = Some(Overlay::Question(Question::Fetch(name.to_owned(), what)));
            return;
        }
        self.stop_all();
        self.open_model(name);
    }

    /// The model in use is let go, and another read in its place. The draft and its offers stay.
    fn open_model(&mut self, name: &str) {
        self.models.wanted = None;
        self.models.opening = Some(name.to_owned());
        self.model = Model::Loading;
        (self.speed, self.sees) = (None, None);
        self.notices.say(format!("{name} is being read; write on."));
        self.send(Request::Open(name.to_owned()));
    }

    pub(super) fn fetch_model(&mut self, name: &str) {
        if self.models.send(Errand::Fetch(name.to_owned())) {
            let coming = shelf::Fetching { name: name.to_owned(), ..shelf::Fetching::default() };
            self.models.fetching = Some(coming);
            self.notices
                .say(format!("{name} is being fetched; write on. It is used when it is here."));
        }
    }

    pub(super) fn stop_fetching(&mut self) {
        self.models.send(Errand::Stop);
        self.notices.say("Stopping.");
    }

    /// What the shelf tells.
    pub(super) fn hear_shelf(&mut self, word: Word) {
        match word {
            Word::Listed(entries) => self.models.entries = entries,
            // what comes late of one that was stopped is let go
            Word::Fetching(coming) => {
                let expected =
                    self.models.fetching.as_ref().is_some_and(|now| now.name == coming.name);
                self.models.fetching =
                    self.models.fetching.take().map(|now| if expected { coming } else { now });
            }
            Word::Came(name) => {
                self.models.fetching = None;
                self.models.wanted = Some(name);
                self.models.send(Errand::List);
            }
            Word::Ended(name, why) => {
                self.models.fetching = None;
                match why {
                    None => self.notices.say(format!("{name}: stopped. What came is kept.")),
                    Some(why) => self.notices.warn(format!("Not fetched: {why}")),
                }
            }
        }
        self.refresh_list();
    }

    /// A model that was fetched to be used is used as soon as no other is in mid-sentence.
    pub(super) fn open_what_came(&mut self) {
        let busy =
            self.offers.are_live() || self.offers.ghost.is_some() || self.models.opening.is_some();
        if let Some(name) = self.models.wanted.take_if(|_| !busy) {
            self.open_model(&name);
        }
    }

    /// A model can be asked.
    pub(super) fn greet(&mut self, info: ModelInfo) {
        let opened = self.models.opening.take();
        if let Some(name) = opened {
            self.notices.say(format!("{name} is used now; your draft is as it was."));
            self.models.used = Some(name);
        }
        self.model = Model::Ready(info);
        self.refresh_list();
    }

    /// Another model could not be read; the one before comes back.
    pub(super) fn keep_model(&mut self, why: &str) {
        self.models.opening = None;
        self.notices.forget_word(); // it said that the other is being read
        self.notices.warn(format!("Not opened: {why}. The model before it stays."));
    }

    /// How fast the model is here is remembered for the list.
    pub(super) fn note_speed(&self, speed: f32) {
        if let Model::Ready(info) = &self.model {
            let name = self.models.used.clone().unwrap_or_else(|| info.name.clone());
            self.models.send(Errand::Measured(name, info.quantization.clone(), speed));
        }
    }

    /// Lets the model in use and another one go on from the cursor, with one seed: two offers.
    pub(super) fn compare_models(&mut self, other: &str) {
        if !self.may_ask() {
            return;
        }
        let Model::Ready(info) = &self.model else {
            return self.notices.say("The model is still loading.");
        };
        let used = self.models.used.clone().unwrap_or_else(|| info.name.clone());
        self.stop_all();
        let at = self.session.cursor();
        self.session.move_to(at, false);
        let from = self.session.seal();
        let (prompt, first) = self.prompt(at);
        let mine = self.request(&prompt);
        let branch = self.offers.next_branch();
        let theirs = Offer::new(branch, mine.seed, mine.opening);
        let params = SamplingParams { seed: mine.seed, ..self.sampling().clone() };
        let ask = Ask {
            branch,
            prompt: quotes::straight(&format!("{prompt}{}", mine.opening)).into_owned(),
            params,
            clean: Level::Prose,
            heal: true,
        };
        self.send(Request::Beside(other.to_owned(), ask));
        let offers =
            vec![Offer { by: Some(used), ..mine }, Offer { by: Some(other.to_owned()), ..theirs }];
        let quotes = self.quotes(&prompt, at);
        let until = Until::of(at, self.session.text().len_chars());
        self.offers.push(List {
            at,
            from,
            until,
            prompt: (prompt, first),
            quotes,
            offers,
            chosen: 0,
        });
        self.offers.focus = false;
        let again = self.key(Command::RollAgain);
        self.notices.say(format!("{other} is read beside it. {again} compares on another seed."));
    }
}

fn is_list(overlay: &mut Overlay) -> bool {
    matches!(overlay, Overlay::Picker(picker) if matches!(picker.kind, Kind::Models | Kind::Beside))
}
