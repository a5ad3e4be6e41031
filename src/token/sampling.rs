//! Sampling parameters and what 0 means. `SamplingParams::check` is the only judge of what is accepted; the command line,
//! the settings, the dials and the engine all use it.

use super::setting::{OutOfRange, Setting};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::{EnumIter, EnumString, IntoStaticStr};

/// A step of the chain that makes a distribution of the logits. Penalties come before the chain.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Divide the logits by `temperature`.
    Temperature,
    /// Keep the `top_k` most likely tokens.
    TopK,
    /// Keep the most likely tokens that add up to `top_p`.
    TopP,
    /// Keep tokens by `min_p`.
    MinP,
    /// Keep typical tokens by `typical_p`.
    TypicalP,
    /// Cut the tail by `tail_free`.
    TailFree,
    /// Keep tokens by `top_a`.
    TopA,
    /// Exclude the most likely tokens by `xtc_probability` and `xtc_threshold`.
    Xtc,
    /// Keep the surprise near `mirostat_tau`.
    Mirostat,
}

impl Step {
    /// All of them, in the usual order: that of `transformers`, then the steps that it doesn't have.
    pub const ALL: [Self; 9] = [
        Self::Temperature,
        Self::TopK,
        Self::TopP,
        Self::MinP,
        Self::TypicalP,
        Self::TailFree,
        Self::TopA,
        Self::Xtc,
        Self::Mirostat,
    ];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How tokens are sampled and where a continuation ends. The defaults are the preset `prose`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingParams {
    /// Divides the logits; 0 is greedy decoding, which ignores every other step of the chain.
    pub temperature: f32,
    /// Keep the k most likely tokens; 0 = off.
    pub top_k: usize,
    /// Nucleus sampling (Holtzman et al. 2020): keep the most likely tokens that add up to p; 0 or 1 = off.
    pub top_p: f32,
    /// Keep tokens whose probability is at least this fraction of the highest one; 0 = off.
    pub min_p: f32,
    /// Locally typical sampling (Meister et al. 2022, arXiv 2202.00666): keep the tokens whose surprise is nearest to the
    /// entropy, and that add up to p; 0 or 1 = off.
    pub typical_p: f32,
    /// Tail-free sampling (Phénix 2019): cut the tail where the curve of sorted probabilities has become flat; z is how
    /// much of the curve's second derivative is kept; 0 or 1 = off.
    pub tail_free: f32,
    /// Keep tokens whose probability is at least this times the square of the highest one; 0 = off.
    pub top_a: f32,
    /// How often XTC ("exclude top choices", p-e-w 2024) is applied to a token; 0 = off.
    pub xtc_probability: f32,
    /// Of the tokens with at least this probability, XTC keeps only the least likely one. No two tokens can have more
    /// than 0.5, so that above it nothing is excluded.
    pub xtc_threshold: f32,
    /// The surprise in bits that Mirostat 2 (Basu et al. 2021, arXiv 2007.14966) keeps the text at; 0 = off.
    pub mirostat_tau: f32,
    /// How fast Mirostat corrects the surprise.
    pub mirostat_eta: f32,
    /// The order of the steps. A step that is left out is off.
    pub order: Vec<Step>,
    /// Divides the positive and multiplies the negative logits of recent tokens (CTRL, Keskar et al. 2019); 0 or 1 =
    /// off.
    pub repetition_penalty: f32,
    /// Subtracted from a token's logit for each time that it is among the recent tokens. Line breaks, quotes and
    /// punctuation are exempt; 0 = off.
    pub frequency_penalty: f32,
    /// Subtracted from the logit of a token that is among the recent tokens. Line breaks, quotes and punctuation are
    /// exempt; 0 = off.
    pub presence_penalty: f32,
    /// Number of recent tokens that these three penalties apply to.
    pub repetition_window: usize,
    /// No n tokens in a row occur twice in the text (Paulus et al. 2017, arXiv 1705.04304); 0 = off.
    pub no_repeat_ngram: usize,
    /// DRY ("don't repeat yourself", p-e-w 2024): a token that would make a repeated sequence longer is penalized by
    /// this, times `dry_base` to the power of what the sequence has beyond `dry_allowed_length`; 0 = off.
    pub dry_multiplier: f32,
    /// The base of the power.
    pub dry_base: f32,
    /// The length in tokens up to which a repeated sequence is free.
    pub dry_allowed_length: usize,
    /// With `branch` and the token's position in the continuation, determines every draw.
    pub seed: u64,
    /// Distinguishes several continuations with one seed.
    pub branch: u64,
    /// Maximum number of tokens in a continuation.
    pub max_tokens: usize,
    /// End at the first sentence end after at least this many tokens; `None`: sentence ends are ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<usize>,
    /// Texts that end the continuation where they begin. They are matched in the text, across tokens.
    pub stop: Vec<String>,
    /// Words and phrases that the text doesn't contain, in any case and with any apostrophe. A text that would complete
    /// one continues differently from where the phrase begins.
    pub ban: Vec<String>,
    /// What is added to the logits of the tokens that write a word, by the word: in any case, with and without a space
    /// before it. From -100 to 100.
    pub bias: BTreeMap<String, f32>,
    /// End behind this phrase, and the marks that close its sentence; sentence ends are ignored then. Empty = off.
    pub end_on: String,
    /// Number of alternatives to report with each token; 0 = none.
    pub logprobs: usize,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            temperature: 0.85,
            top_k: 100,
            top_p: 0.92,
            min_p: 0.0,
            typical_p: 0.0,
            tail_free: 0.0,
            top_a: 0.0,
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            mirostat_tau: 0.0,
            mirostat_eta: 0.1,
            order: Step::ALL.into(),
            repetition_penalty: 1.05,
            frequency_penalty: 0.0,
            presence_penalty: 0.0,
            repetition_window: 256,
            no_repeat_ngram: 0,
            dry_multiplier: 0.0,
            dry_base: 1.75,
            dry_allowed_length: 2,
            seed: 0,
            branch: 0,
            max_tokens: 100,
            sentence: None,
            stop: Vec::new(),
            ban: Vec::new(),
            bias: BTreeMap::new(),
            end_on: String::new(),
            logprobs: 0,
        }
    }
}

