//! The branch map: the page's own line runs down at the left, filled points, and what branches off stands beside it;
//! at the right what each branch is, and when it began.

use crate::{
    clean::for_terminal,
    session::{Branch, Kind},
    tui::{app::App, overlay::Branches, page::width, times::moment, view::status::count},
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

/// Of deeper lines the ends are drawn: a row has to have room for words.
const DEEPEST: usize = 12;

/// Cells that a row's own words get at the least, where there is room for them.
const WORDS: usize = 20;

/// Draws the map with the chosen row in sight.
pub fn draw(app: &App, map: &Branches, frame: &mut Frame, area: Rect) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let height = usize::from(inner.height);
    let top = map.chosen.saturating_sub(height.saturating_sub(1) / 2);
    let top = top.min(map.rows.len().saturating_sub(height));
    let room = usize::from(inner.width);
    let trunks = trunks(&map.rows, (room / 8).min(DEEPEST));
    let rows = map.rows.iter().zip(&trunks).enumerate().skip(top).take(height);
    let lines: Vec<_> = rows
        .map(|(number, (row, trunk))| {
            let above = number.checked_sub(1).filter(|above| *above >= top);
            let facts = facts(app, row, above.and_then(|above| map.rows.get(above)));
            let line = line(app, map, row, &facts, (trunk, room));
            if number == map.chosen { line.style(app.theme.style(Role::Chosen)) } else { line }
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// What stands before each row's point: a mark for each line that goes on below it, of the deepest ones.
fn trunks(rows: &[Branch], deepest: usize) -> Vec<String> {
    // For each depth: whether the line there goes on below.
    let mut goes_on: Vec<bool> = Vec::new();
    let trunk = |row: &Branch| {
        goes_on.resize(row.depth + 1, false);
        let branches_off = row.parent.is_some_and(|parent| rows[parent].depth < row.depth);
        let mut marks: Vec<_> = goes_on.iter().map(|on| if *on { "│ " } else { "  " }).collect();
        marks.truncate(row.depth);
        if branches_off {
            let mark = if goes_on[row.depth - 1] { "├─" } else { "└─" };
            marks[row.depth - 1] = mark;
            (goes_on[row.depth - 1], goes_on[row.depth]) = (true, false);
        } else {
            goes_on[row.depth] = true;
        }
        if row.depth > deepest {
            format!("… {}", marks[row.depth - deepest..].concat())
        } else {
            marks.concat()
        }
    };
    let mut trunks: Vec<_> = rows.iter().rev().map(trunk).collect();
    trunks.reverse();
    trunks
}

fn line<'a>(
    app: &App,
    map: &Branches,
    row: &Branch,
    facts: &str,
    (trunk, room): (&str, usize),
) -> Line<'a> {
    let point = if row.leads_to_page { "●" } else { "○" };
    let mark = if map.marked == Some(row.revision) { "▸" } else { " " };
    let left = width(trunk) + 2;
    // What it says comes before what it is.
    let free = room.saturating_sub(left);
    let facts = super::cut(facts, (free / 2).max(free.saturating_sub(WORDS)));
    let words = for_terminal(&row.text).into_owned();
    let words = match row.kind {
        _ if !words.is_empty() => words,
        Kind::Root => "(an empty page)".into(),
        Kind::Deleted => "(something deleted)".into(),
        _ => "(nothing but space)".into(),
    };
    let words = super::cut(&words, room.saturating_sub(left + width(&facts) + 2));
    let gap = room.saturating_sub(left + width(&words) + width(&facts));
    let machine = matches!(row.kind, Kind::Taken | Kind::Offered);
    let ink = app.theme.style(if machine { Role::Machine } else { Role::Text });
    let quiet = app.theme.style(Role::Quiet);
    let marks = app.theme.style(Role::Mark);
    // Styles of their own ground would hide that the row is chosen.
    Line::from(vec![
        Span::styled(trunk.to_owned(), quiet),
        Span::styled(format!("{point}{mark}"), marks),
        Span::styled(words, ink),
        Span::raw(" ".repeat(gap)),
        Span::styled(facts, quiet),
    ])
}

/// What a branch is: where the page and the file are, its name, whose it is, and since when.
fn facts(app: &App, row: &Branch, above: Option<&Branch>) -> String {
    let mut facts = Vec::new();
    match (&row.name, row.bookmarked) {
        (Some(name), true) => facts.push(for_terminal(&format!("★ {name}")).into_owned()),
        (Some(name), false) => facts.push(for_terminal(&format!("“{name}”")).into_owned()),
        (None, true) => facts.push("★".into()),
        (None, false) => {}
    }
    facts.push(whose(row));
    let places = [(row.is_page, "the page"), (row.is_saved, "the file")];
    facts.extend(places.iter().filter(|(is, _)| *is).map(|(_, place)| (*place).to_owned()));
    let said = |row: &Branch| moment(row.time, app.session.now(), &app.zone);
    let when = said(row);
    // A time is said once.
    let new = above.is_none_or(|above| said(above) != when);
    format!("{}{}", facts.join(" · "), if new { format!(", {when}") } else { String::new() })
}

/// Who made a branch, and of what.
pub fn whose(row: &Branch) -> String {
    let offer = row.source.map_or(String::new(), |source| format!("offer {}", source.number));
    let offer = match row.taken {
        _ if row.kind == Kind::Offered => offer,
        (0, _) => String::new(),
        _ if row.source.is_none() && row.kind == Kind::Taken => "taken".into(),
        _ if row.source.is_none() => "the machine".into(),
        (1, _) if row.kind == Kind::Taken => format!("{offer}, taken"),
        (1, _) => offer,
        (pieces, words) if pieces == words => format!("{offer}, word by word"),
        (pieces, _) => format!("{offer}, in {pieces} pieces"),
    };
    let mut parts: Vec<_> = match row.kind {
        Kind::Root if row.steps > row.taken.0 + 1 => vec!["as it began".to_owned(), "you".into()],
        Kind::Root => vec!["as it began".into()],
        Kind::Typed | Kind::Deleted => vec!["you".into()],
        Kind::Pasted => vec!["you, pasted".into()],
        Kind::Outside => vec!["another program".into()],
        Kind::Taken | Kind::Offered | Kind::Pruned => Vec::new(),
    };
    parts.extend(Some(offer).filter(|offer| !offer.is_empty()));
    let mut said = parts.join(" and ");
    if row.changed > 0 {
        said.push_str(&format!(", you changed {}", count(row.changed, "word")));
    }
    said
}
