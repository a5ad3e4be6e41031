//! The scores of all text by one hand: totals and a histogram.

use crate::{
    generate::{LEVELS, Likelihood, Measure},
    session::Author,
};

/// How many bins a histogram has.
pub const BINS: usize = 8;
/// The highest rank in each bin but the last, and the bits that each but the last ends before.
const RANKS: [u32; BINS - 1] = [1, 3, 10, 30, 100, 300, 1000];
const BITS: [f32; BINS - 1] = [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0];

/// The scores of all text by one hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hand {
    /// Its words, as far as they are scored.
    pub words: usize,
    /// The information in its tokens, in bits.
    pub bits: f64,
    /// How many of its tokens have each level.
    pub levels: [usize; LEVELS],
    /// A histogram of them.
    pub bins: [usize; BINS],
}

impl Hand {
    /// The hands, in their order.
    pub const NAMES: [&str; 3] = ["you", "machine", "others"];

    /// The number of an author's hand.
    pub fn of(author: Author) -> usize {
        match author {
            Author::Writer | Author::Edited => 0,
            Author::Machine => 1,
            Author::Pasted | Author::Unknown => 2,
        }
    }

    /// Its number of tokens.
    pub fn tokens(&self) -> usize {
        self.levels.iter().sum()
    }

    pub fn add(&mut self, measure: Measure, score: Likelihood) {
        self.bits += f64::from(score.bits());
        self.levels[measure.level(score)] += 1;
        let bin = match measure {
            Measure::Rank => RANKS.iter().filter(|most| score.rank > **most).count(),
            Measure::Surprise => BITS.iter().filter(|least| score.bits() >= **least).count(),
        };
        self.bins[bin] += 1;
    }
}
