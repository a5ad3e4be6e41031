//! The page: prose in its column, with the machine's words styled and the offer at the cursor as a ghost. The text
//! widget gets only the visible rows, wrapped to the column; it keeps no history.

use super::{
    margin::{self, MARGIN},
    marks::Marks,
    markup::{self, Look},
    whose,
};
use crate::{
    clean::for_terminal,
    session::Author,
    tui::{
        command::Command,
        desk::{Desk, Shown},
        drawn,
        look::PageLook,
        page::{Row, View},
        text::{cut, shown, width as cells, wrap},
    },
    ui::{
        asking::Model,
        theme::{Role, Theme},
    },
};
use ratatui::{
    Frame,
    layout::{Position, Rect},
    style::{Modifier, Style},
};
use std::ops::Range;
use tui_textarea::{CursorRenderMode, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// The width that the text has at least, whatever the margins.
const LEAST: u16 = 20;

/// The column of text in the page's area.
pub fn column(desk: &Desk, area: Rect) -> Rect {
    let PageLook { width, margin, .. } = desk.look.page;
    let room = area.width.saturating_sub(2 * MARGIN);
    let width = width.min(area.width.saturating_sub(2 * margin).max(LEAST)).min(room);
    Rect {
        x: area.x + (area.width - width) / 2,
        // One more cell for the cursor after a full row.
        width: width + 1,
        ..area
    }
}

/// Draws the page as it was laid out, with the marked ranges. Returns its area and the cursor's position; that is the
/// start of the page if the wheel scrolled the cursor out of view.
pub fn draw(
    desk: &Desk,
    frame: &mut Frame,
    area: Rect,
    marks: &[(Range<usize>, Role)],
) -> (drawn::Page, Position, Vec<drawn::Row>) {
    let column = column(desk, area);
    let view = desk.page.view();
    let mut lines = ink(desk, view, marks);
    let written = lines.len();
    let mut rows = Vec::new();
    let end = ghost(desk, view, usize::from(column.width - 1), &mut lines, &mut rows);
    let skip = desk.offers.before_rest(&desk.session);
    for row in &mut rows {
        (row.y, row.x, row.start) = (row.y + column.y, row.x + column.x, row.start + skip);
    }
    let offered = lines.len() - written;
    let tall = usize::from(column.height);
    lines.truncate(tall);
    // `…` shows that the offer goes on: a key may take more than is visible.
    if let Some(last) = lines.last_mut().filter(|_| end > tall) {
        last.push("…", desk.look.theme.style(Role::Ghost));
    }
    paint(lines, &desk.look.theme, frame, column);
    margin::draw(desk, view, frame, column);
    let (y, x) = view.cursor.unwrap_or((0, 0));
    let at = Position::new(column.x + x as u16, column.y + y as u16);
    (drawn::Page { area: column, offered }, at, rows)
}

/// A row to draw: its text, and its styles by byte ranges.
#[derive(Default)]
struct Line {
    text: String,
    runs: Vec<(Range<usize>, Style)>,
}

impl Line {
    fn push(&mut self, text: &str, style: Style) {
        let start = self.text.len();
        self.text.push_str(text);
        match self.runs.last_mut() {
            Some((range, last)) if *last == style => range.end = self.text.len(),
            _ => self.runs.push((start..self.text.len(), style)),
        }
    }
}

/// The draft's rows with their styles.
fn ink<'a>(desk: &Desk, view: &'a View, marks: &[(Range<usize>, Role)]) -> Vec<Line> {
    let (Some(first), Some(last)) = (view.rows.first(), view.rows.last()) else {
        return Vec::new();
    };
    let shows_authors = desk.look.shown == Shown::Authors;
    let authors: Vec<_> = desk
        .session
        .authors(first.start..last.end)
        .filter(|(_, author)| shows_authors || *author == Author::Machine)
        .collect();
    let author = |place: usize| {
        let run = authors.iter().find(|(range, _)| range.contains(&place));
        run.map_or(Author::Writer, |(_, author)| *author)
    };
    let unseen = 0..desk.seen_from().unwrap_or(0);
    // An overlay may mark a range of its own as the selection.
    let is_own = |(_, role): &&(Range<usize>, Role)| *role == Role::Selection;
    let own = marks.iter().find(is_own).map(|(range, _)| range.clone());
    let selected = own.or(desk.session.selection()).unwrap_or(0..0);
    let matches: Vec<_> =
        marks.iter().filter(|(_, role)| *role == Role::Found).map(|(range, _)| range).collect();
    let found = |place: usize| {
        let number = matches.partition_point(|range| range.end <= place);
        matches.get(number).is_some_and(|range| range.contains(&place))
    };
    let unknown = &desk.world.spell.unknown;
    let is_unknown = |place: usize| {
        let number = unknown.partition_point(|range| range.end <= place);
        unknown.get(number).is_some_and(|range| range.contains(&place))
    };
    let page = &desk.look.page;
    let marked = Marks::of(desk, first.start..last.end);
    // The styles of Markdown would be taken for marks.
    let shows_markdown =
        page.markdown && !marked.are_scores() && markup::is_markdown(desk.session.path());
    let looks = match shows_markdown {
        true => markup::looks(&desk.session, first.start..last.end),
        false => Vec::new(),
    };
    let lit = desk.lit();
    let mut next = 0;
    let mut open: Vec<usize> = Vec::new();
    let mut style = |place: usize| {
        let mut style = desk.look.theme.style(Role::Text);
        // Places come in order.
        while looks.get(next).is_some_and(|(range, _)| range.start <= place) {
            open.push(next);
            next += 1;
        }
        open.retain(|number| looks[*number].0.end > place);
        for number in &open {
            style = match looks[*number].1 {
                Look::Modifier(modifier) => style.add_modifier(modifier),
                Look::Role(role) => style.patch(desk.look.theme.style(role)),
            };
        }
        if lit.as_ref().is_some_and(|lit| !lit.contains(&place)) {
            style = style.patch(desk.look.theme.style(Role::Quiet));
        }
        let [score, critic] = [marked.score(place), marked.critic(place)];
        for (role, is_so) in [
            (Role::Unseen, unseen.contains(&place)),
            (whose::look(author(place)).0, author(place) != Author::Writer),
            (score.unwrap_or(Role::Text), score.is_some()),
            (critic.unwrap_or(Role::Text), critic.is_some()),
            (Role::Error, is_unknown(place)),
            (Role::Found, found(place)),
            (Role::Selection, selected.contains(&place)),
        ] {
            if is_so {
                style = style.patch(desk.look.theme.style(role));
            }
        }
        if is_unknown(place) {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        style
    };
    let mut above: Option<&Row> = None;
    let mut line = |row: &'a Row| {
        let mut line = Line::default();
        if row.is_gap()
            && let Some(above) = above.take()
        {
            for (mark, role) in marked.below(above) {
                line.push(&mark, desk.look.theme.style(role));
            }
            return line;
        }
        above = Some(row);
        if row.indent > 0 {
            line.push(&" ".repeat(row.indent), desk.look.theme.style(Role::Text));
        }
        let mut place = row.start;
        for grapheme in row.text.graphemes(true) {
            line.push(shown(grapheme), style(place));
            place += grapheme.chars().count();
        }
        // A selected line break is shown as a selected cell.
        if row.last && selected.contains(&row.end) {
            line.push(" ", style(row.end));
        }
        line
    };
    view.rows.iter().map(&mut line).collect()
}

