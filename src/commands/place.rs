//! Where a command's result goes: standard output, made safe when that is a terminal, or a file that is whole or
//! not there.

use crate::clean;
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
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
        if !folder_of(path).is_dir() {
            anyhow::bail!("{}: there is no such folder; make it first", folder_of(path).display());
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
            Kind::File { path, text } => save(&path, text.as_bytes())
                .with_context(|| format!("{}: not written", path.display())),
        }
    }
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() && !path.is_file() {
        return Ok(File::options().write(true).open(path)?.write_all(bytes)?); // a pipe or a device
    }
    // a symbolic link stays one: what it leads to is replaced
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as for any new file
    }
    let mut file = builder.tempfile_in(folder_of(&path))?;
    if let Ok(old) = fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
