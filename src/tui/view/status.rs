//! The title above the page and the line below it: what is going on, in words, and the keys for it.

use crate::{
    clean::for_terminal,
    session::Author,
    tui::{
        app::{App, Model},
        command::Command,
        models::coming,
        notices::Notice,
        offers::{Offer, Standing, State},
        overlay::{Branches, Field, Overlay},
        page::{width, wrap},
    },
    ui::theme::Role,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::Clear,
};

/// The draft's name, and the model beside it.
pub fn title(app: &App, frame: &mut Frame, area: Rect) {
    let model = match &app.model {
        Model::Loading => "the model is loading".to_owned(),
        Model::Gone(_) => "no model".to_owned(),
        Model::Ready(info) if info.embedded => {
            let key = app.key(Command::Models);
            format!("{} (small; {key} for a larger)", info.name)
        }
        Model::Ready(info) => info.name.clone(),
    };
    let model = for_terminal(&model).into_owned();
    let whole = |offer: &&Offer| !matches!(offer.state, State::Dropped(_));
    let offers = app.offers.list().map_or(0, |list| list.offers.iter().filter(whole).count());
    let offers = match offers {
        0 => String::new(),
        1 => " · 1 offer".into(),
        many => format!(" · {many} offers"),
    };
    let preset = format!(" · {}", for_terminal(&app.called()));
    let room = usize::from(area.width);
    let title = for_terminal(&app.session.title()).into_owned();
    let title = super::cut(&title, room * 2 / 5);
    let unsaved = if app.session.is_saved() { "" } else { " ●" };
    let left = 1 + width(&title) + width(unsaved);
    let full = format!("{model}{preset}{offers}");
    let short = model.split(" (").next().unwrap_or_default().to_owned();
    let right = [full, format!("{model}{preset}"), format!("{short}{preset}"), short]
        .into_iter()
        .find(|right| left + width(right) + 3 <= room)
        .unwrap_or_default();
    let gap = room.saturating_sub(left + width(&right) + 1);
    let line = Line::from(vec![
        Span::styled(format!(" {title}"), app.theme.style(Role::Title)),
        Span::styled(unsaved, app.theme.style(Role::Mark)),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, app.theme.style(Role::Quiet)),
    ]);
    frame.render_widget(line, area);
}

/// The line below everything: a question, a notice, or how things stand and what can be done.
pub fn draw(app: &App, frame: &mut Frame, area: Rect) {
    let text = app.theme.style(Role::Notice);
    match &app.overlay {
        Some(Overlay::SaveAs(field, _)) => return fill(app, field, " Save as: ", frame, area),
        Some(Overlay::Branches(Branches { naming: Some(field), .. })) => {
            return fill(app, field, " Name: ", frame, area);
        }
        Some(Overlay::Mentions(waiting)) if waiting.changing.is_some() => {
            if let Some(field) = &waiting.changing {
                return fill(app, field, " Reply: ", frame, area);
            }
        }
        Some(Overlay::Question(question)) => {
            let (words, answers) = question.words(&app.session.title());
            let answers: Vec<_> =
                answers.iter().map(|(key, act)| ((*key).to_owned(), *act)).collect();
            // Without all its answers a question can't be answered: they come before its words.
            let room = usize::from(area.width).saturating_sub(size(&answers) + 3);
            let up =
                if width(&words) > room { above(app, frame, area, &words, text) } else { false };
            let words = if up { String::new() } else { words };
            return line(app, frame, area, Span::styled(words, text), &answers);
        }
        _ => {}
    }
    let mut hints = hints(app);
    if let Some((notice, waiting)) = app.notices.shown() {
        if matches!(notice, Notice::Error(_)) && !app.offers.are_live() {
            hints = vec![
                (short(&app.key(Command::Stop)), "read"),
                (short(&app.key(Command::Help)), "help"),
            ];
        }
        let (mark, words, role) = match notice {
            Notice::Word(words) => ("", words, Role::Notice),
            Notice::Error(words) => ("! ", words, Role::Error),
        };
        let more = if waiting > 0 { format!(" (and {waiting} more)") } else { String::new() };
        let words = format!("{mark}{}{more}", words.replace(['\n', '\t'], " "));
        let style = app.theme.style(role);
        // A long one stands above the line: the way out is at its end.
        if width(&words) + 2 > usize::from(area.width) && above(app, frame, area, &words, style) {
            return line(app, frame, area, Span::raw(""), &hints);
        }
        return line(app, frame, area, Span::styled(words, style), &hints);
    }
    if let Some(Overlay::Branches(_) | Overlay::Mentions(_)) = app.overlay {
        return line(app, frame, area, Span::raw(""), &hints);
    }
    // The first of the keys, and all of them while they are needed, come before how things stand.
    // Whoever asks whose words these are wants all of the answer.
    let kept = match (app.offers.focus, app.whose) {
        (true, _) => hints.len(),
        (false, whose) => usize::from(!whose),
    };
    let room = usize::from(area.width).saturating_sub(size(&hints[..kept]));
    let words = state(app, room).join(" · ");
    line(app, frame, area, Span::styled(words, app.theme.style(Role::Quiet)), &hints);
}

