//! The offers: a pane beside a wide page, a drawer below a narrow one.

use crate::{
    clean::for_terminal,
    tui::{
        command::Command::{RollAgain, RollOne, Stop},
        desk::Desk,
        drawn::{self, Row},
        text::{count, cut, shown, width as cells, wrap},
    },
    ui::{
        asking::{Fault, List, Model, Offer, Standing, State},
        theme::Role,
    },
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// Draws the list that is shown, if any, and returns where its rows are.
pub fn draw(desk: &Desk, frame: &mut Frame, area: Rect, wide: bool) -> drawn::Offers {
    let drawn = match desk.offers.list() {
        Some(list) if area.height > 0 && wide => pane(desk, list, frame, area),
        Some(list) if area.height > 0 => drawer(desk, list, frame, area),
        _ => drawn::Offers::default(),
    };
    drawn::Offers { area, ..drawn }
}

/// The first of `all` rows to draw in `room` rows: the usual one, or the one that the wheel scrolled to. Second, the
/// last row that can be the first.
fn top(desk: &Desk, usual: usize, all: usize, room: usize) -> (usize, usize) {
    let most = all.saturating_sub(room);
    (desk.offers.scrolled.unwrap_or(usual).min(most), most)
}

fn pane(desk: &Desk, list: &List, frame: &mut Frame, area: Rect) -> drawn::Offers {
    let rule = desk.look.theme.style(Role::Rule);
    for y in area.top()..area.bottom() {
        frame.buffer_mut().set_string(area.x, y, "│", rule);
    }
    let inner = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let mut lines = Vec::new();
    // The rows of the chosen offer, so that it can be scrolled into view.
    let mut chosen = 0..0;
    let mut spots = Vec::new();
    for (number, offer) in list.offers.iter().enumerate() {
        let first = lines.len();
        // The heading can be clicked, too.
        let y = first as u16;
        spots.push(Row { y, x: inner.x, number, start: 0, text: String::new() });
        lines.push(heading(desk, list, number, offer, usize::from(inner.width)));
        let style = look(desk, list, number);
        let half = list.half_word(offer);
        let rows = rows(desk, offer, usize::from(inner.width.saturating_sub(3)), cells(half));
        let last = rows.len().saturating_sub(1);
        for (row, (start, text)) in rows.into_iter().enumerate() {
            let half = if row == 0 { half } else { "" };
            let x = inner.x + 3 + cells(half) as u16;
            let spot = Row { y: lines.len() as u16, x, number, start, text };
            let bar = row == last && offer.state == State::Streaming;
            let mut spans = vec![Span::raw("   "), on_page(desk, half)];
            spans.extend(drawn(desk, &spot, &offer.copied, style, bar));
            lines.push(Line::from(spans));
            spots.push(spot);
        }
        lines.push(Line::default());
        if number == list.chosen {
            chosen = first..lines.len();
        }
    }
    let lists = |when: &str, number: usize| {
        (number > 0).then(|| format!("{when}: {}", count(number, "list")))
    };
    let (earlier, later) =
        (lists("earlier", desk.offers.earlier()), lists("later", desk.offers.later()));
    let pinned = list.offers.iter().filter(|offer| offer.pinned).count();
    let pinned = (pinned > 0).then(|| format!("pinned: {pinned}"));
    let words: Vec<_> = [earlier, later, pinned].into_iter().flatten().collect();
    lines.push(Line::styled(words.join("   "), desk.look.theme.style(Role::Quiet)));
    let inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let (all, room) = (lines.len(), usize::from(inner.height));
    let usual = chosen.end.saturating_sub(usize::from(area.height)).min(chosen.start);
    let (top, most) = top(desk, usual, all, room);
    frame.render_widget(Paragraph::new(lines).scroll((top as u16, 0)), inner);
    spots.retain(|spot| (top as u16..top as u16 + inner.height).contains(&spot.y));
    spots.iter_mut().for_each(|spot| spot.y = spot.y - top as u16 + inner.y);
    drawn::Offers { rows: spots, top, most, ..drawn::Offers::default() }
}

/// The heading of an offer: its number, whether it is chosen, and its state.
fn heading<'a>(desk: &Desk, list: &List, number: usize, offer: &Offer, width: usize) -> Line<'a> {
    let mark = desk.look.theme.style(Role::Mark);
    let room = width.saturating_sub(4);
    let here = number == list.chosen;
    let number_style = if here && desk.offers.focus {
        mark.patch(desk.look.theme.style(Role::Selection))
    } else {
        mark
    };
    Line::from(vec![
        Span::styled(format!("{}", number + 1), number_style),
        Span::styled(if here { " ▸ " } else { "   " }, mark),
        Span::styled(state(desk, list, number, offer, room), desk.look.theme.style(Role::Quiet)),
    ])
}

/// The state of an offer, in words. Parts that don't fit are left out, the least important first.
fn state(desk: &Desk, list: &List, number: usize, offer: &Offer, room: usize) -> String {
    let words = match &offer.state {
        State::Waiting | State::Choosing if matches!(desk.asking.model, Model::Loading) => {
            "the model is loading".into()
        }
        State::Choosing => "choosing".into(),
        State::Waiting => "waiting".into(),
        State::Reading(_) => "reading".into(),
        State::Streaming => "streaming".into(),
        State::Done(_) if offer.text.trim().is_empty() => "no text".into(),
        State::Done(_) if offer.fault == Some(Fault::Cut) => "✓ cut".into(),
        State::Done(_) => "✓".into(),
        State::Stopped => "stopped".into(),
        State::Failed(_) => "! failed".into(),
        State::Dropped(fault) => {
            let what = match fault {
                Fault::Empty => "it was empty",
                Fault::Banned => "it used banned words",
                Fault::Loop => "it repeated itself",
                Fault::Repeated => "it repeated an earlier offer",
                Fault::Unbalanced => "its quotes were broken",
                Fault::Doubled => "it doubled a word",
                Fault::Cut => "it had no end",
                Fault::Word | Fault::Name => "it used unknown words",
            };
            format!("{what}; {} retries", desk.key(RollOne))
        }
    };
    let taken = list.standing(number, &desk.session) == Standing::Taken;
    let mut parts: Vec<String> = offer.by.iter().map(|name| for_terminal(name).into()).collect();
    parts.push(words);
    parts.extend(offer.pinned.then(|| "pinned".to_owned()));
    parts.extend(taken.then(|| "taken".to_owned()));
    let least = 1 + usize::from(offer.by.is_some());
    while parts.len() > least && cells(&parts.join(" · ")) > room {
        parts.pop();
    }
    cut(&parts.join(" · "), room)
}

/// The style of an offer: dimmed if it is taken or no longer matches the page.
fn look(desk: &Desk, list: &List, number: usize) -> Style {
    desk.look.theme.style(match list.standing(number, &desk.session) {
        Standing::Here(_) | Standing::There(..) => Role::Offer,
        Standing::Taken | Standing::Away => Role::Stale,
    })
}

/// The start of the word that an offer continues. It is already on the page, and is repeated so that the offer can be
/// read.
fn on_page<'a>(desk: &Desk, half: &str) -> Span<'a> {
    let half: String = for_terminal(half).graphemes(true).map(shown).collect();
    Span::styled(half, desk.look.theme.style(Role::Stale))
}

/// The text of an offer in rows, each with the index of its first character. `used` cells of the first row are taken. A
/// space that it begins with is a gap; a theme without colours marks it.
fn rows(desk: &Desk, offer: &Offer, width: usize, used: usize) -> Vec<(usize, String)> {
    // This keeps the number of characters, so places stay valid.
    let text = for_terminal(&offer.text);
    let mut begin = text.len() - text.trim_start().len();
    // A gap shows that a new word begins.
    if text[..begin].ends_with(' ') && !text[..begin].contains('\n') {
        begin -= 1;
    }
    let mut rows: Vec<(usize, String)> = Vec::new();
    let mut start = text[..begin].chars().count();
    for (number, line) in text[begin..].trim_end().split('\n').enumerate() {
        for range in wrap(line, width, if number == 0 { used } else { 0 }) {
            let row = &line[range];
            rows.push((start, row.to_owned()));
            start += row.chars().count();
        }
        start += 1;
    }
    if let Some((_, first)) = rows.first_mut().filter(|_| desk.look.theme.is_plain())
        && let Some(rest) = first.strip_prefix(' ')
    {
        *first = format!("␣{rest}");
    }
    rows
}

/// A row as spans: the part the mouse is dragged over is marked, text copied from the training text is underlined.
/// While the offer streams, a bar marks its end.
fn drawn<'a>(
    desk: &Desk,
    spot: &Row,
    copied: &[Range<usize>],
    style: Style,
    bar: bool,
) -> Vec<Span<'a>> {
    let dragged = desk.offers.dragged.filter(|(number, ..)| *number == spot.number);
    let marked = dragged.map_or(0..0, |(_, from, to)| spot.between(from, to));
    let copied =
        |at: usize| copied.iter().any(|run| spot.between(run.start, run.end - 1).contains(&at));
    let mut spans: Vec<Span> = Vec::new();
    for (at, grapheme) in spot.text.grapheme_indices(true) {
        let mut style =
            if marked.contains(&at) { desk.look.theme.style(Role::Selection) } else { style };
        if copied(at) {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(shown(grapheme)),
            _ => spans.push(Span::styled(shown(grapheme).to_owned(), style)),
        }
    }
    spans.push(Span::styled(if bar { "▌" } else { "" }, style));
    spans
}

