//! Secrets in memory, and the check that only their owner can read a file of them.

use serde::Deserialize;
use std::{fs, path::Path};
use zeroize::Zeroize;

/// A secret text. It has no `Debug` and no `Display`, and is zeroed when dropped.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wrap a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for signing requests and scrubbing messages.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a file is not fit for secrets; the message names the file and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Exposed(String);

/// Check that the file belongs to this user and that only they can read it.
///
/// # Errors
/// When others could read or replace it.
#[cfg(unix)]
pub fn guard(path: &Path, file: &fs::Metadata) -> Result<(), Exposed> {
    use std::os::unix::fs::MetadataExt;
    let name = path.display();
    let wrong = if !file.is_file() {
        "must be a regular file, not a link".to_owned()
    } else if file.mode() & 0o077 != 0 {
        format!("others can read it; run: chmod 600 {name}")
    } else if file.uid() != rustix::process::geteuid().as_raw() {
        "belongs to another user".to_owned()
    } else if open_to_all(path) {
        "anyone could replace it: its folder is writable by everyone".to_owned()
    } else {
        return Ok(());
    };
    Err(Exposed(format!("{name}: {wrong}")))
}

/// Whether anybody may rename files beside this one. In a folder like `/tmp` (sticky) only their owners may.
#[cfg(unix)]
fn open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::metadata(folder.unwrap_or(Path::new(".")))
        .is_ok_and(|folder| folder.mode() & 0o002 != 0 && folder.mode() & 0o1000 == 0)
}

/// Check that it is a regular file.
///
/// # Errors
/// When it is not.
#[cfg(not(unix))]
pub fn guard(path: &Path, file: &fs::Metadata) -> Result<(), Exposed> {
    if file.is_file() {
        return Ok(());
    }
    Err(Exposed(format!("{}: must be a regular file", path.display())))
}
