//! What a writer notes on a draft beside its text: what the model is told, and choices for this draft alone. It is kept in
//! the draft's journal.

use super::{Revision, Session, journal::Record};
use serde::{Deserialize, Serialize};

/// What the writer's own continuation begins with in the draft of a show.
pub const WRITER: &str = "The writer: ";

/// The notes on a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// What the model always sees before the draft.
    pub memory: String,
    /// What the model sees a few sentences before the cursor.
    pub note: String,
    /// Names that offers may use beside those of the draft.
    pub names: String,
    /// Words and phrases that offers should have, separated by commas.
    pub must: String,
    /// Words and phrases that no offer may have, separated by commas.
    pub ban: String,
    /// The phrase that an offer ends on.
    pub end_on: String,
    /// Words that are likelier or less likely, as `lamp = 2`, separated by commas.
    pub bias: String,
    /// The kind of prose that is preferred: description, action or dialogue.
    pub only: String,
    /// The model is off in this draft.
    pub model_off: bool,
    /// How many words the draft is to have; 0 = no goal.
    pub goal: usize,
    /// Bookmarks: places of the text, each in a revision.
    pub bookmarks: Vec<(usize, Revision)>,
}

impl Notes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Session {
    /// The notes on the draft.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Replaces the notes. False if they are the same, or the draft can't be changed.
    pub fn set_notes(&mut self, notes: Notes) -> bool {
        if self.notes == notes || self.read_only.is_some() {
            return false;
        }
        self.notes = notes;
        let text = serde_json::to_string(&self.notes).unwrap_or_default();
        self.note(Record::Notes { notes: text.into() });
        true
    }

    /// The places of the bookmarks in the text, in its order. They are found again only after a change.
    pub fn bookmarks(&self) -> Vec<usize> {
        let mut found = self.bookmarked.borrow_mut();
        match &*found {
            Some((changes, places)) if *changes == self.changes => places.clone(),
            _ => {
                let marks = self.notes.bookmarks.iter();
                let mut places: Vec<_> =
                    marks.filter_map(|mark| self.bookmark_place(*mark)).collect();
                places.sort_unstable();
                places.dedup();
                *found = Some((self.changes, places.clone()));
                places
            }
        }
    }

    /// The place of a bookmark, which stays with the character behind it; `None` if the text has lost it.
    pub fn bookmark_place(&self, (at, from): (usize, Revision)) -> Option<usize> {
        let before = self.map(at, from);
        let behind = self.map(at + 1, from).and_then(|next| next.checked_sub(1));
        let place = behind.filter(|place| before.is_none_or(|before| *place >= before)).or(before);
        place.map(|place| place.min(self.text().len_chars()))
    }
}