/// Adds the offer after the cursor. Only at the end of a paragraph, so that no written text moves. Returns how many
/// rows there are up to the offer's end.
fn ghost(
    desk: &Desk,
    view: &View,
    width: usize,
    lines: &mut Vec<Line>,
    rows: &mut Vec<drawn::Row>,
) -> usize {
    let Some((row, column)) = view.cursor else { return 0 };
    let next = desk.session.text().get_char(desk.session.cursor());
    if next.is_some_and(|next| !matches!(next, '\n' | '\r')) {
        let text = ghost_inside(desk, lines.get_mut(row), column, width);
        rows.push(drawn::Row { y: row as u16, x: column as u16, number: 0, start: 0, text });
        return 0;
    }
    let welcome;
    let stale =
        desk.offers.ghost.as_ref().map(|ghost| ghost.stale()).filter(|rest| !rest.is_empty());
    let style = desk.look.theme.style(Role::Ghost);
    let own = desk.offers.rest(&desk.session);
    let own_chars = match stale {
        Some(_) => own.map_or(0, |own| own.chars().count()),
        None => usize::MAX,
    };
    let both;
    let rest = match (own, stale) {
        (Some(own), Some(stale)) => {
            both = format!("{own}{stale}");
            &both
        }
        (Some(rest), None) | (None, Some(rest)) => rest,
        (None, None) if desk.offers.list().is_some() => return 0,
        (None, None) if desk.session.text().len_chars() == 0 => {
            let (ask, help) = (desk.key(Command::Ask), desk.key("help"));
            let or = match desk.asking.model {
                Model::Gone(_) => String::new(),
                _ => format!(", or press {ask} for {}", openings(desk.asking.style.offers)),
            };
            welcome = format!("Write{or}. {help} shows all keys.");
            &welcome
        }
        (None, None) => return 0,
    };
    let rest = for_terminal(rest.trim_end());
    let copied = desk.offers.copied(&desk.session);
    let (mut at, mut used) = (row, column);
    let mut before = 0; // characters before the paragraph
    for paragraph in rest.split('\n') {
        for range in wrap(paragraph, width, used) {
            if at > row {
                lines.insert(at.min(lines.len()), Line::default());
            }
            let Some(line) = lines.get_mut(at) else { return at };
            let mut place = before + paragraph[..range.start].chars().count();
            let text = paragraph[range.clone()].to_owned();
            let (y, x) = (at as u16, used as u16);
            if own.is_some() {
                rows.push(drawn::Row { y, x, number: 0, start: place, text });
            }
            for grapheme in paragraph[range].graphemes(true) {
                let is_copied = copied.iter().any(|run| run.contains(&place));
                let mark = if is_copied { Modifier::UNDERLINED } else { Modifier::empty() };
                let mut style = style.add_modifier(mark);
                if place >= own_chars {
                    style = style.patch(desk.look.theme.style(Role::Stale));
                }
                line.push(shown(grapheme), style);
                place += grapheme.chars().count();
            }
            (at, used) = (at + 1, 0);
        }
        before += paragraph.chars().count() + 1;
    }
    at
}

