//! Detects when the writer pauses: for a moment, and for as long as the writer asked offers for. The time is passed in; no
//! clock is read.

use super::Event;
use std::time::{Duration, Instant};

/// How long no key must be pressed.
const PAUSE: Duration = Duration::from_millis(500);

/// The time since the last key.
#[derive(Default)]
pub struct Rest {
    key: Option<Instant>,
    /// The pause was reported.
    told: bool,
    /// After how long offers are asked for; `None` = never.
    stall: Option<Duration>,
}

impl Rest {
    /// After `stall` without a key, [`Event::Stall`] is reported, too.
    pub fn new(stall: Option<Duration>) -> Self {
        Self { stall, ..Self::default() }
    }

    /// A key was pressed.
    pub fn key(&mut self, now: Instant) {
        (self.key, self.told) = (Some(now), false);
    }

    /// How long until the next report; `None` if there is none before the next key.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let wait = if self.told { self.stall? } else { PAUSE };
        self.key.map(|key| wait.saturating_sub(now.saturating_duration_since(key)))
    }

    /// The time is over: what to report.
    pub fn told(&mut self) -> Event {
        if self.told {
            self.key = None;
            return Event::Stall;
        }
        self.told = true;
        Event::Rest
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
        assert!(matches!(rest.told(), Event::Rest));
        assert_eq!(rest.left(at(901)), None);
    }

    #[test]
    fn a_stall_is_reported_only_where_it_is_asked_for() {
        let start = Instant::now();
        let mut rest = Rest::new(Some(Duration::from_secs(30)));
        rest.key(start);
        assert!(matches!(rest.told(), Event::Rest));
        assert_eq!(rest.left(start + Duration::from_secs(10)), Some(Duration::from_secs(20)));
        assert!(matches!(rest.told(), Event::Stall));
        assert_eq!(rest.left(start + Duration::from_secs(60)), None);
    }
}
