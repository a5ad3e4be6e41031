//! The goal of this draft, in words.

use super::{layer::Flow, line::Line};
use crate::tui::{
    command::Opens,
    desk::{Desk, Field},
    text::count,
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "goal",
    heading: "The text",
    help: "Set the goal of this draft, in words.",
    keys: &[],
};

/// Asks for the goal, and suggests the current one.
pub fn open(desk: &mut Desk) -> Flow {
    let goal = desk.session.notes().goal;
    let goal = if goal == 0 { String::new() } else { goal.to_string() };
    Flow::open(Line::new(" Words of this draft: ", "set", Field::offering(&goal), set))
}

fn set(typed: &str, desk: &mut Desk) -> Flow {
    let typed = typed.replace([',', '.', ' ', '\u{202f}'], "");
    let Ok(goal) = (if typed.is_empty() { "0" } else { &typed }).parse::<usize>() else {
        desk.notices.say("Type a number of words, or nothing for no goal.");
        return Flow::Stay;
    };
    let mut notes = desk.session.notes().clone();
    notes.goal = goal;
    if desk.session.read_only().is_some() {
        desk.edited(false);
    } else {
        desk.session.set_notes(notes);
        desk.notices.say(match goal {
            0 => "This draft has no goal.".to_owned(),
            goal => format!("The goal of this draft: {}.", count(goal, "word")),
        });
    }
    Flow::Close
}
