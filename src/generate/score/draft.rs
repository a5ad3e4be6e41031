//! Scores of a draft that changes between two questions. What was read for the last one is kept: the scores of all its
//! windows, and the KV caches of the last few that were read. So an edit costs the windows near it, and of the window
//! with the edit only what is behind it.
//!
//! The windows that are missing are read nearest to the cursor first, a few tokens in each step, while no branch is
//! live. At most [`CONTEXT`] tokens of a context are used: an edit in the first window means reading that window again,
//! and a longer one takes longer.

use super::{
    Likelihood,
    paragraph::{Known, Paragraph},
    read::Reading,
    window::{Shape, Window, Windows},
};
use crate::model::Model;
use anyhow::Result;
use std::{collections::HashMap, ops::Range, sync::Arc};

/// The most tokens of a window.
const CONTEXT: usize = 1024;
/// How many tokens are read in one step.
const BLOCK: usize = 32;
/// How many windows keep their KV caches, and how many bytes of caches are kept besides the last one's.
const KEPT: usize = 3;
const KEPT_BYTES: usize = 128 << 20;

/// A draft to be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreDraft {
    /// The whole text.
    pub text: String,
    /// The byte of the text near which scores are wanted first.
    pub at: usize,
}

/// The score of one token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// The token's length in bytes. It may end within a character.
    pub bytes: usize,
    /// How likely it is; `None` for the first token of a text.
    pub score: Option<Likelihood>,
}

/// A part of the text with its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The byte at which it begins.
    pub start: usize,
    /// Its tokens, without gaps.
    pub tokens: Arc<[Mark]>,
}

/// What is known of a draft's scores since the last answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftScores {
    /// The parts that are known now. The first answer has all those that were known before.
    pub parts: Vec<Part>,
    /// How many tokens the text has.
    pub tokens: usize,
    /// How many of them have their scores.
    pub read: usize,
}

impl DraftScores {
    /// Whether the whole text is scored.
    pub fn is_whole(&self) -> bool {
        self.read == self.tokens
    }
}

/// A window of the draft that isn't read yet: its place in the text.
struct Missing {
    window: Window,
    bytes: Range<usize>,
}

/// What is known of the draft, and what is missing.
#[derive(Default)]
pub struct Drafted {
    paragraphs: Known,
    windows: HashMap<Window, Arc<[Mark]>>,
    /// The windows that were read last, with their caches.
    kept: Vec<Reading>,
    /// What was known when the question came, until it is told.
    known: Option<Vec<Part>>,
    missing: Vec<Missing>,
    /// The window that is being read. Its place is that of the last one in `missing`.
    reading: Option<Reading>,
    /// The number of tokens of the text, and of those that have a score.
    tokens: usize,
    read: usize,
}

impl Drafted {
    /// Begins with a text in the place of the last one.
    ///
    /// # Errors
    /// When the tokenizer fails.
    pub fn begin(&mut self, model: &Model, request: &ScoreDraft) -> Result<()> {
        self.stop();
        let ScoreDraft { text, at } = request;
        let tokenizer = &model.tokenizer;
        let shape = Shape::of(model.context.min(CONTEXT), tokenizer.begin().len());
        let mut windows = Windows::new(shape);
        let mut lead = tokenizer.lead(text).len();
        let (mut read, mut parts, mut byte) = (HashMap::new(), Vec::new(), 0);
        (self.tokens, self.read) = (0, 0);
        let mut take = |this: &mut Self, window: Window| {
            let ids = &window.ids[window.from..];
            let length: usize = ids.iter().map(|&id| tokenizer.bytes(id).len()).sum();
            let start = byte;
            byte += length - lead.min(length);
            // a lead that is a token of its own has no place in the text
            lead = 0;
            this.tokens += ids.len();
            if let Some(tokens) = this.windows.get(&window).cloned() {
                this.read += ids.len();
                parts.push(Part { start, tokens: tokens.clone() });
                read.insert(window, tokens);
            } else {
                this.missing.push(Missing { window, bytes: start..byte });
            }
        };
        for (_, paragraph) in self.paragraphs.all(tokenizer, text)? {
            let Paragraph { ids, starts } = &*paragraph;
            windows.push(ids, starts);
            while let Some(window) = windows.next(false) {
                take(self, window);
            }
        }
        while let Some(window) = windows.next(true) {
            take(self, window);
        }
        (self.windows, self.known) = (read, Some(parts));
        // The nearest is read first, so it is last; the text before the cursor counts as nearer.
        self.missing.sort_by_key(|missing| {
            let Range { start, end } = missing.bytes;
            std::cmp::Reverse(match *at {
                at if at < start => start - at,
                at if at >= end => at - end,
                _ => 0,
            })
        });
        Ok(())
    }

