//! Presets: named values for how tokens are sampled.

use super::SamplingParams;

/// Named values for how tokens are sampled. The length of a continuation and what ends it are not part of a preset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    temperature: f32,
    /// The temperature for a small model whose candidates are ranked.
    small: f32,
    top_k: usize,
    top_p: f32,
    min_p: f32,
    xtc_probability: f32,
    repetition_penalty: f32,
}

/// A model with fewer parameters is small. It needs a lower temperature.
const SMALL: usize = 50_000_000;

/// The presets; the first is the default.
pub const PRESETS: [Preset; 5] = [
    Preset {
        name: "prose",
        about: "coherent, with a few surprises",
        temperature: 0.85,
        small: 0.6,
        top_k: 100,
        top_p: 0.92,
        min_p: 0.0,
        xtc_probability: 0.0,
        repetition_penalty: 1.05,
    },
    Preset {
        name: "steady",
        about: "closer to what is likely",
        temperature: 0.7,
        small: 0.5,
        top_k: 0,
        top_p: 0.9,
        min_p: 0.0,
        xtc_probability: 0.0,
        repetition_penalty: 1.1,
    },
    Preset {
        name: "wild",
        about: "far from what is likely",
        temperature: 1.1,
        small: 0.9,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.05,
        xtc_probability: 0.0,
        repetition_penalty: 1.05,
    },
    Preset {
        name: "antagonist",
        about: "the obvious words left out",
        temperature: 1.0,
        small: 0.8,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.02,
        xtc_probability: 0.5,
        repetition_penalty: 1.05,
    },
    Preset {
        name: "exact",
        about: "always the most likely token; one offer is enough",
        temperature: 0.0,
        small: 0.0,
        top_k: 100,
        top_p: 0.92,
        min_p: 0.0,
        xtc_probability: 0.0,
        repetition_penalty: 1.05,
    },
];

impl Preset {
    /// The preset with this name.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// The preset for ranked candidates of a model of this size: the temperature is lower for a small model.
    pub fn for_model(self, parameters: usize) -> Self {
        let temperature = if parameters < SMALL { self.small } else { self.temperature };
        Self { temperature, ..self }
    }

    /// Whether a temperature is the preset's, for a model of any size.
    pub fn has_temperature(self, temperature: f32) -> bool {
        [self.temperature, self.small].contains(&temperature)
    }

    /// These parameters with the preset's values; every other step is off. Their order stays.
    pub fn over(self, params: &SamplingParams) -> SamplingParams {
        let Self { temperature, top_k, top_p, min_p, xtc_probability, repetition_penalty, .. } =
            self;
        let SamplingParams {
            order,
            repetition_window,
            seed,
            branch,
            max_tokens,
            sentence,
            stop,
            ban,
            bias,
            end_on,
            logprobs,
            ..
        } = params.clone();
        SamplingParams {
            temperature,
            top_k,
            top_p,
            min_p,
            xtc_probability,
            order,
            repetition_penalty,
            repetition_window,
            seed,
            branch,
            max_tokens,
            sentence,
            stop,
            ban,
            bias,
            end_on,
            logprobs,
            ..SamplingParams::default()
        }
    }
}
