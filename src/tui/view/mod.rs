//! What is drawn, and where: a title, the page, the offers beside or below it, a status line.

mod branches;
mod dials;
mod difference;
mod find;
mod help;
mod mentions;
mod offers;
mod page;
mod picker;
mod status;
mod token;
mod whose;

pub(super) use branches::whose;
pub(super) use token::percent;

use super::{app::App, overlay::Overlay, page::width};
use crate::{clean::for_terminal, ui::theme::Role};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Paragraph, Wrap},
};
use std::borrow::Cow;

/// From this width on, offers stand beside the page.
const WIDE: u16 = 100;
/// Less than this is no place to write.
const LEAST: (u16, u16) = (40, 8);

/// Where the parts are.
struct Areas {
    title: Rect,
    page: Rect,
    offers: Rect,
    status: Rect,
    /// How many rows stay free below the cursor: for what is offered there, and for a drawer that may open.
    below: u16,
}

impl Areas {
    /// Beside the page the place for offers is always kept, and below it always reached without a jump:
    /// nothing moves under the cursor when they come.
    fn new(area: Rect, open: bool, offers: usize) -> Self {
        let air = if area.height >= 12 { 1 } else { 0 };
        let [title, rest, status] =
            Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)])
                .areas(area);
        let under = |page: Rect| Rect { y: page.y + air, height: page.height - air, ..page };
        if area.width >= WIDE {
            let pane = (area.width * 2 / 5).clamp(36, 56);
            let [page, offers] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(pane)]).areas(rest);
            return Self { title, page: under(page), offers, status, below: 3 };
        }
        let drawer = 1 + drawer_rows(rest.height, offers as u16);
        let shown = if open { drawer } else { 0 };
        let [page, offers] =
            Layout::vertical([Constraint::Fill(1), Constraint::Length(shown)]).areas(rest);
        Self { title, page: under(page), offers, status, below: 1 + drawer - shown }
    }
}

/// How many rows a drawer of so many offers gets of a screen: as many for each as there is room for, up to what a
/// sentence takes.
fn drawer_rows(height: u16, offers: u16) -> u16 {
    let offers = offers.max(1);
    let share = if height < 20 { 3 } else { 4 };
    let most = (height * share / 11).max(2);
    let each = (most / offers).clamp(1, 3);
    (each * offers).max(3).min(most)
}

/// The last look at a frame. A text that was safe by itself may not be beside another: a joiner between letters that
/// take one has nothing to join behind the space of a label. What has no work to do in its cell is left out.
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

/// Draws the desk.
pub fn draw(app: &mut App, frame: &mut Frame) {
    let area = frame.area();
    let ground = app.theme.style(Role::Text);
    frame.buffer_mut().set_style(area, ground);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(frame, ground);
    }
    let areas = Areas::new(area, app.offers.list().is_some(), app.count);
    status::title(app, frame, areas.title);
    let cursor = page::draw(app, frame, areas.page, areas.below);
    offers::draw(app, frame, areas.offers, area.width >= WIDE);
    if let Some(Overlay::Dials(_)) = app.overlay {
        return dials::draw(app, frame, area);
    }
    if let Some(Overlay::Picker(_)) = app.overlay {
        return picker::draw(app, frame, area);
    }
    if let Some(Overlay::Find(_)) = app.overlay {
        return find::draw(app, frame, areas.status);
    }
    if let Some(Overlay::Token(token)) = &app.overlay {
        token::draw(app, token, frame, areas.page, cursor);
    }
    let below = Rect { y: area.y + 1, height: area.height - 2, ..area };
    match &mut app.overlay {
        Some(Overlay::Sheet(sheet, _)) => {
            let sheet = *sheet;
            clear(frame, below, ground);
            help::draw(app, sheet, frame, below);
        }
        Some(Overlay::Branches(_)) => {
            clear(frame, below, ground);
            if let Some(Overlay::Branches(map)) = &app.overlay {
                branches::draw(app, map, frame, below);
            }
        }
        Some(Overlay::Mentions(_)) => {
            clear(frame, below, ground);
            if let Some(Overlay::Mentions(waiting)) = &app.overlay {
                mentions::draw(app, waiting, frame, below);
            }
        }
        Some(Overlay::Difference(difference, _)) => {
            clear(frame, below, ground);
            difference::draw(difference, &app.theme, frame, below);
        }
        _ => {}
    }
    // what it has to say may take rows of what is shown
    status::draw(app, frame, areas.status);
}

fn clear(frame: &mut Frame, area: Rect, ground: Style) {
    frame.render_widget(Clear, area);
    frame.buffer_mut().set_style(area, ground);
}

fn too_small(frame: &mut Frame, style: Style) {
    let (width, height) = LEAST;
    let words = format!("Too small: {width}x{height} are needed. Nothing is lost.");
    let text = Paragraph::new(Line::styled(words, style)).wrap(Wrap { trim: true });
    frame.render_widget(text, frame.area());
}

/// What files, models and strangers say, in one row, and nothing in it that a terminal would obey.
fn one_row(text: &str) -> String {
    for_terminal(text).replace(['\n', '\t'], " ")
}

/// The first row of what stands below the page: what it is, in a rule.
fn heading<'a>(app: &App, words: &str, room: usize) -> Line<'a> {
    let words = cut(&format!(" {} ", one_row(words)), room.saturating_sub(4));
    let rule = app.theme.style(Role::Rule);
    let left = room.saturating_sub(4 + width(&words));
    Line::from(vec![
        Span::styled(" ──", rule),
        Span::styled(words, app.theme.style(Role::Quiet)),
        Span::styled("─".repeat(left), rule),
    ])
}

/// Cuts a text to so many cells, and says so with `…`.
pub(in crate::tui) fn cut(text: &str, cells: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    if super::page::width(text) <= cells {
        return text.to_owned();
    }
    let mut left = cells.saturating_sub(1);
    let mut kept = String::new();
    for grapheme in text.graphemes(true) {
        let size = super::page::cells(grapheme);
        if size > left {
            break;
        }
        left -= size;
        kept.push_str(super::page::shown(grapheme));
    }
    if cells > 0 {
        kept.push('…');
    }
    kept
}
