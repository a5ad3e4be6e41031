//! Opens a draft: on the screen, on air, or in plain mode.

use crate::{
    catalogue, cli,
    config::{self, Config},
};
use anyhow::Result;
use std::path::Path;
use unstuck::{
    hub,
    session::Session,
    tui,
    ui::{
        shelf::Shelf,
        theme::{Depth, Themes},
    },
};

/// What is opened.
pub enum What<'a> {
    /// A draft; an empty page without a file.
    Draft(Option<&'a Path>),
    /// A copy of an example, with the tour.
    Tour,
}

/// Opens a draft; `plain` asks for plain mode. The model is loaded on a thread of its own.
///
/// # Errors
/// When the draft or the terminal can't be opened.
pub fn draft(
    what: &What,
    live: &cli::Live,
    plain: bool,
    config: Config,
    state: &Path,
    notices: Vec<String>,
) -> Result<()> {
    for wrong in &notices {
        tracing::warn!(wrong, "a setting is left out");
    }
    let told = |name: &str| std::env::var(name).ok();
    // First, so that an overlay that may not be written is refused before the draft is opened.
    let (gear, session) = match what {
        What::Draft(file) => {
            (live.gear(&config.live, *file)?, Session::resume(*file, state, config.history)?)
        }
        What::Tour => (None, Session::new()),
    };
    let (no_color, colorterm, term) = (told("NO_COLOR"), told("COLORTERM"), told("TERM"));
    let (mentions, catalogue) = (config.mentions(), catalogue(&config));
    let is_set = config.plain;
    let mut settings = config.desk;
    settings.environment.mentions = mentions;
    settings.environment.zone = jiff::tz::TimeZone::system();
    settings.environment.themes = Themes::new(config::themes());
    settings.environment.state = Some(state.to_owned());
    settings.environment.tour = matches!(what, What::Tour);
    settings.environment.history = config.history;
    settings.environment.home = std::env::home_dir();
    let home = settings.environment.home.as_deref();
    settings.environment.dictionaries = tui::spelling::folders(told, home);
    settings.environment.language = language(&config.language, told);
    settings.depth = Depth::told(no_color.as_deref(), colorterm.as_deref(), term.as_deref());
    let shelf = Shelf {
        catalogue,
        hub: match hub::Settings::from_env(told) {
            Ok(hub) => Some(hub),
            Err(error) => {
                tracing::warn!("no hub: {error:#}");
                None
            }
        },
        state: Some(state.to_owned()),
    };
    settings.environment.shelf = Some(shelf.clone());
    (settings.air, settings.choosing) = (config.live, config.offers);
    let load = move || shelf.catalogue.open(None);
    let plain = Plain::wanted(plain, is_set, told);
    match plain.filter(|_| gear.is_none()) {
        Some(Plain(why)) => tui::plain::run(session, settings, why, notices, load),
        None => tui::run(session, settings, gear, notices, load),
    }
}

/// The language of the spelling: that of the settings, or the system's.
fn language(setting: &str, told: impl Fn(&str) -> Option<String>) -> String {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let system = names.iter().filter_map(|name| told(name)).find(|value| !value.is_empty());
    match setting {
        "" => system.filter(|name| !matches!(&**name, "C" | "POSIX")).unwrap_or_default(),
        set => set.to_owned(),
    }
}

/// Plain mode is wanted, and why if it wasn't asked for on the command line.
struct Plain(Option<String>);

impl Plain {
    fn wanted(flag: bool, setting: bool, told: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let is_on =
            |name: &str| told(name).is_some_and(|value| !matches!(&*value, "" | "0" | "false"));
        let why = match () {
            () if flag => None,
            () if is_on("UNSTUCK_PLAIN") => Some("UNSTUCK_PLAIN"),
            () if setting => Some("the setting plain"),
            () if told("UNSTUCK_PLAIN").is_some_and(|value| !value.is_empty()) => return None,
            () if is_on("ACCESSIBLE") => Some("ACCESSIBLE"),
            () if told("TERM").as_deref() == Some("dumb") => Some("TERM=dumb"),
            () => return None,
        };
        Some(Self(why.map(str::to_owned)))
    }
}
