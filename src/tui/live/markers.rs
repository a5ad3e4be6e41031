//! The tape's clock, and moments on it that the host marks: a chapters file as podcast tools read it
//! (`HH:MM:SS.mmm title`, one a line), written anew at each marker.

use crate::whole;
use anyhow::{Context, Result};
use std::{fs, path::PathBuf, time::Duration};

/// The most characters of a title.
const TITLE: usize = 80;

/// A clock that runs with the tape: it is told the time and looks at no other clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tape {
    /// What ran before it stood.
    before: Duration,
    /// Since when it runs.
    since: Option<Duration>,
}

impl Tape {
    /// It has run at some time.
    pub fn has_begun(&self) -> bool {
        self.is_running() || self.before > Duration::ZERO
    }

    /// It runs.
    pub fn is_running(&self) -> bool {
        self.since.is_some()
    }

    /// Starts it, or lets it stand, or go on.
    pub fn toggle(&mut self, now: Duration) {
        match self.since.take() {
            Some(since) => self.before += now.saturating_sub(since),
            None => self.since = Some(now),
        }
    }

    /// What it shows.
    pub fn time(&self, now: Duration) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// Hours, minutes and seconds, as a clock on air shows them.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The moments marked so far.
#[derive(Clone, Debug, Default)]
pub struct Markers {
    /// Where they are written; nowhere when nobody knows a place.
    pub file: Option<PathBuf>,
    list: Vec<(Duration, String)>,
}

impl Markers {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Marks a moment, and writes all of them.
    ///
    /// # Errors
    /// The file can't be written; the moment is kept and written with the next one.
    pub fn mark(&mut self, time: Duration, title: &str) -> Result<()> {
        let title: Vec<&str> = title.split_whitespace().collect();
        let title: String = title.join(" ").chars().take(TITLE).collect();
        self.list.push((time, title));
        let Some(file) = &self.file else { return Ok(()) };
        let name = || format!("the markers' file {}", file.display());
        fs::create_dir_all(whole::folder_of(file)).with_context(name)?;
        whole::write(file, self.chapters().as_bytes()).with_context(name)
    }

    /// All of them, as chapters.
    pub fn chapters(&self) -> String {
        self.list
            .iter()
            .map(|(time, title)| format!("{}.{:03} {title}\n", clock(*time), time.subsec_millis()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_and_goes_on() {
        let at = Duration::from_millis;
        let mut tape = Tape::default();
        assert!(!tape.has_begun());
        tape.toggle(at(1000));
        assert_eq!(tape.time(at(62_500)), at(61_500));
        tape.toggle(at(62_500));
        assert_eq!(tape.time(at(99_000)), at(61_500));
        tape.toggle(at(100_000));
        assert_eq!(tape.time(at(100_250)), at(61_750));
        assert_eq!(clock(at(3_723_999)), "01:02:03");
    }

    #[test]
    fn markers_are_chapters() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("new/show.chapters.txt");
        let mut markers = Markers { file: Some(file.clone()), ..Markers::default() };
        markers.mark(Duration::from_millis(1250), "three rules:\n the  boat").expect("written");
        markers.mark(Duration::from_secs(3661), &"x".repeat(300)).expect("written");
        let text = fs::read_to_string(&file).expect("a file");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "00:00:01.250 three rules: the boat");
        assert_eq!(lines[1], format!("01:01:01.000 {}", "x".repeat(80)));
        // What can't be written is kept for the next time.
        markers.file = Some(file.join("under a file"));
        assert!(markers.mark(Duration::from_secs(3662), "z").is_err());
        assert_eq!(markers.len(), 3);
    }
}
