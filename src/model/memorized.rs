//! An index of the text that a model learnt: which runs of tokens stand in it. It goes with a run as one file, so that
//! what the model copies can be told from what it makes up. It holds hashes, not the text.

use crate::splitmix::mix;
use crate::whole;
use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// So many tokens in a row that stand in the text are copied.
pub const RUN: usize = 8;
/// In a small vocabulary so many tokens can be two words. A copy has as many bytes at least.
pub const LEAST: usize = 24;
/// The file's name, in a model's folder or in that of the run.
pub const FILE: &str = "training.index";
/// How the file begins: a name, a version, and how long its runs are.
const HEAD: &[u8; 16] = b"unstuck runs 1 8";

/// Hashes of all runs of [`RUN`] tokens of a text, in order, each once.
#[derive(Clone, Debug, PartialEq)]
pub struct Memorized {
    runs: Vec<u64>,
}

impl Memorized {
    /// Of documents; a run that goes over a document's end is none.
    pub fn of<'a>(documents: impl Iterator<Item = &'a [u32]>) -> Self {
        let mut runs: Vec<u64> = documents.flat_map(|ids| ids.windows(RUN).map(hash)).collect();
        runs.par_sort_unstable();
        runs.dedup();
        Self { runs }
    }

    /// This and another text together.
    pub fn and(mut self, other: &Self) -> Self {
        self.runs.extend(&other.runs);
        self.runs.par_sort_unstable();
        self.runs.dedup();
        self
    }

    /// How many runs there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// The text was shorter than a run.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the last [`RUN`] of these tokens stand so in the text.
    pub fn ends_in_copy(&self, ids: &[u32]) -> bool {
        let last = ids.len().checked_sub(RUN).map(|from| &ids[from..]);
        last.is_some_and(|run| self.runs.binary_search(&hash(run)).is_ok())
    }

    /// The index that belongs to a model: in its folder, or in the run's whose checkpoint it is.
    pub fn place(model: &Path) -> Option<PathBuf> {
        let beside = Some(model.join(FILE));
        let name = model.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of_run = name.starts_with("checkpoint-").then(|| model.with_file_name(FILE));
        beside.into_iter().chain(of_run).find(|path| path.is_file())
    }

    /// Read the index that belongs to a model, where there is one.
    ///
    /// # Errors
    /// When it can't be read or is damaged.
    pub fn find(model: &Path) -> Result<Option<Self>> {
        Self::place(model).map(|path| Self::read(&path)).transpose()
    }

    /// Read a file.
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

    /// Write it, whole or not at all.
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
