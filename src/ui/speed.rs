//! The decoding speed, as the model's thread measures it.

use std::time::{Duration, Instant};

/// Measures the decoding speed. Prompt processing doesn't count: the clock starts with the first tokens.
#[derive(Default)]
pub struct Clock {
    since: Option<Instant>,
    /// The tokens since the first ones.
    pub tokens: u32,
    told: Duration,
}

impl Clock {
    /// Count the tokens of a step. Returns the speed from time to time, and at the end.
    pub fn count(&mut self, tokens: u32, is_end: bool, now: Instant) -> Option<f32> {
        let Some(since) = self.since else {
            self.since = (tokens > 0).then_some(now);
            return None;
        };
        self.tokens += tokens;
        let passed = now - since;
        if self.tokens == 0 || (!is_end && passed < self.told + PAUSE) {
            return None;
        }
        self.told = passed;
        Some(self.tokens as f32 / passed.as_secs_f32().max(1e-3))
    }
}

/// The minimum time between two reports of the speed, so that it can be read.
const PAUSE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_told_now_and_then_and_at_the_end() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(clock.count(0, false, at(0)), None);
        assert_eq!(clock.count(3, false, at(900)), None);
        assert_eq!(clock.count(3, false, at(1000)), None);
        assert_eq!(clock.count(7, false, at(1400)), Some(20.0));
        assert_eq!(clock.count(5, false, at(1500)), None);
        assert_eq!(clock.count(0, true, at(1900)), Some(15.0));
    }
}
