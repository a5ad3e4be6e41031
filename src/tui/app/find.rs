//! Looking for a text on the page, and putting another in its place. Everything that is done there happens on the page
//! itself: the match in hand is selected, and Esc leaves it so.

use super::App;
use crate::{
    tui::{
        command::Command,
        find::{Find, Part},
        overlay::Overlay,
        page::width,
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is looked for is no wider than a row, or a selected paragraph would be it.
const ROW: usize = 72;

impl App {
    /// Opens the field, with what is selected, or with what was looked for last.
    pub(super) fn open_find(&mut self) {
        let selected = self.session.selection().map(|range| self.session.text().slice(range));
        let selected = selected.filter(|words| words.len_chars() <= ROW).map(|w| w.to_string());
        let is_row = |words: &String| !words.contains(['\n', '\r']) && width(words) <= ROW;
        let (wanted, instead) = &self.sought;
        let wanted = selected.filter(is_row).unwrap_or_else(|| wanted.clone());
        let find = Find::new(&wanted, instead, &mut self.session);
        self.offers.focus = false;
        self.page.forget_column();
        self.overlay = Some(Overlay::Find(Box::new(find)));
    }

    /// The field goes, and the page stays as it is.
    fn close_find(&mut self, find: &Find) {
        self.sought = (find.wanted.text(), find.instead.text());
    }

    /// A key for the fields.
    pub(super) fn press_find(&mut self, mut find: Box<Find>, key: Key, event: KeyEvent) {
        find.round = None;
        self.page.come_back();
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        match (key.code(), self.keymap.command(key)) {
            (KeyCode::Esc, _) => return self.close_find(&find),
            (_, Some(Command::Find)) => {
                find.back(&mut self.session);
                return self.close_find(&find);
            }
            (_, Some(Command::TakeAll)) if find.replaces => self.replace_all(&mut find),
            (_, Some(command @ (Command::Undo | Command::Redo))) => {
                self.edit(command);
                find.look(&self.session);
            }
            (KeyCode::Tab, _) if find.replaces => {
                find.part = match find.part {
                    Part::Wanted => Part::Instead,
                    Part::Instead => Part::Wanted,
                };
            }
            (KeyCode::Tab, _) => (find.replaces, find.part) = (true, Part::Instead),
            (KeyCode::Enter, _) if find.part == Part::Instead && !shift => {
                let done = find.replace(&mut self.session);
                self.edited(done);
            }
            (KeyCode::Enter, _) => find.step(!shift, &mut self.session),
            (KeyCode::Down, _) => find.step(true, &mut self.session),
            (KeyCode::Up, _) => find.step(false, &mut self.session),
            _ => {
                let before = find.wanted.text();
                self.press_field(find.field(), key, event);
                if find.wanted.text() != before {
                    find.typed(&mut self.session);
                }
            }
        }
        self.overlay = Some(Overlay::Find(find));
    }

    /// A paste for the field that has the keys.
    pub(super) fn pasted_find(&mut self, mut find: Box<Find>, text: &str) {
        find.round = None;
        self.page.come_back();
        find.field().paste(text);
        if find.part == Part::Wanted {
            find.typed(&mut self.session);
        }
        self.overlay = Some(Overlay::Find(find));
    }

    /// The mouse was pressed: in a field it puts the cursor there. On the page it goes there, and the fields go.
    pub(super) fn point_at_fields(
        &mut self,
        mut find: Box<Find>,
        at: (u16, u16),
    ) -> Option<Box<Find>> {
        if find.point(at) || self.page.place_at(&self.session, at).is_none() {
            return Some(find);
        }
        self.close_find(&find);
        None
    }

    fn replace_all(&mut self, find: &mut Find) {
        let replaced = find.replace_all(&mut self.session);
        self.edited(replaced.is_some());
        let undo = self.key(Command::Undo);
        match replaced {
            Some(0) => self.notices.say("There is nothing to replace."),
            Some(number) => self.notices.say(format!("{number} replaced. {undo} takes it back.")),
            None => {}
        }
    }
}
