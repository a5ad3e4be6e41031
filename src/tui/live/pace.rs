//! Reading pace: how many words may be shown by now. The time that passed is passed in.

use std::time::Duration;

/// The slowest pace, in words a minute.
pub const SLOWEST: u16 = 20;
/// The fastest pace, in words a minute.
pub const FASTEST: u16 = 900;
/// The change by one key press.
const STEP: u16 = 10;
/// Slow motion divides the pace by this.
const SLOW: f64 = 4.0;
/// The most words that a late tick makes up for; more would appear in a burst.
const OWED: f64 = 3.0;

/// How fast text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Words a minute.
    pub words: u16,
    /// Slow motion.
    pub slow: bool,
}

impl Pace {
    /// A pace in words a minute, clamped to the valid range.
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

/// Words that a take may show now: a token bucket, filled at the pace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Credit(f64);

impl Credit {
    /// Adds the words for a time.
    pub fn earn(&mut self, time: Duration, pace: Pace) {
        self.0 = (self.0 + time.as_secs_f64() * pace.rate()).min(OWED);
    }

    /// Takes `words` out, if there are enough.
    pub fn pay(&mut self, words: usize) -> bool {
        // The tolerance is for rounding: the wait returned by `left` must be enough.
        let enough = self.0 + 1e-6 >= words as f64;
        if enough {
            self.0 = (self.0 - words as f64).max(0.0);
        }
        enough
    }

    /// No token is ready: time spent waiting for the model isn't made up for.
    pub fn starve(&mut self) {
        self.0 = self.0.min(1.0);
    }

    /// The time until `words` can be taken out.
    pub fn left(&self, words: usize, pace: Pace) -> Duration {
        Duration::from_secs_f64((words as f64 - self.0).max(0.0) / pace.rate())
    }
}

/// The number of words that start in a token, given the text before it.
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
