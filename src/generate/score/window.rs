//! Windows over the tokens of a text that is longer than the context. Each scores some tokens, and reads before them what
//! fits: half a context, from the beginning of a sentence. The first window is a whole context; a text that fits into it
//! is one window.
//!
//! Where later windows begin depends only on the text nearby: at a paragraph (without one, at a sentence) whose first
//! words have the lowest hash value among those within [`Shape::near`] tokens. So an edit moves the windows near it and
//! no others, and most of the results for a text hold for it after an edit too. (Content-defined chunking: Muthitacharoen,
//! Chen and Mazières 2001, A low-bandwidth network file system, section 3.1.)

use super::paragraph::Start;
use std::collections::VecDeque;

/// The sizes of windows, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The most tokens of a window.
    room: usize,
    /// The most tokens that are read before those that are scored.
    overlap: usize,
    /// How far the starts are from each other that are compared.
    near: usize,
}

impl Shape {
    /// For a context of this many tokens, of which `begin` stand before every text.
    pub fn of(context: usize, begin: usize) -> Self {
        let room = context.saturating_sub(begin).max(2);
        let overlap = room / 2;
        Self { room, overlap, near: ((room - overlap) / 3).max(1) }
    }

    /// The most tokens that a window scores, if it isn't the first.
    fn stride(&self) -> usize {
        self.room - self.overlap
    }
}

/// A window: the tokens to read, the last of which are scored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Window {
    /// The tokens.
    pub ids: Vec<u32>,
    /// The index in `ids` of the first one that is scored.
    pub from: usize,
}

/// Cuts tokens into windows as they come. It holds no more tokens than two windows need.
pub(super) struct Windows {
    shape: Shape,
    /// The tokens from index `first` of the text on.
    ids: VecDeque<u32>,
    first: usize,
    starts: VecDeque<Start>,
    /// The index of the first token without a window.
    next: usize,
}

impl Windows {
    pub fn new(shape: Shape) -> Self {
        Self { shape, ids: VecDeque::new(), first: 0, starts: VecDeque::new(), next: 0 }
    }

    /// Adds tokens; the indices of `starts` are within `ids`.
    pub fn push(&mut self, ids: &[u32], starts: &[Start]) {
        let end = self.end();
        self.ids.extend(ids);
        self.starts.extend(starts.iter().map(|start| Start { at: end + start.at, ..*start }));
    }

    /// The next window. `ended`: no more text will come. `None` while the next window isn't decided yet, and after the
    /// last one.
    pub fn next(&mut self, ended: bool) -> Option<Window> {
        let Shape { room, overlap, near } = self.shape;
        let (from, end) = (self.next, self.end());
        let most = from + if from == 0 { room } else { self.shape.stride() };
        if from == end || (!ended && end <= most + near) {
            return None;
        }
        let to = if end <= most { end } else { most };
        let mut cuts = self.starts.iter().filter(|s| s.at > from && s.at <= to && self.is_cut(s));
        let cut = if from == 0 {
            // as much as fits
            if to == end { None } else { cuts.next_back() }
        } else {
            cuts.next()
        };
        let forced = || self.starts.iter().rfind(|s| s.at > from && s.at <= to);
        let to = match cut {
            Some(cut) => cut.at,
            None if to == end => end,
            None => forced().map_or(to, |start| start.at),
        };
        let earliest = from.saturating_sub(overlap);
        let begin = self.starts.iter().find(|s| s.at >= earliest && s.at < from);
        let begin = begin.map_or(earliest, |start| start.at);
        let ids = self.ids.range(begin - self.first..to - self.first).copied().collect();
        self.next = to;
        self.forget(to.saturating_sub(overlap + near));
        Some(Window { ids, from: from - begin })
    }

    /// Whether a window begins at a start: it is the lowest nearby. Of equal ones it is the first.
    fn is_cut(&self, start: &Start) -> bool {
        let near = self.shape.near;
        let first = self.starts.partition_point(|other| other.at + near < start.at);
        let around = self.starts.range(first..).take_while(|other| other.at <= start.at + near);
        around.filter(|other| other.at != start.at).all(|other| match other.at < start.at {
            true => start.key < other.key,
            false => start.key <= other.key,
        })
    }

    /// The number of tokens so far.
    fn end(&self) -> usize {
        self.first + self.ids.len()
    }

    /// Drops the tokens before an index.
    fn forget(&mut self, to: usize) {
        self.ids.drain(..to.saturating_sub(self.first));
        self.first = self.first.max(to);
        let gone = self.starts.partition_point(|start| start.at < self.first);
        self.starts.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The windows of a text. A sentence is given by its number of tokens and its key; each of its tokens is the sentence's
    /// number. Every third sentence begins a paragraph.
    fn cut(sentences: &[(usize, u64)], shape: Shape) -> Vec<Window> {
        let mut windows = Windows::new(shape);
        for (number, (len, key)) in sentences.iter().enumerate() {
            let start = Start { at: 0, key: (number % 3 > 0, *key) };
            windows.push(&vec![number as u32; *len], &[start]);
        }
        std::iter::from_fn(|| windows.next(true)).collect()
    }

    fn sentences() -> impl Strategy<Value = Vec<(usize, u64)>> {
        prop::collection::vec((1..30usize, 0..1000u64), 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

        #[test]
        fn windows_fit_and_cover_all_tokens_once(sentences in sentences(), context in 4..100usize) {
            let shape = Shape::of(context, 1);
            let windows = cut(&sentences, shape);
            let all: Vec<u32> = sentences.iter().enumerate()
                .flat_map(|(n, (len, _))| vec![n as u32; *len]).collect();
            let scored: Vec<u32> = windows.iter().flat_map(|w| w.ids[w.from..].to_vec()).collect();
            prop_assert_eq!(&scored, &all);
            for (n, window) in windows.iter().enumerate() {
                prop_assert!(window.ids.len() < context && window.from < window.ids.len());
                prop_assert!((n == 0) == (window.from == 0));
            }
            prop_assert_eq!(windows.len() == 1, all.len() < context);
        }

        #[test]
        fn a_text_that_comes_in_pieces_has_the_same_windows(sentences in sentences(), context in 4..100usize) {
            let shape = Shape::of(context, 0);
            let mut windows = Windows::new(shape);
            let mut some = Vec::new();
            for (number, (len, key)) in sentences.iter().enumerate() {
                let start = Start { at: 0, key: (number % 3 > 0, *key) };
                windows.push(&vec![number as u32; *len], &[start]);
                some.extend(std::iter::from_fn(|| windows.next(false)));
                // What is held doesn't grow with the text.
                prop_assert!(windows.ids.len() <= 3 * context + 30);
            }
            some.extend(std::iter::from_fn(|| windows.next(true)));
            prop_assert_eq!(some, cut(&sentences, shape));
        }
    }

    #[test]
    fn an_edit_moves_the_windows_near_it_alone() {
        let shape = Shape::of(200, 0);
        let mut state = 7u64;
        let mut random = || crate::splitmix::next(&mut state);
        let mut sentences: Vec<(usize, u64)> =
            (0..600).map(|_| (5 + random() as usize % 25, random())).collect();
        let before = cut(&sentences, shape);
        sentences[2].0 += 3;
        let after = cut(&sentences, shape);
        let changed = after.iter().filter(|window| !before.contains(window)).count();
        assert!(before.len() > 100 && changed <= 3, "{changed} of {}", before.len());
    }
}
