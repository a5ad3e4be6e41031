//! The headings and scenes of the draft, with their words, to jump to.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
};
use crate::{
    session::SCENE,
    tui::{command::Opens, desk::Desk, text::count},
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "headings",
    heading: "Moving",
    help: "Go to a heading or a scene, from a list with the words of each.",
    keys: &["alt-h"],
};

struct Headings;

/// Shows the headings, with the cursor on the one that the page's cursor is below.
pub fn open(desk: &mut Desk) -> Flow {
    let outline = desk.session.outline();
    if outline.is_empty() {
        desk.notices.say(
            "There is no heading or scene yet. A heading is a line like `# The island`, and `***` divides scenes.",
        );
        return Flow::Stay;
    }
    let cursor = desk.session.cursor();
    let here = outline.partition_point(|heading| heading.at <= cursor).checked_sub(1);
    let mut numbers = Numbers::default();
    let entries = outline.into_iter().enumerate().map(|(number, heading)| Entry {
        name: numbers.next(heading.level),
        about: heading.title,
        also: "",
        key: match here == Some(number) {
            true => format!("{} ◂ here", count(heading.words, "word")),
            false => count(heading.words, "word"),
        },
        value: heading.at,
    });
    Flow::open(Picker::new(Headings, entries.collect(), here.unwrap_or(0)))
}

/// The numbers of headings: `1`, `1.1`, `1.2`, `2`. A level that is left out has none.
#[derive(Default)]
struct Numbers {
    /// The levels above, and how many there were of each.
    above: Vec<(usize, usize)>,
}

impl Numbers {
    fn next(&mut self, level: usize) -> String {
        let closed = self.above.iter().position(|(other, _)| *other >= level);
        let before = closed.map(|at| self.above.drain(at..).next().unwrap_or_default());
        let count = before.filter(|(other, _)| *other == level).map_or(0, |(_, count)| count);
        self.above.push((level, count + 1));
        let numbers: Vec<_> = self.above.iter().map(|(_, count)| count.to_string()).collect();
        if level == SCENE { format!("{} scene", numbers.join(".")) } else { numbers.join(".") }
    }
}

impl Choices for Headings {
    type Value = usize;

    fn title(&self) -> &'static str {
        "headings"
    }

    fn verb(&self) -> &'static str {
        "go there"
    }

    fn shows_state(&self) -> bool {
        true
    }

    fn choose(&mut self, place: &usize, desk: &mut Desk) -> Flow {
        desk.go_to(*place);
        Flow::Close
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_numbered_by_level() {
        let mut numbers = Numbers::default();
        let levels = [1, 2, 2, SCENE, SCENE, 1, 3, 2, 2, 1];
        let found = levels.map(|level| numbers.next(level));
        let expected =
            ["1", "1.1", "1.2", "1.2.1 scene", "1.2.2 scene", "2", "2.1", "2.1", "2.2", "3"];
        assert_eq!(found, expected);
    }
}
