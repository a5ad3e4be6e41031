//! Finds the beginning of the word that a text continues, in any revision of the history.

use super::{Revision, Session, tree::Tree};
use ropey::Rope;
use std::cell::OnceCell;

/// The most characters of a word's beginning; longer ones, and scripts without spaces, are shortened with `…`.
const MOST: usize = 24;

/// Finds beginnings of words. The history's first text is materialized at most once.
#[derive(Default)]
pub(super) struct Beginning(OnceCell<Option<Rope>>);

impl Beginning {
    /// What belongs before `text`, which stands at a place of a revision, so that its first word is whole: nothing
    /// when it begins with one.
    pub fn of(&self, session: &Session, revision: Revision, at: usize, text: &[char]) -> String {
        let mut begins = text.iter();
        let first = *begins.next().unwrap_or(&' ');
        let goes_on = first.is_alphanumeric()
            || is_mark(first) && begins.next().is_some_and(|c| c.is_alphanumeric());
        let mut word = Vec::new();
        if !goes_on {
            return String::new();
        }
        for place in (at.saturating_sub(MOST + 1)..at).rev() {
            match self.char(session, revision, place) {
                Some(c) if c.is_alphanumeric() || is_mark(c) => word.push(c),
                _ => break,
            }
        }
        // Marks before a word are not part of it.
        while word.last().is_some_and(|c| is_mark(*c)) {
            word.pop();
        }
        if word.len() > MOST {
            return "…".into();
        }
        word.into_iter().rev().collect()
    }

    /// The character at a place of a revision: of the step that brought it, or else of the first text.
    fn char(&self, session: &Session, revision: Revision, at: usize) -> Option<char> {
        match session.tree.brought(revision, at)? {
            (0, at) => self.0.get_or_init(|| session.text_at(0)).as_ref()?.get_char(at),
            (step, at) => session.tree.node(step)?.inserted.text.chars().nth(at),
        }
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '’')
}

impl Tree {
    /// The step that brought the character at a place of a revision, and the character's place in what came with it.
    fn brought(&self, mut revision: Revision, mut at: usize) -> Option<(Revision, usize)> {
        while revision != 0 {
            let node = self.node(revision)?;
            let end = node.at + node.inserted.len();
            if (node.at..end).contains(&at) {
                return Some((revision, at - node.at));
            }
            if at >= end {
                at = at - node.inserted.len() + node.removed.len();
            }
            revision = node.parent;
        }
        Some((0, at))
    }
}
