//! The bookmarks in the draft, to jump to.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
};
use crate::{
    session::Part,
    tui::{
        command::{Command, Opens},
        desk::Desk,
    },
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "bookmarks",
    heading: "Moving",
    help: "Go to a bookmark, from a list.",
    keys: &[],
};

struct Bookmarks;

/// Shows the bookmarks, in the order of the text.
pub fn open(desk: &mut Desk) -> Flow {
    let places = desk.session.bookmarks();
    if places.is_empty() {
        let set = desk.key(Command::Bookmark);
        desk.notices.say(format!("There is no bookmark yet. {set} sets one."));
        return Flow::Stay;
    }
    let all = desk.session.text().len_chars().max(1);
    let entries = places.into_iter().enumerate().map(|(number, place)| {
        let line = desk.session.part(place, Part::Paragraph);
        Entry {
            name: (number + 1).to_string(),
            about: desk.session.text().slice(line).to_string(),
            also: "",
            key: format!("{} %", place * 100 / all),
            value: place,
        }
    });
    let entries = entries.collect();
    Flow::open(Picker::new(Bookmarks, entries, 0))
}

impl Choices for Bookmarks {
    type Value = usize;

    fn title(&self) -> &'static str {
        "bookmarks"
    }

    fn verb(&self) -> &'static str {
        "go there"
    }

    fn choose(&mut self, place: &usize, desk: &mut Desk) -> Flow {
        desk.go_to(*place);
        Flow::Close
    }
}
