//! A corpus as tokens, and which of them a step sees: documents one behind the other with the end token between, in an
//! order drawn anew each epoch. All is a function of the seed and the step, so a resumed run goes on where it was.

use crate::model::{Tokenizer, kernels::mix};
use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What ends a document in a corpus.
const END: &str = "<|endoftext|>";
/// Text that is tokenized at once.
const PIECE: usize = 1 << 16;

/// Documents as tokens, each with the end token behind it where the vocabulary has one.
pub struct Dataset {
    tokens: Vec<u32>,
    /// Where each document begins, and where the last one ends.
    bounds: Vec<usize>,
    seed: u64,
}

/// One part of a window: b sequences of t tokens, and what follows each token.
#[derive(Debug, PartialEq)]
pub struct Batch {
    /// (b * t), row by row.
    pub inputs: Vec<u32>,
    /// (b * t): each the token behind the one of `inputs` in the same place.
    pub targets: Vec<u32>,
}

/// The files of a corpus: what is learnt, and what is only measured.
pub struct Files {
    /// The text to learn.
    pub train: PathBuf,
    /// The text to measure with, where there is one.
    pub validation: Option<PathBuf>,
}

impl Files {
    /// A text file, or a folder of `unstuck corpus` with train.txt and, where it isn't empty, validation.txt.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(corpus: &Path) -> Result<Self> {
        if corpus.is_file() {
            return Ok(Self { train: corpus.to_owned(), validation: None });
        }
        let train = corpus.join("train.txt");
        if !train.is_file() {
            bail!(
                "{}: no corpus: neither a text file nor a folder with train.txt; `unstuck corpus` makes one",
                corpus.display()
            );
        }
        let validation = Some(corpus.join("validation.txt"));
        let validation = validation.filter(|p| fs::metadata(p).is_ok_and(|m| m.len() > 0));
        Ok(Self { train, validation })
    }
}

impl Dataset {
    /// Read and tokenize a file.
    ///
    /// # Errors
    /// When it can't be read, isn't UTF-8, or is shorter than one window of `time` tokens and the one behind.
    pub fn read(path: &Path, tokenizer: &Tokenizer, time: usize, seed: u64) -> Result<Self> {
        let shown = || path.display().to_string();
        let bytes = fs::read(path).with_context(shown)?;
        let text = String::from_utf8(bytes)
            .ok()
            .with_context(|| format!("{}: not UTF-8; `unstuck corpus` repairs it", shown()))?;
        let dataset = Self::of_text(&text, tokenizer, seed).with_context(shown)?;
        let tokens = dataset.tokens.len();
        ensure!(
            tokens > time,
            "{}: {tokens} tokens are less than one window of {time} and the token behind it; add text, or take a \
             smaller --window",
            shown()
        );
        Ok(dataset)
    }

