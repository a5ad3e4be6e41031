//! Marks in the margin of the page: who wrote a row, why the critic marks it, where the model's sight begins, where its
//! note is, and bookmarks.

use super::whose;
use crate::{
    tui::{
        desk::{Desk, Shown},
        page::View,
    },
    ui::theme::Role,
};
use ratatui::{Frame, layout::Rect};

/// The space beside the text that is kept for marks.
pub const MARGIN: u16 = 3;

/// Draws all marks.
pub fn draw(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    mark_authors(desk, view, frame, column);
    mark_criticism(desk, view, frame, column);
    mark_sight(desk, view, frame, column);
    mark_note(desk, view, frame, column);
    mark_bookmarks(desk, view, frame, column);
}

/// Whether the cells next to the text have marks.
fn is_taken(desk: &Desk) -> bool {
    desk.look.shown == Shown::Authors || desk.world.critic.marks
}

/// Marks in the margin where the model's context starts.
fn mark_sight(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    let Some(place) = desk.seen_from().filter(|place| *place > 0) else { return };
    if let Some(row) = view.rows.iter().position(|row| row.holds(place)) {
        let style = desk.look.theme.style(Role::Mark);
        // Further out than the marks of authors.
        let x = column.x - if is_taken(desk) { MARGIN } else { 2 };
        frame.buffer_mut().set_string(x, column.y + row as u16, "┌", style);
    }
}

/// Marks in the margin where the model would see the author's note.
fn mark_note(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    let Some(place) = desk.note_at() else { return };
    if let Some(row) = view.rows.iter().position(|row| row.holds(place)) {
        let style = desk.look.theme.style(Role::Mark);
        let x = column.x - if is_taken(desk) { MARGIN } else { 2 };
        frame.buffer_mut().set_string(x, column.y + row as u16, "»", style);
    }
}

/// Marks in the margin the rows with a bookmark.
fn mark_bookmarks(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    let style = desk.look.theme.style(Role::Mark);
    for place in desk.session.bookmarks() {
        if let Some(row) = view.rows.iter().position(|row| row.holds(place)) {
            frame.buffer_mut().set_string(column.x - MARGIN, column.y + row as u16, "◆", style);
        }
    }
}

/// Marks in the margin which authors a row has, so that no author is shown by style alone.
fn mark_authors(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    if desk.look.shown != Shown::Authors {
        return;
    }
    let style = desk.look.theme.style(Role::Mark);
    for (y, row) in (column.y..column.bottom()).zip(&view.rows) {
        let marks =
            whose::marks(desk.session.authors(row.start..row.end).map(|(_, author)| author));
        // The cell next to the text stays blank.
        let room = usize::from(MARGIN) - 1;
        let marks: String = marks.chars().take(room).collect();
        let x = column.x - 1 - marks.chars().count() as u16;
        frame.buffer_mut().set_string(x, y, marks, style);
    }
}

/// Marks in the margin why the critic marks something in a row. It has no room beside the marks of authors.
fn mark_criticism(desk: &Desk, view: &View, frame: &mut Frame, column: Rect) {
    let critic = &desk.world.critic;
    if !critic.marks || desk.look.shown == Shown::Authors {
        return;
    }
    let style = desk.look.theme.style(Role::Mark);
    for (y, row) in (column.y..column.bottom()).zip(&view.rows) {
        let here = critic
            .found
            .iter()
            .filter(|found| found.place.start < row.end && found.place.end > row.start);
        let mut marks: Vec<char> = here.map(|found| found.kind.look().1).collect();
        marks.sort_unstable();
        marks.dedup();
        let marks: String = marks.into_iter().take(usize::from(MARGIN) - 1).collect();
        let x = column.x - 1 - marks.chars().count() as u16;
        frame.buffer_mut().set_string(x, y, marks, style);
    }
}
