//! Drawing the desk: a title, the page, the offers beside or below it, and a status line. Drawing changes nothing in
//! the [`Desk`]; it returns what the mouse needs to know.

mod legend;
mod margin;
mod marks;
mod markup;
mod offers;
mod page;
pub mod sheet;
pub mod status;
mod title;
mod whose;

pub use status::{Hint, Status};
pub use whose::shares;

use super::{
    desk::{Desk, Shown},
    drawn,
    look::Apart,
    text::{cut, one_row, width},
};
use crate::{clean::for_terminal, ui::theme::Role};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Position, Rect},
    text::{Line, Span},
    widgets::{Clear, Paragraph, Wrap},
};
use std::{borrow::Cow, ops::Range};

/// From this width on, offers are drawn beside the page.
const WIDE: u16 = 100;
/// The smallest screen, in cells and rows.
const LEAST: (u16, u16) = (40, 8);

/// Where the parts of the desk are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Areas {
    /// The whole screen.
    pub screen: Rect,
    /// The row of the title.
    pub title: Rect,
    /// The page.
    pub page: Rect,
    /// What the marks on the page mean; empty if there are none.
    pub legend: Rect,
    /// The offers.
    pub offers: Rect,
    /// The row of the status line.
    pub status: Rect,
    /// The place of a sheet over the page and the offers.
    pub sheet: Rect,
    /// The cursor, once the page is drawn.
    pub cursor: Position,
    /// How many rows stay free below the cursor, for an offer shown there and for a drawer that may open.
    below: u16,
}

impl Areas {
    /// The parts of a screen; `None` if it is too small. Space for offers is always reserved, beside or below the page,
    /// so that nothing moves under the cursor when they arrive.
    pub fn of(screen: Rect, desk: &Desk) -> Option<Self> {
        if screen.width < LEAST.0 || screen.height < LEAST.1 {
            return None;
        }
        let air = if screen.height >= 12 { 1 } else { 0 };
        let [title, rest, status] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)])
                .areas(screen);
        let under = |page: Rect| Rect { y: page.y + air, height: page.height - air, ..page };
        let sheet = Rect { y: screen.y + 1, height: screen.height - 2, ..screen };
        let all = Self { screen, title, status, sheet, ..Self::default() };
        if screen.width >= WIDE {
            let pane = (screen.width * 2 / 5).clamp(36, 56);
            let [page, offers] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(pane)]).areas(rest);
            let (page, legend) = legend::split(desk, page);
            return Some(Self { page: under(page), legend, offers, below: 3, ..all });
        }
        let drawer = 1 + drawer_rows(rest.height, desk.asking.style.offers as u16);
        let shown = if desk.offers.list().is_some() { drawer } else { 0 };
        let [page, offers] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(shown)]).areas(rest);
        let (page, legend) = legend::split(desk, page);
        Some(Self { page: under(page), legend, offers, below: 1 + drawer - shown, ..all })
    }
}

/// How many rows of a screen the drawer gets for this many offers: up to three for each, as far as there is room.
fn drawer_rows(height: u16, offers: u16) -> u16 {
    let offers = offers.max(1);
    let share = if height < 20 { 3 } else { 4 };
    let most = (height * share / 11).max(2);
    let each = (most / offers).clamp(1, 3);
    (each * offers).max(3).min(most)
}

/// Lays out the visible rows of the page. Only this changes the desk: it moves the viewport.
pub fn lay_out(desk: &mut Desk, areas: &Areas) {
    let column = page::column(desk, areas.page);
    let (width, height) = (usize::from(column.width - 1), usize::from(column.height));
    let below = usize::from(areas.below);
    let mut look = desk.look.page;
    if matches!(desk.look.shown, Shown::Scores(_)) {
        look.paragraphs = Apart::Marked;
    }
    desk.page.lay_out(&desk.session, width, height, below, &look);
}

/// Draws the desk as it was laid out, except the status line. `marks` are the ranges of the draft that an overlay
/// highlights; `cursor` tells whether to show the cursor on the page.
pub fn draw(
    desk: &Desk,
    frame: &mut Frame,
    areas: &mut Areas,
    marks: &[(Range<usize>, Role)],
    cursor: bool,
) -> drawn::Drawn {
    title::draw(desk, frame, areas.title);
    let (page, at, ghost) = page::draw(desk, frame, areas.page, marks);
    areas.cursor = at;
    if cursor && desk.page.view().cursor.is_some() {
        frame.set_cursor_position(at);
    }
    legend::draw(desk, frame, areas.legend);
    let offers = offers::draw(desk, frame, areas.offers, areas.screen.width >= WIDE);
    drawn::Drawn { page, offers, ghost, overlay: drawn::Overlay::default() }
}

/// Fills the screen with the theme's background.
pub fn ground(desk: &Desk, frame: &mut Frame) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, desk.look.theme.style(Role::Text));
}

/// Clears an area for an overlay.
pub fn clear(desk: &Desk, frame: &mut Frame, area: Rect) {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, desk.look.theme.style(Role::Text));
}

/// Says that the screen is too small.
pub fn too_small(desk: &Desk, frame: &mut Frame) {
    let (width, height) = LEAST;
    let words = format!("The terminal is too small: {width}x{height} needed. Nothing is lost.");
    let style = desk.look.theme.style(Role::Text);
    let text = Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: true });
    frame.render_widget(text, frame.area());
}

/// The first row of what is drawn below the page: a rule with a title.
pub fn heading<'a>(desk: &Desk, words: &str, room: usize) -> Line<'a> {
    let words = cut(&format!(" {} ", one_row(words)), room.saturating_sub(4));
    let rule = desk.look.theme.style(Role::Rule);
    let left = room.saturating_sub(4 + width(&words));
    Line::from(vec![
        Span::styled(" ──", rule),
        Span::styled(words, desk.look.theme.style(Role::Quiet)),
        Span::styled("─".repeat(left), rule),
    ])
}

/// Checks a finished frame. A text that was safe by itself may be unsafe next to another: a joiner that was between two
/// letters may now follow a space. Characters that are unsafe in their cell are left out.
pub fn settle(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().len() > 1
            && let Cow::Owned(safe) = for_terminal(cell.symbol())
            && safe != cell.symbol()
        {
            let kept: String = safe.chars().filter(|c| *c != '�').collect();
            cell.set_symbol(if width(&kept) == 0 { " " } else { &kept });
        }
    }
}
