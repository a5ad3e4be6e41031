//! The recording clock and its markers. The markers are written to a chapters file for podcast tools
//! (`HH:MM:SS.mmm title`, one per line), which is rewritten at each marker.

pub use crate::ui::chapters::{clock, read_clock};
use crate::{
    session::Session,
    ui::chapters::{self, Chapter},
    whole,
};
use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf, time::Duration};

/// Markers with the same title that are set within this time are one.
const TWINS: Duration = Duration::from_secs(1);
/// A prompt that was left sooner has no chapter.
const PASSED: Duration = Duration::from_secs(3);

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

    /// Sets the measured time. Whether it runs stays as it is.
    pub fn set(&mut self, time: Duration, now: Duration) {
        self.before = time;
        self.since = self.since.map(|_| now);
    }

    /// The measured time.
    pub fn time(&self, now: Duration) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }
}

/// A line of the chapters file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    chapter: Chapter,
    /// The prompt that begins here.
    prompt: Option<String>,
    /// The host set it.
    by_host: bool,
}

/// The markers of a show.
#[derive(Clone, Debug)]
pub struct Markers {
    /// The file they are written to, chosen at the first marker.
    file: Option<PathBuf>,
    list: Vec<Marker>,
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

    /// The number of markers that the host set.
    pub fn len(&self) -> usize {
        self.list.iter().filter(|marker| marker.by_host).count()
    }

    /// The file, and what is written there: for a show that is resumed.
    pub fn saved(&self) -> (Option<PathBuf>, Vec<Marker>) {
        (self.file.clone(), self.list.clone())
    }

    /// Continues the file of a show that is resumed.
    pub fn resume(&mut self, file: Option<PathBuf>, list: Vec<Marker>) {
        (self.file, self.list) = (file, list);
    }

    /// Adds a marker that the host sets, and writes the file. It replaces the chapter of a prompt that begins at the
    /// same moment, and a marker with the same title.
    ///
    /// # Errors
    /// The file can't be written. The marker is kept, and written with the next one.
    pub fn mark(&mut self, time: Duration, title: &str) -> Result<()> {
        let chapter = Chapter::new(time, title);
        let is_twin = |last: &&mut Marker| {
            last.chapter.start.abs_diff(time) <= TWINS
                && (!last.by_host || last.chapter.title == chapter.title)
        };
        match self.list.last_mut().filter(is_twin) {
            Some(last) => (last.chapter.title, last.by_host) = (chapter.title, true),
            None => self.list.push(Marker { chapter, prompt: None, by_host: true }),
        }
        self.write()
    }

    /// Adds the chapter of a prompt, and writes the file. The chapter of a prompt that was only passed is removed. A
    /// prompt that continues has no second chapter.
    ///
    /// # Errors
    /// The file can't be written. The chapter is kept, and written with the next one.
    pub fn begin_prompt(&mut self, time: Duration, title: &str) -> Result<()> {
        let chapter = Chapter::new(time, title);
        self.list.pop_if(|last| !last.by_host && time.saturating_sub(last.chapter.start) < PASSED);
        let last = self.list.iter().rev().find_map(|marker| marker.prompt.as_ref());
        if last != Some(&chapter.title) {
            let prompt = Some(chapter.title.clone());
            self.list.push(Marker { chapter, prompt, by_host: false });
        }
        self.write()
    }

    fn write(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let name = || format!("the chapters file {}", file.display());
        fs::create_dir_all(whole::folder_of(file)).with_context(name)?;
        whole::write(file, self.chapters().as_bytes()).with_context(name)
    }

    /// The text of the chapters file.
    pub fn chapters(&self) -> String {
        let all: Vec<Chapter> = self.list.iter().map(|marker| marker.chapter.clone()).collect();
        chapters::lines(&all)
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
        tape.set(at(600_000), at(100_250));
        assert_eq!(tape.time(at(100_750)), at(600_500));
        tape.toggle(at(100_750));
        tape.set(at(5000), at(100_750));
        assert_eq!((tape.time(at(999_000)), tape.is_running()), (at(5000), false));
    }

    #[test]
    fn a_prompt_has_one_chapter_and_twins_are_merged() {
        let mut markers = Markers::new(TimeZone::UTC, None);
        let at = Duration::from_millis;
        markers.begin_prompt(at(0), "one").expect("in memory");
        // Passed on the way to the third.
        markers.begin_prompt(at(60_000), "two").expect("in memory");
        markers.begin_prompt(at(61_000), "three").expect("in memory");
        // The host marks what was just begun, twice.
        markers.mark(at(61_500), "three: the boat").expect("in memory");
        markers.mark(at(61_900), "three: the boat").expect("in memory");
        markers.begin_prompt(at(90_000), "one").expect("in memory");
        markers.begin_prompt(at(95_000), "one").expect("in memory");
        markers.mark(at(120_000), "one").expect("in memory");
        assert_eq!(
            markers.chapters(),
            "00:00:00.000 one\n00:01:01.000 three: the boat\n00:01:30.000 one\n00:02:00.000 one\n"
        );
        assert_eq!(markers.len(), 2);
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
