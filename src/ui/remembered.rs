//! Measured speeds and licences of models, stored in the state folder. The file can be deleted without harm.

use crate::whole;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The facts by model's name, and their file; `None` in tests.
#[derive(Debug, Default)]
pub struct Remembered {
    file: Option<PathBuf>,
    models: BTreeMap<String, Facts>,
}

/// The facts about one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Facts {
    licence: Option<String>,
    /// The last measured speed in tokens per second, all branches together, by the form of the weights.
    tok_s: BTreeMap<String, f32>,
}

impl Remembered {
    /// Read the file in the state folder; empty if it can't be read.
    pub fn load(state: Option<&Path>) -> Self {
        let file = state.map(|state| state.join("models.json"));
        let text = file.as_ref().and_then(|file| whole::read_text(file).ok());
        let models = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self { file, models }
    }

    /// A model's licence, as the hub reported it.
    pub fn licence(&self, name: &str) -> Option<String> {
        self.models.get(name)?.licence.clone()
    }

    /// The last measured speed of a model in this form, in tokens per second.
    pub fn speed(&self, name: &str, form: &str) -> Option<f32> {
        self.models.get(name)?.tok_s.get(form).copied()
    }

    /// Remember a licence.
    pub fn note_licence(&mut self, name: &str, licence: &str) {
        self.models.entry(name.to_owned()).or_default().licence = Some(licence.to_owned());
        self.write();
    }

    /// Remember a speed.
    pub fn note_speed(&mut self, name: &str, form: &str, tok_s: f32) {
        let speeds = &mut self.models.entry(name.to_owned()).or_default().tok_s;
        let known = speeds.insert(form.to_owned(), tok_s);
        // changes under 5 % are not written
        if known.is_none_or(|known| (known - tok_s).abs() > known / 20.0) {
            self.write();
        }
    }

    fn write(&self) {
        if let Err(error) = self.try_write() {
            tracing::warn!(%error, "facts about a model can't be saved");
        }
    }

    fn try_write(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        whole::write_private(file, &serde_json::to_vec(&self.models)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_was_learnt_is_known_at_the_next_start() {
        let state = tempfile::tempdir().expect("a folder");
        let mut remembered = Remembered::load(Some(state.path()));
        remembered.note_speed("gpt2", "q8_0", 44.0);
        remembered.note_licence("gpt2", "mit");
        let again = Remembered::load(Some(state.path()));
        assert_eq!(again.speed("gpt2", "q8_0"), Some(44.0));
        assert_eq!(again.speed("gpt2", "f32"), None, "another form is another speed");
        assert_eq!(again.licence("gpt2").as_deref(), Some("mit"));
        assert_eq!(again.licence("other"), None);
        fs::write(state.path().join("models.json"), "torn").expect("written");
        assert_eq!(Remembered::load(Some(state.path())).speed("gpt2", "q8_0"), None);
    }
}
