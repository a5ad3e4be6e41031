//! The help: all commands with their keys.

use super::{
    layer::{Flow, Layer},
    scroll::Scroll,
};
use crate::{
    tui::{
        command::Opens,
        desk::Desk,
        drawn,
        text::{width, wrap},
        view::{Areas, sheet},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    text::{Line, Span},
};

/// The command.
pub const OPENS: Opens =
    Opens { name: "help", heading: "The desk", help: "Show all keys.", keys: &["f1"] };

/// The help, scrolled to a row.
#[derive(Default)]
struct Help {
    scroll: Scroll,
}

/// Shows the help.
pub fn open(_: &mut Desk) -> Flow {
    Flow::open(Help::default())
}

impl Layer for Help {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        self.scroll.press(key, desk)
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.scroll.wheel(by, desk);
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let inner = sheet::inner(areas, 96);
        let lines = lines(desk, usize::from(inner.width));
        sheet::draw(desk, frame, areas, inner, lines, self.scroll.row())
    }
}

/// The width of the column of keys, in cells.
const KEYS: usize = 24;

fn lines<'a>(desk: &Desk, room: usize) -> Vec<Line<'a>> {
    let (quiet, key) = (desk.look.theme.style(Role::Quiet), desk.look.theme.style(Role::Key));
    let mut lines = Vec::new();
    let mut heading = "";
    for command in desk.keymap.commands().iter().copied() {
        let under = command.heading();
        if under != heading {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::styled(under.to_owned(), desk.look.theme.style(Role::Title)));
            heading = under;
        }
        // The other numbered commands are like the first.
        if command.numbered().is_some_and(|number| number > 0) {
            continue;
        }
        let mut keys = String::new();
        for key in desk.keymap.keys(command).map(|key| key.to_string()) {
            if keys.is_empty() {
                keys = key;
            } else if width(&keys) + width(&key) + 2 < KEYS {
                keys = format!("{keys}  {key}");
            }
        }
        if keys.is_empty() {
            keys = format!("{}, {}", desk.key("palette"), command.name().replace('-', " "));
        }
        let help = command.help();
        // On a narrow screen the keys are above their help.
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
