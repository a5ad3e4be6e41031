//! Choosing a theme, with a preview of the one at the cursor.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
};
use crate::{
    tui::{command::Opens, desk::Desk},
    ui::{keep::keep, theme::Theme},
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "themes",
    heading: "The desk",
    help: "Choose a theme, with a preview.",
    keys: &["alt-c"],
};

struct Themes {
    /// The theme to restore if none is chosen.
    before: Theme,
}

/// Shows every theme, with the cursor on the one in use.
pub fn open(desk: &mut Desk) -> Flow {
    let all = desk.look.themes.list();
    let used = all.iter().position(|(name, _)| name == desk.look.theme.name()).unwrap_or(0);
    let entries = all.into_iter().map(|(name, about)| Entry {
        name: name.clone(),
        about,
        also: "",
        key: String::new(),
        value: name,
    });
    let themes = Themes { before: desk.look.theme.clone() };
    Flow::open(Picker::new(themes, entries.collect(), used))
}

impl Choices for Themes {
    type Value = String;

    fn title(&self) -> &'static str {
        "themes"
    }

    fn verb(&self) -> &'static str {
        "use"
    }

    fn preview(&mut self, name: Option<&String>, desk: &mut Desk) {
        match name.map(|name| desk.look.themes.load(name, desk.look.depth)) {
            Some(Ok(theme)) => desk.look.theme = theme,
            Some(Err(error)) => desk.notices.say(format!("{error:#}")),
            None => desk.look.theme = self.before.clone(),
        }
    }

    fn choose(&mut self, name: &String, desk: &mut Desk) -> Flow {
        if desk.look.theme.name() == name {
            keep_theme(name, desk);
        } else {
            // It can't be loaded; the preview told why.
            self.cancel(desk);
        }
        Flow::Close
    }

    fn cancel(&mut self, desk: &mut Desk) {
        desk.look.theme = self.before.clone();
    }
}

/// Writes the theme in use into the settings file.
fn keep_theme(name: &str, desk: &mut Desk) {
    let Some(file) = &desk.world.environment.settings_file else {
        return desk.notices.say("Used for this session only: there is no settings file.");
    };
    match keep(file, &[(&["desk", "theme"], name.into())]) {
        Ok(()) => {
            // The environment variable overrides the settings file.
            let but = desk.world.environment.told_theme.as_ref().map_or(String::new(), |told| {
                format!(", but {told} overrides it at the next start")
            });
            let file = file.display();
            desk.notices.say(format!("{name} is saved in {file}{but}."));
        }
        Err(error) => {
            desk.notices.warn(format!("{name} is in use, but it was not saved: {error:#}"))
        }
    }
}
