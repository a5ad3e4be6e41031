//! The sheets to read: every command with its keys, made from the command table; what the model is.

use crate::{
    tui::{
        app::{App, Model},
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
        Sheet::Models => models(app, usize::from(inner.width)),
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

fn models<'a>(app: &App, room: usize) -> Vec<Line<'a>> {
    let facts = match &app.model {
        Model::Loading => "The model is loading.".to_owned(),
        Model::Gone(why) => why.clone(),
        Model::Ready(info) => format!(
            "{}: {:.1} million parameters; it sees {} tokens at once, of a vocabulary of {}.{}",
            info.name,
            info.parameters as f64 / 1e6,
            info.context,
            info.vocabulary,
            if info.embedded {
                " It is the small model that comes in the program: quick, and often odd."
            } else {
                ""
            }
        ),
    };
    let more = "For a larger one, start the desk with it: unstuck --model FOLDER, where FOLDER holds a GPT-2 \
                in the Hugging Face layout (config.json, tokenizer.json or vocab.json with merges.txt, \
                model.safetensors). A folder ./models/NAME is found as --model NAME.";
    let facts = crate::clean::for_terminal(&facts).into_owned();
    let mut lines = vec![Line::styled("The model", app.theme.style(Role::Title)), Line::default()];
    for text in [facts.as_str(), "", more] {
        for range in wrap(text, room, 0) {
            let row = text[range].trim_end().to_owned();
            lines.push(Line::styled(row, app.theme.style(Role::Quiet)));
        }
    }
    lines
}
