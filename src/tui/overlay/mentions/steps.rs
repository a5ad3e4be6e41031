//! How a reply came about: the text after each step from the mention to the reply, and the settings of these steps. A
//! changed setting is applied at once to the model's text that is shown; it can be saved, and the text can be used.

use super::{Layer, gate_of, now, queue};
use crate::{
    clean::Severity,
    mentions::{Begin, Ledger, MODEL, Place, Row, Step, Unsaid, finish},
    tui::{
        desk::{Desk, Field, NOTCH},
        drawn,
        overlay::layer::Flow,
        text::{cut, one_row, width, wrap},
        view::{Areas, Status, clear},
    },
    ui::{
        keep::{Value, keep},
        keymap::Key,
        theme::Role,
    },
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

/// The severities, in the order of the key that changes them.
const SEVERITIES: [(Severity, &str); 4] = [
    (Severity::Mild, "mild"),
    (Severity::Strong, "strong"),
    (Severity::Slur, "slur"),
    (Severity::Threat, "threat"),
];
/// The lengths that a reply may be limited to.
const LIMITS: std::ops::RangeInclusive<usize> = 20..=25_000;
/// By how much a key changes the limit.
const LIMIT_STEP: usize = 10;
/// The width of the names on the left, in cells.
const NAME: usize = 14;

/// A setting of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Begin,
    Limit,
    RefuseFrom,
    BlockedWords,
}

impl Setting {
    const ALL: [Self; 4] = [Self::Begin, Self::Limit, Self::RefuseFrom, Self::BlockedWords];

    /// Its name in the settings file.
    fn path(self) -> &'static [&'static str] {
        match self {
            Self::Begin => &["bot", "begin"],
            Self::Limit => &["bot", "limit"],
            Self::RefuseFrom => &["bot", "policy", "refuse_from"],
            Self::BlockedWords => &["bot", "policy", "blocked_words"],
        }
    }

    /// Its value, as people read it.
    fn shown(self, place: &Place) -> String {
        match self {
            Self::Begin => match place.begin {
                Begin::Phrase => "phrase: with the author's words".into(),
                Begin::Continuation => "continuation: with the model's text".into(),
            },
            Self::Limit => place.limit.to_string(),
            Self::RefuseFrom => severity(place.settings.refuse_from).to_owned(),
            Self::BlockedWords => match &place.settings.blocked_words[..] {
                [] => "none".into(),
                words => words.join(", "),
            },
        }
    }

    /// Its value for the settings file.
    fn value(self, place: &Place) -> Value {
        match self {
            Self::Begin => match place.begin {
                Begin::Phrase => "phrase".into(),
                Begin::Continuation => "continuation".into(),
            },
            Self::Limit => i64::try_from(place.limit).unwrap_or(i64::MAX).into(),
            Self::RefuseFrom => severity(place.settings.refuse_from).into(),
            Self::BlockedWords => Value::from_iter(place.settings.blocked_words.iter()),
        }
    }

    /// Changes it one step forwards or backwards. Words are changed in a field.
    fn step(self, place: &mut Place, forwards: bool) {
        match self {
            Self::Begin => {
                place.begin = match place.begin {
                    Begin::Phrase => Begin::Continuation,
                    Begin::Continuation => Begin::Phrase,
                }
            }
            Self::Limit => {
                let by = LIMIT_STEP.cast_signed() * if forwards { 1 } else { -1 };
                let limit = place.limit.saturating_add_signed(by);
                place.limit = limit.clamp(*LIMITS.start(), *LIMITS.end());
            }
            Self::RefuseFrom => {
                let from = &mut place.settings.refuse_from;
                let at = SEVERITIES.iter().position(|(one, _)| one == from).unwrap_or(0);
                let to = if forwards { at + 1 } else { at.saturating_sub(1) };
                *from = SEVERITIES[to.min(SEVERITIES.len() - 1)].0;
            }
            Self::BlockedWords => {}
        }
    }
}

fn severity(severity: Severity) -> &'static str {
    SEVERITIES.iter().find(|(one, _)| *one == severity).map_or("", |(_, name)| name)
}

/// The steps of one reply.
struct Steps {
    row: Row,
    ledger: Ledger,
    /// The settings, as changed here.
    place: Place,
    /// The text after each step with these settings, and the reply or why there is none.
    steps: Vec<Step>,
    reply: Option<Result<String, Unsaid>>,
    chosen: usize,
    /// The field with the blocked words.
    words: Option<Field>,
    /// The first row of the steps that is shown.
    top: usize,
}

