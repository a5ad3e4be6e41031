//! What was cut or copied: kept here, handed to the terminal's clipboard (OSC 52, which also works over SSH), and to the
//! system's where a program for that is at hand. Terminals don't let programs read their clipboard, so what comes from
//! elsewhere is read by such a program too; without one it comes as the terminal's own paste.

use crossterm::{clipboard::CopyToClipboard, execute};
use std::{
    io::{Read, Write, stdout},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Longer texts are cut off or refused by some terminals, so they stay here.
const MOST: usize = 74_000;

/// How long the desk waits for a program. A clipboard's owner may hang, and the desk must not.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most bytes that are read: enough for any book, and no endless stream.
const LONGEST: u64 = 1 << 26;

/// Two command lines: one takes a text on its standard input, the other prints one.
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
    /// One that also tells the terminal and the system. `env` looks up the environment.
    pub fn of_system(env: impl Fn(&str) -> Option<String>) -> Self {
        let works = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        let tools = TOOLS.into_iter().filter(|(name, _)| works(name)).map(|(_, tool)| tool);
        Self { kept: String::new(), terminal: true, tools: tools.collect() }
    }

    /// Keeps a text.
    pub fn put(&mut self, text: String) {
        if self.terminal && text.len() <= MOST {
            // A terminal without a clipboard is no reason to fail: the text is kept here.
            let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(&text));
        }
        while self.tools.first().is_some_and(|tool| !give(tool.copy, &text)) {
            self.tools.remove(0);
        }
        // The others don't know of it.
        self.tools.truncate(1);
        self.kept = text;
    }

    /// What is on the system's clipboard, else what was kept last; empty when nothing was.
    pub fn text(&self) -> String {
        let found = self.tools.iter().find_map(|tool| take(tool.paste));
        found.filter(|text| !text.is_empty()).unwrap_or_else(|| self.kept.clone())
    }

    /// The system's clipboard can be read, as far as is known.
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

/// Hands a text to a program. False when it didn't take it.
fn give(line: &[&str], text: &str) -> bool {
    // Some stay in the background to serve the text, so their output must not be waited for.
    let Some(mut child) = start(line, Stdio::piped(), Stdio::null()) else { return false };
    let Some(mut input) = child.stdin.take() else { return false };
    let text = text.to_owned();
    let (done, written) = mpsc::channel();
    thread::spawn(move || {
        let whole = input.write_all(text.as_bytes()).is_ok();
        drop(input);
        // Nobody waits any more when it took too long.
        let _ = done.send(whole);
    });
    let begun = Instant::now();
    let whole = written.recv_timeout(PATIENCE).unwrap_or(false);
    ended(&mut child, PATIENCE.saturating_sub(begun.elapsed())) && whole
}

/// What a program prints, when it does so in time and without complaint.
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

/// Waits for a program's end, and ends it when that takes too long. Says whether it went well.
fn ended(child: &mut Child, patience: Duration) -> bool {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if begun.elapsed() < patience => thread::sleep(Duration::from_millis(2)),
            _ => break,
        }
    }
    // It may have ended by itself meanwhile.
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
