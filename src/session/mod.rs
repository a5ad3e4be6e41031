//! The draft: text, authorship, history, its file. No terminal, no tensors.
//! All positions are char indices into [`Session::text`]; edits answer whether they did anything.

mod author;
mod draft;
mod edit;
mod file;
mod motion;
mod tree;

pub use author::Author;
pub use draft::Shares;
pub use file::{AlreadyThere, ChangedOnDisk};
pub use motion::Motion;
pub use tree::{Kind, Revision};

use anyhow::{Result, bail};
use draft::Draft;
use file::{Form, Found, Stamp};
use ropey::Rope;
use std::{
    ops::Range,
    path::{Path, PathBuf},
    time::SystemTime,
};
use tree::{Place, Tree};

/// A draft being written: one text, one history, one cursor.
pub struct Session {
    draft: Draft,
    place: Place,
    tree: Tree,
    /// The step on the page may still grow by what is typed next.
    growing: bool,
    path: Option<PathBuf>,
    form: Form,
    /// The file as last read or written; `None` when there is none.
    stamp: Option<Stamp>,
    /// What the file says. Shares its memory with the page.
    saved: Rope,
    is_saved: bool,
    read_only: Option<String>,
    clock: Box<dyn Fn() -> SystemTime + Send>,
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// An empty draft without a file.
    pub fn new() -> Self {
        Self::from_text("")
    }

    /// A text without a file; its authors are unknown.
    pub fn from_text(text: &str) -> Self {
        let draft = Draft::new(text, Author::Unknown);
        let now = SystemTime::now();
        Self {
            is_saved: text.is_empty(),
            draft,
            place: Place::default(),
            tree: Tree::new(now),
            growing: false,
            path: None,
            form: Form::default(),
            stamp: None,
            saved: Rope::new(),
            read_only: None,
            clock: Box::new(SystemTime::now),
        }
    }

    /// Open a draft. A missing file is an empty draft bound to the path. One that isn't UTF-8 opens
    /// read-only and says so.
    ///
    /// # Errors
    /// A folder, a file that can't be read, a path in a folder that doesn't exist.
    pub fn open(path: &Path) -> Result<Self> {
        let Found { text, form, stamp, broken } = file::read(path)?;
        let mut session = Self::from_text(&text);
        session.saved = session.draft.text().clone();
        session.is_saved = true;
        session.path = Some(path.to_path_buf());
        session.form = form;
        session.stamp = stamp;
        session.read_only = broken.map(|byte| {
            format!(
                "{} isn't UTF-8 (byte {byte}), so it is shown but never changed; convert it first, \
                 for example: iconv -f WINDOWS-1252 -t UTF-8 {} > new.md",
                session.title(),
                path.display()
            )
        });
        Ok(session)
    }

    /// Where the times of the history come from; tests give their own.
    pub fn set_clock(&mut self, clock: impl Fn() -> SystemTime + Send + 'static) {
        self.clock = Box::new(clock);
    }

    /// The text on the page.
    pub fn text(&self) -> &Rope {
        self.draft.text()
    }

    /// The file, existing or not yet.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file's name, or "untitled".
    pub fn title(&self) -> String {
        let name = self.path.as_deref().and_then(Path::file_name);
        name.map_or("untitled".into(), |name| name.to_string_lossy().into_owned())
    }

    /// Why the draft can't be changed, in a sentence with the way out. Edits then do nothing.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// The page equals the file; an empty page without a file counts as saved.
    pub fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// Save. Either the old or the new text is in the file at every moment.
    ///
    /// # Errors
    /// No file yet, a read-only draft or file, a full disk; [`ChangedOnDisk`] (to be found with
    /// `downcast_ref`) when another program changed the file. The text stays as it is and unsaved.
    pub fn save(&mut self) -> Result<()> {
        let path = self.own_path()?;
        if file::has_changed(&path, self.stamp.as_ref())? {
            return Err(ChangedOnDisk(path).into());
        }
        self.write(path)
    }

    /// Save, whatever another program has written to the file.
    ///
    /// # Errors
    /// As [`Session::save`], but never [`ChangedOnDisk`].
    pub fn save_over(&mut self) -> Result<()> {
        let path = self.own_path()?;
        self.write(path)
    }

    /// Save to another file, which is the draft's from now on.
    ///
    /// # Errors
    /// As [`Session::save`]; [`AlreadyThere`] (to be found with `downcast_ref`) when there is such a file.
    pub fn save_as(&mut self, path: &Path) -> Result<()> {
        if self.path.as_deref() == Some(path) {
            return self.save();
        }
        if path.exists() {
            return Err(AlreadyThere(path.to_path_buf()).into());
        }
        self.save_as_over(path)
    }

    /// Save to another file, whether or not it exists.
    ///
    /// # Errors
    /// As [`Session::save`].
    pub fn save_as_over(&mut self, path: &Path) -> Result<()> {
        if let Some(reason) = &self.read_only {
            bail!("{reason}");
        }
        self.write(path.to_path_buf())
    }

    /// Take the file's text for the page's, as one step that can be undone.
    ///
    /// # Errors
    /// The file is gone, can't be read, or isn't UTF-8.
    pub fn reload(&mut self) -> Result<()> {
        let path = self.own_path()?;
        let Found { text, form, stamp, broken } = file::read(&path)?;
        if stamp.is_none() {
            bail!("{} is gone; save to write it again", path.display());
        }
        if broken.is_some() {
            bail!("{} isn't UTF-8 any more; save over it, or convert it", path.display());
        }
        (self.form, self.stamp) = (form, stamp);
        self.saved = Rope::from_str(&text);
        self.become_text(&text);
        self.compare();
        Ok(())
    }

    fn own_path(&self) -> Result<PathBuf> {
        if let Some(reason) = &self.read_only {
            bail!("{reason}");
        }
        match &self.path {
            Some(path) => Ok(path.clone()),
            None => bail!("this draft has no file yet; save it under a name"),
        }
    }

    fn write(&mut self, path: PathBuf) -> Result<()> {
        self.stamp = Some(file::write(&path, &file::bytes(self.text(), self.form))?);
        self.path = Some(path);
        self.saved = self.text().clone();
        self.growing = false;
        self.compare();
        Ok(())
    }

    /// Find out anew whether the page equals the file. Lengths differ nearly always, so it is cheap.
    fn compare(&mut self) {
        let text = self.draft.text();
        self.is_saved = text.len_bytes() == self.saved.len_bytes() && *text == self.saved;
    }

    /// Who wrote what in a range: runs in order that cover it exactly.
    pub fn authors(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, Author)> + '_ {
        self.draft.authors().iter(range)
    }

    /// How much of the text is whose. Kept up to date with every edit, so asking is free.
    pub fn shares(&self) -> Shares {
        self.draft.shares()
    }

    /// The text on the page as a node of the history. The step being typed may still grow: before
    /// something refers to this text, say [`Session::seal`].
    pub fn revision(&self) -> Revision {
        self.tree.current()
    }

    /// End the step being typed, so that the revision given names exactly this text for ever.
    pub fn seal(&mut self) -> Revision {
        self.growing = false;
        self.tree.current()
    }

    /// When a revision was begun; `None` when there is none of that number.
    pub fn time(&self, revision: Revision) -> Option<SystemTime> {
        self.tree.node(revision).map(|node| node.time)
    }

    /// Where a place of an earlier (or sibling) revision is now; `None` when it was deleted. A place
    /// stays before what was inserted at it.
    pub fn map(&self, at: usize, from: Revision) -> Option<usize> {
        self.tree.map(at, from)
    }
}
