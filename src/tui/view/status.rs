//! The status line: a question, a field, a message, or the state of the draft, and the keys that apply.

use super::whose;
use crate::{
    clean::for_terminal,
    session::Author,
    tui::{
        command::Command,
        desk::{Desk, Field, Notice, Shown, progress},
        text::{count, cut, width, wrap},
    },
    ui::{
        asking::{Model, Standing, State},
        theme::Role,
    },
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Clear,
};

/// A key and what it does, in a word or two.
pub type Hint = (String, &'static str);

/// What the line shows while an overlay is open.
pub enum Status<'a> {
    /// The same as without an overlay.
    Page,
    /// Messages, and these keys.
    Hints(Vec<Hint>),
    /// A field with its label, and what Enter does.
    Prompt(&'static str, &'a Field, &'static str),
    /// A question with its answers.
    Question(String, Vec<Hint>),
    /// Nothing: the overlay has drawn there.
    Drawn,
}

impl Status<'_> {
    /// Messages, and these keys.
    pub fn hints(keys: &[(&str, &'static str)]) -> Self {
        Self::Hints(keys.iter().map(|(key, act)| ((*key).to_owned(), *act)).collect())
    }
}

/// Draws the line.
pub fn draw(desk: &Desk, frame: &mut Frame, area: Rect, status: Status) {
    let text = desk.look.theme.style(Role::Notice);
    let own = match status {
        Status::Drawn => return,
        Status::Prompt(label, field, verb) => {
            return fill(desk, (label, field, verb), frame, area);
        }
        Status::Question(words, answers) => {
            // The answers are needed most, so they are shown first; the question may move above the line.
            let room = usize::from(area.width).saturating_sub(size(&answers) + 3);
            let up = width(&words) > room && above(desk, frame, area, &words, text);
            let words = if up { String::new() } else { words };
            return line(desk, frame, area, Span::styled(words, text), &answers);
        }
        Status::Hints(hints) => Some(hints),
        Status::Page => None,
    };
    let is_own = own.is_some();
    let mut hints = own.unwrap_or_else(|| hints(desk));
    if let Some((notice, waiting)) = desk.notices.shown() {
        if matches!(notice, Notice::Error(_)) && !desk.offers.are_live() {
            hints = vec![
                (short(&desk.key(Command::Stop)), "close"),
                (short(&desk.key("help")), "help"),
            ];
        }
        let (mark, words, role) = match notice {
            Notice::Word(words) => ("", words, Role::Notice),
            Notice::Error(words) => ("! ", words, Role::Error),
        };
        let more = if waiting > 0 { format!(" (and {waiting} more)") } else { String::new() };
        let words = format!("{mark}{}{more}", words.replace(['\n', '\t'], " "));
        let style = desk.look.theme.style(role);
        // A long message is shown above the line, because its end says what to do.
        if width(&words) + 2 > usize::from(area.width) && above(desk, frame, area, &words, style) {
            return line(desk, frame, area, Span::raw(""), &hints);
        }
        return line(desk, frame, area, Span::styled(words, style), &hints);
    }
    if is_own {
        return line(desk, frame, area, Span::raw(""), &hints);
    }
    if let Some(words) = desk.notices.standing() {
        return line(desk, frame, area, Span::styled(words.to_owned(), text), &hints[..0]);
    }
    // The first key has priority over the state of the draft; while the list has the focus, all keys do. The authors'
    // shares have priority over the keys.
    let (width, last) = (usize::from(area.width), hints.len().saturating_sub(LAST));
    let shows_authors = desk.look.shown == Shown::Authors;
    let kept = match (desk.offers.focus, shows_authors) {
        (true, _) => &hints[..],
        (_, true) => &[],
        // Esc and F1, the last two, stay in sight.
        _ if width >= WIDE && desk.offers.list().is_some() => &hints[last..],
        _ => &hints[..1],
    };
    let words = state(desk, width.saturating_sub(size(kept))).join(" · ");
    if width >= WIDE && !desk.offers.focus && desk.offers.list().is_some() {
        while hints.len() > LAST && size(&hints) + self::width(&words) + 2 > width {
            hints.remove(hints.len() - LAST - 1);
        }
    }
    line(desk, frame, area, Span::styled(words, desk.look.theme.style(Role::Quiet)), &hints);
}

/// How many keys at the end of the line stay in sight, on a screen of how many columns.
const LAST: usize = 2;
const WIDE: usize = 60;

/// The most rows that a message takes above the line.
const TALL: usize = 5;

/// Shows a message in its own rows above the line. False if there is no room.
pub fn above(desk: &Desk, frame: &mut Frame, area: Rect, words: &str, style: Style) -> bool {
    let words = for_terminal(words);
    let rows = wrap(&words, usize::from(area.width).saturating_sub(2), 0);
    let height = rows.len().min(TALL).min(usize::from(area.y)) as u16;
    let over = Rect { y: area.y - height, height, ..area };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, desk.look.theme.style(Role::Text));
    for (y, range) in (over.y..over.bottom()).zip(rows) {
        frame.buffer_mut().set_string(over.x + 1, y, words[range].trim_end(), style);
    }
    height > 0
}

/// The state of the draft and the model, most important first. Parts that don't fit are left out from the end.
fn state(desk: &Desk, room: usize) -> Vec<String> {
    let shares = desk.session.shares();
    let mut parts = vec![desk.words()];
    let shows_authors = desk.look.shown == Shown::Authors;
    if shows_authors {
        parts = whose::shares(desk);
    }
    parts.extend(desk.progress());
    parts.extend(doing(desk));
    parts.extend(
        desk.models.fetching.as_ref().map(|fetching| for_terminal(&progress(fetching)).into()),
    );
    let machine = shares.words(Author::Machine);
    if machine > 0 && !shows_authors {
        parts.push(format!("{machine} by the machine"));
    }
    // A server's tokenizer isn't known here, so where its model's context begins is an estimate.
    let about = if is_estimated(desk) { "about " } else { "" };
    match desk.seen_from() {
        Some(0) => parts.push("sees all".into()),
        Some(place) => parts.push(match desk.page.window() {
            Some(seen) if place < seen.start => "the model sees all of this".into(),
            Some(seen) if place > seen.end => "the model sees none of this".into(),
            _ => format!("the model sees from {about}┌"),
        }),
        None => {}
    }
    if let Some(speed) = desk.asking.speed {
        parts.push(format!("{speed:.0} tok/s"));
    }
    while !parts.is_empty() && width(&parts.join(" · ")) + 2 > room {
        parts.pop();
    }
    parts
}

/// Whether counts of tokens are estimates.
fn is_estimated(desk: &Desk) -> bool {
    matches!(&desk.asking.model, Model::Ready(info) if info.server.is_some())
}

/// What the model is doing, if anything.
fn doing(desk: &Desk) -> Option<String> {
    let list = desk.offers.list()?;
    let live: Vec<_> = list.offers.iter().filter(|offer| offer.is_live()).collect();
    let first = live.first()?;
    Some(match (&first.state, &desk.asking.model) {
        (State::Choosing, _) => format!("choosing from {}", list.pool.len()),
        (State::Reading(tokens), _) => {
            format!("reading {}{tokens} tokens", if is_estimated(desk) { "about " } else { "" })
        }
        (State::Waiting, Model::Loading) => "the model is loading".into(),
        (State::Waiting, _) => "waiting".into(),
        _ => format!("streaming {}", count(live.len(), "offer")),
    })
}

/// The keys that apply now, most important first.
fn hints(desk: &Desk) -> Vec<Hint> {
    let hint = |command: Command, act| (short(&desk.key(command)), act);
    let help = (short(&desk.key("help")), "help");
    let mut hints = Vec::new();
    if desk.offers.focus {
        return vec![("↑↓".into(), "choose"), ("Enter".into(), "take"), ("Esc".into(), "back")];
    }
    let rest = desk.offers.rest(&desk.session).is_some();
    if rest {
        hints.extend([
            hint(Command::TakeWord, "word"),
            hint(Command::TakeSentence, "sentence"),
            hint(Command::TakeAll, "all"),
        ]);
    }
    let Some(list) = desk.offers.list() else {
        hints.extend([hint(Command::Ask, "ask"), help, hint(Command::Save, "save")]);
        return hints;
    };
    let stop = hint(Command::Stop, if desk.offers.are_live() { "stop" } else { "hide" });
    match list.standing(list.chosen, &desk.session) {
        Standing::There(..) | Standing::Away if !rest => {
            hints.push(hint(Command::TakeAll, "take it where it was asked"));
        }
        _ => {}
    }
    if list.offers.len() > 1 {
        hints.push(hint(Command::Offers, "choose"));
    }
    hints.extend([hint(Command::RollAgain, "again"), stop, help]);
    hints
}

/// A short name for a key: `^R` for `Ctrl+R`.
pub fn short(key: &str) -> String {
    key.replace("Ctrl+", "^")
}

/// Draws words on the left and keys on the right. If there is no room for all, the last keys are left out.
pub fn line(desk: &Desk, frame: &mut Frame, area: Rect, words: Span, answers: &[(String, &str)]) {
    let room = usize::from(area.width);
    let quiet = desk.look.theme.style(Role::Quiet);
    let text = cut(&for_terminal(&words.content), room.saturating_sub(2));
    let left = width(&text) + 1;
    let mut shown = answers.len();
    // Two cells separate words and keys. Of the two after the last key, one may be cut off.
    while shown > 0 && left + size(&answers[..shown]) + 1 > room {
        shown -= 1;
    }
    let gap = (room + 1).saturating_sub(left + size(&answers[..shown]));
    let mut spans =
        vec![Span::raw(" "), Span::styled(text, words.style), Span::raw(" ".repeat(gap))];
    for (key, act) in &answers[..shown] {
        spans.push(Span::styled(key.clone(), desk.look.theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {act}  "), quiet));
    }
    frame.render_widget(Line::from(spans), area);
}

/// The width of keys and their labels, in cells.
pub fn size(answers: &[(String, &str)]) -> usize {
    answers.iter().map(|(key, act)| width(key) + width(act) + 3).sum()
}

/// Draws a field with its label in place of the line.
fn fill(desk: &Desk, (label, field, verb): (&str, &Field, &str), frame: &mut Frame, area: Rect) {
    if let Some((Notice::Word(words) | Notice::Error(words), _)) = desk.notices.shown() {
        above(desk, frame, area, words, desk.look.theme.style(Role::Notice));
    }
    let keys = format!("  Enter {verb}  Esc back ");
    let [at, into, after] = Layout::horizontal([
        Constraint::Length(width(label) as u16),
        Constraint::Fill(1),
        Constraint::Length(if area.width < 60 { 0 } else { width(&keys) as u16 }),
    ])
    .areas(area);
    frame.render_widget(Line::styled(label, desk.look.theme.style(Role::Notice)), at);
    let shown = field.shown(desk.look.theme.style(Role::Selection));
    frame.render_widget(&shown, into);
    frame.render_widget(Line::styled(keys, desk.look.theme.style(Role::Quiet)), after);
    if let Some(cursor) = shown.rendered_cursor_position() {
        frame.set_cursor_position(cursor);
    }
}