impl SamplingParams {
    /// Checks every value against its range in [`Setting::ALL`], and that no text is empty.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        for setting in Setting::ALL {
            let value = (setting.get)(self);
            if !setting.accepts(value) {
                let (name, value) = (setting.name, setting.show(value));
                return Err(OutOfRange { name, value, expected: setting.expected() });
            }
        }
        let twice = |step: &Step| self.order.iter().filter(|other| *other == step).count() > 1;
        if let Some(step) = self.order.iter().find(|step| twice(step)) {
            let (value, expected) =
                (format!("\"{}\" twice", step.name()), "each step once".to_owned());
            return Err(OutOfRange { name: "order", value, expected });
        }
        let empty = |text: &String| text.trim().is_empty();
        for (name, is_empty) in [
            ("stop", self.stop.iter().any(String::is_empty)),
            ("ban", self.ban.iter().any(empty)),
            ("bias", self.bias.keys().any(empty)),
        ] {
            if is_empty {
                let expected = "text that is not empty".to_owned();
                return Err(OutOfRange { name, value: "\"\"".to_owned(), expected });
            }
        }
        let wrong = |bias: &f32| !(-100.0..=100.0).contains(bias);
        if let Some((word, bias)) = self.bias.iter().find(|(_, bias)| wrong(bias)) {
            let (value, expected) = (format!("{word} = {bias}"), "numbers from -100 to 100".into());
            return Err(OutOfRange { name: "bias", value, expected });
        }
        Ok(())
    }

    /// The bias of a word that a text should have, if nothing else is said.
    pub const WANTED: f32 = 2.0;

    /// Reads a bias of a word: `lamp = +2`.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn read_bias(text: &str) -> Result<(String, f32), String> {
        let read = |(word, bias): (&str, &str)| {
            let bias = bias.trim().parse().ok().filter(|bias| (-100.0..=100.0).contains(bias))?;
            (!word.trim().is_empty()).then(|| (word.trim().to_owned(), bias))
        };
        let wrong = || {
            format!(
                "`{}` is not a word with a number from -100 to 100, as in lamp = 2",
                text.trim()
            )
        };
        text.rsplit_once('=').and_then(read).ok_or_else(wrong)
    }

    /// How many of the most likely tokens top-k keeps; `None` when it is off.
    pub fn active_top_k(&self) -> Option<usize> {
        (self.top_k > 0).then_some(self.top_k)
    }

    /// The total probability that top-p keeps; `None` when it is off.
    pub fn active_top_p(&self) -> Option<f32> {
        (self.top_p > 0.0 && self.top_p < 1.0).then_some(self.top_p)
    }

    /// The fraction of the highest probability that min-p requires; `None` when it is off.
    pub fn active_min_p(&self) -> Option<f32> {
        (self.min_p > 0.0).then_some(self.min_p)
    }

    /// The total probability that typical sampling keeps; `None` when it is off.
    pub fn active_typical_p(&self) -> Option<f32> {
        (self.typical_p > 0.0 && self.typical_p < 1.0).then_some(self.typical_p)
    }

    /// The part of the second derivative that tail-free sampling keeps; `None` when it is off.
    pub fn active_tail_free(&self) -> Option<f32> {
        (self.tail_free > 0.0 && self.tail_free < 1.0).then_some(self.tail_free)
    }

    /// The repetition penalty; `None` when it is off.
    pub fn active_penalty(&self) -> Option<f32> {
        (self.repetition_penalty > 0.0 && self.repetition_penalty != 1.0)
            .then_some(self.repetition_penalty)
    }
}
