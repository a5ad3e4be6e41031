//! The clipboard. A copied text is kept here, sent to the terminal's clipboard (OSC 52, which also works over SSH), and
//! to the system's if there is a program for it. Terminals don't let programs read their clipboard, so text from
//! elsewhere is read with such a program, too; without one, use the terminal's own paste.

use crossterm::{clipboard::CopyToClipboard, execute};
use std::{
    io::{Read, Write, stdout},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// The longest text sent to the terminal, in bytes. Some terminals cut off or refuse longer ones.
const MOST: usize = 74_000;

/// How long the desk waits for a program, which may hang.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most bytes that are read.
const LONGEST: u64 = 1 << 26;

/// Two command lines: one copies its standard input, the other prints the clipboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    copy: &'static [&'static str],
    paste: &'static [&'static str],
}

/// The programs for the system's clipboard, each with the variable of the environment that tells that it works here;
/// the first that can be run is used. tmux comes last: its own buffers are all that is left far from a screen.
#[cfg(not(any(windows, target_os = "macos")))]
const TOOLS: [(&str, Tool); 5] = [
    (
        "WAYLAND_DISPLAY",
        Tool { copy: &["wl-copy"], paste: &["wl-paste", "--no-newline", "--type", "text"] },
    ),
    (
        "DISPLAY",
        Tool {
            copy: &["xclip", "-selection", "clipboard"],
            paste: &["xclip", "-selection", "clipboard", "-o"],
        },
    ),
    (
        "DISPLAY",
        Tool {
            copy: &["xsel", "--clipboard", "--input"],
            paste: &["xsel", "--clipboard", "--output"],
        },
    ),
    ("TERMUX_VERSION", Tool { copy: &["termux-clipboard-set"], paste: &["termux-clipboard-get"] }),
    ("TMUX", Tool { copy: &["tmux", "load-buffer", "-"], paste: &["tmux", "save-buffer", "-"] }),
];
#[cfg(target_os = "macos")]
const TOOLS: [(&str, Tool); 1] = [("HOME", Tool { copy: &["pbcopy"], paste: &["pbpaste"] })];
/// Windows' terminals paste at Ctrl+V by themselves, and take what is copied by OSC 52.
#[cfg(windows)]
const TOOLS: [(&str, Tool); 0] = [];

/// The last text that was cut or copied.
#[derive(Default)]
pub struct Clipboard {
    kept: String,
    terminal: bool,
    /// What can be tried for the system's clipboard. What fails to take a text is not asked for one again: it would
    /// give an older one.
    tools: Vec<Tool>,
}

impl Clipboard {
    /// A clipboard connected to the terminal and the system. `env` looks up environment variables.
    pub fn of_system(env: impl Fn(&str) -> Option<String>) -> Self {
        let works = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        let tools = TOOLS.into_iter().filter(|(name, _)| works(name)).map(|(_, tool)| tool);
        Self { kept: String::new(), terminal: true, tools: tools.collect() }
    }

    /// Copies a text.
    pub fn put(&mut self, text: String) {
        if self.terminal && text.len() <= MOST {
            // If the terminal has no clipboard, the text is still kept here.
            let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(&text));
        }
        while self.tools.first().is_some_and(|tool| !give(tool.copy, &text)) {
            self.tools.remove(0);
        }
        // The other programs don't have this text.
        self.tools.truncate(1);
        self.kept = text;
    }

    /// The text of the system's clipboard, else the last text copied here; else empty.
    pub fn text(&self) -> String {
        let found = self.tools.iter().find_map(|tool| take(tool.paste));
        found.filter(|text| !text.is_empty()).unwrap_or_else(|| self.kept.clone())
    }

    /// Whether there is a program to read the system's clipboard.
    pub fn reads_systems(&self) -> bool {
        !self.tools.is_empty()
    }
}

fn start(line: &[&str], input: Stdio, output: Stdio) -> Option<Child> {
    let (program, arguments) = line.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(input).stdout(output).stderr(Stdio::null());
    command.spawn().ok()
}

