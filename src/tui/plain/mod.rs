//! Plain mode: the desk as lines of text, for screen readers and terminals that can only print. A line that is typed is a
//! line of the draft; one that begins with `/` is a command. Output only grows: no escape sequence, no colour, nothing is
//! drawn twice. [`Plain`] needs no terminal and no clock. It drives the same [`App`] as the screen, so history, offers and
//! questions are the same.

mod acts;
mod answer;
mod paragraphs;
mod run;
mod score;

pub use acts::{ACTS, Act, LETTERS};
pub use run::run;

use super::{App, Event, Settings, command::Command, desk::Notice, overlay::Spoken, text::count};
use crate::{
    clean::for_terminal,
    session::Session,
    ui::{
        asking::{List, Model, State},
        shelf::Errand,
        signals::Signal,
        worker::Request,
    },
};
use anyhow::Result;
use score::Wanted;
use std::{collections::VecDeque, sync::mpsc::Sender, time::Duration};

/// A line to print, without its line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// For standard output.
    Text(String),
    /// For standard error.
    Error(String),
}

/// A line that was typed, or the end of them.
enum Input {
    Line(String),
    End,
}

/// The most lines of a list that are printed at once; `/more` prints the next ones.
const AT_ONCE: usize = 10;

/// Plain mode.
pub struct Plain {
    app: App,
    said: Vec<Said>,
    /// Input that came while the model was working.
    waiting: VecDeque<Input>,
    /// The offers as they were printed last.
    offers: Vec<String>,
    /// What is left of a long list.
    more: VecDeque<String>,
    /// The question that was printed last, while it is open.
    question: Option<String>,
    /// The last search text.
    wanted: String,
    /// What is said once the model has read the draft.
    wanted_scores: Option<Wanted>,
}

