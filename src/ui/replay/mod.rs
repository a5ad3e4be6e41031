//! Replay: a film of a draft's history is played at any speed, step by step, and from any moment. The state and its keys
//! are here, and know no terminal; `run` plays in one, and the desk has its own overlay.

mod page;
mod run;

pub use page::{Screen, about};
pub use run::{act, run};

use crate::session::{Film, Player};
use std::{ops::Range, time::Duration};

/// The longest pause that is played.
pub const IDLE: Duration = Duration::from_secs(2);
/// The speeds to choose from.
const SPEEDS: [f32; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// How far a key goes on the time line.
const JUMP: Duration = Duration::from_secs(10);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Play or pause.
    Toggle,
    /// A scene that changes the page, forth or back.
    Step(bool),
    /// Some seconds, forth or back.
    Jump(bool),
    /// To the beginning or the end.
    End(bool),
    /// The next speed, faster or slower.
    Speed(bool),
}

/// The time line of a film, and the moment on it.
pub struct Timeline {
    /// The scenes that are played.
    range: Range<usize>,
    /// When each is, from the beginning.
    times: Vec<Duration>,
    /// The time on the time line.
    now: Duration,
    /// How many times faster than it was.
    pub speed: f32,
    /// Whether it plays.
    pub plays: bool,
}

impl Timeline {
    /// Of these scenes of a film, at its beginning.
    pub fn new(film: &Film, range: Range<usize>, speed: f32) -> Self {
        let times = film.times(range.clone(), IDLE);
        Self { range, times, now: Duration::ZERO, speed, plays: true }
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        self.times.last().copied().unwrap_or_default()
    }

    /// The time on it.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// Goes to a time.
    pub fn go(&mut self, to: Duration) {
        self.now = to.min(self.length());
    }

    /// Whether the last scene was played.
    pub fn is_over(&self) -> bool {
        self.now >= self.length()
    }

    /// How many scenes of the film are behind the moment.
    pub fn scenes(&self) -> usize {
        self.range.start + self.times.partition_point(|time| *time <= self.now)
    }

    /// Time has passed. It stops at the end.
    pub fn advance(&mut self, passed: Duration) {
        if self.plays {
            self.go(self.now + passed.mul_f32(self.speed));
            self.plays = !self.is_over();
        }
    }

    /// The time until the next scene; `None` when nothing plays.
    pub fn wait(&self) -> Option<Duration> {
        let next = self.times.get(self.times.partition_point(|time| *time <= self.now))?;
        self.plays.then(|| (*next - self.now).div_f32(self.speed.max(0.01)))
    }

    /// Does what a key means.
    pub fn act(&mut self, act: Act, film: &Film) {
        match act {
            Act::Toggle if self.is_over() && !self.plays => {
                (self.now, self.plays) = (Duration::ZERO, true);
            }
            Act::Toggle => self.plays = !self.plays,
            Act::Step(forth) => {
                self.plays = false;
                self.step(forth, film);
            }
            Act::Jump(true) => self.go(self.now + JUMP),
            Act::Jump(false) => self.go(self.now.saturating_sub(JUMP)),
            Act::End(true) => self.go(self.length()),
            Act::End(false) => self.now = Duration::ZERO,
            Act::Speed(faster) => {
                let next = match faster {
                    true => SPEEDS.iter().find(|speed| **speed > self.speed),
                    false => SPEEDS.iter().rfind(|speed| **speed < self.speed),
                };
                self.speed = next.copied().unwrap_or(self.speed);
            }
        }
    }

    /// To the next or previous time at which the page changed.
    fn step(&mut self, forth: bool, film: &Film) {
        let changes = |at: &usize| film.scenes[self.range.start + at].changes();
        let found = match forth {
            true => (0..self.times.len()).filter(changes).find(|at| self.times[*at] > self.now),
            false => (0..self.times.len()).filter(changes).rfind(|at| self.times[*at] < self.now),
        };
        self.now =
            found.map_or(if forth { self.length() } else { Duration::ZERO }, |at| self.times[at]);
    }

    /// The page at the moment.
    pub fn show(&self, player: &mut Player) {
        player.seek(self.scenes());
    }

    /// A bar of so many cells: how much was played.
    pub fn bar(&self, cells: usize) -> String {
        let length = self.length().as_secs_f32();
        let part = if length > 0.0 { self.now.as_secs_f32() / length } else { 1.0 };
        let full = ((part * cells as f32).round() as usize).min(cells);
        "━".repeat(full) + &"─".repeat(cells - full)
    }
}
