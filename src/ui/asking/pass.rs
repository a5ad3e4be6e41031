//! Passes: what is recorded of each question to the model, so that its answer can be repeated. The passes of an offer are
//! its receipt in the journal.

use super::{Asking, Model, quotes::straight};
use crate::{
    clean::Level,
    generate::{Ask, Guide, Numerics, Prefix},
    token::{Draw, SamplingParams},
    weights::sum,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of a question, as the history records them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Made {
    /// The name of the model.
    pub model: Option<String>,
    /// The kind of server that ran it; `None` for a model on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What its logits depend on; `None` for a server, and in histories of older versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numerics: Option<Numerics>,
    /// The name of the preset.
    pub preset: String,
    /// How tokens are sampled: with the seed, and all that bans words or makes them likelier.
    pub sampling: SamplingParams,
    /// What the model sees before the prompt, and in it.
    pub memory: String,
    /// As there.
    pub note: String,
    /// How the text is cleaned.
    pub clean: Level,
    /// How many candidates are drawn to choose from.
    pub candidates: usize,
    /// The words that candidates should have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub must: Vec<String>,
    /// The kind of prose that is preferred among candidates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl Made {
    /// The settings in the details of a request; those of older versions have less.
    pub fn of(details: &serde_json::Value) -> Option<Self> {
        serde_json::from_value(details.clone()).ok()
    }

    /// Whether these are the same but for the seed.
    fn is(&self, other: &Self) -> bool {
        let seed = other.sampling.seed;
        Self { sampling: SamplingParams { seed, ..self.sampling.clone() }, ..self.clone() }
            == *other
    }
}

/// The preset of questions on air, in receipts.
pub const ON_AIR: &str = "on air";

/// One question to the model, and what it drew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// The seed.
    pub seed: u64,
    /// How the end of the prompt determined what followed.
    pub prefix: Prefix,
    /// The SHA-256 of all that the model was given to read: memory, note and prompt, with a NUL between them.
    pub prompt: String,
    /// How many characters of the draft before the place the prompt has; `None` for as many as the desk sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<usize>,
    /// How many characters before the place of the request the prompt ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub back: usize,
    /// What the prompt has behind the draft's text: what an offer starts with, or its text so far.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub opening: String,
    /// The lines of verse were joined for the model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
    /// The settings, if they aren't those of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Box<Made>>,
    /// The draws. None for a server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub draws: Vec<Draw>,
    /// The settings.
    #[serde(skip)]
    pub made: Arc<Made>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The receipt of an offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The questions that led to its text, in order.
    pub passes: Vec<Pass>,
}

impl Receipt {
    /// The receipt of these passes for a request with these details.
    pub fn write(passes: &[Pass], details: &serde_json::Value) -> String {
        let of_request = Made::of(details).unwrap_or_default();
        let mut passes = passes.to_vec();
        // A question that was stopped before its first token has no part in the text.
        passes.retain(|pass| !pass.draws.is_empty() || pass.made.server.is_some());
        for pass in &mut passes {
            pass.other = (!pass.made.is(&of_request)).then(|| Box::new((*pass.made).clone()));
        }
        serde_json::to_string(&Self { passes }).unwrap_or_default()
    }

    /// Reads a receipt of a request with these details; `None` if it isn't one.
    pub fn read(text: &str, details: &serde_json::Value) -> Option<Self> {
        let mut receipt: Self = serde_json::from_str(text).ok()?;
        let of_request = Made::of(details)?;
        for pass in &mut receipt.passes {
            pass.made = Arc::new(pass.other.as_deref().unwrap_or(&of_request).clone());
        }
        Some(receipt)
    }
}

impl Pass {
    /// What is recorded of a question.
    pub fn of(ask: &Ask, opening: &str, made: Made) -> Self {
        Self {
            seed: ask.params.seed,
            prefix: ask.prefix,
            prompt: hash(&ask.guide, &ask.prompt),
            opening: opening.to_owned(),
            made: Arc::new(made),
            ..Self::default()
        }
    }