    /// Gives up what isn't read yet. What was read stays.
    pub fn stop(&mut self) {
        if let Some(reading) = self.reading.take() {
            self.keep(reading);
        }
        self.missing.clear();
        self.known = None;
    }

    /// Whether something is still to be told.
    pub fn is_pending(&self) -> bool {
        self.known.is_some() || !self.missing.is_empty()
    }

    /// Tells what is known, or reads a block. Returns what is new.
    ///
    /// # Errors
    /// When the model fails.
    pub fn step(&mut self, model: &Model) -> Result<Option<DraftScores>> {
        if let Some(parts) = self.known.take() {
            return Ok(Some(self.told(parts)));
        }
        let Some(missing) = self.missing.last() else { return Ok(None) };
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => self.start(model, &missing.window),
        };
        reading.step(model, BLOCK)?;
        if !reading.is_done() {
            self.reading = Some(reading);
            return Ok(None);
        }
        let Some(Missing { window, bytes }) = self.missing.pop() else { return Ok(None) };
        let lead = if window.from == 0 { self.lead(model, &window, bytes.len()) } else { 0 };
        let tokens = marks(model, &window, lead, &reading.scores);
        self.keep(reading);
        self.read += tokens.len();
        self.windows.insert(window, tokens.clone());
        Ok(Some(self.told(vec![Part { start: bytes.start, tokens }])))
    }

    /// How many bytes of the first window's tokens are no part of the text.
    fn lead(&self, model: &Model, window: &Window, bytes: usize) -> usize {
        let all: usize = window.ids.iter().map(|&id| model.tokenizer.bytes(id).len()).sum();
        all - bytes
    }

    fn told(&self, parts: Vec<Part>) -> DraftScores {
        DraftScores { parts, tokens: self.tokens, read: self.read }
    }

    /// Begins to read a window, from what it has in common with one that was read before.
    fn start(&self, model: &Model, window: &Window) -> Reading {
        let mut reading = Reading::new(model, window);
        let best = self.kept.iter().max_by_key(|other| reading.shares(other));
        if let Some(best) = best.filter(|best| reading.shares(best) > 0) {
            reading.take_from(best);
        }
        reading
    }

    /// Keeps a window's cache. One that has less of the same is redundant.
    fn keep(&mut self, reading: Reading) {
        self.kept.retain(|other| reading.shares(other) < other.read());
        self.kept.insert(0, reading);
        let mut bytes = 0;
        let fits = self.kept.iter().take_while(|other| {
            bytes += other.bytes();
            bytes <= KEPT_BYTES
        });
        let fits = fits.count().clamp(1, KEPT);
        self.kept.truncate(fits);
    }
}

/// A window's tokens with their scores. The first have none if there are fewer scores; `lead` bytes at the start are no
/// part of the text.
fn marks(model: &Model, window: &Window, lead: usize, scores: &[Likelihood]) -> Arc<[Mark]> {
    let ids = &window.ids[window.from..];
    let unscored = ids.len() - scores.len();
    let mut lead = lead;
    ids.iter()
        .enumerate()
        .map(|(i, &id)| {
            let bytes = model.tokenizer.bytes(id).len();
            let led = lead.min(bytes);
            lead -= led;
            let score = i.checked_sub(unscored).map(|i| scores[i]);
            Mark { bytes: bytes - led, score }
        })
        .collect()
}