/// The most rows that something takes to be said above the line.
const TALL: usize = 5;

/// Says something in rows of its own above the line.
pub(super) fn above(app: &App, frame: &mut Frame, area: Rect, words: &str, style: Style) -> bool {
    let words = for_terminal(words);
    let rows = wrap(&words, usize::from(area.width).saturating_sub(2), 0);
    let height = rows.len().min(TALL).min(usize::from(area.y)) as u16;
    let over = Rect { y: area.y - height, height, ..area };
    frame.render_widget(Clear, over);
    frame.buffer_mut().set_style(over, app.theme.style(Role::Text));
    for (y, range) in (over.y..over.bottom()).zip(rows) {
        frame.buffer_mut().set_string(over.x + 1, y, words[range].trim_end(), style);
    }
    height > 0
}

/// How things stand, most needed first; what there is no room for is left out from the end.
fn state(app: &App, room: usize) -> Vec<String> {
    let shares = app.session.shares();
    let mut parts = vec![count(shares.all_words(), "word")];
    if app.whose {
        parts = super::whose::shares(app);
    }
    parts.extend(doing(app));
    parts.extend(
        app.models.fetching.as_ref().map(|fetching| for_terminal(&coming(fetching)).into()),
    );
    let machine = shares.words(Author::Machine);
    if machine > 0 && !app.whose {
        parts.push(format!("{machine} by the machine"));
    }
    match app.seen_from() {
        Some(0) => parts.push("sees all".into()),
        Some(place) => parts.push(match app.page.window() {
            Some(seen) if place < seen.start => "the model sees all of this".into(),
            Some(seen) if place > seen.end => "the model sees none of this".into(),
            _ => "the model sees from ┌".into(),
        }),
        None => {}
    }
    if let Some(speed) = app.speed {
        parts.push(format!("{speed:.0} tok/s"));
    }
    while !parts.is_empty() && width(&parts.join(" · ")) + 2 > room {
        parts.pop();
    }
    parts
}

/// So many things, in words.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What the model is at, when it is at something.
fn doing(app: &App) -> Option<String> {
    let list = app.offers.list()?;
    let live: Vec<_> = list.offers.iter().filter(|offer| offer.is_live()).collect();
    let first = live.first()?;
    Some(match (&first.state, &app.model) {
        (State::Reading(tokens), _) => format!("reading {tokens} tokens"),
        (State::Waiting, Model::Loading) => "the model is loading".into(),
        (State::Waiting, _) => "asked".into(),
        _ => format!("streaming {}", count(live.len(), "offer")),
    })
}

