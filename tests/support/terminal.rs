//! The program in a real terminal: a pseudo-terminal that `script` (util-linux) opens, held by the test.

use super::{PATIENCE, program, wait_for};
use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

const ROWS: usize = 24;
const COLUMNS: usize = 80;

/// The desk in a terminal of its own.
pub struct Terminal {
    script: Child,
    /// The program's process.
    id: String,
    /// The program's end of the terminal.
    device: File,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    screen: Screen,
}

impl Terminal {
    /// Starts the program on a draft, with `state` for all of its folders. `None` where there is no `script`.
    pub fn start(draft: &Path, state: &Path) -> Option<Self> {
        let mut terminal = Self::start_silent(draft, state)?;
        terminal.answer();
        // The title is set when the answer was read.
        wait(&terminal.output, &mut terminal.screen, "a title", |screen| screen.has_had("\x1b]0;"));
        Some(terminal)
    }

    /// The same, in a terminal that doesn't say what it is until it is told to.
    pub fn start_silent(draft: &Path, state: &Path) -> Option<Self> {
        Command::new("script").arg("--version").output().ok()?;
        let (id, device) = (state.with_extension("id"), state.with_extension("tty"));
        // The program is a grandchild: `script` stops itself whenever its own child is stopped.
        let inside = format!(
            "stty cols {COLUMNS} rows {ROWS}; tty > '{}'; sh -c 'echo $$ > \"$0\"; exec \"$@\"' '{}' '{}' '{}'; :",
            device.display(),
            id.display(),
            env!("CARGO_BIN_EXE_unstuck"),
            draft.display()
        );
        let mut command = Command::new("script");
        program::alone(&mut command, state);
        command.env("UNSTUCK_STATE", state).env("TERM", "xterm").env("SHELL", "/bin/sh");
        command.args(["-q", "-c", &inside, "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut script = command.spawn().unwrap();
        let (keys, mut from) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        let (tell, output) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                if tell.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        // The desk asks what the terminal is.
        let mut screen = Screen::default();
        wait(&output, &mut screen, "the question what the terminal is", |screen| {
            screen.has_had("\x1b[c")
        });
        let read = |path| fs::read_to_string(path).unwrap().trim().to_owned();
        let device = OpenOptions::new().read(true).open(read(device)).unwrap();
        Some(Self { script, id: read(id), device, keys, output, screen })
    }

    /// Tells the desk what the terminal is.
    pub fn answer(&mut self) {
        self.press("\x1b[?62c");
    }

    /// Types some text.
    pub fn press(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until `text` is on the screen.
    pub fn see(&mut self, text: &str) {
        wait(&self.output, &mut self.screen, text, |screen| screen.shows(text));
    }

    /// Waits until as many bytes as this have reached the terminal and have not been read by the program.
    pub fn unread(&self, bytes: usize) {
        wait_for("keys to reach the terminal", || {
            let waiting = rustix::io::ioctl_fionread(&self.device).unwrap();
            (waiting == bytes as u64).then_some(())
        });
    }

    /// Stops the program, and waits until each of its threads has stopped.
    pub fn stop(&self) {
        self.signal("STOP");
        let stopped = |task: fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        };
        let tasks = || fs::read_dir(format!("/proc/{}/task", self.id)).unwrap().flatten();
        wait_for("the program to stop", || tasks().all(stopped).then_some(()));
    }

    /// How long the program's threads, all together, were ready to run and had to wait for a processor.
    pub fn waited(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id)).unwrap().flatten();
        let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
        let waited = stats.filter_map(|stat| stat.split(' ').nth(1)?.parse().ok());
        waited.map(Duration::from_nanos).sum()
    }

    pub fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.id);
        // It may have ended by itself.
        Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status().unwrap();
    }

    /// Waits until the program has ended, and says whether it gave the terminal back: it left the other screen.
    pub fn ended(&mut self) -> bool {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.take(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it doesn't end"),
            }
        }
        self.script.wait().unwrap();
        self.screen.has_had("\x1b[?1049l")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.signal("KILL");
        self.script.kill().ok();
        self.script.wait().ok();
    }
}

/// Waits until the screen is as it should be.
fn wait(
    output: &Receiver<Vec<u8>>,
    screen: &mut Screen,
    what: &str,
    is_there: impl Fn(&Screen) -> bool,
) {
    let begun = Instant::now();
    while !is_there(screen) {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        match output.recv_timeout(left) {
            Ok(bytes) => screen.take(&bytes),
            Err(why) => panic!("{what:?} was not shown ({why}):\n{}", screen.text()),
        }
    }
}

/// As much of a terminal as the desk needs: text at places. Colours and modes are skipped, each character is as wide as
/// any other.
struct Screen {
    /// All that was ever written.
    bytes: Vec<u8>,
    /// How much of it is on the screen.
    done: usize,
    cells: Vec<[char; COLUMNS]>,
    cursor: (usize, usize),
}

impl Default for Screen {
    fn default() -> Self {
        Self { bytes: Vec::new(), done: 0, cells: vec![[' '; COLUMNS]; ROWS], cursor: (0, 0) }
    }
}

impl Screen {
    fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    fn text(&self) -> String {
        let rows = self.cells.iter().map(|row| row.iter().collect::<String>());
        rows.map(|row| row.trim_end().to_owned() + "\n").collect()
    }

    fn has_had(&self, bytes: &str) -> bool {
        self.bytes.windows(bytes.len()).any(|part| part == bytes.as_bytes())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        while let Some(length) = whole(&self.bytes[self.done..]) {
            let part = self.bytes[self.done..self.done + length].to_vec();
            self.done += length;
            self.draw(&part);
        }
    }

    /// Draws one character or follows one escape sequence.
    fn draw(&mut self, part: &[u8]) {
        match part {
            [0x1b, b'[', parameters @ .., b'H'] => {
                let text = String::from_utf8_lossy(parameters);
                let mut numbers = text.split(';').map(|n| n.parse::<usize>().unwrap_or(1) - 1);
                self.cursor = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
            }
            [0x1b, b'[', .., b'J'] => self.cells = vec![[' '; COLUMNS]; ROWS],
            [0x1b, ..] => {}
            [b'\r'] => self.cursor.1 = 0,
            [b'\n'] => self.cursor.0 += 1,
            _ => {
                let (row, column) = self.cursor;
                let cell = self.cells.get_mut(row).and_then(|row| row.get_mut(column));
                let c = String::from_utf8_lossy(part).chars().next();
                if let (Some(cell), Some(c)) = (cell, c.filter(|c| !c.is_control())) {
                    *cell = c;
                    self.cursor.1 += 1;
                }
            }
        }
    }
}

/// The length of the first character or escape sequence, once all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [] | [0x1b] => None,
        [0x1b, b'[', rest @ ..] => {
            rest.iter().position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3)
        }
        // a title, which ends with a bell or a string terminator
        [0x1b, b']', rest @ ..] => {
            let bell = rest.iter().position(|byte| *byte == 7).map(|at| at + 3);
            let terminator = rest.windows(2).position(|two| two == b"\x1b\\").map(|at| at + 4);
            bell.into_iter().chain(terminator).min()
        }
        [0x1b, ..] => Some(2),
        [first, ..] => {
            let length = match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            (bytes.len() >= length).then_some(length)
        }
    }
}
