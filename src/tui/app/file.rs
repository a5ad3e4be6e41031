//! Saving and leaving. Nothing here ever drops a text: whoever leaves without saving has said so.

use super::App;
use crate::{
    session::{AlreadyThere, ChangedOnDisk},
    tui::overlay::{Field, Overlay, Question},
    ui::keymap::Key,
};
use anyhow::Result;
use crossterm::event::{KeyCode, KeyEvent};
use std::path::PathBuf;

impl App {
    /// Saves under the draft's own name, or asks for one. `leave`: the desk is left when that went well.
    pub(super) fn save(&mut self, leave: bool) {
        if self.session.path().is_none() && self.session.read_only().is_none() {
            return self.ask_name(leave);
        }
        let saved = self.session.save();
        self.saved(saved, leave);
    }

    pub(super) fn ask_name(&mut self, leave: bool) {
        let name = self.session.path().map_or("draft.md".into(), |path| path.display().to_string());
        self.overlay = Some(Overlay::SaveAs(Field::new(&name), leave));
    }

    pub(super) fn quit(&mut self) {
        // A draft that can't be changed has nothing to lose.
        if self.session.is_saved() || self.session.read_only().is_some() {
            self.over = true;
        } else {
            self.overlay = Some(Overlay::Question(Question::Leave));
        }
    }

    fn saved(&mut self, saved: Result<()>, leave: bool) {
        let Err(error) = saved else {
            self.over = leave;
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

    /// A key for what stands before the page.
    pub(super) fn press_overlay(&mut self, key: Key, event: KeyEvent) {
        let page = self.page.height().cast_signed();
        match (self.overlay.take(), key.code()) {
            (None, _) => {}
            (Some(Overlay::Sheet(..)), KeyCode::Esc | KeyCode::Enter | KeyCode::F(1)) => {}
            (Some(Overlay::Sheet(..)), KeyCode::Char('q')) => {}
            (Some(Overlay::Sheet(sheet, at)), code) => {
                let at = match code {
                    KeyCode::Up => at.saturating_sub(1),
                    KeyCode::Down => at + 1,
                    KeyCode::PageUp => at.saturating_add_signed(-page),
                    KeyCode::PageDown | KeyCode::Char(' ') => at.saturating_add_signed(page),
                    KeyCode::Home => 0,
                    KeyCode::End => usize::MAX / 2,
                    _ => at,
                };
                self.overlay = Some(Overlay::Sheet(sheet, at));
            }
            (Some(Overlay::Question(question)), code) => self.answer(question, code),
            (Some(Overlay::SaveAs(..)), KeyCode::Esc) => self.notices.say("Not saved."),
            (Some(Overlay::SaveAs(field, leave)), KeyCode::Enter) => {
                let name = field.text();
                if name.trim().is_empty() {
                    self.notices.say("A draft needs a name. Esc goes back to the page.");
                    self.overlay = Some(Overlay::SaveAs(field, leave));
                } else {
                    let saved = self.session.save_as(&PathBuf::from(name.trim()));
                    self.saved(saved, leave);
                }
            }
            (Some(Overlay::SaveAs(mut field, leave)), _) => {
                field.press(event);
                self.overlay = Some(Overlay::SaveAs(field, leave));
            }
        }
    }

    fn answer(&mut self, question: Question, key: KeyCode) {
        match (question, key) {
            (Question::There(path, leave), KeyCode::Esc) => {
                let field = Field::new(&path.display().to_string());
                self.overlay = Some(Overlay::SaveAs(field, leave));
            }
            (Question::Leave, KeyCode::Char('s' | 'S') | KeyCode::Enter) => self.save(true),
            (Question::Leave, KeyCode::Char('l' | 'L')) => self.over = true,
            (Question::Changed(leave), KeyCode::Char('o' | 'O')) => {
                let saved = self.session.save_over();
                self.saved(saved, leave);
            }
            (Question::Changed(_), KeyCode::Char('r' | 'R')) => match self.session.reload() {
                Ok(()) => self.notices.say("This is the file's text now; undo brings yours back."),
                Err(error) => self.notices.warn(format!("Not read: {error:#}")),
            },
            (Question::There(path, leave), KeyCode::Char('o' | 'O')) => {
                let saved = self.session.save_as_over(&path);
                self.saved(saved, leave);
            }
            (_, KeyCode::Esc) => {}
            // Any other key is no answer, and the question stays.
            (question, _) => self.overlay = Some(Overlay::Question(question)),
        }
    }
}
