//! The branch map: everything ever written, taken or offered in a draft, to visit, compare, name, bookmark or prune.
//! The line that leads to the page is at the left, with filled points; other branches are drawn beside it. At the right
//! is a description of each branch, and when it began.

use super::{
    difference::Difference,
    layer::{Flow, Layer},
};
use crate::{
    clean::for_terminal,
    session::{Branch, Kind, Revision},
    tui::{
        command::Opens,
        desk::{Desk, Field, describe, moment},
        drawn,
        text::{cut, width},
        view::{Areas, Status, clear},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "branches",
    heading: "The history",
    help: "Open the branch map: visit, compare, name, bookmark, prune branches.",
    keys: &["f3", "ctrl-b"],
};

/// The greatest depth that is drawn in full, so that a row has room for text.
const DEEPEST: usize = 12;

/// The least width of a row's text in cells, if there is room.
const WORDS: usize = 20;

/// The branch map.
#[derive(Default)]
struct Map {
    /// In the order in which they are drawn.
    rows: Vec<Branch>,
    /// The row with the cursor.
    chosen: usize,
    /// The branch to compare with, if it is not the page.
    marked: Option<Revision>,
    /// The branch to prune if the key is pressed again.
    pruning: Option<Revision>,
    /// The field with the chosen branch's new name.
    naming: Option<Field>,
}

/// Opens the map, with the cursor on the page's branch.
pub fn open(desk: &mut Desk) -> Flow {
    let rows = desk.session.branches();
    let chosen = rows.iter().position(|row| row.is_page).unwrap_or(0);
    Flow::open(Map { rows, chosen, ..Map::default() })
}

impl Layer for Map {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        if let Some(field) = self.naming.take() {
            self.press_name(field, key, event, desk);
            return Flow::Stay;
        }
        let pruning = self.pruning.take();
        let page = desk.page.height().saturating_sub(2).max(1);
        let Some(row) = self.rows.get(self.chosen).cloned() else { return Flow::Close };
        match key.code() {
            KeyCode::Esc => return Flow::Close,
            KeyCode::Enter => {
                let done = desk.session.go(row.revision);
                desk.edited(done);
                return Flow::Close;
            }
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => self.chosen += 1,
            KeyCode::PageUp => self.chosen = self.chosen.saturating_sub(page),
            KeyCode::PageDown => self.chosen += page,
            KeyCode::Home => self.chosen = 0,
            KeyCode::End => self.chosen = usize::MAX,
            KeyCode::Char(' ') => {
                self.marked = (self.marked != Some(row.revision)).then_some(row.revision);
            }
            KeyCode::Char('c') if key.typed().is_some() => return self.compare(&row, desk),
            KeyCode::Char('n') => {
                self.naming = Some(Field::offering(row.name.as_deref().unwrap_or_default()));
            }
            KeyCode::Char('b') if key.typed().is_some() => {
                desk.session.bookmark(row.revision, !row.bookmarked);
                self.reread(desk);
            }
            KeyCode::Char('p') if pruning == Some(row.first) => {
                match desk.session.prune(row.first) {
                    Ok(()) => desk.notices.say("Pruned, and removed from the journal on disk."),
                    Err(error) => desk.notices.say(format!("Not pruned: {error:#}.")),
                }
                self.reread(desk);
            }
            KeyCode::Char('p') => {
                self.pruning = Some(row.first);
                desk.notices
                    .say("Press p again to delete this branch and everything after it for good.");
            }
            _ if desk.keymap.command(key).is_some_and(|command| command.name() == OPENS.name) => {
                return Flow::Close;
            }
            _ => {}
        }
        self.chosen = self.chosen.min(self.rows.len().saturating_sub(1));
        Flow::Stay
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        if let Some(field) = &mut self.naming {
            field.paste(text);
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        if self.naming.is_none() {
            let last = self.rows.len().saturating_sub(1);
            self.chosen = self.chosen.saturating_add_signed(by).min(last);
        }
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        if let Some(field) = &self.naming {
            return Status::Prompt(" Name: ", field);
        }
        let other =
            if self.marked.is_some() { "compare with the mark" } else { "compare with the page" };
        let keys = [
            ("Enter", "go there"),
            ("Esc", "back"),
            ("c", other),
            ("n", "name"),
            ("b", "bookmark"),
            ("p", "prune"),
            ("Space", "mark"),
        ];
        Status::hints(&keys)
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        clear(desk, frame, areas.sheet);
        let area = areas.sheet;
        let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
        let inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
        let height = usize::from(inner.height);
        let top = self.chosen.saturating_sub(height.saturating_sub(1) / 2);
        let top = top.min(self.rows.len().saturating_sub(height));
        let room = usize::from(inner.width);
        let trunks = trunks(&self.rows, (room / 8).min(DEEPEST));
        let rows = self.rows.iter().zip(&trunks).enumerate().skip(top).take(height);
        let lines: Vec<_> = rows
            .map(|(number, (row, trunk))| {
                let above = number.checked_sub(1).filter(|above| *above >= top);
                let facts = facts(desk, row, above.and_then(|above| self.rows.get(above)));
                let line = line(desk, self, row, &facts, (trunk, room));
                let chosen = number == self.chosen;
                if chosen { line.style(desk.look.theme.style(Role::Chosen)) } else { line }
            })
            .collect();
        frame.render_widget(Paragraph::new(lines), inner);
        drawn::Overlay::default()
    }
}

impl Map {
    fn press_name(&mut self, mut field: Field, key: Key, event: KeyEvent, desk: &mut Desk) {
        match event.code {
            KeyCode::Esc => {}
            KeyCode::Enter => {
                if let Some(row) = self.rows.get(self.chosen) {
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

    /// Compares the chosen branch with the marked one, or with the page.
    fn compare(&self, row: &Branch, desk: &Desk) -> Flow {
        let (from, title) = match self.marked.filter(|marked| *marked != row.revision) {
            Some(marked) => (marked, "From the marked branch to this one"),
            None => (desk.session.revision(), "From the page to this branch"),
        };
        let changes = desk.session.compare_revisions(from, row.revision).unwrap_or_default();
        Flow::open(Difference::new(title, changes))
    }

    /// Reads the branches again after a change. The chosen row stays chosen if it is still there.
    fn reread(&mut self, desk: &Desk) {
        let chosen = self.rows.get(self.chosen).map(|row| row.revision);
        self.rows = desk.session.branches();
        let there = self.rows.iter().position(|row| Some(row.revision) == chosen);
        self.chosen = there.unwrap_or(self.chosen.min(self.rows.len().saturating_sub(1)));
    }
}

/// The line drawing before each row's point: a mark for each line that continues below.
fn trunks(rows: &[Branch], deepest: usize) -> Vec<String> {
    // For each depth: whether its line continues below.
    let mut goes_on: Vec<bool> = Vec::new();
    let trunk = |row: &Branch| {
        goes_on.resize(row.depth + 1, false);
        let branches_off = row.parent.is_some_and(|parent| rows[parent].depth < row.depth);
        let mut marks: Vec<_> = goes_on.iter().map(|on| if *on { "│ " } else { "  " }).collect();
        marks.truncate(row.depth);
        if branches_off {
            let mark = if goes_on[row.depth - 1] { "├─" } else { "└─" };
            marks[row.depth - 1] = mark;
            (goes_on[row.depth - 1], goes_on[row.depth]) = (true, false);
        } else {
            goes_on[row.depth] = true;
        }
        if row.depth > deepest {
            format!("… {}", marks[row.depth - deepest..].concat())
        } else {
            marks.concat()
        }
    };
    let mut trunks: Vec<_> = rows.iter().rev().map(trunk).collect();
    trunks.reverse();
    trunks
}

fn line<'a>(
    desk: &Desk,
    map: &Map,
    row: &Branch,
    facts: &str,
    (trunk, room): (&str, usize),
) -> Line<'a> {
    let point = if row.leads_to_page { "●" } else { "○" };
    let mark = if map.marked == Some(row.revision) { "▸" } else { " " };
    let left = width(trunk) + 2;
    // The text has priority over the description.
    let free = room.saturating_sub(left);
    let facts = cut(facts, (free / 2).max(free.saturating_sub(WORDS)));
    let words = for_terminal(&row.text).into_owned();
    let words = match row.kind {
        _ if !words.is_empty() => words,
        Kind::Root => "(empty page)".into(),
        Kind::Deleted => "(a deletion)".into(),
        _ => "(only white space)".into(),
    };
    let words = cut(&words, room.saturating_sub(left + width(&facts) + 2));
    let gap = room.saturating_sub(left + width(&words) + width(&facts));
    let machine = matches!(row.kind, Kind::Taken | Kind::Offered);
    let ink = desk.look.theme.style(if machine { Role::Machine } else { Role::Text });
    let quiet = desk.look.theme.style(Role::Quiet);
    let marks = desk.look.theme.style(Role::Mark);
    // A style with its own background would hide that the row is chosen.
    Line::from(vec![
        Span::styled(trunk.to_owned(), quiet),
        Span::styled(format!("{point}{mark}"), marks),
        Span::styled(words, ink),
        Span::raw(" ".repeat(gap)),
        Span::styled(facts, quiet),
    ])
}

/// The description of a branch: its name, author, whether the page or the file is there, and when it began.
fn facts(desk: &Desk, row: &Branch, above: Option<&Branch>) -> String {
    let mut facts = Vec::new();
    match (&row.name, row.bookmarked) {
        (Some(name), true) => facts.push(for_terminal(&format!("★ {name}")).into_owned()),
        (Some(name), false) => facts.push(for_terminal(&format!("“{name}”")).into_owned()),
        (None, true) => facts.push("★".into()),
        (None, false) => {}
    }
    facts.push(describe(row));
    let places = [(row.is_page, "the page"), (row.is_saved, "the file")];
    facts.extend(places.iter().filter(|(is, _)| *is).map(|(_, place)| (*place).to_owned()));
    let said = |row: &Branch| moment(row.time, desk.session.now(), &desk.world.environment.zone);
    let when = said(row);
    // A time equal to that of the row above is left out.
    let new = above.is_none_or(|above| said(above) != when);
    format!("{}{}", facts.join(" · "), if new { format!(", {when}") } else { String::new() })
}
