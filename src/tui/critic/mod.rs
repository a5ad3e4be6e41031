//! The critic: what a writer may want to look at again. It finds runs of tokens that the model ranks first (clichés to that
//! model), weak words, and words that are repeated nearby. It only marks, and only the writer's own text.

use crate::{tui::spelling::words, ui::theme::Role};
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

/// What the critic marks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many tokens in a row the model must rank first to be marked.
    pub run: usize,
    /// Within how many words a repeated word is marked; 0 = none are.
    pub near: usize,
    /// Weak words and phrases besides the built-in ones.
    pub weak: Vec<String>,
    /// Words and phrases that are never marked as weak or repeated.
    pub allow: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { run: 4, near: 40, weak: Vec::new(), allow: Vec::new() }
    }
}

/// The built-in weak words and phrases, one a line. They are English.
const WEAK: &str = include_str!("weak.txt");
/// Words that are repeated in any text, one a line. They are English.
const COMMON: &str = include_str!("common.txt");
/// Shorter words may be repeated, in characters.
const SHORT: usize = 4;

/// Why something is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// So many tokens in a row that the model ranks first.
    Cliche(usize),
    /// A weak word or phrase.
    Weak,
    /// It was written so many words before, or comes so many words later.
    Repeated(usize),
}

impl Kind {
    /// The style of the mark, and its mark in the margin.
    pub fn look(self) -> (Role, char) {
        match self {
            Self::Cliche(_) => (Role::Cliche, '≡'),
            Self::Weak => (Role::Weak, '~'),
            Self::Repeated(_) => (Role::Repeated, '"'),
        }
    }

    /// The reason in a few words.
    pub fn say(self) -> String {
        match self {
            Self::Cliche(tokens) => format!("{tokens} tokens in a row that the model ranks first"),
            Self::Weak => "a weak word".to_owned(),
            Self::Repeated(1) => "the same word twice in a row".to_owned(),
            Self::Repeated(words) => format!("repeated within {words} words"),
        }
    }
}

/// A mark: a range of the text, and why it is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The range.
    pub place: Range<usize>,
    /// The reason.
    pub kind: Kind,
}

/// Finds weak and repeated words.
pub struct Words {
    /// Weak phrases by their first word, and the words behind it.
    weak: HashMap<String, Vec<Vec<String>>>,
    common: HashSet<String>,
    near: usize,
}

impl Words {
    /// For these settings.
    pub fn new(settings: &Settings) -> Self {
        let is_allowed = |phrase: &str| settings.allow.iter().any(|allowed| same(allowed, phrase));
        let own = settings.weak.iter().map(String::as_str);
        let mut weak: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for phrase in WEAK.lines().chain(own).filter(|phrase| !is_allowed(phrase)) {
            let mut phrase = phrase.split_whitespace().map(plain);
            let Some(first) = phrase.next() else { continue };
            weak.entry(first).or_default().push(phrase.collect());
        }
        // Of several phrases the longest is marked.
        weak.values_mut().for_each(|rests| rests.sort_by_key(|rest| std::cmp::Reverse(rest.len())));
        let common = COMMON.lines().map(str::to_owned);
        let common = common.chain(settings.allow.iter().map(|word| plain(word))).collect();
        Self { weak, common, near: settings.near }
    }

    /// The weak and the repeated words of a text, as ranges of bytes, in order. A word that is both counts as weak.
    pub fn find(&self, text: &str) -> Vec<Found> {
        let all: Vec<_> =
            words(text).map(|word| (word.range, plain(word.text), word.is_name)).collect();
        let mut found = Vec::new();
        let mut last: HashMap<&str, usize> = HashMap::new();
        let mut marked = vec![false; all.len()];
        let mut free = 0;
        for (number, (range, word, is_name)) in all.iter().enumerate() {
            let fits = |rest: &&Vec<String>| {
                // Of one paragraph and sentence: there are only spaces and at most one line break between its words.
                let mut end = range.end;
                let mut goes_on =
                    |(wanted, (range, word, _)): (&String, &(Range<usize>, String, bool))| {
                        let gap = &text[end..range.start];
                        let is_near = gap.trim().is_empty() && gap.matches('\n').count() < 2;
                        end = range.end;
                        is_near && wanted == word
                    };
                let behind = &all[number + 1..];
                rest.len() <= behind.len() && rest.iter().zip(behind).all(&mut goes_on)
            };
            let weak = self.weak.get(word).and_then(|rests| rests.iter().find(fits));
            if let Some(rest) = weak.filter(|_| number >= free) {
                let end = all[number + rest.len()].0.end;
                found.push(Found { place: range.start..end, kind: Kind::Weak });
                free = number + rest.len() + 1;
            }
            let may = word.chars().count() >= SHORT && !is_name && number >= free;
            if !may || self.common.contains(word) {
                continue;
            }
            if let Some(before) = last.insert(word, number)
                && number - before <= self.near
            {
                let kind = Kind::Repeated(number - before);
                for place in [before, number] {
                    if !std::mem::replace(&mut marked[place], true) {
                        found.push(Found { place: all[place].0.clone(), kind });
                    }
                }
            }
        }
        found.sort_by_key(|found| found.place.start);
        found
    }
}

