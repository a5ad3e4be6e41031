//! Words of session, day, file and selection, goals, timed sessions, and offers for a writer who is stuck. The test sets
//! the clock.

use crate::support::desk::{Desk, Room, settings};
use std::{
    cell::Cell,
    fs,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use unstuck::tui::{Environment, Event, Settings};

/// Seconds since 1970 at the beginning of a Tuesday, 2026-03-03.
const TUESDAY: u64 = 1_772_496_000;
const DAY: u64 = 86_400;

/// A desk on a draft, with goals from TOML, and its clock.
fn desk(room: &Room, toml: &str, now: u64) -> (Desk, Arc<AtomicU64>) {
    let read: Settings = toml::from_str(toml).unwrap();
    let environment = Environment { state: Some(room.state.clone()), ..Environment::default() };
    let set = Settings { goals: read.goals, environment, offers: 1, ..settings() };
    let clock = Arc::new(AtomicU64::new(now));
    let mut session = room.session();
    let time = clock.clone();
    session.set_clock(move || {
        SystemTime::UNIX_EPOCH + Duration::from_secs(time.load(Ordering::SeqCst))
    });
    (Desk::new(session, &set, Vec::new()), clock)
}

fn last_row(desk: &mut Desk) -> String {
    desk.shown().lines().last().unwrap().to_owned()
}

#[test]
fn words_of_the_day_over_sessions_and_days() {
    let room = Room::new("One two.");
    let (mut one, _) = desk(&room, "goals.day = 10", TUESDAY);
    assert!(
        last_row(&mut one).contains(" 2 words · today 0 of 10 ░░░░░░░░"),
        "{}",
        last_row(&mut one)
    );
    one.steps(&[" three four five"]);
    assert!(last_row(&mut one).contains("today 3 of 10 ▓▓░░░░░░"), "{}", last_row(&mut one));
    one.steps(&["<ctrl-w>", "<ctrl-s>"]);
    drop(one);
    // The next session of the same day goes on, and says once that the goal is reached.
    let (mut two, clock) = desk(&room, "goals.day = 10\ngoals.streak = true", TUESDAY + 60);
    assert!(last_row(&mut two).contains("today 2 of 10"), "{}", last_row(&mut two));
    two.steps(&[" 1 2 3 4 5 6 7 8"]);
    assert!(last_row(&mut two).contains("Goal reached: 10 words today."), "{}", last_row(&mut two));
    two.steps(&["<esc>"]);
    assert!(last_row(&mut two).contains("1 day in a row"), "{}", last_row(&mut two));
    // The next day begins at midnight.
    clock.store(TUESDAY + DAY, Ordering::SeqCst);
    two.steps(&[" nine"]);
    assert!(last_row(&mut two).contains("today 1 of 10"), "{}", last_row(&mut two));
    two.steps(&["<alt-w>"]);
    let shown = two.shown();
    for row in [
        "today           1 of 10",
        "Tu █ We ▁",
        "best day        10, 3 Mar 2026",
        "days in a row   1",
    ] {
        assert!(shown.contains(row), "{row:?} in\n{shown}");
    }
    two.steps(&["<esc>", "<ctrl-s>"]);
    let kept = fs::read_to_string(room.state.join("words.json")).unwrap();
    assert_eq!(kept, r#"{"2026-03-03":10,"2026-03-04":1}"#);
}

#[test]
fn a_jump_and_another_draft_write_no_words() {
    let room = Room::new("One two three.");
    let (mut desk, _) = desk(&room, "goals.day = 100", TUESDAY);
    desk.steps(&[" four", "<ctrl-z>", " x y", "<alt-down>"]);
    let beside = desk.text();
    assert!(beside.contains("four"), "{beside}");
    desk.steps(&["<esc>"]);
    assert!(last_row(&mut desk).contains("today 2 of 100"), "{}", last_row(&mut desk));
}

#[test]
fn words_of_the_session_the_file_and_the_selection() {
    let room = Room::new("One two three four.");
    let (mut first, _) = desk(&room, "goals.session = 4", TUESDAY);
    first.steps(&[" five six"]);
    assert!(last_row(&mut first).contains("session 2 of 4 ▓▓▓▓░░░░"), "{}", last_row(&mut first));
    first.steps(&["<ctrl-shift-left>"]);
    assert!(last_row(&mut first).contains(" 1 of 6 words"), "{}", last_row(&mut first));
    let (mut scene, _) = desk(&Room::new("One two three four."), "goals.selection = 8", TUESDAY);
    scene.steps(&["<ctrl-a>"]);
    assert!(
        last_row(&mut scene).contains(" 4 of 8 ▓▓▓▓░░░░ selected of 4 words"),
        "{}",
        last_row(&mut scene)
    );
    first.steps(&["<ctrl-a>"]);
    assert!(last_row(&mut first).contains(" 6 of 6 words"), "{}", last_row(&mut first));
    first.steps(&["<esc>", "<ctrl-p>", "goal", "<enter>", "1,000", "<enter>"]);
    assert!(last_row(&mut first).contains("The goal of this draft: 1000 words."));
    drop(first);
    // The draft's goal is in its history.
    let (mut again, _) = desk(&room, "", TUESDAY);
    again.steps(&["<enter>", "<esc>"]);
    assert!(last_row(&mut again).contains(" 6 of 1000 words ░░░░░░░░"), "{}", last_row(&mut again));
    again.steps(&["<ctrl-p>", "goal", "<enter>", "x", "<enter>"]);
    assert!(last_row(&mut again).contains("Words of this draft"));
    assert!(again.shown().contains("Type a number of words"));
    again.steps(&["<esc>", "<ctrl-p>", "goal", "<enter>", "<ctrl-a>", "<backspace>", "<enter>"]);
    assert!(last_row(&mut again).contains("This draft has no goal."), "{}", last_row(&mut again));
}

#[test]
fn a_timed_session_ends_by_itself() {
    let room = Room::new("");
    let (mut desk, clock) = desk(&room, "goals.minutes = 2", TUESDAY);
    assert_eq!(desk.app.wait(), None);
    desk.steps(&["<ctrl-p>", "timer", "<enter>"]);
    assert!(last_row(&mut desk).contains("The timer runs for 2 minutes."));
    desk.steps(&["One two"]);
    assert!(last_row(&mut desk).contains("2 min left"), "{}", last_row(&mut desk));
    clock.store(TUESDAY + 61, Ordering::SeqCst);
    desk.app.handle(Event::Tick);
    assert!(last_row(&mut desk).contains("1 min left"), "{}", last_row(&mut desk));
    assert_eq!(desk.app.wait(), Some(Duration::from_millis(59_010)));
    clock.store(TUESDAY + 121, Ordering::SeqCst);
    desk.app.handle(Event::Tick);
    assert!(last_row(&mut desk).contains("Time: 2 minutes, 2 words."), "{}", last_row(&mut desk));
    assert_eq!(desk.app.wait(), None);
}

#[test]
fn who_is_stuck_gets_offers_only_where_they_were_asked_for() {
    let stuck = |settings: &Settings| {
        let asked = Rc::new(Cell::new((0, 0)));
        let mut desk = Desk::with("The lamp was ", settings);
        for _ in 0..5 {
            desk.steps(&["suddenly ", "<ctrl-w>"]);
        }
        desk.steps(&["x"]);
        asked.set((desk.asked.len(), 0));
        desk.steps(&["<esc>", "<esc>"]);
        desk.app.handle(Event::Stall);
        desk.steps(&["y"]);
        asked.set((asked.get().0, desk.asked.len() - asked.get().0));
        (desk.app.stall(), asked.get())
    };
    let mut on = Settings { offers: 1, ..settings() };
    // The stall is reported only where it is set.
    assert_eq!(stuck(&on).0, None);
    assert_eq!(stuck(&on).1.0, 0);
    (on.choosing.stall_seconds, on.choosing.delete_loop) = (30, true);
    let (stall, (by_loop, by_stall)) = stuck(&on);
    assert_eq!(stall, Some(Duration::from_secs(30)));
    assert!(by_loop > 0 && by_stall > 0, "{by_loop} {by_stall}");
}
