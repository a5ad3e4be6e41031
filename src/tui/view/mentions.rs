//! The bot's queue: who wrote what and what would be answered, a row each, and the chosen one in full below.

use super::{cut, one_row};
use crate::{
    clean::weight,
    mentions::{Row, State},
    tui::{
        app::App,
        overlay::Waiting,
        page::{width, wrap},
        times::moment,
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use std::time::{Duration, UNIX_EPOCH};

/// Draws the list in the upper part, the chosen mention and its reply below it.
pub fn draw(app: &App, waiting: &Waiting, frame: &mut Frame, area: Rect) {
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(4), ..area };
    let room = usize::from(inner.width);
    let quiet = app.theme.style(Role::Quiet);
    let rule = app.theme.style(Role::Rule);
    let heading = match waiting.rows.len() {
        0 => "mentions · nothing waits".to_owned(),
        many => format!("mentions · {many} waiting"),
    };
    let mut lines = vec![Line::styled(heading, app.theme.style(Role::Title)), Line::default()];
    let detail = waiting.rows.get(waiting.chosen).map(|row| detail(app, row, room));
    let below = detail.as_ref().map_or(0, |lines| lines.len() + 2);
    let height = usize::from(inner.height).saturating_sub(2 + below).max(1);
    let top = (waiting.chosen + 1).saturating_sub(height);
    let seen = || waiting.rows.iter().skip(top).take(height);
    let widest = |part: fn(&App, &Row) -> String| {
        seen().map(|row| width(&part(app, row))).max().unwrap_or(0)
    };
    let columns = (widest(when), widest(who));
    for (number, row) in waiting.rows.iter().enumerate().skip(top).take(height) {
        let chosen = number == waiting.chosen;
        let line = line(app, row, columns, room.saturating_sub(2));
        let mark = if chosen { "▸ " } else { "  " };
        let mut spans = vec![Span::styled(mark, app.theme.style(Role::Mark))];
        spans.extend(line.spans);
        let line = Line::from(spans);
        lines.push(if chosen { line.style(app.theme.style(Role::Chosen)) } else { line });
    }
    if waiting.rows.is_empty() {
        let words = "What the bot would say comes here when it may not post by itself.";
        lines.extend(wrap(words, room, 0).into_iter().map(|row| Line::styled(&words[row], quiet)));
    }
    if let Some(detail) = detail {
        lines.push(Line::default());
        lines.push(Line::styled("─".repeat(room), rule));
        lines.extend(detail);
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn when(app: &App, row: &Row) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(row.created.unsigned_abs());
    moment(at, app.session.now(), &app.zone)
}

/// So much of the name as there is room for.
fn who(_: &App, row: &Row) -> String {
    cut(&format!("@{}", one_row(&row.handle)), 16)
}

/// When and who, in columns so wide, what, and what would be answered.
fn line<'a>(app: &App, row: &Row, columns: (usize, usize), room: usize) -> Line<'a> {
    let quiet = app.theme.style(Role::Quiet);
    let (when, who) = (when(app, row), who(app, row));
    let when = format!("{}{when}  ", " ".repeat(columns.0.saturating_sub(width(&when))));
    let who = format!("{who}{}", " ".repeat((columns.1 + 2).saturating_sub(width(&who))));
    let left = room.saturating_sub(width(&when) + width(&who) + 3);
    let said = row.mention.as_ref().map(|mention| one_row(&mention.text)).unwrap_or_default();
    let said = cut(&said, left * 2 / 5);
    let reply = one_row(row.reply.as_deref().unwrap_or_default());
    let reply = cut(&reply, left.saturating_sub(width(&said)));
    Line::from(vec![
        Span::styled(when, quiet),
        Span::styled(who, app.theme.style(Role::Title)),
        Span::styled(said, app.theme.style(Role::Text)),
        Span::styled(" → ", quiet),
        Span::styled(reply, app.theme.style(Role::Machine)),
    ])
}

/// The chosen one with all of its words.
fn detail<'a>(app: &App, row: &Row, room: usize) -> Vec<Line<'a>> {
    let said = row.mention.as_ref().map(|mention| mention.text.clone()).unwrap_or_default();
    let reply = row.reply.clone().unwrap_or_default();
    let mut facts = format!("weight {}", weight(&reply));
    if let Some(limit) = app.mentions.as_ref().map(|place| place.limit) {
        facts.push_str(&format!(" of {limit}"));
    }
    match (&row.model, row.seed) {
        (Some(model), Some(seed)) => facts.push_str(&format!(" · {model}, seed {seed}")),
        _ if row.kind == crate::mentions::Kind::Help => facts.push_str(" · the help text"),
        _ => facts.push_str(" · words put in by hand"),
    }
    if let Some(why) = row.reason.as_deref().filter(|_| row.state == State::Dead) {
        facts.push_str(&format!(" · {why}"));
    }
    let parts =
        [("mention", said, Role::Text), ("reply", reply, Role::Machine), ("", facts, Role::Quiet)];
    let mut lines = Vec::new();
    for (label, words, role) in parts {
        let words = one_row(&words);
        for (number, range) in wrap(&words, room.saturating_sub(9), 0).into_iter().enumerate() {
            let label = if number == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("{label:<9}"), app.theme.style(Role::Quiet)),
                Span::styled(words[range].trim_end().to_owned(), app.theme.style(role)),
            ]));
        }
    }
    lines
}