/// Runs of at least `least` tokens of rank 1. Each token is a range with its rank; one without a score, or by another
/// hand, has rank 0 and ends a run. `least` is at least 1.
pub fn cliches(tokens: impl Iterator<Item = (Range<usize>, u32)>, least: usize) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut run: Option<(Range<usize>, usize)> = None;
    let end = std::iter::once((usize::MAX..usize::MAX, 0));
    for (place, rank) in tokens.chain(end) {
        match &mut run {
            Some((range, count)) if rank == 1 && range.end == place.start => {
                range.end = place.end;
                *count += 1;
            }
            run => {
                if let Some((range, count)) = run.take()
                    && count >= least.max(1)
                {
                    found.push(Found { place: range, kind: Kind::Cliche(count) });
                }
                *run = (rank == 1).then_some((place, 1));
            }
        }
    }
    found
}

/// A word as it is compared: in lower case, with straight apostrophes.
fn plain(word: &str) -> String {
    crate::tui::spelling::plain(word).to_lowercase()
}

fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().map(plain).eq(other.split_whitespace().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, settings: &Settings) -> Vec<(&'a str, Kind)> {
        let all = Words::new(settings).find(text);
        all.into_iter().map(|found| (&text[found.place], found.kind)).collect()
    }

    #[test]
    fn weak_words_and_repeated_ones_are_found() {
        let settings = Settings { near: 5, ..Settings::default() };
        let text = "It was Very dark, sort of. The lantern hung there. A lantern! They said that Mara saw Mara.";
        assert_eq!(
            found(text, &settings),
            [
                ("Very", Kind::Weak),
                ("sort of", Kind::Weak),
                ("lantern", Kind::Repeated(4)),
                ("lantern", Kind::Repeated(4)),
            ]
        );
        // A phrase stands in one sentence.
        assert_eq!(found("She gave it to him of that sort. Of late it rained.", &settings), []);
        let far = "The lantern hung there in the dark of the long hall. A lantern!";
        assert_eq!(found(far, &settings), []);
        assert_eq!(found(text, &Settings { near: 0, ..Settings::default() }).len(), 2);
    }

    #[test]
    fn the_settings_add_words_and_allow_others() {
        let settings = Settings {
            weak: vec!["gently wept".into()],
            allow: vec!["sort of".into(), "lantern".into()],
            ..Settings::default()
        };
        let text = "The lantern, sort of, Gently wept. A lantern.";
        assert_eq!(found(text, &settings), [("Gently wept", Kind::Weak)]);
        for line in WEAK.lines().chain(COMMON.lines()) {
            assert!(line == line.trim() && !line.is_empty() && line == plain(line), "{line:?}");
        }
    }

    #[test]
    fn runs_of_first_choices_are_cliches_from_a_length_on() {
        let tokens = |ranks: &[u32]| {
            let place = |(i, rank): (usize, &u32)| (i * 3..i * 3 + 3, *rank);
            ranks.iter().enumerate().map(place).collect::<Vec<_>>()
        };
        let runs = |ranks: &[u32]| cliches(tokens(ranks).into_iter(), 4);
        assert_eq!(runs(&[1, 1, 1, 2, 1, 1, 1]), []);
        let run = |place, count| Found { place, kind: Kind::Cliche(count) };
        assert_eq!(runs(&[7, 1, 1, 1, 1, 9, 1, 1, 1, 1, 1]), [run(3..15, 4), run(18..33, 5)]);
        // A gap, such as a comment, ends a run.
        let mut gap = tokens(&[1, 1, 1, 1, 1]);
        gap[2].0 = 7..9;
        assert_eq!(cliches(gap.into_iter(), 4), []);
    }
}
