//! Keys for what stands before the page: sheets, fields, questions. A question is answered by one key, and never
//! swallows what is typed on.

use super::App;
use crate::{
    session::Recovery,
    tui::{
        command::Command,
        overlay::{Field, Overlay, Question, scrolled},
        times::moment,
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use std::path::PathBuf;

impl App {
    /// A key for what stands before the page.
    pub(super) fn press_overlay(&mut self, key: Key, event: KeyEvent) {
        let page = self.page.height();
        match (self.overlay.take(), key.code()) {
            (None, _) => {}
            (Some(Overlay::Sheet(sheet, at)), code) => {
                self.overlay = scrolled(at, code, page).map(|at| Overlay::Sheet(sheet, at));
            }
            (Some(Overlay::Difference(mut difference, then)), code) => {
                self.overlay = match scrolled(difference.scrolled, code, page) {
                    Some(at) => {
                        difference.scrolled = at;
                        Some(Overlay::Difference(difference, then))
                    }
                    None => then.map(|then| *then),
                };
            }
            (Some(Overlay::Dials(dials)), _) => self.press_dials(dials, key),
            (Some(Overlay::Find(find)), _) => self.press_find(find, key, event),
            (Some(Overlay::Picker(picker)), _) => self.press_picker(picker, key, event),
            (Some(Overlay::Branches(map)), _) => self.press_branches(map, key, event),
            (Some(Overlay::Mentions(waiting)), _) => self.press_mentions(waiting, event),
            (Some(Overlay::Question(question @ Question::Recovered(..))), _) => {
                self.answer_recovered(question, key, event);
            }
            (Some(Overlay::Token(token)), _) => self.press_token(token, key),
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
                self.press_field(&mut field, key, event);
                self.overlay = Some(Overlay::SaveAs(field, leave));
            }
        }
    }

    /// A key for a field of one line.
    pub(super) fn press_field(&mut self, field: &mut Field, key: Key, event: KeyEvent) {
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

    /// The one question after a crash.
    pub(super) fn ask_recovered(&mut self, recovery: Recovery) {
        let Recovery { words, since, outside } = recovery;
        let what = match words {
            0 => "Recovered a change that was not saved".to_owned(),
            1 => "Recovered 1 word that was not saved".to_owned(),
            many => format!("Recovered {many} words that were not saved"),
        };
        let when = moment(since, self.session.now(), &self.zone);
        let other = if outside { ", and another program has changed the file" } else { "" };
        let words = format!("{what} ({when}){other}.");
        let has_file = self.session.path().is_some();
        self.overlay = Some(Overlay::Question(Question::Recovered(words, has_file)));
    }

    /// What was recovered is on the page. Moving about reads it; who writes on has kept it; who leaves is asked
    /// again at the next start.
    fn answer_recovered(&mut self, question: Question, key: Key, event: KeyEvent) {
        let command = self.keymap.command(key);
        match (key.code(), command) {
            (KeyCode::Enter, _) => {
                self.session.keep();
                let save = self.key(Command::Save);
                self.notices.say(format!("Kept. {save} saves it."));
            }
            (KeyCode::Esc, _) => {
                self.session.discard();
                let map = self.key(Command::Branches);
                self.notices
                    .say(format!("As it was saved. What was recovered is a branch: {map}."));
            }
            (KeyCode::Char('d' | 'D'), None) => self.compare_with_file(question),
            (_, Some(Command::Quit)) => self.over = true,
            (_, Some(command)) => {
                if let Some(to) = command.leads() {
                    self.page.go(&mut self.session, to, false);
                    self.overlay = Some(Overlay::Question(question));
                } else {
                    self.session.keep();
                    self.press(event);
                }
            }
            (_, None) if key.typed().is_some() => {
                self.session.keep();
                self.press(event);
            }
            _ => self.overlay = Some(Overlay::Question(question)),
        }
    }

    fn answer(&mut self, question: Question, key: KeyCode) {
        match (question, key) {
            (Question::There(path, leave), KeyCode::Esc) => {
                let field = Field::offering_path(&path);
                self.overlay = Some(Overlay::SaveAs(field, leave));
            }
            (Question::Leave, KeyCode::Char('s' | 'S') | KeyCode::Enter) => self.save(true),
            (Question::Leave, KeyCode::Char('l' | 'L')) => {
                // The text stays in the history as a branch, and the next start doesn't ask for it.
                self.session.discard();
                self.over = true;
            }
            (Question::Changed(leave), KeyCode::Char('k' | 'K')) => {
                // What the other program wrote stays as a branch.
                let saved = self.session.keep_mine().and_then(|()| self.session.save());
                self.saved(saved, leave);
            }
            (Question::Changed(_), KeyCode::Char('r' | 'R')) => match self.session.reload() {
                Ok(()) => self.notices.say("This is the file's text now; undo brings yours back."),
                Err(error) => self.notices.warn(format!("Not read: {error:#}")),
            },
            (question @ Question::Changed(_), KeyCode::Char('d' | 'D')) => {
                self.compare_with_file(question);
            }
            (Question::There(path, leave), KeyCode::Char('o' | 'O')) => {
                let saved = self.session.save_as_over(&path);
                self.saved(saved, leave);
            }
            (Question::Fetch(name, _), KeyCode::Enter) => self.fetch_model(&name),
            (Question::StopFetching(_), KeyCode::Char('s' | 'S')) => self.stop_fetching(),
            (_, KeyCode::Esc) => {}
            // Any other key is no answer, and the question stays.
            (question, _) => self.overlay = Some(Overlay::Question(question)),
        }
    }
}
