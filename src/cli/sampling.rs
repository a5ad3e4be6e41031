//! Options that choose tokens: one for each number of `SamplingParams`, with its range and help from there.

use clap::Args;
use std::str::FromStr;
use strum::IntoEnumIterator;
use unstuck::token::{SamplingParams, Setting, Step};

/// Options that choose tokens. `None` leaves a setting as it is.
#[derive(Args, Debug)]
pub struct Sampling {
    /// `SamplingParams::temperature`.
    #[arg(long, alias = "temp", value_name = "F", help = Setting::TEMPERATURE.help(), value_parser = |text: &str| Setting::TEMPERATURE.parse_number(text))]
    pub temperature: Option<f32>,

    /// `SamplingParams::top_k`.
    #[arg(long, value_name = "K", help = Setting::TOP_K.help(), value_parser = |text: &str| Setting::TOP_K.parse_count(text))]
    pub top_k: Option<usize>,

    /// `SamplingParams::top_p`.
    #[arg(long, value_name = "F", help = Setting::TOP_P.help(), value_parser = |text: &str| Setting::TOP_P.parse_number(text))]
    pub top_p: Option<f32>,

    /// `SamplingParams::min_p`.
    #[arg(long, value_name = "F", help = Setting::MIN_P.help(), value_parser = |text: &str| Setting::MIN_P.parse_number(text))]
    pub min_p: Option<f32>,

    /// `SamplingParams::typical_p`.
    #[arg(long, alias = "typical", value_name = "F", help = Setting::TYPICAL_P.help(), value_parser = |text: &str| Setting::TYPICAL_P.parse_number(text))]
    pub typical_p: Option<f32>,

    /// `SamplingParams::tail_free`.
    #[arg(long, alias = "tfs", value_name = "F", help = Setting::TAIL_FREE.help(), value_parser = |text: &str| Setting::TAIL_FREE.parse_number(text))]
    pub tail_free: Option<f32>,

    /// `SamplingParams::top_a`.
    #[arg(long, value_name = "F", help = Setting::TOP_A.help(), value_parser = |text: &str| Setting::TOP_A.parse_number(text))]
    pub top_a: Option<f32>,

    /// `SamplingParams::xtc_probability`.
    #[arg(long, value_name = "F", help = Setting::XTC_PROBABILITY.help(), value_parser = |text: &str| Setting::XTC_PROBABILITY.parse_number(text))]
    pub xtc_probability: Option<f32>,

    /// `SamplingParams::xtc_threshold`.
    #[arg(long, value_name = "F", help = Setting::XTC_THRESHOLD.help(), value_parser = |text: &str| Setting::XTC_THRESHOLD.parse_number(text))]
    pub xtc_threshold: Option<f32>,

    /// `SamplingParams::mirostat_tau`.
    #[arg(long, aliases = ["mirostat-ent"], value_name = "F", help = Setting::MIROSTAT_TAU.help(), value_parser = |text: &str| Setting::MIROSTAT_TAU.parse_number(text))]
    pub mirostat_tau: Option<f32>,

    /// `SamplingParams::mirostat_eta`.
    #[arg(long, aliases = ["mirostat-lr"], value_name = "F", help = Setting::MIROSTAT_ETA.help(), value_parser = |text: &str| Setting::MIROSTAT_ETA.parse_number(text))]
    pub mirostat_eta: Option<f32>,

    /// `SamplingParams::repetition_penalty`.
    #[arg(long, alias = "repeat-penalty", value_name = "F", help = Setting::REPETITION_PENALTY.help(), value_parser = |text: &str| Setting::REPETITION_PENALTY.parse_number(text))]
    pub repetition_penalty: Option<f32>,

    /// `SamplingParams::frequency_penalty`.
    #[arg(long, allow_negative_numbers = true, value_name = "F", help = Setting::FREQUENCY_PENALTY.help(), value_parser = |text: &str| Setting::FREQUENCY_PENALTY.parse_number(text))]
    pub frequency_penalty: Option<f32>,

    /// `SamplingParams::presence_penalty`.
    #[arg(long, allow_negative_numbers = true, value_name = "F", help = Setting::PRESENCE_PENALTY.help(), value_parser = |text: &str| Setting::PRESENCE_PENALTY.parse_number(text))]
    pub presence_penalty: Option<f32>,

