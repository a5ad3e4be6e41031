//! The draft's file: read without loss, written atomically.
//! It handles bytes and forms (encoding, line ends), not history.

use super::{
    attributes,
    draft::words,
    encoding::{self, Decoded, Encoding, Wrong},
};
use crate::whole::{self, folder_of};
use anyhow::{Context, Result, bail};
use ropey::Rope;
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The form of a file, restored when it is saved. A missing last newline is simply
/// missing in the text too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub encoding: Encoding,
    pub ends: Ends,
}

/// The line ends of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ends {
    /// LF, or none yet.
    #[default]
    Lf,
    /// Every line ends in CR LF; the text has LF.
    CrLf,
    /// Some lines end in CR LF, and the text has them as they are in the file.
    Mixed,
}

impl Ends {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let count = |wanted: u8| bytes.iter().filter(|byte| **byte == wanted).count();
        let pairs = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
        match pairs {
            0 => Self::Lf,
            _ if pairs == count(b'\n') && pairs == count(b'\r') => Self::CrLf,
            _ => Self::Mixed,
        }
    }
}

/// A file as it was when it was read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub modified: Option<SystemTime>,
    pub len: u64,
    /// A hash of the bytes.
    pub hash: u64,
    /// Device, inode and change time, which a program can't set at will.
    id: (u64, i64, i64),
}

impl Stamp {
    fn new(meta: &Metadata, bytes: &[u8]) -> Self {
        Self { modified: meta.modified().ok(), len: meta.len(), hash: hash(bytes), id: id(meta) }
    }
}

#[cfg(unix)]
fn id(meta: &Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (meta.ino(), meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}

/// 64-bit FNV-1a: stable across builds, since it is stored.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The file has other content than when it was read: `reload` it, or `keep_mine` and save.
#[derive(Debug, thiserror::Error)]
#[error("{} was changed by another program since it was read; reload it, save over it, or save under another name", .0.display())]
pub struct ChangedOnDisk(pub PathBuf);

/// The folder of the file doesn't exist: make it with [`super::Session::make_folder`].
#[derive(Debug, thiserror::Error)]
#[error("there is no folder {}; make it, or save under another name", .0.display())]
pub struct NoFolder(pub PathBuf);

/// Another file has this name already.
#[derive(Debug, thiserror::Error)]
#[error("{} exists already; choose another name, or save over it", .0.display())]
pub struct AlreadyThere(pub PathBuf);

/// The content of a file.
pub(crate) struct Found {
    pub text: String,
    pub form: Form,
    /// `None`: there is no file yet.
    pub stamp: Option<Stamp>,
    /// Why it can't be edited, if it isn't text that can be written back; the text has `�` then.
    pub wrong: Option<Wrong>,
}

/// Read a draft. A missing file is an empty draft, in a missing folder too.
pub(crate) fn read(path: &Path) -> Result<Found> {
    let Some((bytes, stamp)) = read_bytes(path)? else {
        let form = Form::default();
        return Ok(Found { text: String::new(), form, stamp: None, wrong: None });
    };
    let Decoded { text, encoding, wrong } = encoding::decode(&bytes);
    let ends = Ends::of(&text);
    let text = if ends == Ends::CrLf { text.replace("\r\n", "\n") } else { text };
    Ok(Found { text, form: Form { encoding, ends }, stamp: Some(stamp), wrong })
}

/// The number of words in a file; `None` when it can't be read as text, or has more than `most` bytes.
pub fn words_in(path: &Path, most: u64) -> Option<usize> {
    fs::metadata(path).ok().filter(|meta| meta.is_file() && meta.len() <= most)?;
    text_of(path).map(|text| words(&text))
}

/// The text of a file; `None` when there is none, or when it isn't text that can be read without loss.
pub(crate) fn text_of(path: &Path) -> Option<String> {
    let found = read(path).ok().filter(|found| found.wrong.is_none() && found.stamp.is_some())?;
    Some(found.text)
}

/// The bytes of a regular file; `None` when it doesn't exist.
fn read_bytes(path: &Path) -> Result<Option<(Vec<u8>, Stamp)>> {
    let name = path.display();
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("could not open {name}")),
    };
    if meta.is_dir() {
        bail!("{name} is a folder; name a file in it");
    }
    if !meta.is_file() {
        bail!("{name} is {}, not a regular file; copy its text into one", whole::kind(&meta));
    }
    let mut file =
        File::open(path).with_context(|| format!("could not open {name}; may you read it?"))?;
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    file.read_to_end(&mut bytes).with_context(|| format!("could not read {name}"))?;
    let meta = file.metadata().with_context(|| format!("could not read {name}"))?;
    let stamp = Stamp::new(&meta, &bytes);
    Ok(Some((bytes, stamp)))
}

/// Whether the file differs from `known`. The content decides; time and length only avoid reading it.
pub(crate) fn has_changed(path: &Path, known: Option<&Stamp>) -> Result<bool> {
    let Ok(meta) = fs::metadata(path) else {
        // The file is gone or never existed: saving overwrites nothing.
        return Ok(false);
    };
    let Some(known) = known else { return Ok(true) };
    let same =
        (meta.len(), meta.modified().ok(), id(&meta)) == (known.len, known.modified, known.id);
    if same {
        return Ok(false);
    }
    let found = read_bytes(path)?;
    Ok(found.is_some_and(|(_, stamp)| (stamp.len, stamp.hash) != (known.len, known.hash)))
}

