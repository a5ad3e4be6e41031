//! What the status line has to say: answers that go with the next key, and errors that stay until Esc.

use std::collections::VecDeque;

/// One thing to say, in a sentence with the way out.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Goes with the next key.
    Word(String),
    /// Stays until Esc.
    Error(String),
}

/// What is still to be said. A word comes first: it answers the last key.
#[derive(Default)]
pub struct Notices {
    word: Option<Notice>,
    errors: VecDeque<Notice>,
}

impl Notices {
    /// Errors that were there before the desk opened.
    pub fn new(errors: Vec<String>) -> Self {
        Self { word: None, errors: errors.into_iter().map(Notice::Error).collect() }
    }

    /// Says something until the next key, unless that stands there already.
    pub fn say(&mut self, word: impl Into<String>) {
        let word = word.into();
        let is_there = matches!(self.errors.front(), Some(Notice::Error(error)) if *error == word);
        self.word = (!is_there).then_some(Notice::Word(word));
    }

    /// Says that something went wrong, once.
    pub fn warn(&mut self, error: impl Into<String>) {
        let error = Notice::Error(error.into());
        if !self.errors.contains(&error) {
            self.errors.push_back(error);
        }
    }

    /// What is to be shown, and how many wait behind it.
    pub fn shown(&self) -> Option<(&Notice, usize)> {
        let waiting = self.errors.len();
        match &self.word {
            Some(word) => Some((word, waiting)),
            None => self.errors.front().map(|error| (error, waiting - 1)),
        }
    }

    /// A key was pressed: its predecessor's answer goes.
    pub fn forget_word(&mut self) {
        self.word = None;
    }

    /// The first error has been read. False when there was none.
    pub fn dismiss(&mut self) -> bool {
        self.errors.pop_front().is_some()
    }
}
