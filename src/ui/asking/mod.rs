//! Requests to the model and the offers it returns. [`Asking`] holds the model in use and the style of offers, and
//! sends the requests; the desk and on air have one each. [`Offers`] are the desk's lists of continuations.

mod ghost;
mod list;
mod offer;
mod offers;
mod origin;
mod pass;
mod piece;
mod pool;
pub mod quotes;
mod words;

pub use crate::judge::Fault;
pub use ghost::Ghost;
pub use list::{List, Standing, Until};
pub use offer::{Offer, State};
pub use offers::{MOST, Offers, Taken};
pub use origin::{Origin, prompt, seen};
pub use pass::{Made, ON_AIR, Pass, Receipt};
pub use piece::{first_sentence, first_word};
pub use pool::{CANDIDATES, DRAWS, Settings};
pub use quotes::Quotes;
pub use words::{Words, unreadable};

use super::worker::Request;
use crate::{
    clean::{Level, Phrases},
    generate::{Ask, Guide, ModelInfo, Prefix},
    judge::{Form, goes_on},
    token::{BranchId, PRESETS, Preset, SamplingParams},
};
use std::sync::mpsc::Sender;

/// The longest prompt that is sent, in characters. No supported model has a longer context.
pub const PROMPT: usize = 32_768;

/// The most tokens of an offer before the rest of a sentence, of which a few words are kept.
const INSIDE: usize = 16;

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
    /// The writer chose the temperature, so it stays whatever the model.
    pub own_temperature: bool,
    /// How many offers a request returns, 1 to [`MOST`].
    pub offers: usize,
    /// How many candidates are drawn for them, up to [`CANDIDATES`]; 0 = four for each offer.
    pub candidates: usize,
}

impl Style {
    /// This style with the sampling of a preset. The style's own preset, and an unknown one, change nothing.
    pub fn with_preset(&self, preset: &str) -> Self {
        match Preset::named(preset).filter(|_| preset != self.preset) {
            Some(known) => Self {
                preset: preset.to_owned(),
                sampling: known.over(&self.sampling),
                own_temperature: false,
                offers: self.offers,
                candidates: self.candidates,
            },
            None => self.clone(),
        }
    }

    /// This style for a model: if the temperature is the preset's and candidates are ranked, a small model gets a lower
    /// one. A temperature that the writer chose stays.
    pub fn for_model(self, model: &Model) -> Self {
        let (Model::Ready(info), Some(preset)) = (model, Preset::named(&self.preset)) else {
            return self;
        };
        let ranked = self.candidates == 0 || self.candidates > self.offers;
        let is_preset = !self.own_temperature && preset.has_temperature(self.sampling.temperature);
        if !ranked || !is_preset {
            return self;
        }
        let fitted = info.parameters.map_or(preset, |parameters| preset.for_model(parameters));
        let temperature = fitted.over(&self.sampling).temperature;
        Self { sampling: SamplingParams { temperature, ..self.sampling }, ..self }
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
    /// What steers the model beside the prompt.
    pub guide: Guide,
    /// What the writer says about words.
    pub words: Words,
    last_branch: BranchId,
    requests: Sender<Request>,
}

impl Asking {
    /// A model that is loading and was asked nothing yet. `seed` is the first seed if the settings have none.
    pub fn new(style: Style, seed: u64, requests: Sender<Request>) -> Self {
        let seed = if style.sampling.seed == 0 { seed } else { style.sampling.seed };
        let own = style.clone();
        Self {
            model: Model::Loading,
            style,
            own,
            speed: None,
            seed,
            guide: Guide::default(),
            words: Words::default(),
            last_branch: 0,
            requests,
        }
    }

    /// The same, with branches numbered after `first`, so that two front ends can share one model.
    pub fn with_branches_from(self, first: BranchId) -> Self {
        Self { last_branch: first, ..self }
    }

    /// A model is loaded: from now on it is asked.
    pub fn use_model(&mut self, info: ModelInfo) {
        self.model = Model::Ready(info);
        self.style = self.style.clone().for_model(&self.model);
        self.own = self.own.clone().for_model(&self.model);
    }

    /// The current preset, unchanged.
    pub fn preset(&self) -> Style {
        self.named(&self.style.preset)
    }

