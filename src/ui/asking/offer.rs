//! One continuation: its text so far, how far it has come, and whether it is worth its place.

use super::quotes::{self, Quotes};
use crate::{
    session::Source,
    token::{BranchId, StopReason, Token},
};
use std::ops::Range;

/// The longest piece, in bytes, that is looked for over and over, and the least that all of them together have.
const PIECE: usize = 32;
const CIRCLE: usize = 24;

/// How far an offer has come.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Asked; the model loads or reads other things first.
    Waiting,
    /// The model reads so many tokens.
    Reading(usize),
    /// Tokens come.
    Streaming,
    /// The model came to its end.
    Done(StopReason),
    /// The writer stopped it.
    Stopped,
    /// It went wrong; the reason.
    Failed(String),
    /// It was not worth its place, and neither were those that came instead.
    Dropped(Fault),
}

/// Why an offer is not worth its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It repeats one phrase over and over.
    Loop,
    /// Nothing came, or nothing but space.
    Empty,
    /// Another offer, in this list or an earlier one, has the same text.
    Repeated,
    /// It says something that the writer never wants to read.
    Banned,
}

/// One continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The request that it answers.
    pub branch: BranchId,
    /// What it is in the history, once that knows that it was asked for.
    pub source: Option<Source>,
    /// How many bytes of its text the history has.
    pub kept: usize,
    /// What its draws depend on.
    pub seed: u64,
    /// The words it begins with, on an empty page; the model goes on from them.
    pub opening: &'static str,
    /// What there is of it.
    pub text: String,
    /// How many tokens that is.
    pub tokens: usize,
    /// The characters that are copied from the text that the model was taught.
    pub copied: Vec<Range<usize>>,
    /// How many characters each token has.
    pub lengths: Vec<usize>,
    /// How far it has come.
    pub state: State,
    /// It stays while the others are rolled again.
    pub pinned: bool,
    /// How many came in this place and were dropped.
    pub dropped: u8,
    /// The writer asked for more of it.
    pub longer: bool,
    /// The model that says it, where two are compared.
    pub by: Option<String>,
}

impl Offer {
    /// Nothing has come yet.
    pub fn new(branch: BranchId, seed: u64, opening: &'static str) -> Self {
        Self {
            branch,
            source: None,
            kept: 0,
            seed,
            opening,
            text: opening.into(),
            tokens: 0,
            copied: Vec::new(),
            lengths: Vec::new(),
            state: State::Waiting,
            pinned: false,
            dropped: 0,
            longer: false,
            by: None,
        }
    }

    /// What it says, without regard to spaces and capitals. Nothing, while there is only its opening.
    pub fn words(&self) -> String {
        if self.text.trim() == self.opening {
            return String::new();
        }
        self.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }

    /// It has come to say one thing over and over: four times, and for more than a few letters.
    pub fn loops(&self) -> bool {
        let text = self.text.as_bytes();
        (1..=PIECE).any(|piece| {
            let tail = text.len().checked_sub((piece * 4).max(CIRCLE)).map(|from| &text[from..]);
            tail.is_some_and(|tail| tail[piece..] == tail[..tail.len() - piece])
        })
    }

    /// One of these words or phrases is in it, as whole words; `half` of the first may be on the page.
    pub fn says(&self, half: &str, banned: &[String]) -> bool {
        let words = half.to_lowercase() + &self.words();
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        banned
            .iter()
            .map(|banned| banned.trim().to_lowercase())
            .filter(|banned| !banned.is_empty())
            .any(|banned| {
                let mut found = words.match_indices(&banned);
                found.any(|(at, _)| {
                    let (before, after) = (&words[..at], &words[at + banned.len()..]);
                    let begins_inside =
                        letter(before.chars().next_back()) && letter(banned.chars().next());
                    let ends_inside =
                        letter(after.chars().next()) && letter(banned.chars().next_back());
                    !begins_inside && !ends_inside
                })
            })
    }

    /// Another token comes, in a draft with such quotes; `prompt` is what the offer goes on from.
    pub fn add(&mut self, token: &Token, quotes: Quotes, prompt: &str) {
        let text = quotes::as_in(quotes, prompt, &self.text, &token.text);
        self.text.push_str(&text);
        self.tokens += 1;
        self.lengths.push(text.chars().count());
        if token.copied > 0 {
            let length: usize = self.lengths.iter().rev().take(token.copied).sum();
            let end = self.text.chars().count();
            self.copied.retain(|range| range.start < end - length);
            self.copied.push(end - length..end);
        }
    }

    /// More may come.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Waiting | State::Reading(_) | State::Streaming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_over_and_over() {
        for (text, expected) in [
            (" Young Morpholpholpholpholpholpholphol", true),
            (" I don't know. I don't know. I don't know. I don't know.", true),
            (" never, never, never again", false),
            (" It was raining, and it rained, and it rained.", false),
            (" no no no no no no", false),
            ("………………………………", true),
            ("", false),
        ] {
            let mut offer = Offer::new(1, 1, "");
            offer.text = text.into();
            assert_eq!(offer.loops(), expected, "{text:?}");
        }
    }

    #[test]
    fn banned_are_whole_words_in_any_case() {
        let says = |text: &str, banned: &str| {
            let mut offer = Offer::new(1, 1, "");
            offer.text = text.into();
            offer.says("", &[banned.to_owned()])
        };
        for (text, banned, expected) in [
            (" The Suddenly man", "suddenly", true),
            (" all of a  sudden, he", "of a sudden", true),
            (" a suddenness", "sudden", false),
            (" unsudden", "sudden", false),
            (" was it—sudden!", "sudden", true),
            (" so… well", "…", true),
            (" anything", "", false),
            (" straße", "STRASSE", false),
        ] {
            assert_eq!(says(text, banned), expected, "{text:?} {banned:?}");
        }
    }
}
