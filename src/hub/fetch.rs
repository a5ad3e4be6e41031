//! Downloads one file into the cache. An interrupted download is resumed. The file is verified when it is complete
//! and only then renamed to its final name. A partial file has another name, and only one process at a time may write
//! to it.

use super::{
    Hub, Step, Tell, Trouble, cache,
    http::{Ask, broken},
    sum::Sum,
};
use anyhow::anyhow;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// A file to download.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its name in the repository.
    pub name: String,
    /// Its path on the hub, relative to the endpoint.
    pub path: String,
    /// Its ETag, which for most files is their checksum.
    pub etag: String,
    /// Its length in bytes.
    pub size: u64,
}

/// The cache folder of one model.
pub struct Shelf {
    cache: PathBuf,
    folder: PathBuf,
}

impl Shelf {
    pub fn new(cache: &Path, id: &str) -> Self {
        Self { cache: cache.to_owned(), folder: cache::folder(cache, id) }
    }

    pub fn blob(&self, file: &Wanted) -> PathBuf {
        self.folder.join("blobs").join(&file.etag)
    }

    fn part(&self, file: &Wanted) -> PathBuf {
        self.folder.join("blobs").join(format!("{}.incomplete", file.etag))
    }

    /// The number of bytes of a file that are already downloaded.
    pub fn here(&self, file: &Wanted) -> u64 {
        let length = |path: PathBuf| fs::metadata(path).map_or(0, |facts| facts.len());
        match length(self.blob(file)) {
            whole if whole == file.size => whole,
            _ => Some(length(self.part(file))).filter(|part| *part <= file.size).unwrap_or(0),
        }
    }

    /// The lock of a partial file. Other programs for the hub use the same one.
    fn lock(&self, file: &Wanted) -> Result<File, Trouble> {
        let name = self.folder.file_name().unwrap_or_default();
        let folder = self.cache.join(".locks").join(name);
        fs::create_dir_all(&folder).map_err(|error| super::disk(error, &folder))?;
        let path = folder.join(format!("{}.lock", file.etag));
        let open = OpenOptions::new().create(true).append(true).open(&path);
        let lock = open.map_err(|error| super::disk(error, &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Trouble::Fatal(anyhow!(
                "{}: another program is fetching it; pull again when that is done",
                file.name
            ))),
            Err(TryLockError::Error(error)) => Err(super::disk(error, &path)),
        }
    }
}

/// The length of a file in bytes; 0 if there is none.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |facts| facts.len())
}

impl Hub {
    /// Download a file into the cache and verify it. `before` is the number of bytes of other files that are already
    /// downloaded, for the progress.
    pub(super) fn fetch(
        &self,
        shelf: &Shelf,
        file: &Wanted,
        before: u64,
        tell: Tell,
    ) -> Result<(), Trouble> {
        let (blob, part) = (shelf.blob(file), shelf.part(file));
        let blobs = shelf.folder.join("blobs");
        // other programs take a folder without `snapshots` for a damaged one
        for folder in [&blobs, &shelf.folder.join("snapshots")] {
            fs::create_dir_all(folder).map_err(|error| super::disk(error, folder))?;
        }
        let _lock = shelf.lock(file)?;
        if blob.exists() {
            if self.is_sound(file, &blob, tell)? {
                return Ok(());
            }
            fs::remove_file(&blob).map_err(|error| super::disk(error, &blob))?;
        }
        let mut damaged = false;
        loop {
            self.complete(file, &part, before, tell)?;
            if self.is_sound(file, &part, tell)? {
                break;
            }
            fs::remove_file(&part).map_err(|error| super::disk(error, &part))?;
            if damaged {
                return Err(Trouble::Fatal(anyhow!(
                    "{}: not what the hub says it is: the checksum is wrong, twice; nothing of it was kept. Try again later, \
                     or without a proxy between",
                    file.name
                )));
            }
            damaged = true; // the part that an earlier pull left may have been damaged: try once more
        }
        fs::rename(&part, &blob).map_err(|error| super::disk(error, &blob))
    }

    /// Whether a file has the expected length, and the expected checksum if one is known.
    fn is_sound(&self, file: &Wanted, path: &Path, tell: Tell) -> Result<bool, Trouble> {
        if length(path) != file.size {
            return Ok(false);
        }
        let Some(sum) = Sum::named(&file.etag) else { return Ok(true) };
        said(tell, Step::Checking(file.name.clone()))?;
        sum.fits(path).map_err(|error| super::disk(error, path))
    }

