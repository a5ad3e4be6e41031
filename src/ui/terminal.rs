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
    style::Print,
    terminal::{
        EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode,
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
    mouse: bool,
    /// The terminal can tell all keys apart. Asked once: later the thread that reads keys has its ear.
    tells_keys: bool,
    /// The window's title, where the terminal can have one.
    title: Option<String>,
}

impl Screen {
    /// Takes the terminal: raw keys, a screen of its own, pastes in one piece, all keys where offered, and the mouse
    /// when it is wanted.
    pub fn take(mouse: bool) -> Result<Self> {
        if !(io::stdin().is_terminal() && stdout().is_terminal()) {
            anyhow::bail!(
                "the desk needs a terminal for keys and screen; in a pipe, use `unstuck generate`"
            );
        }
        restore_before_panics_speak();
        enter(mouse).context("the terminal can't be set up")?;
        let tells_keys = supports_keyboard_enhancement().unwrap_or(false);
        ask_for_keys(tells_keys).context("the terminal can't be set up")?;
        let backend = CrosstermBackend::new(stdout());
        let terminal = Terminal::new(backend).inspect_err(|_| restore())?;
        // A console has no window, and would print the title.
        let bare = std::env::var("TERM").is_ok_and(|term| matches!(&*term, "linux" | "dumb"));
        let mut screen = Self { terminal, mouse, tells_keys, title: (!bare).then(String::new) };
        screen.keep_title();
        Ok(screen)
    }

    /// Names the window, when the name is another one.
    pub fn title(&mut self, title: &str) {
        if self.title.as_deref().is_some_and(|known| known != title) {
            // A terminal that keeps its title is no reason to fail.
            let _ = execute!(stdout(), SetTitle(title));
            self.title = Some(title.to_owned());
        }
    }

    /// The title that the window had is put on a stack, to be taken back from it.
    fn keep_title(&mut self) {
        if let Some(title) = &mut self.title {
            title.clear();
            let _ = execute!(stdout(), Print(KEEP_TITLE));
        }
    }

    fn give_back(&mut self) {
        if self.title.as_deref().is_some_and(|title| !title.is_empty()) {
            self.title = Some(String::new());
            let _ = execute!(stdout(), Print(FORMER_TITLE));
        }
        restore();
    }

    /// Gives the terminal back, stands still, and takes it again when told to go on.
    pub fn suspend(&mut self) -> Result<()> {
        self.give_back();
        signals::stand_still()?;
        self.resume()
    }

    /// Takes the terminal again after others had it: everything is drawn anew.
    pub fn resume(&mut self) -> Result<()> {
        // It may never have been given back: a stop can come without a warning.
        self.give_back();
        enter(self.mouse)
            .and_then(|()| ask_for_keys(self.tells_keys))
            .context("the terminal can't be set up again")?;
        self.keep_title();
        // Clearing would ask for the cursor's place, and the thread that reads keys would get the answer. The screen
        // is empty now, and a new terminal draws all of it.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Clicks, drags and the wheel, but no mere movement: every event costs a frame.
const MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const NO_MOUSE: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// The window's title is put on a stack, and taken back from it.
const KEEP_TITLE: &str = "\x1b[22;2t";
const FORMER_TITLE: &str = "\x1b[23;2t";

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
    if mouse { execute!(stdout(), Print(MOUSE)) } else { Ok(()) }
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
        Print(NO_MOUSE),
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
        // Where, and not what: a panic's words may quote the draft.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, thread = thread::current().name(), "panic");
        // The model's thread and its helpers tell of theirs in the desk, which goes on.
        if !matches!(thread::current().name(), Some("main" | KEY_THREAD)) {
            return;
        }
        restore();
        speak(panic);
    }));
}
