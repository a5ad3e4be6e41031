//! Saving and reloading: save, save as, detect changes by other programs, reload.

use super::{
    AlreadyThere, ChangedOnDisk, Kind, Revision, Session,
    draft::words,
    file::{self, Found},
    journal, matching,
};
use crate::whole::folder_of;
use anyhow::{Context, Result, bail};
use ropey::Rope;
use std::{
    fs,
    path::{Path, PathBuf},
};

impl Session {
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

    /// Save to another file, which is the draft's from now on.
    ///
    /// # Errors
    /// As [`Session::save`]; [`AlreadyThere`] (to be found with `downcast_ref`) when there is such a file, and
    /// [`super::NoFolder`] when its folder doesn't exist.
    pub fn save_as(&mut self, path: &Path) -> Result<()> {
        // Compare the resolved paths, because spellings and links differ.
        if self.path.as_deref().is_some_and(|own| journal::stem(own) == journal::stem(path)) {
            return self.save();
        }
        if path.is_file() {
            return Err(AlreadyThere(path.to_path_buf()).into());
        }
        self.save_as_over(path)
    }

    /// Save to another file, whether or not it exists. The text that was in it becomes a branch.
    ///
    /// # Errors
    /// As [`Session::save`].
    pub fn save_as_over(&mut self, path: &Path) -> Result<()> {
        match (&self.read_only, &self.state) {
            (Some(reason), _) if !self.is_open_elsewhere => bail!("{reason}"),
            (_, Some((state, _))) if journal::is_held(state, path, self.journal.as_ref()) => {
                bail!("{} is open in another unstuck; save under another name", path.display())
            }
            _ => {
                self.keep_text_of(path);
                self.write(path.to_path_buf())
            }
        }
    }

    /// Add the text of another file, which is about to be replaced, as a branch with a name. What can't be read as text
    /// can't be kept.
    fn keep_text_of(&mut self, path: &Path) {
        let Some(text) = file::text_of(path) else { return };
        if text.is_empty() || *self.text() == text {
            return;
        }
        let (at, before) = (self.seal(), self.draft.clone());
        self.begin_journal();
        if let Some(kept) = self.add_outside(at, &before, &text) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            self.name(kept, &format!("{name} before it was replaced"));
        }
    }

    /// Take the file's text for the page's, as one step that can be undone. What matches
    /// keeps its authors; the rest is `Unknown`.
    ///
    /// # Errors
    /// The file is gone, can't be read, or isn't UTF-8.
    pub fn reload(&mut self) -> Result<()> {
        let path = self.own_path()?;
        let Found { text, form, stamp, wrong } = file::read(&path)?;
        if stamp.is_none() {
            bail!("{} is gone; save to write it again", path.display());
        }
        if let Some(wrong) = wrong {
            bail!("{}", wrong.say(&path));
        }
        let (range, piece) = matching::replacement(&self.draft, &text);
        let place = self.place;
        self.edit(range, piece, Kind::Outside, None);
        self.growing = false;
        self.move_to(place.cursor, false);
        (self.form, self.stamp) = (form, stamp);
        self.saved = Rope::from_str(&text);
        self.compare();
        self.note_saved();
        Ok(())
    }

    /// Keep the current text although another program has changed the file: its text becomes a branch, and the next
    /// [`Session::save`] succeeds.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn keep_mine(&mut self) -> Result<()> {
        let path = self.own_path()?;
        let Found { text, stamp, .. } = file::read(&path)?;
        self.growing = false;
        self.begin_journal();
        self.stamp = stamp;
        self.saved = Rope::from_str(&text);
        self.compare();
        let mut before = self.draft.clone();
        if self.is_saved {
            self.note_saved();
        } else if self.tree.carry(&mut before, self.tree.current(), self.saved_at).is_some() {
            self.note_outside(&before, &text);
        }
        Ok(())
    }

    /// Make the folder of a file, and the folders above it, before saving there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_folder(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))
    }

    /// The folder of the draft's file, if it doesn't exist: saving needs it.
    pub fn missing_folder(&self) -> Option<&Path> {
        let folder = folder_of(self.path.as_deref()?);
        folder.symlink_metadata().is_err().then_some(folder)
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
        // Write the history first. If the history were older than the file after a power cut, our own text would look
        // like another program's. A failure to write the history is a notice, and the file is saved anyway.
        self.flush().ok();
        self.stamp = Some(file::write(&path, &file::bytes(self.text(), self.form))?);
        self.saved = self.text().clone();
        self.growing = false;
        self.recovery = None;
        let old = self.path.replace(path.clone());
        if old.as_ref() != Some(&path) {
            (self.read_only, self.is_open_elsewhere) = (None, false);
            self.rename_journal(&path, self.saved_at, old.is_some());
        }
        self.compare();
        self.note_saved();
        Ok(())
    }

    /// Find out anew whether the page equals the file. Lengths differ nearly always, so it is cheap.
    pub(crate) fn compare(&mut self) {
        let text = self.draft.text();
        self.is_saved = text.len_bytes() == self.saved.len_bytes() && *text == self.saved;
    }

    /// Another program has changed the file since it was read or written. Cheap as long as it hasn't.
    pub fn changed_on_disk(&self) -> bool {
        let path = self.path.as_deref();
        path.is_some_and(|path| file::has_changed(path, self.stamp.as_ref()).unwrap_or(false))
    }

    /// The number of words of a revision's text; `None` when it doesn't exist.
    pub fn words_at(&self, revision: Revision) -> Option<usize> {
        self.text_at(revision).map(|text| words(&text.to_string()))
    }

    /// The file's current text, to be compared with the draft by [`super::difference`].
    ///
    /// # Errors
    /// There is no file, or it can't be read.
    pub fn file_text(&self) -> Result<String> {
        match &self.path {
            Some(path) => Ok(file::read(path)?.text),
            None => bail!("this draft has no file yet"),
        }
    }
}