    /// Tokenize a text.
    ///
    /// # Errors
    /// What the tokenizer says.
    pub fn of_text(text: &str, tokenizer: &Tokenizer, seed: u64) -> Result<Self> {
        let (mut tokens, mut bounds) = (Vec::new(), vec![0]);
        // what stands behind the last tag is a document only when there is something in it
        let documents = text.split(END).map(|d| d.strip_prefix('\n').unwrap_or(d));
        for document in documents.filter(|d| !d.trim().is_empty()) {
            let parts: Vec<Result<Vec<u32>>> =
                pieces(document).into_par_iter().map(|piece| tokenizer.encode(piece)).collect();
            for part in parts {
                tokens.extend(part?);
            }
            tokens.extend(tokenizer.end());
            bounds.push(tokens.len());
        }
        Ok(Self { tokens, bounds, seed })
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// How many documents there are.
    pub fn documents(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The documents.
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        self.bounds.windows(2).map(|ends| &self.tokens[ends[0]..ends[1]])
    }

    /// How many windows of `time` tokens an epoch has.
    pub fn windows(&self, time: usize) -> usize {
        self.tokens.len() / time
    }

    /// A number that other texts don't have.
    pub fn fingerprint(&self) -> u64 {
        self.tokens.iter().fold(self.tokens.len() as u64, |hash, &t| mix(hash ^ u64::from(t)))
    }

    /// The `count` windows from the `first` on, counted from the beginning of the run; epochs follow each other.
    pub fn batch(&self, first: usize, count: usize, time: usize) -> Batch {
        let mut batch = Batch { inputs: Vec::new(), targets: Vec::new() };
        let windows = self.windows(time);
        let mut at = first;
        while at < first + count {
            let epoch = Epoch::new(self, at / windows, windows);
            let until = (first + count).min((at / windows + 1) * windows);
            for window in at..until {
                let tokens = epoch.window(window % windows, time);
                batch.inputs.extend(&tokens[..time]);
                batch.targets.extend(&tokens[1..]);
            }
            at = until;
        }
        batch
    }

    /// The same in the order of the file, from the window `first` on: for measuring.
    pub fn in_order(&self, first: usize, count: usize, time: usize) -> Batch {
        let mut batch = Batch { inputs: Vec::new(), targets: Vec::new() };
        for window in first..(first + count).min((self.tokens.len() - 1) / time) {
            batch.inputs.extend(&self.tokens[window * time..(window + 1) * time]);
            batch.targets.extend(&self.tokens[window * time + 1..=(window + 1) * time]);
        }
        batch
    }
}

/// One turn through all documents: their order, where the first window begins, and the order of the windows.
struct Epoch<'a> {
    dataset: &'a Dataset,
    order: Vec<usize>,
    /// Where each document of the order begins in the row of all.
    starts: Vec<usize>,
    offset: usize,
    windows: Vec<usize>,
}

impl<'a> Epoch<'a> {
    fn new(dataset: &'a Dataset, epoch: usize, windows: usize) -> Self {
        let seed = mix(dataset.seed ^ mix(epoch as u64));
        let order = shuffled(dataset.documents(), seed);
        let length = |&d: &usize| dataset.bounds[d + 1] - dataset.bounds[d];
        let starts = order.iter().scan(0, |at, d| {
            *at += length(d);
            Some(*at - length(d))
        });
        Self {
            starts: starts.collect(),
            order,
            // so that windows are cut elsewhere each time
            offset: (mix(seed ^ 1) % dataset.tokens.len() as u64) as usize,
            windows: shuffled(windows, mix(seed ^ 2)),
            dataset,
        }
    }

    /// `time` tokens and the one behind; the row of all is a ring.
    fn window(&self, i: usize, time: usize) -> Vec<u32> {
        let whole = self.dataset.tokens.len();
        let mut at = (self.offset + self.windows[i] * time) % whole;
        let mut tokens = Vec::with_capacity(time + 1);
        while tokens.len() <= time {
            let place = self.starts.partition_point(|&start| start <= at) - 1;
            let document = self.order[place];
            let from = self.dataset.bounds[document] + at - self.starts[place];
            let rest = &self.dataset.tokens[from..self.dataset.bounds[document + 1]];
            let taken = &rest[..rest.len().min(time + 1 - tokens.len())];
            tokens.extend(taken);
            at = (at + taken.len()) % whole;
        }
        tokens
    }
}

/// 0 to n in an order that the seed draws (Fisher and Yates).
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let draw = mix(seed ^ mix(i as u64)) % (i as u64 + 1);
        order.swap(i, draw as usize);
    }
    order
}

/// A long text in pieces that have the same tokens as the whole: GPT-2 never joins a line's end to the word before it.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > PIECE {
        let from = rest.ceil_char_boundary(PIECE);
        let is_cut = |at: &usize| !rest[..*at].ends_with(char::is_whitespace);
        let Some(cut) = rest[from..].match_indices('\n').map(|(i, _)| from + i).find(is_cut) else {
            break;
        };
        pieces.push(&rest[..cut]);
        rest = &rest[cut..];
    }
    pieces.push(rest);
    pieces
}
