//! The real program in a terminal of its own, killed while someone types: what is lost is never more than the last
//! quarter of a second. `UNSTUCK_KILLS=200 cargo test --release --test program kill -- --nocapture` tells figures.

use crate::support::{skipped, terminal::Terminal};
use std::{
    fs, thread,
    time::{Duration, Instant},
};
use unstuck::session::{History, Session};

const LINE: &str =
    "The second was that the lamps were put out at nine, whether there was reading or not. ";
const NO_SCRIPT: &str = "there is no `script` (util-linux) to open a terminal";
/// Between two keys: some 250 a second, far more than anyone types.
const PAUSE: Duration = Duration::from_millis(4);

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
        let Some(mut terminal) = Terminal::start(&draft, &state) else { return skipped(NO_SCRIPT) };
        terminal.see("Lamps.");
        let until = Instant::now() + Duration::from_secs_f64(0.05 + 0.75 * random(&mut dice));
        let (mut typed, mut times) = (String::new(), Vec::new());
        // How much later than asked for this test itself was woken: what a loaded machine does to everyone.
        let mut stall = Duration::ZERO;
        for key in LINE.chars().cycle() {
            let now = Instant::now();
            if now >= until {
                break;
            }
            terminal.press(&key.to_string());
            typed.push(key);
            times.push(Instant::now());
            thread::sleep(PAUSE);
            stall = stall.max(now.elapsed().saturating_sub(PAUSE));
        }
        // And how long the program itself waited for a processor.
        let waited = terminal.waited();
        terminal.signal("KILL");
        let killed = Instant::now();
        terminal.ended();
        let session = Session::resume(Some(&draft), &state, History::On).unwrap();
        let text = session.text().to_string();
        let kept = text.strip_prefix("Lamps.\n").expect("the file's text");
        assert!(typed.starts_with(kept), "kill {kill}: {kept:?} was never typed");
        assert_eq!(session.recovery().is_some(), !kept.is_empty(), "kill {kill}");
        assert_eq!(fs::read_to_string(&draft).unwrap(), "Lamps.\n");
        let lost = times.get(kept.len()).map_or(Duration::ZERO, |time| killed - *time);
        let bound = Duration::from_millis(250) + 4 * stall + waited;
        assert!(lost <= bound, "kill {kill}: {lost:?} lost, {stall:?} stalled, {waited:?} waited");
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
        let Some(mut terminal) = Terminal::start(&draft, &state) else { return skipped(NO_SCRIPT) };
        terminal.see("Lamps.");
        terminal.press("Zulu");
        terminal.see("Zulu");
        terminal.signal(signal);
        assert!(terminal.ended(), "{signal}: the terminal was given back");
        let session = Session::resume(Some(&draft), &state, History::On).unwrap();
        assert_eq!(session.text().to_string(), "Lamps.\nZulu", "{signal}");
    }
}

/// While the program is stopped, keys wait in the terminal and the signal waits for the program: whichever it looks at
/// first, the keys are in the draft.
#[test]
fn keys_that_wait_when_it_is_told_to_end_are_kept() {
    for (signal, size) in [("TERM", 4), ("HUP", 300), ("TERM", 1000), ("INT", 4000)] {
        let folder = tempfile::tempdir().unwrap();
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        fs::write(&draft, "Lamps.\n").unwrap();
        let Some(mut terminal) = Terminal::start(&draft, &state) else { return skipped(NO_SCRIPT) };
        terminal.see("Lamps.");
        terminal.stop();
        let typed: String = LINE.chars().cycle().take(size).collect();
        terminal.press(&typed);
        terminal.unread(size);
        terminal.signal(signal);
        terminal.signal("CONT");
        assert!(terminal.ended(), "{signal}: the terminal was given back");
        let session = Session::resume(Some(&draft), &state, History::On).unwrap();
        assert_eq!(session.text().to_string(), format!("Lamps.\n{typed}"), "{signal}, {size}");
    }
}

/// A terminal that pastes key by key, or a stalled machine: more than the program reads at once, and nothing after it.
#[test]
fn keys_that_wait_are_all_read() {
    let folder = tempfile::tempdir().unwrap();
    let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
    fs::write(&draft, "Lamps.\n").unwrap();
    let Some(mut terminal) = Terminal::start(&draft, &state) else { return skipped(NO_SCRIPT) };
    terminal.see("Lamps.");
    terminal.stop();
    terminal.press(&format!("{:x<3990} Zulu", ""));
    terminal.unread(3995);
    terminal.signal("CONT");
    terminal.see("Zulu");
}

#[test]
fn the_page_is_there_before_the_terminal_answers_and_keys_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
    fs::write(&draft, "Lamps.\n").unwrap();
    let Some(mut terminal) = Terminal::start_silent(&draft, &state) else {
        return skipped(NO_SCRIPT);
    };
    terminal.see("Lamps.");
    terminal.press("No ");
    terminal.answer();
    terminal.press("more ");
    terminal.see("No more");
}
