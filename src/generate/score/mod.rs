//! Scores of a given text: how likely a model finds each of its tokens.
//!
//! A text is cut into paragraphs, which are tokenized one by one (`paragraph.rs`), and its tokens into windows that
//! overlap (`window.rs`). A window is read in short steps (`read.rs`). `stream.rs` scores a text of any length from its
//! start to its end, and `draft.rs` one that changes between two questions, of which only what changed is read again.
//! Both use the same windows, so both give the same scores for the same text and the same context.

mod draft;
mod level;
mod paragraph;
mod read;
mod stream;
mod window;

pub use draft::{DraftScores, Mark, Part, ScoreDraft};
pub use level::{LEVELS, Measure};

pub(super) use draft::Drafted;
pub(super) use stream::stream;

use serde::Serialize;

/// How likely the model found a token at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likelihood {
    /// The natural logarithm of its probability.
    pub logprob: f32,
    /// Its rank by probability, from 1.
    pub rank: u32,
    /// The entropy of the model's distribution at its place, in nats.
    pub entropy: f32,
}

impl Likelihood {
    /// Its surprise: the information in the token, in bits.
    pub fn bits(self) -> f32 {
        -self.logprob / std::f32::consts::LN_2
    }
}

/// A token of a given text, and how likely the model found it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scored {
    /// Its id in the vocabulary.
    pub id: u32,
    /// Its text, with `\u{fffd}` for an incomplete character.
    pub text: String,
    /// Its bytes.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// The natural logarithm of its probability; `None` for the first, which has no token before it.
    pub logprob: Option<f32>,
    /// Its rank by probability, from 1.
    pub rank: Option<u32>,
    /// The entropy of the model's distribution at its place, in nats.
    pub entropy: Option<f32>,
}

/// The perplexity: e to the mean negative log-probability. `None` if nothing was scored.
pub fn perplexity(scored: &[Scored]) -> Option<f64> {
    let mut totals = Totals::default();
    scored.iter().for_each(|token| totals.add(token));
    totals.perplexity()
}

/// Sums over the tokens of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// All tokens.
    pub tokens: usize,
    /// Those with a score.
    pub scored: usize,
    /// The sum of their log-probabilities, in nats.
    pub logprob: f64,
}

impl Totals {
    /// Count a token.
    pub fn add(&mut self, token: &Scored) {
        self.tokens += 1;
        self.scored += usize::from(token.logprob.is_some());
        self.logprob += token.logprob.map_or(0.0, f64::from);
    }

    /// The perplexity; `None` if nothing was scored.
    pub fn perplexity(&self) -> Option<f64> {
        (self.scored > 0).then(|| (-self.logprob / self.scored as f64).exp())
    }

    /// The information in the scored tokens, in bits; `None` if nothing was scored.
    pub fn bits(&self) -> Option<f64> {
        (self.scored > 0).then(|| -self.logprob / std::f64::consts::LN_2)
    }
}
