//! What blind votes came to: between two presets with one model, or between two models with one preset. It is kept in the
//! state folder.

use crate::whole;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The votes between two presets or two models, the first of them in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    #[serde(rename = "presets")]
    pub names: [String; 2],
    /// The model that both presets had, or the preset that both models had.
    #[serde(rename = "model")]
    pub with: String,
    /// How often each was better.
    pub won: [u32; 2],
    /// How often neither was.
    pub equal: u32,
}

/// All votes, and their file; `None` if nothing is kept.
pub struct Tallies {
    file: Option<PathBuf>,
    all: Vec<Tally>,
}

impl Tallies {
    /// The votes of the state folder; none if they can't be read.
    pub fn load(state: Option<&Path>) -> Self {
        let file = state.map(|state| state.join("votes.json"));
        let mut tallies = Self { file, all: Vec::new() };
        tallies.refresh();
        tallies
    }

    /// Reads the file again: another desk may have counted votes since.
    pub fn refresh(&mut self) {
        let text = self.file.as_ref().and_then(|file| whole::read_text(file).ok());
        if let Some(all) = text.and_then(|text| serde_json::from_str(&text).ok()) {
            self.all = all;
        }
    }

    /// The votes between two presets with a model, or between two models with a preset.
    pub fn of(&mut self, names: &[String; 2], with: &str) -> &mut Tally {
        let mut names = names.clone();
        names.sort();
        let same = |tally: &Tally| tally.names == names && tally.with == with;
        let at = self.all.iter().position(same).unwrap_or_else(|| {
            let tally = Tally { names, with: with.to_owned(), ..Tally::default() };
            self.all.push(tally);
            self.all.len() - 1
        });
        &mut self.all[at]
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self) -> Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_vec(&self.all)?;
        whole::write_private(file, &text).with_context(|| file.display().to_string())
    }
}

impl Tally {
    /// Counts a vote for one of them, or for neither.
    pub fn count(&mut self, winner: Option<&str>) {
        match winner.and_then(|name| self.names.iter().position(|known| known == name)) {
            Some(at) => self.won[at] += 1,
            None => self.equal += 1,
        }
    }

    /// Who won how often, and whether that means something, as sentences.
    pub fn words(&self) -> [String; 2] {
        let ([a, b], [won, lost]) = (&self.names, self.won);
        let all = won + lost;
        let [a_won, b_won, equal] = [won, lost, self.equal].map(times);
        let score = format!("{a} was better {a_won}, {b} {b_won}, neither {equal}.");
        let chance = sign_test(won, lost);
        // Rounded up, so that a chance is never told as smaller than it is.
        let of_100 = times((chance * 100.0).ceil() as u32);
        let means = if all == 0 {
            "Nothing was decided yet.".to_owned()
        } else if chance >= 0.05 {
            format!("Chance alone gives votes this uneven {of_100} in 100: this says nothing yet.")
        } else {
            let better = if won > lost { a } else { b };
            format!(
                "Chance alone gives votes this uneven only {of_100} in 100: you prefer {better}."
            )
        };
        [score, means]
    }
}

fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The two-sided sign test: the probability that a fair coin falls at least as unevenly as `won` to `lost`.
fn sign_test(won: u32, lost: u32) -> f64 {
    let all = won + lost;
    // The logarithms of the terms of the binomial distribution, each from the one before it.
    let (mut term, mut sum) = (-f64::from(all) * std::f64::consts::LN_2, 0.0);
    for k in 0..=won.min(lost) {
        sum += term.exp();
        term += (f64::from(all - k) / f64::from(k + 1)).ln();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_the_binomial_distributions() {
        for (won, lost, expected) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (5, 0, 0.0625),
            (6, 0, 0.03125),
            (8, 2, 0.109_375),
            (9, 1, 0.021_484_375),
            (5, 5, 1.0),
            (30, 10, 0.002_221_4),
        ] {
            let got = sign_test(won, lost);
            assert!((got - expected).abs() < 1e-6, "{won} {lost}: {got}");
            assert!((sign_test(lost, won) - got).abs() < 1e-12);
        }
    }

    #[test]
    fn votes_are_kept_whatever_the_order_of_the_names() {
        let state = tempfile::tempdir().expect("a folder");
        let mut all = Tallies::load(Some(state.path()));
        for (presets, winner) in [
            (["wild", "prose"], Some("wild")),
            (["prose", "wild"], None),
            (["wild", "prose"], Some("prose")),
        ] {
            all.of(&presets.map(str::to_owned), "m").count(winner);
        }
        all.of(&["wild", "prose"].map(str::to_owned), "other").count(Some("wild"));
        all.write().expect("written");
        let mut again = Tallies::load(Some(state.path()));
        let tally = again.of(&["prose", "wild"].map(str::to_owned), "m");
        assert_eq!((tally.won, tally.equal), ([1, 1], 1));
        let words = tally.words();
        assert_eq!(words[0], "prose was better once, wild once, neither once.");
        assert!(words[1].ends_with("100 times in 100: this says nothing yet."), "{words:?}");
        tally.won = [1, 9];
        assert!(
            tally.words()[1].ends_with("3 times in 100: you prefer wild."),
            "{:?}",
            tally.words()
        );
        assert_eq!(Tally::default().words()[1], "Nothing was decided yet.");
        std::fs::write(state.path().join("votes.json"), "torn").expect("written");
        assert_eq!(
            Tallies::load(Some(state.path())).of(&["a", "b"].map(str::to_owned), "m").equal,
            0
        );
    }
}
