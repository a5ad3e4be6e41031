//! Examples of what was changed and dropped: a few documents for each outcome, chosen by hash from the whole input, so
//! that the choice is always the same.

use super::Reason;
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};
use twox_hash::XxHash3_64;

/// How many documents are shown for each outcome.
const SHOWN: usize = 3;
/// How many characters of a document are shown.
const LONGEST: usize = 280;

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was kept with changes.
    Changed,
    /// It was dropped.
    Dropped(Reason),
}

/// Documents before and after cleaning, by outcome.
#[derive(Clone, Debug, Default)]
pub struct Preview(BTreeMap<Outcome, Vec<Sample>>);

#[derive(Clone, Debug)]
struct Sample {
    hash: u64,
    before: String,
    after: String,
}

impl Preview {
    /// Consider a document as an example. Those with the lowest hashes are kept.
    pub(super) fn note(&mut self, outcome: Outcome, before: &str, after: &str) {
        let samples = self.0.entry(outcome).or_default();
        let hash = XxHash3_64::oneshot_with_seed(1, before.as_bytes());
        let full = samples.len() == SHOWN;
        if full && samples.last().is_some_and(|last| last.hash <= hash) {
            return;
        }
        if full {
            samples.pop();
        }
        let at = samples.partition_point(|sample| sample.hash < hash);
        samples.insert(at, Sample { hash, before: short(before), after: short(after) });
    }
}

impl Display for Preview {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, (outcome, samples)) in self.0.iter().enumerate() {
            let gap = if at > 0 { "\n" } else { "" };
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

/// A text on one line, truncated.
fn short(text: &str) -> String {
    let mut out: String = text.trim().chars().take(LONGEST).collect();
    if out.len() < text.trim().len() {
        out.push('…');
    }
    out.replace("\r\n", " ⏎ ").replace(['\n', '\r'], " ⏎ ")
}
