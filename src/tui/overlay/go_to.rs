//! A place to go to: a share of the text in percent, or a paragraph.

use super::{layer::Flow, line::Line};
use crate::tui::{
    command::Opens,
    desk::{Desk, Field},
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "go-to",
    heading: "Moving",
    help: "Go to a share of the text (40%) or to a paragraph (p12).",
    keys: &["alt-g"],
};

/// Asks where to go.
pub fn open(_: &mut Desk) -> Flow {
    Flow::open(Line::new(" Go to % or p12: ", "go", Field::new(""), |typed, desk| {
        let Some(place) = place(desk, typed) else {
            desk.notices.say("Type a number of percent, such as 40, or a paragraph, such as p12.");
            return Flow::Stay;
        };
        desk.go_to(place);
        Flow::Close
    }))
}

/// The place that was typed.
fn place(desk: &Desk, typed: &str) -> Option<usize> {
    let text = desk.session.text();
    let typed = typed.trim().to_lowercase();
    if let Some(number) = typed.strip_prefix('p') {
        let number: usize = number.trim().parse().ok()?;
        let is_one = |line: &usize| text.line(*line).chars().any(|c| !c.is_whitespace());
        let line = (0..text.len_lines()).filter(is_one).nth(number.checked_sub(1)?)?;
        return Some(text.line_to_char(line));
    }
    let share: usize = typed.strip_suffix('%').unwrap_or(&typed).trim().parse().ok()?;
    (share <= 100).then(|| text.len_chars() * share / 100)
}
