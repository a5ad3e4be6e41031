//! A file written so that at every moment the old or the new one is there. (A draft has its own way: `session`.)

use anyhow::Result;
use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

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

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
