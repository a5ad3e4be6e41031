//! The desk's settings.

use super::{critic, live, look::PageLook};
use crate::{
    mentions::Place,
    session::History,
    token::SamplingParams,
    ui::{
        asking,
        keymap::Line,
        shelf::Shelf,
        theme::{Depth, Themes},
    },
};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The desk's settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The theme's name.
    pub theme: String,
    /// The name of the preset.
    pub preset: String,
    /// How tokens are sampled, and where an offer ends. The seed is that of the first offer; 0 = a new one each time.
    pub sampling: SamplingParams,
    /// How many offers a request returns, 1 to 6.
    pub offers: usize,
    /// Offer a line, as a ghost, when no key was pressed for half a second.
    pub idle: bool,
    /// Words and phrases that no offer may contain.
    pub banned: Vec<String>,
    /// A click sets the cursor and the wheel scrolls; the terminal's own selection then needs Shift.
    pub mouse: bool,
    /// How the page looks, and what is typed on it.
    pub page: PageLook,
    /// Goals for writing.
    pub goals: Goals,
    /// What the critic marks.
    pub critic: critic::Settings,
    /// How offers are chosen from candidates.
    #[serde(skip)]
    pub choosing: asking::Settings,
    /// On air.
    #[serde(skip)]
    pub air: live::Settings,
    /// The desk's surroundings.
    #[serde(skip)]
    pub environment: Environment,
    /// The terminal's colour depth, from the environment.
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
            page: PageLook::default(),
            goals: Goals::default(),
            critic: critic::Settings::default(),
            choosing: asking::Settings::default(),
            air: live::Settings::default(),
            environment: Environment::default(),
            depth: Depth::default(),
        }
    }
}

/// Goals, in words; 0 = none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Goals {
    /// Words to write in a day, in all drafts.
    pub day: usize,
    /// Words to write from opening a draft to leaving it.
    pub session: usize,
    /// Words that a selection is to have, as a scene or a summary.
    pub selection: usize,
    /// The length of a timed session, in minutes.
    pub minutes: u32,
    /// Whether the status line says on how many days in a row there were words; with a goal, enough of them.
    pub streak: bool,
}

impl Default for Goals {
    fn default() -> Self {
        Self { day: 0, session: 0, selection: 0, minutes: 25, streak: false }
    }
}

/// The desk's surroundings: files, facts from the system, and settings that have a table of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// The settings file, where choices are saved; without one they last until the desk closes.
    pub settings_file: Option<PathBuf>,
    /// The environment variable that overrides the theme of the settings file.
    pub told_theme: Option<String>,
    /// The state folder, with journals and recent drafts; nothing is remembered without one.
    pub state: Option<PathBuf>,
    /// Whether drafts keep a journal.
    pub history: History,
    /// The bot's queue, when there is a bot.
    pub mentions: Option<Place>,
    /// The user's time zone.
    pub zone: TimeZone,
    /// The user's home folder, for `~` in a path.
    pub home: Option<PathBuf>,
    /// Folders with dictionaries.
    pub dictionaries: Vec<PathBuf>,
    /// The language of the spelling, such as `en_GB`; empty = any.
    pub language: String,
    /// The writer's own keys.
    pub keys: Vec<Line>,
    /// The themes to choose from.
    pub themes: Themes,
    /// The models to choose from; `None` if only the first can be used.
    pub shelf: Option<Shelf>,
    /// Begin with the tour.
    pub tour: bool,
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
            home: None,
            dictionaries: Vec::new(),
            language: String::new(),
            keys: Vec::new(),
            themes: Themes::default(),
            shelf: None,
            tour: false,
        }
    }
}
