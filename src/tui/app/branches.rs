//! The branch map: all that was ever written, taken or offered here, to go to, compare, name or prune.

use super::App;
use crate::{
    session::Branch,
    tui::{
        command::Command,
        overlay::{Branches, Difference, Field, Overlay},
        view::whose,
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    /// Opens the map where the page is.
    pub(super) fn open_branches(&mut self) {
        let rows = self.session.branches();
        let chosen = rows.iter().position(|row| row.is_page).unwrap_or(0);
        self.overlay = Some(Overlay::Branches(Branches { rows, chosen, ..Branches::default() }));
    }

    /// To the branch beside this one.
    pub(super) fn go_beside(&mut self, command: Command) {
        let done = match command {
            Command::PreviousBranch => self.session.previous_sibling(),
            _ => self.session.next_sibling(),
        };
        if let Some((number, all, row)) = self.session.among().filter(|_| done) {
            let (next, back) = (self.key(Command::NextBranch), self.key(Command::PreviousBranch));
            let whose = whose(&row);
            let words = format!("Branch {number} of {all}: {whose}. {next} next, {back} back.");
            self.notices.say(words);
        } else if !done && self.session.read_only().is_none() {
            let map = self.key(Command::Branches);
            self.notices.say(format!("There is no other branch beside this one. {map} shows all."));
        }
        self.edited(true);
    }

    /// A key while the map is shown.
    pub(super) fn press_branches(&mut self, mut map: Branches, key: Key, event: KeyEvent) {
        if map.naming.is_some() {
            self.press_name(&mut map, key, event);
            self.overlay = Some(Overlay::Branches(map));
            return;
        }
        let pruning = map.pruning.take();
        let page = self.page.height().saturating_sub(2).max(1);
        let Some(row) = map.rows.get(map.chosen).cloned() else { return };
        match key.code() {
            KeyCode::Esc => return,
            KeyCode::Enter => {
                let done = self.session.go(row.revision);
                return self.edited(done);
            }
            KeyCode::Up => map.chosen = map.chosen.saturating_sub(1),
            KeyCode::Down => map.chosen += 1,
            KeyCode::PageUp => map.chosen = map.chosen.saturating_sub(page),
            KeyCode::PageDown => map.chosen += page,
            KeyCode::Home => map.chosen = 0,
            KeyCode::End => map.chosen = usize::MAX,
            KeyCode::Char(' ') => {
                map.marked = (map.marked != Some(row.revision)).then_some(row.revision);
            }
            KeyCode::Char('c') if key.typed().is_some() => return self.compare_branch(map, &row),
            KeyCode::Char('n') => {
                map.naming = Some(Field::offering(row.name.as_deref().unwrap_or_default()));
            }
            KeyCode::Char('b') if key.typed().is_some() => {
                self.session.bookmark(row.revision, !row.bookmarked);
                self.reread(&mut map);
            }
            KeyCode::Char('p') if pruning == Some(row.first) => {
                match self.session.prune(row.first) {
                    Ok(()) => self.notices.say("Forgotten, in the history on disk too."),
                    Err(error) => self.notices.say(format!("Not pruned: {error:#}.")),
                }
                self.reread(&mut map);
            }
            KeyCode::Char('p') => {
                map.pruning = Some(row.first);
                self.notices.say("p again forgets this branch and all that came of it, for ever.");
            }
            _ if self.keymap.command(key) == Some(Command::Branches) => return,
            _ => {}
        }
        map.chosen = map.chosen.min(map.rows.len().saturating_sub(1));
        self.overlay = Some(Overlay::Branches(map));
    }

    fn press_name(&mut self, map: &mut Branches, key: Key, event: KeyEvent) {
        match (event.code, map.naming.take()) {
            (KeyCode::Esc, _) | (_, None) => {}
            (KeyCode::Enter, Some(field)) => {
                if let Some(row) = map.rows.get(map.chosen) {
                    self.session.name(row.revision, field.text().trim());
                }
                self.reread(map);
            }
            (_, Some(mut field)) => {
                self.press_field(&mut field, key, event);
                map.naming = Some(field);
            }
        }
    }

    /// The chosen branch beside the marked one, or beside the page.
    fn compare_branch(&mut self, map: Branches, row: &Branch) {
        let (from, title) = match map.marked.filter(|marked| *marked != row.revision) {
            Some(marked) => (marked, "From the marked branch to this one"),
            None => (self.session.revision(), "From the page to this branch"),
        };
        let changes = self.session.compare_revisions(from, row.revision).unwrap_or_default();
        let difference = Difference { title: title.into(), changes, scrolled: 0 };
        let then = Some(Box::new(Overlay::Branches(map)));
        self.overlay = Some(Overlay::Difference(difference, then));
    }

    /// The map after a change to it; the chosen row stays chosen where it still is.
    fn reread(&mut self, map: &mut Branches) {
        let chosen = map.rows.get(map.chosen).map(|row| row.revision);
        map.rows = self.session.branches();
        let there = map.rows.iter().position(|row| Some(row.revision) == chosen);
        map.chosen = there.unwrap_or(map.chosen.min(map.rows.len().saturating_sub(1)));
    }
}
