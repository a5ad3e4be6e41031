//! The time, never going backward within a run however the machine's clock is set; and chance, for jitter.

use crate::mentions::Moment;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The wall's clock, held up by the one that only goes forward.
pub struct Clock {
    wall: Box<dyn FnMut() -> Moment>,
    steady: Box<dyn FnMut() -> Moment>,
    last: Moment,
    at: Moment,
}

impl Clock {
    /// The machine's clocks, `ahead` milliseconds ahead of the wall's; tests use that.
    pub fn new(ahead: Moment) -> Self {
        let begun = Instant::now();
        Self::of(
            move || wall() + ahead,
            move || Moment::try_from(begun.elapsed().as_millis()).unwrap_or(Moment::MAX / 4),
        )
    }

    /// `wall` says what time it is, and may jump; `steady` counts milliseconds and doesn't.
    pub fn of(
        mut wall: impl FnMut() -> Moment + 'static,
        mut steady: impl FnMut() -> Moment + 'static,
    ) -> Self {
        let (last, at) = (wall(), steady());
        Self { wall: Box::new(wall), steady: Box::new(steady), last, at }
    }

    /// Now. At least as much later than the last time as has passed meanwhile.
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

/// A generator for jitter, which nothing secret depends on (splitmix64, after Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// From the machine's own randomness.
    pub fn any() -> Self {
        Self(getrandom::u64().unwrap_or(0x9e37_79b9))
    }

    /// A number from 0 to `most`.
    pub fn up_to(&mut self, most: Moment) -> Moment {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z % (most.max(0).cast_unsigned() + 1)).cast_signed()
    }

    /// How long to wait after so many failures in a row: anything up to a limit that doubles (full jitter).
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
        let mut chance = Chance(7);
        for failures in 0..40 {
            let limit = (2_000_i64 << failures.min(16)).min(900_000);
            for _ in 0..50 {
                let wait = chance.backoff(failures);
                assert!((1_000..=limit).contains(&wait), "{failures}: {wait}");
            }
        }
    }
}
