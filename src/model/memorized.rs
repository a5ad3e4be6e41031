//! An index of a model's training text: hashes of all runs of 8 tokens in it, not the text. It is saved as one file in
//! the folder of the fine-tuning run, and tells text that the model copies from text that it makes up.

use crate::splitmix::mix;
use crate::whole;
use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A sequence of this many tokens that occurs in the training text counts as copied.
pub const RUN: usize = 8;
/// The minimum length of a copy in bytes: with a small vocabulary, 8 tokens can be only two words.
pub const LEAST: usize = 24;
/// The name of the index file, in a model's folder or in that of the fine-tuning run.
pub const FILE: &str = "training.index";
/// The file's header: name, version, and tokens per run.
const HEAD: &[u8; 16] = b"unstuck runs 1 8";

/// Hashes of all runs of [`RUN`] tokens of a text, sorted and without duplicates.
#[derive(Clone, Debug, PartialEq)]
pub struct Memorized {
    runs: Vec<u64>,
}

impl Memorized {
    /// The index of these documents. Runs don't extend across documents.
    pub fn of<'a>(documents: impl Iterator<Item = &'a [u32]>) -> Self {
        let mut runs: Vec<u64> = documents.flat_map(|ids| ids.windows(RUN).map(hash)).collect();
        runs.par_sort_unstable();
        runs.dedup();
        Self { runs }
    }

    /// The union of two indices.
    pub fn and(mut self, other: &Self) -> Self {
        self.runs.extend(&other.runs);
        self.runs.par_sort_unstable();
        self.runs.dedup();
        self
    }

    /// The number of different runs.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether it has no runs: every document was shorter than [`RUN`] tokens.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the last [`RUN`] of these tokens occur in the text in this order.
    pub fn ends_in_copy(&self, ids: &[u32]) -> bool {
        let last = ids.len().checked_sub(RUN).map(|from| &ids[from..]);
        last.is_some_and(|run| self.runs.binary_search(&hash(run)).is_ok())
    }

    /// The path of a model's index: in the model's folder or, for a checkpoint, in the folder of its run.
    pub fn place(model: &Path) -> Option<PathBuf> {
        let beside = Some(model.join(FILE));
        let name = model.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of_run = name.starts_with("checkpoint-").then(|| model.with_file_name(FILE));
        beside.into_iter().chain(of_run).find(|path| path.is_file())
    }

    /// Read a model's index, if it has one.
    ///
    /// # Errors
    /// When it can't be read or is damaged.
    pub fn find(model: &Path) -> Result<Option<Self>> {
        Self::place(model).map(|path| Self::read(&path)).transpose()
    }

    /// Read an index file.
    ///
    /// # Errors
    /// When it can't be read or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = || path.display().to_string();
        let bytes = fs::read(path).with_context(shown)?;
        let whole = || {
            let (bytes, sum) = bytes.split_last_chunk::<4>()?;
            let runs = bytes.strip_prefix(HEAD)?;
            (crc32fast::hash(bytes) == u32::from_le_bytes(*sum)).then_some(runs.as_chunks::<8>())
        };
        let (runs, rest) = whole().with_context(|| {
            format!(
                "{}: damaged; without it nobody can tell what is copied. Delete it to go on",
                shown()
            )
        })?;
        ensure!(rest.is_empty(), "{}: damaged; delete it to go on without", shown());
        Ok(Self { runs: runs.iter().map(|run| u64::from_le_bytes(*run)).collect() })
    }

    /// Write the index to a file, atomically.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = HEAD.to_vec();
        bytes.extend(self.runs.iter().flat_map(|run| run.to_le_bytes()));
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        whole::write(path, &bytes).with_context(|| format!("{}: not written", path.display()))
    }
}

fn hash(run: &[u32]) -> u64 {
    run.iter().fold(RUN as u64, |hash, &id| mix(hash ^ u64::from(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_within_documents() {
        let (a, b): (Vec<u32>, Vec<u32>) = ((0..20).collect(), (100..107).collect());
        let index = Memorized::of([&a[..], &b[..]].into_iter());
        assert_eq!(index.len(), 13);
        assert!(index.ends_in_copy(&[7, 3, 4, 5, 6, 7, 8, 9, 10]));
        assert!(!index.ends_in_copy(&[3, 4, 5, 6, 7, 8, 9, 11]));
        assert!(!index.ends_in_copy(&[19, 100, 101, 102, 103, 104, 105, 106]));
        assert!(!index.ends_in_copy(&a[..RUN - 1]));
        let both = index.clone().and(&Memorized::of([&[9u32; 9][..]].into_iter()));
        assert!(both.ends_in_copy(&[9; 8]) && both.ends_in_copy(&a));
    }

    #[test]
    fn a_damaged_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let index = Memorized::of([&(0..50).collect::<Vec<u32>>()[..]].into_iter());
        index.write(&path).unwrap();
        assert_eq!(Memorized::find(folder.path()).unwrap(), Some(index));
        let bytes = fs::read(&path).unwrap();
        for cut in [0, 3, 15, 20, bytes.len() - 1] {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(Memorized::read(&path).is_err(), "{cut}");
        }
        let mut other = bytes.clone();
        other[30] ^= 1;
        fs::write(&path, other).unwrap();
        assert!(Memorized::read(&path).unwrap_err().to_string().contains("damaged"));
    }
}