    /// The question again, with this text of the draft before it.
    pub fn ask(&self, before: &str) -> Ask {
        let mut prompt = format!("{before}{}", self.opening);
        if self.joined {
            prompt = crate::judge::Form::as_paragraph(&prompt);
        }
        let straight = |text: &str| straight(text).into_owned();
        let Made { memory, note, sampling, clean, .. } = &*self.made;
        Ask {
            branch: 0,
            prompt: straight(&prompt),
            guide: Guide { memory: straight(memory), note: straight(note) },
            params: SamplingParams { seed: self.seed, logprobs: 0, ..sampling.clone() },
            clean: *clean,
            prefix: self.prefix,
        }
    }

    /// Whether a question is the one that was recorded.
    pub fn is_for(&self, ask: &Ask) -> bool {
        self.prompt == hash(&ask.guide, &ask.prompt)
    }
}

/// The SHA-256 of all that the model is given to read.
fn hash(guide: &Guide, prompt: &str) -> String {
    let all = [&guide.memory, &guide.note, prompt].join("\0");
    // Reading from memory doesn't fail.
    sum::sha256(all.as_bytes()).unwrap_or_default()
}

impl Asking {
    /// The settings of a question with these parameters, as the history records them.
    pub fn made(&self, ask: &Ask) -> Made {
        let info = match &self.model {
            Model::Ready(info) => Some(info),
            _ => None,
        };
        let server = info.and_then(|info| info.server.as_ref());
        Made {
            model: info.map(|info| info.name.clone()),
            server: server.map(|server| server.kind.to_owned()),
            numerics: info.and_then(|info| info.numerics.as_deref().cloned()),
            preset: self.style.preset.clone(),
            sampling: ask.params.clone(),
            memory: ask.guide.memory.clone(),
            note: ask.guide.note.clone(),
            clean: ask.clean,
            candidates: self.wanted(self.style.offers),
            must: self.words.must().to_vec(),
            only: self.words.only().map(|kind| <&str>::from(kind).to_owned()),
        }
    }

    /// Fills in the model of passes that were asked for while it was loading.
    pub fn name_model(&self, passes: &mut [Pass]) {
        let Model::Ready(info) = &self.model else { return };
        for pass in passes.iter_mut().filter(|pass| pass.made.model.is_none()) {
            let made = Arc::make_mut(&mut pass.made);
            made.model = Some(info.name.clone());
            made.server = info.server.as_ref().map(|server| server.kind.to_owned());
            made.numerics = info.numerics.as_deref().cloned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let made =
            Made { model: Some("inkwell".into()), preset: "prose".into(), ..Made::default() };
        let details = serde_json::to_value(&made).unwrap();
        let draws = vec![Draw::Cover(vec![3, 4]), Draw::Token(9)];
        let first = Pass { draws, made: Arc::new(made.clone()), ..Pass::default() };
        let other = Made { preset: "wild".into(), ..made };
        let second =
            Pass { seed: 7, opening: " So".into(), made: Arc::new(other), ..first.clone() };
        let text = Receipt::write(&[first.clone(), second.clone()], &details);
        assert!(text.contains("[[3,4],9]") && text.matches("\"preset\"").count() == 1, "{text}");
        let read = Receipt::read(&text, &details).unwrap();
        assert_eq!(read.passes[0], first);
        assert_eq!((&read.passes[1].made, read.passes[1].seed), (&second.made, 7));
        assert!(Receipt::read("{}", &details).is_none() && Receipt::read("x", &details).is_none());
    }

    #[test]
    fn a_question_is_the_recorded_one_only_with_the_same_text() {
        let made = Made { memory: "Mara.".into(), ..Made::default() };
        let pass = Pass { opening: " So".into(), made: Arc::new(made), ..Pass::default() };
        let ask = pass.ask("“No.”");
        assert_eq!((&*ask.prompt, &*ask.guide.memory), ("\"No.\" So", "Mara."));
        let pass = Pass { prompt: hash(&ask.guide, &ask.prompt), ..pass };
        assert!(pass.is_for(&pass.ask("\"No.\"")));
        assert!(!pass.is_for(&pass.ask("\"No,\"")));
    }
}
