//! What was cut or copied: kept here, and handed to the terminal's clipboard (OSC 52), which also works over SSH.
//! Terminals don't let programs read theirs: what comes from elsewhere comes as the terminal's own paste.

use crossterm::{clipboard::CopyToClipboard, execute};
use std::io::stdout;

/// Longer texts are cut off or refused by some terminals, so they stay here.
const MOST: usize = 74_000;

/// The last text that was cut or copied.
#[derive(Default)]
pub struct Clipboard {
    kept: String,
    terminal: bool,
}

impl Clipboard {
    /// One that also tells the terminal.
    pub fn of_terminal() -> Self {
        Self { kept: String::new(), terminal: true }
    }

    /// Keeps a text.
    pub fn put(&mut self, text: String) {
        if self.terminal && text.len() <= MOST {
            // A terminal without a clipboard is no reason to fail: the text is kept here.
            let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(&text));
        }
        self.kept = text;
    }

    /// What was kept last; empty when nothing was.
    pub fn text(&self) -> &str {
        &self.kept
    }
}
