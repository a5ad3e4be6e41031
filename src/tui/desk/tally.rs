//! Words that were written: in this session, on each day over all drafts, and in a timed session. The days are kept in a
//! file of the state folder, which may be deleted at any time.

use super::Desk;
use crate::{
    session::{Revision, Session},
    tui::{Goals, text::count},
    whole,
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// After this many words the day's number is written to the file.
const BLOCK: i64 = 25;

/// What was written.
pub struct Tally {
    /// The goals.
    pub goals: Goals,
    file: Option<PathBuf>,
    /// The words of each day, without those that are not in the file yet.
    days: BTreeMap<Date, i64>,
    /// Words of a day that are not in the file yet.
    new: (Option<Date>, i64),
    /// The draft as it was counted last: its text, and its words.
    counted: Option<(Revision, usize)>,
    timer: Option<Timer>,
}

/// A timed session.
struct Timer {
    from: SystemTime,
    /// Words that were written since.
    words: i64,
}

impl Tally {
    /// Reads the days from the state folder. Without one, or if the file can't be read, there are none.
    pub fn load(state: Option<&Path>, goals: Goals) -> Self {
        let file = state.map(|state| state.join("words.json"));
        let days = file.as_deref().map(read).unwrap_or_default();
        Self { goals, file, days, new: (None, 0), counted: None, timer: None }
    }

    /// Another draft is on the page: what differs from the last one was not written now.
    pub fn forget_draft(&mut self) {
        self.counted = None;
    }

    /// The words of a day.
    pub fn on(&self, day: Date) -> usize {
        let new = if self.new.0 == Some(day) { self.new.1 } else { 0 };
        let words = self.days.get(&day).copied().unwrap_or(0) + new;
        usize::try_from(words).unwrap_or(0)
    }

    /// The seven days up to this one, with their words.
    pub fn week(&self, today: Date) -> Vec<(Date, usize)> {
        let days = (0..7).rev().filter_map(|back: i64| today.checked_sub(back.days()).ok());
        days.map(|day| (day, self.on(day))).collect()
    }

    /// The day with the most words.
    pub fn best(&self, today: Date) -> Option<(Date, usize)> {
        let days = self.days.keys().copied().chain([today]).map(|day| (day, self.on(day)));
        days.filter(|(_, words)| *words > 0).max_by_key(|(_, words)| *words)
    }

    /// On how many days in a row there were words, or enough of them. Today counts once it has enough.
    pub fn streak(&self, today: Date) -> usize {
        let is_enough = |day: Date| self.on(day) >= self.goals.day.max(1);
        let from = usize::from(!is_enough(today));
        let days =
            (from..).map_while(|back| today.checked_sub(i64::try_from(back).ok()?.days()).ok());
        days.take_while(|day| is_enough(*day)).count()
    }

    fn add(&mut self, day: Date, words: i64) {
        if self.new.0 != Some(day) {
            self.write();
            self.new.0 = Some(day);
        }
        self.new.1 += words;
        if let Some(timer) = &mut self.timer {
            timer.words += words;
        }
        if self.new.1.abs() >= BLOCK {
            self.write();
        }
    }

    /// Adds what is new to the file. Other desks may have added to it meanwhile.
    pub fn write(&mut self) {
        let (Some(day), words) = self.new else { return };
        if words == 0 {
            return;
        }
        if let Some(file) = &self.file {
            self.days = read(file);
        }
        *self.days.entry(day).or_default() += words;
        self.new = (Some(day), 0);
        let Some(file) = &self.file else { return };
        let named: BTreeMap<_, _> = self.days.iter().map(|(day, n)| (day.to_string(), n)).collect();
        let written = serde_json::to_vec(&named).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|text| whole::write_private(file, &text)) {
            tracing::warn!(%error, "the words of the day can't be written");
        }
    }
}

/// The days of a file; none if it can't be read.
fn read(file: &Path) -> BTreeMap<Date, i64> {
    let text = whole::read_text(file).ok();
    let named: Option<BTreeMap<String, i64>> =
        text.and_then(|text| serde_json::from_str(&text).ok());
    let days = named.unwrap_or_default().into_iter();
    days.filter_map(|(day, words)| Some((day.parse().ok()?, words))).collect()
}

/// The date of a moment.
pub fn date(time: SystemTime, zone: &TimeZone) -> Date {
    let time = Timestamp::try_from(time).unwrap_or_default();
    time.to_zoned(zone.clone()).date()
}

impl Desk {
    /// Today's date.
    pub fn today(&self) -> Date {
        date(self.session.now(), &self.world.environment.zone)
    }

    /// Counts what was written since the last call. A jump to another branch writes nothing.
    pub fn count_words(&mut self) {
        let now = (self.session.revision(), self.session.shares().all_words());
        let Some(before) = self.world.tally.counted.replace(now) else { return };
        let written = now.1 as i64 - before.1 as i64;
        if written == 0 || !is_step(&self.session, before.0, now.0) {
            return;
        }
        let today = self.today();
        let (day, had) = (self.world.tally.goals.day, self.world.tally.on(today));
        self.world.tally.add(today, written);
        if day > 0 && had < day && self.world.tally.on(today) >= day {
            self.notices.say(format!("Goal reached: {} today.", count(day, "word")));
        }
    }

    /// Starts a timed session, or ends the one that runs.
    pub fn toggle_timer(&mut self) {
        if self.world.tally.timer.is_some() {
            return self.end_timer();
        }
        self.world.tally.timer = Some(Timer { from: self.session.now(), words: 0 });
        self.notices.say(format!(
            "The timer runs for {}.",
            count(self.world.tally.goals.minutes as usize, "minute")
        ));
    }

