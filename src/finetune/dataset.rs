//! The training text as tokens, and which of them a step reads. Documents are concatenated with an end token after each,
//! in an order that is shuffled anew for each epoch. The order depends only on the seed and the epoch, so a resumed run
//! continues exactly where it was.

use super::corpus::{self, END, Request, TRAIN, VALIDATION};
use crate::{clean, model::Tokenizer, splitmix::mix, whole};
use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Bytes of text that one thread tokenizes at a time.
const PIECE: usize = 1 << 16;

/// Documents as tokens, each followed by the end token if the vocabulary has one.
pub struct Dataset {
    tokens: Vec<u32>,
    /// The start of each document in `tokens`, then the end of the last one.
    bounds: Vec<usize>,
    seed: u64,
}

/// b windows of t tokens, and the token that follows each of these.
#[derive(Debug, PartialEq)]
pub struct Batch {
    /// (b * t), window after window.
    pub inputs: Vec<u32>,
    /// (b * t): the token that follows the one of `inputs` at the same index.
    pub targets: Vec<u32>,
}

/// The files of a corpus.
pub struct Files {
    /// The text to train on.
    pub train: PathBuf,
    /// The text to validate with, if there is one.
    pub validation: Option<PathBuf>,
    /// The folder of a corpus that was made here; it is deleted at the end.
    _made: Option<TempDir>,
}

impl Files {
    /// The files of a corpus: a text file as it is, or a folder made by `unstuck corpus` (train.txt and, unless it is
    /// empty, validation.txt). From anything else that `unstuck corpus` reads, such as a table or a folder of texts, a
    /// corpus is made first, with the default settings; `note` is told so.
    ///
    /// # Errors
    /// When there is no text in it.
    pub fn find(corpus: &Path, note: &mut dyn FnMut(&str)) -> Result<Self> {
        if corpus.is_file() && corpus::is_plain_text(corpus) {
            return Ok(Self { train: corpus.to_owned(), validation: None, _made: None });
        }
        if corpus.join(TRAIN).is_file() {
            return Ok(Self::in_folder(corpus, None));
        }
        let shown = || corpus.display().to_string();
        if !corpus.exists() {
            bail!("{}: there is no such file or folder", shown());
        }
        let made = tempfile::tempdir().context("the temporary folder")?;
        let folder = made.path().join("corpus");
        let request = Request {
            inputs: vec![corpus.to_owned()],
            output: Some(folder.clone()),
            ..Request::default()
        };
        let (summary, _) = corpus::make(&request, &mut |_| ())?;
        note(&format!(
            "{}: read as `unstuck corpus` reads it: {summary}; `unstuck corpus` has options for that, and keeps the result",
            shown()
        ));
        Ok(Self::in_folder(&folder, Some(made)))
    }

    fn in_folder(folder: &Path, made: Option<TempDir>) -> Self {
        let validation = Some(folder.join(VALIDATION));
        let validation = validation.filter(|p| fs::metadata(p).is_ok_and(|m| m.len() > 0));
        Self { train: folder.join(TRAIN), validation, _made: made }
    }
}

/// Read a text file.
///
/// # Errors
/// When it can't be read or isn't UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = whole::read(path).with_context(|| path.display().to_string())?;
    let text = String::from_utf8(bytes).ok();
    text.map(|text| clean::unified(&text).into_owned())
        .with_context(|| format!("{}: not UTF-8; convert it with `unstuck corpus`", path.display()))
}

impl Dataset {
    /// Read and tokenize a file.
    ///
    /// # Errors
    /// When it can't be read, isn't UTF-8, or has no more tokens than one window of `window` tokens.
    pub fn read(path: &Path, tokenizer: &Tokenizer, window: usize, seed: u64) -> Result<Self> {
        let shown = || path.display().to_string();
        let dataset = Self::of_text(&read_text(path)?, tokenizer, seed).with_context(shown)?;
        let tokens = dataset.tokens.len();
        ensure!(
            tokens > window,
            "{}: {tokens} tokens are too few for one window of {window} and the token after it; add text, or lower \
             --window",
            shown()
        );
        Ok(dataset)
    }

