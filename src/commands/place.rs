//! The output of a command: standard output, made safe if that is a terminal, or a file, which is either written
//! completely or not at all.

use crate::{clean, whole};
use anyhow::{Context, Result};
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// An open output for text.
pub struct Place(Kind);

enum Kind {
    Standard {
        stdout: io::StdoutLock<'static>,
        terminal: bool,
    },
    /// The text is collected here and written by [`Place::finish`].
    File {
        path: PathBuf,
        text: String,
    },
}

impl Place {
    /// Open standard output, or the file at `path`. The file is only checked here; [`Place::finish`] writes it.
    ///
    /// # Errors
    /// When `path` is a folder, or its folder doesn't exist.
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

    /// Write `text`: at once to standard output; a file's text is collected.
    ///
    /// # Errors
    /// When standard output can't be written, also because a pipe is closed.
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

    /// Write the file. If that fails, an existing file is left unchanged.
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