    fn end_timer(&mut self) {
        let Some(timer) = self.world.tally.timer.take() else { return };
        let passed = self.session.now().duration_since(timer.from).unwrap_or_default();
        let minutes = count((passed.as_secs() / 60) as usize, "minute");
        let words = count(usize::try_from(timer.words).unwrap_or(0), "word");
        self.notices.say(format!("Time: {minutes}, {words}."));
    }

    /// How long the timed session goes on; `None` if there is none.
    fn timer_left(&self) -> Option<Duration> {
        let timer = self.world.tally.timer.as_ref()?;
        let passed = self.session.now().duration_since(timer.from).unwrap_or_default();
        let all = Duration::from_secs(u64::from(self.world.tally.goals.minutes) * 60);
        Some(all.saturating_sub(passed))
    }

    /// How long until the timed session has to be looked at again: until its next full minute.
    pub fn timer_wait(&self) -> Option<Duration> {
        let left = self.timer_left()?;
        // A little later, so that the minute has passed.
        Some(Duration::from_millis(left.as_millis() as u64 % 60_000 + 10))
    }

    /// Ends the timed session when its time is over.
    pub fn look_at_timer(&mut self) {
        if self.timer_left().is_some_and(|left| left.is_zero()) {
            self.end_timer();
        }
    }

    /// The goals that are set and the timed session, for the status line.
    pub fn progress(&self) -> Vec<String> {
        let goals = &self.world.tally.goals;
        let mut parts = Vec::new();
        if goals.day > 0 {
            let words = self.world.tally.on(self.today());
            parts.push(format!("today {words} of {} {}", goals.day, bar(words, goals.day)));
        }
        if goals.session > 0 {
            let before = self.world.opened.shares.all_words();
            let words = self.session.shares().all_words().saturating_sub(before);
            parts.push(format!(
                "session {words} of {} {}",
                goals.session,
                bar(words, goals.session)
            ));
        }
        if goals.streak {
            parts.push(format!("{} in a row", count(self.world.tally.streak(self.today()), "day")));
        }
        if let Some(left) = self.timer_left() {
            parts.push(format!("{} min left", left.as_secs().div_ceil(60)));
        }
        parts
    }

    /// The words of the draft: those of the selection, and the draft's goal, if there are such.
    pub fn words(&self) -> String {
        let all = self.session.shares().all_words();
        if let Some(range) = self.session.selection() {
            let is_all = range.len() == self.session.text().len_chars();
            let selected = match is_all {
                true => Some(all),
                false => (range.len() <= SELECTED)
                    .then(|| crate::session::words(&self.session.text().slice(range).to_string())),
            };
            if let Some(selected) = selected {
                let selected = match self.world.tally.goals.selection {
                    0 => format!("{selected} of"),
                    goal => format!("{selected} of {goal} {} selected of", bar(selected, goal)),
                };
                return format!("{selected} {}", count(all, "word"));
            }
        }
        match self.session.notes().goal {
            0 => count(all, "word"),
            goal => format!("{all} of {} {}", count(goal, "word"), bar(all, goal)),
        }
    }
}

/// The longest selection whose words are counted, in characters.
const SELECTED: usize = 100_000;

/// Whether one text comes from the other by one step of the history, or by typing on.
fn is_step(session: &Session, one: Revision, other: Revision) -> bool {
    one == other || session.parent(one) == Some(other) || session.parent(other) == Some(one)
}

/// The cells of a bar.
const BAR: usize = 8;

/// A bar that is as full as a goal is reached.
fn bar(part: usize, all: usize) -> String {
    let full = (part * BAR).checked_div(all).unwrap_or(0).min(BAR);
    format!("{}{}", "▓".repeat(full), "░".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn tally(state: &Path) -> Tally {
        Tally::load(Some(state), Goals { day: 100, ..Goals::default() })
    }

    #[test]
    fn days_are_kept_and_added_up_over_desks() {
        let state = tempfile::tempdir().expect("a folder");
        let (yesterday, today) = (date(2026, 3, 1), date(2026, 3, 2));
        let (mut one, mut other) = (tally(state.path()), tally(state.path()));
        one.add(yesterday, 120);
        one.add(today, 20);
        other.add(today, 30);
        one.add(today, -5);
        one.write();
        assert_eq!(one.on(today), 45);
        let again = tally(state.path());
        assert_eq!((again.on(yesterday), again.on(today)), (120, 45));
        assert_eq!(again.best(today), Some((yesterday, 120)));
        // Today hasn't reached the goal yet, and breaks no row.
        assert_eq!(again.streak(today), 1);
        let week = again.week(today);
        assert_eq!((week.len(), week[6], week[5]), (7, (today, 45), (yesterday, 120)));
        // What can't be read is as if it were not there.
        std::fs::write(state.path().join("words.json"), "torn").expect("written");
        assert_eq!(tally(state.path()).on(today), 0);
    }

    #[test]
    fn a_row_of_days_ends_where_one_is_missing() {
        let mut tally = Tally::load(None, Goals::default());
        for day in [1, 2, 4, 5, 6] {
            tally.add(date(2026, 3, day), 1);
        }
        assert_eq!(tally.streak(date(2026, 3, 6)), 3);
        assert_eq!(tally.streak(date(2026, 3, 7)), 3);
        assert_eq!(tally.streak(date(2026, 3, 8)), 0);
        // More was deleted than written.
        tally.add(date(2026, 3, 9), -7);
        assert_eq!(tally.on(date(2026, 3, 9)), 0);
    }

    #[test]
    fn a_bar_is_full_at_the_goal() {
        assert_eq!([bar(0, 8), bar(4, 8), bar(9, 8)], ["░░░░░░░░", "▓▓▓▓░░░░", "▓▓▓▓▓▓▓▓"]);
    }
}
