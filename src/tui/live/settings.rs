//! What on air can be told before it begins.

use super::{
    cue::{Cue, KEYS},
    pace::{FASTEST, SLOWEST},
};
use crate::ui::keymap::{Keymap, Line};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

/// How letters stand on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Letters {
    /// With space between them, to be read across a table.
    #[default]
    Spaced,
    /// Drawn of blocks, to be read across a room.
    Large,
    /// As everywhere else.
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

/// The settings of `--live`. The defaults are what a newcomer gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Words a minute.
    pub pace: u16,
    /// About how many tokens a take has: it ends with the first sentence that ends behind them.
    pub tokens: usize,
    /// How letters stand on the screen.
    pub letters: Letters,
    /// Whether the program's own list is bleeped too.
    pub bleep: bool,
    /// More that is bleeped: words, `begin*`, phrases; `!word` is shown after all.
    pub bleep_words: Vec<String>,
    /// The program that reads aloud, with its arguments: it reads a sentence from standard input.
    pub speak: String,
    /// Whether it reads from the start.
    pub voice: bool,
    /// The host's own keys, laid over those there are; letters are keys too.
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
    /// The keys on air, the host's own over those they come with.
    ///
    /// # Errors
    /// One of them is no key, or stands for no act.
    pub fn keymap(&self) -> Result<Keymap<Cue>> {
        let mut keymap = Keymap::parse_any(KEYS, Cue::iter())?;
        for (key, command) in &self.keys {
            let (key, command) = (key.clone(), command.clone());
            keymap.lay(&Line { key, command, place: "live.keys".into() })?;
        }
        Ok(keymap)
    }

    /// Whether a pace is one.
    pub fn has_pace(pace: u16) -> bool {
        (SLOWEST..=FASTEST).contains(&pace)
    }
}
