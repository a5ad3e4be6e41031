//! A list to choose from by a few letters of what one looks for: commands, themes, drafts of late.

use super::{command::Command, overlay::Field};
use crate::ui::theme::Theme;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::layout::Rect;
use std::path::PathBuf;

/// What is chosen from.
pub enum Kind {
    /// Every command, to be run.
    Commands,
    /// Every theme, seen at once; what is worn when none is chosen.
    Themes(Box<Theme>),
    /// Drafts of late, to be opened.
    Recent,
    /// Models, to be used.
    Models,
    /// Models, to be compared with the one in use.
    Beside,
}

/// What choosing an entry does.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Run a command.
    Run(Command),
    /// Wear a theme.
    Wear(String),
    /// Open a draft.
    Open(PathBuf),
    /// Use a model.
    Use(String),
    /// Let this model and the one in use answer the same.
    Compare(String),
}

/// One thing to choose.
pub struct Entry {
    /// What letters are compared with first.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Its key, when it has one.
    pub key: String,
    /// What it does.
    pub act: Act,
}

/// The list, what is looked for, and what was found.
pub struct Picker {
    /// What is chosen from.
    pub kind: Kind,
    /// What is looked for.
    pub field: Field,
    entries: Vec<Entry>,
    found: Vec<usize>,
    chosen: usize,
    /// Where its rows are on the screen, and the number of the first.
    rows: (Rect, usize),
}

impl Picker {
    /// All entries, the one at `chosen` in hand.
    pub fn new(kind: Kind, entries: Vec<Entry>, chosen: usize) -> Self {
        let found = (0..entries.len()).collect();
        Self { kind, field: Field::new(""), entries, found, chosen, rows: Default::default() }
    }

    /// Other entries, with what is looked for and the one in hand as they are.
    pub fn refill(&mut self, entries: Vec<Entry>) {
        let name = self.choice().map(|entry| entry.name.clone());
        self.entries = entries;
        self.look();
        let same = self.found().position(|entry| Some(&entry.name) == name.as_ref());
        self.chosen = same.unwrap_or(0);
    }

    /// What was found, best first.
    pub fn found(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.found.iter().map(|index| &self.entries[*index])
    }

    /// How many entries there are in all.
    pub fn all(&self) -> usize {
        self.entries.len()
    }

    /// The number of the entry in hand, among those found.
    pub fn at(&self) -> usize {
        self.chosen
    }

    /// The entry in hand.
    pub fn choice(&self) -> Option<&Entry> {
        self.entries.get(*self.found.get(self.chosen)?)
    }

    /// Its rows were drawn here, from this entry on.
    pub fn seen_at(&mut self, rows: Rect, first: usize) {
        self.rows = (rows, first);
    }

    /// The number of the entry at a cell of the screen.
    pub fn entry_at(&self, at: (u16, u16)) -> Option<usize> {
        let (rows, first) = self.rows;
        let number = first + usize::from(at.1.checked_sub(rows.y)?);
        (rows.contains(at.into()) && number < self.found.len()).then_some(number)
    }

    /// A cell is above the list, where the page is seen.
    pub fn is_above(&self, at: (u16, u16)) -> bool {
        at.1 + 1 < self.rows.0.y
    }

    /// Takes an entry in hand.
    pub fn hold(&mut self, number: usize) {
        self.chosen = number;
    }

    /// So many entries further; negative is back. It stops at the ends.
    pub fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    /// After what is looked for has changed. Names count for more than what is said about them.
    pub fn look(&mut self) {
        let wanted = self.field.text();
        let pattern = Pattern::parse(&wanted, CaseMatching::Ignore, Normalization::Smart);
        let words = wanted.trim().to_lowercase();
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut scored: Vec<_> = (0..self.entries.len())
            .filter_map(|index| {
                let entry = &self.entries[index];
                let name = pattern.score(Utf32Str::new(&entry.name, &mut letters), &mut matcher);
                let about = entry.about.to_lowercase().contains(&words).then_some(0);
                name.map(|score| score + 1).or(about).map(|score| (score, index))
            })
            .collect();
        scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        self.found = scored.into_iter().map(|(_, index)| index).collect();
        self.chosen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_a_few_letters_and_before_what_is_said_of_them() {
        let entry = |name: &str, about: &str| Entry {
            name: name.into(),
            about: about.into(),
            key: String::new(),
            act: Act::Wear(name.into()),
        };
        let entries = vec![
            entry("roll again", "Other words."),
            entry("take word", "Take the next word."),
            entry("undo", "Take back."),
        ];
        let mut picker = Picker::new(Kind::Recent, entries, 0);
        let mut found = |text: &str| {
            picker.field = Field::new(text);
            picker.look();
            picker.found().map(|entry| entry.name.clone()).collect::<Vec<_>>().join(",")
        };
        assert_eq!(found("tkw"), "take word");
        assert_eq!(found("take"), "take word,undo");
        assert_eq!(found("WORD"), "take word,roll again");
        assert_eq!(found("zzz"), "");
        assert_eq!(found("\\ ' ^ $ !"), "", "no sign of a pattern is a trap");
        assert_eq!(found(""), "roll again,take word,undo");
    }
}
