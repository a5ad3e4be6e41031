//! Plain types that everyone may know: what a model gives and how it is asked. No tensors, no terminal.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Names one continuation, and the request that asked for it: a late token belongs to its own branch.
pub type BranchId = u64;

/// One token as a reader meets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Whole characters only; empty while a character is still incomplete or after cleaning took it away.
    pub text: String,
    /// Natural logarithm of its probability under the raw model (temperature 1, nothing cut).
    pub logprob: Option<f32>,
    /// 1 for the model's likeliest token, 2 for the next, ...; of the raw model.
    pub rank: Option<u32>,
    /// The likeliest tokens in its place, when asked for (`SamplingParams::logprobs`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top: Vec<Alternative>,
    /// How many tokens, this one the last of them, stand so in the text that the model was taught; 0 where they are too
    /// few to count as copied, or nobody knows.
    #[serde(default, skip_serializing_if = "is_none")]
    pub copied: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// How many of these tokens belong to a run that is copied from the text that the model was taught.
pub fn copied(tokens: &[Token]) -> usize {
    let mut seen = 0;
    let ends = tokens.iter().enumerate().filter(|(_, token)| token.copied > 0);
    ends.map(|(i, token)| {
        let from = (i + 1).saturating_sub(token.copied).max(seen);
        seen = i + 1;
        seen - from
    })
    .sum()
}

/// A token that could have stood in another's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Its bytes read as UTF-8, with `�` for an incomplete character.
    pub text: String,
    /// Natural logarithm of its probability under the raw model.
    pub logprob: f32,
    /// Its probability (not its logarithm) as it is drawn, after penalty, temperature and cuts; `None` when it is
    /// cut off.
    #[serde(default)]
    pub after: Option<f32>,
}

/// How tokens are chosen and where a continuation ends. The defaults are the preset `prose`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingParams {
    /// Divides the logits; 0 is greedy and ignores `top_k`, `top_p` and `min_p`.
    pub temperature: f32,
    /// Keep the k likeliest tokens; 0 keeps all.
    pub top_k: usize,
    /// Keep the likeliest tokens whose probabilities add up to p; 1 keeps all.
    pub top_p: f32,
    /// Keep tokens at least this share as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of tokens seen lately (CTRL, Keskar et al. 2019); 1 is off.
    pub repetition_penalty: f32,
    /// How many of the latest tokens the penalty looks at.
    pub repetition_window: usize,
    /// With `branch` and the token's position in the continuation, decides every draw.
    pub seed: u64,
    /// Which of several continuations of one seed this is.
    pub branch: u64,
    /// The most tokens a continuation may have.
    pub max_tokens: usize,
    /// End at the first sentence's end that leaves at least this many tokens; `None`: sentences don't matter.
    pub sentence: Option<usize>,
    /// Texts that end the continuation where they begin; matched in text, across tokens.
    pub stop: Vec<String>,
    /// How many alternatives to give with each token; 0 for none.
    pub logprobs: usize,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            temperature: 0.85,
            top_k: 100,
            top_p: 0.92,
            min_p: 0.0,
            repetition_penalty: 1.05,
            repetition_window: 256,
            seed: 0,
            branch: 0,
            max_tokens: 100,
            sentence: None,
            stop: Vec::new(),
            logprobs: 0,
        }
    }
}

/// Why a continuation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// It had all the tokens it may have.
    Length,
    /// A sentence ended.
    Sentence,
    /// A stop text came.
    Stop,
    /// The model ended the text (`<|endoftext|>`).
    Eot,
}

/// Where the numbers of a [`SamplingParams`] lie.
impl SamplingParams {
    /// Of `temperature`.
    pub const TEMPERATURES: RangeInclusive<f32> = 0.0..=100.0;
    /// Of `top_p` and `min_p`.
    pub const SHARES: RangeInclusive<f32> = 0.0..=1.0;
    /// Of `repetition_penalty`, which is above 0.
    pub const PENALTIES: RangeInclusive<f32> = f32::MIN_POSITIVE..=100.0;
}

/// A way to choose tokens that has a name. How long a continuation is and what ends it is not its business.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// What it is called.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    temperature: f32,
    top_k: usize,
    top_p: f32,
    min_p: f32,
    repetition_penalty: f32,
}

/// The presets, the usual one first.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "prose",
        about: "what hangs together, with a few surprises",
        temperature: 0.85,
        top_k: 100,
        top_p: 0.92,
        min_p: 0.0,
        repetition_penalty: 1.05,
    },
    Preset {
        name: "steady",
        about: "nearer to what is likely",
        temperature: 0.7,
        top_k: 0,
        top_p: 0.9,
        min_p: 0.0,
        repetition_penalty: 1.1,
    },
    Preset {
        name: "wild",
        about: "far from what is likely",
        temperature: 1.1,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.05,
        repetition_penalty: 1.05,
    },
    Preset {
        name: "exact",
        about: "always the likeliest, so one offer is enough",
        temperature: 0.0,
        top_k: 100,
        top_p: 0.92,
        min_p: 0.0,
        repetition_penalty: 1.05,
    },
];

impl Preset {
    /// The preset of a name.
    pub fn named(name: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.name == name)
    }

    /// These ways with this preset's numbers.
    pub fn over(self, params: &SamplingParams) -> SamplingParams {
        let Self { temperature, top_k, top_p, min_p, repetition_penalty, .. } = self;
        SamplingParams { temperature, top_k, top_p, min_p, repetition_penalty, ..params.clone() }
    }
}