/// Passes a text to a program. False if that failed.
fn give(line: &[&str], text: &str) -> bool {
    // Some programs stay in the background to serve the text, so their output is not read.
    let Some(mut child) = start(line, Stdio::piped(), Stdio::null()) else { return false };
    let Some(mut input) = child.stdin.take() else { return false };
    let text = text.to_owned();
    let (done, written) = mpsc::channel();
    thread::spawn(move || {
        let whole = input.write_all(text.as_bytes()).is_ok();
        drop(input);
        // After a timeout, nobody receives this.
        let _ = done.send(whole);
    });
    let begun = Instant::now();
    let whole = written.recv_timeout(PATIENCE).unwrap_or(false);
    ended(&mut child, PATIENCE.saturating_sub(begun.elapsed())) && whole
}

/// A program's output, if it succeeds in time.
fn take(line: &[&str]) -> Option<String> {
    let mut child = start(line, Stdio::null(), Stdio::piped())?;
    let output = child.stdout.take()?;
    let (done, read) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let whole = output.take(LONGEST).read_to_end(&mut bytes).is_ok();
        // As above.
        let _ = done.send(whole.then_some(bytes));
    });
    let begun = Instant::now();
    let bytes = read.recv_timeout(PATIENCE).ok().flatten();
    let well = ended(&mut child, PATIENCE.saturating_sub(begun.elapsed()));
    bytes.filter(|_| well).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Waits for a program to end, and kills it after a timeout. Returns whether it succeeded.
fn ended(child: &mut Child, patience: Duration) -> bool {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if begun.elapsed() < patience => thread::sleep(Duration::from_millis(2)),
            _ => break,
        }
    }
    // It may have ended in the meantime.
    let _ = child.kill();
    let _ = child.wait();
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn of(tools: Vec<Tool>) -> Clipboard {
        Clipboard { tools, ..Clipboard::default() }
    }

    #[test]
    fn what_the_environment_tells_of_is_tried() {
        let clipboard = Clipboard::of_system(|name| (name == "TMUX").then(|| "x".into()));
        if cfg!(target_os = "linux") {
            assert_eq!(clipboard.tools.len(), 1);
            assert_eq!(clipboard.tools[0].copy[0], "tmux");
        }
        assert!(!Clipboard::of_system(|_| Some(String::new())).reads_systems());
    }

    #[test]
    fn the_systems_text_comes_before_ours_where_it_can_be_read() {
        // reads what it gets: one that ended before would break the pipe
        let prints = |paste| Tool { copy: &["cat"], paste };
        let mut clipboard = of(vec![prints(&["printf", "one\\ntwo"])]);
        assert_eq!(clipboard.text(), "one\ntwo");
        clipboard.put("ours".into());
        assert_eq!(clipboard.text(), "one\ntwo");
        for broken in [&["false"][..], &["no-such-program-here"], &["true"]] {
            let mut clipboard = of(vec![prints(broken)]);
            clipboard.put("ours".into());
            assert_eq!(clipboard.text(), "ours", "{broken:?}");
        }
    }

    #[test]
    fn what_takes_no_text_is_not_asked_for_one() {
        let refuses = Tool { copy: &["false"], paste: &["echo", "older"] };
        let missing = Tool { copy: &["no-such-program-here"], paste: &["echo", "older"] };
        let mut clipboard = of(vec![refuses, missing]);
        clipboard.put("ours".into());
        assert_eq!(clipboard.text(), "ours");
        assert!(!clipboard.reads_systems());
    }

    #[test]
    fn a_text_longer_than_a_pipe_arrives_whole() {
        let text = "雨 and so on\n".repeat(20_000);
        assert_eq!(text.len(), 280_000);
        assert!(give(&["sh", "-c", "test $(wc -c) -eq 280000"], &text));
        assert!(!give(&["sh", "-c", "exit 0"], &text.repeat(10)));
    }

    #[test]
    fn a_program_that_hangs_is_not_waited_for() {
        let begun = Instant::now();
        assert_eq!(take(&["sleep", "60"]), None);
        assert!(!give(&["sleep", "60"], "x"));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
