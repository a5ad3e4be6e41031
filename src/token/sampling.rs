//! Sampling parameters: their ranges, what 0 means, and the presets. `SamplingParams::check` is the only judge of what
//! is accepted; the command line, the settings, the dials and the engine all use it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How tokens are sampled and where a continuation ends. The defaults are the preset `prose`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamplingParams {
    /// Divides the logits; 0 is greedy decoding and ignores `top_k`, `top_p` and `min_p`.
    pub temperature: f32,
    /// Keep the k most likely tokens; 0 = off.
    pub top_k: usize,
    /// Nucleus sampling (Holtzman et al. 2020): keep the most likely tokens that add up to p; 0 or 1 = off.
    pub top_p: f32,
    /// Keep tokens whose probability is at least this fraction of the highest one; 0 = off.
    pub min_p: f32,
    /// Divides the positive and multiplies the negative logits of recent tokens (CTRL, Keskar et al. 2019); 0 or 1 =
    /// off.
    pub repetition_penalty: f32,
    /// Number of recent tokens that the penalty applies to.
    pub repetition_window: usize,
    /// With `branch` and the token's position in the continuation, determines every draw.
    pub seed: u64,
    /// Distinguishes several continuations with one seed.
    pub branch: u64,
    /// Maximum number of tokens in a continuation.
    pub max_tokens: usize,
    /// End at the first sentence end after at least this many tokens; `None`: sentence ends are ignored.
    pub sentence: Option<usize>,
    /// Texts that end the continuation where they begin. They are matched in the text, across tokens.
    pub stop: Vec<String>,
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

impl SamplingParams {
    /// Checks every value against its range in [`Setting::ALL`], and that no stop text is empty.
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
        if self.stop.iter().any(String::is_empty) {
            let expected = "text that is not empty".to_owned();
            return Err(OutOfRange { name: "stop", value: "\"\"".to_owned(), expected });
        }
        Ok(())
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

    /// The repetition penalty; `None` when it is off.
    pub fn active_penalty(&self) -> Option<f32> {
        (self.repetition_penalty > 0.0 && self.repetition_penalty != 1.0)
            .then_some(self.repetition_penalty)
    }
}

/// A value of [`SamplingParams`] outside its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The setting's name.
    pub name: &'static str,
    /// The rejected value.
    pub value: String,
    /// What is accepted: "a number from 0 to 1".
    pub expected: String,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, expected } = self;
        write!(f, "{name} is {value}; it must be {expected}")
    }
}

impl std::error::Error for OutOfRange {}

/// One number of [`SamplingParams`]: its name, its range and what it does. The seed has no range: every `u64` is one.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the field, and of the setting in a settings file.
    pub name: &'static str,
    /// The smallest accepted value.
    pub min: f64,
    /// The largest accepted value.
    pub max: f64,
    /// Whether only integers are accepted.
    pub integer: bool,
    /// What 0 means, where it has a meaning of its own.
    pub zero: Option<&'static str>,
    /// What it does, in one sentence without its full stop.
    pub about: &'static str,
    /// The same in at most 44 characters, with what 0 means.
    pub brief: &'static str,
    get: fn(&SamplingParams) -> f64,
}

impl Setting {
    /// All of them, in the order in which people know them.
    pub const ALL: [Self; 8] = [
        Self::TEMPERATURE,
        Self::TOP_K,
        Self::TOP_P,
        Self::MIN_P,
        Self::REPETITION_PENALTY,
        Self::REPETITION_WINDOW,
        Self::MAX_TOKENS,
        Self::LOGPROBS,
    ];