    /// Tokenize a text.
    ///
    /// # Errors
    /// When the tokenizer can't encode it.
    pub fn of_text(text: &str, tokenizer: &Tokenizer, seed: u64) -> Result<Self> {
        let (mut tokens, mut bounds) = (Vec::new(), vec![0]);
        // the text after the last end tag is a document only if it isn't blank
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

    /// The tokens of each document.
    pub fn each(&self) -> impl Iterator<Item = &[u32]> {
        self.bounds.windows(2).map(|ends| &self.tokens[ends[0]..ends[1]])
    }

    /// How many windows of `window` tokens an epoch has.
    pub fn windows(&self, window: usize) -> usize {
        self.tokens.len() / window
    }

    /// A hash of all tokens. A run is only resumed on a text with the same fingerprint.
    pub fn fingerprint(&self) -> u64 {
        self.tokens.iter().fold(self.tokens.len() as u64, |hash, &t| mix(hash ^ u64::from(t)))
    }

    /// The `count` windows of `window` tokens from number `first` on, counted from the start of the run through all epochs.
    pub fn batch(&self, first: usize, count: usize, window: usize) -> Batch {
        let mut batch = Batch { inputs: Vec::new(), targets: Vec::new() };
        let windows = self.windows(window);
        let mut at = first;
        while at < first + count {
            let epoch = Epoch::new(self, at / windows, windows);
            let until = (first + count).min((at / windows + 1) * windows);
            for i in at..until {
                let tokens = epoch.window(i % windows, window);
                batch.inputs.extend(&tokens[..window]);
                batch.targets.extend(&tokens[1..]);
            }
            at = until;
        }
        batch
    }

    /// Up to `count` windows in the order of the file, from number `first` on: for validation.
    pub fn in_order(&self, first: usize, count: usize, window: usize) -> Batch {
        let mut batch = Batch { inputs: Vec::new(), targets: Vec::new() };
        for i in first..(first + count).min((self.tokens.len() - 1) / window) {
            batch.inputs.extend(&self.tokens[i * window..(i + 1) * window]);
            batch.targets.extend(&self.tokens[i * window + 1..=(i + 1) * window]);
        }
        batch
    }
}

/// One pass through all documents: their order, the offset of the first window, and the order of the windows.
struct Epoch<'a> {
    dataset: &'a Dataset,
    order: Vec<usize>,
    /// The start of each document, in this order.
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
            // windows start at other tokens in each epoch
            offset: (mix(seed ^ 1) % dataset.tokens.len() as u64) as usize,
            windows: shuffled(windows, mix(seed ^ 2)),
            dataset,
        }
    }

    /// Window number `i` and the token after it: `window` + 1 tokens. After the last document comes the first one again.
    fn window(&self, i: usize, window: usize) -> Vec<u32> {
        let whole = self.dataset.tokens.len();
        let mut at = (self.offset + self.windows[i] * window) % whole;
        let mut tokens = Vec::with_capacity(window + 1);
        while tokens.len() <= window {
            let place = self.starts.partition_point(|&start| start <= at) - 1;
            let document = self.order[place];
            let from = self.dataset.bounds[document] + at - self.starts[place];
            let rest = &self.dataset.tokens[from..self.dataset.bounds[document + 1]];
            let taken = &rest[..rest.len().min(window + 1 - tokens.len())];
            tokens.extend(taken);
            at = (at + taken.len()) % whole;
        }
        tokens
    }
}

/// The numbers below n, shuffled by the seed (Fisher and Yates).
fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        let draw = mix(seed ^ mix(i as u64)) % (i as u64 + 1);
        order.swap(i, draw as usize);
    }
    order
}

/// A long text in pieces that can be tokenized one by one with the same result as the whole: GPT-2's tokenizer never
/// joins a line break to the word before it.
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
