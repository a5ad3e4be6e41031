//! Drawing the dials below the page, so that the page stays visible.

use super::{
    Dials,
    bars::{self, Bars},
    dial::Dial,
    order,
};
use crate::{
    token::Preset,
    tui::{
        desk::{Desk, Notice},
        drawn,
        text::{cut, one_row, width},
        view::{Areas, heading, status::line},
    },
    ui::{asking::Style, theme::Role},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};
use strum::IntoEnumIterator;

/// The widths of a dial's name and its number, in cells.
const NAME: usize = 14;
const NUMBER: usize = 14;
/// The most rows, so that the page stays visible.
const ROWS: usize = 10;
/// The least width of an explanation, in cells.
const LEAST: usize = 20;

/// Draws the dials over the lower part of the screen, and the keys in its last row.
pub fn draw(dials: &Dials, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
    let area = areas.screen;
    if let Some(bars) = &dials.bars {
        return draw_bars(dials, bars, desk, frame, area);
    }
    let rows = Dials::rows().min(ROWS).min(usize::from(area.height).saturating_sub(4)) as u16;
    let over = Rect { y: area.bottom().saturating_sub(rows + 2), height: rows + 2, ..area };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, desk.look.theme.style(Role::Text));
    let (now, usual) = (&desk.asking.style, desk.asking.preset());
    let room = usize::from(area.width);
    let first = (dials.chosen + 1).saturating_sub(usize::from(rows));
    let below = Dials::rows() - (first + usize::from(rows)).min(Dials::rows());
    let more = if below > 0 { format!(" · ↓ {below} more") } else { String::new() };
    let mut lines =
        vec![heading(desk, &format!("dials · {}{more}", desk.asking.style_name()), room)];
    for number in (first..Dials::rows()).take(usize::from(rows)) {
        lines.push(row(desk, dials, number, (now, &usual), room));
    }
    for (y, line) in (over.y..).zip(&lines) {
        frame.buffer_mut().set_line(over.x, y, line, over.width);
    }
    if let Some(typed) = &dials.typed {
        let x = over.x + (3 + NAME + 2 + width(typed).min(NUMBER - 2)) as u16;
        let y = over.y + 1 + (dials.chosen - first) as u16;
        frame.set_cursor_position((x.min(over.right().saturating_sub(1)), y));
    }
    keys(desk, dials, frame, Rect { y: over.bottom() - 1, height: 1, ..over });
    let rows = Rect { y: over.y + 1, height: rows, ..over };
    drawn::Overlay { rows, first, ..drawn::Overlay::default() }
}

/// Draws the bars below the row with the cursor.
fn draw_bars(
    dials: &Dials,
    bars: &Bars,
    desk: &Desk,
    frame: &mut Frame,
    area: Rect,
) -> drawn::Overlay {
    let rows = (bars::ROWS + 1).min(usize::from(area.height).saturating_sub(4)) as u16;
    let over = Rect { y: area.bottom().saturating_sub(rows + 2), height: rows + 2, ..area };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, desk.look.theme.style(Role::Text));
    let room = usize::from(area.width);
    let title = format!("dials · {} · the last question", desk.asking.style_name());
    let styles = (&desk.asking.style, &desk.asking.preset());
    let mut lines = vec![heading(desk, &title, room), row(desk, dials, dials.chosen, styles, room)];
    lines.extend(bars.rows(desk, room));
    for (y, line) in (over.y..over.bottom() - 1).zip(&lines) {
        frame.buffer_mut().set_line(over.x, y, line, over.width);
    }
    if let Some(typed) = &dials.typed {
        let x = over.x + (3 + NAME + 2 + width(typed).min(NUMBER - 2)) as u16;
        frame.set_cursor_position((x.min(over.right().saturating_sub(1)), over.y + 1));
    }
    keys(desk, dials, frame, Rect { y: over.bottom() - 1, height: 1, ..over });
    let rows = Rect { y: over.y + 1, height: 1, ..over };
    drawn::Overlay { rows, first: dials.chosen, ..drawn::Overlay::default() }
}

