//! A clock that never goes back within a run, and random numbers for jitter.

use crate::{mentions::Moment, splitmix};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall clock, corrected by a monotonic clock so that it never goes back.
pub struct Clock {
    wall: Box<dyn FnMut() -> Moment>,
    steady: Box<dyn FnMut() -> Moment>,
    last: Moment,
    at: Moment,
}

impl Clock {
    /// The system's clocks, shifted by `ahead` milliseconds; tests use the shift.
    pub fn new(ahead: Moment) -> Self {
        let begun = Instant::now();
        Self::of(
            move || wall() + ahead,
            move || Moment::try_from(begun.elapsed().as_millis()).unwrap_or(Moment::MAX / 4),
        )
    }

    /// From two clocks in milliseconds: `wall` is the time and may jump; `steady` is monotonic.
    pub fn of(
        mut wall: impl FnMut() -> Moment + 'static,
        mut steady: impl FnMut() -> Moment + 'static,
    ) -> Self {
        let (last, at) = (wall(), steady());
        Self { wall: Box::new(wall), steady: Box::new(steady), last, at }
    }

    /// The current time. It advances by at least the time that has passed since the last call.
    pub fn now(&mut self) -> Moment {
        let steady = (self.steady)();
        self.last = (self.last + steady - self.at).max((self.wall)());
        self.at = steady;
        self.last
    }
}

fn wall() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::try_from(since.as_millis()).unwrap_or(0)
}

/// Random numbers for jitter, so that waiting programs don't all come back at once. No secret depends on them.
#[derive(Clone, Debug)]
pub struct Jitter(pub u64);

impl Jitter {
    /// Seeded by the system.
    pub fn seeded() -> Self {
        Self(getrandom::u64().unwrap_or(splitmix::GAMMA))
    }

    /// A number from 0 to `most`.
    pub fn up_to(&mut self, most: Moment) -> Moment {
        let z = splitmix::next(&mut self.0);
        (z % (most.max(0).cast_unsigned() + 1)).cast_signed()
    }

    /// How long to wait after this many failures in a row: exponential backoff with full jitter, 15 minutes at most.
    pub fn backoff(&mut self, failures: u32) -> Moment {
        const BASE: Moment = 2_000;
        const CAP: Moment = 15 * 60_000;
        let limit = (BASE << failures.min(16)).min(CAP);
        self.up_to(limit).max(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let mut jitter = Jitter(7);
        for failures in 0..40 {
            let limit = (2_000_i64 << failures.min(16)).min(900_000);
            for _ in 0..50 {
                let wait = jitter.backoff(failures);
                assert!((1_000..=limit).contains(&wait), "{failures}: {wait}");
            }
        }
    }
}
