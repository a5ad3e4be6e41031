//! Opening another draft: those that are open already, then those that were opened before.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
    recovered::Recovered,
};
use crate::{
    session::words_in,
    tui::{
        command::Opens,
        desk::{Desk, is_unsaved},
        text::count,
    },
};
use std::path::{Path, PathBuf};

/// The command.
pub const OPENS: Opens = Opens {
    name: "recent",
    heading: "The desk",
    help: "Open another draft; this one stays open, with its place.",
    keys: &["alt-o"],
};

/// Larger files are listed without their words, so that the list opens at once.
const LARGEST: u64 = 1 << 18;

/// A draft to open.
enum Draft {
    /// Its number among those that are open.
    Parked(usize),
    /// Its file.
    File(PathBuf),
}

struct Recent;

/// Shows the other drafts.
pub fn open(desk: &mut Desk) -> Flow {
    let parked = desk.world.parked.iter().enumerate().map(|(number, parked)| {
        let session = &parked.session;
        let words = count(session.shares().all_words(), "word");
        let state = if is_unsaved(session) { "not saved" } else { "open" };
        let folder = session.path().and_then(|path| std::path::absolute(path).ok());
        Entry {
            name: session.title(),
            about: folder.as_deref().map(folder_of).unwrap_or_default(),
            also: "",
            key: format!("{words} · {state}"),
            value: Draft::Parked(number),
        }
    });
    let full = |path: &Path| std::path::absolute(path).ok();
    let sessions = desk.world.parked.iter().map(|parked| &parked.session).chain([&desk.session]);
    let open: Vec<_> = sessions.filter_map(|session| full(session.path()?)).collect();
    let others = desk.world.recent.paths().iter().filter(|path| !open.contains(path));
    let others = others.map(|path| Entry {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        about: folder_of(path),
        also: "",
        key: match words_in(path, LARGEST) {
            Some(words) => count(words, "word"),
            None if path.exists() => String::new(),
            None => "no file".to_owned(),
        },
        value: Draft::File(path.clone()),
    });
    let entries: Vec<_> = parked.chain(others).collect();
    if entries.is_empty() {
        desk.notices.say("No other draft was opened here yet.");
        return Flow::Stay;
    }
    Flow::open(Picker::new(Recent, entries, 0))
}

fn folder_of(path: &Path) -> String {
    path.parent().unwrap_or(Path::new("")).display().to_string()
}

impl Choices for Recent {
    type Value = Draft;

    fn title(&self) -> &'static str {
        "drafts"
    }

    fn verb(&self) -> &'static str {
        "open"
    }

    fn shows_state(&self) -> bool {
        true
    }

    fn choose(&mut self, draft: &Draft, desk: &mut Desk) -> Flow {
        let opened = match draft {
            Draft::Parked(number) => {
                desk.unpark(*number);
                true
            }
            Draft::File(path) => desk.open(path),
        };
        match opened.then(|| Recovered::of(desk)).flatten() {
            Some(question) => Flow::replace(question),
            None => Flow::Close,
        }
    }
}
