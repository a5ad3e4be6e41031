//! How each file was read, with its first and its last document, and examples of what was changed and dropped: a few
//! documents for each outcome, chosen by hash from the whole input, so that the choice is always the same.

use super::{Reason, summary::count};
use crate::clean;
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};
use twox_hash::XxHash3_64;

/// How many documents are shown for each outcome.
const SHOWN: usize = 3;
/// How many files are shown.
const FILES: usize = 50;
/// How many characters of a document are shown.
const LONGEST: usize = 280;
/// How many characters of a file's first and last document are shown.
const SHORT: usize = 100;

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was kept with changes.
    Changed,
    /// It was dropped.
    Dropped(Reason),
}

/// The files that were read, and documents before and after cleaning, by outcome.
#[derive(Clone, Debug, Default)]
pub struct Preview {
    sources: Vec<Source>,
    /// Files that are not shown.
    more: u64,
    outcomes: BTreeMap<Outcome, Vec<Sample>>,
}

/// A file that was read.
#[derive(Clone, Debug)]
struct Source {
    name: String,
    how: String,
    documents: u64,
    first: String,
    last: String,
}

#[derive(Clone, Debug)]
struct Sample {
    hash: u64,
    before: String,
    after: String,
}

impl Preview {
    /// A file is read from here on.
    pub(super) fn source(&mut self, name: &str, how: &str) {
        if self.sources.len() == FILES {
            self.more += 1;
            return;
        }
        let [first, last] = [String::new(), String::new()];
        let (name, how) = (name.to_owned(), how.to_owned());
        self.sources.push(Source { name, how, documents: 0, first, last });
    }

    /// The encoding of the current file, if it isn't UTF-8.
    pub(super) fn encoded(&mut self, encoding: &str) {
        if let (0, Some(source)) = (self.more, self.sources.last_mut()) {
            source.how = format!("{}, in {encoding}", source.how);
        }
    }

    /// A document of the current file was kept.
    pub(super) fn document(&mut self, text: &str) {
        if let (0, Some(source)) = (self.more, self.sources.last_mut()) {
            source.documents += 1;
            // the text is shortened when it is shown
            let start = text.chars().take(SHORT + 1);
            if source.documents == 1 {
                source.first = start.collect();
            } else {
                source.last.clear();
                source.last.extend(start);
            }
        }
    }

    /// Consider a document as an example. Those with the lowest hashes are kept.
    pub(super) fn note(&mut self, outcome: Outcome, before: &str, after: &str) {
        let samples = self.outcomes.entry(outcome).or_default();
        let hash = XxHash3_64::oneshot_with_seed(1, before.as_bytes());
        let full = samples.len() == SHOWN;
        if full && samples.last().is_some_and(|last| last.hash <= hash) {
            return;
        }
        if full {
            samples.pop();
        }
        let at = samples.partition_point(|sample| sample.hash < hash);
        samples.insert(
            at,
            Sample { hash, before: short(before, LONGEST), after: short(after, LONGEST) },
        );
    }
}

impl Display for Preview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Source { name, how, documents, first, last } in &self.sources {
            writeln!(f, "{}: {how}", clean::for_terminal(name))?;
            match documents {
                0 => writeln!(f, "  no document was kept")?,
                1 => writeln!(f, "  only:  {}", short(first, SHORT))?,
                _ => {
                    writeln!(f, "  first: {}", short(first, SHORT))?;
                    writeln!(f, "  last:  {}", short(last, SHORT))?;
                }
            }
        }
        if self.more > 0 {
            writeln!(f, "and {}", count(self.more, "more file"))?;
        }
        for (at, (outcome, samples)) in self.outcomes.iter().enumerate() {
            let gap = if at > 0 || !self.sources.is_empty() { "\n" } else { "" };
            match outcome {
                Outcome::Changed => writeln!(f, "{gap}changed")?,
                Outcome::Dropped(reason) => writeln!(f, "{gap}dropped: {}", reason.name(1))?,
            }
            for sample in samples {
                writeln!(f, "  - {}", sample.before)?;
                if *outcome == Outcome::Changed {
                    writeln!(f, "  + {}", sample.after)?;
                }
            }
        }
        Ok(())
    }
}

/// A text on one line, truncated, without what a terminal would act on.
fn short(text: &str, limit: usize) -> String {
    let text = text.trim();
    let mut out: String = text.chars().take(limit).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    let out = out.replace("\r\n", " ⏎ ").replace(['\n', '\r'], " ⏎ ").replace('\t', " ");
    clean::for_terminal(&out).into_owned()
}