/// Shows the offer inside a row: as much of it as there is room for, before the text behind the cursor. No other row
/// moves; what no longer fits into this one is cut off.
fn ghost_inside(desk: &Desk, line: Option<&mut Line>, column: usize, width: usize) -> String {
    let (Some(line), Some(rest)) = (line, desk.offers.rest(&desk.session)) else {
        return String::new();
    };
    let rest = for_terminal(rest.lines().next().unwrap_or_default());
    let room = width.saturating_sub(column + BEHIND);
    let short = cut(&rest, room);
    let style = desk.look.theme.style(Role::Ghost);
    let old = std::mem::take(line);
    let mut used = 0;
    let mut is_drawn = false;
    for (range, own) in old.runs {
        for grapheme in old.text[range].graphemes(true) {
            if used >= column && !is_drawn {
                is_drawn = true;
                line.push(&short, style);
                used += cells(&short);
            }
            if used + cells(grapheme) <= width {
                line.push(grapheme, own);
            }
            used += cells(grapheme);
        }
    }
    short
}

/// How many cells of the row are left to the text behind the cursor.
const BEHIND: usize = 8;

fn openings(count: usize) -> &'static str {
    match count {
        1 => "an opening",
        2 => "two openings",
        3 => "three openings",
        4 => "four openings",
        5 => "five openings",
        _ => "six openings",
    }
}

/// Draws the rows with the text widget. It neither wraps nor scrolls: each of its lines is one row.
fn paint(lines: Vec<Line>, theme: &Theme, frame: &mut Frame, area: Rect) {
    let (texts, runs): (Vec<_>, Vec<_>) =
        lines.into_iter().map(|line| (line.text, line.runs)).unzip();
    let mut widget = TextArea::new(texts);
    widget.set_max_histories(0);
    widget.set_style(theme.style(Role::Text));
    widget.set_cursor_line_style(Style::default());
    widget.set_cursor_render_mode(CursorRenderMode::Hidden);
    for (row, runs) in runs.into_iter().enumerate() {
        for (range, style) in runs {
            widget.custom_highlight(((row, range.start), (row, range.end)), style, 1);
        }
    }
    frame.render_widget(&widget, area);
}
