//! Saving, leaving, and another draft in this one's place. Nothing here ever drops a text: whoever leaves without saving has said so.

use super::App;
use crate::{
    session::{AlreadyThere, ChangedOnDisk, Motion, Session},
    tui::{
        command::Command,
        overlay::{Difference, Field, Overlay, Question},
        page::Page,
    },
};
use anyhow::Result;
use std::path::Path;

impl App {
    /// Another draft comes on the desk; what was offered for this one goes.
    pub(super) fn replace_draft(&mut self, mut session: Session) {
        self.stop_all();
        self.offers.clear();
        if session.revision() == 0 {
            session.motion(Motion::End, false);
        }
        if let Some(reason) = session.read_only() {
            self.notices.warn(reason);
        }
        if let Some(path) = session.path() {
            self.recent.note(path);
        }
        self.session = session;
        self.page = Page::default();
        // What was remembered of the other one's revisions means nothing here.
        (self.sees, self.taken, self.branched) = (None, None, None);
        (self.left_branch, self.told_of_change) = (false, false);
        if let Some(recovery) = self.session.recovery() {
            self.ask_recovered(recovery);
        }
    }

    /// Saves under the draft's own name, or asks for one. `leave`: the desk is left when that went well.
    pub(super) fn save(&mut self, leave: bool) {
        if self.session.path().is_none() && self.session.read_only().is_none() {
            return self.ask_name(leave);
        }
        let saved = self.session.save();
        self.saved(saved, leave);
    }

    pub(super) fn ask_name(&mut self, leave: bool) {
        let path = self.session.path().unwrap_or(Path::new("draft.md"));
        self.overlay = Some(Overlay::SaveAs(Field::offering_path(path), leave));
    }

    pub(super) fn quit(&mut self) {
        // A draft that can't be changed has nothing to lose.
        if self.session.is_saved() || self.session.read_only().is_some() {
            self.over = true;
        } else {
            self.overlay = Some(Overlay::Question(Question::Leave));
        }
    }

    pub(super) fn saved(&mut self, saved: Result<()>, leave: bool) {
        let Err(error) = saved else {
            self.over = leave;
            tracing::debug!(words = self.session.shares().all_words(), "saved");
            if let Some(path) = self.session.path() {
                self.recent.note(path);
            }
            return self.notices.say(format!("Saved {}.", self.session.title()));
        };
        if error.is::<ChangedOnDisk>() {
            self.overlay = Some(Overlay::Question(Question::Changed(leave)));
        } else if let Some(AlreadyThere(path)) = error.downcast_ref() {
            self.overlay = Some(Overlay::Question(Question::There(path.clone(), leave)));
        } else {
            self.notices.warn(format!("Not saved: {error:#}"));
        }
    }

    /// Back in the terminal: another program may have changed the file meanwhile. Said once, and not asked: the
    /// writer may be typing already.
    pub(super) fn look_at_file(&mut self) {
        let changed = self.session.read_only().is_none() && self.session.changed_on_disk();
        if changed && !self.told_of_change {
            let save = self.key(Command::Save);
            let title = self.session.title();
            self.notices.warn(format!(
                "{title} was changed by another program. {save} asks what to do; your page stays as it is."
            ));
        }
        self.told_of_change = changed;
    }

    /// The page beside the file as it is now; `then` comes back afterwards.
    pub(super) fn compare_with_file(&mut self, then: Question) {
        let page = self.session.text().to_string();
        let file = match self.session.path() {
            Some(_) => self.session.file_text(),
            None => Ok(String::new()),
        };
        let then = Overlay::Question(then);
        self.overlay = Some(match file {
            Ok(file) => {
                let title = "From the saved file to the page";
                Overlay::Difference(Difference::new(title, &file, &page), Some(Box::new(then)))
            }
            Err(error) => {
                self.notices.warn(format!("{error:#}"));
                then
            }
        });
    }
}
