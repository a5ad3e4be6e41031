//! The sheet to read: every command with its keys, made from the command table.

use crate::{
    tui::{
        app::App,
        command::Command,
        overlay::{Overlay, Sheet},
        page::{width, wrap},
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use strum::{EnumMessage, IntoEnumIterator};

/// Draws a sheet over the page, and keeps its scrolling within its text.
pub fn draw(app: &mut App, sheet: Sheet, frame: &mut Frame, area: Rect) {
    let inner = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4).min(96),
        y: area.y + 1,
        height: area.height.saturating_sub(3),
    };
    let lines = match sheet {
        Sheet::Help => help(app, usize::from(inner.width)),
    };
    let most = lines.len().saturating_sub(usize::from(inner.height));
    let mut at = 0;
    if let Some(Overlay::Sheet(_, scrolled)) = &mut app.overlay {
        *scrolled = (*scrolled).min(most);
        at = *scrolled;
    }
    frame.render_widget(Paragraph::new(lines).scroll((at as u16, 0)), inner);
    let more = if at < most { "↓ more · " } else { "" };
    let words = Line::styled(format!("{more}Esc goes back"), app.theme.style(Role::Quiet));
    let below = Rect { y: area.bottom().saturating_sub(1), height: 1, ..inner };
    frame.render_widget(words, below);
}

/// How wide the keys stand before their help.
const KEYS: usize = 24;

fn help<'a>(app: &App, room: usize) -> Vec<Line<'a>> {
    let (quiet, key) = (app.theme.style(Role::Quiet), app.theme.style(Role::Key));
    let mut lines = Vec::new();
    let mut heading = "";
    for command in Command::iter() {
        let under = command.get_message().unwrap_or_default();
        if under != heading {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(under.to_owned(), app.theme.style(Role::Title)));
            heading = under;
        }
        // The other numbers are like the first.
        if command.numbered().is_some_and(|number| number > 0) {
            continue;
        }
        let mut keys = String::new();
        for key in app.keymap.keys(command).map(|key| key.to_string()) {
            if keys.is_empty() {
                keys = key;
            } else if width(&keys) + width(&key) + 2 < KEYS {
                keys = format!("{keys}  {key}");
            }
        }
        let help = command.get_documentation().unwrap_or_default();
        // On a narrow screen the keys stand above their help.
        let beside = room >= 70 && width(&keys) < KEYS;
        let indent = if room >= 70 { KEYS } else { 2 };
        if !beside {
            lines.push(Line::styled(keys.clone(), key));
        }
        for (number, range) in wrap(help, room.saturating_sub(indent), 0).into_iter().enumerate() {
            let left = if beside && number == 0 { keys.as_str() } else { "" };
            let gap = " ".repeat(indent.saturating_sub(width(left)));
            let text = help[range].trim_end().to_owned();
            let left = Span::styled(left.to_owned(), key);
            lines.push(Line::from(vec![left, Span::raw(gap), Span::styled(text, quiet)]));
        }
    }
    lines
}
