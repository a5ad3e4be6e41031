//! Where a command's result goes: standard output, made safe when that is a terminal, or a file that is whole or
//! not there.

use crate::{clean, whole};
use anyhow::{Context, Result};
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// An open place for text.
pub struct Place(Kind);

enum Kind {
    Standard {
        stdout: io::StdoutLock<'static>,
        terminal: bool,
    },
    /// Collected, and written by `finish`.
    File {
        path: PathBuf,
        text: String,
    },
}

impl Place {
    /// Standard output, or the file at `path`. A file is only looked at here, and written by [`Place::finish`].
    ///
    /// # Errors
    /// When `path` can't be a file.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            let stdout = io::stdout().lock();
            let terminal = stdout.is_terminal();
            return Ok(Self(Kind::Standard { stdout, terminal }));
        };
        if path.is_dir() {
            anyhow::bail!("{}: is a folder; give a file's name", path.display());
        }
        if !whole::folder_of(path).is_dir() {
            anyhow::bail!(
                "{}: there is no such folder; make it first",
                whole::folder_of(path).display()
            );
        }
        Ok(Self(Kind::File { path: path.to_owned(), text: String::new() }))
    }

    /// Show `text` now.
    ///
    /// # Errors
    /// As of standard output; a closed pipe is one of them.
    pub fn write(&mut self, text: &str) -> Result<()> {
        match &mut self.0 {
            Kind::Standard { stdout, terminal } => {
                let safe = if *terminal { clean::for_terminal(text) } else { text.into() };
                let written = stdout.write_all(safe.as_bytes()).and_then(|()| stdout.flush());
                written.context("standard output")
            }
            Kind::File { text: all, .. } => {
                all.push_str(text);
                Ok(())
            }
        }
    }

    /// All is written: the file appears, or what was there before is still there.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn finish(self) -> Result<()> {
        match self.0 {
            Kind::Standard { .. } => Ok(()),
            Kind::File { path, text } => whole::write(&path, text.as_bytes())
                .with_context(|| format!("{}: not written", path.display())),
        }
    }
}
