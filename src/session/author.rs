//! Authorship: runs of characters by one author that always cover the text exactly.
//! They are kept in short blocks, so that a key press in a large draft moves only a few hundred bytes.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Who a character came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    /// Typed by the writer.
    Writer,
    /// Taken from the model.
    Machine,
    /// Typed by the writer inside machine text, or over a part of it.
    Edited,
    /// Pasted by the writer; the original author is unknown.
    Pasted,
    /// There when the file was opened, or written by another program.
    Unknown,
}

impl Author {
    /// Every author, in the order of the enum.
    pub const ALL: [Author; 5] =
        [Author::Writer, Author::Machine, Author::Edited, Author::Pasted, Author::Unknown];

    /// Whether it is machine text, or machine text that the writer edited.
    pub fn is_machine_made(self) -> bool {
        matches!(self, Author::Machine | Author::Edited)
    }
}

/// Consecutive characters by one author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// In characters; never 0 in a list.
    pub len: usize,
    pub author: Author,
}

/// Append a run; adjacent runs by one author are merged, empty ones dropped.
pub(crate) fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        _ if run.len == 0 => {}
        Some(last) if last.author == run.author => last.len += run.len,
        _ => runs.push(run),
    }
}

/// A block with more runs is split.
const FULL: usize = 128;

#[derive(Clone, Debug, Default)]
struct Block {
    /// Characters in all its runs.
    len: usize,
    runs: Vec<Run>,
}

impl Block {
    fn new(runs: Vec<Run>) -> Self {
        Self { len: runs.iter().map(|run| run.len).sum(), runs }
    }
}

/// The authors of a whole text. A position is found by summing block lengths; only the blocks touched are rewritten.
#[derive(Clone, Debug, Default)]
pub(crate) struct Authors {
    blocks: Vec<Block>,
}

impl Authors {
    pub fn from_runs(runs: impl IntoIterator<Item = Run>) -> Self {
        let mut all = Vec::new();
        runs.into_iter().for_each(|run| push(&mut all, run));
        Self { blocks: all.chunks(FULL / 2).map(|some| Block::new(some.to_vec())).collect() }
    }

    /// The number of characters covered.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len).sum()
    }

    /// The first block that reaches past `at` (or the last one), and the characters before it.
    fn block_at(&self, at: usize) -> (usize, usize) {
        let (mut index, mut start) = (0, 0);
        while index + 1 < self.blocks.len() && start + self.blocks[index].len <= at {
            start += self.blocks[index].len;
            index += 1;
        }
        (index, start)
    }

    /// Replace the runs of a range of characters; returns the old ones.
    pub fn splice(&mut self, range: Range<usize>, with: &[Run]) -> Vec<Run> {
        if self.blocks.is_empty() {
            self.blocks.push(Block::default());
        }
        let (first, start) = self.block_at(range.start);
        let (mut last, mut end) = (first, start + self.blocks[first].len);
        while end < range.end && last + 1 < self.blocks.len() {
            last += 1;
            end += self.blocks[last].len;
        }

        let (mut new, mut removed, mut after) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = start;
        for run in self.blocks[first..=last].iter().flat_map(|block| &block.runs) {
            let (from, to) = (at, at + run.len);
            // The part of the run that is in [low, high).
            let part = |low: usize, high: usize| Run {
                len: to.min(high).saturating_sub(from.max(low)),
                author: run.author,
            };
            push(&mut new, part(0, range.start));
            push(&mut removed, part(range.start, range.end));
            push(&mut after, part(range.end, usize::MAX));
            at = to;
        }
        with.iter().chain(&after).for_each(|run| push(&mut new, *run));
        // A small block is merged with its neighbour, so that deletions don't leave many tiny blocks.
        if new.len() < FULL / 8 && last + 1 < self.blocks.len() {
            last += 1;
            self.blocks[last].runs.iter().for_each(|run| push(&mut new, *run));
        }
        if new.len() <= FULL {
            self.blocks[first] = Block::new(new);
            self.blocks.drain(first + 1..=last);
        } else {
            let halves = new.chunks(FULL / 2).map(|some| Block::new(some.to_vec()));
            self.blocks.splice(first..=last, halves);
        }
        removed
    }

    /// The author of the character at a position; `None` past the end.
    pub fn at(&self, at: usize) -> Option<Author> {
        self.iter(at..at + 1).next().map(|(_, author)| author)
    }

    /// The runs of a range, cut to it; neighbours differ.
    pub fn iter(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Author)> + '_ {
        let (first, start) = self.block_at(range.start);
        let mut runs = self.blocks.iter().skip(first).flat_map(|block| &block.runs).peekable();
        let mut at = start;
        std::iter::from_fn(move || {
            loop {
                let run = runs.next()?;
                let from = at;
                at += run.len;
                // Neighboring blocks may end and begin with the same author; join those runs.
                while let Some(next) = runs.next_if(|next| next.author == run.author) {
                    at += next.len;
                }
                if from >= range.end {
                    return None;
                }
                let part = from.max(range.start)..at.min(range.end);
                if !part.is_empty() {
                    return Some((part, run.author));
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flat(authors: &Authors) -> Vec<Author> {
        let len = authors.len();
        authors.iter(0..len).flat_map(|(range, author)| range.map(move |_| author)).collect()
    }

    proptest! {
        #[test]
        fn behaves_like_one_author_per_character(
            edits in prop::collection::vec((0.0..1.0f64, 0..9usize, 0..9usize, 0..5usize), 0..600)
        ) {
            let (mut authors, mut model) = (Authors::default(), Vec::<Author>::new());
            for (place, cut, len, author) in edits {
                let author = Author::ALL[author];
                let from = (place * (model.len() + 1) as f64) as usize;
                let to = (from + cut).min(model.len());
                let gone: Vec<_> = model.splice(from..to, vec![author; len]).collect();
                let removed = authors.splice(from..to, &[Run { len, author }]);
                prop_assert_eq!(flat(&Authors::from_runs(removed)), gone);
            }
            prop_assert_eq!(flat(&authors), model.clone());
            for at in 0..=model.len() {
                prop_assert_eq!(authors.at(at), model.get(at).copied());
            }
            let runs: Vec<_> = authors.iter(0..model.len()).collect();
            prop_assert!(runs.windows(2).all(|pair| pair[0].1 != pair[1].1 && pair[0].0.end == pair[1].0.start));
        }
    }

    #[test]
    fn many_runs_stay_in_short_blocks() {
        let mut authors = Authors::default();
        for at in 0..10_000 {
            authors.splice(at / 2..at / 2, &[Run { len: 1, author: Author::ALL[at % 5] }]);
        }
        assert_eq!(authors.len(), 10_000);
        assert!(authors.blocks.iter().all(|block| block.runs.len() <= FULL));
        authors.splice(5..9_995, &[]);
        assert_eq!(authors.len(), 10);
        assert!(authors.blocks.len() <= 2);
    }
}
