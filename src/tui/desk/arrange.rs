//! Selecting more, moving and duplicating paragraphs, bookmarks, and switching the model off in a draft.

use super::Desk;
use crate::{session::Part, tui::command::Command};

impl Desk {
    /// Runs one of these commands. False if it is another one.
    pub fn arrange(&mut self, command: Command) -> bool {
        match command {
            Command::SelectMore => self.select_more(),
            Command::MoveParagraphUp | Command::MoveParagraphDown => {
                let up = command == Command::MoveParagraphUp;
                let done = self.session.move_paragraph(up);
                self.edited(done);
                if !done && self.session.read_only().is_none() {
                    let which = if up { "before" } else { "after" };
                    self.notices.say(format!("There is no paragraph {which} this one."));
                }
            }
            Command::DuplicateParagraph => {
                let done = self.session.duplicate_paragraph();
                self.edited(done);
                if !done && self.session.read_only().is_none() {
                    self.notices.say("There is no paragraph on this line.");
                }
            }
            Command::Bookmark => self.toggle_bookmark(),
            Command::NextBookmark => self.next_bookmark(),
            Command::ModelOff => self.toggle_model(),
            Command::Timer => self.toggle_timer(),
            Command::Spelling => self.toggle_spelling(),
            _ => return false,
        }
        true
    }

    /// Selects the smallest part of the text that is larger than the selection: a word, a sentence, a paragraph, all.
    fn select_more(&mut self) {
        let cursor = self.session.cursor();
        let now = self.session.selection().unwrap_or(cursor..cursor);
        let parts = [Part::Word, Part::Sentence, Part::Paragraph];
        let parts = parts.into_iter().map(|part| self.session.part(now.start, part));
        let larger = parts
            .into_iter()
            .find(|part| part.start <= now.start && part.end >= now.end && part.len() > now.len());
        let part = larger.unwrap_or(0..self.session.text().len_chars());
        self.page.forget_column();
        self.session.move_to(part.start, false);
        self.session.move_to(part.end, true);
    }

    fn toggle_bookmark(&mut self) {
        let at = self.session.cursor();
        let line = self.session.part(at, Part::Paragraph);
        let mut notes = self.session.notes().clone();
        let all = notes.bookmarks.len();
        // A bookmark that the text has lost goes, too.
        let is_elsewhere = |place: Option<usize>| {
            place.is_some_and(|place| !(line.start..=line.end).contains(&place))
        };
        notes.bookmarks.retain(|mark| self.session.bookmark_place(*mark).is_some());
        let kept = notes.bookmarks.len();
        notes.bookmarks.retain(|mark| is_elsewhere(self.session.bookmark_place(*mark)));
        let set = kept == notes.bookmarks.len();
        if set {
            let from = self.session.seal();
            notes.bookmarks.push((at, from));
        }
        let done = self.session.set_notes(notes);
        if !done && self.session.read_only().is_some() {
            return self.edited(false);
        }
        let next = self.key(Command::NextBookmark);
        self.notices.say(match set {
            true if all == 0 => format!("Bookmark set. {next} comes back to it."),
            true => "Bookmark set.".to_owned(),
            false => "Bookmark removed.".to_owned(),
        });
    }

    fn next_bookmark(&mut self) {
        let places = self.session.bookmarks();
        let cursor = self.session.cursor();
        let next = places.iter().find(|place| **place > cursor).or(places.first());
        match next {
            Some(place) => self.go_to(*place),
            None => {
                let set = self.key(Command::Bookmark);
                self.notices.say(format!("There is no bookmark yet. {set} sets one."));
            }
        }
    }

    /// Puts the cursor at a place of the text.
    pub fn go_to(&mut self, at: usize) {
        self.page.come_back();
        self.page.forget_column();
        self.session.move_to(at, false);
    }

    /// Whether the model is off in this draft. If so, tells the writer.
    pub fn says_model_is_off(&mut self) -> bool {
        let is_off = self.session.notes().model_off;
        if is_off {
            let palette = self.key("palette");
            let name = Command::ModelOff.name().replace('-', " ");
            self.notices.say(format!(
                "The model is off. Run “{name}” in the palette ({palette}) to turn it on."
            ));
        }
        is_off
    }

    fn toggle_model(&mut self) {
        let mut notes = self.session.notes().clone();
        notes.model_off = !notes.model_off;
        let off = notes.model_off;
        if !self.session.set_notes(notes) {
            return self.edited(false);
        }
        if off {
            self.stop_all();
            self.drop_ghost();
            self.offers.close();
        }
        self.notices.say(match off {
            true => "The model is off in this draft.",
            false => "The model is on in this draft.",
        });
    }
}