/// Shows the steps of a reply.
pub fn open(row: Row, ledger: Ledger, desk: &Desk) -> Flow {
    let place = desk.world.environment.mentions.clone().unwrap_or_default();
    let mut sheet = Steps {
        steps: row.steps.clone(),
        reply: None,
        row,
        ledger,
        place,
        chosen: 0,
        words: None,
        top: 0,
    };
    sheet.clean();
    Flow::replace(sheet)
}

impl Steps {
    /// Applies the steps to the model's text, if it is known.
    fn clean(&mut self) {
        let at = self.row.steps.iter().position(|step| step.step == MODEL);
        let (Some(at), Some(prompt)) = (at, &self.row.prompt) else { return };
        let (steps, reply) = finish(&self.row.steps[at].text, prompt, &gate_of(&self.place));
        self.steps = self.row.steps[..at].iter().cloned().chain(steps).collect();
        self.reply = Some(reply);
    }

    /// Uses the text as it is with these settings.
    fn take(&mut self, desk: &mut Desk) {
        let reply = match &self.reply {
            Some(Ok(reply)) => reply.clone(),
            Some(Err(why)) => return desk.notices.say(format!("Not done: {why}.")),
            None => {
                return desk.notices.say("The model's text is not known, so it can't be cleaned.");
            }
        };
        match self.ledger.clean_again(&self.row.key, &reply, &self.steps, now(desk)) {
            Ok(true) => {
                self.row.reply = Some(reply);
                desk.notices.say("Changed; it still needs approval.");
            }
            Ok(false) => desk.notices.say("This reply is no longer waiting."),
            Err(error) => desk.notices.warn(format!("The bot's ledger: {error}")),
        }
    }

    /// Saves the settings that were changed, and asks a running bot to read them.
    fn save(&self, desk: &mut Desk) {
        let Some(file) = desk.world.environment.settings_file.clone() else {
            return desk.notices.say("Not saved: there is no settings file.");
        };
        let old = desk.world.environment.mentions.clone().unwrap_or_default();
        let changed = Setting::ALL.iter().filter(|one| one.shown(&old) != one.shown(&self.place));
        let changed: Vec<_> = changed.map(|one| (one.path(), one.value(&self.place))).collect();
        if changed.is_empty() {
            return desk.notices.say("No setting was changed.");
        }
        let asked = keep(&file, &changed).map(|()| self.ledger.ask_reload(now(desk)));
        match asked {
            Ok(asked) => {
                desk.world.environment.mentions = Some(self.place.clone());
                let file = file.display();
                match asked {
                    Ok(()) => {
                        desk.notices.say(format!("Saved in {file}; a running bot uses it soon."))
                    }
                    Err(error) => desk
                        .notices
                        .warn(format!("Saved in {file}, but the bot can't be told: {error}")),
                }
            }
            Err(error) => desk.notices.warn(format!("Not saved: {error:#}")),
        }
    }

    fn scroll(&mut self, by: isize, desk: &Desk) {
        let most = desk.drawn.overlay.most;
        self.top = self.top.min(most).saturating_add_signed(by).min(most);
    }

    /// The steps as rows, and what the gate says.
    fn rows<'a>(&self, desk: &Desk, room: usize) -> Vec<Line<'a>> {
        let theme = &desk.look.theme;
        let mut rows = Vec::new();
        let mut add = |name: &str, text: &str, role: Role| {
            let text = one_row(text);
            for (number, range) in wrap(&text, room.saturating_sub(NAME), 0).into_iter().enumerate()
            {
                let name = if number == 0 { name } else { "" };
                let name = format!("{name}{}", " ".repeat(NAME.saturating_sub(width(name))));
                rows.push(Line::from(vec![
                    Span::styled(name, theme.style(Role::Quiet)),
                    Span::styled(text[range].trim_end().to_owned(), theme.style(role)),
                ]));
            }
        };
        let mut before: Option<&str> = None;
        for step in &self.steps {
            let is_own = ["mention", "prompt"].contains(&&*step.step);
            match before {
                Some(before) if before == step.text => add(&step.step, "unchanged", Role::Quiet),
                _ if step.text.is_empty() => add(&step.step, "nothing is left", Role::Quiet),
                _ if is_own => add(&step.step, &step.text, Role::Text),
                _ => add(&step.step, &step.text, Role::Machine),
            }
            before = (!is_own).then_some(&*step.text);
        }
        match &self.reply {
            Some(Ok(_)) => add("gate", "it may be posted", Role::Quiet),
            Some(Err(why)) => add("gate", &why.to_string(), Role::Error),
            None => {
                let known = if self.steps.is_empty() { "its steps are not known" } else { "" };
                add("", known, Role::Quiet);
            }
        }
        let posted = self.row.reply.as_deref().unwrap_or_default();
        let is_other = !matches!(&self.reply, Some(Ok(reply)) if reply == posted);
        if is_other {
            add("waiting", posted, Role::Machine);
        }
        rows
    }
}

