//! The journal's writer: one thread writes immediately, another syncs, so that no key press waits for the disk.
//! Written data survives a crash of the program; synced data also survives a crash of the machine.

use crate::whole;
use anyhow::{Context, Result, anyhow, bail};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long the sync waits after a write for more to come. With the write itself and a disk's usual
/// answer it stays under the 250 ms that a writer may lose to a power cut.
const SYNC_AFTER: Duration = Duration::from_millis(120);
/// How long after a failed write it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

type Reply<T> = Sender<Result<T>>;

enum Order {
    /// Append the bytes that this makes.
    Put(Box<dyn FnOnce() -> Vec<u8> + Send>),
    /// Sync everything to disk, then reply.
    Flush(Reply<()>),
    /// Replace the whole journal by these bytes.
    Replace(Vec<u8>, Reply<()>),
    /// Continue at another path: by moving the journal, or by a copy after which the old one ends with these bytes.
    Move(PathBuf, Option<Vec<u8>>, Reply<()>),
}

/// The session's handle of the writer. Dropping it writes and syncs what is left.
pub(crate) struct Writer {
    orders: Option<Sender<Order>>,
    troubles: Receiver<io::Error>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Start writing behind the first `good` bytes of a file, which has its lock already.
    pub fn start(mut file: File, path: PathBuf, good: u64) -> io::Result<Self> {
        file.set_len(good)?;
        file.seek(SeekFrom::Start(good))?;
        let (orders, inbox) = mpsc::channel();
        let (trouble, troubles) = mpsc::channel();
        let (sync, to_sync) = mpsc::channel();
        let for_sync = trouble.clone();
        let syncer = thread::Builder::new()
            .name("journal-sync".into())
            .spawn(move || keep_synced(&to_sync, &for_sync))?;
        let appender =
            Appender { file, path, good, pending: Vec::new(), failing: false, trouble, sync };
        let thread = thread::Builder::new().name("journal".into()).spawn(move || {
            appender.write_all(&inbox);
            syncer.join().ok();
        })?;
        Ok(Self { orders: Some(orders), troubles, thread: Some(thread) })
    }

    /// Write soon. Never waits.
    pub fn put(&self, bytes: impl FnOnce() -> Vec<u8> + Send + 'static) {
        self.send(Order::Put(Box::new(bytes)));
    }

    /// What went wrong since the last question, if anything.
    pub fn trouble(&self) -> Option<io::Error> {
        self.troubles.try_iter().last()
    }

    /// Wait until everything is on disk.
    pub fn flush(&self) -> Result<()> {
        self.ask(Order::Flush)
    }

    /// Replace the whole journal, and wait.
    pub fn replace(&self, bytes: Vec<u8>) -> Result<()> {
        self.ask(|reply| Order::Replace(bytes, reply))
    }

    /// Continue at another path, and wait. With `last`, the old journal is kept and ends with these bytes.
    pub fn go_on_at(&self, path: PathBuf, last: Option<Vec<u8>>) -> Result<()> {
        self.ask(|reply| Order::Move(path, last, reply))
    }

    fn send(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // This can't fail: the thread ends only after the sender is dropped.
            orders.send(order).ok();
        }
    }

    fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T> {
        let (reply, answer) = mpsc::channel();
        self.send(order(reply));
        answer.recv().map_err(|_| anyhow!("the journal's thread is gone; save your text"))?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.orders.take();
        self.thread.take().map(JoinHandle::join);
    }
}

/// The writing thread's state. `good` bytes of the file are complete; data to write is in `pending`.
struct Appender {
    file: File,
    path: PathBuf,
    good: u64,
    pending: Vec<u8>,
    failing: bool,
    trouble: Sender<io::Error>,
    sync: Sender<File>,
}

impl Appender {
    fn write_all(mut self, inbox: &Receiver<Order>) {
        sync_folder(&self.path);
        loop {
            let order = if self.pending.is_empty() {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                inbox.recv_timeout(RETRY_AFTER)
            };
            match order {
                Ok(Order::Put(bytes)) => {
                    self.pending.extend(bytes());
                    self.write();
                }
                Ok(Order::Flush(reply)) => {
                    reply.send(self.flush()).ok();
                }
                Ok(Order::Replace(bytes, reply)) => {
                    reply.send(self.replace(&bytes)).ok();
                }
                Ok(Order::Move(path, last, reply)) => {
                    reply.send(self.go_on_at(path, last.as_deref())).ok();
                }
                Err(RecvTimeoutError::Timeout) => self.write(),
                Err(RecvTimeoutError::Disconnected) => {
                    self.write();
                    self.file.sync_data().ok();
                    return;
                }
            }
        }
    }

