//! Sets up the terminal and restores it: at the end, after an error, and before a panic's message is printed.

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
        size, supports_keyboard_enhancement,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};
use std::{
    io::{self, IsTerminal, Stdout, stdout},
    panic, thread,
};

/// The name of the thread that reads keys. A panic there or in the main thread ends the desk; other threads only work
/// for it.
pub const KEY_THREAD: &str = "keys";

/// The terminal while a front end uses it. Dropping it restores the terminal.
pub struct Screen {
    /// The terminal to draw on.
    pub terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
    /// Whether the terminal can tell all keys apart (the kitty protocol). It is asked once, after the first frame and
    /// before the thread that reads keys starts, which would get the answer.
    tells_keys: bool,
    /// The window's title; `None` on a terminal without one.
    title: Option<String>,
}

impl Screen {
    /// Sets up the terminal: raw mode, the alternate screen, bracketed paste, and the mouse if `mouse` says so. Nothing is
    /// asked: an answer may take long.
    ///
    /// # Errors
    /// When standard input or output isn't a terminal, or it can't be set up.
    pub fn take(mouse: bool) -> Result<Self> {
        if !(io::stdin().is_terminal() && stdout().is_terminal()) {
            anyhow::bail!(
                "the desk needs a terminal; in a pipe, use `unstuck --plain` or `unstuck generate`"
            );
        }
        restore_before_panics_speak();
        enter(mouse).context("the terminal can't be set up")?;
        let backend = CrosstermBackend::new(stdout());
        let terminal = Terminal::new(backend).inspect_err(|_| restore())?;
        // The Linux console has no title, and would print it.
        let bare = std::env::var("TERM").is_ok_and(|term| matches!(&*term, "linux" | "dumb"));
        let mut screen =
            Self { terminal, mouse, tells_keys: false, title: (!bare).then(String::new) };
        screen.keep_title();
        Ok(screen)
    }

    /// Asks the terminal whether it can tell all keys apart, and has it do so. Keys that are typed meanwhile are kept. A
    /// terminal that doesn't answer takes two seconds.
    ///
    /// # Errors
    /// When the terminal can't be set up.
    pub fn ask(&mut self) -> Result<()> {
        // The Linux console, which has no title either, can't.
        self.tells_keys = self.title.is_some() && supports_keyboard_enhancement().unwrap_or(false);
        ask_for_keys(self.tells_keys).context("the terminal can't be set up")
    }

    /// Sets the window's title if it has changed.
    pub fn title(&mut self, title: &str) {
        if self.title.as_deref().is_some_and(|known| known != title) {
            // A title that can't be set is not worth an error.
            let _ = execute!(stdout(), SetTitle(title));
            self.title = Some(title.to_owned());
        }
    }

    /// Saves the window's old title on the terminal's stack.
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

    /// Restores the terminal, stops the process, and sets the terminal up again when the process continues.
    ///
    /// # Errors
    /// When the terminal can't be set up again.
    pub fn suspend(&mut self) -> Result<()> {
        self.give_back();
        signals::stand_still()?;
        self.resume()
    }

    /// Sets up the terminal again after other programs used it. Everything has to be drawn again.
    ///
    /// # Errors
    /// When the terminal can't be set up again.
    pub fn resume(&mut self) -> Result<()> {
        // It may not have been restored: SIGSTOP gives no warning.
        self.give_back();
        enter(self.mouse)
            .and_then(|()| ask_for_keys(self.tells_keys))
            .context("the terminal can't be set up again")?;
        self.keep_title();
        // Terminal::clear would ask for the cursor's position, and the thread that reads keys would get the answer. The
        // alternate screen is empty now, and a new Terminal draws all of it.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(())
    }
}

/// Facts about the terminal that this process has.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Facts {
    /// Whether standard input is a terminal.
    pub input: bool,
    /// Whether standard output is one.
    pub output: bool,
    /// Its width and height in cells.
    pub size: Option<(u16, u16)>,
    /// Whether it can tell all keys apart; `None` if it can't be asked.
    pub tells_keys: Option<bool>,
}

impl Facts {
    /// Looks, and asks the terminal if there is one. A terminal that doesn't answer takes two seconds.
    pub fn look() -> Self {
        let (input, output) = (io::stdin().is_terminal(), stdout().is_terminal());
        let both = input && output;
        Self {
            input,
            output,
            size: if output { size().ok() } else { None },
            tells_keys: both.then(|| supports_keyboard_enhancement().unwrap_or(false)),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Reports clicks, drags and the wheel, but not movement alone, since every event draws a frame.
const MOUSE: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const NO_MOUSE: &str = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// Saves the window's title on the terminal's stack, and restores it.
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

/// Restores the terminal. Errors are ignored, because nothing could be done about them.
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

/// Restores the terminal before a panic's message is printed, so that it can be read and copied.
fn restore_before_panics_speak() {
    let speak = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // Only the place is logged: a panic's message may quote the draft.
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, thread = thread::current().name(), "panic");
        // Panics of the model's threads are reported on the desk, which goes on.
        if !matches!(thread::current().name(), Some("main" | KEY_THREAD)) {
            return;
        }
        restore();
        speak(panic);
    }));
}
