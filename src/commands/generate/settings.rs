//! The settings that determine a text, as `[generate]` in the settings file and as `--json` prints them.

use crate::{clean::Level, generate::Guide, token::SamplingParams};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Map, Value};

/// What determines a text beside the model and the prompt. Its fields and those of the sampling parameters are one table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// How tokens are sampled, and where a text ends.
    #[serde(flatten)]
    pub sampling: SamplingParams,
    /// What is removed from the text.
    pub clean: Level,
    /// Text that the model sees before all it sees of the prompt.
    pub memory: String,
    /// Text that the model sees a few sentences before the end of the prompt.
    pub note: String,
    /// Words and phrases that the text should have.
    pub must: Vec<String>,
}

/// The names of our own, as serde lists names.
const OURS: &str = ", `clean`, `memory`, `note`, `must`";

impl Default for Settings {
    fn default() -> Self {
        Self {
            sampling: SamplingParams::default(),
            clean: Level::None,
            memory: String::new(),
            note: String::new(),
            must: Vec::new(),
        }
    }
}

impl Settings {
    /// What steers the model beside the prompt.
    pub fn guide(&self) -> Guide {
        Guide { memory: self.memory.clone(), note: self.note.clone() }
    }

    /// These settings with others by their names, as `--json` prints them. `null` leaves a setting as it is.
    ///
    /// # Errors
    /// For a name that is not known, and a value of the wrong type.
    pub fn with(&self, others: Map<String, Value>) -> serde_json::Result<Self> {
        let mut all = match serde_json::to_value(self)? {
            Value::Object(all) => all,
            _ => Map::new(),
        };
        all.extend(others.into_iter().filter(|(_, value)| !value.is_null()));
        serde_json::from_value(all.into())
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// Serde can't refuse unknown names in a flattened table, so the sampling parameters get all names but our own.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Map::deserialize(deserializer)?;
        let mut settings = Self::default();
        if let Some(clean) = all.remove("clean") {
            settings.clean = serde_json::from_value(clean).map_err(D::Error::custom)?;
        }
        if let Some(must) = all.remove("must") {
            settings.must = serde_json::from_value(must).map_err(D::Error::custom)?;
        }
        for (name, text) in [("memory", &mut settings.memory), ("note", &mut settings.note)] {
            if let Some(value) = all.remove(name) {
                *text = serde_json::from_value(value).map_err(D::Error::custom)?;
            }
        }
        settings.sampling = serde_json::from_value(all.into()).map_err(|error| {
            let said = error.to_string();
            // The names that are expected are at its end.
            let ours = if said.starts_with("unknown field") { OURS } else { "" };
            D::Error::custom(format!("{said}{ours}"))
        })?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again_and_names_are_checked() {
        let mut settings = Settings { memory: "Mara.".into(), ..Settings::default() };
        settings.sampling.bias.insert("lamp".into(), 2.5);
        settings.sampling.seed = u64::MAX;
        settings.sampling.temperature = 0.85;
        let printed = serde_json::to_string(&settings).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Settings>(&printed).ok(), Some(settings.clone()));
        let with = |text: &str| {
            let others = serde_json::from_str(text).unwrap_or_default();
            settings.with(others).map_err(|error| error.to_string())
        };
        let hot = with(r#"{"temperature": 1.5, "note": "[Quiet.]", "sentence": null}"#);
        let hot = hot.expect("known names");
        assert_eq!(
            (hot.sampling.temperature, &*hot.note, &*hot.memory),
            (1.5, "[Quiet.]", "Mara.")
        );
        let wrong = with(r#"{"temprature": 1}"#);
        let said = |why: String| why.contains("`temprature`") && why.ends_with("`note`, `must`");
        assert!(wrong.is_err_and(said));
        assert!(with(r#"{"clean": "all"}"#).is_err_and(|why| why.contains("all")));
    }
}
