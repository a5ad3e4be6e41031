//! The branch map: everything ever written, taken or offered in a draft, to visit, compare, name, bookmark or prune.
//! The line that leads to the page is at the left, with filled points; other branches are drawn beside it. At the right
//! is a description of each branch, and when it began.

mod draw;
mod list;

use super::{
    difference::Difference,
    layer::{Flow, Layer},
};
use crate::{
    session::{Branch, Revision},
    tui::{
        command::Opens,
        desk::{Desk, Field},
        drawn,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use list::List;
use ratatui::Frame;

/// The command.
pub const OPENS: Opens = Opens {
    name: "branches",
    heading: "The history",
    help: "Open the branch map: visit, compare, name, bookmark, prune branches.",
    keys: &["f3", "ctrl-b"],
};

/// The branch map.
#[derive(Default)]
struct Map {
    list: List,
    /// The row with the cursor.
    chosen: usize,
    /// The branch to compare with, if it is not the page.
    marked: Option<Revision>,
    /// The branch to prune if the key is pressed again.
    pruning: Option<Revision>,
    /// The field with the chosen branch's new name.
    naming: Option<Field>,
    /// The field with the text to search.
    filter: Option<Field>,
}

/// Opens the map, with the cursor on the page's branch.
pub fn open(desk: &mut Desk) -> Flow {
    let mut map = Map::default();
    map.list.read(&desk.session);
    map.chosen = map.list.find(list::Key::Revision(desk.session.revision())).unwrap_or(0);
    Flow::open(map)
}

impl Layer for Map {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        if let Some(field) = self.naming.take() {
            self.press_name(field, key, event, desk);
            return Flow::Stay;
        }
        let pruning = self.pruning.take();
        let page = desk.page.height().saturating_sub(3).max(1);
        let is_letter = key.typed().is_some() && self.filter.is_none();
        match key.code() {
            KeyCode::Esc if self.filter.is_some() => self.end_search(desk),
            KeyCode::Esc => return Flow::Close,
            KeyCode::Enter => match self.list.branch(self.chosen) {
                Some(row) => {
                    desk.jump(row.revision);
                    return Flow::Close;
                }
                None => self.toggle(None, desk),
            },
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => self.chosen += 1,
            KeyCode::PageUp => self.chosen = self.chosen.saturating_sub(page),
            KeyCode::PageDown => self.chosen += page,
            _ if self.filter.is_some() => self.press_filter(key, event, desk),
            KeyCode::Right => self.toggle(Some(true), desk),
            KeyCode::Left => self.toggle(Some(false), desk),
            KeyCode::Home => self.chosen = 0,
            KeyCode::End => self.chosen = usize::MAX,
            KeyCode::Char('/') if is_letter => self.filter = Some(Field::new("")),
            KeyCode::Char(letter) if is_letter => return self.press_letter(letter, pruning, desk),
            _ if desk.keymap.command(key).is_some_and(|command| command.name() == OPENS.name) => {
                return Flow::Close;
            }
            _ => {}
        }
        self.keep_in_list();
        Flow::Stay
    }

    fn paste(&mut self, text: &str, desk: &mut Desk) -> Flow {
        if let Some(field) = &mut self.naming {
            field.paste(text);
        } else if let Some(field) = &mut self.filter {
            field.paste(text);
            self.look(desk);
        }
        Flow::Stay
    }

    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        if let Some(number) = desk.drawn.overlay.entry_at(at, self.list.items.len()) {
            self.chosen = number;
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        if self.naming.is_none() {
            self.chosen = self.chosen.saturating_add_signed(by);
            self.keep_in_list();
        }
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        if let Some(field) = &self.naming {
            return Status::Prompt(" Name: ", field, "save");
        }
        if let Some(field) = &self.filter {
            return Status::Prompt(" Filter: ", field, "keep");
        }
        if self.list.question(self.chosen).is_some() {
            return Status::hints(&[("Enter", "open or close"), ("Esc", "back"), ("/", "filter")]);
        }
        let other =
            if self.marked.is_some() { "compare with the mark" } else { "compare with the page" };
        let keys = [
            ("Enter", "go there"),
            ("Esc", "back"),
            ("c", other),
            ("/", "filter"),
            ("n", "name"),
            ("b", "bookmark"),
            ("p", "prune"),
            ("→", "its steps"),
            ("Space", "mark"),
        ];
        Status::hints(&keys)
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        draw::draw(self, desk, frame, areas)
    }
}

impl Map {
    /// A letter that does something with the chosen branch.
    fn press_letter(&mut self, letter: char, pruning: Option<Revision>, desk: &mut Desk) -> Flow {
        let Some(row) = self.list.branch(self.chosen).cloned() else { return Flow::Stay };
        match letter {
            ' ' => self.marked = (self.marked != Some(row.revision)).then_some(row.revision),
            'c' => return self.compare(&row, desk),
            'n' => self.naming = Some(Field::offering(row.name.as_deref().unwrap_or_default())),
            'b' => {
                desk.session.bookmark(row.revision, !row.bookmarked);
                self.reread(desk);
            }
            'p' if pruning == Some(row.first) => {
                match desk.session.prune(row.first) {
                    Ok(()) => desk.notices.say("Pruned, and removed from the journal on disk."),
                    Err(error) => desk.notices.say(format!("Not pruned: {error:#}.")),
                }
                self.reread(desk);
            }
            'p' => {
                self.pruning = Some(row.first);
                desk.notices
                    .say("Press p again to delete this branch and everything after it for good.");
            }
            _ => {}
        }
        Flow::Stay
    }

    fn press_name(&mut self, mut field: Field, key: Key, event: KeyEvent, desk: &mut Desk) {
        match event.code {
            KeyCode::Esc => {}
            KeyCode::Enter => {
                if let Some(row) = self.list.branch(self.chosen) {
                    desk.session.name(row.revision, field.text().trim());
                }
                self.reread(desk);
            }
            _ => {
                desk.press_field(&mut field, key, event);
                self.naming = Some(field);
            }
        }
    }

    fn press_filter(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) {
        if let Some(field) = &mut self.filter {
            desk.press_field(field, key, event);
            self.look(desk);
        }
    }

    /// Shows what the filter finds. The chosen row stays chosen if it is found.
    fn look(&mut self, desk: &Desk) {
        let wanted = self.filter.as_ref().map(Field::text).unwrap_or_default();
        let chosen = self.list.key(self.chosen);
        self.list.lay_out(&desk.session, &wanted);
        self.chosen = chosen.and_then(|key| self.list.find(key)).unwrap_or(0);
    }

    /// Shows all rows again, with the one that was found.
    fn end_search(&mut self, desk: &Desk) {
        self.filter = None;
        if let Some(key) = self.list.key(self.chosen) {
            self.list.reveal(key);
        }
        self.look(desk);
    }

    /// Opens or closes the chosen row. In an open question, closing goes to the question.
    fn toggle(&mut self, on: Option<bool>, desk: &Desk) {
        let key = self.list.key(self.chosen);
        if self.list.toggle(self.chosen, on) {
            self.list.lay_out(&desk.session, "");
            self.chosen = key.and_then(|key| self.list.find(key)).unwrap_or(self.chosen);
        }
    }

    /// Compares the chosen branch with the marked one, or with the page: what it has of its own, from where the two
    /// part. For a branch that led to the other, what came after it.
    fn compare(&self, row: &Branch, desk: &Desk) -> Flow {
        let marked = self.marked.filter(|marked| *marked != row.revision);
        let other = marked.unwrap_or(desk.session.revision());
        let name = if marked.is_some() { "the marked branch" } else { "the page" };
        let fork = desk.session.fork(other, row.revision).unwrap_or(0);
        let (from, to, title) = if fork == row.revision {
            (fork, other, format!("What {name} has that came after this branch"))
        } else {
            (fork, row.revision, format!("What this branch has, from where it parts from {name}"))
        };
        let changes = desk.session.compare_revisions(from, to).unwrap_or_default();
        Flow::open(Difference::new(title, changes))
    }

    /// Reads the branches again after a change. The chosen row stays chosen if it is still there.
    fn reread(&mut self, desk: &Desk) {
        let chosen = self.list.key(self.chosen);
        self.list.read(&desk.session);
        self.chosen = chosen.and_then(|key| self.list.find(key)).unwrap_or(self.chosen);
        self.keep_in_list();
    }

    fn keep_in_list(&mut self) {
        self.chosen = self.chosen.min(self.list.items.len().saturating_sub(1));
    }
}
