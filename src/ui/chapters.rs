//! Chapters: moments of a recording with titles, in the forms that podcast tools and audio editors read.

use crate::clean::for_terminal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// The most characters of a title.
const TITLE: usize = 80;

/// A moment of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// When it begins, from the start of the recording.
    pub start: Duration,
    /// Its title: one line, without control characters.
    pub title: String,
}

impl Chapter {
    /// A chapter with a title made of this text.
    pub fn new(start: Duration, title: &str) -> Self {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let safe = for_terminal(&title);
        let title = safe.chars().filter(|c| !is_symbol(*c)).take(TITLE).collect();
        Self { start, title }
    }
}

/// Whether a character is what a control or an invisible character is shown as.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2400}'..='\u{2421}' | '\u{fffd}')
}

/// A time as `HH:MM:SS`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Reads a time written as `H:MM:SS`, `MM:SS` or seconds, with decimals. `None` if it is anything else, or 100 hours or
/// more.
pub fn read_clock(text: &str) -> Option<Duration> {
    let parts: Vec<f64> =
        text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let is_part = |part: &f64| (0.0..60.0).contains(part);
    let is_time = parts.len() <= 3 && parts[0] >= 0.0 && parts[1..].iter().all(is_part);
    let seconds = parts.iter().fold(0.0, |all, part| all * 60.0 + part);
    (is_time && seconds < 360_000.0).then(|| Duration::from_secs_f64(seconds))
}

/// A time as `HH:MM:SS.mmm`.
pub fn exact(time: Duration) -> String {
    format!("{}.{:03}", clock(time), time.subsec_millis())
}

/// One chapter a line, as `HH:MM:SS.mmm title`.
pub fn lines(chapters: &[Chapter]) -> String {
    chapters.iter().map(|one| format!("{} {}\n", exact(one.start), one.title)).collect()
}

/// JSON chapters of the podcast namespace, version 1.2.
pub fn podcast(title: &str, chapters: &[Chapter]) -> String {
    let seconds = |time: Duration| (time.as_millis() as f64) / 1000.0;
    let of = |one: &Chapter| json!({ "startTime": seconds(one.start), "title": one.title });
    let all: Vec<_> = chapters.iter().map(of).collect();
    format!("{:#}\n", json!({ "version": "1.2.0", "title": title, "chapters": all }))
}

/// A label track of Audacity: start and end in seconds and a title, with tabs between them. Each label ends where the next
/// begins, and the last one at `end`.
pub fn labels(chapters: &[Chapter], end: Duration) -> String {
    let ends = chapters.iter().skip(1).map(|next| next.start).chain([end]);
    let line = |(one, end): (&Chapter, Duration)| {
        let (start, end) = (one.start.as_secs_f64(), end.max(one.start).as_secs_f64());
        format!("{start:.6}\t{end:.6}\t{}\n", one.title)
    };
    chapters.iter().zip(ends).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_have_times_and_safe_titles() {
        let at = Duration::from_millis;
        let chapters = [
            Chapter::new(at(1250), "three rules:\n the  boat"),
            Chapter::new(at(3_661_000), "b\x1b[1m\t"),
        ];
        assert_eq!(lines(&chapters), "00:00:01.250 three rules: the boat\n01:01:01.000 b[1m\n");
        let labels = labels(&chapters, at(3_700_500));
        let expected =
            "1.250000\t3661.000000\tthree rules: the boat\n3661.000000\t3700.500000\tb[1m\n";
        assert_eq!(labels, expected);
        let json: serde_json::Value = serde_json::from_str(&podcast("a show", &chapters)).unwrap();
        assert_eq!(
            (&json["version"], &json["chapters"][0]["startTime"]),
            (&"1.2.0".into(), &1.25.into())
        );
        assert_eq!(clock(at(3_723_999)), "01:02:03");
    }

    #[test]
    fn a_clock_is_read_as_it_is_shown() {
        for (text, seconds) in [
            ("1:02:03", 3723.0),
            ("62:03", 3723.0),
            ("45", 45.0),
            ("90", 90.0),
            ("00:00:07.25", 7.25),
            (" 1 : 00 ", 60.0),
        ] {
            assert_eq!(read_clock(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "1:60", "1:2:3:4", "-1", "a", "1:", "999:00:00", "inf", "nan", "1:nan"] {
            assert_eq!(read_clock(text), None, "{text}");
        }
    }
}
