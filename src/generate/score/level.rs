//! Four levels of how unexpected a token is, by its rank or by its surprise. Those by rank are GLTR's (Gehrmann, Strobelt
//! and Rush 2019, GLTR: statistical detection and visualization of generated text).

use super::Likelihood;

/// The number of levels.
pub const LEVELS: usize = 4;

/// What a level is determined by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The token's rank by probability.
    Rank,
    /// The information in the token, in bits.
    Surprise,
}

/// The ranks that the levels end with.
const RANKS: [u32; LEVELS - 1] = [10, 100, 1000];
/// The bits that the levels end before.
const BITS: [f32; LEVELS - 1] = [3.0, 6.0, 10.0];

impl Measure {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Surprise => "surprise",
        }
    }

    /// The level of a score: 0 is the most expected.
    pub fn level(self, score: Likelihood) -> usize {
        match self {
            Self::Rank => RANKS.iter().filter(|most| score.rank > **most).count(),
            Self::Surprise => BITS.iter().filter(|least| score.bits() >= **least).count(),
        }
    }

    /// What the levels are, in words.
    pub fn labels(self) -> [&'static str; LEVELS] {
        match self {
            Self::Rank => ["top 10", "top 100", "top 1,000", "beyond"],
            Self::Surprise => ["under 3 bits", "under 6", "under 10", "10 or more"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_end_where_their_labels_say() {
        let level = |measure: Measure, rank, bits: f32| {
            let logprob = -bits * std::f32::consts::LN_2;
            measure.level(Likelihood { logprob, rank, entropy: 0.0 })
        };
        let ranks = [1, 10, 11, 100, 101, 1000, 1001];
        assert_eq!(ranks.map(|rank| level(Measure::Rank, rank, 0.0)), [0, 0, 1, 1, 2, 2, 3]);
        let bits = [0.0, 2.9, 3.1, 5.9, 6.1, 9.9, 10.1];
        assert_eq!(bits.map(|bits| level(Measure::Surprise, 1, bits)), [0, 0, 1, 1, 2, 2, 3]);
    }
}
