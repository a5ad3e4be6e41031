//! The terminal's set-up, and its way back: on leaving, on an error, and first of all on a panic.

use anyhow::{Context, Result};
use crossterm::{
    cursor::Show,
    event::{
        DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags,
        PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
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
        let backend = CrosstermBackend::new(stdout());
        Ok(Self { terminal: Terminal::new(backend).inspect_err(|_| restore())? })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if supports_keyboard_enhancement().unwrap_or(false) {
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
