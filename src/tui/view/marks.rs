//! The marks of scores and of the critic on the page. A score has a colour, and a second mark in the row below its word; a
//! mark of the critic has a colour and a line below it.

use crate::{
    generate::{LEVELS, Measure},
    tui::{
        critic::Found,
        desk::{Desk, Shown, Token},
        page::Row,
        text::width,
    },
    ui::theme::Role,
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The style of each level, and its mark below the word.
pub const LOOKS: [(Role, &str); LEVELS] =
    [(Role::Expected, "▔"), (Role::Likely, "▁"), (Role::Unlikely, "▂"), (Role::Surprising, "▄")];

/// What is to be marked in a part of the draft.
pub struct Marks<'a> {
    measure: Option<Measure>,
    tokens: &'a [Token],
    found: &'a [Found],
}

impl<'a> Marks<'a> {
    /// The marks in a range.
    pub fn of(desk: &'a Desk, range: Range<usize>) -> Self {
        let measure = match desk.look.shown {
            Shown::Scores(measure) => Some(measure),
            Shown::Off | Shown::Authors => None,
        };
        let tokens = if measure.is_some() { desk.world.scores.within(range) } else { &[] };
        Self { measure, tokens, found: &desk.world.critic.found }
    }

    /// Whether scores are shown.
    pub fn are_scores(&self) -> bool {
        self.measure.is_some()
    }

    /// The level of the token at a place.
    fn level(&self, place: usize) -> Option<usize> {
        let measure = self.measure?;
        let number = self.tokens.partition_point(|token| token.place.end <= place);
        let token = self.tokens.get(number).filter(|token| token.place.start <= place)?;
        Some(measure.level(token.score))
    }

    /// The style of a score at a place.
    pub fn score(&self, place: usize) -> Option<Role> {
        self.level(place).map(|level| LOOKS[level].0)
    }

    /// The style of the critic's mark at a place.
    pub fn critic(&self, place: usize) -> Option<Role> {
        let found = self.found.iter().find(|found| found.place.contains(&place));
        found.map(|found| found.kind.look().0)
    }

    /// The marks below a row, piece by piece. There are none below spaces.
    pub fn below(&self, row: &Row) -> Vec<(String, Role)> {
        let mut marks = vec![(" ".repeat(row.indent), Role::Text)];
        let mut place = row.start;
        for grapheme in row.text.graphemes(true) {
            let cells = width(grapheme);
            let level = self.level(place).filter(|_| !grapheme.trim().is_empty());
            marks.push(match level {
                Some(level) => (LOOKS[level].1.repeat(cells), LOOKS[level].0),
                None => (" ".repeat(cells), Role::Text),
            });
            place += grapheme.chars().count();
        }
        marks
    }
}