/// The keys that matter now, most needed first.
fn hints(app: &App) -> Vec<(String, &'static str)> {
    let hint = |command: Command, act| (short(&app.key(command)), act);
    if let Some(Overlay::Branches(map)) = &app.overlay {
        let other = if map.marked.is_some() { "compare with it" } else { "compare with the page" };
        let keys = [
            ("Enter", "go there"),
            ("Esc", "back"),
            ("c", other),
            ("n", "name"),
            ("b", "bookmark"),
            ("p", "prune"),
            ("Space", "mark"),
        ];
        return keys.map(|(key, act)| (key.to_owned(), act)).to_vec();
    }
    if let Some(Overlay::Mentions(waiting)) = &app.overlay {
        let keys = [
            ("a", "approve"),
            ("e", "edit"),
            ("x", "reject"),
            ("o", "never answer this person"),
            ("Esc", "back"),
        ];
        let shown = if waiting.rows.is_empty() { &keys[4..] } else { &keys };
        return shown.iter().map(|(key, act)| ((*key).to_owned(), *act)).collect();
    }
    let help = hint(Command::Help, "help");
    let mut hints = Vec::new();
    if app.offers.focus {
        return vec![("↑↓".into(), "choose"), ("Enter".into(), "take"), ("Esc".into(), "back")];
    }
    let rest = app.offers.rest(&app.session).is_some();
    if rest {
        hints.extend([
            hint(Command::TakeWord, "word"),
            hint(Command::TakeSentence, "sentence"),
            hint(Command::TakeAll, "all"),
        ]);
    }
    let Some(list) = app.offers.list() else {
        hints.extend([hint(Command::Ask, "ask"), help, hint(Command::Save, "save")]);
        return hints;
    };
    let stop = hint(Command::Stop, if app.offers.are_live() { "stop" } else { "away" });
    match list.standing(list.chosen, &app.session) {
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

/// Keys are named briefly on a crowded line.
pub(super) fn short(key: &str) -> String {
    key.replace("Ctrl+", "^")
}

/// Words at the left, keys at the right; keys give way to words, the last of them first.
pub(super) fn line(
    app: &App,
    frame: &mut Frame,
    area: Rect,
    words: Span,
    answers: &[(String, &str)],
) {
    let room = usize::from(area.width);
    let quiet = app.theme.style(Role::Quiet);
    let text = super::cut(&for_terminal(&words.content), room.saturating_sub(2));
    let left = width(&text) + 1;
    let mut shown = answers.len();
    // Two cells between words and keys; of the two behind the last key one may be missing.
    while shown > 0 && left + size(&answers[..shown]) + 1 > room {
        shown -= 1;
    }
    let gap = (room + 1).saturating_sub(left + size(&answers[..shown]));
    let mut spans =
        vec![Span::raw(" "), Span::styled(text, words.style), Span::raw(" ".repeat(gap))];
    for (key, act) in &answers[..shown] {
        spans.push(Span::styled(key.clone(), app.theme.style(Role::Key)));
        spans.push(Span::styled(format!(" {act}  "), quiet));
    }
    frame.render_widget(Line::from(spans), area);
}

/// How many cells keys and what they do take.
pub(super) fn size(answers: &[(String, &str)]) -> usize {
    answers.iter().map(|(key, act)| width(key) + width(act) + 3).sum()
}

/// A field to fill in the place of the line.
fn fill(app: &App, field: &Field, label: &str, frame: &mut Frame, area: Rect) {
    if let Some((Notice::Word(words) | Notice::Error(words), _)) = app.notices.shown() {
        above(app, frame, area, words, app.theme.style(Role::Notice));
    }
    let keys = "  Enter save  Esc back ";
    let [at, into, after] = Layout::horizontal([
        Constraint::Length(width(label) as u16),
        Constraint::Fill(1),
        Constraint::Length(if area.width < 60 { 0 } else { width(keys) as u16 }),
    ])
    .areas(area);
    frame.render_widget(Line::styled(label, app.theme.style(Role::Notice)), at);
    let shown = field.shown(app.theme.style(Role::Selection));
    frame.render_widget(&shown, into);
    frame.render_widget(Line::styled(keys, app.theme.style(Role::Quiet)), after);
    if let Some(cursor) = shown.rendered_cursor_position() {
        frame.set_cursor_position(cursor);
    }
}
