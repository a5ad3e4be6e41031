//! Drawing of the branch map.

use super::{
    Map,
    list::{DEEPEST, Fold, Item},
};
use crate::{
    clean::for_terminal,
    session::{Branch, Kind},
    tui::{
        command::Command,
        desk::{Desk, describe, moment},
        drawn,
        text::{count, cut, width},
        view::{Areas, clear},
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use std::time::SystemTime;

/// The least width of a row's text in cells, if there is room.
const WORDS: usize = 20;

/// Draws the rows near the chosen one, below a row with their number.
pub fn draw(map: &Map, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
    clear(desk, frame, areas.sheet);
    let area = areas.sheet;
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let room = usize::from(inner.width);
    let quiet = desk.look.theme.style(Role::Quiet);
    let head = cut(&head(map), room);
    let gap = " ".repeat(room.saturating_sub(width(&head)));
    frame.buffer_mut().set_line(
        inner.x,
        inner.y,
        &Line::styled(format!("{gap}{head}"), quiet),
        inner.width,
    );
    let inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let height = usize::from(inner.height);
    let top = map.chosen.saturating_sub(height.saturating_sub(1) / 2);
    let top = top.min(map.list.items.len().saturating_sub(height));
    let mut above = None;
    let lines: Vec<_> = (top..map.list.items.len())
        .take(height)
        .map(|number| {
            let line = line(desk, map, number, &mut above, room);
            let chosen = number == map.chosen;
            if chosen { line.style(desk.look.theme.style(Role::Chosen)) } else { line }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
    drawn::Overlay { rows: inner, first: top, ..drawn::Overlay::default() }
}

/// The number of branches, and of those that the filter finds.
fn head(map: &Map) -> String {
    let all = match map.list.len() {
        1 => "1 branch".to_owned(),
        many => format!("{many} branches"),
    };
    match &map.filter {
        Some(field) if !field.text().trim().is_empty() => {
            format!("{all} · {} found", map.list.items.len())
        }
        _ => all,
    }
}

/// One row. `above` is what was said of the time in the row above.
fn line<'a>(
    desk: &Desk,
    map: &Map,
    number: usize,
    above: &mut Option<String>,
    room: usize,
) -> Line<'a> {
    let trunk = trunk(&map.list.items[number], room);
    if let Some((fold, is_open)) = map.list.question(number) {
        return question(desk, fold, is_open, (&trunk, room));
    }
    let Some(row) = map.list.branch(number) else { return Line::default() };
    let when = said(desk, row.time);
    // A time equal to that of the row above is left out.
    let new = above.as_ref() != Some(&when);
    let facts =
        format!("{}{}", facts(desk, row), if new { format!(", {when}") } else { "".into() });
    *above = Some(when);
    branch(desk, map, row, &facts, (&trunk, room))
}

/// The line drawing of a row, with fewer levels where there is less room.
fn trunk(item: &Item, room: usize) -> String {
    let deepest = (room / 8).min(DEEPEST);
    let levels = item.trunk.chars().count() / 2;
    let cut: String = item.trunk.chars().skip(2 * levels.saturating_sub(deepest)).collect();
    if item.depth > deepest { format!("… {cut}") } else { cut }
}

/// The row of a question.
fn question<'a>(desk: &Desk, fold: &Fold, is_open: bool, (trunk, room): (&str, usize)) -> Line<'a> {
    let asked = fold.asked;
    let taken = if asked.taken > 0 { format!(", {} taken", asked.taken) } else { String::new() };
    let when = said(desk, asked.time);
    let words = format!("asked here {when} · {}{taken}", count(asked.offers, "offer"));
    let words = cut(&words, room.saturating_sub(width(trunk) + 2));
    Line::from(vec![
        Span::styled(trunk.to_owned(), desk.look.theme.style(Role::Quiet)),
        Span::styled(if is_open { "▾ " } else { "▸ " }, desk.look.theme.style(Role::Mark)),
        Span::styled(words, desk.look.theme.style(Role::Quiet)),
    ])
}

fn branch<'a>(
    desk: &Desk,
    map: &Map,
    row: &Branch,
    facts: &str,
    (trunk, room): (&str, usize),
) -> Line<'a> {
    let point = match row {
        _ if row.is_saved => "■",
        _ if row.is_before_jump => "◂",
        _ if row.leads_to_page => "●",
        _ => "○",
    };
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
    let ink = desk.look.theme.style(if row.is_offer() { Role::Machine } else { Role::Text });
    let quiet = desk.look.theme.style(Role::Quiet);
    // A style with its own background would hide that the row is chosen.
    Line::from(vec![
        Span::styled(trunk.to_owned(), quiet),
        Span::styled(format!("{point}{mark}"), desk.look.theme.style(Role::Mark)),
        Span::styled(words, ink),
        Span::raw(" ".repeat(gap)),
        Span::styled(facts, quiet),
    ])
}

/// The description of a branch: its name, author, whether the page or the file is there, and its words.
fn facts(desk: &Desk, row: &Branch) -> String {
    let mut facts = Vec::new();
    match (&row.name, row.bookmarked) {
        (Some(name), true) => facts.push(for_terminal(&format!("★ {name}")).into_owned()),
        (Some(name), false) => facts.push(for_terminal(&format!("“{name}”")).into_owned()),
        (None, true) => facts.push("★".into()),
        (None, false) => {}
    }
    facts.push(describe(row));
    if row.is_saved {
        facts.push("■ the file".into());
    }
    if row.is_before_jump {
        let undo = desk.key(Command::Undo);
        let is_next = desk.session.undo_leads_to() == Some(row.revision);
        let key = if is_next { format!(" ({undo})") } else { String::new() };
        facts.push(format!("◂ before the jump{key}"));
    }
    facts.push(count(row.words, "word"));
    if row.is_page {
        facts.push("the page".into());
    }
    facts.join(" · ")
}

fn said(desk: &Desk, time: SystemTime) -> String {
    moment(time, desk.session.now(), &desk.world.environment.zone)
}