fn drawer(desk: &Desk, list: &List, frame: &mut Frame, area: Rect) -> drawn::Offers {
    let width = usize::from(area.width);
    let rule = desk.look.theme.style(Role::Rule);
    let quiet = desk.look.theme.style(Role::Quiet);
    let count = list.offers.len();
    let place =
        if count == 1 { String::new() } else { format!("{} of {count} · ", list.chosen + 1) };
    let room = width.saturating_sub(8 + cells(&place));
    let words = list.choice().map_or(String::new(), |offer| {
        format!(" {place}{} ", state(desk, list, list.chosen, offer, room))
    });
    let stop = match (desk.offers.are_live(), desk.offers.focus) {
        (true, _) => "stops",
        (false, true) => "back",
        (false, false) => "hides",
    };
    let keys = format!(" {} again · {} {stop} ", desk.key(RollAgain), desk.key(Stop));
    let free = width.saturating_sub(6 + cells(&words));
    let keys = if free > cells(&keys) { keys } else { String::new() };
    let mut lines = vec![Line::from(vec![
        Span::styled(" ──", rule),
        Span::styled(words, quiet),
        Span::styled("─".repeat(free - cells(&keys)), rule),
        Span::styled(keys, quiet),
        Span::styled("──", rule),
    ])];
    let room = usize::from(area.height) - 1;
    let mut spots = Vec::new();
    // Each offer has the same number of rows, so that none moves while another grows. When the list has the focus, the
    // chosen offer gets as many rows as it needs.
    let each = (room / count.max(1)).max(1);
    let read = list.choice().filter(|offer| desk.offers.focus && count > 1 && !offer.is_live());
    let needed = read.map_or(0, |offer| {
        let half = cells(list.half_word(offer));
        rows(desk, offer, width.saturating_sub(5), half)
            .iter()
            .filter(|row| !row.1.trim().is_empty())
            .count()
    });
    let tall = needed.min((room + 1).saturating_sub(count).max(room.min(3))).max(each);
    let each = ((room - tall) / (count - 1).max(1)).clamp(1, each);
    let fit = (room - tall) / each + 1;
    let (first, most) = top(desk, (list.chosen + 1).saturating_sub(fit), count, fit);
    let (mut top, mut most) = (first, most);
    for (number, offer) in list.offers.iter().enumerate().skip(first).take(fit) {
        let row = area.y + lines.len() as u16;
        let each = if number == list.chosen { tall } else { each };
        let entry = entry(desk, list, number, offer, (row, width, each));
        // A single offer is scrolled by rows.
        if count == 1 {
            (top, most) = (entry.skipped, entry.all.saturating_sub(each));
        }
        for (line, spot) in entry.rows {
            lines.push(line);
            spots.extend(spot);
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
    drawn::Offers { rows: spots, top, most, ..drawn::Offers::default() }
}

/// An offer in its rows of the drawer.
struct Entry<'a> {
    rows: Vec<(Line<'a>, Option<Row>)>,
    /// How many rows are above the first visible one, and how many there are.
    skipped: usize,
    all: usize,
}

/// As much of an offer as there is room for.
fn entry<'a>(
    desk: &Desk,
    list: &List,
    number: usize,
    offer: &Offer,
    (y, width, room): (u16, usize, usize),
) -> Entry<'a> {
    let alone = list.offers.len() == 1;
    let mark = desk.look.theme.style(Role::Mark);
    let here = number == list.chosen;
    let mark = if here && desk.offers.focus {
        mark.patch(desk.look.theme.style(Role::Selection))
    } else {
        mark
    };
    let label = format!(" {}{}", number + 1, if here { "▸" } else { " " });
    let label = if alone { "  ".to_owned() } else { label };
    let style = look(desk, list, number);
    let end = match offer.state {
        State::Streaming => "▌",
        _ if alone => "",
        _ if offer.pinned => " · pinned",
        State::Done(_) => " ✓",
        _ => "",
    };
    let by = offer.by.as_ref().map_or(String::new(), |by| format!(" · {}", for_terminal(by)));
    let end = format!("{by}{end}");
    let left = cells(&label);
    let columns = width.saturating_sub(left + 2).max(1);
    let half = list.half_word(offer);
    let mut rows = rows(desk, offer, columns, cells(half));
    // There are few rows, so blank ones are dropped.
    rows.retain(|(_, row)| !row.trim().is_empty());
    // For a single offer, the heading shows its state.
    if rows.is_empty() && !alone {
        rows.push((0, state(desk, list, number, offer, columns)));
    }
    // A single streaming offer shows its end, any other its start.
    let all = rows.len();
    let usual = if offer.is_live() { all.saturating_sub(room) } else { 0 };
    let skip = if alone { top(desk, usual, all, room).0 } else { 0 };
    let last = all.saturating_sub(1 + skip);
    let mut entry = Vec::new();
    for (row, (start, mut text)) in rows.into_iter().skip(skip).take(room).enumerate() {
        let half = if row + skip == 0 { half } else { "" };
        let ends = row == last || row + 1 == room;
        let free = if ends { (columns + 2).saturating_sub(cells(&end)) } else { columns };
        let free = free.saturating_sub(cells(half));
        if row + 1 == room && row < last {
            text = cut(&format!("{}…", text.trim_end()), free);
        } else if ends {
            text = cut(text.trim_end(), free);
        }
        let x = (left + cells(half)) as u16;
        let spot = Row { y: y + row as u16, x, number, start, text };
        let label = if row == 0 { label.clone() } else { " ".repeat(left) };
        let mut spans = vec![Span::styled(label, mark), on_page(desk, half)];
        spans.extend(drawn(desk, &spot, &offer.copied, style, false));
        if ends {
            spans.push(Span::styled(end.clone(), style));
        }
        entry.push((Line::from(spans), Some(spot)));
    }
    // Unused rows stay blank, so that the other offers don't move.
    entry.resize_with(if alone { entry.len() } else { room }, || (Line::default(), None));
    Entry { rows: entry, skipped: skip, all }
}