    /// `SamplingParams::repetition_window`.
    #[arg(long, alias = "repeat-last-n", value_name = "N", help = Setting::REPETITION_WINDOW.help(), value_parser = |text: &str| Setting::REPETITION_WINDOW.parse_count(text))]
    pub repetition_window: Option<usize>,

    /// `SamplingParams::no_repeat_ngram`.
    #[arg(long, alias = "no-repeat-ngram-size", value_name = "N", help = Setting::NO_REPEAT_NGRAM.help(), value_parser = |text: &str| Setting::NO_REPEAT_NGRAM.parse_count(text))]
    pub no_repeat_ngram: Option<usize>,

    /// `SamplingParams::dry_multiplier`.
    #[arg(long, value_name = "F", help = Setting::DRY_MULTIPLIER.help(), value_parser = |text: &str| Setting::DRY_MULTIPLIER.parse_number(text))]
    pub dry_multiplier: Option<f32>,

    /// `SamplingParams::dry_base`.
    #[arg(long, value_name = "F", help = Setting::DRY_BASE.help(), value_parser = |text: &str| Setting::DRY_BASE.parse_number(text))]
    pub dry_base: Option<f32>,

    /// `SamplingParams::dry_allowed_length`.
    #[arg(long, value_name = "N", help = Setting::DRY_ALLOWED_LENGTH.help(), value_parser = |text: &str| Setting::DRY_ALLOWED_LENGTH.parse_count(text))]
    pub dry_allowed_length: Option<usize>,

    /// The order of the steps, as in temperature,top_k,top_p; a step that is left out is off
    #[arg(long, value_name = "STEPS", value_parser = parse_order)]
    pub order: Option<Order>,
}

/// The order of the steps.
#[derive(Clone, Debug)]
pub struct Order(Vec<Step>);

/// Steps with commas or semicolons between them.
fn parse_order(text: &str) -> Result<Order, String> {
    let mut steps = Vec::new();
    for name in text.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()) {
        let Ok(step) = Step::from_str(&name.replace('-', "_")) else {
            let known: Vec<&str> = Step::iter().map(Step::name).collect();
            return Err(format!("`{name}` is no step; the steps are {}", known.join(", ")));
        };
        if steps.contains(&step) {
            return Err(format!("`{name}` is given twice"));
        }
        steps.push(step);
    }
    Ok(Order(steps))
}

impl Sampling {
    /// Sets what is given, and returns the names of these settings.
    pub fn apply(self, params: &mut SamplingParams) -> Vec<&'static str> {
        let mut told = Vec::new();
        for (setting, given) in [
            (Setting::TEMPERATURE, self.temperature.map(f64::from)),
            (Setting::TOP_K, self.top_k.map(|count| count as f64)),
            (Setting::TOP_P, self.top_p.map(f64::from)),
            (Setting::MIN_P, self.min_p.map(f64::from)),
            (Setting::TYPICAL_P, self.typical_p.map(f64::from)),
            (Setting::TAIL_FREE, self.tail_free.map(f64::from)),
            (Setting::TOP_A, self.top_a.map(f64::from)),
            (Setting::XTC_PROBABILITY, self.xtc_probability.map(f64::from)),
            (Setting::XTC_THRESHOLD, self.xtc_threshold.map(f64::from)),
            (Setting::MIROSTAT_TAU, self.mirostat_tau.map(f64::from)),
            (Setting::MIROSTAT_ETA, self.mirostat_eta.map(f64::from)),
            (Setting::REPETITION_PENALTY, self.repetition_penalty.map(f64::from)),
            (Setting::FREQUENCY_PENALTY, self.frequency_penalty.map(f64::from)),
            (Setting::PRESENCE_PENALTY, self.presence_penalty.map(f64::from)),
            (Setting::REPETITION_WINDOW, self.repetition_window.map(|count| count as f64)),
            (Setting::NO_REPEAT_NGRAM, self.no_repeat_ngram.map(|count| count as f64)),
            (Setting::DRY_MULTIPLIER, self.dry_multiplier.map(f64::from)),
            (Setting::DRY_BASE, self.dry_base.map(f64::from)),
            (Setting::DRY_ALLOWED_LENGTH, self.dry_allowed_length.map(|count| count as f64)),
        ] {
            if let Some(value) = given {
                (setting.set)(params, value);
                told.push(setting.name);
            }
        }
        if let Some(Order(steps)) = self.order {
            params.order = steps;
        }
        told
    }
}
