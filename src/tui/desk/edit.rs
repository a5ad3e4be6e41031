//! Edits by the writer: undo, redo, clipboard, deleting.

use super::{Desk, Field};
use crate::{session::Motion, tui::command::Command, ui::keymap::Key};
use crossterm::event::KeyEvent;

impl Desk {
    /// The terminal's own paste. It is one undo step.
    pub fn paste(&mut self, text: &str) {
        self.offers.focus = false;
        let done = self.session.paste(text);
        self.edited(done || text.is_empty());
    }

    /// Changes the text or the clipboard as a command says.
    pub fn edit(&mut self, command: Command) {
        let done = match command {
            Command::Undo => {
                if !self.session.undo() && self.session.read_only().is_none() {
                    self.notices.say("There is nothing to undo.");
                }
                true
            }
            Command::Redo => {
                if !self.session.redo() && self.session.read_only().is_none() {
                    self.notices.say("There is nothing to redo.");
                }
                true
            }
            Command::Cut => !self.copy() || self.session.delete(Motion::Left),
            Command::Copy => {
                self.copy();
                true
            }
            Command::Paste => self.paste_kept(),
            Command::SelectAll => {
                self.session.motion(Motion::Start, false);
                self.session.motion(Motion::End, true);
                true
            }
            Command::NewLine => self.session.type_text("\n"),
            Command::DeleteBack => self.delete(Motion::Left),
            Command::DeleteForward => self.delete(Motion::Right),
            Command::DeleteWordBack => self.delete(Motion::WordLeft),
            Command::DeleteWordForward => self.delete(Motion::WordRight),
            _ => true,
        };
        self.edited(done);
    }

    /// Deletes. At the end of the text this does nothing, which needs no explanation.
    fn delete(&mut self, motion: Motion) -> bool {
        self.session.delete(motion) || self.session.read_only().is_none()
    }

    /// Copies the selection. False if there is none; the clipboard is then unchanged.
    fn copy(&mut self) -> bool {
        let Some(range) = self.session.selection() else { return false };
        self.clipboard.put(self.session.text().slice(range).to_string());
        true
    }

    /// Pastes the clipboard. False if the draft refused the edit.
    fn paste_kept(&mut self) -> bool {
        let text = self.clipboard.text();
        if text.is_empty() {
            let elsewhere = if self.clipboard.reads_systems() {
                "The clipboard is empty."
            } else {
                "Nothing was cut or copied here yet. To paste from elsewhere, use the terminal's own paste (often Ctrl+Shift+V)."
            };
            self.notices.say(elsewhere);
            return true;
        }
        self.session.paste(&text)
    }

    /// Called after every edit: forgets the cursor's goal column, and explains a refused edit.
    pub fn edited(&mut self, done: bool) {
        self.page.forget_column();
        if let Some(reason) = self.session.read_only().filter(|_| !done) {
            let reason = reason.to_owned();
            self.notices.say(reason);
        }
    }

    /// Passes a key to a one-line field.
    pub fn press_field(&mut self, field: &mut Field, key: Key, event: KeyEvent) {
        match self.keymap.command(key) {
            Some(Command::Paste) => field.paste(&self.clipboard.text()),
            Some(Command::SelectAll) => field.select_all(),
            Some(command @ (Command::Copy | Command::Cut)) => {
                let selected = field.selected();
                if !selected.is_empty() {
                    self.clipboard.put(selected);
                    if command == Command::Cut {
                        field.area.cut();
                    }
                }
            }
            Some(Command::Undo) => _ = field.area.undo(),
            Some(Command::Redo) => _ = field.area.redo(),
            _ => field.press(event),
        }
    }
}
