//! The list of bleeped entries and exceptions, read from lines.

use super::letters::{Kind, Letter, Sign, units};
use crate::whole;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, path::Path};
use strum::EnumString;

/// The built-in list.
const STANDARD: &str = include_str!("words.txt");
/// The maximum number of entries that a line with alternatives may expand to.
const MAX_ALTERNATIVES: usize = 4096;

/// How bad a word of the built-in list is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Swear words that many people use.
    Mild,
    /// Obscene words and insults.
    #[default]
    Strong,
    /// Words against groups of people.
    Slur,
    /// Threats, calls to violence, and insults of several words.
    Threat,
}

/// A word or a phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its letters.
    pub letters: Vec<Letter>,
    /// The indices of the letters that begin another word of the phrase.
    pub breaks: Vec<usize>,
    /// Whether other letters of the same word may precede it.
    pub open_start: bool,
    /// Whether other letters of the same word may follow it.
    pub open_end: bool,
}

/// The bleeped entries, and the exceptions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bleeps {
    pub(super) entries: Vec<Entry>,
    pub(super) spared: Vec<Entry>,
    /// The words that were added last, each with the number of entries before it.
    late: Vec<(String, usize)>,
}

impl Bleeps {
    /// The built-in list for text that is shown while it is generated: strong words and slurs.
    pub fn standard() -> Self {
        Self::of(Severity::Strong..=Severity::Slur)
    }

    /// The words of the built-in list that are at least this bad, and its exceptions.
    pub fn from_severity(from: Severity) -> Self {
        Self::of(from..=Severity::Threat)
    }

