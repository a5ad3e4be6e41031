//! What a line of steps put on the page: the text that its row in the branch map shows, and what the writer changed.

use super::{
    Author, Kind, SHOWN,
    draft::{Draft, Piece},
    tree::Node,
};
use ropey::Rope;

/// The most characters of a word's beginning that are put before a text; longer ones are shortened with `…`.
const LONGEST: usize = 24;

/// What a line of steps put on the page, as it reads after them: its beginning.
pub(super) struct LineText {
    /// Where in the page's text it begins.
    pub start: usize,
    text: Vec<char>,
    /// Text from elsewhere on the page follows an ellipsis at its end, so offsets in it are no longer valid.
    pub is_torn: bool,
}

impl LineText {
    /// So much is put together: more than is shown, for some of it may go again.
    const MOST: usize = 4 * SHOWN;

    pub fn new(opening: &str, start: usize) -> Self {
        let text: Vec<char> = opening.chars().collect();
        Self { start: if text.is_empty() { start } else { 0 }, text, is_torn: false }
    }

    pub fn step(&mut self, node: &Node) {
        let Node { at, removed, inserted, .. } = node;
        let end = self.start + self.text.len();
        if self.is_torn {
            return;
        }
        if *at < self.start
            && node.kind == Kind::Typed
            && at + removed.len() >= end
            && *at + inserted.len() > self.start
        {
            // One step replaced several places, before this text and in it. The inserted text includes what is between
            // them: continue with its part from here, starting at the next word.
            let from = self.start - at;
            let mut now = inserted.text.chars().skip(from - 1).peekable();
            let cut = now.by_ref().take_while(|c| !c.is_whitespace()).count();
            self.text = now.take(Self::MOST).collect();
            self.start += cut;
        } else if *at < self.start {
            // A change before this text: remove what it deleted of this text, and move the start.
            let gone = (at + removed.len()).saturating_sub(self.start).min(self.text.len());
            self.text.drain(..gone);
            let start = (self.start + gone + inserted.len()).saturating_sub(removed.len());
            self.start = start.max(*at);
        } else if *at <= end {
            let from = at - self.start;
            let to = (from + removed.len()).min(self.text.len());
            self.text.splice(from..to, inserted.text.chars());
            self.text.truncate(Self::MOST);
        } else if self.text.len() < SHOWN && inserted.len() > 0 {
            // A change elsewhere on the page: show it after an ellipsis.
            let more = inserted.text.chars().take(SHOWN);
            self.text.extend([' ', '…', ' '].into_iter().chain(more));
            self.is_torn = true;
        }
    }

    /// What must be put before it so that its first word is whole: nothing when it begins with one. `page` is the text
    /// of the revision up to which the offsets are valid.
    pub fn beginning(&self, page: &Rope) -> String {
        let mut begins = self.text.iter();
        let first = *begins.next().unwrap_or(&' ');
        let goes_on = first.is_alphanumeric()
            || is_mark(first) && begins.next().is_some_and(|c| c.is_alphanumeric());
        if !goes_on || self.start > page.len_chars() {
            return String::new();
        }
        let before = page.chars_at(self.start).reversed().take(LONGEST + 1);
        let mut word: Vec<char> =
            before.take_while(|c| c.is_alphanumeric() || is_mark(*c)).collect();
        // Marks before a word are not part of it.
        while word.last().is_some_and(|c| is_mark(*c)) {
            word.pop();
        }
        if word.len() > LONGEST {
            return "…".into();
        }
        word.into_iter().rev().collect()
    }

    /// On one line, as much as a row shows.
    pub fn text(&self) -> String {
        let all: String = self.text.iter().collect();
        let line = all.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(SHOWN).collect()
    }
}

/// Whether a character is a part of a word between two letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '’')
}

/// Counts words of the machine's that the writer changed: what was put in among them, or what went of them. A word
/// that is deleted and typed anew in its place is one.
#[derive(Default)]
pub(super) struct Changed {
    words: usize,
    /// The words that the last step deleted, and where.
    gone: Option<(usize, usize)>,
}

impl Changed {
    pub fn step(&mut self, node: &Node) {
        if !matches!(node.kind, Kind::Typed | Kind::Pasted | Kind::Deleted) {
            return;
        }
        let mut gone = words(&node.removed, &[Author::Machine, Author::Edited]);
        let mut came = words(&node.inserted, &[Author::Edited]);
        // A step that replaced several places includes the unchanged text between them, which is not a change.
        let kept = words(&node.inserted, &[Author::Machine]);
        if kept > 0 {
            gone = words(&node.removed, &[Author::Machine]).saturating_sub(kept);
            came = came.saturating_sub(words(&node.removed, &[Author::Edited]));
        }
        let before = self.gone.take();
        if node.kind == Kind::Deleted {
            self.words += before.map_or(0, |(words, _)| words);
            self.gone = Some((gone, node.at));
        } else {
            let here = gone.max(came);
            self.words += match before {
                Some((gone, at)) if at == node.at => gone.max(here),
                Some((gone, _)) => gone + here,
                None => here,
            };
        }
    }

    pub fn all(self) -> usize {
        self.words + self.gone.map_or(0, |(words, _)| words)
    }
}

/// How many words of a piece are by one of these.
pub(super) fn words(piece: &Piece, authors: &[Author]) -> usize {
    if !piece.runs.iter().any(|run| authors.contains(&run.author)) {
        return 0;
    }
    let shares = Draft::from_parts(Rope::from_str(&piece.text), piece.runs.clone()).shares();
    authors.iter().map(|author| shares.words(*author)).sum()
}
