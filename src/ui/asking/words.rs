//! What a writer says about words: those that no offer may have, those that are likelier, those that offers should have,
//! the phrase that an offer ends on, and the kind of prose that is preferred.

use crate::{clean::Phrases, judge::Kind, session::Notes, token::SamplingParams};
use std::collections::BTreeMap;

/// The words of the settings and of the notes on a draft.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// What the settings ban.
    own: Vec<String>,
    /// What the settings and the notes ban.
    ban: Vec<String>,
    banned: Phrases,
    bias: BTreeMap<String, f32>,
    must: Vec<String>,
    wanted: Phrases,
    end_on: String,
    only: Option<Kind>,
}

impl Words {
    /// The words that the settings ban, without notes.
    pub fn new(own: Vec<String>) -> Self {
        Self { own, ..Self::default() }
    }

    /// Takes over the notes on a draft. What can't be read in them is left out. `params` are the settings' own.
    pub fn heed(&mut self, notes: &Notes, params: &SamplingParams) {
        let own = self.own.iter().map(String::as_str);
        self.ban = own.chain(listed(&notes.ban)).map(str::to_owned).collect();
        self.ban.retain(|phrase| !phrase.trim().is_empty());
        self.banned = Phrases::new(self.ban.iter().chain(&params.ban));
        self.must = listed(&notes.must).map(str::to_owned).collect();
        self.wanted = Phrases::new(&self.must);
        let bias = listed(&notes.bias).filter_map(|text| SamplingParams::read_bias(text).ok());
        let wanted = self.must.iter().map(|word| (word.clone(), SamplingParams::WANTED));
        // A bias that is given counts more than that of a wanted word.
        self.bias = wanted.chain(params.bias.clone()).chain(bias).collect();
        self.end_on = notes.end_on.trim().to_owned();
        self.only = notes.only.trim().to_lowercase().parse().ok();
    }

    /// What no offer may contain.
    pub fn banned(&self) -> &Phrases {
        &self.banned
    }

    /// How many of the words that offers should have are in a text.
    pub fn count(&self, text: &str) -> usize {
        self.wanted.found(text).into_iter().filter(|found| *found).count()
    }

    /// The words that offers should have.
    pub fn must(&self) -> &[String] {
        &self.must
    }

    /// The words that offers should have and none of these texts has.
    pub fn missing(&self, texts: &[&str]) -> Vec<&str> {
        let lacks = |word: &&String| {
            let word = Phrases::new([word]);
            texts.iter().all(|text| word.find(text).is_none())
        };
        self.must.iter().filter(lacks).map(String::as_str).collect()
    }

    /// The phrase that an offer ends on; empty without one.
    pub fn end_on(&self) -> &str {
        &self.end_on
    }

    /// The kind of prose that is preferred.
    pub fn only(&self) -> Option<Kind> {
        self.only
    }

    /// These parameters with the words.
    pub fn over(&self, mut params: SamplingParams) -> SamplingParams {
        params.ban.extend(self.ban.iter().cloned());
        params.bias.extend(self.bias.clone());
        if !self.end_on.is_empty() {
            params.end_on.clone_from(&self.end_on);
        }
        params
    }
}

/// What can't be read in the notes on a draft, as a sentence.
pub fn unreadable(notes: &Notes) -> Option<String> {
    let bias = listed(&notes.bias).find_map(|text| SamplingParams::read_bias(text).err());
    let only = notes.only.trim();
    let is_kind = only.is_empty() || only.to_lowercase().parse::<Kind>().is_ok();
    let kind = (!is_kind)
        .then(|| format!("`{only}` is not description, action or dialogue; any kind is offered."));
    bias.map(|wrong| format!("{wrong}; it is left out.")).or(kind)
}

/// The words and phrases of a note, which have commas between them.
fn listed(note: &str) -> impl Iterator<Item = &str> {
    note.split(',').map(str::trim).filter(|phrase| !phrase.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_become_parameters_and_what_is_wrong_is_said() {
        let notes = Notes {
            ban: "sudden, of a ,".into(),
            bias: "lamp = +2.5, rain=-1, fog".into(),
            must: "lamp, sea".into(),
            end_on: " the end ".into(),
            only: "Action".into(),
            ..Notes::default()
        };
        let mut words = Words::new(vec!["don't".into()]);
        words.heed(&notes, &SamplingParams::default());
        let params = words.over(SamplingParams { ban: vec!["x".into()], ..Default::default() });
        assert_eq!(params.ban, ["x", "don't", "sudden", "of a"]);
        let bias: Vec<_> = params.bias.iter().map(|(word, bias)| (&**word, *bias)).collect();
        assert_eq!(bias, [("lamp", 2.5), ("rain", -1.0), ("sea", SamplingParams::WANTED)]);
        assert_eq!((&*params.end_on, words.only()), ("the end", Some(Kind::Action)));
        assert_eq!((words.count("The lamps."), words.count("A Lamp at Sea.")), (0, 2));
        assert_eq!(words.missing(&["a lamp", "so"]), ["sea"]);
        let said = unreadable(&notes).unwrap_or_default();
        assert!(said.contains("`fog`") && said.contains("left out"), "{said}");
        let kind = Notes { only: "verse".into(), ..Notes::default() };
        assert!(unreadable(&kind).is_some_and(|said| said.contains("`verse`")));
        assert_eq!(unreadable(&Notes::default()), None);
    }
}
