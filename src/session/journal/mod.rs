//! One append-only journal per draft: every edit, request, offer and move, checksummed, in the state folder.
//! The process that has locked its file may edit the draft; others may read it. The events are in `record`.
//!
//! The file is named by a hash of the draft's path. A frame is a length, a CRC-32 and a record; a key takes about ten
//! bytes. One thread writes each record as it arrives, so that it survives a crash of the program. Another thread syncs
//! at most 120 ms later, so that it survives a crash of the machine. A failed write is tried again together with all
//! records since, and reported once.
//!
//! Opening reads frames until one is incomplete. A tail that a crash left behind is cut off. Anything else that can't
//! be read is put aside, never deleted.
//!
//! Why not SQLite: the journal has one writer and is only appended to, so a log of frames is simpler than a database,
//! writes a few bytes for each key instead of whole pages, and can lose only its last frame.

mod bytes;
mod film;
mod frame;
mod record;
mod replay;
mod writer;

pub(crate) use film::film;
pub(crate) use record::{Encoder, Record};
pub(crate) use replay::{Past, Tail, rewrite};

use super::file::{follow, hash};
use crate::whole;
use anyhow::{Context, Result, anyhow};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read},
    path::{Path, PathBuf},
    time::SystemTime,
};
use writer::Writer;

/// The file name of a draft's journal without its extension: a hash of the draft's canonical path.
pub(crate) fn stem(draft: &Path) -> String {
    let draft = follow(draft).unwrap_or_else(|_| draft.to_path_buf());
    let full = fs::canonicalize(&draft).or_else(|_| {
        let folder = draft.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
        Ok::<_, io::Error>(folder.join(draft.file_name().unwrap_or_default()))
    });
    let full = full.unwrap_or(draft);
    format!("{:016x}", hash(full.as_os_str().as_encoded_bytes()))
}

/// The path of a draft's journal.
pub(crate) fn path_of(state: &Path, stem: &str) -> PathBuf {
    state.join(format!("{stem}.journal"))
}

/// The numbers of the untitled drafts that have a journal, in order.
pub(crate) fn untitled(state: &Path) -> Vec<usize> {
    let number = |entry: fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_str()?.strip_prefix("untitled-")?;
        name.strip_suffix(".journal")?.parse().ok()
    };
    let found = fs::read_dir(state).into_iter().flatten().flatten();
    let mut found: Vec<usize> = found.filter_map(number).collect();
    found.sort_unstable();
    found
}

/// An open journal.
pub(crate) struct Journal {
    path: PathBuf,
    /// Holds the lock until the writer takes over.
    file: Option<File>,
    writer: Option<Writer>,
    /// How many bytes are good when the writer starts.
    good: usize,
    /// Bytes written since the last full text.
    since_snapshot: usize,
    /// Whether events are kept; without, it is only a lock.
    keeps: bool,
    /// Whether the first event was written, now or in the journal that was read.
    begun: bool,
    encoder: Encoder,
    failed: Option<String>,
}

