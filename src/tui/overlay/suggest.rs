//! Suggestions for a word that the dictionary doesn't know: the one at the cursor, or the next one.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
};
use crate::tui::{command::Opens, desk::Desk};
use std::ops::Range;

/// The command.
pub const OPENS: Opens = Opens {
    name: "suggest",
    heading: "The text",
    help: "Suggest spellings for the word at the cursor, or for the next unknown one.",
    keys: &["alt-."],
};

/// The word that suggestions are for.
struct Suggestions {
    range: Range<usize>,
    word: String,
}

/// What is done with the word.
enum Act {
    /// It is replaced.
    Replace(String),
    /// It is added to the writer's own words.
    Add,
}

/// Selects the word, and shows the suggestions.
pub fn open(desk: &mut Desk) -> Flow {
    if !desk.load_spelling() {
        return Flow::Stay;
    }
    let Some(range) = desk.next_unknown() else {
        desk.notices.say("The dictionary knows every word of this draft.");
        return Flow::Stay;
    };
    let word = desk.session.text().slice(range.clone()).to_string();
    desk.go_to(range.start);
    desk.session.move_to(range.end, true);
    let found = desk.world.spell.spelling.as_ref().map(|spelling| spelling.suggest(&word));
    let entry = |name: String, about: &str, value| Entry {
        name,
        about: about.to_owned(),
        also: "",
        key: String::new(),
        value,
    };
    let mut entries: Vec<_> = found
        .unwrap_or_default()
        .into_iter()
        .map(|word| entry(word.clone(), "", Act::Replace(word)))
        .collect();
    entries.push(entry(format!("add {word}"), "to your own dictionary", Act::Add));
    Flow::open(Picker::new(Suggestions { range, word }, entries, 0))
}

impl Choices for Suggestions {
    type Value = Act;

    fn title(&self) -> &'static str {
        "spelling"
    }

    fn verb(&self) -> &'static str {
        "choose"
    }

    fn choose(&mut self, act: &Act, desk: &mut Desk) -> Flow {
        match act {
            Act::Replace(word) => {
                let end = self.range.start + word.chars().count();
                let done = desk.session.replace(&[(self.range.clone(), word.clone())]);
                desk.edited(done);
                if done {
                    desk.go_to(end);
                }
            }
            Act::Add => {
                let spelling = desk.world.spell.spelling.as_mut();
                let added = spelling.map_or(Ok(()), |spelling| spelling.add(&self.word));
                match added {
                    Ok(()) => desk.notices.say(format!("{} is in your dictionary.", self.word)),
                    Err(error) => {
                        desk.notices.warn(format!("Known until the desk closes: {error:#}"))
                    }
                }
                desk.go_to(self.range.end);
            }
        }
        Flow::Close
    }

    fn cancel(&mut self, desk: &mut Desk) {
        desk.go_to(self.range.end);
    }
}