    /// `SamplingParams::temperature`.
    pub const TEMPERATURE: Self = Self {
        name: "temperature",
        min: 0.0,
        max: 100.0,
        integer: false,
        zero: Some("always the most likely token, without top-k, top-p and min-p"),
        about: "Divide the logits by this; higher is more random",
        brief: "randomness; 0 = always the most likely token",
        get: |params| params.temperature.into(),
    };
    /// `SamplingParams::top_k`.
    pub const TOP_K: Self = Self {
        name: "top_k",
        min: 0.0,
        max: COUNT,
        integer: true,
        zero: Some("off"),
        about: "Keep the K most likely tokens",
        brief: "number of most likely tokens kept; 0 = off",
        get: |params| params.top_k as f64,
    };
    /// `SamplingParams::top_p`.
    pub const TOP_P: Self = Self {
        name: "top_p",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off, like 1"),
        about: "Keep the most likely tokens that add up to this probability",
        brief: "total probability of tokens kept; 0 = off",
        get: |params| params.top_p.into(),
    };
    /// `SamplingParams::min_p`.
    pub const MIN_P: Self = Self {
        name: "min_p",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off"),
        about: "Keep tokens at least this fraction as likely as the most likely one",
        brief: "lowest share of the top probability; 0 = off",
        get: |params| params.min_p.into(),
    };
    /// `SamplingParams::repetition_penalty`.
    pub const REPETITION_PENALTY: Self = Self {
        name: "repetition_penalty",
        min: 0.0,
        max: 100.0,
        integer: false,
        zero: Some("off, like 1"),
        about: "Make recent tokens less likely; below 1, more likely",
        brief: "above 1, repeats are rarer; 0 or 1 = off",
        get: |params| params.repetition_penalty.into(),
    };
    /// `SamplingParams::repetition_window`.
    pub const REPETITION_WINDOW: Self = Self {
        name: "repetition_window",
        min: 0.0,
        max: COUNT,
        integer: true,
        zero: Some("no penalty"),
        about: "Number of recent tokens that the repetition penalty applies to",
        brief: "tokens the penalty applies to; 0 = none",
        get: |params| params.repetition_window as f64,
    };
    /// `SamplingParams::max_tokens`.
    pub const MAX_TOKENS: Self = Self {
        name: "max_tokens",
        min: 1.0,
        max: COUNT,
        integer: true,
        zero: None,
        about: "Maximum number of tokens to generate",
        brief: "maximum number of tokens",
        get: |params| params.max_tokens as f64,
    };
    /// `SamplingParams::logprobs`.
    pub const LOGPROBS: Self = Self {
        name: "logprobs",
        min: 0.0,
        max: COUNT,
        integer: true,
        zero: Some("none"),
        about: "Number of most likely tokens to report at each position",
        brief: "alternatives reported per token; 0 = none",
        get: |params| params.logprobs as f64,
    };

    /// Whether a value is in the range.
    pub fn accepts(&self, value: f64) -> bool {
        (self.min..=self.max).contains(&value) && !(self.integer && value.fract() != 0.0)
    }

    /// What is accepted, as error messages say it: "a number from 0 to 1".
    pub fn expected(&self) -> String {
        let kind = if self.integer { "a whole number" } else { "a number" };
        format!("{kind} from {} to {}", self.min, self.max)
    }

    /// Parses a number in the range.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse_number(&self, text: &str) -> Result<f32, String> {
        let number = text.parse().ok().filter(|&number: &f32| self.accepts(number.into()));
        number.ok_or_else(|| format!("expected {}", self.expected()))
    }

    /// Parses an integer in the range.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn parse_count(&self, text: &str) -> Result<usize, String> {
        let count = text.parse().ok().filter(|&count: &usize| self.accepts(count as f64));
        count.ok_or_else(|| format!("expected {}", self.expected()))
    }

    /// The sentence, what 0 means, and the default: the help of an option.
    pub fn help(&self) -> String {
        let zero = self.zero.map(|zero| format!("; 0 = {zero}")).unwrap_or_default();
        let default = self.show((self.get)(&SamplingParams::default()));
        format!("{}{zero} [default: {default}]", self.about)
    }

    /// A value with the precision that it has in [`SamplingParams`].
    fn show(&self, value: f64) -> String {
        if self.integer { value.to_string() } else { (value as f32).to_string() }
    }
}

/// The largest accepted count of tokens: more than any vocabulary or context has.
const COUNT: f64 = 1_000_000.0;

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
    repetition_penalty: f32,
}

/// A model with fewer parameters is small. It needs a lower temperature.
const SMALL: usize = 50_000_000;

/// The presets; the first is the default.
pub const PRESETS: [Preset; 4] = [
    Preset {
        name: "prose",
        about: "coherent, with a few surprises",
        temperature: 0.85,
        small: 0.6,
        top_k: 100,
        top_p: 0.92,
        min_p: 0.0,
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

    /// These parameters with the preset's values.
    pub fn over(self, params: &SamplingParams) -> SamplingParams {
        let Self { temperature, top_k, top_p, min_p, repetition_penalty, .. } = self;
        SamplingParams { temperature, top_k, top_p, min_p, repetition_penalty, ..params.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_said_in_one_line() {
        for setting in Setting::ALL {
            assert!(setting.brief.chars().count() <= 44, "{}", setting.brief);
            assert!(setting.accepts((setting.get)(&SamplingParams::default())));
            assert_eq!(setting.zero.is_some(), setting.accepts(0.0), "{}", setting.name);
        }
        assert_eq!(Setting::TOP_P.expected(), "a number from 0 to 1");
        assert!(Setting::TEMPERATURE.help().ends_with("[default: 0.85]"));
    }
}
