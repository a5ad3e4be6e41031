//! Whether text is shown by itself, and how fast; the show's clock.

use super::{Clock, markers::Tape, pace::Pace};
use std::time::{Duration, SystemTime};

/// How the show plays.
pub struct Play {
    /// Text is shown by itself.
    pub going: bool,
    /// The screen is blank.
    pub blank: bool,
    /// How fast text is shown.
    pub pace: Pace,
    /// The pace of prompts that have none of their own, in words a minute.
    pub usual: u16,
    /// The length of takes for which the rundown says none, in tokens.
    pub tokens: usize,
}

impl Play {
    /// Frozen, at a pace of `words` a minute, with takes of `tokens`.
    pub fn new(words: u16, tokens: usize) -> Self {
        Self {
            going: false,
            blank: false,
            pace: Pace::new(words),
            usual: words,
            tokens: tokens.max(1),
        }
    }

    /// Sets the pace to `words` a minute. Slow motion stays as it is.
    pub fn set_pace(&mut self, words: u16) {
        self.pace = Pace { slow: self.pace.slow, ..Pace::new(words) };
    }

    /// Blanks the screen, or shows it again. Either way the text is frozen.
    pub fn toggle_blank(&mut self) {
        (self.blank, self.going) = (!self.blank, false);
    }
}

/// The show's clock and the recording clock.
pub struct Time {
    clock: Clock,
    /// The time at the last event.
    now: Duration,
    /// The recording clock.
    tape: Tape,
}

impl Time {
    /// Starts now. The recording clock is at zero.
    pub fn new(clock: Clock) -> Self {
        Self { now: clock(), clock, tape: Tape::default() }
    }

    /// Reads the clock. Returns the time since it was last read.
    pub fn advance(&mut self) -> Duration {
        let now = (self.clock)();
        let passed = now.saturating_sub(self.now);
        self.now = now;
        passed
    }

    /// Starts, pauses or resumes the recording clock. Returns whether it runs now.
    pub fn toggle_tape(&mut self) -> bool {
        self.tape.toggle(self.now);
        self.tape.is_running()
    }

    /// The recording clock was started.
    pub fn has_tape(&self) -> bool {
        self.tape.has_begun()
    }

    /// The recording clock runs.
    pub fn tape_runs(&self) -> bool {
        self.tape.is_running()
    }

    /// Sets the recording clock.
    pub fn set_tape(&mut self, time: Duration) {
        self.tape.set(time, self.now);
    }

    /// The time at the last event.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The recording clock for a show that is saved at `wall`: what it measured, and since when it runs. Rounded to
    /// milliseconds.
    pub fn saved_tape(&self, wall: SystemTime) -> (Duration, Option<SystemTime>) {
        let millis = Duration::from_millis(self.on_tape().as_millis() as u64);
        (millis, self.tape_runs().then_some(wall))
    }

    /// Sets the recording clock of a show that is resumed.
    pub fn resume_tape(&mut self, time: Duration, runs: bool) {
        self.tape = Tape::default();
        self.tape.set(time, self.now);
        if runs {
            self.tape.toggle(self.now);
        }
    }

    /// The time on the recording clock.
    pub fn on_tape(&self) -> Duration {
        self.tape.time(self.now)
    }
}