    /// Write what is pending. After a failure the file is cut back to what is whole, and all of it is tried
    /// again later; only the first failure in a row is told.
    fn write(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        if let Err(error) = self.append() {
            self.cut_back();
            if !std::mem::replace(&mut self.failing, true) {
                self.trouble.send(error).ok();
            }
            return;
        }
        self.failing = false;
        if let Ok(file) = self.file.try_clone() {
            self.sync.send(file).ok();
        }
    }

    fn append(&mut self) -> io::Result<()> {
        self.file.write_all(&self.pending)?;
        self.good += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    fn cut_back(&mut self) {
        self.file.set_len(self.good).ok();
        self.file.seek(SeekFrom::Start(self.good)).ok();
    }

    fn flush(&mut self) -> Result<()> {
        let done = self.append().inspect_err(|_| self.cut_back());
        let done = done.and_then(|()| self.file.sync_data());
        done.with_context(|| format!("could not write the history {}", self.path.display()))
    }

    /// A new file beside the old one, locked, then renamed over it: a crash leaves one of the two.
    fn replace(&mut self, bytes: &[u8]) -> Result<()> {
        let said = || format!("could not write the history {} anew", self.path.display());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(folder).with_context(said)?;
        new.write_all(bytes).and_then(|()| new.as_file().sync_all()).with_context(said)?;
        new.as_file().try_lock().ok();
        self.file = new.persist(&self.path).map_err(|error| error.error).with_context(said)?;
        (self.good, self.pending) = (bytes.len() as u64, Vec::new());
        sync_folder(&self.path);
        Ok(())
    }

    fn go_on_at(&mut self, path: PathBuf, last: Option<&[u8]>) -> Result<()> {
        let said = || format!("could not keep the history in {}", path.display());
        self.flush()?;
        if path.symlink_metadata().is_ok() {
            if whole::is_free_or_file(&path).is_ok()
                && let Ok(other) = File::open(&path)
                && matches!(other.try_lock(), Err(fs::TryLockError::WouldBlock))
            {
                bail!("that draft is open in another unstuck, which keeps its own history of it");
            }
            // The target's own history belongs to a file that was overwritten. Keep it under another name.
            fs::rename(&path, aside(&path, "old")).with_context(said)?;
        }
        if let Some(last) = last {
            let bytes = fs::read(&self.path).with_context(said)?;
            // Copy first, so that a failure changes nothing.
            let old_path = std::mem::replace(&mut self.path, path.clone());
            let mut old = self.file.try_clone().with_context(said)?;
            if let Err(error) = self.replace(&bytes) {
                self.path = old_path;
                return Err(error);
            }
            old.write_all(last).and_then(|()| old.sync_data()).with_context(said)?;
            // The thread that syncs may have the old file open for a moment.
            old.unlock().ok();
        } else {
            fs::rename(&self.path, &path).with_context(said)?;
            self.path = path;
            sync_folder(&self.path);
        }
        Ok(())
    }
}

/// A name beside a journal's that nothing has yet.
fn aside(path: &Path, why: &str) -> PathBuf {
    let name = |number: usize| path.with_extension(format!("{why}-{number}"));
    let is_free = |name: &PathBuf| name.symlink_metadata().is_err();
    (1..).map(name).find(is_free).unwrap_or_else(|| name(0))
}

/// Keep bytes of a journal in a new file beside it. Gives the file's path.
pub(crate) fn put_aside(path: &Path, why: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let copy = aside(path, why);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    whole::own(&mut options);
    options.open(&copy)?.write_all(bytes)?;
    Ok(copy)
}

/// A new name is on disk only once its folder is; a file system that can't is as safe as it can be.
fn sync_folder(path: &Path) {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).ok();
}

/// Sync the file that comes, a little later, so that a burst of writes costs one sync.
fn keep_synced(files: &Receiver<File>, trouble: &Sender<io::Error>) {
    let mut failing = false;
    while let Ok(mut file) = files.recv() {
        let until = Instant::now() + SYNC_AFTER;
        // Ends when the time is over or the session ends. A file that arrives meanwhile is the same one or its
        // successor.
        while let Ok(next) = files.recv_timeout(until.saturating_duration_since(Instant::now())) {
            file = next;
        }
        match file.sync_data() {
            Ok(()) => failing = false,
            Err(error) if !std::mem::replace(&mut failing, true) => {
                trouble.send(error).ok();
            }
            Err(_) => {}
        }
    }
}
