//! What a writer says about words: those that no offer may have.

use crate::{clean::Phrases, session::Notes, token::SamplingParams};

/// The words of the settings and of the notes on a draft.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// What the settings ban.
    own: Vec<String>,
    /// What the settings and the notes ban.
    ban: Vec<String>,
    banned: Phrases,
}

impl Words {
    /// The words that the settings ban, without notes.
    pub fn new(own: Vec<String>) -> Self {
        let mut words = Self { own, ..Self::default() };
        words.heed(&Notes::default(), &SamplingParams::default());
        words
    }

    /// Takes over the notes on a draft. `params` are the settings' own.
    pub fn heed(&mut self, notes: &Notes, params: &SamplingParams) {
        self.ban = self
            .own
            .iter()
            .map(String::as_str)
            .chain(listed(&notes.ban))
            .map(str::to_owned)
            .collect();
        self.ban.retain(|phrase| !phrase.trim().is_empty());
        self.banned = Phrases::new(self.ban.iter().chain(&params.ban));
    }

    /// What no offer may contain.
    pub fn banned(&self) -> &Phrases {
        &self.banned
    }

    /// These parameters with the words.
    pub fn over(&self, mut params: SamplingParams) -> SamplingParams {
        params.ban.extend(self.ban.iter().cloned());
        params
    }
}

/// The words and phrases of a note, which have commas between them.
fn listed(note: &str) -> impl Iterator<Item = &str> {
    note.split(',').map(str::trim).filter(|phrase| !phrase.is_empty())
}
