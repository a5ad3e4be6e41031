//! Reading pace: how many words may be shown by now. It is told how much time passed and looks at no clock.

use std::time::Duration;

/// The slowest and the fastest pace, in words a minute, and the step between two.
pub const SLOWEST: u16 = 20;
/// The fastest.
pub const FASTEST: u16 = 900;
/// How much one key changes it.
const STEP: u16 = 10;
/// Slow motion is so many times slower.
const SLOW: f64 = 4.0;
/// So many words may be owed when time passed unseen; more than that would come in a gush.
const OWED: f64 = 3.0;

/// How fast text comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Words a minute.
    pub words: u16,
    /// Slow motion.
    pub slow: bool,
}

impl Pace {
    /// A pace of so many words a minute.
    pub fn new(words: u16) -> Self {
        Self { words: words.clamp(SLOWEST, FASTEST), slow: false }
    }

    /// One step faster or slower.
    pub fn change(&mut self, faster: bool) {
        let words = if faster { self.words + STEP } else { self.words.saturating_sub(STEP) };
        self.words = words.clamp(SLOWEST, FASTEST);
    }

    /// Words a second.
    fn rate(self) -> f64 {
        f64::from(self.words) / 60.0 / if self.slow { SLOW } else { 1.0 }
    }
}

/// What a take may still show of the time that has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Credit(f64);

impl Credit {
    /// Time has passed.
    pub fn earn(&mut self, time: Duration, pace: Pace) {
        self.0 = (self.0 + time.as_secs_f64() * pace.rate()).min(OWED);
    }

    /// Pays for so many words, if it can.
    pub fn pay(&mut self, words: usize) -> bool {
        // A hair's breadth is forgiven: what was waited for must be enough.
        let enough = self.0 + 1e-6 >= words as f64;
        if enough {
            self.0 = (self.0 - words as f64).max(0.0);
        }
        enough
    }

    /// Nothing is there to be shown: what would be owed for waiting is let go.
    pub fn starve(&mut self) {
        self.0 = self.0.min(1.0);
    }

    /// How long until it can pay for so many words.
    pub fn left(&self, words: usize, pace: Pace) -> Duration {
        Duration::from_secs_f64((words as f64 - self.0).max(0.0) / pace.rate())
    }
}

/// How many words begin in a token, given what stands before it.
pub fn words(before: &str, token: &str) -> usize {
    let mut gap = before.chars().next_back().is_none_or(char::is_whitespace);
    let mut words = 0;
    for c in token.chars() {
        if c.is_whitespace() {
            gap = true;
        } else if gap {
            words += 1;
            gap = false;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_where_they_begin() {
        for (before, token, count) in [
            ("boat.", " The", 1),
            ("boat. The", " lamps", 1),
            ("la", "mps", 0),
            ("lamps", ",", 0),
            ("", "The", 1),
            ("boat.\n\n", "The", 1),
            ("boat", " \n", 0),
            ("a", " b c", 2),
        ] {
            assert_eq!(words(before, token), count, "{before:?} {token:?}");
        }
    }

    #[test]
    fn late_looks_are_made_up_for_and_long_sleeps_are_not() {
        let pace = Pace::new(60);
        let mut credit = Credit::default();
        credit.earn(Duration::from_millis(2500), pace);
        assert!(credit.pay(1) && credit.pay(1) && !credit.pay(1));
        assert_eq!(credit.left(1, pace), Duration::from_millis(500));
        credit.earn(Duration::from_secs(60), pace);
        assert!((0..3).all(|_| credit.pay(1)) && !credit.pay(1));
    }
}
