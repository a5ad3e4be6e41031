//! Saving, and opening another draft. Unsaved text is never dropped without the writer's consent.

use super::{Desk, Opened};
use crate::{
    session::{AlreadyThere, ChangedOnDisk, Motion, Session},
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
    /// There is another file of this name; the writer has to decide.
    Exists(PathBuf),
    /// It failed, and the writer was told why.
    Failed,
}

impl Desk {
    /// Opens another draft, if this one is saved. If it can't, tells the writer why and returns false.
    pub fn open(&mut self, path: &Path) -> bool {
        let unsaved = !self.session.is_saved() && self.session.read_only().is_none();
        if unsaved {
            let save = self.key(Command::Save);
            self.notices.say(format!("Save this draft first ({save}), then open another."));
            return false;
        }
        let opened = match &self.world.environment.state {
            Some(state) => Session::resume(Some(path), state, self.world.environment.history),
            None => Session::open(path),
        };
        match opened {
            Ok(session) => self.replace_draft(session),
            Err(error) => {
                self.notices.warn(format!("Not opened: {error:#}"));
                return false;
            }
        }
        true
    }

    /// Replaces the draft. Its offers are dropped.
    fn replace_draft(&mut self, mut session: Session) {
        self.stop_all();
        self.offers.clear();
        if session.revision() == 0 {
            session.motion(Motion::End, false);
        }
        if let Some(reason) = session.read_only() {
            self.notices.warn(reason);
        }
        if let Some(path) = session.path() {
            self.world.recent.note(path);
        }
        self.world.opened = Opened::of(&session);
        self.session = session;
        self.page = Page::default();
        self.world.told_of_change = false;
    }

    /// Saves to the draft's own file.
    pub fn save(&mut self) -> Saved {
        if self.session.path().is_none() && self.session.read_only().is_none() {
            return Saved::NeedsName;
        }
        let saved = self.session.save();
        self.saved(saved)
    }

    /// Says that the draft is saved, or finds out why it isn't.
    pub fn saved(&mut self, saved: Result<()>) -> Saved {
        let Err(error) = saved else {
            tracing::debug!(words = self.session.shares().all_words(), "saved");
            if let Some(path) = self.session.path() {
                self.world.recent.note(path);
            }
            self.notices.say(format!("Saved {}.", self.session.title()));
            return Saved::Done;
        };
        if error.is::<ChangedOnDisk>() {
            return Saved::Changed;
        }
        if let Some(AlreadyThere(path)) = error.downcast_ref() {
            return Saved::Exists(path.clone());
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
