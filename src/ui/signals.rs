//! What the system tells a program: to end, to stand still, to go on. A thread turns it into events, so that it is
//! handled where everything is.

use anyhow::Result;

/// What the system wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The terminal was closed, or the program is to end.
    End,
    /// Stand still until further notice.
    Suspend,
    /// Go on, on a terminal that others may have drawn on.
    Resume,
}

/// Starts the thread. `tell` is false when nobody listens any more.
#[cfg(unix)]
pub fn listen(tell: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    use anyhow::Context;
    use signal_hook::{
        consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP},
        iterator::Signals,
    };
    let signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGCONT]);
    let mut signals = signals.context("signals can't be heard")?;
    let work = move || {
        for signal in signals.forever() {
            let signal = match signal {
                SIGTSTP => Signal::Suspend,
                SIGCONT => Signal::Resume,
                _ => Signal::End,
            };
            if !tell(signal) {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(work)
        .map(drop)
        .context("the thread that hears signals can't be started")
}

/// Elsewhere there are none.
#[cfg(not(unix))]
pub fn listen(_: impl Fn(Signal) -> bool + Send + 'static) -> Result<()> {
    Ok(())
}

/// Stands still now; comes back when the program is told to go on.
pub fn stand_still() -> Result<()> {
    #[cfg(unix)]
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
    Ok(())
}
