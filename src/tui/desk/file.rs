//! Saving, and moving between drafts. A draft that is left for another one stays open, with its place and its unsaved
//! text.

use super::{Desk, Opened, path};
use crate::{
    session::{AlreadyThere, ChangedOnDisk, Motion, NoFolder, Session, is_same_draft},
    tui::{command::Command, page::Page},
};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// How saving went.
pub enum Saved {
    /// The file has the text.
    Done,
    /// The draft has no file name yet.
    NeedsName,
    /// Another program changed the file; the writer has to decide.
    Changed,
    /// The file has a text that the page's doesn't come from; the writer has to decide.
    Departs,
    /// There is another file of this name; the writer has to decide.
    Exists(PathBuf),
    /// The folder doesn't exist; the writer has to decide. And the file, if it is not the draft's own.
    NoFolder(PathBuf, Option<PathBuf>),
    /// It failed, and the writer was told why.
    Failed,
}

/// A draft that is open but not on the page.
pub struct Parked {
    /// The draft.
    pub session: Session,
    page: Page,
    opened: Opened,
}

impl Desk {
    /// Opens another draft. The one on the page stays open, unless nothing was ever written in it. If the other can't
    /// be opened, tells the writer why and returns false.
    pub fn open(&mut self, path: &Path) -> bool {
        let is_it =
            |parked: &Parked| parked.session.path().is_some_and(|other| is_same_draft(other, path));
        if let Some(number) = self.world.parked.iter().position(is_it) {
            self.unpark(number);
            return true;
        }
        if self.session.path().is_some_and(|own| is_same_draft(own, path)) {
            return true;
        }
        let opened = match &self.world.environment.state {
            Some(state) => Session::resume(Some(path), state, self.world.environment.history),
            None => Session::open(path),
        };
        let mut session = match opened {
            Ok(session) => session,
            Err(error) => {
                self.notices.warn(format!("Not opened: {error:#}"));
                return false;
            }
        };
        if session.revision() == 0 {
            session.motion(Motion::End, false);
        }
        let opened = Opened::of(&session);
        self.put_on_page(Parked { session, page: Page::default(), opened });
        self.greet();
        true
    }

    /// Puts a text without a file on the page, with the cursor at its end.
    pub fn open_copy(&mut self, text: &str) {
        let mut session = Session::from_text(text);
        session.motion(Motion::End, false);
        let opened = Opened::of(&session);
        self.put_on_page(Parked { session, page: Page::default(), opened });
    }

    /// Puts a draft that is open on the page, with the cursor and the rows where they were.
    pub fn unpark(&mut self, number: usize) {
        let parked = self.world.parked.remove(number);
        self.put_on_page(parked);
        self.look_at_file();
    }

    /// The first draft that is open, not on the page and not saved.
    pub fn unsaved_elsewhere(&self) -> Option<usize> {
        self.world.parked.iter().position(|parked| is_unsaved(&parked.session))
    }

    /// The names of all drafts that are not saved, the one on the page first.
    pub fn unsaved(&self) -> Vec<String> {
        let parked = self.world.parked.iter().map(|parked| &parked.session);
        let all = std::iter::once(&self.session).chain(parked);
        all.filter(|session| is_unsaved(session)).map(Session::title).collect()
    }

    /// Goes back to the saved text in every draft that is open. What is unsaved stays in their histories.
    pub fn discard_all(&mut self) {
        self.session.discard();
        self.world.parked.iter_mut().for_each(|parked| parked.session.discard());
    }

    /// Replaces the draft on the page. Its offers are dropped.
    fn put_on_page(&mut self, other: Parked) {
        self.stop_all();
        self.keep_offers();
        self.offers.clear();
        let session = std::mem::replace(&mut self.session, other.session);
        let page = std::mem::replace(&mut self.page, other.page);
        let opened = std::mem::replace(&mut self.world.opened, other.opened);
        let is_blank = session.path().is_none() && session.revision() == 0 && session.is_saved();
        if !is_blank {
            self.world.parked.insert(0, Parked { session, page, opened });
        }
        self.world.told_of_change = false;
        self.world.tally.forget_draft();
        self.heed_notes();
        if let Some(path) = self.session.path() {
            self.world.recent.note(path);
        }
    }