    fn of(wanted: RangeInclusive<Severity>) -> Self {
        let mut bleeps = Self::default();
        let mut severity = Severity::default();
        for line in STANDARD.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                severity = name.parse().unwrap_or_default();
            } else if wanted.contains(&severity) || line.starts_with('!') {
                // A test checks that every line is valid.
                let _ = bleeps.add(line);
            }
        }
        bleeps
    }

    /// Adds a file of lines.
    ///
    /// # Errors
    /// When the file can't be read or isn't UTF-8, or a line is not a valid entry. The error names the file and the
    /// line.
    pub fn read(&mut self, path: &Path) -> Result<()> {
        let name = path.display();
        let bytes = whole::read(path).with_context(|| format!("the bleep list {name}"))?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(wrong) => {
                let line = 1 + bytes[..wrong.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                bail!("the bleep list {name}: line {line} isn't UTF-8; save it as UTF-8")
            }
        };
        for (number, line) in text.lines().enumerate() {
            self.add(line)
                .with_context(|| format!("the bleep list {name}: line {}", number + 1))?;
        }
        Ok(())
    }

    /// Adds a line: `word`, `word*`, `*word*`, a phrase, `!word` for an exception, `#` for a comment. `{a, b} c` is both
    /// `a c` and `b c`; one of the alternatives may be empty. After an error nothing of the line is added.
    ///
    /// # Errors
    /// When an entry has fewer than two letters, or a `*` within the word, or when braces are not closed.
    pub fn add(&mut self, line: &str) -> Result<()> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let mut added = Self::default();
        for one in expand(line)? {
            added.add_one(one.trim())?;
        }
        for (list, new) in [(&mut self.entries, added.entries), (&mut self.spared, added.spared)] {
            for entry in new {
                if !list.contains(&entry) {
                    list.push(entry);
                }
            }
        }
        Ok(())
    }

    /// Adds one entry, also if it is already listed.
    fn add_one(&mut self, line: &str) -> Result<()> {
        let (spared, body) = match line.strip_prefix('!') {
            Some(body) => (true, body.trim()),
            None => (false, line),
        };
        let (open_start, body) = body.strip_prefix('*').map_or((false, body), |body| (true, body));
        let (open_end, body) = body.strip_suffix('*').map_or((false, body), |body| (true, body));
        if body.contains('*') {
            bail!("`{line}`: a `*` may only be at the start or end of a word");
        }
        let (mut letters, mut breaks) = (Vec::new(), Vec::new());
        let mut gap = false;
        for unit in units(body) {
            match unit.sign {
                Sign::Letter(letter) if letter.kind != Kind::Sign || !letters.is_empty() => {
                    if gap && !letters.is_empty() {
                        breaks.push(letters.len());
                    }
                    gap = false;
                    letters.push(letter.as_listed());
                }
                Sign::Apostrophe => {}
                _ => gap = true,
            }
        }
        if letters.len() < 2 {
            bail!("`{line}`: expected a word of two letters or more");
        }
        if letters.len() > 80 {
            bail!("`{line}`: an entry has at most 80 letters");
        }
        let entry = Entry { letters, breaks, open_start, open_end };
        let list = if spared { &mut self.spared } else { &mut self.entries };
        list.push(entry);
        Ok(())
    }

    /// Adds a word that [`Bleeps::take_back`] removes again.
    ///
    /// # Errors
    /// As [`Bleeps::add`].
    pub fn add_late(&mut self, word: &str) -> Result<()> {
        let before = self.entries.len();
        // The word was shown on the screen, so braces in it are marks.
        self.add(&word.replace(['{', '}'], " "))?;
        self.late.push((word.to_owned(), before));
        Ok(())
    }

    /// Takes back the last word of [`Bleeps::add_late`], and returns it. A word that was listed before stays listed.
    pub fn take_back(&mut self) -> Option<String> {
        let (word, before) = self.late.pop()?;
        self.entries.truncate(before);
        Some(word)
    }

    /// The words of [`Bleeps::add_late`], oldest first.
    pub fn late(&self) -> impl Iterator<Item = &str> {
        self.late.iter().map(|(word, _)| &**word)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The lines that a line with alternatives in braces expands to.
///
/// # Errors
/// When braces are not closed or nested, or there are more than [`MAX_ALTERNATIVES`].
fn expand(line: &str) -> Result<Vec<String>> {
    let mut lines = vec![String::new()];
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(['{', '}']) {
        let choices =
            rest[before.len()..].starts_with('{').then(|| after.split_once('}')).flatten();
        let Some((choices, after)) = choices.filter(|(choices, _)| !choices.contains('{')) else {
            bail!("`{line}`: expected alternatives in braces: {{this, that}}");
        };
        let choices: Vec<&str> = choices.split(',').map(str::trim).collect();
        if lines.len() * choices.len() > MAX_ALTERNATIVES {
            bail!("`{line}`: the alternatives make more than {MAX_ALTERNATIVES} entries");
        }
        let with = |start: &String| {
            let start = format!("{start}{before}");
            choices.iter().map(move |choice| format!("{start}{choice}"))
        };
        lines = lines.iter().flat_map(with).collect();
        rest = after;
    }
    lines.iter_mut().for_each(|line| line.push_str(rest));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_line_of_the_standard_list_is_one() {
        let mut bleeps = Bleeps::default();
        for line in STANDARD.lines() {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => assert!(name.parse::<Severity>().is_ok(), "{line}"),
                None => bleeps.add(line).expect(line),
            }
        }
        assert!(bleeps.len() > 100 && !bleeps.spared.is_empty());
    }

    #[test]
    fn alternatives_are_all_listed() {
        let list = |lines: &[&str]| {
            let mut bleeps = Bleeps::default();
            lines.iter().for_each(|line| bleeps.add(line).expect(line));
            bleeps
        };
        let short =
            list(&["{paint, tar} {, all} the {roof, fence*}", "!paint the {roof rack, roofer}"]);
        let long = list(&[
            "paint the roof",
            "paint the fence*",
            "paint all the roof",
            "paint all the fence*",
            "tar the roof",
            "tar the fence*",
            "tar all the roof",
            "tar all the fence*",
            "!paint the roof rack",
            "!paint the roofer",
        ]);
        assert_eq!(short, long);
        let many = ["{a, b, c, d, e, f, g, h, i, j} "; 4].concat();
        let error = Bleeps::default().add(&many).expect_err("10,000 phrases");
        assert!(error.to_string().contains("more than 4096 entries"), "{error}");
    }

    #[test]
    fn braces_in_a_late_word_are_no_alternatives() {
        let mut bleeps = Bleeps::default();
        for word in ["pa{i}nt", "ro{of"] {
            bleeps.add_late(word).expect(word);
            let whole = 0..word.len();
            assert_eq!(bleeps.judge(word, true).bleeped, vec![whole], "{word}");
            assert_eq!(bleeps.take_back().as_deref(), Some(word));
            assert!(bleeps.is_empty());
        }
    }

    #[test]
    fn lines_that_are_none_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mine.txt");
        for (text, says) in [
            ("grimble\n\n# x\nx", "mine.txt: line 4: `x`: expected a word of two letters"),
            ("gr*mble", "line 1: `gr*mble`: a `*` may only be at the start or end"),
            ("*", "line 1: `*`: expected a word of two letters"),
            ("go {a, b", "line 1: `go {a, b`: expected alternatives in braces: {this, that}"),
            ("go a} b", "expected alternatives in braces"),
            ("go {a, {b}}", "expected alternatives in braces"),
            ("{a, b*, c}", "line 1: `a`: expected a word of two letters"),
        ] {
            fs::write(&file, text).expect("written");
            let error = Bleeps::default().read(&file).expect_err(text);
            assert!(format!("{error:#}").contains(says), "{error:#}");
        }
        fs::write(&file, b"ok\n\xff\n").expect("written");
        let error = Bleeps::default().read(&file).expect_err("no UTF-8");
        assert!(format!("{error:#}").contains("line 2 isn't UTF-8"), "{error:#}");
        assert!(Bleeps::default().read(&folder.path().join("none")).is_err());
    }
}