    /// The preset of a name, for the model in use.
    pub fn named(&self, preset: &str) -> Style {
        self.own.with_preset(preset).for_model(&self.model)
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

    /// Asks for one continuation for a list, and returns the offer that its tokens will fill. On an empty page the offer
    /// starts with an opening.
    pub fn offer(&mut self, list: &List) -> Offer {
        let (branch, seed) = (self.next_branch(), self.next_seed());
        let prompt = &list.prompt.0;
        let opening =
            if prompt.is_empty() { opening(seed, self.words.banned()) } else { &list.form.lead };
        let mut offer = Offer::new(branch, seed, opening);
        let ask = self.question(list, &offer);
        offer.passes.push(self.pass(list, &offer, &ask));
        self.send(Request::Generate(ask));
        offer
    }

    /// What is recorded of the request for an offer of a list.
    pub fn pass(&self, list: &List, offer: &Offer, ask: &Ask) -> Pass {
        let joined = self.joins_lines(list);
        Pass { joined, ..Pass::of(ask, &offer.opening, self.made(ask)) }
    }

    /// Whether the lines of verse are joined: the model in the program was trained on paragraphs without line breaks
    /// inside.
    fn joins_lines(&self, list: &List) -> bool {
        list.form.verse.is_some() && matches!(&self.model, Model::Ready(info) if info.embedded)
    }

    /// Asks for the continuation of an offer in the current style, on a new branch, and adds it to what is recorded of the
    /// offer. The model gets straight quotes.
    pub fn extend(&mut self, list: &mut List, number: usize) {
        let (branch, seed) = (self.next_branch(), self.next_seed());
        let offer = &mut list.offers[number];
        let prompt = format!("{}{}", list.prompt.0, offer.text);
        let ask = self.ask(branch, &prompt, Prefix::Characters, seed);
        offer.passes.push(Pass::of(&ask, &offer.text, self.made(&ask)));
        (offer.branch, offer.state, offer.longer) = (branch, State::Waiting, true);
        self.send(Request::Generate(ask));
    }

    /// The request for an offer of a list.
    pub fn question(&self, list: &List, offer: &Offer) -> Ask {
        // An opening ends with a whole word; what else an offer starts with ends with a space or a line break.
        let prefix = match list.prompt.0.is_empty() {
            true => Prefix::Word,
            false if offer.opening.is_empty() => list.prefix,
            false => Prefix::Characters,
        };
        let mut prompt = format!("{}{}", list.prompt.0, offer.opening);
        if self.joins_lines(list) {
            prompt = Form::as_paragraph(&prompt);
        }
        let mut ask = self.ask(offer.branch, &prompt, prefix, offer.seed);
        if list.form.is_line {
            ask.params.stop.push("\n".into());
        }
        if goes_on(&list.behind) {
            ask.params.max_tokens = ask.params.max_tokens.min(INSIDE);
        }
        ask
    }

    /// How the tokens of an offer with this seed are sampled.
    pub fn params(&self, seed: u64) -> SamplingParams {
        self.words.over(SamplingParams { seed, ..self.style.sampling.clone() })
    }

    fn ask(&self, branch: BranchId, prompt: &str, prefix: Prefix, seed: u64) -> Ask {
        let params = self.params(seed);
        let straight = |text: &str| quotes::straight(text).into_owned();
        let guide =
            Guide { memory: straight(&self.guide.memory), note: straight(&self.guide.note) };
        Ask { branch, prompt: straight(prompt), guide, params, clean: Level::Prose, prefix }
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

/// An opening for a seed; empty if all of them are banned.
fn opening(seed: u64, banned: &Phrases) -> &'static str {
    let openings: Vec<&str> =
        OPENINGS.lines().filter(|opening| banned.find(opening).is_none()).collect();
    let count = openings.len().max(1) as u64;
    openings.get((seed % count) as usize).copied().unwrap_or_default()
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
        let mut own = Style {
            preset: "prose".into(),
            sampling: SamplingParams::default(),
            own_temperature: false,
            offers: 3,
            candidates: 0,
        };
        own.sampling.max_tokens = 33;
        let wild = own.with_preset("wild");
        assert_eq!((wild.sampling.max_tokens, wild.sampling.temperature), (33, 1.1));
        assert!(wild.differs(&own) && !own.with_preset("prose").differs(&own));
        let mine = Style { preset: "mine".into(), ..own.clone() };
        assert!(!mine.with_preset("mine").differs(&own));
    }

    #[test]
    fn a_small_model_gets_a_lower_temperature_unless_the_writer_set_one() {
        let style = |temperature, candidates| {
            let sampling = SamplingParams { temperature, ..SamplingParams::default() };
            let own_temperature = temperature == 0.7;
            Style { preset: "prose".into(), sampling, own_temperature, offers: 3, candidates }
        };
        let model = |parameters| {
            Model::Ready(ModelInfo { parameters: Some(parameters), ..pool::tests::info() })
        };
        for (temperature, candidates, parameters, expected) in [
            (0.85, 0, 14_000_000, 0.6),
            (0.85, 0, 124_000_000, 0.85),
            (0.6, 0, 124_000_000, 0.85),
            (0.7, 0, 14_000_000, 0.7),
            // Nothing is ranked.
            (0.85, 3, 14_000_000, 0.85),
        ] {
            let fitted = style(temperature, candidates).for_model(&model(parameters));
            assert_eq!(fitted.sampling.temperature, expected, "{temperature} {parameters}");
        }
        // The writer chose just the preset's.
        let own = Style { own_temperature: true, ..style(0.85, 0) };
        assert_eq!(own.for_model(&model(14_000_000)).sampling.temperature, 0.85);
    }
}
