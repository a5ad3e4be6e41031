//! The dials: settings of the style, their ranges, and their steps.

use crate::{
    token::Setting,
    ui::asking::{CANDIDATES, MOST, Style},
};
use std::fmt;
use strum::EnumIter;

/// The value of a dial.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Number {
    /// An integer.
    Whole(u64),
    /// A fraction.
    Part(f32),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => write!(f, "{number}"),
            Self::Part(number) => write!(f, "{number}"),
        }
    }
}

/// A setting that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, EnumIter)]
pub enum Dial {
    /// `SamplingParams::temperature`.
    Temperature,
    /// `SamplingParams::top_p`.
    TopP,
    /// `SamplingParams::top_k`.
    TopK,
    /// `SamplingParams::min_p`.
    MinP,
    /// `SamplingParams::repetition_penalty`.
    Repetition,
    /// `SamplingParams::max_tokens`.
    Length,
    /// How many offers a request returns.
    Offers,
    /// How many candidates are drawn for them.
    Candidates,
    /// The next offer's seed.
    Seed,
    /// `SamplingParams::typical_p`.
    TypicalP,
    /// `SamplingParams::tail_free`.
    TailFree,
    /// `SamplingParams::top_a`.
    TopA,
    /// `SamplingParams::xtc_probability`.
    Xtc,
    /// `SamplingParams::xtc_threshold`.
    XtcThreshold,
    /// `SamplingParams::mirostat_tau`.
    Mirostat,
    /// `SamplingParams::mirostat_eta`.
    MirostatEta,
    /// `SamplingParams::frequency_penalty`.
    Frequency,
    /// `SamplingParams::presence_penalty`.
    Presence,
    /// `SamplingParams::repetition_window`.
    Window,
    /// `SamplingParams::no_repeat_ngram`.
    NoRepeat,
    /// `SamplingParams::dry_multiplier`.
    Dry,
    /// `SamplingParams::dry_base`.
    DryBase,
    /// `SamplingParams::dry_allowed_length`.
    DryLength,
}

impl Dial {
    /// The sampling setting that it changes; `None` for the seed and the number of offers.
    fn setting(self) -> Option<Setting> {
        match self {
            Self::Temperature => Some(Setting::TEMPERATURE),
            Self::TopP => Some(Setting::TOP_P),
            Self::TopK => Some(Setting::TOP_K),
            Self::MinP => Some(Setting::MIN_P),
            Self::Repetition => Some(Setting::REPETITION_PENALTY),
            Self::Length => Some(Setting::MAX_TOKENS),
            Self::TypicalP => Some(Setting::TYPICAL_P),
            Self::TailFree => Some(Setting::TAIL_FREE),
            Self::TopA => Some(Setting::TOP_A),
            Self::Xtc => Some(Setting::XTC_PROBABILITY),
            Self::XtcThreshold => Some(Setting::XTC_THRESHOLD),
            Self::Mirostat => Some(Setting::MIROSTAT_TAU),
            Self::MirostatEta => Some(Setting::MIROSTAT_ETA),
            Self::Frequency => Some(Setting::FREQUENCY_PENALTY),
            Self::Presence => Some(Setting::PRESENCE_PENALTY),
            Self::Window => Some(Setting::REPETITION_WINDOW),
            Self::NoRepeat => Some(Setting::NO_REPEAT_NGRAM),
            Self::Dry => Some(Setting::DRY_MULTIPLIER),
            Self::DryBase => Some(Setting::DRY_BASE),
            Self::DryLength => Some(Setting::DRY_ALLOWED_LENGTH),
            Self::Offers | Self::Candidates | Self::Seed => None,
        }
    }

    /// Its name, what it does, and the name of its setting.
    pub fn words(self) -> (&'static str, &'static str, Vec<&'static str>) {
        let name = match self {
            Self::Temperature => "temperature",
            Self::TopP => "top-p",
            Self::TopK => "top-k",
            Self::MinP => "min-p",
            Self::Repetition => "repetition",
            Self::Length => "length",
            Self::Offers => "offers",
            Self::Candidates => "candidates",
            Self::Seed => "seed",
            Self::TypicalP => "typical-p",
            Self::TailFree => "tail-free",
            Self::TopA => "top-a",
            Self::Xtc => "xtc",
            Self::XtcThreshold => "xtc threshold",
            Self::Mirostat => "mirostat",
            Self::MirostatEta => "mirostat eta",
            Self::Frequency => "frequency",
            Self::Presence => "presence",
            Self::Window => "window",
            Self::NoRepeat => "no repeat",
            Self::Dry => "dry",
            Self::DryBase => "dry base",
            Self::DryLength => "dry length",
        };
        match self.setting() {
            Some(setting) => (name, setting.brief, vec!["desk", "sampling", setting.name]),
            None if self == Self::Offers => {
                (name, "number of offers per request", vec!["desk", "offers"])
            }
            None if self == Self::Candidates => {
                (name, "drawn to choose from; 0 = four for an offer", vec!["offers", "candidates"])
            }
            None => {
                let about = "for the next offer; 0 = a new one each time";
                (name, about, vec!["desk", "sampling", "seed"])
            }
        }
    }

    /// Its value.
    pub fn read(self, style: &Style) -> Number {
        let params = &style.sampling;
        match self.setting() {
            Some(Setting { integer: true, get, .. }) => Number::Whole(get(params) as u64),
            Some(Setting { get, .. }) => Number::Part(get(params) as f32),
            None if self == Self::Offers => Number::Whole(style.offers as u64),
            None if self == Self::Candidates => Number::Whole(style.candidates as u64),
            None => Number::Whole(params.seed),
        }
    }

