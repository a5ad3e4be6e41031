//! Switching models, fetching one in the background, and comparing two.

use super::Desk;
use crate::{
    generate::ModelInfo,
    model::memory::size,
    tui::command::Command,
    ui::{
        asking::{List, Model, Offer},
        shelf::{self, Errand, Word},
        worker::Request,
    },
};
use std::sync::{Arc, mpsc::Sender};

/// What choosing a model leads to.
pub enum Choice {
    /// It is being opened, or can't be; the writer was told.
    Done,
    /// It isn't installed: ask whether to fetch it. Its size and licence.
    Fetch(String),
    /// It is already being fetched: ask whether to stop.
    StopFetching,
}

impl Desk {
    /// Connects the shelf of other models.
    pub fn use_shelf(&mut self, errands: Sender<Errand>) {
        self.models.errands = Some(errands);
    }

    /// Whether a model of this name is the one in use.
    pub fn is_used(&self, name: &str) -> bool {
        let Model::Ready(info) = &self.asking.model else { return false };
        match &self.models.used {
            Some(used) => used == name,
            None => info.name == name,
        }
    }

    /// The name of the model in use, as in the list of models; `None` while none is loaded.
    pub fn model_in_use(&self) -> Option<String> {
        let name = self.asking.model.name()?;
        Some(self.models.used.clone().unwrap_or_else(|| name.to_owned()))
    }

    /// Opens the chosen model, or returns what to ask the writer first.
    pub fn use_model(&mut self, name: &str) -> Choice {
        let Some(model) = self.models.entries.iter().find(|model| model.name == name) else {
            return Choice::Done;
        };
        if let Some(why) = &model.broken {
            self.notices.warn(format!("{name} can't be opened: {why}"));
            return Choice::Done;
        }
        if self.is_used(name) {
            self.notices.say(format!("{name} is already in use."));
            return Choice::Done;
        }
        if let Some(coming) = &self.models.fetching {
            if coming.name == name {
                return Choice::StopFetching;
            }
            if !model.here {
                self.notices
                    .say(format!("{} is still being fetched; fetch {name} after it.", coming.name));
                return Choice::Done;
            }
        }
        if !model.here {
            let bytes = model.bytes.map_or("Size unknown".into(), size);
            let licence = model.licence.as_deref().unwrap_or("not stated");
            return Choice::Fetch(format!("{bytes}, licence {licence}"));
        }
        self.stop_all();
        self.open_model(name);
        Choice::Done
    }

    /// Unloads the model in use and loads another one. The draft and its offers stay.
    fn open_model(&mut self, name: &str) {
        self.models.wanted = None;
        self.models.opening = Some(name.to_owned());
        self.asking.model = Model::Loading;
        (self.asking.speed, self.offers.sees) = (None, None);
        self.notices.say(format!("Loading {name}; you can keep writing."));
        self.asking.send(Request::Open(name.to_owned()));
    }

    pub fn fetch_model(&mut self, name: &str) {
        if self.models.send(Errand::Fetch(name.to_owned())) {
            let coming = shelf::Fetching { name: name.to_owned(), ..shelf::Fetching::default() };
            self.models.fetching = Some(coming);
            self.notices.say(format!(
                "Fetching {name}; you can keep writing. It will be used once it is here."
            ));
        }
    }

    pub fn stop_fetching(&mut self) {
        self.models.send(Errand::Stop);
        self.notices.say("Stopping the download.");
    }

    /// Handles a report from the shelf.
    pub fn hear_shelf(&mut self, word: Word) {
        match word {
            Word::Listed(entries) => self.models.entries = entries,
            // late reports of a stopped download are ignored
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
                    None => {
                        self.notices.say(format!("{name}: stopped. The partial download is kept."))
                    }
                    Some(why) => self.notices.warn(format!("Not fetched: {why}")),
                }
            }
        }
    }

    /// Opens a model that was fetched, once no offer is live.
    pub fn open_what_came(&mut self) {
        let busy =
            self.offers.are_live() || self.offers.ghost.is_some() || self.models.opening.is_some();
        if let Some(name) = self.models.wanted.take_if(|_| !busy) {
            self.open_model(&name);
        }
    }

    /// A model was loaded.
    pub fn model_loaded(&mut self, info: ModelInfo) {
        let opened = self.models.opening.take();
        if let Some(name) = opened {
            self.notices.say(format!("{name} is now in use; your draft is unchanged."));
            self.models.used = Some(name);
        }
        for note in &info.about.notes {
            self.notices.warn(format!("{}: {note}.", info.name));
        }
        self.asking.use_model(info);
        self.offers.ahead = Default::default();
    }

    /// Another model could not be loaded; the previous one stays in use.
    pub fn model_not_opened(&mut self, why: &str) {
        self.models.opening = None;
        self.notices.forget_word(); // it said that the other is loading
        self.notices.warn(format!("Not opened: {why}. The previous model stays in use."));
    }

    /// Reports the model's measured speed to the shelf, for the list.
    pub fn note_speed(&self, speed: f32) {
        if let (Model::Ready(info), Some(name)) = (&self.asking.model, self.model_in_use()) {
            self.models.send(Errand::Measured(name, info.quantization.clone(), speed));
        }
    }

    /// Asks the model in use and another one to continue at the cursor, with the same seed: two offers.
    pub fn compare_models(&mut self, other: &str) {
        if !self.may_ask() {
            return;
        }
        let Some(used) = self.model_in_use() else {
            return self.notices.say("The model is still loading.");
        };
        self.stop_all();
        let at = self.session.cursor();
        self.session.move_to(at, false);
        let from = self.session.seal();
        let prompt = self.prompt(at);
        let list = self.list_for(at, from, prompt);
        let mine = self.asking.offer(&list);
        let branch = self.asking.next_branch();
        let mut theirs = Offer::new(branch, mine.seed, &mine.opening);
        let ask = self.asking.question(&list, &theirs);
        let mut pass = self.asking.pass(&list, &theirs, &ask);
        // The other model is loaded for this, and is gone when the answer is here.
        let made = Arc::make_mut(&mut pass.made);
        (made.model, made.numerics) = (Some(other.to_owned()), None);
        theirs.passes.push(pass);
        self.asking.send(Request::Beside(other.to_owned(), ask));
        let offers =
            vec![Offer { by: Some(used), ..mine }, Offer { by: Some(other.to_owned()), ..theirs }];
        self.offers.push(List { offers, ..list });
        self.offers.focus = false;
        let again = self.key(Command::RollAgain);
        self.notices
            .say(format!("Comparing with {other}. {again} compares again with another seed."));
    }
}