impl Layer for Steps {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        if let Some(mut field) = self.words.take() {
            match event.code {
                KeyCode::Esc => {}
                KeyCode::Enter => {
                    let text = field.text();
                    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                    self.place.settings.blocked_words = words.map(str::to_owned).collect();
                    self.clean();
                }
                _ => {
                    desk.press_field(&mut field, key, event);
                    self.words = Some(field);
                }
            }
            return Flow::Stay;
        }
        let setting = Setting::ALL[self.chosen];
        let page = desk.page.height().cast_signed();
        match event.code {
            KeyCode::Esc => {
                return queue(desk, Some(&self.row.key)).map_or(Flow::Close, Flow::replace);
            }
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => self.chosen = (self.chosen + 1).min(Setting::ALL.len() - 1),
            KeyCode::PageUp => self.scroll(-page / 2, desk),
            KeyCode::PageDown => self.scroll(page / 2, desk),
            KeyCode::Left | KeyCode::Right | KeyCode::Enter if setting == Setting::BlockedWords => {
                self.words = Some(Field::new(&self.place.settings.blocked_words.join(", ")));
            }
            KeyCode::Left | KeyCode::Right | KeyCode::Enter => {
                setting.step(&mut self.place, event.code != KeyCode::Left);
                self.clean();
            }
            KeyCode::Char('u') => self.take(desk),
            KeyCode::Char('w') => self.save(desk),
            _ => {}
        }
        Flow::Stay
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        if let Some(field) = &mut self.words {
            field.paste(text);
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.scroll(by * NOTCH, desk);
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        if let Some(field) = &self.words {
            return Status::Prompt(" Words, with commas: ", field, "apply");
        }
        Status::hints(&[
            ("←→", "change"),
            ("u", "use this text"),
            ("w", "save the settings"),
            ("PgDn", "more"),
            ("Esc", "back"),
        ])
    }

    /// The steps above, the settings below.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        clear(desk, frame, areas.sheet);
        let theme = &desk.look.theme;
        let inner = Rect {
            x: areas.sheet.x + 2,
            width: areas.sheet.width.saturating_sub(4),
            ..areas.sheet
        };
        let room = usize::from(inner.width);
        let who = match &*self.row.handle {
            "" => "a post of its own".to_owned(),
            handle => format!("the reply to @{}", one_row(handle)),
        };
        let heading =
            Line::styled(cut(&format!("mentions · {who}"), room), theme.style(Role::Title));
        let mut lines = vec![heading, Line::default()];
        let steps = self.rows(desk, room);
        let below = Setting::ALL.len() + 1;
        let height = usize::from(inner.height).saturating_sub(2 + below).max(1);
        let most = steps.len().saturating_sub(height);
        lines.extend(steps.into_iter().skip(self.top.min(most)).take(height));
        lines.resize(2 + height, Line::default());
        lines.push(Line::styled("─".repeat(room), theme.style(Role::Rule)));
        for (number, setting) in Setting::ALL.iter().enumerate() {
            let is_chosen = number == self.chosen;
            let name = setting.path().last().copied().unwrap_or_default().replace('_', " ");
            let value = cut(&one_row(&setting.shown(&self.place)), room.saturating_sub(NAME + 2));
            let line = Line::from(vec![
                Span::styled(if is_chosen { "▸ " } else { "  " }, theme.style(Role::Mark)),
                Span::styled(format!("{name:<NAME$}"), theme.style(Role::Quiet)),
                Span::styled(value, theme.style(Role::Text)),
            ]);
            lines.push(if is_chosen { line.style(theme.style(Role::Chosen)) } else { line });
        }
        frame.render_widget(Paragraph::new(lines), inner);
        drawn::Overlay { most, ..drawn::Overlay::default() }
    }
}