    /// Sets it to a value, or to the nearest in its range. False if the value was out of range.
    pub fn set(self, style: &mut Style, wanted: Number) -> bool {
        let (least, most) = self.ends();
        let number = match wanted {
            low if low < least => least,
            high if high > most => most,
            fits => fits,
        };
        match (self, number, self.setting()) {
            (_, Number::Part(part), Some(setting)) => {
                (setting.set)(&mut style.sampling, part.into());
                style.own_temperature |= self == Self::Temperature;
            }
            (_, Number::Whole(whole), Some(setting)) => {
                (setting.set)(&mut style.sampling, whole as f64);
            }
            (Self::Offers, Number::Whole(whole), None) => style.offers = whole as usize,
            (Self::Candidates, Number::Whole(whole), None) => style.candidates = whole as usize,
            (_, Number::Whole(whole), None) => style.sampling.seed = whole,
            (_, Number::Part(_), None) => return false,
        }
        number == wanted
    }

    /// Its range.
    pub fn ends(self) -> (Number, Number) {
        match self.setting() {
            Some(Setting { min, max, integer: true, .. }) => {
                (Number::Whole(min as u64), Number::Whole(max as u64))
            }
            Some(Setting { min, max, .. }) => (Number::Part(min as f32), Number::Part(max as f32)),
            None if self == Self::Offers => (Number::Whole(1), Number::Whole(MOST as u64)),
            None if self == Self::Candidates => {
                (Number::Whole(0), Number::Whole(CANDIDATES as u64))
            }
            // The range of integers in a settings file.
            None => (Number::Whole(0), Number::Whole(i64::MAX.cast_unsigned())),
        }
    }

    /// The next multiple of the step above or below a number. It may be out of range; `None` if it would be below 0.
    pub fn turned(self, from: Number, up: bool) -> Option<Number> {
        Some(match from {
            Number::Part(from) => {
                let step = match self {
                    Self::Temperature => 0.05,
                    Self::Mirostat | Self::Dry => 0.1,
                    Self::Frequency | Self::Presence | Self::DryBase => 0.05,
                    _ => 0.01,
                };
                let steps = f64::from(from) / step;
                let to =
                    if up { (steps + 1e-3).floor() + 1.0 } else { (steps - 1e-3).ceil() - 1.0 };
                Number::Part((to * step) as f32)
            }
            Number::Whole(from) => {
                let step = match self {
                    Self::TopK => 10,
                    Self::Length => 5,
                    Self::Window => 16,
                    _ => 1,
                };
                let to = match (up, from % step) {
                    (true, beyond) => from.checked_add(step - beyond),
                    (false, 0) => from.checked_sub(step),
                    (false, beyond) => from.checked_sub(beyond),
                };
                Number::Whole(to?)
            }
        })
    }

    /// The number that was typed; `None` if the text is not a number.
    pub fn typed(self, text: &str) -> Option<Number> {
        let text = text.replace(',', ".");
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
        Some(match self.ends().0 {
            Number::Part(_) => Number::Part(number as f32),
            // What overflows the type is out of range anyway.
            Number::Whole(_) => Number::Whole(text.parse().unwrap_or(number as u64)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::SamplingParams;
    use strum::IntoEnumIterator;

    fn style() -> Style {
        Style {
            preset: "prose".into(),
            sampling: SamplingParams::default(),
            own_temperature: false,
            offers: 3,
            candidates: 0,
        }
    }

    #[test]
    fn a_key_turns_to_the_next_round_number() {
        for (dial, from, up, expected) in [
            (Dial::Temperature, "0.85", true, "0.9"),
            (Dial::Temperature, "0.87", true, "0.9"),
            (Dial::Temperature, "0.87", false, "0.85"),
            (Dial::Temperature, "0.9", false, "0.85"),
            (Dial::TopP, "0.92", true, "0.93"),
            (Dial::TopP, "0.29", false, "0.28"),
            (Dial::Repetition, "1.05", true, "1.06"),
            (Dial::TopK, "100", true, "110"),
            (Dial::TopK, "0", true, "10"),
            (Dial::TopK, "44", false, "40"),
            (Dial::Length, "60", false, "55"),
            (Dial::Offers, "3", true, "4"),
            (Dial::Seed, "41", true, "42"),
        ] {
            let from = dial.typed(from).expect("a number");
            let to = dial.turned(from, up).expect("a number");
            assert_eq!(to.to_string(), expected, "{dial:?} {from}");
        }
        assert_eq!(Dial::TopK.turned(Number::Whole(0), false), None);
    }

    #[test]
    fn no_dial_goes_beyond_its_ends_whatever_is_wanted() {
        let texts = ["0", "1", "-1", "7", "0,5", "1e30", "99999999999999999999999", "1e-30"];
        for dial in Dial::iter() {
            let (least, most) = dial.ends();
            for text in texts {
                let mut style = style();
                let wanted = dial.typed(text).expect(text);
                let fits = dial.set(&mut style, wanted);
                let now = dial.read(&style);
                assert!(least <= now && now <= most, "{dial:?} {text}: {now}");
                assert_eq!(fits, now == wanted, "{dial:?} {text}");
            }
            for text in ["", ".", "x", "NaN", "inf", "1 2"] {
                assert_eq!(dial.typed(text), None, "{dial:?} {text}");
            }
        }
    }
}
