//! Signals of the operating system: to end, to stop, to continue. A thread turns them into events, so that they are
//! handled in the main loop like keys.
//!
//! The request to end goes to the thread that reads keys first (`Ending`): keys that wait unread in the terminal are
//! handled before the program ends.

use anyhow::Result;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What the operating system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The terminal was closed, or the program is to end.
    End,
    /// Stop until told to continue.
    Suspend,
    /// Stop what is being done. Only [`listen_in_lines`] tells it.
    Interrupt,
    /// Continue, on a terminal that other programs may have drawn on.
    Resume,
}

/// Whether the program was asked to end. The thread that reads keys looks at it before each `crossterm::event::read`.
/// Once it is set, that thread calls [`wake`], reads until it gets a resize event, and then passes on [`Signal::End`]:
/// crossterm returns a resize only when no key is left in the terminal.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Whether the request has come.
    pub fn has_come(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// If the thread that reads keys hasn't passed on the request to end after this time, it is passed on without it.
#[cfg(unix)]
const GRACE: std::time::Duration = std::time::Duration::from_secs(5);

/// Makes `crossterm::event::read` return a resize event, in whatever thread it waits.
pub fn wake() {
    #[cfg(unix)]
    if let Err(error) = signal_hook::low_level::raise(signal_hook::consts::SIGWINCH) {
        tracing::error!(%error, "the thread that reads keys can't be woken");
    }
}

/// Starts the thread. `tell` returns false when the main loop has ended.
#[cfg(unix)]
pub fn listen(ending: Ending, tell: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    serve(&[SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGCONT], move |signal| {
        tell(match signal {
            SIGTSTP => Signal::Suspend,
            SIGCONT => Signal::Resume,
            _ => {
                ending.0.store(true, Ordering::SeqCst);
                wake();
                std::thread::sleep(GRACE);
                Signal::End
            }
        })
    })
}

/// Starts the thread for a program that reads lines: the terminal's own keys for stopping and continuing work as usual,
/// and an interrupt is told.
#[cfg(unix)]
pub fn listen_in_lines(tell: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    serve(&[SIGHUP, SIGTERM, SIGINT], move |signal| {
        tell(if signal == SIGINT { Signal::Interrupt } else { Signal::End })
    })
}

/// Calls `heed` on a thread for each of these signals, until it returns false.
#[cfg(unix)]
fn serve(signals: &[i32], heed: impl Fn(i32) -> bool + Send + 'static) -> Result<()> {
    use anyhow::Context;
    let signals = signal_hook::iterator::Signals::new(signals);
    let mut signals = signals.context("signals can't be received")?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || _ = signals.forever().all(heed))
        .map(drop)
        .context("the thread that receives signals can't be started")
}

/// Other systems have no signals.
#[cfg(not(unix))]
pub fn listen_in_lines(_: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    Ok(())
}

/// Other systems have no signals.
#[cfg(not(unix))]
pub fn listen(_: Ending, _: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    Ok(())
}

/// Stops the program now; returns when it is told to continue.
pub fn stand_still() -> Result<()> {
    #[cfg(unix)]
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    Ok(())
}
