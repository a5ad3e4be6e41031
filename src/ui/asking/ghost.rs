//! The ghost: at most one offer without a place in the list. It is generated when a letter disagrees with the offer at
//! the cursor, from the text up to there, so that it continues in the middle of a word; or when the
//! writer rests, which the loop reports (`Event::Rest`). Until its first token arrives, the end of the previous ghost
//! stays on the screen and can't be taken. After eight letters in a row that disagree, or a new line, no further ghost
//! is generated until the writer asks. It has no place in the pane, so nothing moves there while one types.

use super::{List, Standing, first_word};
use crate::session::Session;

/// An offer that is shown behind the cursor only.
pub struct Ghost {
    /// A list of one offer.
    pub list: List,
    /// What is left of the previous ghost. It fills the place until this ghost has as many words, and it can't be
    /// taken.
    pub before: String,
    /// It was offered because the writer paused, so the next key dismisses it.
    pub idle: bool,
    /// How many typed letters disagreed with it.
    pub misses: u8,
    /// How many typed letters in a row agreed with it.
    pub agreed: u8,
    /// How many ghosts before it were dropped because of a fault.
    pub dropped: u8,
}

impl Ghost {
    /// The part of the previous ghost that is still shown.
    pub fn stale(&self) -> &str {
        let own = self.list.choice().map_or("", |offer| &offer.text);
        if !self.is_live() && !own.is_empty() {
            return "";
        }
        let words = own.split_whitespace().count();
        (0..words).fold(&*self.before, |rest, _| &rest[first_word(rest).len()..])
    }

    /// Whether more tokens may arrive.
    pub fn is_live(&self) -> bool {
        self.list.choice().is_some_and(|offer| offer.is_live())
    }

    /// Whether it still matches the page and continues at the cursor.
    pub fn agrees(&self, session: &Session) -> bool {
        match self.list.standing(0, session) {
            Standing::Here(rest) => !rest.is_empty() || self.is_live(),
            Standing::Taken => self.is_live(),
            Standing::There(..) | Standing::Away => false,
        }
    }
}