/// Whether a line is a command: one slash begins a command, two begin a line with a slash.
fn is_command(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

impl Plain {
    /// Opens a draft. The arguments are those of [`App::new`].
    ///
    /// # Errors
    /// As [`App::new`].
    pub fn new(
        session: Session,
        settings: &Settings,
        notices: Vec<String>,
        seed: u64,
        requests: Sender<Request>,
    ) -> Result<Self> {
        let mut app = App::new(session, settings, notices, seed, requests)?;
        app.desk_mut().look.plain = true;
        let mut plain = Self {
            app,
            said: Vec::new(),
            waiting: VecDeque::new(),
            offers: Vec::new(),
            more: VecDeque::new(),
            question: None,
            wanted: String::new(),
            wanted_scores: None,
        };
        let session = plain.app.session();
        let words = count(session.shares().all_words(), "word");
        plain.say(format!("{}, {words}. Type to write. /help lists commands.", session.title()));
        plain.report();
        Ok(plain)
    }

    /// Connects the shelf of other models.
    pub fn use_shelf(&mut self, errands: Sender<Errand>) {
        self.app.use_shelf(errands);
    }

    /// The draft.
    pub fn session(&self) -> &Session {
        self.app.session()
    }

    /// The time until the app needs a tick, if it needs one: for timed sessions and offers after a pause.
    pub fn wait(&self) -> Option<Duration> {
        self.app.wait()
    }

    /// Whether the writer has left.
    pub fn is_over(&self) -> bool {
        self.app.is_over()
    }

    /// The lines to print since the last call.
    pub fn said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// Whether offers or a list of models are awaited. Until they are there, input waits.
    pub fn is_busy(&self) -> bool {
        let desk = self.app.desk();
        let spoken = self.app.top().map(|top| top.spoken(desk));
        let is_empty = matches!(spoken, Some(Spoken::List(rows)) if rows.is_empty());
        let is_coming = is_empty && desk.models.entries.is_empty();
        let has_model = !matches!(desk.asking.model, Model::Gone(_));
        is_coming || self.is_reading() || has_model && desk.offers.are_live()
    }

    /// A line was typed. While the model works, it waits; `/stop` doesn't.
    pub fn line(&mut self, text: &str) {
        let text = text.trim_end_matches(['\r', '\n']).to_owned();
        if text.trim() == "/stop" && self.is_busy() {
            self.forget_scores();
            self.app.run(Command::Stop);
            return self.settle();
        }
        self.take(Input::Line(text));
    }

    /// No more lines will come. What is not saved stays in the draft's history.
    pub fn end(&mut self) {
        self.take(Input::End);
    }

    fn take(&mut self, input: Input) {
        self.waiting.push_back(input);
        self.settle();
    }

    /// Something else has happened.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::Signal(Signal::Interrupt) if self.is_busy() => {
                // What was typed meanwhile is written; commands are forgotten.
                self.waiting
                    .retain(|input| !matches!(input, Input::Line(text) if is_command(text)));
                self.forget_scores();
                self.app.run(Command::Stop);
            }
            Event::Signal(Signal::End) => {
                for input in std::mem::take(&mut self.waiting) {
                    match input {
                        Input::Line(text) if !is_command(&text) => self.write(&text),
                        _ => {}
                    }
                }
                self.app.handle(event);
            }
            Event::Signal(Signal::Interrupt) => self.waiting.push_front(Input::End),
            event => self.app.handle(event),
        }
        self.settle();
    }

    /// The model has been working for a while without a line of output.
    pub fn waited(&mut self) {
        if !self.is_busy() {
            return;
        }
        let desk = self.app.desk();
        if self.is_reading() {
            let percent = desk.world.scores.percent().unwrap_or(0);
            return self.say(format!("Reading: {percent} % of the draft."));
        }
        let Some(list) = desk.offers.list() else { return };
        let (all, live) =
            (list.offers.len(), list.offers.iter().filter(|one| one.is_live()).count());
        self.say(match desk.asking.model {
            Model::Loading => "The model is still loading.".to_owned(),
            _ => format!("Working: {} of {} ready.", all - live, count(all, "offer")),
        });
    }

    /// Prints what has changed, and then handles the input that waits, unless the model is working again.
    fn settle(&mut self) {
        self.tidy();
        while !self.is_busy() && !self.is_over() {
            match self.waiting.pop_front() {
                None => return,
                Some(Input::Line(text)) => self.obey(&text),
                Some(Input::End) => self.leave(),
            }
            self.tidy();
        }
    }

    fn tidy(&mut self) {
        // The app records offers and opens fetched models after every event.
        self.app.handle(Event::Tick);
        self.report();
    }

    /// Handles a line of input.
    fn obey(&mut self, text: &str) {
        if self.app.top().is_some() && self.answer(text) {
            return;
        }
        self.app.desk_mut().key_pressed();
        match text.strip_prefix('/') {
            Some(rest) if is_command(text) => self.command(rest),
            _ => self.write(text),
        }
    }

    /// Writes a line behind the cursor, on a line of its own. One that begins with a space goes on where the cursor is.
    /// A selection, such as a match of `/find`, stays in the text.
    fn write(&mut self, text: &str) {
        let text = if text.starts_with("//") { &text[1..] } else { text };
        let desk = self.app.desk_mut();
        let session = &mut desk.session;
        session.move_to(session.cursor(), false);
        let after = session.text().get_char(session.cursor());
        let splits = after.is_some_and(|after| !matches!(after, '\n' | '\r'));
        let before = session.cursor().checked_sub(1).and_then(|at| session.text().get_char(at));
        let is_start = before.is_none_or(|before| before == '\n');
        let is_apart = before.is_none_or(char::is_whitespace);
        let done = match text.strip_prefix(' ') {
            Some(rest) if is_apart => session.type_text(rest),
            Some(_) => session.type_text(text),
            None if text.is_empty() && !is_start => session.type_text("\n\n"),
            None if text.is_empty() => session.type_text("\n"),
            None => {
                let (lead, end) =
                    (if is_start { "" } else { "\n" }, if splits { "\n" } else { "" });
                let done = session.type_text(&format!("{lead}{text}{end}"));
                session.move_to(session.cursor() - end.len() * usize::from(done), false);
                done
            }
        };
        desk.edited(done);
    }

    /// No more input: says where unsaved text is.
    fn leave(&mut self) {
        let desk = self.app.desk();
        let unsaved = desk.unsaved();
        let has_history = desk.world.environment.state.is_some()
            && desk.world.environment.history == crate::session::History::On;
        if !unsaved.is_empty() {
            let what = format!("Not saved: {}.", unsaved.join(", "));
            let kept = "The text is in the draft's history; the next start asks about it.";
            self.say(if has_history { format!("{what} {kept}") } else { what });
        }
        self.app.desk_mut().over = true;
    }

    fn say(&mut self, text: impl AsRef<str>) {
        self.said.extend(lines_of(text.as_ref()).map(Said::Text));
    }

    fn fail(&mut self, text: impl AsRef<str>) {
        self.said.extend(lines_of(&format!("Error: {}", text.as_ref())).map(Said::Error));
    }

    /// Prints a list, a part at a time.
    fn say_all(&mut self, lines: Vec<String>) {
        self.more = lines.into();
        self.say_more();
    }

    fn say_more(&mut self) {
        let now = self.more.len().min(AT_ONCE);
        let now: Vec<_> = self.more.drain(..now).collect();
        now.iter().for_each(|line| self.say(line));
        if !self.more.is_empty() {
            self.say(format!("{} more: /more", self.more.len()));
        }
    }

    /// Prints what has changed: messages, offers, and a question that has to be answered.
    fn report(&mut self) {
        while let Some((notice, _)) = self.app.desk().notices.shown() {
            match notice.clone() {
                Notice::Word(words) => {
                    self.say(words);
                    self.app.desk_mut().notices.forget_word();
                }
                Notice::Error(words) => {
                    self.fail(words);
                    self.app.desk_mut().notices.dismiss();
                }
            }
        }
        self.report_offers();
        self.report_scores();
        self.report_question();
    }

    /// Prints the offers once they are complete, and later those that were replaced.
    fn report_offers(&mut self) {
        let desk = self.app.desk();
        let Some(list) = desk.offers.list() else { return self.offers.clear() };
        if desk.offers.are_live() {
            return;
        }
        let rows: Vec<_> = (0..list.offers.len()).map(|number| row(list, number)).collect();
        let known = std::mem::replace(&mut self.offers, rows.clone());
        for (number, row) in rows.iter().enumerate().filter(|(at, row)| known.get(*at) != Some(row))
        {
            self.say(format!("{}: {row}", number + 1));
        }
    }
}

/// An offer in one line.
fn row(list: &List, number: usize) -> String {
    let offer = &list.offers[number];
    let by = offer.by.as_ref().map_or(String::new(), |model| format!("{model}, "));
    let pinned = if offer.pinned { "pinned, " } else { "" };
    let text = one_line(&offer.text);
    let text = match &offer.state {
        State::Dropped(_) => "no offer".to_owned(),
        State::Failed(_) if text.is_empty() => "failed".to_owned(),
        _ if text.is_empty() => "empty".to_owned(),
        _ => text,
    };
    format!("{by}{pinned}{text}")
}

/// What is left of an offer's text, in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of a text, without control characters.
fn lines_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(|line| for_terminal(line).replace('\t', " "))
}
