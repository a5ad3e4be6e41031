//! One continuation: its text so far, its state, and its faults.

use super::{
    Pass,
    quotes::{self, Quotes},
};
use crate::{
    clean::Phrases,
    judge::Fault,
    session::Source,
    token::{BranchId, StopReason, Token},
};
use std::ops::Range;

/// The state of an offer.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Candidates are being drawn; the best one comes here.
    Choosing,
    /// The request was sent; the model is loading or busy.
    Waiting,
    /// The model is reading a prompt of this many tokens.
    Reading(usize),
    /// Tokens are arriving.
    Streaming,
    /// Generation ended.
    Done(StopReason),
    /// The writer stopped it.
    Stopped,
    /// Generation failed, with the reason.
    Failed(String),
    /// It was dropped for a fault, and so were its replacements.
    Dropped(Fault),
}

/// One continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// The request that it answers.
    pub branch: BranchId,
    /// Its number in the history, once the request is recorded there.
    pub source: Option<Source>,
    /// How many bytes of its text are recorded in the history.
    pub kept: usize,
    /// What is recorded of the questions that led to it.
    pub passes: Vec<Pass>,
    /// How many of them are in the history.
    pub noted: usize,
    /// The seed it is sampled with.
    pub seed: u64,
    /// What it starts with: an opening on an empty page, the mark of a list's next item, and so on. The model continues
    /// from it.
    pub opening: String,
    /// Its text so far.
    pub text: String,
    /// How many tokens that text has.
    pub tokens: usize,
    /// The ranges of characters that are copied from the training text.
    pub copied: Vec<Range<usize>>,
    /// How many characters each token has.
    pub lengths: Vec<usize>,
    /// The sum of the log-probabilities of its tokens, and how many have one.
    pub scored: (f32, u32),
    /// The mean log-probability of the text behind the cursor after it, for one in the middle of a draft.
    pub weighed: Option<f32>,
    /// What is wrong with it, once it has ended.
    pub fault: Option<Fault>,
    /// Its state.
    pub state: State,
    /// It stays when the others are rolled again.
    pub pinned: bool,
    /// How many offers were dropped in its place before it.
    pub dropped: u8,
    /// The writer asked to make it longer.
    pub longer: bool,
    /// The model it is from, when two models are compared.
    pub by: Option<String>,
}

impl Offer {
    /// An offer without tokens yet.
    pub fn new(branch: BranchId, seed: u64, opening: &str) -> Self {
        Self {
            branch,
            source: None,
            kept: 0,
            passes: Vec::new(),
            noted: 0,
            seed,
            opening: opening.into(),
            text: opening.into(),
            tokens: 0,
            copied: Vec::new(),
            lengths: Vec::new(),
            scored: (0.0, 0),
            weighed: None,
            fault: None,
            state: State::Waiting,
            pinned: false,
            dropped: 0,
            longer: false,
            by: None,
        }
    }

    /// Its words in lower case, joined by single spaces. Empty while there is only the opening.
    pub fn words(&self) -> String {
        if self.text.trim() == self.opening.trim() {
            return String::new();
        }
        self.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }

    /// Whether it contains one of these words or phrases. `half` is the part of its first word that is already on the
    /// page. While it grows, its last word may become another one.
    pub fn says(&self, half: &str, phrases: &Phrases) -> bool {
        let text = format!("{half}{}", self.text);
        phrases.scan(text.as_bytes(), 0, half.len(), !self.is_live()).whole.is_some()
    }

    /// Adds a token, with its quotes changed to the draft's. `prompt` is the text the offer continues.
    pub fn add(&mut self, token: &Token, quotes: Quotes, prompt: &str) {
        let text = quotes::as_in(quotes, prompt, &self.text, &token.text);
        self.text.push_str(&text);
        self.tokens += 1;
        if let Some(pass) = self.passes.last_mut() {
            pass.draws.extend(token.drawn.iter().cloned());
        }
        if let Some(logprob) = token.logprob {
            self.scored = (self.scored.0 + logprob, self.scored.1 + 1);
        }
        self.lengths.push(text.chars().count());
        if token.copied > 0 {
            let length: usize = self.lengths.iter().rev().take(token.copied).sum();
            let end = self.text.chars().count();
            self.copied.retain(|range| range.start < end - length);
            self.copied.push(end - length..end);
        }
    }

    /// Whether more tokens may arrive.
    pub fn is_live(&self) -> bool {
        matches!(
            self.state,
            State::Choosing | State::Waiting | State::Reading(_) | State::Streaming
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_page_belongs_to_the_first_word() {
        let banned = Phrases::new(["sudden", "of a"]);
        for (half, text, expected) in [
            ("sud", "den rain", true),
            ("", " sudden rain", true),
            ("sudden", " rain", false),
            ("sudden", "ly", false),
            ("", " of  A dream", true),
        ] {
            let offer = Offer { text: text.into(), state: State::Stopped, ..Offer::new(1, 1, "") };
            assert_eq!(offer.says(half, &banned), expected, "{half:?} {text:?}");
        }
    }
}
