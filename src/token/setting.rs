//! The numbers among the sampling parameters: their ranges, and what each does. Every front end reads them here.

use super::SamplingParams;
use std::fmt;

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
    /// Its value.
    pub get: fn(&SamplingParams) -> f64,
    /// Sets it to a value in its range.
    pub set: fn(&mut SamplingParams, f64),
}

impl Setting {
    /// All of them, in the order in which people know them.
    pub const ALL: [Self; 21] = [
        Self::TEMPERATURE,
        Self::TOP_K,
        Self::TOP_P,
        Self::MIN_P,
        Self::TYPICAL_P,
        Self::TAIL_FREE,
        Self::TOP_A,
        Self::XTC_PROBABILITY,
        Self::XTC_THRESHOLD,
        Self::MIROSTAT_TAU,
        Self::MIROSTAT_ETA,
        Self::REPETITION_PENALTY,
        Self::FREQUENCY_PENALTY,
        Self::PRESENCE_PENALTY,
        Self::REPETITION_WINDOW,
        Self::NO_REPEAT_NGRAM,
        Self::DRY_MULTIPLIER,
        Self::DRY_BASE,
        Self::DRY_ALLOWED_LENGTH,
        Self::MAX_TOKENS,
        Self::LOGPROBS,
    ];

    /// `SamplingParams::temperature`.
    pub const TEMPERATURE: Self = Self {
        name: "temperature",
        min: 0.0,
        max: 100.0,
        integer: false,
        zero: Some("always the most likely token, without the other steps"),
        about: "Divide the logits by this; higher is more random",
        brief: "randomness; 0 = always the most likely token",
        get: |params| params.temperature.into(),
        set: |params, value| params.temperature = value as f32,
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
        set: |params, value| params.top_k = value as usize,
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
        set: |params, value| params.top_p = value as f32,
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
        set: |params, value| params.min_p = value as f32,
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
        set: |params, value| params.repetition_penalty = value as f32,
    };
    /// `SamplingParams::repetition_window`.
    pub const REPETITION_WINDOW: Self = Self {
        name: "repetition_window",
        min: 0.0,
        max: COUNT,
        integer: true,
        zero: Some("no penalty"),
        about: "Number of recent tokens that the penalties apply to",
        brief: "tokens the penalties apply to; 0 = none",
        get: |params| params.repetition_window as f64,
        set: |params, value| params.repetition_window = value as usize,
    };
    /// `SamplingParams::typical_p`.
    pub const TYPICAL_P: Self = Self {
        name: "typical_p",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off, like 1"),
        about: "Keep the tokens whose surprise is nearest to the entropy and that add up to this probability",
        brief: "tokens of typical surprise kept; 0 = off",
        get: |params| params.typical_p.into(),
        set: |params, value| params.typical_p = value as f32,
    };
    /// `SamplingParams::tail_free`.
    pub const TAIL_FREE: Self = Self {
        name: "tail_free",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off, like 1"),
        about: "Cut the tail of unlikely tokens where the curve becomes flat; lower cuts more",
        brief: "part of the curve kept; 0 = off",
        get: |params| params.tail_free.into(),
        set: |params, value| params.tail_free = value as f32,
    };
    /// `SamplingParams::top_a`.
    pub const TOP_A: Self = Self {
        name: "top_a",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off"),
        about: "Keep tokens at least this times the square of the highest probability",
        brief: "lowest share of the squared top; 0 = off",
        get: |params| params.top_a.into(),
        set: |params, value| params.top_a = value as f32,
    };
    /// `SamplingParams::xtc_probability`.
    pub const XTC_PROBABILITY: Self = Self {
        name: "xtc_probability",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("off"),
        about: "How often the most likely tokens are excluded, all but the least likely above the threshold",
        brief: "how often top choices are excluded; 0 = off",
        get: |params| params.xtc_probability.into(),
        set: |params, value| params.xtc_probability = value as f32,
    };
    /// `SamplingParams::xtc_threshold`.
    pub const XTC_THRESHOLD: Self = Self {
        name: "xtc_threshold",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("all but the least likely token are excluded"),
        about: "Probability from which a token is a top choice; above 0.5 nothing is excluded",
        brief: "probability of a top choice",
        get: |params| params.xtc_threshold.into(),
        set: |params, value| params.xtc_threshold = value as f32,
    };
    /// `SamplingParams::mirostat_tau`.
    pub const MIROSTAT_TAU: Self = Self {
        name: "mirostat_tau",
        min: 0.0,
        max: 100.0,
        integer: false,
        zero: Some("off"),
        about: "Surprise in bits per token that the text is kept at",
        brief: "surprise kept, in bits; 0 = off",
        get: |params| params.mirostat_tau.into(),
        set: |params, value| params.mirostat_tau = value as f32,
    };
    /// `SamplingParams::mirostat_eta`.
    pub const MIROSTAT_ETA: Self = Self {
        name: "mirostat_eta",
        min: 0.0,
        max: 1.0,
        integer: false,
        zero: Some("not at all"),
        about: "How fast the surprise is corrected",
        brief: "how fast it is corrected; 0 = not at all",
        get: |params| params.mirostat_eta.into(),
        set: |params, value| params.mirostat_eta = value as f32,
    };
    /// `SamplingParams::frequency_penalty`.
    pub const FREQUENCY_PENALTY: Self = Self {
        name: "frequency_penalty",
        min: -2.0,
        max: 2.0,
        integer: false,
        zero: Some("off"),
        about: "Lower a recent token by this for each time it occurs; marks and line breaks are exempt",
        brief: "lowers a token for each time; 0 = off",
        get: |params| params.frequency_penalty.into(),
        set: |params, value| params.frequency_penalty = value as f32,
    };
    /// `SamplingParams::presence_penalty`.
    pub const PRESENCE_PENALTY: Self = Self {
        name: "presence_penalty",
        min: -2.0,
        max: 2.0,
        integer: false,
        zero: Some("off"),
        about: "Lower a token by this if it is among the recent ones; marks and line breaks are exempt",
        brief: "lowers a token once; 0 = off",
        get: |params| params.presence_penalty.into(),
        set: |params, value| params.presence_penalty = value as f32,
    };
    /// `SamplingParams::no_repeat_ngram`.
    pub const NO_REPEAT_NGRAM: Self = Self {
        name: "no_repeat_ngram",
        min: 0.0,
        max: COUNT,
        integer: true,
        zero: Some("off"),
        about: "No N tokens in a row occur twice",
        brief: "tokens in a row that never repeat; 0 = off",
        get: |params| params.no_repeat_ngram as f64,
        set: |params, value| params.no_repeat_ngram = value as usize,
    };
    /// `SamplingParams::dry_multiplier`.
    pub const DRY_MULTIPLIER: Self = Self {
        name: "dry_multiplier",
        min: 0.0,
        max: 100.0,
        integer: false,
        zero: Some("off"),
        about: "Lower tokens that would make a repeated sequence longer",
        brief: "strength against repeats; 0 = off",
        get: |params| params.dry_multiplier.into(),
        set: |params, value| params.dry_multiplier = value as f32,
    };
    /// `SamplingParams::dry_base`.
    pub const DRY_BASE: Self = Self {
        name: "dry_base",
        min: 1.0,
        max: 10.0,
        integer: false,
        zero: None,
        about: "How fast that grows with the length of the sequence",
        brief: "how fast it grows with the length",
        get: |params| params.dry_base.into(),
        set: |params, value| params.dry_base = value as f32,
    };
    /// `SamplingParams::dry_allowed_length`.
    pub const DRY_ALLOWED_LENGTH: Self = Self {
        name: "dry_allowed_length",
        min: 1.0,
        max: COUNT,
        integer: true,
        zero: None,
        about: "Length in tokens up to which a repeated sequence is free",
        brief: "tokens that may repeat",
        get: |params| params.dry_allowed_length as f64,
        set: |params, value| params.dry_allowed_length = value as usize,
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
        set: |params, value| params.max_tokens = value as usize,
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
        set: |params, value| params.logprobs = value as usize,
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
    pub(super) fn show(&self, value: f64) -> String {
        if self.integer { value.to_string() } else { (value as f32).to_string() }
    }
}

/// The largest accepted count of tokens: more than any vocabulary or context has.
const COUNT: f64 = 1_000_000.0;

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
