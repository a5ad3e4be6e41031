//! Questions to the model and what comes of them. [`Asking`] says which model there is, how it is asked, and sends the
//! requests; the desk and on air hold one each. [`Offers`] are the desk's lists of continuations.

mod ghost;
mod offer;
mod offers;
mod piece;
pub mod quotes;

pub use ghost::Ghost;
pub use offer::{Fault, Offer, State};
pub use offers::{Branched, List, MOST, Offers, Standing, Taken, Until};
pub use piece::{first_sentence, first_word};
pub use quotes::Quotes;

use super::worker::Request;
use crate::{
    clean::Level,
    generate::{Ask, ModelInfo},
    token::{BranchId, PRESETS, Preset, SamplingParams},
};
use std::sync::mpsc::Sender;

/// The longest prompt that is sent, in characters: no model here sees more, and reading a novel would only cost time.
pub const PROMPT: usize = 32_768;

/// Beginnings for an empty page, one a line: a model that is given nothing begins in mid-sentence.
const OPENINGS: &str = include_str!("openings.txt");

/// Whether there is a model.
#[derive(Clone, Debug)]
pub enum Model {
    /// It is being read.
    Loading,
    /// It can be asked.
    Ready(ModelInfo),
    /// There is none, and none will come: why, and the way out.
    Gone(String),
}

impl Model {
    /// Its name, when it can be asked.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Ready(info) => Some(&info.name),
            _ => None,
        }
    }
}

/// How offers are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Style {
    /// The name of the preset.
    pub preset: String,
    /// How tokens are sampled, and where an offer ends.
    pub sampling: SamplingParams,
    /// How many offers a question gets, 1 to [`MOST`].
    pub offers: usize,
}

impl Style {
    /// This style with the sampling of a preset. The style's own preset, and an unknown one, change nothing.
    pub fn with_preset(&self, preset: &str) -> Self {
        match Preset::named(preset).filter(|_| preset != self.preset) {
            Some(known) => Self {
                preset: preset.to_owned(),
                sampling: known.over(&self.sampling),
                offers: self.offers,
            },
            None => self.clone(),
        }
    }

    /// Whether tokens are sampled differently. The seed and the number of offers don't count.
    pub fn differs(&self, other: &Self) -> bool {
        SamplingParams { seed: other.sampling.seed, ..self.sampling.clone() } != other.sampling
    }
}

/// The model, how it is asked, and the way to it.
#[derive(Clone)]
pub struct Asking {
    /// The model in use.
    pub model: Model,
    /// How the next offers are made.
    pub style: Style,
    /// How the user's settings have offers made.
    pub own: Style,
    /// How fast tokens come, in tokens a second.
    pub speed: Option<f32>,
    /// The seed of the next request.
    pub seed: u64,
    last_branch: BranchId,
    requests: Sender<Request>,
}

impl Asking {
    /// Nothing was asked yet, and the model is being read. `seed` is the first one when the settings name none.
    pub fn new(style: Style, seed: u64, requests: Sender<Request>) -> Self {
        let seed = if style.sampling.seed == 0 { seed } else { style.sampling.seed };
        let own = style.clone();
        Self { model: Model::Loading, style, own, speed: None, seed, last_branch: 0, requests }
    }

    /// The same with branches numbered from here on, so that two front ends can use one model.
    pub fn with_branches_from(self, first: BranchId) -> Self {
        Self { last_branch: first, ..self }
    }

    /// The current preset, unchanged.
    pub fn preset(&self) -> Style {
        self.own.with_preset(&self.style.preset)
    }

    /// The names of all presets, that of the settings first.
    pub fn presets(&self) -> Vec<&str> {
        let own = self.own.preset.as_str();
        let others = PRESETS.iter().map(|preset| preset.name).filter(|name| *name != own);
        std::iter::once(own).chain(others).collect()
    }

    /// The name of the style: that of its preset, and whether it was changed.
    pub fn style_name(&self) -> String {
        let changed = if self.style.differs(&self.preset()) { ", changed" } else { "" };
        format!("{}{changed}", self.style.preset)
    }

    /// A number for the next request.
    pub fn next_branch(&mut self) -> BranchId {
        self.last_branch += 1;
        self.last_branch
    }

    /// The seed for the next request; the one after it gets the next number.
    pub fn next_seed(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        self.seed.wrapping_sub(1)
    }

    /// Asks for one continuation of a prompt, and gives the offer that its tokens will fill. An empty prompt gets an
    /// opening, which is part of the offer.
    pub fn offer(&mut self, prompt: &str) -> Offer {
        let (branch, seed) = (self.next_branch(), self.next_seed());
        let opening = if prompt.is_empty() { opening(seed) } else { "" };
        self.generate(branch, &format!("{prompt}{opening}"), seed);
        Offer::new(branch, seed, opening)
    }

    /// Asks for a continuation in the current style, with token healing. The model gets straight quotes.
    pub fn generate(&self, branch: BranchId, prompt: &str, seed: u64) {
        self.send(Request::Generate(self.question(branch, prompt, seed)));
    }

    /// What [`Asking::generate`] sends.
    pub fn question(&self, branch: BranchId, prompt: &str, seed: u64) -> Ask {
        let params = SamplingParams { seed, ..self.style.sampling.clone() };
        let prompt = quotes::straight(prompt).into_owned();
        Ask { branch, prompt, params, clean: Level::Prose, heal: true }
    }

    /// Ends a branch.
    pub fn stop(&self, branch: BranchId) {
        self.send(Request::Stop(branch));
    }

    /// Sends a request.
    pub fn send(&self, request: Request) {
        // The worker hangs up only after it has said that the model is gone.
        let _ = self.requests.send(request);
    }
}

fn opening(seed: u64) -> &'static str {
    let count = OPENINGS.lines().count() as u64;
    OPENINGS.lines().nth((seed % count) as usize).unwrap_or_default()
}

/// The end of a text, as much as is sent as a prompt.
pub fn tail(text: &str) -> &str {
    let skipped = text.chars().count().saturating_sub(PROMPT);
    let from = text.char_indices().nth(skipped).map_or(0, |(at, _)| at);
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_leaves_length_and_number_as_they_are() {
        let mut own =
            Style { preset: "prose".into(), sampling: SamplingParams::default(), offers: 3 };
        own.sampling.max_tokens = 33;
        let wild = own.with_preset("wild");
        assert_eq!((wild.sampling.max_tokens, wild.sampling.temperature), (33, 1.1));
        assert!(wild.differs(&own) && !own.with_preset("prose").differs(&own));
        let mine = Style { preset: "mine".into(), ..own.clone() };
        assert!(!mine.with_preset("mine").differs(&own));
    }
}
