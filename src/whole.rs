//! A file written so that at every moment the old or the new one is there, with the rights of any new file. (A draft has
//! its own way: `session`.)

use anyhow::Result;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};
use tempfile::{Builder, NamedTempFile};

/// Writes all of a file. A symbolic link stays one, and permissions stay.
///
/// # Errors
/// When it can't be written; then what was there is still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() && !path.is_file() {
        return Ok(File::options().write(true).open(path)?.write_all(bytes)?); // a pipe or a device
    }
    // a symbolic link stays one: what it leads to is replaced
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut file = file_in(folder_of(&path))?;
    if let Ok(old) = fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// A file without its name yet, for whoever writes it bit by bit. What `tempfile` makes by itself is for its owner
/// alone, under any name.
///
/// # Errors
/// When it can't be made.
pub fn file_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // less the umask
    builder.tempfile_in(folder)
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
