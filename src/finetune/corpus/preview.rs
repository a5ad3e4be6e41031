//! Before and after: a few documents of each outcome, drawn from all over the input, the same ones every time.

use super::Reason;
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};
use twox_hash::XxHash3_64;

/// How many of each outcome are shown.
const SHOWN: usize = 3;
/// How many characters of a document.
const LONGEST: usize = 280;

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was kept, and isn't what it was.
    Changed,
    /// It wasn't kept.
    Dropped(Reason),
}

/// Documents before and after.
#[derive(Clone, Debug, Default)]
pub struct Preview(BTreeMap<Outcome, Vec<Sample>>);

#[derive(Clone, Debug)]
struct Sample {
    hash: u64,
    before: String,
    after: String,
}

impl Preview {
    /// Those with the least hashes stay.
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
                Outcome::Dropped(reason) => {
                    let name = serde_json::to_string(reason).unwrap_or_default();
                    writeln!(f, "{gap}dropped: {}", name.trim_matches('"').replace('_', " "))?;
                }
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

/// On one line, and not too long for a look.
fn short(text: &str) -> String {
    let mut out: String = text.trim().chars().take(LONGEST).collect();
    if out.len() < text.trim().len() {
        out.push('…');
    }
    out.replace("\r\n", " ⏎ ").replace(['\n', '\r'], " ⏎ ")
}
