//! The viewport: which rows of the draft are on the screen, and how the cursor moves by rows. Draws nothing.
//!
//! The text widget gets the rows that are visible in each frame, in their styles, and nothing else: it keeps no
//! history, and it doesn't wrap or scroll. Only paragraphs near the window are laid out, and a very long paragraph in
//! pieces that begin where one of its rows begins (`cuts.rs` remembers these places up to the last edit). So a key in a
//! megabyte of text costs as much as in a short note. The widget's own wrap lays out all of its text at each edit,
//! breaks a row before a full stop, and counts a joined emoji as several.
//!
//! The window's first row is a place in a revision: edits elsewhere move it along, and it moves only when the cursor
//! comes too close to an edge. Below a narrow page as many rows stay free as the drawer needs, and beside a wide page
//! the pane's columns are reserved. So nothing moves when an offer arrives.

mod cuts;
mod rows;

pub use rows::{Row, Rows};

use super::{
    command::Move,
    drawn,
    look::{Apart, PageLook},
};
use crate::session::{Revision, Session};
use ropey::Rope;
use std::{mem::take, ops::Range};

/// How many rows stay between the top of the viewport and the cursor, if there is room.
const MARGIN: usize = 2;

/// The viewport on the draft.
pub struct Page {
    /// The place of the first row, in a revision; it is mapped through later edits.
    top: (usize, Revision),
    /// The goal column for moving up and down.
    wished: Option<usize>,
    width: usize,
    height: usize,
    /// How many rows stay free below the cursor.
    below: usize,
    /// The cursor and the text when the wheel scrolled the cursor out of view.
    away: Option<(usize, Rope)>,
    /// The screen was resized, so the viewport may move.
    resized: bool,
    /// How paragraphs are set apart.
    apart: Apart,
    /// The rows in the viewport.
    view: View,
    /// Where they were drawn last.
    drawn: Option<drawn::Page>,
    cuts: cuts::Cuts,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            top: (0, 0),
            wished: None,
            width: 72,
            height: 20,
            below: 0,
            away: None,
            resized: false,
            apart: Apart::Written,
            view: View::default(),
            drawn: None,
            cuts: cuts::Cuts::default(),
        }
    }
}

/// The rows in the viewport, and where the cursor is among them.
#[derive(Default)]
pub struct View {
    /// The rows, from the first one; there may be fewer than fit.
    pub rows: Vec<Row>,
    /// The cursor's row, from the top of the viewport, and its column; `None` if it was scrolled out of view.
    pub cursor: Option<(usize, usize)>,
}

impl Page {
    /// Lays out the rows for a viewport of this size. It moves as little as possible: only if the cursor would be
    /// nearer to an edge than `below` rows at the bottom or the margin at the top. After scrolling by the wheel, it
    /// stays until the cursor moves or the text changes. With typewriter scrolling, the cursor's row is at two fifths of the
    /// height wherever there are enough rows above it.
    pub fn lay_out(
        &mut self,
        session: &Session,
        width: usize,
        height: usize,
        below: usize,
        look: &PageLook,
    ) {
        (self.width, self.height, self.apart) = (width.max(1), height.max(1), look.paragraphs);
        let margin = MARGIN.min(self.height.saturating_sub(1) / 2);
        self.below = below.min(self.height.saturating_sub(1 + margin));
        let (cursor, height) = (session.cursor(), self.height);
        let known = session.map(self.top.0, self.top.1);
        let (away, resized) = (self.away.take(), take(&mut self.resized));
        let stays = |(at, text): &(usize, Rope)| *at == cursor && session.text().is_instance(text);
        if let Some(top) = known.filter(|_| away.as_ref().is_some_and(stays)) {
            self.away = away;
            let (rows, first) = self.rows(session).around(top, 0, height);
            return self.show(session, rows, first);
        }
        let (rows, at) = self.rows(session).around(cursor, height, height);
        if look.typewriter {
            return self.show(session, rows, at.saturating_sub(height * 2 / 5));
        }
        let kept = known.and_then(|top| rows.iter().position(|row| row.holds(top)));
        // After a jump, or in a viewport that has grown, two thirds of the rows are above the cursor.
        let usual = at.saturating_sub(height * 2 / 3);
        let first = match (kept, known.filter(|_| away.is_some())) {
            (Some(kept), _) if resized => kept.min(usual),
            (Some(kept), _) => kept,
            // Back from where the wheel scrolled to, no further than necessary.
            (None, Some(top)) => {
                if top < cursor {
                    0
                } else {
                    at
                }
            }
            (None, None) => usual,
        };
        let first =
            first.clamp((at + 1 + self.below).saturating_sub(height), at.saturating_sub(margin));
        self.show(session, rows, first);
    }

    /// Shows the rows from index `first` on.
    fn show(&mut self, session: &Session, mut rows: Vec<Row>, first: usize) {
        rows.drain(..first);
        // The viewport begins with text, so that its first place names its first row.
        if rows.first().is_some_and(Row::is_gap) && rows.len() > 1 {
            rows.remove(0);
        }
        rows.truncate(self.height);
        self.top = (rows.first().map_or(0, |row| row.start), session.revision());
        let cursor = session.cursor();
        let row = rows.iter().position(|row| row.holds(cursor));
        let cursor = row.map(|row| (row, rows[row].column(cursor).min(self.width)));
        self.view = View { rows, cursor };
    }

    fn rows<'a>(&'a mut self, session: &'a Session) -> Rows<'a> {
        Rows::new(session.text(), self.width, &mut self.cuts).apart(self.apart)
    }

