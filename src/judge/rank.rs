//! Ranks candidates and chooses those to show.
//!
//! Where the writer wants words or a kind of prose, those that have most of it come first. Among equal ones, likelihood
//! decides.
//!
//! The rank is the mean log-probability of a candidate's tokens, among those of 7 to 26 words. Without a lower bound on
//! length, every ranking picks short, bland lines. In a first blind reading of 12 places, three offers each, this
//! order was preferred in 6.5, pointwise mutual information with the draft (Li et al. 2016, arXiv 1510.03055) in 2.5, the
//! filter alone in 2, and candidates as they come in 1.

use super::Fault;
use std::{collections::HashSet, ops::RangeInclusive};

/// The length of an offer in words that is preferred.
pub const LENGTH: RangeInclusive<usize> = 7..=26;

/// What the ranking knows of a candidate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidate<'a> {
    /// Its text, with the half word that it continues.
    pub text: &'a str,
    /// Its fault, if it has one.
    pub fault: Option<Fault>,
    /// How many of the words it has that the writer wants.
    pub wanted: usize,
    /// How much of it is of the kind that the writer wants, from 0 to 1.
    pub share: f32,
    /// The mean log-probability of its tokens, or another score; higher is better.
    pub score: f32,
    /// Its length doesn't matter.
    pub any_length: bool,
}

impl Candidate<'_> {
    /// What it is ranked by after its fault. Shares of a kind count in quarters, so that among alike ones the likeliest
    /// is first.
    fn key(&self) -> ((usize, u8, bool), f32) {
        let words = self.text.split_whitespace().count();
        let fits = self.any_length || LENGTH.contains(&words);
        ((self.wanted, (self.share * 4.0) as u8, fits), self.score)
    }

    /// Its first word, in lower case.
    fn first(&self) -> String {
        let word = self.text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’'));
        word.into_iter().find(|word| !word.is_empty()).unwrap_or_default().to_lowercase()
    }
}

/// The indices of the best `count` candidates, the best first. Those with a serious fault are left out, those with a
/// small one come last. With `diverse`, they begin with different words, and with other words than `shown`, as far as
/// there are enough; candidates with a fault are not preferred for that.
pub fn choose(candidates: &[Candidate], count: usize, shown: &[&str], diverse: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len())
        .filter(|at| candidates[*at].fault.is_none_or(Fault::is_small))
        .collect();
    order.sort_by(|a, b| {
        let (a, b) = (&candidates[*a], &candidates[*b]);
        // No fault is best, then the smallest one.
        let fault = |one: &Candidate| one.fault.map_or(i32::MAX, |fault| fault as i32);
        let by = fault(b).cmp(&fault(a));
        let (a, b) = (a.key(), b.key());
        by.then(b.0.cmp(&a.0)).then(b.1.total_cmp(&a.1))
    });
    let mut first: HashSet<String> =
        shown.iter().map(|text| Candidate { text, ..Candidate::default() }.first()).collect();
    let (mut chosen, mut later) = (Vec::new(), Vec::new());
    let mut texts: HashSet<String> = shown.iter().map(|text| text.trim().to_lowercase()).collect();
    for at in order {
        if !texts.insert(candidates[at].text.trim().to_lowercase()) {
            continue;
        }
        let new = !diverse || first.insert(candidates[at].first());
        if new { chosen.push(at) } else { later.push(at) }
    }
    // Another first word is not worth a fault.
    chosen.extend(later);
    chosen.sort_by_key(|at| candidates[*at].fault.map_or(0, |fault| 100 - fault as i32));
    chosen.truncate(count);
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(text: &str, fault: Option<Fault>, score: f32) -> Candidate<'_> {
        Candidate { text, fault, score, ..Candidate::default() }
    }

    #[test]
    fn the_likeliest_of_a_good_length_come_first() {
        let all = [
            candidate("It was so.", None, -0.5),
            candidate("The lamp went out before the others had come in.", None, -3.0),
            candidate("The boat was gone before anybody had seen it go.", None, -2.0),
            candidate("Then nobody asked who had been the last of them.", None, -4.0),
            candidate("She told the old man that the boat was gone", Some(Fault::Cut), -1.0),
            candidate("Rain fell on Harkness and all of his old boats.", Some(Fault::Name), -1.0),
            candidate(
                "\"Rain fell on all of the old boats that night.",
                Some(Fault::Unbalanced),
                -0.1,
            ),
        ];
        // Different first words, then the short one; faults come last, serious ones never.
        assert_eq!(choose(&all, 9, &[], true), [2, 3, 0, 1, 5, 4]);
        assert_eq!(choose(&all, 9, &[], false), [2, 1, 3, 0, 5, 4]);
        assert_eq!(choose(&all, 2, &["\"Then he"], true), [2, 0]);
        assert_eq!(choose(&all, 0, &[], true), [0usize; 0]);
        // What is wanted counts more than likelihood and length, and less than a fault.
        let mut all = all;
        (all[0].wanted, all[3].wanted, all[4].wanted) = (1, 1, 1);
        assert_eq!(choose(&all, 3, &[], false), [3, 0, 2]);
        (all[0].share, all[1].share, all[3].share) = (0.9, 0.9, 0.8);
        assert_eq!(choose(&all, 4, &[], false), [3, 0, 1, 2]);
    }
}
