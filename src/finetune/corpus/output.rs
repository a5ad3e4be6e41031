//! The folder of a corpus: train.txt, validation.txt and corpus.json, all of them or none. They grow in a folder beside
//! it that takes its place at the end; one that a crash left behind is swept up by the next run.

use super::Summary;
use crate::whole;
use anyhow::{Context, Result, bail};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The file of the documents to train on.
pub const TRAIN: &str = "train.txt";
/// The file of the documents to validate with.
pub const VALIDATION: &str = "validation.txt";
const COUNTS: &str = "corpus.json";

/// A corpus that is being written.
pub struct Output {
    target: PathBuf,
    partial: TempDir,
    train: BufWriter<File>,
    validation: BufWriter<File>,
}

impl Output {
    /// For the folder `target`, which must not be there, be empty, or hold a corpus.
    ///
    /// # Errors
    /// When it holds something else, or can't be made.
    pub fn begin(target: &Path) -> Result<Self> {
        Self::prepare(target).with_context(|| target.display().to_string())
    }

    fn prepare(target: &Path) -> Result<Self> {
        // a symbolic link stays one: what it leads to is replaced
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        check(&target)?;
        let Some(name) = target.file_name() else { bail!("not a folder's name") };
        let parent = whole::folder_of(&target);
        if !parent.is_dir() {
            bail!("there is no folder {}; make it first", parent.display());
        }
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".partial-");
        sweep(parent, &prefix);
        let partial = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent)?;
        let train = File::create(partial.path().join(TRAIN))?;
        train.try_lock().ok(); // says to other runs that this one lives; a file system may lack locks
        let validation = File::create(partial.path().join(VALIDATION))?;
        let [train, validation] =
            [train, validation].map(|file| BufWriter::with_capacity(1 << 18, file));
        Ok(Self { target, partial, train, validation })
    }

    /// Adds to one of the two text files.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, text: &str, validates: bool) -> Result<()> {
        let file = if validates { &mut self.validation } else { &mut self.train };
        file.write_all(text.as_bytes()).with_context(|| self.target.display().to_string())
    }

    /// The folder appears, or takes the old one's place.
    ///
    /// # Errors
    /// When it can't; then all is as it was.
    pub fn finish(self, summary: &Summary) -> Result<()> {
        let target = self.target.clone();
        self.appear(summary).with_context(|| format!("{}: not written", target.display()))
    }

    fn appear(self, summary: &Summary) -> Result<()> {
        let Self { target, partial, train, validation } = self;
        for file in [train, validation] {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        let mut counts = File::create(partial.path().join(COUNTS))?;
        counts.write_all(serde_json::to_string_pretty(summary)?.as_bytes())?;
        counts.write_all(b"\n")?;
        counts.sync_all()?;
        sync_folder(partial.path())?;
        check(&target)?; // hours may have passed
        if target.exists() {
            exchange(partial.path(), &target)?; // what is in `partial` now goes with it
        } else {
            fs::rename(partial.path(), &target)?;
        }
        sync_folder(target.parent().unwrap_or(Path::new("/"))).ok();
        Ok(())
    }
}

/// Nothing but an old corpus is ever replaced.
fn check(target: &Path) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        bail!("is a file; give a folder's name");
    }
    for entry in fs::read_dir(target)? {
        let name = entry?.file_name();
        if ![TRAIN, VALIDATION, COUNTS].map(OsStr::new).contains(&&*name) {
            bail!("holds other things than a corpus ({}); give another folder", name.display());
        }
    }
    Ok(())
}

/// What earlier runs left that were killed. A run that lives has its files locked.
fn sweep(parent: &Path, prefix: &OsStr) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if ours && File::open(entry.path().join(TRAIN)).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// `new` and `old` change places: in one step where the system has one.
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
            return Ok(());
        }
    }
    let aside = new.with_extension("old");
    fs::rename(old, &aside)?;
    if let Err(error) = fs::rename(new, old) {
        fs::rename(&aside, old)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
