//! Messages for the status line: short ones that vanish with the next key, and errors that stay until Esc.

use std::collections::VecDeque;

/// One message: a sentence that says what to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Vanishes with the next key.
    Word(String),
    /// Stays until Esc.
    Error(String),
}

/// The messages still to show. A short one comes before errors, because it answers the last key.
#[derive(Default)]
pub struct Notices {
    word: Option<Notice>,
    errors: VecDeque<Notice>,
    /// Shown while there is nothing else to show.
    standing: Option<String>,
}

impl Notices {
    /// Starts with errors from before the desk opened.
    pub fn new(errors: Vec<String>) -> Self {
        Self { word: None, errors: errors.into_iter().map(Notice::Error).collect(), standing: None }
    }

    /// Shows a message until the next key, unless the same error is shown already.
    pub fn say(&mut self, word: impl Into<String>) {
        let word = word.into();
        let is_there = matches!(self.errors.front(), Some(Notice::Error(error)) if *error == word);
        self.word = (!is_there).then_some(Notice::Word(word));
    }

    /// Adds an error, unless it is there already.
    pub fn warn(&mut self, error: impl Into<String>) {
        let error = Notice::Error(error.into());
        if !self.errors.contains(&error) {
            self.errors.push_back(error);
        }
    }

    /// The message to show, and how many errors wait after it.
    pub fn shown(&self) -> Option<(&Notice, usize)> {
        let waiting = self.errors.len();
        match &self.word {
            Some(word) => Some((word, waiting)),
            None => self.errors.front().map(|error| (error, waiting - 1)),
        }
    }

    /// Shows a sentence while there is no message, or no sentence any more.
    pub fn stand(&mut self, sentence: Option<String>) {
        self.standing = sentence;
    }

    /// The sentence that is shown while there is no message.
    pub fn standing(&self) -> Option<&str> {
        self.standing.as_deref()
    }

    /// A key was pressed: removes the short message.
    pub fn forget_word(&mut self) {
        self.word = None;
    }

    /// Removes the first error. False if there was none.
    pub fn dismiss(&mut self) -> bool {
        self.errors.pop_front().is_some()
    }
}
