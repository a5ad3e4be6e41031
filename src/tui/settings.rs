//! What the desk can be told before it opens.

use super::live;
use crate::{
    mentions::Place,
    session::History,
    token::SamplingParams,
    ui::{
        keymap::Line,
        shelf::Shelf,
        theme::{Depth, Themes},
    },
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The desk's settings. The defaults are what a newcomer gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The theme's name.
    pub theme: String,
    /// What the way tokens are chosen is called.
    pub preset: String,
    /// How tokens are chosen and where an offer ends; the seed is that of the first offer, 0 for another each time.
    pub sampling: SamplingParams,
    /// How many offers a question gets, 1 to 6.
    pub offers: usize,
    /// Offer a line, as a ghost, when no key was pressed for half a second.
    pub idle: bool,
    /// Words and phrases that no offer may have.
    pub banned: Vec<String>,
    /// A click sets the cursor and the wheel scrolls; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// On air.
    #[serde(skip)]
    pub air: live::Settings,
    /// The writer's own keys.
    #[serde(skip)]
    pub keys: Vec<Line>,
    /// What is around the desk.
    #[serde(skip)]
    pub environment: Environment,
    /// The themes to choose from.
    #[serde(skip)]
    pub themes: Themes,
    /// The models to choose from; none but the first without.
    #[serde(skip)]
    pub shelf: Option<Shelf>,
    /// How much colour the terminal shows; told by the environment, not by a file.
    #[serde(skip)]
    pub depth: Depth,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "ink".into(),
            preset: "prose".into(),
            // To the end of a sentence: about 40 tokens, and 20 more to reach it.
            sampling: SamplingParams {
                max_tokens: 60,
                sentence: Some(8),
                ..SamplingParams::default()
            },
            offers: 3,
            idle: false,
            banned: Vec::new(),
            mouse: true,
            air: live::Settings::default(),
            keys: Vec::new(),
            environment: Environment::default(),
            themes: Themes::default(),
            shelf: None,
            depth: Depth::default(),
        }
    }
}

/// What is around the desk: files, and what the system says. No settings file names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// The settings file, into which choices are written; without one they last until the desk closes.
    pub settings_file: Option<PathBuf>,
    /// The environment variable that sets the theme at each start, before the settings file does.
    pub told_theme: Option<String>,
    /// The state folder, with journals and recent drafts; nothing is remembered without one.
    pub state: Option<PathBuf>,
    /// Whether drafts keep a journal.
    pub history: History,
    /// The bot's queue, when there is a bot.
    pub mentions: Option<Place>,
    /// The user's time zone.
    pub zone: TimeZone,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            settings_file: None,
            told_theme: None,
            state: None,
            history: History::default(),
            mentions: None,
            zone: TimeZone::UTC,
        }
    }
}
