//! Writes the folder of a corpus: train.txt, validation.txt and corpus.json, all of them or none. They are written to a
//! temporary folder beside it, which is renamed at the end. The next run deletes temporary folders that a crash left.

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

/// A corpus in the making.
pub struct Output {
    target: PathBuf,
    partial: TempDir,
    train: BufWriter<File>,
    validation: BufWriter<File>,
}

impl Output {
    /// Start writing the folder `target`. It must not exist, be empty, or contain an older corpus.
    ///
    /// # Errors
    /// When it contains other files, or can't be created.
    pub fn begin(target: &Path) -> Result<Self> {
        Self::prepare(target).with_context(|| target.display().to_string())
    }

    fn prepare(target: &Path) -> Result<Self> {
        // follow a symbolic link, so that its target is replaced and not the link
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        check(&target)?;
        let Some(name) = target.file_name() else { bail!("not the name of a folder") };
        let parent = whole::folder_of(&target);
        if !parent.is_dir() {
            bail!("the folder {} doesn't exist; create it first", parent.display());
        }
        let mut prefix = OsString::from(".");
        prefix.push(name);
        prefix.push(".partial-");
        sweep(parent, &prefix);
        let partial = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent)?;
        let train = File::create(partial.path().join(TRAIN))?;
        train.try_lock().ok(); // tells other runs that this one is alive; not all file systems have locks
        let validation = File::create(partial.path().join(VALIDATION))?;
        let [train, validation] =
            [train, validation].map(|file| BufWriter::with_capacity(1 << 18, file));
        Ok(Self { target, partial, train, validation })
    }

    /// Append to `validation.txt` if `validates`, otherwise to `train.txt`.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, text: &str, validates: bool) -> Result<()> {
        let file = if validates { &mut self.validation } else { &mut self.train };
        file.write_all(text.as_bytes()).with_context(|| self.target.display().to_string())
    }

    /// Put the finished folder in place, replacing an older corpus.
    ///
    /// # Errors
    /// When that fails. Then an older corpus is still there.
    pub fn finish(self, summary: &Summary) -> Result<()> {
        let target = self.target.clone();
        self.commit(summary).with_context(|| format!("{}: can't be written", target.display()))
    }

    fn commit(self, summary: &Summary) -> Result<()> {
        let Self { target, partial, train, validation } = self;
        for file in [train, validation] {
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        }
        let mut counts = File::create(partial.path().join(COUNTS))?;
        counts.write_all(serde_json::to_string_pretty(summary)?.as_bytes())?;
        counts.write_all(b"\n")?;
        counts.sync_all()?;
        sync_folder(partial.path())?;
        check(&target)?; // again: it may have changed since the start
        if target.exists() {
            exchange(partial.path(), &target)?; // the old corpus is now in `partial`, which is deleted
        } else {
            fs::rename(partial.path(), &target)?;
        }
        sync_folder(target.parent().unwrap_or(Path::new("/"))).ok();
        Ok(())
    }
}

/// Fails when `target` is something else than an older corpus, which must not be replaced.
fn check(target: &Path) -> Result<()> {
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        bail!("is a file; give the name of a folder");
    }
    for entry in fs::read_dir(target)? {
        let name = entry?.file_name();
        if ![TRAIN, VALIDATION, COUNTS].map(OsStr::new).contains(&&*name) {
            bail!("contains other files than a corpus ({}); give another folder", name.display());
        }
    }
    Ok(())
}

/// Delete the temporary folders of killed runs. Those of running ones have locked files.
fn sweep(parent: &Path, prefix: &OsStr) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if ours && File::open(entry.path().join(TRAIN)).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

/// Swap two folders, atomically if the system can.
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

/// Sync a folder, so that renames in it survive a power loss.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
