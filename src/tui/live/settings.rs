//! The settings of a show.

use super::{
    cue::{Cue, KEYS},
    pace::{FASTEST, SLOWEST},
};
use crate::ui::keymap::{Keymap, Line};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

/// The size of the letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Letters {
    /// Spaced out, readable across a table.
    #[default]
    Spaced,
    /// Drawn with block characters, readable across a room.
    Large,
    /// Normal text.
    Plain,
}

impl Letters {
    /// The next kind.
    pub fn next(self) -> Self {
        match self {
            Self::Spaced => Self::Large,
            Self::Large => Self::Plain,
            Self::Plain => Self::Spaced,
        }
    }
}

/// The settings of `--live`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The pace, in words a minute.
    pub pace: u16,
    /// The length of a take, in tokens: it ends at the first end of a sentence after them.
    pub tokens: usize,
    /// The size of the letters.
    pub letters: Letters,
    /// Use the built-in list of bleeped words too.
    pub bleep: bool,
    /// More words to bleep: words, `begin*`, phrases. `{a, b} c` is both `a c` and `b c`. `!word` is an exception.
    pub bleep_words: Vec<String>,
    /// The program that reads aloud, with its arguments. It gets a sentence on standard input.
    pub speak: String,
    /// Read aloud from the start.
    pub voice: bool,
    /// The host's own keys, in addition to the default ones. Letters are keys too.
    pub keys: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pace: 140,
            tokens: 60,
            letters: Letters::Spaced,
            bleep: true,
            bleep_words: Vec::new(),
            speak: "espeak-ng --stdin".into(),
            voice: false,
            keys: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The keymap on air: the default keys, overridden by the host's own.
    ///
    /// # Errors
    /// A key or a cue is unknown.
    pub fn keymap(&self) -> Result<Keymap<Cue>> {
        let mut keymap = Keymap::parse_any(KEYS, Cue::iter())?;
        for (key, command) in &self.keys {
            let (key, command) = (key.clone(), command.clone());
            keymap.lay(&Line { key, command, place: "live.keys".into() })?;
        }
        Ok(keymap)
    }

    /// Whether a pace is in the valid range.
    pub fn has_pace(pace: u16) -> bool {
        (SLOWEST..=FASTEST).contains(&pace)
    }
}