fn row<'a>(
    desk: &Desk,
    dials: &Dials,
    number: usize,
    (now, usual): (&Style, &Style),
    room: usize,
) -> Line<'a> {
    let chosen = number == dials.chosen;
    let role = |role| desk.look.theme.style(if chosen { Role::Chosen } else { role });
    let dial = number.checked_sub(1).and_then(|number| Dial::iter().nth(number));
    let (name, value, changed, about) = match dial {
        None if number > 0 => {
            let changed = now.sampling.order != usual.sampling.order;
            let value = if changed { "changed" } else { "as usual" };
            ("order", value.to_owned(), changed, order::words(&now.sampling.order))
        }
        None => ("preset", now.preset.clone(), now.differs(usual), about_preset(desk)),
        Some(dial) => {
            let (name, about, _) = dial.words();
            let changed = dial.read(now) != dial.read(usual);
            (name, dial.read(now).to_string(), changed, about.to_owned())
        }
    };
    let value = cut(&one_row(&value), NUMBER - 2);
    let value = match &dials.typed {
        Some(typed) if chosen => format!("  {}", cut(typed, NUMBER - 2)),
        _ if chosen => format!("‹ {value} ›"),
        _ => format!("  {value}"),
    };
    let mark = if changed { "* " } else { "  " };
    // With less room, the explanation is left out.
    let beside = room.saturating_sub(6 + NAME + NUMBER + 2);
    let about = if beside < LEAST { String::new() } else { cut(&one_row(&about), beside) };
    let padded = |text: &str, cells: usize| {
        format!("{text}{}", " ".repeat(cells.saturating_sub(width(text))))
    };
    let rest = room.saturating_sub(4 + NAME + NUMBER + 4);
    Line::from(vec![
        Span::styled(if chosen { " ▸ " } else { "   " }, desk.look.theme.style(Role::Mark)),
        Span::styled(padded(name, NAME), role(Role::Text)),
        Span::styled(padded(&value, NUMBER + 2), role(Role::Text)),
        Span::styled(mark, role(Role::Mark)),
        Span::styled(padded(&about, rest), role(Role::Quiet)),
    ])
}

fn about_preset(desk: &Desk) -> String {
    match Preset::named(&desk.asking.style.preset) {
        Some(preset) if desk.asking.style.preset != desk.asking.own.preset => {
            preset.about.to_owned()
        }
        Some(preset) if !desk.asking.own.differs(&own_as(desk, preset)) => preset.about.to_owned(),
        _ => "as in your settings".to_owned(),
    }
}

/// The writer's own style with the sampling of a preset.
fn own_as(desk: &Desk, preset: Preset) -> Style {
    let sampling = preset.over(&desk.asking.own.sampling);
    Style { preset: preset.name.into(), sampling, ..desk.asking.own.clone() }
        .for_model(&desk.asking.model)
}

/// Draws a message, and the keys.
fn keys(desk: &Desk, dials: &Dials, frame: &mut Frame, area: Rect) {
    let key = |key: &str, act| (key.to_owned(), act);
    let hints = match dials.typed {
        Some(_) => vec![key("Enter", "set"), key("Esc", "cancel")],
        None => vec![
            key("←→", "change"),
            key("Esc", "back"),
            key("Backspace", "reset"),
            key("b", "bars"),
            key("o", "order"),
            key("k", "keep"),
            key("0-9", "a number"),
        ],
    };
    let (words, role) = match desk.notices.shown() {
        Some((Notice::Word(words), _)) => (words.as_str(), Role::Notice),
        Some((Notice::Error(words), _)) => (words.as_str(), Role::Error),
        None => ("", Role::Quiet),
    };
    let words = words.replace(['\n', '\t'], " ");
    line(desk, frame, area, Span::styled(words, desk.look.theme.style(role)), &hints);
}
