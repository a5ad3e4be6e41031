//! What stands before the page for a moment and takes the keys: a sheet to read, a question, a field to fill.

pub use super::field::Field;
use super::{dials::Dials, find::Find, picker::Picker};
use crate::{
    generate::Seen,
    mentions::{Ledger, Row},
    session::{Branch, Change, Revision, difference},
    token::BranchId,
};
use crossterm::event::KeyCode;
use std::{ops::Range, path::PathBuf};

/// What takes the keys.
pub enum Overlay {
    /// A text to read.
    Sheet(Sheet, usize),
    /// A question on the status line.
    Question(Question),
    /// A token of the machine's words, opened.
    Token(Token),
    /// A list to choose from.
    Picker(Picker),
    /// Presets and dials.
    Dials(Dials),
    /// A text that is looked for on the page.
    Find(Box<Find>),
    /// The name to save under; whether the desk is left afterwards.
    SaveAs(Field, bool),
    /// Two texts compared, and what comes back afterwards.
    Difference(Difference, Option<Box<Overlay>>),
    /// The branch map.
    Branches(Branches),
    /// The bot's queue.
    Mentions(Box<Waiting>),
}

/// The bot's queue, and what is being done with it.
pub struct Waiting {
    /// Replies that wait, the oldest first.
    pub rows: Vec<Row>,
    /// Where they are; a bot may be at work on it.
    pub ledger: Ledger,
    /// Where the arrows are.
    pub chosen: usize,
    /// The author who is never answered again when the key is pressed again.
    pub leaving: Option<String>,
    /// The words that the chosen reply gets.
    pub changing: Option<Field>,
}

/// The branch map, and what is being done with it.
#[derive(Default)]
pub struct Branches {
    /// In the order they are drawn.
    pub rows: Vec<Branch>,
    /// Where the arrows are.
    pub chosen: usize,
    /// The one that others are compared with, when it is not the page.
    pub marked: Option<Revision>,
    /// The one that goes when the key is pressed again.
    pub pruning: Option<Revision>,
    /// The name that the chosen one gets.
    pub naming: Option<Field>,
}

/// Two texts compared, to be read.
pub struct Difference {
    /// What is compared with what.
    pub title: String,
    /// Stretches in order.
    pub changes: Vec<Change>,
    /// The first row that is shown.
    pub scrolled: usize,
}

impl Difference {
    /// What must be done to the old text to have the new one.
    pub fn new(title: impl Into<String>, old: &str, new: &str) -> Self {
        Self { title: title.into(), changes: difference(old, new), scrolled: 0 }
    }
}

/// Where a key scrolls a sheet to that stands at a row; `None` when it closes it.
pub fn scrolled(at: usize, key: KeyCode, page: usize) -> Option<usize> {
    Some(match key {
        KeyCode::Esc | KeyCode::Enter | KeyCode::F(1) | KeyCode::Char('q') => return None,
        KeyCode::Up => at.saturating_sub(1),
        KeyCode::Down => at.saturating_add(1),
        KeyCode::PageUp => at.saturating_sub(page),
        KeyCode::PageDown | KeyCode::Char(' ') => at.saturating_add(page),
        KeyCode::Home => 0,
        KeyCode::End => usize::MAX / 2,
        _ => at,
    })
}

/// An open token.
#[derive(Clone)]
pub struct Token {
    /// The question about it.
    pub number: BranchId,
    /// Where the machine's words around it stand on the page.
    pub run: Range<usize>,
    /// Those words.
    pub span: String,
    /// A byte of the token in them.
    pub at: usize,
    /// What the model sees there, when it has looked.
    pub seen: Option<Seen>,
    /// The alternative that is chosen.
    pub chosen: usize,
}

impl Token {
    /// Where it stands on the page.
    pub fn place(&self) -> Option<Range<usize>> {
        let seen = self.seen.as_ref()?;
        let start = self.run.start + self.span.get(..seen.token.start)?.chars().count();
        Some(start..start + self.span.get(seen.token.clone())?.chars().count())
    }
}

/// The texts there are to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// All commands and their keys.
    Help,
}

/// The questions that are asked. Each is asked by one key, and Esc changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What a crash left is on the page; the sentence that says so, and whether there is a file to go back to.
    Recovered(String, bool),
    /// Leave with something unsaved?
    Leave,
    /// Another program changed the file. Whether the desk is left afterwards.
    Changed(bool),
    /// There is another file of this name. Whether the desk is left afterwards.
    There(PathBuf, bool),
    /// Fetch a model, and what it is?
    Fetch(String, String),
    /// No more of the model that is being fetched?
    StopFetching(String),
}

impl Question {
    /// The question, and its answers: key, act.
    pub fn words(&self, title: &str) -> (String, &'static [(&'static str, &'static str)]) {
        match self {
            Self::Recovered(words, true) => (
                words.clone(),
                &[("Enter", "keep them"), ("d", "difference"), ("Esc", "the saved file")],
            ),
            Self::Recovered(words, false) => (
                words.clone(),
                &[("Enter", "keep them"), ("d", "difference"), ("Esc", "an empty page")],
            ),
            Self::Leave => (
                format!("{title} is not saved."),
                &[("s", "save"), ("l", "leave without"), ("Esc", "stay")],
            ),
            Self::Changed(_) => (
                format!("{title} was changed by another program."),
                &[("k", "keep mine"), ("r", "read it"), ("d", "difference"), ("Esc", "not now")],
            ),
            Self::Fetch(name, what) => (
                format!("Fetch {name} from the Hugging Face hub? {what}."),
                &[("Enter", "fetch"), ("Esc", "not now")],
            ),
            Self::StopFetching(name) => (
                format!("{name} is on its way."),
                &[("s", "stop; what came is kept"), ("Esc", "go on")],
            ),
            Self::There(path, _) => (
                format!("{} exists already.", path.display()),
                &[("o", "save over it"), ("Esc", "another name")],
            ),
        }
    }
}
