//! Opening a recent draft.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
    recovered::Recovered,
};
use crate::tui::{command::Opens, desk::Desk};
use std::path::{Path, PathBuf};

/// The command.
pub const OPENS: Opens = Opens {
    name: "recent",
    heading: "The desk",
    help: "Open a recent draft instead of this one.",
    keys: &["alt-o"],
};

struct Recent;

/// Shows the recent drafts, except the one that is open.
pub fn open(desk: &mut Desk) -> Flow {
    let here = desk.session.path().and_then(|path| std::path::absolute(path).ok());
    let others = desk.world.recent.paths().iter().filter(|path| Some(*path) != here.as_ref());
    let entries: Vec<_> = others
        .map(|path| Entry {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            about: path.parent().unwrap_or(Path::new("")).display().to_string(),
            key: String::new(),
            value: path.clone(),
        })
        .collect();
    if entries.is_empty() {
        desk.notices.say("No other draft was opened here yet.");
        return Flow::Stay;
    }
    Flow::open(Picker::new(Recent, entries, 0))
}

impl Choices for Recent {
    type Value = PathBuf;

    fn title(&self) -> &'static str {
        "recent drafts"
    }

    fn verb(&self) -> &'static str {
        "open"
    }

    fn choose(&mut self, path: &PathBuf, desk: &mut Desk) -> Flow {
        match desk.open(path).then(|| Recovered::of(desk)).flatten() {
            Some(question) => Flow::replace(question),
            None => Flow::Close,
        }
    }
}
