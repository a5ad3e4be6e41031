//! The sampling values that a model's own files recommend (`generation_config.json`).

use super::{SamplingParams, Setting};
use serde_json::Value;

/// The settings that such a file may recommend, by its names for them.
const NAMES: [(&str, Setting); 8] = [
    ("temperature", Setting::TEMPERATURE),
    ("top_k", Setting::TOP_K),
    ("top_p", Setting::TOP_P),
    ("min_p", Setting::MIN_P),
    ("typical_p", Setting::TYPICAL_P),
    ("no_repeat_ngram_size", Setting::NO_REPEAT_NGRAM),
    ("repetition_penalty", Setting::REPETITION_PENALTY),
    ("max_new_tokens", Setting::MAX_TOKENS),
];

/// Recommended values by the names of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaults(Vec<(&'static str, f64)>);

impl Defaults {
    /// The values in a file, and notes about values that are out of range. `do_sample: false` is temperature 0.
    /// `max_length` is left out, since it counts the prompt as well.
    pub fn of(file: &Value) -> (Self, Vec<String>) {
        let (mut values, mut notes) = (Vec::new(), Vec::new());
        for (name, setting) in NAMES {
            let greedy = name == "temperature" && file["do_sample"] == false;
            let value = if greedy { Some(0.0) } else { file[name].as_f64() };
            match value {
                Some(value) if setting.accepts(value) => values.push((setting.name, value)),
                Some(value) => notes.push(format!(
                    "`{name}` in generation_config.json is {value} and not used; it must be {}",
                    setting.expected()
                )),
                None => {}
            }
        }
        (Self(values), notes)
    }

    /// Whether nothing is recommended.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These values where `is_open` says that nobody set another, and which ones they are: "temperature 0.7, top_k 20".
    pub fn over(
        &self,
        params: &SamplingParams,
        is_open: impl Fn(&str) -> bool,
    ) -> (SamplingParams, String) {
        let mut params = params.clone();
        let used: Vec<_> = self.0.iter().filter(|(name, _)| is_open(name)).collect();
        for (name, value) in &used {
            if let Some(setting) = Setting::ALL.iter().find(|setting| setting.name == *name) {
                (setting.set)(&mut params, *value);
            }
        }
        let said: Vec<_> = used.iter().map(|(name, value)| format!("{name} {value}")).collect();
        (params, said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_models_own_values_apply_where_nothing_was_set() {
        let file = json!({"temperature": 0.6, "top_p": 0.95, "top_k": 7, "max_new_tokens": 12,
            "repetition_penalty": -3, "max_length": 50, "eos_token_id": [1, 2]});
        let (own, notes) = Defaults::of(&file);
        assert!(
            notes[0].contains("`repetition_penalty` in generation_config.json is -3"),
            "{notes:?}"
        );
        let mine = SamplingParams { top_p: 0.5, ..SamplingParams::default() };
        let (params, said) = own.over(&mine, |name| name != "top_p");
        assert_eq!(said, "temperature 0.6, top_k 7, max_tokens 12");
        let want = SamplingParams { temperature: 0.6, top_k: 7, max_tokens: 12, ..mine.clone() };
        assert_eq!(params, want);
        let (greedy, _) = Defaults::of(&json!({"do_sample": false, "temperature": 0.6}));
        assert_eq!(greedy.over(&mine, |_| true).0.temperature, 0.0);
        assert!(Defaults::of(&Value::Null).0.is_empty());
    }
}
