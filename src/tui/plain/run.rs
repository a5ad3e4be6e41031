//! Runs plain mode on standard input and output: one thread reads lines, one answers signals, one has the model.

use super::{Plain, Said};
use crate::{
    generate::Engine,
    session::Session,
    tui::{Event, Settings, start},
    ui::signals,
};
use anyhow::{Context, Result};
use std::{
    io::{self, BufRead, Write},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// How long the model works before it is said that it still does.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the main loop receives.
enum Heard {
    Line(String),
    End,
    Event(Event),
}

/// Runs plain mode with a draft. `why` says where the wish for it came from, if not from the command line.
///
/// # Errors
/// When a thread can't be started, or standard output is closed.
pub fn run(
    session: Session,
    settings: Settings,
    why: Option<String>,
    notices: Vec<String>,
    load: impl FnOnce() -> Result<Engine> + Send + 'static,
) -> Result<()> {
    let (heard, inbox) = mpsc::channel();
    let (requests, jobs) = mpsc::channel();
    if let Some(why) = why {
        print(&[Said::Text(format!("Plain mode, because {why} is set."))])?;
    }
    let mut plain = Plain::new(session, &settings, notices, super::super::first_seed(), requests)?;
    print(&plain.said())?;
    let signs = heard.clone();
    let tell = move |signal| signs.send(Heard::Event(Event::Signal(signal))).is_ok();
    signals::listen_in_lines(tell)?;
    let events = heard.clone();
    let tell = move |event| events.send(Heard::Event(event)).is_ok();
    if let Some(errands) = start(settings.environment.shelf, load, jobs, tell)? {
        plain.use_shelf(errands);
    }
    thread::Builder::new()
        .name("lines".into())
        .spawn(move || read(&heard))
        .context("can't start the thread that reads lines")?;
    tracing::info!("plain mode is open");
    // Since when nothing was printed although the model works.
    let mut silent = Instant::now();
    while !plain.is_over() {
        let left = PATIENCE.saturating_sub(silent.elapsed());
        match inbox.recv_timeout(plain.wait().map_or(left, |wait| wait.min(left))) {
            Ok(Heard::Line(line)) => plain.line(&line),
            Ok(Heard::End) => plain.end(),
            Ok(Heard::Event(event)) => plain.handle(event),
            Err(RecvTimeoutError::Timeout) => plain.handle(Event::Tick),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if silent.elapsed() >= PATIENCE {
            plain.waited();
            silent = Instant::now();
        }
        let said = plain.said();
        if !said.is_empty() || !plain.is_busy() {
            silent = Instant::now();
        }
        print(&said)?;
    }
    tracing::info!("plain mode is closed");
    Ok(())
}

/// Reads lines from standard input until it ends.
fn read(heard: &Sender<Heard>) {
    let mut input = io::stdin().lock();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match input.read_until(b'\n', &mut bytes) {
            Ok(1..) if heard.send(Heard::Line(String::from_utf8_lossy(&bytes).into())).is_ok() => {}
            Ok(1..) => return,
            Ok(0) | Err(_) => {
                // The main loop has ended if nobody receives this.
                let _ = heard.send(Heard::End);
                return;
            }
        }
    }
}

fn print(said: &[Said]) -> Result<()> {
    for line in said {
        match line {
            Said::Text(text) => writeln!(io::stdout(), "{text}")?,
            Said::Error(text) => writeln!(io::stderr(), "{text}")?,
        }
    }
    io::stdout().flush()?;
    Ok(())
}
