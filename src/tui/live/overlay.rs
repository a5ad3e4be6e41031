//! The overlay's file. Its text is replaced at each change, so it must never be a file that somebody wrote: it is only
//! opened if it is new, empty, or holds what a show left in it. Each version carries a mark to tell that later.

use crate::whole::{self, folder_of};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// The extended attribute with the checksum of what a show wrote.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const MARK: &str = "user.unstuck.overlay";

/// The overlay's file.
pub struct OverlayFile {
    path: PathBuf,
    /// What was written last.
    last: Option<String>,
}

impl OverlayFile {
    /// Checks that the file may be written; writes nothing. `others` are files that it must not be, each with its name
    /// in a sentence.
    ///
    /// # Errors
    /// When it may not be written; the error says why, and the way out.
    pub fn open(path: &Path, others: &[(&str, &Path)]) -> Result<Self> {
        let this = Self { path: path.to_owned(), last: None };
        for (what, other) in others {
            if is_same(path, other) {
                bail!("the overlay {} is {what}; name another file", path.display());
            }
        }
        this.check()?;
        let folder = folder_of(path);
        if !folder.is_dir() {
            bail!("the overlay {}: there is no folder {}", path.display(), folder.display());
        }
        Ok(this)
    }

    /// Whether the file may be replaced now.
    fn check(&self) -> Result<()> {
        let name = self.path.display();
        let meta = match fs::symlink_metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("the overlay {name}")),
        };
        if !meta.is_file() {
            bail!("the overlay {name} is {}; name a file", whole::kind(&meta));
        }
        if meta.len() == 0 {
            return Ok(());
        }
        let text = whole::read(&self.path).with_context(|| format!("the overlay {name}"))?;
        let is_ours = self.last.as_ref().is_some_and(|last| last.as_bytes() == text)
            || is_marked(&self.path, &text);
        if !is_ours {
            bail!("the overlay {name} has text that no show wrote; empty it, or name a new file");
        }
        Ok(())
    }

    /// Whether anything was written.
    pub fn is_written(&self) -> bool {
        self.last.is_some()
    }

    /// Replaces the text: readers see the old one or the new one.
    ///
    /// # Errors
    /// When it can't be written, or another program has put something else there.
    pub fn write(&mut self, text: &str) -> Result<()> {
        self.check()?;
        let said = || format!("the overlay {} can't be written", self.path.display());
        let mut new = tempfile::Builder::new()
            .prefix(".overlay")
            .tempfile_in(folder_of(&self.path))
            .with_context(said)?;
        new.write_all(text.as_bytes()).with_context(said)?;
        // Streaming programs may run as another user.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::Permissions::from_mode(0o644);
            fs::set_permissions(new.path(), mode).with_context(said)?;
        }
        mark(new.as_file(), text.as_bytes());
        new.persist(&self.path).with_context(said)?;
        self.last = Some(text.to_owned());
        Ok(())
    }
}

/// Whether two paths lead to the same file, whether it exists or not.
fn is_same(path: &Path, other: &Path) -> bool {
    let full = |path: &Path| {
        fs::canonicalize(path).or_else(|_| {
            let folder = fs::canonicalize(folder_of(path))?;
            Ok::<_, std::io::Error>(folder.join(path.file_name().unwrap_or_default()))
        })
    };
    matches!((full(path), full(other)), (Ok(path), Ok(other)) if path == other)
        || is_one_inode(path, other)
}

#[cfg(unix)]
fn is_one_inode(path: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino()));
    matches!((id(path), id(other)), (Ok(path), Ok(other)) if path == other)
}

#[cfg(not(unix))]
fn is_one_inode(_: &Path, _: &Path) -> bool {
    false
}

/// Marks a file as written by a show. Where files have no attributes, a text that a crash leaves must be removed by
/// hand.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn mark(file: &fs::File, text: &[u8]) {
    let sum = crc32fast::hash(text).to_le_bytes();
    rustix::fs::fsetxattr(file, MARK, &sum, rustix::fs::XattrFlags::empty()).ok();
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn is_marked(path: &Path, text: &[u8]) -> bool {
    let mut sum = [0; 8];
    let len = rustix::fs::getxattr(path, MARK, &mut sum[..]);
    len.is_ok_and(|len| sum[..len] == crc32fast::hash(text).to_le_bytes())
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn mark(_: &fs::File, _: &[u8]) {}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn is_marked(_: &Path, _: &[u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path, others: &[(&str, &Path)]) -> String {
        match OverlayFile::open(path, others) {
            Ok(_) => String::new(),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn only_a_new_an_empty_or_its_own_file_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("novel.md"), "Chapter one.").expect("written");
        fs::write(at("empty"), "").expect("written");
        assert!(refusal(&at("novel.md"), &[]).contains("has text that no show wrote"));
        assert!(refusal(folder.path(), &[]).contains("is a folder"));
        assert!(refusal(&at("no/file"), &[]).contains("there is no folder"));
        for name in ["empty", "new"] {
            let path = at(name);
            let error = refusal(&path, &[("the draft", &path)]);
            assert!(error.contains("is the draft; name another file"), "{error}");
            let mut file = OverlayFile::open(&path, &[("the draft", &at("novel.md"))]).expect(name);
            assert_eq!(path.exists(), name == "empty", "checking writes nothing");
            file.write("shown").expect("written");
            file.write("shown too").expect("written");
            // What another program puts there stays.
            fs::write(&path, "theirs").expect("written");
            assert!(file.write("more").is_err());
            assert_eq!(fs::read_to_string(&path).expect("there"), "theirs");
        }
        assert_eq!(fs::read_to_string(at("novel.md")).expect("there"), "Chapter one.");
    }

    #[cfg(unix)]
    #[test]
    fn links_fifos_and_devices_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("empty"), "").expect("written");
        std::os::unix::fs::symlink(at("empty"), at("link")).expect("a link");
        std::os::unix::fs::symlink(at("nowhere"), at("loose")).expect("a link");
        assert!(refusal(&at("link"), &[]).contains("is a link"));
        assert!(refusal(&at("loose"), &[]).contains("is a link"));
        assert!(refusal(Path::new("/dev/null"), &[]).contains("is a device"));
        fs::hard_link(at("empty"), at("twin")).expect("a link");
        assert!(refusal(&at("twin"), &[("the draft", &at("empty"))]).contains("is the draft"));
    }

    #[cfg(any(target_os = "linux", target_os = "macos"))]
    #[test]
    fn what_a_show_left_may_be_replaced_until_it_is_edited() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("overlay.txt");
        OverlayFile::open(&path, &[]).expect("new").write("left by a crash").expect("written");
        if !is_marked(&path, b"left by a crash") {
            return eprintln!("SKIPPED: files have no extended attributes here");
        }
        assert_eq!(refusal(&path, &[]), "");
        let file = fs::OpenOptions::new().append(true).open(&path).expect("there");
        (&file).write_all(b", and edited").expect("written");
        assert!(refusal(&path, &[]).contains("no show wrote"));
    }
}
