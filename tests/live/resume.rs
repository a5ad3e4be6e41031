//! Tests of a show that is resumed after a crash.

use super::*;
use crate::support::desk::{Room, settings};
use std::{fs, path::PathBuf, time::SystemTime};
use unstuck::tui::{Environment, Event, Settings};

/// The wall clock when a show begins, in seconds since 1970.
const EVENING: u64 = 1_795_000_000;

/// A show on a room's draft, `later` seconds after the first one began.
fn show(room: &Room, later: u64) -> Air {
    let mut session = room.session();
    session.set_clock(move || SystemTime::UNIX_EPOCH + Duration::from_secs(EVENING + later));
    let environment = Environment { state: Some(room.state.clone()), ..Environment::default() };
    Air::with(session, gear(RUNDOWN), &Settings { environment, ..settings() })
}

fn saved(room: &Room) -> Option<PathBuf> {
    let shows = fs::read_dir(&room.state).ok()?;
    shows
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "show"))
}

/// The terminal is closed in the middle of a show, as it is for a program that is killed.
fn crash(mut air: Air) {
    air.desk.app.handle(Event::Signal(unstuck::ui::signals::Signal::End));
}

#[test]
fn after_a_crash_the_show_goes_on_where_it_was() {
    let room = Room::new("Notes.");
    let mut air = show(&room, 0);
    air.keys("c n space");
    air.say(0, &[" It", " was", " the", " Grimble", " sea", "."]);
    air.end(0);
    air.pass(20_000);
    air.keys("left left x");
    air.keys("/");
    air.typed("What does the sea owe?");
    air.keys("enter");
    air.say(0, &[" Nothing", " at", " all", "."]);
    air.pass(1_000);
    air.keys("space m");
    let (chapters, _) = chapters(&room);
    crash(air);
    assert!(saved(&room).is_some());

    let mut air = show(&room, 600);
    let shown = air.read();
    assert!(shown.contains("prompt 3/3 “What does the sea”"), "{shown}");
    assert!(shown.contains("owe? Nothing") && !shown.contains("all."), "{shown}");
    assert!(shown.contains("resumed"), "{shown}");
    // The recording went on meanwhile.
    assert!(air.desk.shown().contains("● 00:10:21"), "{}", air.desk.shown());
    // The prompt before it has its take; the word that was bleeped still is.
    air.keys("p end");
    assert!(air.read().contains("It was the ███████ sea."), "{}", air.read());
    // The take can be rolled again from any of its tokens.
    air.keys("left left left r");
    assert!(
        air.desk.asked[0].prompt.ends_with("opened the door. It was the"),
        "{}",
        air.desk.asked[0].prompt
    );
    air.keys("m");
    let (same, text) = self::chapters(&room);
    assert_eq!(same, chapters, "one chapters file");
    assert!(text.starts_with("00:00:00.000 ") && text.lines().count() == 3, "{text}");
    // The draft has each prompt once.
    air.keys("f8");
    let draft = air.desk.app.session().text().to_string();
    for heading in ["## the keeper", "## What does the sea"] {
        assert_eq!(draft.matches(heading).count(), 1, "{draft}");
    }
}

/// The chapters file of the room's show, and its text.
fn chapters(room: &Room) -> (PathBuf, String) {
    let files = fs::read_dir(room.draft.parent().unwrap()).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.to_string_lossy().ends_with(".chapters.txt")).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    (file, text)
}

#[test]
fn a_show_that_was_quit_or_is_old_begins_anew() {
    let room = Room::new("Notes.");
    let mut air = show(&room, 0);
    air.keys("n space");
    drop(air);
    assert!(saved(&room).is_none(), "a show that ends leaves nothing");
    let mut air = show(&room, 60);
    assert!(air.read().contains("prompt 1/2"), "{}", air.read());
    air.keys("n");
    crash(air);
    let mut air = show(&room, 60 + 13 * 3600);
    assert!(air.read().contains("prompt 1/2"), "{}", air.read());
}

#[test]
fn a_saved_show_that_cannot_be_used_is_none() {
    let room = Room::new("Notes.");
    let mut air = show(&room, 0);
    air.keys("n");
    crash(air);
    let file = saved(&room).unwrap();
    let whole = fs::read(&file).unwrap();
    for end in (0..whole.len()).step_by(whole.len() / 8) {
        fs::write(&file, &whole[..end]).unwrap();
        let mut air = show(&room, 1);
        assert!(air.read().contains("prompt 1/2"), "{}", air.read());
        crash(air);
    }
    // The rundown has changed: the prompt that was on the screen is gone.
    let text = String::from_utf8(whole).unwrap().replace("The keeper opened", "The keeper closed");
    fs::write(&file, text).unwrap();
    let mut air = show(&room, 1);
    assert!(air.read().contains("prompt 1/2"), "{}", air.read());
}