    /// Download the rest of a file into its partial file. Retries after recoverable errors.
    fn complete(&self, file: &Wanted, part: &Path, before: u64, tell: Tell) -> Result<(), Trouble> {
        let mut tries = 0;
        loop {
            let had = length(part);
            match self.receive(file, part, before, tell) {
                Ok(()) => return Ok(()),
                Err(Trouble::Again(why, after)) => {
                    tries = if length(part) > had { 1 } else { tries + 1 };
                    if tries >= self.conditions.tries {
                        let kept = match length(part) {
                            0 => "Try again later",
                            _ => "What came is kept; the same command goes on from there",
                        };
                        return Err(Trouble::Fatal(anyhow!(
                            "{}: {why}, {tries} times. {kept}",
                            file.name
                        )));
                    }
                    self.pause(tries, &why, after, tell)?;
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// Make one request, and append what arrives to the partial file.
    fn receive(&self, file: &Wanted, part: &Path, before: u64, tell: Tell) -> Result<(), Trouble> {
        let failed = |error| super::disk(error, part);
        let open = || OpenOptions::new().create(true).append(true).open(part);
        let mut at = length(part);
        if at > file.size {
            open().and_then(|out| out.set_len(0)).map_err(failed)?;
            at = 0;
        }
        if at == file.size {
            open().map_err(failed)?; // creates the file if its length is 0
            return said(tell, Step::Bytes(before + at));
        }
        let answer = self.ask(&file.path, Ask::Content(at))?;
        let host = answer.host.clone();
        let again = |what: &str| Trouble::Again(format!("{host} {what}"), None);
        let mut out = open().map_err(failed)?;
        match answer.status {
            200 if at > 0 => {
                // the server doesn't support ranges and sends the whole file again
                out.set_len(0).map_err(failed)?;
                at = 0;
            }
            206 => {
                let range =
                    answer.header("content-range").and_then(|text| text.strip_prefix("bytes "));
                let begins = range.and_then(|range| range.split_once('-')?.0.parse().ok());
                if begins.unwrap_or(at) != at {
                    return Err(again("sends another part than was asked for"));
                }
            }
            416 => {
                out.set_len(0).map_err(failed)?;
                return Err(again("says that the file is shorter"));
            }
            _ => {}
        }
        let coming = answer.header("content-length").and_then(|text| text.parse::<u64>().ok());
        if coming.is_some_and(|n| n != file.size - at) {
            return Err(again("sends another length than it says"));
        }
        let mut reader = answer.into_reader();
        let (least, window) = self.conditions.least;
        let (mut since, mut then) = (Instant::now(), at);
        let mut piece = vec![0; 1 << 16];
        while at < file.size {
            let n = match reader.read(&mut piece) {
                Ok(0) => return Err(again("broke off")),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(&error, &host)),
            };
            if n as u64 > file.size - at {
                out.set_len(0).map_err(failed)?;
                return Err(again("sends more than it says"));
            }
            out.write_all(&piece[..n]).map_err(failed)?;
            at += n as u64;
            said(tell, Step::Bytes(before + at))?;
            if since.elapsed() > window {
                if at - then < least {
                    return Err(again("is too slow"));
                }
                (since, then) = (Instant::now(), at);
            }
        }
        // sync before the file is verified and renamed, so that it survives a power failure
        out.sync_all().map_err(failed)
    }

    /// Repeat a small request until it succeeds, fails permanently, or was tried too often.
    pub(super) fn persist<T>(
        &self,
        tell: Tell,
        attempt: impl Fn() -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut tries = 0;
        loop {
            match attempt() {
                Err(Trouble::Again(why, after)) => {
                    tries += 1;
                    if tries >= self.conditions.tries {
                        return Err(Trouble::Fatal(anyhow!(
                            "{why}, {tries} times; try again later"
                        )));
                    }
                    self.pause(tries, &why, after, tell)?;
                }
                other => return other,
            }
        }
    }

    /// Back off: wait as long as the hub asked for, or exponentially longer each time, and report why. Ends early
    /// when the pull is stopped.
    fn pause(
        &self,
        tries: u32,
        why: &str,
        after: Option<Duration>,
        tell: Tell,
    ) -> Result<(), Trouble> {
        let mut left = after.unwrap_or_else(|| Duration::from_secs(1 << tries.min(6) >> 1));
        if left > self.conditions.longest_wait {
            let minutes = left.as_secs().div_ceil(60);
            return Err(Trouble::Fatal(anyhow!("{why}; try again in {minutes} minutes")));
        }
        let slice = Duration::from_millis(500);
        while !left.is_zero() {
            said(tell, Step::Waiting(left, why.to_owned()))?;
            (self.conditions.wait)(left.min(slice));
            left = left.saturating_sub(slice);
        }
        Ok(())
    }
}

/// Report a step. Returns `Trouble::Stopped` if the pull was stopped.
pub(super) fn said(tell: Tell, step: Step) -> Result<(), Trouble> {
    if tell(step).is_break() { Err(Trouble::Stopped) } else { Ok(()) }
}
