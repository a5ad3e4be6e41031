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
    /// The themes to choose from.
    #[serde(skip)]
    pub themes: Themes,
    /// The file that settings chosen here are kept in; nowhere without.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// The variable of the environment that tells the theme at each start, before that file does.
    #[serde(skip)]
    pub told_theme: Option<String>,
    /// The folder in which things are remembered; nowhere without.
    #[serde(skip)]
    pub state: Option<PathBuf>,
    /// The bot's queue, when there is a bot.
    #[serde(skip)]
    pub mentions: Option<Place>,
    /// The models to choose from; none but the first without.
    #[serde(skip)]
    pub shelf: Option<Shelf>,
    /// Whether drafts that are opened here keep a history.
    #[serde(skip)]
    pub history: History,
    /// How much colour the terminal shows; told by the environment, not by a file.
    #[serde(skip)]
    pub depth: Depth,
    /// Where the writer's clock hangs; told by the system, not by a file.
    #[serde(skip)]
    pub zone: TimeZone,
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
            themes: Themes::default(),
            file: None,
            told_theme: None,
            state: None,
            mentions: None,
            shelf: None,
            history: History::default(),
            depth: Depth::default(),
            zone: TimeZone::UTC,
        }
    }
}
