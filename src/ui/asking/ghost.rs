//! The ghost: at most one offer without a place in the list. It is generated when a letter disagrees with the offer at
//! the cursor, from the text up to there with token healing, so that it continues in the middle of a word; or when the
//! writer rests, which the loop reports (`Event::Rest`). Until its first token arrives, the end of the previous ghost
//! stays on the screen and can't be taken. After eight letters in a row that disagree, or a new line, no further ghost
//! is generated until the writer asks. It has no place in the pane, so nothing moves there while one types.

use super::{List, Standing, first_word};
use crate::session::Session;

/// One offer that is only a ghost.
pub struct Ghost {
    /// Of one offer.
    pub list: List,
    /// The end of the ghost before it: each of its words is shown until one of its own comes, and none is ever taken.
    pub before: String,
    /// It came because the writer rested, so another key sends it away.
    pub idle: bool,
    /// How many letters disagreed with it.
    pub misses: u8,
    /// How many letters in a row agreed.
    pub agreed: u8,
    /// How many came in its place and were not worth it.
    pub dropped: u8,
}

impl Ghost {
    /// What is still shown of the ghost before it.
    pub fn stale(&self) -> &str {
        let own = self.list.choice().map_or("", |offer| &offer.text);
        if !self.is_live() && !own.is_empty() {
            return "";
        }
        let words = own.split_whitespace().count();
        (0..words).fold(&*self.before, |rest, _| &rest[first_word(rest).len()..])
    }

    /// Something of it is still to come.
    pub fn is_live(&self) -> bool {
        self.list.choice().is_some_and(|offer| offer.is_live())
    }

    /// Whether the page still agrees with it, with the cursor where it goes on.
    pub fn agrees(&self, session: &Session) -> bool {
        match self.list.standing(0, session) {
            Standing::Here(rest) => !rest.is_empty() || self.is_live(),
            Standing::Taken => self.is_live(),
            Standing::There(..) | Standing::Away => false,
        }
    }
}