    /// Says what is special about the draft that was just opened.
    pub fn greet(&mut self) {
        if let Some(reason) = self.session.read_only() {
            self.notices.warn(reason);
        } else if let Some(folder) = self.session.missing_folder() {
            let folder = folder.display().to_string();
            self.notices.say(format!(
                "The folder {folder} doesn't exist yet. Saving asks before it is made."
            ));
        }
    }

    /// Saves to the draft's own file.
    pub fn save(&mut self) -> Saved {
        if let Some(asks) = self.asks_before_saving() {
            return asks;
        }
        let saved = self.session.save();
        self.saved(saved)
    }

    /// What the writer has to decide before the draft can be saved to its own file, if there is something.
    pub fn asks_before_saving(&self) -> Option<Saved> {
        let session = &self.session;
        match session.path() {
            _ if session.read_only().is_some() => None,
            None => Some(Saved::NeedsName),
            Some(_) if session.changed_on_disk() => Some(Saved::Changed),
            Some(_) if session.departs_from_file() => Some(Saved::Departs),
            Some(_) => session.missing_folder().map(|folder| Saved::NoFolder(folder.into(), None)),
        }
    }

    /// Saves under a name that was typed.
    pub fn save_as(&mut self, name: &str) -> Saved {
        match path::typed(name, self.world.environment.home.as_deref()) {
            Ok(path) => self.save_to(&path),
            Err(error) => {
                self.notices.warn(format!("Not saved: {error:#}."));
                Saved::Failed
            }
        }
    }

    /// Saves to a file, which is the draft's from now on.
    pub fn save_to(&mut self, path: &Path) -> Saved {
        if self.session.path().is_some_and(|own| is_same_draft(own, path)) {
            return self.save();
        }
        let saved = self.session.save_as(path);
        match self.saved(saved) {
            Saved::NoFolder(folder, _) => Saved::NoFolder(folder, Some(path.to_path_buf())),
            saved => saved,
        }
    }

    /// Says that the draft is saved, or finds out why it isn't.
    pub fn saved(&mut self, saved: Result<()>) -> Saved {
        let Err(error) = saved else {
            tracing::debug!(words = self.session.shares().all_words(), "saved");
            if let Some(path) = self.session.path() {
                self.world.recent.note(path);
            }
            self.world.tally.write();
            self.notices.say(format!("Saved {}.", self.session.title()));
            return Saved::Done;
        };
        if error.is::<ChangedOnDisk>() {
            return Saved::Changed;
        }
        if let Some(AlreadyThere(path)) = error.downcast_ref() {
            return Saved::Exists(path.clone());
        }
        if let Some(NoFolder(folder)) = error.downcast_ref() {
            return Saved::NoFolder(folder.clone(), None);
        }
        self.notices.warn(format!("Not saved: {error:#}"));
        Saved::Failed
    }

    /// Called when the terminal gets the focus again: another program may have changed the file. This is reported once,
    /// without a question, since the writer may already be typing.
    pub fn look_at_file(&mut self) {
        let changed = self.session.read_only().is_none() && self.session.changed_on_disk();
        if changed && !self.world.told_of_change {
            let save = self.key(Command::Save);
            let title = self.session.title();
            self.notices.warn(format!(
                "{title} was changed by another program. {save} asks what to do; your text is unchanged."
            ));
        }
        self.world.told_of_change = changed;
    }
}

/// Whether a draft has text that its file doesn't have. One that can't be changed has nothing to lose.
pub fn is_unsaved(session: &Session) -> bool {
    !session.is_saved() && session.read_only().is_none()
}
