//! Requests to the model and the offers it returns. [`Asking`] holds the model in use and the style of offers, and
//! sends the requests; the desk and on air have one each. [`Offers`] are the desk's lists of continuations.

mod ghost;
mod offer;
mod offers;
mod piece;
pub mod quotes;

pub use ghost::Ghost;
pub use offer::{Fault, Offer, State};
pub use offers::{List, MOST, Offers, Standing, Taken, Until};
pub use piece::{first_sentence, first_word};
pub use quotes::Quotes;

use super::worker::Request;
use crate::{
    clean::Level,
    generate::{Ask, ModelInfo, Prefix},
    token::{BranchId, PRESETS, Preset, SamplingParams},
};
use std::sync::mpsc::Sender;

/// The longest prompt that is sent, in characters. No supported model has a longer context.
pub const PROMPT: usize = 32_768;

/// Openings for an empty page, one per line. Without a prompt, a model starts in mid-sentence.
const OPENINGS: &str = include_str!("openings.txt");

/// Whether there is a model.
#[derive(Clone, Debug)]
pub enum Model {
    /// It is loading.
    Loading,
    /// It is loaded.
    Ready(ModelInfo),
    /// No model could be loaded: the reason, and what to do about it.
    Gone(String),
}

impl Model {
    /// The model's name, when it is loaded.
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
    /// How many offers a request returns, 1 to [`MOST`].
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

/// The model in use, the style of offers, and the channel to the model's thread.
#[derive(Clone)]
pub struct Asking {
    /// The model in use.
    pub model: Model,
    /// The style of the next offers.
    pub style: Style,
    /// The style of the user's settings.
    pub own: Style,
    /// The measured speed, in tokens per second.
    pub speed: Option<f32>,
    /// The seed of the next request.
    pub seed: u64,
    last_branch: BranchId,
    requests: Sender<Request>,
}

impl Asking {
    /// A model that is loading and was asked nothing yet. `seed` is the first seed if the settings have none.
    pub fn new(style: Style, seed: u64, requests: Sender<Request>) -> Self {
        let seed = if style.sampling.seed == 0 { seed } else { style.sampling.seed };
        let own = style.clone();
        Self { model: Model::Loading, style, own, speed: None, seed, last_branch: 0, requests }
    }

    /// The same, with branches numbered after `first`, so that two front ends can share one model.
    pub fn with_branches_from(self, first: BranchId) -> Self {
        Self { last_branch: first, ..self }
    }

    /// The current preset, unchanged.
    pub fn preset(&self) -> Style {
        self.own.with_preset(&self.style.preset)
    }

    /// The names of all presets; the settings' own comes first.
    pub fn presets(&self) -> Vec<&str> {
        let own = self.own.preset.as_str();
        let others = PRESETS.iter().map(|preset| preset.name).filter(|name| *name != own);
        std::iter::once(own).chain(others).collect()
    }

    /// The name of the style: its preset, with ", changed" if a setting differs.
    pub fn style_name(&self) -> String {
        let changed = if self.style.differs(&self.preset()) { ", changed" } else { "" };
        format!("{}{changed}", self.style.preset)
    }

    /// A new branch number.
    pub fn next_branch(&mut self) -> BranchId {
        self.last_branch += 1;
        self.last_branch
    }

    /// The seed for the next request. Each request gets the next number.
    pub fn next_seed(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        self.seed.wrapping_sub(1)
    }

    /// Asks for one continuation of a prompt, and returns the offer that its tokens will fill. For an empty prompt, the
    /// offer starts with an opening.
    pub fn offer(&mut self, prompt: &str) -> Offer {
        let (branch, seed) = (self.next_branch(), self.next_seed());
        let opening = if prompt.is_empty() { opening(seed) } else { "" };
        self.generate(branch, &format!("{prompt}{opening}"), seed);
        Offer::new(branch, seed, opening)
    }

    /// Asks for a continuation in the current style. The model gets straight quotes.
    pub fn generate(&self, branch: BranchId, prompt: &str, seed: u64) {
        self.send(Request::Generate(self.question(branch, prompt, seed)));
    }

    /// The request that [`Asking::generate`] sends.
    pub fn question(&self, branch: BranchId, prompt: &str, seed: u64) -> Ask {
        let params = SamplingParams { seed, ..self.style.sampling.clone() };
        let prompt = quotes::straight(prompt).into_owned();
        Ask { branch, prompt, params, clean: Level::Prose, prefix: Prefix::Characters }
    }

    /// Ends a branch.
    pub fn stop(&self, branch: BranchId) {
        self.send(Request::Stop(branch));
    }

    /// Sends a request.
    pub fn send(&self, request: Request) {
        // The worker closes the channel only after it has reported that the model is gone.
        let _ = self.requests.send(request);
    }
}

fn opening(seed: u64) -> &'static str {
    let count = OPENINGS.lines().count() as u64;
    OPENINGS.lines().nth((seed % count) as usize).unwrap_or_default()
}

/// The last [`PROMPT`] characters of a text, as sent in a prompt.
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
