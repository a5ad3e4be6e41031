//! The terminal's set-up, and its way back: on leaving, on an error, and first of all on a panic.

use super::signals;
use anyhow::{Context, Result};
use crossterm::{
    cursor::Show,
    event::{
        DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
        KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    execute,
    terminal::{
        EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
        supports_keyboard_enhancement,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::{
    io::{self, IsTerminal, Stdout, stdout},
    panic, thread,
};

/// The thread that reads keys. Without it and the main thread there is no desk; other threads only work for it.
pub const KEY_THREAD: &str = "keys";

/// The terminal while a front end holds it. Dropping it gives it back.
pub struct Screen {
    /// What is drawn on.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
    /// The terminal can tell all keys apart. Asked once: later the thread that reads keys has its ear.
    tells_keys: bool,
}

impl Screen {
    /// Takes the terminal: raw keys, a screen of its own, pastes in one piece, all keys where offered.
    pub fn take() -> Result<Self> {
        if !(io::stdin().is_terminal() && stdout().is_terminal()) {
            anyhow::bail!(
                "the desk needs a terminal for keys and screen; in a pipe, use `unstuck generate`"
            );
        }
        restore_before_panics_speak();
        enter().context("the terminal can't be set up")?;
        let tells_keys = supports_keyboard_enhancement().unwrap_or(false);
        ask_for_keys(tells_keys).context("the terminal can't be set up")?;
        let backend = CrosstermBackend::new(stdout());
        Ok(Self { terminal: Terminal::new(backend).inspect_err(|_| restore())?, tells_keys })
    }

    /// Gives the terminal back, stands still, and takes it again when told to go on.
    pub fn suspend(&mut self) -> Result<()> {
        restore();
        signals::stand_still()?;
        self.resume()
    }

    /// Takes the terminal again after others had it: everything is drawn anew.
    pub fn resume(&mut self) -> Result<()> {
        // It may never have been given back: a stop can come without a warning.
        restore();
        enter()
            .and_then(|()| ask_for_keys(self.tells_keys))
            .context("the terminal can't be set up again")?;
        self.terminal.clear().context("the terminal can't be cleared")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)
}

fn ask_for_keys(tells_keys: bool) -> io::Result<()> {
    if tells_keys {
        let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
        execute!(stdout(), PushKeyboardEnhancementFlags(flags))?;
    }
    Ok(())
}

/// Back to how it was. Nothing can be done about a terminal that doesn't listen, so errors are let go.
fn restore() {
    let _ = execute!(
        stdout(),
        PopKeyboardEnhancementFlags,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

/// A panic's message belongs on the ordinary screen, where it can be read and copied.
fn restore_before_panics_speak() {
    let speak = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // The model's thread and its helpers tell of theirs in the desk, which goes on.
        if !matches!(thread::current().name(), Some("main" | KEY_THREAD)) {
            return;
        }
        restore();
        speak(panic);
    }));
}