    /// The screen was resized.
    pub fn resize(&mut self) {
        self.resized = true;
    }

    /// The range of the draft in the viewport.
    pub fn window(&self) -> Option<Range<usize>> {
        Some(self.view.rows.first()?.start..self.view.rows.last()?.end)
    }

    /// The rows in the viewport, as laid out last.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Remembers where the rows were drawn.
    pub fn drawn_at(&mut self, drawn: drawn::Page) {
        self.drawn = Some(drawn);
    }

    /// The place of the text drawn nearest to a cell of the screen; `None` outside of the page.
    pub fn place_at(&self, session: &Session, (x, y): (u16, u16)) -> Option<usize> {
        let drawn::Page { area, offered } = self.drawn?;
        let view = &self.view;
        if y < area.y || y >= area.bottom() || x + 4 < area.x || x > area.right() + 4 {
            return None;
        }
        let row = usize::from(y - area.y);
        // Rows of an offer belong to the cursor's row.
        let row = match view.cursor {
            Some((cursor, _)) if row > cursor => row.saturating_sub(offered).max(cursor),
            _ => row,
        };
        let at = match view.rows.get(row) {
            Some(row) => row.place(usize::from(x.saturating_sub(area.x))),
            None => view.rows.last()?.end,
        };
        Some(at.min(session.text().len_chars()))
    }

    /// The place nearest to any cell of the screen, and whether the cell is above (-1), in (0) or below (1) the
    /// viewport.
    pub fn nearest(&self, session: &Session, (x, y): (u16, u16)) -> (Option<usize>, isize) {
        let Some(drawn::Page { area, .. }) = self.drawn else { return (None, 0) };
        let beyond = match y {
            y if y < area.y => -1,
            y if y >= area.bottom() => 1,
            _ => 0,
        };
        let (right, bottom) = (area.right().max(area.x + 1), area.bottom().max(area.y + 1));
        let at = (x.clamp(area.x, right), y.clamp(area.y, bottom - 1));
        (self.place_at(session, at), beyond)
    }

    /// Scrolls the viewport by rows, as far as the text goes. The cursor stays at its place in the text.
    pub fn scroll(&mut self, session: &Session, by: isize) {
        let Some(top) = session.map(self.top.0, self.top.1) else { return };
        let (height, below, far) = (self.height, self.below, by.unsigned_abs());
        let (rows, at) = self.rows(session).around(top, far, far + height);
        // No further than to show the end of the text.
        let last = rows.len() - 1;
        let most = last.saturating_sub((height * 2 / 3).min(height - 1 - below));
        let to = at.saturating_add_signed(by).min(most.max(at));
        if to != at {
            self.top = (rows[to].start, session.revision());
            self.away = Some((session.cursor(), session.text().clone()));
        }
    }

    /// Scrolls back to the cursor after scrolling by the wheel.
    pub fn come_back(&mut self) {
        // No cursor is at this place, so the next layout moves the viewport.
        self.away.iter_mut().for_each(|(at, _)| *at = usize::MAX);
    }

    /// The height of the viewport, in rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Forgets the goal column: the cursor was moved other than by rows.
    pub fn forget_column(&mut self) {
        self.wished = None;
    }

    /// Moves the cursor, by rows as laid out; `select` extends the selection.
    pub fn go(&mut self, session: &mut Session, to: Move, select: bool) {
        self.come_back();
        let cursor = session.cursor();
        let at = match to {
            Move::Text(motion) => {
                self.wished = None;
                return session.motion(motion, select);
            }
            Move::RowStart | Move::RowEnd => {
                self.wished = None;
                let (rows, at) = self.rows(session).around(cursor, 0, 0);
                let column = if to == Move::RowStart { 0 } else { usize::MAX };
                rows[at].place(column)
            }
            Move::Rows(by) => self.vertical(session, by),
            Move::Pages(by) => {
                let page = self.height.saturating_sub(2).max(1);
                let by = by.saturating_mul(page.cast_signed());
                self.turn(session, by);
                self.vertical(session, by)
            }
        };
        session.move_to(at, select);
    }

    /// The place this many rows below (or above) the cursor.
    fn vertical(&mut self, session: &Session, by: isize) -> usize {
        let cursor = session.cursor();
        let far = by.unsigned_abs();
        let (rows, at) = self.rows(session).around(cursor, far + 1, far + 1);
        let column = *self.wished.get_or_insert_with(|| rows[at].column(cursor));
        match at.checked_add_signed(by) {
            None => 0,
            Some(to) if to >= rows.len() => session.text().len_chars(),
            // An empty row between paragraphs is stepped over.
            Some(to) if rows[to].is_gap() && by > 0 => {
                rows.get(to + 1).map_or(session.text().len_chars(), |row| row.place(column))
            }
            Some(to) if rows[to].is_gap() => rows[to.saturating_sub(1)].place(column),
            Some(to) => rows[to].place(column),
        }
    }

    /// Moves the viewport by rows, so that the cursor stays in its row of the screen when a page is turned.
    fn turn(&mut self, session: &Session, by: isize) {
        let top = session.map(self.top.0, self.top.1);
        let Some(top) = top.filter(|_| self.away.is_none()) else { return };
        let far = by.unsigned_abs();
        let (rows, at) = self.rows(session).around(top, far, far);
        let to = at.saturating_add_signed(by).min(rows.len() - 1);
        self.top = (rows[to].start, session.revision());
    }
}
