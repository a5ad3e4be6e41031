//! A sheet: a text shown over the page. Its area and its drawing.

use super::{Areas, clear};
use crate::{
    tui::{desk::Desk, drawn},
    ui::theme::Role,
};
use ratatui::{Frame, layout::Rect, text::Line, widgets::Paragraph};

/// The area for the text of a sheet, at most `widest` cells wide.
pub fn inner(areas: &Areas, widest: u16) -> Rect {
    let area = areas.sheet;
    Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4).min(widest),
        y: area.y + 1,
        height: area.height.saturating_sub(3),
    }
}

/// Draws a sheet from row `at` on, and below it how to close it.
pub fn draw(
    desk: &Desk,
    frame: &mut Frame,
    areas: &Areas,
    inner: Rect,
    lines: Vec<Line>,
    at: usize,
) -> drawn::Overlay {
    clear(desk, frame, areas.sheet);
    let most = lines.len().saturating_sub(usize::from(inner.height));
    let at = at.min(most);
    let seen: Vec<_> = lines.into_iter().skip(at).take(usize::from(inner.height)).collect();
    frame.render_widget(Paragraph::new(seen), inner);
    let words = format!("{}Esc goes back", if at < most { "↓ more · " } else { "" });
    let below = Rect { y: areas.sheet.bottom().saturating_sub(1), height: 1, ..inner };
    frame.render_widget(Line::styled(words, desk.look.theme.style(Role::Quiet)), below);
    drawn::Overlay { most, ..drawn::Overlay::default() }
}
