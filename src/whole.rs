//! Files written so that at every moment the old or the new one is there, with the permissions of any new file (a draft
//! is written by `session`); folders and files that only their owner may write; and reading that can't wait forever.
//! [`WRITTEN`] lists every file that the program writes.

mod written;

pub use written::{WRITTEN, Written};

use anyhow::Result;
use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};
use tempfile::{Builder, NamedTempFile};

/// Writes all of a file. A symbolic link stays one, and permissions stay.
///
/// # Errors
/// When it can't be written; then what was there is still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Pending::new(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that is written bit by bit, as [`write()`] does at once. Until [`Pending::finish`] what was there is still there.
pub enum Pending {
    /// A pipe or a device, which is written to directly.
    Direct(File),
    /// A file beside the path, and the path.
    Beside(NamedTempFile, PathBuf),
}

impl Pending {
    /// Begin to write a file.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_file() {
            return Ok(Self::Direct(File::options().write(true).open(path)?));
        }
        // a symbolic link stays one: what it leads to is replaced
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let file = file_in(folder_of(&path))?;
        if let Ok(old) = fs::metadata(&path) {
            file.as_file().set_permissions(old.permissions())?;
        }
        Ok(Self::Beside(file, path))
    }

    /// Put the file in its place.
    ///
    /// # Errors
    /// When it can't be written; then what was there is still there.
    pub fn finish(self) -> Result<()> {
        if let Self::Beside(file, path) = self {
            file.as_file().sync_all()?;
            file.persist(&path)?;
        }
        Ok(())
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(file) => file.write(bytes),
            Self::Beside(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(file) => file.flush(),
            Self::Beside(file, _) => file.flush(),
        }
    }
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

/// What kind of thing is at a path, in words: "a folder", "a FIFO", "a device".
pub fn kind(meta: &Metadata) -> &'static str {
    let kind = meta.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO (named pipe)";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_symlink() => "a link",
        () if kind.is_file() => "a file",
        () => "not a regular file",
    }
}

/// Opens a file to read it, if it is a regular file or a link to one. Reading from a FIFO would wait for a writer, and
/// a device may never end.
///
/// # Errors
/// When it can't be opened, or is of another kind; the error says which.
pub fn open(path: &Path) -> io::Result<File> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        let said = format!("it is {}; give a regular file", kind(&meta));
        return Err(io::Error::new(ErrorKind::InvalidInput, said));
    }
    File::open(path)
}

/// Reads a regular file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a regular file as UTF-8.
///
/// # Errors
/// As [`open`]; or when it isn't UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let invalid = |error| io::Error::new(ErrorKind::InvalidData, error);
    String::from_utf8(read(path)?).map_err(|error| invalid(error.utf8_error()))
}

/// Whether a file may be opened or made at a path: nothing is there, or a regular file that is no link.
///
/// # Errors
/// When something else is there; the error says what, and what to do.
pub fn is_free_or_file(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if !meta.is_file() => {
            let said = format!("{} is there instead of a file; remove it", kind(&meta));
            Err(io::Error::new(ErrorKind::InvalidInput, said))
        }
        _ => Ok(()),
    }
}

/// Makes a folder for files that nobody else may write, if it isn't there, and checks it if it is.
///
/// # Errors
/// When it can't be made, or others can write to it: they could put files in the place of ours.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        // Nothing tells whether a group has other members than the owner.
        if fs::metadata(folder)?.mode() & 0o022 != 0 {
            let folder = folder.display();
            let said = format!("others can write to the folder {folder}; run: chmod go-w {folder}");
            return Err(io::Error::new(ErrorKind::PermissionDenied, said));
        }
    }
    Ok(())
}

/// Sets options for a file that only its owner can read. A link in its place is not followed.
pub fn own(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    options
}

/// Replaces a small file in the state folder, which only its owner may read.
///
/// # Errors
/// When others can write to the folder, or the file can't be written; then what was there is still there.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    private_folder(folder_of(path))?;
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}
