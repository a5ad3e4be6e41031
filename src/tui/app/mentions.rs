//! The bot's queue on the desk: replies that wait for a person, let go, changed or dropped, while the bot runs elsewhere.

use super::App;
use crate::{
    mentions::{Gate, Ledger, LedgerError, Moment, Row, State, filter, revise},
    tui::overlay::{Field, Overlay, Waiting},
};
use crossterm::event::{KeyCode, KeyEvent};
use std::time::{Duration, UNIX_EPOCH};

/// How long a key may take when the bot is writing its ledger.
const PATIENCE: Duration = Duration::from_millis(500);
/// More are never shown at once.
const MOST: usize = 1_000;

impl App {
    /// Opens the queue, when a bot has a ledger here.
    pub(super) fn open_mentions(&mut self) {
        let place = self.mentions.as_ref().filter(|place| place.ledger.is_file());
        let Some(place) = place else {
            return self
                .notices
                .say("No bot has a ledger here yet: `unstuck --bot` says how to try one.");
        };
        let opened = Ledger::open(&place.ledger, self.moment()).and_then(|ledger| {
            ledger.patience(PATIENCE)?;
            Ok((rows(&ledger)?, ledger))
        });
        match opened {
            Ok((rows, ledger)) => {
                let waiting = Waiting { rows, ledger, chosen: 0, leaving: None, changing: None };
                self.overlay = Some(Overlay::Mentions(Box::new(waiting)));
            }
            Err(error) => self.notices.warn(format!("{}: {error}", place.ledger.display())),
        }
    }

    /// A key while the queue is shown.
    pub(super) fn press_mentions(&mut self, mut waiting: Box<Waiting>, event: KeyEvent) {
        if let Some(mut field) = waiting.changing.take() {
            match event.code {
                KeyCode::Esc => {}
                KeyCode::Enter => self.change_reply(&mut waiting, field),
                _ => {
                    self.press_field(&mut field, event.into(), event);
                    waiting.changing = Some(field);
                }
            }
            self.overlay = Some(Overlay::Mentions(waiting));
            return;
        }
        let leaving = waiting.leaving.take();
        let row = waiting.rows.get(waiting.chosen).cloned();
        match (event.code, row) {
            (KeyCode::Esc, _) => return,
            (KeyCode::Up, _) => waiting.chosen = waiting.chosen.saturating_sub(1),
            (KeyCode::Down, _) => waiting.chosen += 1,
            (KeyCode::Home, _) => waiting.chosen = 0,
            (KeyCode::End, _) => waiting.chosen = usize::MAX,
            (KeyCode::Char('a'), Some(row)) => {
                let now = self.moment();
                let fits = self.fits(&row, row.reply.as_deref().unwrap_or_default());
                self.act(&mut waiting, fits, "It goes as soon as the bot looks.", |ledger| {
                    Ok(ledger.approve(&row.key, now)? || ledger.send_lost(&row.key, now)?)
                });
            }
            (KeyCode::Char('e'), Some(row)) if row.state == State::Waiting => {
                let words = row.reply.unwrap_or_default().replace('\n', " ");
                waiting.changing = Some(Field::new(&words));
            }
            (KeyCode::Char('x'), Some(row)) => {
                let now = self.moment();
                let act = |ledger: &mut Ledger| ledger.reject(&row.key, now);
                self.act(&mut waiting, Ok(String::new()), "Dropped.", act);
            }
            (KeyCode::Char('o'), Some(row)) if leaving.as_ref() == Some(&row.author) => {
                let now = self.moment();
                let act = |ledger: &mut Ledger| ledger.opt_out(&row.author, now).map(|()| true);
                self.act(&mut waiting, Ok(String::new()), "They are never answered again.", act);
            }
            (KeyCode::Char('o'), Some(row)) => {
                self.notices.say(format!("o again: @{} is never answered again.", row.handle));
                waiting.leaving = Some(row.author);
            }
            _ => {}
        }
        self.reread_mentions(&mut waiting);
        self.overlay = Some(Overlay::Mentions(waiting));
    }

    fn change_reply(&mut self, waiting: &mut Waiting, field: Field) {
        let Some(row) = waiting.rows.get(waiting.chosen).cloned() else { return };
        let fits = self.fits(&row, &field.text());
        let (now, words) = (self.moment(), fits.clone().unwrap_or_default());
        if fits.is_err() {
            waiting.changing = Some(field); // to be mended
        }
        self.act(waiting, fits, "Changed; it still waits.", |ledger| {
            ledger.edit(&row.key, &words, now)
        });
        self.reread_mentions(waiting);
    }

    /// What a person lets go has to pass what the bot's own words have to.
    fn fits(&self, row: &Row, words: &str) -> Result<String, String> {
        let Some(place) = &self.mentions else { return Err("there is no bot".into()) };
        let gate = Gate { settings: &place.settings, limit: place.limit, secrets: &[], filter };
        revise(words, row.prompt.as_deref().unwrap_or_default(), &gate)
    }

    /// Does it, if it may be done, and says how it went.
    fn act(
        &mut self,
        waiting: &mut Waiting,
        fits: Result<String, String>,
        done: &str,
        act: impl FnOnce(&mut Ledger) -> Result<bool, LedgerError>,
    ) {
        match fits.map(|_| act(&mut waiting.ledger)) {
            Err(why) => self.notices.say(format!("Not done: {why}.")),
            Ok(Ok(true)) => self.notices.say(done),
            Ok(Ok(false)) => self.notices.say("It doesn't wait any more."),
            Ok(Err(error)) => self.notices.warn(format!("The bot's ledger: {error}")),
        }
    }

    /// As the ledger is now; the chosen one stays chosen where it still waits.
    fn reread_mentions(&mut self, waiting: &mut Waiting) {
        let chosen = waiting.rows.get(waiting.chosen).map(|row| row.key.clone());
        match rows(&waiting.ledger) {
            Ok(rows) => waiting.rows = rows,
            Err(error) => self.notices.warn(format!("The bot's ledger: {error}")),
        }
        let there = waiting.rows.iter().position(|row| Some(&row.key) == chosen.as_ref());
        waiting.chosen = there.unwrap_or(waiting.chosen).min(waiting.rows.len().saturating_sub(1));
    }

    fn moment(&self) -> Moment {
        let since = self.session.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment::try_from(since.as_millis()).unwrap_or(0)
    }
}

/// What waits, and behind it what was sent without a trace.
fn rows(ledger: &Ledger) -> Result<Vec<Row>, LedgerError> {
    let mut rows = ledger.oldest(State::Waiting, MOST)?;
    rows.extend(ledger.lost()?);
    Ok(rows)
}