impl Journal {
    /// Open and read a draft's journal: `None` when another process has it. The file is created
    /// if missing, and removed again if nothing was written to it.
    ///
    /// # Errors
    /// The state folder can't be made or written.
    pub fn open(path: PathBuf, keeps: bool) -> Result<Option<(Self, Option<Past>)>> {
        let said = || format!("the history of this draft can't be kept in {}", path.display());
        let Some(mut file) = lock(&path).with_context(said)? else { return Ok(None) };
        let mut journal = Self {
            path: path.clone(),
            file: None,
            writer: None,
            good: 0,
            since_snapshot: 0,
            keeps,
            begun: false,
            encoder: Encoder::default(),
            failed: None,
        };
        let mut past = None;
        if keeps {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).with_context(said)?;
            let (read, tail) = Past::read(&bytes);
            match tail {
                Tail::Torn => {}
                Tail::Newer => journal.set_aside("newer", &bytes),
                Tail::Damaged => journal.set_aside("damaged", &bytes),
            }
            past = read;
            journal.begun = past.is_some();
            journal.encoder.last = past.as_ref().map_or(0, |past| past.last);
            journal.good = past.as_ref().map_or(0, |past| past.good);
            journal.since_snapshot = past.as_ref().map_or(0, |past| past.since_snapshot);
        }
        journal.file = Some(file);
        Ok(Some((journal, past)))
    }

    /// Keep a copy of bytes that will be cut off.
    fn set_aside(&mut self, why: &str, bytes: &[u8]) {
        let said = match why {
            "newer" => {
                "a newer unstuck wrote a part of this draft's history that this one can't read"
            }
            _ => "a part of this draft's history can't be read",
        };
        self.failed = Some(match writer::put_aside(&self.path, why, bytes) {
            Ok(copy) => format!("{said}; it is kept in {}", copy.display()),
            Err(error) => format!("{said}: {error}"),
        });
    }

    /// Whether nothing was written yet, so that the first record must be its beginning.
    pub fn is_empty(&self) -> bool {
        !self.begun
    }

    /// Start a new journal; the one that contradicts itself is kept aside.
    pub fn begin_anew(&mut self) {
        if let Ok(bytes) = fs::read(&self.path) {
            self.set_aside("damaged", &bytes);
        }
        (self.good, self.since_snapshot, self.begun) = (0, 0, false);
        self.encoder = Encoder::default();
    }

    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// Whether so much was written since the last snapshot that another one adds little.
    pub fn wants_snapshot(&self, text_len: usize) -> bool {
        self.since_snapshot > text_len.max(4096)
    }

    /// Queue an event for writing. Never blocks and never fails; see [`Journal::trouble`].
    pub fn put(&mut self, when: SystemTime, record: Record<'_>) {
        if !self.keeps {
            return;
        }
        self.begun = true;
        let elapsed = self.encoder.elapsed(when);
        if let Record::Snapshot { revision, text, runs } = record {
            self.since_snapshot = 0;
            // The writer's thread encodes a large text, so that no key waits for it.
            let record = Record::Snapshot { revision, text, runs };
            if let Some(writer) = self.writer() {
                writer.put(move || record.frame(elapsed));
            }
        } else {
            let frame = record.frame(elapsed);
            self.since_snapshot += frame.len();
            if let Some(writer) = self.writer() {
                writer.put(move || frame);
            }
        }
    }

    /// The thread is started at the first write, so that only reading a draft needs none.
    fn writer(&mut self) -> Option<&Writer> {
        if let Some(file) = self.file.take() {
            match Writer::start(file, self.path.clone(), self.good as u64) {
                Ok(writer) => self.writer = Some(writer),
                Err(error) => self.failed = Some(self.lament(&error)),
            }
        }
        self.writer.as_ref()
    }

    fn lament(&self, error: &io::Error) -> String {
        format!(
            "the history can't be written to {}: {error}. Go on writing, and save often: until this is \
             mended only what you save is safe",
            self.path.display()
        )
    }

    /// A failure that was not reported yet.
    pub fn trouble(&mut self) -> Option<String> {
        let error = self.writer.as_ref().and_then(Writer::trouble);
        error.map(|error| self.lament(&error)).or_else(|| self.failed.take())
    }

    /// Wait until everything is on disk.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn flush(&mut self) -> Result<()> {
        self.writer.as_ref().map_or(Ok(()), Writer::flush)
    }

    /// What is in the file, with all that was put there; `None` when it can't be read, or nothing is kept.
    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        self.flush().ok()?;
        self.keeps.then(|| fs::read(&self.path).ok()).flatten()
    }

    /// Write the whole journal anew.
    ///
    /// # Errors
    /// The disk is full or gone; the old journal is as it was.
    pub fn replace(&mut self, frames: Vec<u8>, encoder: Encoder) -> Result<()> {
        if !self.keeps {
            return Ok(());
        }
        let writer = self.writer().ok_or_else(|| anyhow!("the history can't be written"))?;
        writer.replace(frames)?;
        (self.begun, self.since_snapshot, self.encoder) = (true, 0, encoder);
        Ok(())
    }

    /// Go on as another draft's journal. With `last`, the old one stays and ends with that event.
    ///
    /// # Errors
    /// Another desk has that draft, or the disk is full or gone; the journal stays where it was.
    pub fn go_on_as(&mut self, stem: &str, last: Option<(SystemTime, Record)>) -> Result<()> {
        let path = self.path.with_file_name(format!("{stem}.journal"));
        if path == self.path || !self.keeps {
            return Ok(());
        }
        // An old journal without records doesn't need a last one.
        let mut encoder = self.encoder;
        let last = last.filter(|_| self.begun).map(|(when, record)| encoder.frame(when, &record));
        if let Some(writer) = self.writer() {
            writer.go_on_at(path.clone(), last)?;
            self.path = path;
        }
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // The file was only created for its lock, and nobody else can have written to it while we held that.
        if self.is_empty() && self.file.as_ref().is_some_and(is_empty) {
            fs::remove_file(&self.path).ok();
        }
    }
}

fn is_empty(file: &File) -> bool {
    file.metadata().is_ok_and(|meta| meta.len() == 0)
}

/// Open a file and lock it; `None` when another process has it. On a file system without locks there is no lock.
pub(crate) fn lock(path: &Path) -> io::Result<Option<File>> {
    whole::private_folder(whole::folder_of(path))?;
    loop {
        // A link would lead to a file that is not a journal, and opening a FIFO would wait.
        whole::is_free_or_file(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        whole::own(&mut options);
        let file = options.open(path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        // Its previous owner may have removed or replaced the file after we opened it and before we locked it.
        if is_same(&file, path) {
            return Ok(Some(file));
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |meta: &fs::Metadata| (meta.dev(), meta.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if id(&a) == id(&b))
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}

/// Whether someone else than this journal has a draft's.
pub(crate) fn is_held(state: &Path, draft: &Path, own: Option<&Journal>) -> bool {
    let path = path_of(state, &stem(draft));
    let is_own = own.is_some_and(|own| own.path == path);
    let held = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    let is_file = whole::is_free_or_file(&path).is_ok();
    !is_own && is_file && File::open(path).is_ok_and(held)
}

/// Remove a draft's journal and what was kept aside. False when there was none.
///
/// # Errors
/// A desk has the draft open, or the files can't be removed.
pub(crate) fn forget(state: &Path, stem: &str) -> Result<bool> {
    let path = path_of(state, stem);
    let mut found = false;
    // What takes the journal's place and is none is removed with the rest below; what it leads to stays.
    if path.exists() && whole::is_free_or_file(&path).is_ok() {
        let said = || format!("could not remove {}", path.display());
        let held = lock(&path).with_context(said)?;
        held.ok_or_else(|| anyhow!("the draft is open in another unstuck; close it first"))?;
        fs::remove_file(&path).with_context(said)?;
        found = true;
    }
    let Ok(folder) = fs::read_dir(state) else { return Ok(found) };
    for entry in folder.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.')) {
            let said = || format!("could not remove {}", entry.path().display());
            fs::remove_file(entry.path()).with_context(said)?;
            found = true;
        }
    }
    Ok(found)
}
