//! The bot's approval queue: replies to approve, edit or reject while the bot runs elsewhere. Each row has a mention
//! and its reply; the chosen one is shown in full below.

mod steps;

use super::layer::{Flow, Layer};
use crate::{
    clean::weight,
    mentions::{
        Gate, Kind, Ledger, LedgerError, Moment, OptOut, Place, Refused, Row, State, filter, revise,
    },
    tui::{
        command::Opens,
        desk::{Desk, Field, moment},
        drawn,
        text::{cut, one_row, width, wrap},
        view::{Areas, Status, clear},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use std::time::{Duration, UNIX_EPOCH};

/// The command.
pub const OPENS: Opens = Opens {
    name: "mentions",
    heading: "The desk",
    help: "Open the bot's approval queue: approve, edit or reject replies.",
    keys: &["f9"],
};

/// How long to wait while the bot writes its ledger.
const PATIENCE: Duration = Duration::from_millis(500);
/// The most replies that are shown at once.
const MOST: usize = 1_000;

/// The bot's queue.
struct Queue {
    /// The replies that wait, oldest first.
    rows: Vec<Row>,
    /// The bot's ledger; a bot may be using it.
    ledger: Ledger,
    /// The row with the cursor.
    chosen: usize,
    /// The author to opt out if the key is pressed again.
    leaving: Option<String>,
    /// The field with the chosen reply's new text.
    changing: Option<Field>,
}

/// Opens the queue, when a bot has a ledger here.
pub fn open(desk: &mut Desk) -> Flow {
    queue(desk, None).map_or(Flow::Stay, Flow::open)
}

/// The queue, with the cursor on a reply; `None` when it can't be opened, which is told.
fn queue(desk: &mut Desk, key: Option<&str>) -> Option<Queue> {
    let place = desk.world.environment.mentions.as_ref().filter(|place| place.ledger.is_file());
    let Some(place) = place else {
        desk.notices
            .say("There is no bot ledger here yet; `unstuck --bot` explains how to try one.");
        return None;
    };
    let opened = Ledger::open(&place.ledger, now(desk)).and_then(|ledger| {
        ledger.patience(PATIENCE)?;
        Ok((rows(&ledger)?, ledger))
    });
    match opened {
        Ok((rows, ledger)) => {
            let chosen = rows.iter().position(|row| Some(&*row.key) == key).unwrap_or(0);
            Some(Queue { rows, ledger, chosen, leaving: None, changing: None })
        }
        Err(error) => {
            desk.notices.warn(format!("{}: {error}", place.ledger.display()));
            None
        }
    }
}

impl Layer for Queue {
    fn press(&mut self, _: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        if let Some(mut field) = self.changing.take() {
            match event.code {
                KeyCode::Esc => {}
                KeyCode::Enter => self.change_reply(field, desk),
                _ => {
                    desk.press_field(&mut field, event.into(), event);
                    self.changing = Some(field);
                }
            }
            return Flow::Stay;
        }
        let leaving = self.leaving.take();
        let row = self.rows.get(self.chosen).cloned();
        let now = now(desk);
        match (event.code, row) {
            (KeyCode::Esc, _) => return Flow::Close,
            (KeyCode::Up, _) => self.chosen = self.chosen.saturating_sub(1),
            (KeyCode::Down, _) => self.chosen += 1,
            (KeyCode::Home, _) => self.chosen = 0,
            (KeyCode::End, _) => self.chosen = usize::MAX,
            (KeyCode::Char('A'), Some(row)) => {
                let reply = row.reply.as_deref().unwrap_or_default();
                let fits = fits(&row, reply, true, desk).map_err(|why| why.to_string());
                self.act(desk, fits, "Approved; the bot sends it when it next checks.", |ledger| {
                    Ok(ledger.let_through(&row.key, reply, now)?
                        && (ledger.approve(&row.key, now)? || ledger.send_lost(&row.key, now)?))
                });
            }
            (KeyCode::Char('a'), Some(row)) => {
                let reply = row.reply.as_deref().unwrap_or_default();
                let fits = fits(&row, reply, row.anyway, desk).map_err(|why| match &why {
                    Refused::Gate(objection) if objection.is_matter_of_taste() => {
                        format!("{why}; A approves it anyway")
                    }
                    _ => why.to_string(),
                });
                self.act(desk, fits, "Approved; the bot sends it when it next checks.", |ledger| {
                    Ok(ledger.approve(&row.key, now)? || ledger.send_lost(&row.key, now)?)
                });
            }
            (KeyCode::Char('e'), Some(row)) if row.state == State::Waiting => {
                let words = row.reply.unwrap_or_default().replace('\n', " ");
                self.changing = Some(Field::new(&words));
            }
            (KeyCode::Char('r'), Some(row)) => {
                let act = |ledger: &mut Ledger| ledger.roll(&row.key, now);
                let done = "The bot draws this reply again, with another seed.";
                self.act(desk, Ok(String::new()), done, act);
            }
            (KeyCode::Char('s') | KeyCode::Enter, Some(row)) => {
                let place = desk.world.environment.mentions.clone().unwrap_or_default();
                match Ledger::open(&place.ledger, now) {
                    Ok(ledger) => return steps::open(row, ledger, desk),
                    Err(error) => desk.notices.warn(format!("The bot's ledger: {error}")),
                }
            }
            (KeyCode::Char('x'), Some(row)) => {
                let act = |ledger: &mut Ledger| ledger.reject(&row.key, now);
                self.act(desk, Ok(String::new()), "Rejected.", act);
            }
            (KeyCode::Char('o'), Some(row)) if leaving.as_ref() == Some(&row.author) => {
                let act = |ledger: &mut Ledger| {
                    ledger.opt_out(&row.author, OptOut::Operator, now).map(|()| true)
                };
                self.act(desk, Ok(String::new()), "They won't be answered again.", act);
            }
            (KeyCode::Char('o'), Some(row)) if row.kind == Kind::Post => {
                desk.notices.say("This is a post of its own, which answers nobody.");
            }
            (KeyCode::Char('o'), Some(row)) => {
                let who = &row.handle;
                desk.notices.say(format!("Press o again to never answer @{who} again."));
                self.leaving = Some(row.author);
            }
            _ => {}
        }
        self.reread(desk);
        Flow::Stay
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        if let Some(field) = &mut self.changing {
            field.paste(text);
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        if self.changing.is_none() {
            let last = self.rows.len().saturating_sub(1);
            self.chosen = self.chosen.saturating_add_signed(by).min(last);
        }
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        if let Some(field) = &self.changing {
            return Status::Prompt(" Reply: ", field, "save");
        }
        let keys = [
            ("a", "approve"),
            ("e", "edit"),
            ("x", "reject"),
            ("r", "roll again"),
            ("s", "steps"),
            ("o", "never answer"),
            ("Esc", "back"),
        ];
        Status::hints(if self.rows.is_empty() { &keys[6..] } else { &keys })
    }

    /// The list at the top, the chosen mention and its reply below it.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        clear(desk, frame, areas.sheet);
        let theme = &desk.look.theme;
        let inner = Rect {
            x: areas.sheet.x + 2,
            width: areas.sheet.width.saturating_sub(4),
            ..areas.sheet
        };
        let room = usize::from(inner.width);
        let heading = match self.rows.len() {
            0 => "mentions · none waiting".to_owned(),
            many => format!("mentions · {many} waiting"),
        };
        let mut lines = vec![Line::styled(heading, theme.style(Role::Title)), Line::default()];
        let detail = self.rows.get(self.chosen).map(|row| detail(desk, row, room));
        let below = detail.as_ref().map_or(0, |lines| lines.len() + 2);
        let height = usize::from(inner.height).saturating_sub(2 + below).max(1);
        let top = (self.chosen + 1).saturating_sub(height);
        let seen = || self.rows.iter().skip(top).take(height);
        let widest = |part: fn(&Desk, &Row) -> String| {
            seen().map(|row| width(&part(desk, row))).max().unwrap_or(0)
        };
        let columns = (widest(when), widest(who));
        for (number, row) in self.rows.iter().enumerate().skip(top).take(height) {
            let chosen = number == self.chosen;
            let line = line(desk, row, columns, room.saturating_sub(2));
            let mark = if chosen { "▸ " } else { "  " };
            let mut spans = vec![Span::styled(mark, theme.style(Role::Mark))];
            spans.extend(line.spans);
            let line = Line::from(spans);
            lines.push(if chosen { line.style(theme.style(Role::Chosen)) } else { line });
        }
        if self.rows.is_empty() {
            let words = "Replies are listed here when the bot needs approval to post.";
            let quiet = theme.style(Role::Quiet);
            let rows = wrap(words, room, 0);
            lines.extend(rows.into_iter().map(|row| Line::styled(&words[row], quiet)));
        }
        if let Some(detail) = detail {
            lines.push(Line::default());
            lines.push(Line::styled("─".repeat(room), theme.style(Role::Rule)));
            lines.extend(detail);
        }
        frame.render_widget(Paragraph::new(lines), inner);
        drawn::Overlay::default()
    }
}

impl Queue {
    fn change_reply(&mut self, field: Field, desk: &mut Desk) {
        let Some(row) = self.rows.get(self.chosen).cloned() else { return };
        // approving asks about words again
        let fits = fits(&row, &field.text(), true, desk).map_err(|why| why.to_string());
        let (now, words) = (now(desk), fits.clone().unwrap_or_default());
        if fits.is_err() {
            self.changing = Some(field); // to be corrected
        }
        self.act(desk, fits, "Changed; it still needs approval.", |ledger| {
            ledger.edit(&row.key, &words, now)
        });
        self.reread(desk);
    }

    /// Changes the ledger, if the reply passes the gate, and reports the result.
    fn act(
        &mut self,
        desk: &mut Desk,
        fits: Result<String, String>,
        done: &str,
        act: impl FnOnce(&mut Ledger) -> Result<bool, LedgerError>,
    ) {
        match fits.map(|_| act(&mut self.ledger)) {
            Err(why) => desk.notices.say(format!("Not done: {why}.")),
            Ok(Ok(true)) => desk.notices.say(done),
            Ok(Ok(false)) => desk.notices.say("This reply is no longer waiting."),
            Ok(Err(error)) => desk.notices.warn(format!("The bot's ledger: {error}")),
        }
    }

    /// Reads the ledger again. The chosen reply stays chosen while it waits.
    fn reread(&mut self, desk: &mut Desk) {
        let chosen = self.rows.get(self.chosen).map(|row| row.key.clone());
        match rows(&self.ledger) {
            Ok(rows) => self.rows = rows,
            Err(error) => desk.notices.warn(format!("The bot's ledger: {error}")),
        }
        let there = self.rows.iter().position(|row| Some(&row.key) == chosen.as_ref());
        self.chosen = there.unwrap_or(self.chosen).min(self.rows.len().saturating_sub(1));
    }
}

/// Checks a reply with the same gate as the bot's own.
fn fits(row: &Row, words: &str, anyway: bool, desk: &Desk) -> Result<String, Refused> {
    let place = desk.world.environment.mentions.clone().unwrap_or_default();
    revise(words, row.prompt.as_deref().unwrap_or_default(), &gate_of(&place), anyway)
}

/// The bot's gate with these settings.
fn gate_of(place: &Place) -> Gate<'_> {
    let Place { settings, limit, begin, .. } = place;
    Gate { settings, limit: *limit, secrets: &[], filter, begin: *begin }
}

fn now(desk: &Desk) -> Moment {
    let since = desk.session.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::try_from(since.as_millis()).unwrap_or(0)
}

/// Replies that wait, and after them those that may have been sent without an answer from the platform.
fn rows(ledger: &Ledger) -> Result<Vec<Row>, LedgerError> {
    let mut rows = ledger.oldest(State::Waiting, MOST)?;
    rows.extend(ledger.lost()?);
    Ok(rows)
}

fn when(desk: &Desk, row: &Row) -> String {
    let at = UNIX_EPOCH + Duration::from_millis(row.created.unsigned_abs());
    moment(at, desk.session.now(), &desk.world.environment.zone)
}

/// The author's handle, cut to 16 cells.
fn who(_: &Desk, row: &Row) -> String {
    match row.kind {
        Kind::Post => "its own post".into(),
        Kind::Reply | Kind::Help => cut(&format!("@{}", one_row(&row.handle)), 16),
    }
}

/// A row: time and author in columns of the given widths, the mention, and the reply.
fn line<'a>(desk: &Desk, row: &Row, columns: (usize, usize), room: usize) -> Line<'a> {
    let quiet = desk.look.theme.style(Role::Quiet);
    let (when, who) = (when(desk, row), who(desk, row));
    let when = format!("{}{when}  ", " ".repeat(columns.0.saturating_sub(width(&when))));
    let who = format!("{who}{}", " ".repeat((columns.1 + 2).saturating_sub(width(&who))));
    let left = room.saturating_sub(width(&when) + width(&who) + 3);
    let said = row.mention.as_ref().map(|mention| one_row(&mention.text)).unwrap_or_default();
    let said = cut(&said, left * 2 / 5);
    let reply = one_row(row.reply.as_deref().unwrap_or_default());
    let reply = cut(&reply, left.saturating_sub(width(&said)));
    Line::from(vec![
        Span::styled(when, quiet),
        Span::styled(who, desk.look.theme.style(Role::Title)),
        Span::styled(said, desk.look.theme.style(Role::Text)),
        Span::styled(" → ", quiet),
        Span::styled(reply, desk.look.theme.style(Role::Machine)),
    ])
}

/// The chosen mention and reply in full.
fn detail<'a>(desk: &Desk, row: &Row, room: usize) -> Vec<Line<'a>> {
    let said = row.mention.as_ref().map(|mention| mention.text.clone()).unwrap_or_default();
    let reply = row.reply.clone().unwrap_or_default();
    let mut facts = format!("weight {}", weight(&reply));
    if let Some(limit) = desk.world.environment.mentions.as_ref().map(|place| place.limit) {
        facts.push_str(&format!(" of {limit}"));
    }
    match (&row.model, row.seed) {
        (Some(model), Some(seed)) => facts.push_str(&format!(" · {model}, seed {seed}")),
        _ if row.kind == Kind::Help => facts.push_str(" · the help text"),
        _ => facts.push_str(" · edited by hand"),
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
                Span::styled(format!("{label:<9}"), desk.look.theme.style(Role::Quiet)),
                Span::styled(words[range].trim_end().to_owned(), desk.look.theme.style(role)),
            ]));
        }
    }
    lines
}
