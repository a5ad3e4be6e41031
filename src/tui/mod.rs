//! The terminal interface: a page, and the model's offers beside it. All events arrive in one channel; one [`App`]
//! holds the state.

mod app;
mod command;
mod critic;
mod desk;
mod drawn;
pub mod live;
mod look;
mod overlay;
mod page;
pub mod plain;
mod rest;
mod search;
mod settings;
mod show;
pub mod spelling;
mod text;
mod tour;
mod view;

pub use app::App;
pub use command::Command;
pub use look::{MARGINS, WIDTHS};
pub use overlay::{commands, keymap};
pub use settings::{Environment, Goals, Settings};

use rest::Rest;

use crate::{
    generate::Engine,
    session::Session,
    ui::{
        escapes,
        shelf::{self, Errand, Shelf, Word},
        signals::{self, Ending, Signal},
        terminal::{KEY_THREAD, Screen},
        worker::{self, News, Request},
    },
};
use anyhow::{Context, Result, anyhow};
use crossterm::event;
use std::{
    cell::Cell,
    sync::mpsc::{self, Receiver, RecvError, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// An event for the app.
#[derive(Debug)]
pub enum Event {
    /// A key, a paste, the mouse, a resize.
    Terminal(event::Event),
    /// No key was pressed for a moment.
    Rest,
    /// No key was pressed for as long as the writer asked offers for.
    Stall,
    /// The time that the app asked for has passed.
    Tick,
    /// From the model's thread.
    News(News),
    /// From the shelf of models.
    Shelf(Word),
    /// From the system.
    Signal(Signal),
    /// No more keys will come.
    Deaf(String),
}

/// Runs the desk with a draft; on air if `gear` is given. `notices` are shown first, one after another; `load` runs on
/// the model's thread.
pub fn run(
    session: Session,
    settings: Settings,
    gear: Option<live::Gear>,
    notices: Vec<String>,
    load: impl FnOnce() -> Result<Engine> + Send + 'static,
) -> Result<()> {
    let (events, inbox) = mpsc::channel();
    let (requests, jobs) = mpsc::channel();
    let mut app = App::new(session, &settings, notices, first_seed(), requests)?;
    app.use_systems_clipboard(|name| std::env::var(name).ok());
    let begun = Instant::now();
    app.set_clock(move || begun.elapsed());
    // Before the show, which begins to write: without a terminal nothing is written.
    let mut screen = Screen::take(settings.mouse)?;
    if let Some(gear) = gear {
        app.go_on_air(gear);
    }
    let (news, signs) = (events.clone(), events.clone());
    let ending = Ending::default();
    signals::listen(ending.clone(), move |signal| signs.send(Event::Signal(signal)).is_ok())?;
    if let Some(errands) =
        start(settings.environment.shelf, load, jobs, move |event| news.send(event).is_ok())?
    {
        app.use_shelf(errands);
    }
    // Over a slow line the answer takes a while, and some terminals never answer: the page is there before.
    screen.terminal.draw(|frame| app.draw(frame))?;
    screen.ask()?;
    let keys = Keys { inbox: events, ending };
    thread::Builder::new()
        .name(KEY_THREAD.into())
        .spawn(move || keys.listen())
        .context("can't start the thread that reads keys")?;
    let ended = work(&mut screen, &mut app, &inbox);
    if ended.is_err() {
        // The terminal is gone. Keys that were read before belong in the draft.
        inbox.try_iter().filter(|event| matches!(event, Event::Terminal(_))).for_each(|event| {
            app.handle(event);
        });
    }
    ended
}

/// Starts the thread of the model, and that of the shelf if there is one. `load` loads the first model, the shelf all
/// others. Returns the way to the shelf.
fn start(
    shelf: Option<Shelf>,
    load: impl FnOnce() -> Result<Engine> + Send + 'static,
    jobs: Receiver<Request>,
    tell: impl Fn(Event) -> bool + Clone + Send + 'static,
) -> Result<Option<Sender<Errand>>> {
    let (load, others) = (Cell::new(Some(load)), shelf.clone());
    let open = move |name: Option<&str>| match (load.take(), &others) {
        (Some(load), _) if name.is_none() => load(),
        (_, Some(shelf)) => shelf.catalogue.open(name),
        (_, None) => shelf::none(name),
    };
    let hear = tell.clone();
    worker::spawn_with(open, jobs, move |told| hear(Event::News(told)))?;
    let Some(shelf) = shelf else { return Ok(None) };
    let (errands, errand) = mpsc::channel();
    shelf.serve(errand, move |word| tell(Event::Shelf(word)))?;
    Ok(Some(errands))
}

/// Draws once for each burst of events, and never while events are waiting.
fn work(screen: &mut Screen, app: &mut App, inbox: &Receiver<Event>) -> Result<()> {
    tracing::info!("the desk is open");
    let mut rest = Rest::new(app.stall());
    while !app.is_over() {
        screen.terminal.draw(|frame| app.draw(frame))?;
        screen.title(&app.title());
        let first = next(inbox, &mut rest, app).context("the event channel is closed")?;
        for event in std::iter::once(first).chain(inbox.try_iter().take(BURST)) {
            match event {
                Event::Deaf(why) => return Err(anyhow!("the terminal is gone: {why}")),
                Event::Signal(Signal::Suspend) => screen.suspend()?,
                Event::Signal(Signal::Resume) => screen.resume()?,
                event => {
                    if matches!(event, Event::Terminal(_)) {
                        rest.key(Instant::now());
                    }
                    app.handle(event);
                }
            }
        }
    }
    tracing::info!("the desk is closed");
    Ok(())
}

/// Waits for an event, for a pause of the writer, or for the time that the app asked for. During a show there are no
/// pauses.
fn next(inbox: &Receiver<Event>, rest: &mut Rest, app: &App) -> Result<Event, RecvError> {
    let left = rest.left(Instant::now()).filter(|_| !app.is_on_air());
    let Some(wait) = left.into_iter().chain(app.wait()).min() else { return inbox.recv() };
    match inbox.recv_timeout(wait) {
        Ok(event) => Ok(event),
        Err(RecvTimeoutError::Timeout) if left == Some(wait) => Ok(rest.told()),
        Err(RecvTimeoutError::Timeout) => Ok(Event::Tick),
        Err(RecvTimeoutError::Disconnected) => Err(RecvError),
    }
}

/// The most events between two frames, so that frames are drawn during a flood of events.
const BURST: usize = 4096;

/// A new seed at each start. It has five digits, because it is shown and may be typed again.
fn first_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros()) % 90_000 + 10_000
}

/// Reads the keyboard. However its thread ends, it sends [`Event::Deaf`].
struct Keys {
    inbox: Sender<Event>,
    ending: Ending,
}

impl Keys {
    fn listen(self) {
        let mut is_ending = false;
        loop {
            if !is_ending && self.ending.has_come() {
                is_ending = true;
                signals::wake();
            }
            let more = || {
                // With a timeout of 0, crossterm doesn't look.
                let has_come = event::poll(Duration::from_millis(1)).is_ok_and(|has| has);
                has_come.then(event::read).and_then(Result::ok)
            };
            let events = match event::read() {
                Ok(event) => escapes::whole(event, more),
                Err(error) => {
                    let _ = self.inbox.send(Event::Deaf(error.to_string()));
                    return;
                }
            };
            // A resize is read only when no key is left.
            let no_key_left = events.iter().any(|event| matches!(event, event::Event::Resize(..)));
            let end = (is_ending && no_key_left).then_some(Event::Signal(Signal::End));
            for event in events.into_iter().map(Event::Terminal).chain(end) {
                if self.inbox.send(event).is_err() {
                    return;
                }
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // After the end, nobody receives this.
        let _ = self.inbox.send(Event::Deaf("keyboard input has ended".into()));
    }
}
