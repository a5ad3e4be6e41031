//! The recording clock and its markers. The markers are written to a chapters file for podcast tools
//! (`HH:MM:SS.mmm title`, one per line), which is rewritten at each marker.

use crate::{clean::for_terminal, session::Session, whole};
use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};
use std::{fs, path::PathBuf, time::Duration};

/// The most characters of a title.
const TITLE: usize = 80;

/// The recording clock: a stopwatch. The time is passed in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tape {
    /// The time measured before the last pause.
    before: Duration,
    /// When it was started or resumed; `None` while it is paused.
    since: Option<Duration>,
}

impl Tape {
    /// It was started.
    pub fn has_begun(&self) -> bool {
        self.is_running() || self.before > Duration::ZERO
    }

    /// It runs.
    pub fn is_running(&self) -> bool {
        self.since.is_some()
    }

    /// Starts, pauses or resumes it.
    pub fn toggle(&mut self, now: Duration) {
        match self.since.take() {
            Some(since) => self.before += now.saturating_sub(since),
            None => self.since = Some(now),
        }
    }

    /// The measured time.
    pub fn time(&self, now: Duration) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// A time as `HH:MM:SS`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Whether a character is what a control or an invisible character is shown as.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2400}'..='\u{2421}' | '\u{fffd}')
}

/// The markers of a show.
#[derive(Clone, Debug)]
pub struct Markers {
    /// The file they are written to, chosen at the first marker.
    file: Option<PathBuf>,
    list: Vec<(Duration, String)>,
    /// The time zone of the date in the file's name.
    zone: TimeZone,
    /// The program's state folder, for a draft without a file.
    state: Option<PathBuf>,
}

impl Markers {
    /// No markers yet. `state` is the program's state folder.
    pub fn new(zone: TimeZone, state: Option<PathBuf>) -> Self {
        Self { file: None, list: Vec::new(), zone, state }
    }

    /// Chooses the file of this show, if that isn't done yet: beside the draft, or in the state folder.
    pub fn choose_file(&mut self, session: &Session) {
        if self.file.is_none() {
            self.file = self.new_file(session);
        }
    }

    fn new_file(&self, session: &Session) -> Option<PathBuf> {
        let now = Timestamp::try_from(session.now()).ok()?.to_zoned(self.zone.clone());
        let now = now.strftime("%Y-%m-%d-%H%M%S");
        let (folder, begin) = match session.path() {
            Some(path) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                (std::path::absolute(path).ok()?.parent()?.to_owned(), format!("{stem}-{now}"))
            }
            None => (self.state.as_ref()?.join("shows"), now.to_string()),
        };
        // Two shows may begin in the same second.
        let names = std::iter::once(format!("{begin}.chapters.txt"))
            .chain((2..).map(|number| format!("{begin}-{number}.chapters.txt")));
        names.map(|name| folder.join(name)).find(|path| path.symlink_metadata().is_err())
    }

    /// There is a file they are written to.
    pub fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The number of markers.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Adds a marker and writes the file.
    ///
    /// # Errors
    /// The file can't be written. The marker is kept, and written with the next one.
    pub fn mark(&mut self, time: Duration, title: &str) -> Result<()> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let safe = for_terminal(&title);
        let title = safe.chars().filter(|c| !is_symbol(*c)).take(TITLE).collect();
        self.list.push((time, title));
        let Some(file) = &self.file else { return Ok(()) };
        let name = || format!("the chapters file {}", file.display());
        fs::create_dir_all(whole::folder_of(file)).with_context(name)?;
        whole::write(file, self.chapters().as_bytes()).with_context(name)
    }

    /// The text of the chapters file.
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
    fn the_clock_pauses_and_resumes() {
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
        let mut markers = Markers::new(TimeZone::UTC, None);
        markers.file = Some(file.clone());
        markers.mark(Duration::from_millis(1250), "three rules:\n the  boat").expect("written");
        markers.mark(Duration::from_secs(3661), &"x".repeat(300)).expect("written");
        markers.mark(Duration::from_secs(3662), "red\x1b[31m \u{202e}box\u{7}\0").expect("written");
        let text = fs::read_to_string(&file).expect("a file");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "00:00:01.250 three rules: the boat");
        assert_eq!(lines[1], format!("01:01:01.000 {}", "x".repeat(80)));
        assert_eq!(lines[2], "01:01:02.000 red[31m box");
        // A marker that can't be written is kept.
        markers.file = Some(file.join("under a file"));
        assert!(markers.mark(Duration::from_secs(3662), "z").is_err());
        assert_eq!(markers.len(), 4);
    }
}
