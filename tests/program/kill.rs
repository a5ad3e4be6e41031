//! The real program in a terminal of its own, killed while someone types: what is lost is never more than the last
//! quarter of a second. `UNSTUCK_KILLS=200 cargo test --release --test program kill -- --nocapture` tells figures.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};
use unstuck::session::{History, Session};

const LINE: &str =
    "The second was that the lamps were put out at nine, whether there was reading or not. ";
/// Between two keys: some 250 a second, far more than anyone types.
const PAUSE: Duration = Duration::from_millis(4);

/// The desk in a terminal that `script` makes and this test holds.
struct Held {
    terminal: Child,
    /// The program's process.
    id: String,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
}

impl Held {
    /// `None` where there is no `script`.
    fn start(draft: &Path, state: &Path) -> Option<Self> {
        let id = state.with_extension("id");
        // Whoever asks what the terminal is gets its answer before anything is typed.
        let inside = format!(
            "stty cols 80 rows 24; echo $$ > '{}'; exec '{}' '{}'",
            id.display(),
            env!("CARGO_BIN_EXE_unstuck"),
            draft.display()
        );
        let mut command = Command::new("script");
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env(name, state);
        }
        command.env("UNSTUCK_STATE", state).env("TERM", "xterm").env("SHELL", "/bin/sh");
        command.args(["-q", "-c", &inside, "/dev/null"]);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut terminal) = pipes.spawn() else {
            println!("skipped: there is no `script` (util-linux) to make a terminal");
            return None;
        };
        let (keys, mut output) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
        let (tell, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                tell.send(bytes[..read].to_vec()).ok();
            }
        });
        let mut held = Self { terminal, id: String::new(), keys, screen };
        // The desk asks what the terminal is, and waits for it.
        held.see("\x1b[c");
        held.keys.write_all(b"\x1b[?62c").unwrap();
        held.keys.flush().unwrap();
        held.id = fs::read_to_string(id).unwrap().trim().to_owned();
        Some(held)
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.id);
        // It may have ended by itself.
        Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status().unwrap();
    }

    /// Waits until the desk has drawn a word.
    fn see(&self, word: &str) {
        let mut seen = Vec::new();
        while !seen.windows(word.len()).any(|part| part == word.as_bytes()) {
            seen.extend(self.screen.recv_timeout(Duration::from_secs(60)).expect("a screen"));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.id.is_empty() {
            self.signal("KILL");
        }
        self.terminal.kill().ok();
        self.terminal.wait().ok();
    }
}

/// Even numbers from 0 to 1.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn killed_at_any_instant_it_has_what_was_typed() {
    let kills = std::env::var("UNSTUCK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let seed = std::env::var("UNSTUCK_SEED").ok().and_then(|n| n.parse().ok());
    let mut dice = seed.unwrap_or(7);
    let (mut worst, mut sum, mut keys, mut late) =
        (Duration::ZERO, Duration::ZERO, 0, Duration::ZERO);
    for kill in 0..kills {
        let folder = tempfile::tempdir().unwrap();
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        fs::write(&draft, "Lamps.\n").unwrap();
        let Some(mut held) = Held::start(&draft, &state) else { return };
        held.see("Lamps.");
        let until = Instant::now() + Duration::from_secs_f64(0.05 + 0.75 * random(&mut dice));
        let (mut typed, mut times) = (String::new(), Vec::new());
        // How much later than asked for this test itself was woken: what a loaded machine does to everyone.
        let mut stall = Duration::ZERO;
        for key in LINE.chars().cycle() {
            let now = Instant::now();
            if now >= until {
                break;
            }
            held.keys.write_all(&[key as u8]).unwrap();
            held.keys.flush().unwrap();
            typed.push(key);
            times.push(Instant::now());
            thread::sleep(PAUSE);
            stall = stall.max(now.elapsed().saturating_sub(PAUSE));
        }
        held.signal("KILL");
        let killed = Instant::now();
        held.terminal.wait().unwrap();
        let session = Session::resume(Some(&draft), &state, History::On).unwrap();
        let text = session.text().to_string();
        let kept = text.strip_prefix("Lamps.\n").expect("the file's text");
        assert!(typed.starts_with(kept), "kill {kill}: {kept:?} was never typed");
        assert_eq!(session.recovery().is_some(), !kept.is_empty(), "kill {kill}");
        assert_eq!(fs::read_to_string(&draft).unwrap(), "Lamps.\n");
        let lost = times.get(kept.len()).map_or(Duration::ZERO, |time| killed - *time);
        let bound = Duration::from_millis(250) + 4 * stall;
        assert!(lost <= bound, "kill {kill}: {lost:?} lost, {stall:?} stalled");
        (worst, sum, late) = (worst.max(lost), sum + lost, late.max(stall));
        keys += times.len();
    }
    println!(
        "{kills} kills in {keys} keys: at most {worst:?} lost, {:?} on average; this test was woken up to {late:?} late",
        sum / kills.max(1)
    );
}

#[test]
fn a_closed_terminal_loses_nothing() {
    for signal in ["HUP", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        fs::write(&draft, "Lamps.\n").unwrap();
        let Some(mut held) = Held::start(&draft, &state) else { return };
        held.see("Lamps.");
        held.keys.write_all(b"Zulu").unwrap();
        held.see("u");
        held.signal(signal);
        // The other screen is left: the terminal was given back in order.
        held.see("\x1b[?1049l");
        held.terminal.wait().unwrap();
        let session = Session::resume(Some(&draft), &state, History::On).unwrap();
        assert_eq!(session.text().to_string(), "Lamps.\nZulu", "{signal}");
    }
}
