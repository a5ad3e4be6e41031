//! Detects when the writer pauses. The time is passed in; no clock is read.

use std::time::{Duration, Instant};

/// How long no key must be pressed.
const PAUSE: Duration = Duration::from_millis(500);

/// The time since the last key.
#[derive(Default)]
pub struct Rest {
    key: Option<Instant>,
}

impl Rest {
    /// A key was pressed.
    pub fn key(&mut self, now: Instant) {
        self.key = Some(now);
    }

    /// How long until the pause begins; `None` if it was reported already.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.key.map(|key| PAUSE.saturating_sub(now.saturating_duration_since(key)))
    }

    /// The pause was reported. There is no other one until the next key.
    pub fn told(&mut self) {
        self.key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_half_a_second_after_the_last_key_and_once() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut rest = Rest::default();
        assert_eq!(rest.left(at(9000)), None);
        rest.key(at(0));
        rest.key(at(300));
        assert_eq!(rest.left(at(400)), Some(Duration::from_millis(400)));
        assert_eq!(rest.left(at(900)), Some(Duration::ZERO));
        rest.told();
        assert_eq!(rest.left(at(901)), None);
    }
}