/// The bytes that a text has in a file of this form.
pub(crate) fn bytes(text: &Rope, form: Form) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len_bytes() + 3);
    bytes.extend(form.encoding.mark());
    for chunk in text.chunks() {
        if form.ends == Ends::CrLf {
            form.encoding.encode(&chunk.replace('\n', "\r\n"), &mut bytes);
        } else {
            form.encoding.encode(chunk, &mut bytes);
        }
    }
    bytes
}

/// Write a file so that at every moment the old or the new bytes are there: a temporary file in the same
/// folder, synced, renamed over it, the folder synced. A symbolic link stays one. Where a rename would
/// break something (a hard link, an attribute that can't be kept, a folder that takes no new files), the file is
/// written in place.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<Stamp> {
    let target = follow(path).map_err(|error| Failed::Intact(error).say(path))?;
    let old = fs::metadata(&target).ok();
    let folder = folder_of(&target);
    if old.is_none() && folder.symlink_metadata().is_err() {
        return Err(NoFolder(folder.to_owned()).into());
    }
    if let Some(old) = &old {
        if old.is_dir() {
            bail!("{} is a folder; name a file in it", path.display());
        }
        if !old.is_file() {
            let kind = whole::kind(old);
            bail!("{} is {kind}, not a regular file; save under another name", path.display());
        }
        // A rename would replace a file that its owner made read-only. The mode is checked too, because root can open
        // any file for writing.
        if old.permissions().readonly() || OpenOptions::new().write(true).open(&target).is_err() {
            bail!(
                "{} is read-only; make it writable (chmod u+w) or save under another name. Your text is still here",
                path.display()
            );
        }
    }
    let old_len = old.as_ref().map_or(0, Metadata::len);
    let written = match &old {
        Some(old) if links(old) > 1 => overwrite(&target, bytes, old_len),
        _ => match replace(&target, bytes, old.as_ref()) {
            Ok(true) => Ok(()),
            // A new file can't have all attributes of the old one.
            Ok(false) => overwrite(&target, bytes, old_len),
            // No new file can be created in the folder, but the file itself is writable.
            Err(error) if old.is_some() && error.kind() == ErrorKind::PermissionDenied => {
                overwrite(&target, bytes, old_len)
            }
            Err(error) => Err(Failed::Intact(error)),
        },
    };
    match written {
        Ok(()) => {
            let meta = fs::metadata(&target);
            let meta = meta.with_context(|| format!("could not read {}", path.display()))?;
            Ok(Stamp::new(&meta, bytes))
        }
        Err(failed) => Err(failed.say(path)),
    }
}

/// Why a file could not be written.
enum Failed {
    /// What was in it is still in it.
    Intact(io::Error),
    /// It was being written in place.
    Torn(io::Error),
}

impl Failed {
    fn say(self, path: &Path) -> anyhow::Error {
        let (error, state) = match self {
            Failed::Intact(error) => (error, "The file is unchanged"),
            Failed::Torn(error) => (error, "The file may be half old and half new"),
        };
        let hint = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                "the disk is full: free some space and save again"
            }
            ErrorKind::NotADirectory => {
                "a part of its path is not a folder: save under another name"
            }
            _ => "save under another name",
        };
        let name = path.display();
        let said = format!("could not save {name}; {hint}. {state}, and your text is still here");
        anyhow::Error::new(error).context(said)
    }
}

/// Where a path leads when its last part is a symbolic link, even one that leads nowhere yet.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut at = path.to_path_buf();
    for _ in 0..40 {
        match fs::read_link(&at) {
            Ok(next) => at = at.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(at),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// By a temporary file and a rename. False, and nothing done, when the new file can't have all attributes of the old.
fn replace(target: &Path, bytes: &[u8], old: Option<&Metadata>) -> io::Result<bool> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".unstuck-").suffix("~");
    // The default mode of a new file, to which the process's umask applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = builder.tempfile_in(folder_of(target))?;
    new.write_all(bytes)?;
    if let Some(old) = old {
        keep_owner(new.as_file(), old);
        new.as_file().set_permissions(old.permissions())?;
        // After the permissions, because an access control list includes them.
        if File::open(target).is_ok_and(|old| !attributes::keep(new.as_file(), &old)) {
            return Ok(false);
        }
    }
    new.as_file().sync_all()?;
    new.persist(target).map_err(|error| error.error)?;
    // The rename is durable only once the folder is synced. Some file systems can't sync a folder; ignore that.
    File::open(folder_of(target)).and_then(|folder| folder.sync_all()).ok();
    Ok(true)
}

/// Write in place so that a full disk leaves the old text: first the part beyond the old length is appended
/// (and cut off again when that fails), and only then are the old bytes overwritten.
fn overwrite(target: &Path, bytes: &[u8], old_len: u64) -> Result<(), Failed> {
    let mut file = OpenOptions::new().write(true).open(target).map_err(Failed::Intact)?;
    let (head, tail) = bytes.split_at((old_len as usize).min(bytes.len()));
    let mut grow = || {
        file.seek(SeekFrom::Start(old_len))?;
        file.write_all(tail)?;
        file.sync_data()
    };
    if let Err(error) = grow() {
        file.set_len(old_len).map_err(Failed::Torn)?;
        return Err(Failed::Intact(error));
    }
    let mut finish = || {
        file.rewind()?;
        file.write_all(head)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    finish().map_err(Failed::Torn)
}

#[cfg(unix)]
fn links(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

/// Only root may give files away; anyone else's new file is their own, with the group where it may be.
#[cfg(unix)]
fn keep_owner(new: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if fchown(new, Some(old.uid()), Some(old.gid())).is_err() {
        fchown(new, None, Some(old.gid())).ok();
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}
