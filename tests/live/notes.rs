//! Tests of what a show leaves behind: the draft, the history, the markers.

use super::*;
use desk::Room;
use std::{fs, time::SystemTime};
use unstuck::session::Author;

#[test]
fn the_draft_reads_as_the_show_went() {
    let mut air = Air::new(Session::from_text("Notes."), gear(RUNDOWN));
    air.keys("space");
    air.say(0, &[" that", " nobody", " slept", "."]);
    air.end(0);
    air.pass(5_000);
    air.keys("w");
    air.typed("that the dog was never fed.");
    air.keys("enter n space");
    air.say(0, &[" It", " was", " the", " sea", "."]);
    air.end(0);
    air.pass(10_000);
    // Back to the first: another take is kept at the first one's position.
    air.keys("p home r");
    air.say(0, &[" older", "."]);
    air.end(0);
    air.pass(5_000);
    air.keys("f8");
    let session = air.desk.app.session();
    assert_eq!(
        session.text().to_string(),
        "Notes.\n\n## three rules\n\nThere were three rules on the island. The second was older.\n\n\
         The writer: that the dog was never fed.\n\n## the keeper\n\nThe keeper opened the door. It was the sea."
    );
    // The authorship of the words is known, and every take is a branch.
    let machine: String = session
        .authors(0..session.text().len_chars())
        .filter(|(_, author)| *author == Author::Machine)
        .map(|(range, _)| session.text().slice(range).to_string())
        .collect();
    assert_eq!(machine, " older. It was the sea.");
    let texts =
        (0..100).filter_map(|revision| session.text_at(revision)).map(|text| text.to_string());
    assert!(texts.into_iter().any(|text| text.contains("The second was that nobody slept.")));
    let asked = session.request(0).unwrap();
    assert_eq!(asked.details["sampling"]["logprobs"], 10);
    assert!(asked.details["seeds"][0].is_u64());
}

#[test]
fn a_draft_goes_on_where_it_ends_and_only_what_was_shown_is_taken() {
    let mut air = Air::new(Session::from_text("The boat was gone."), gear(""));
    air.keys("space");
    assert_eq!(air.desk.asked[0].prompt, "The boat was gone.");
    air.say(0, &[" The", " oars", " were", " not", "."]);
    air.keys("right right f8");
    assert_eq!(air.desk.app.session().text().to_string(), "The boat was gone. The oars");
    let branches = air.desk.app.session().branches();
    assert!(
        branches.iter().any(|branch| branch.text.contains("The oars were not.")),
        "{branches:?}"
    );
}

#[test]
fn what_happened_on_air_outlives_the_program() {
    let room = Room::new("The boat.");
    {
        let mut air = Air::new(room.session(), gear(RUNDOWN));
        air.keys("space");
        air.say(0, &[" that", " it", " sank", "."]);
        air.end(0);
        air.pass(5_000);
        air.keys("n");
        // No regular exit, as after a crash.
    }
    let session = room.session();
    assert!(session.recovery().is_some());
    assert!(session.text().to_string().ends_with("The second was that it sank."));
    assert_eq!(room.on_disk(), "The boat.");
}

#[test]
fn a_draft_that_is_open_elsewhere_still_makes_a_show() {
    let room = Room::new("The boat.");
    let _other = room.session();
    let mut air = Air::new(room.session(), gear(RUNDOWN));
    assert!(air.desk.shown().contains("nothing of the show is saved"), "{}", air.desk.shown());
    air.keys("space");
    air.say(0, &[" that", " it", " sank", "."]);
    air.end(0);
    air.pass(5_000);
    assert!(air.read().contains("was that it sank."));
    air.keys("n p f8");
    assert_eq!(air.desk.app.session().text().to_string(), "The boat.");
}

#[test]
fn markers_go_to_a_chapters_file_beside_the_draft() {
    let room = Room::new("The boat.");
    let mut session = room.session();
    session.set_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let mut air = Air::new(session, gear(RUNDOWN));
    air.keys("c");
    air.pass(61_250);
    air.keys("m space");
    air.say(0, &[" that", " it", " fucking", " sank", "."]);
    air.end(0);
    air.pass(5_000);
    air.keys("m");
    assert!(air.desk.shown().contains("Marker 2 at 00:01:06"), "{}", air.desk.shown());
    let folder = room.draft.parent().unwrap();
    let files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".chapters.txt"))
        .collect();
    assert_eq!(files, ["draft-2026-11-18-110640.chapters.txt"]);
    let text = fs::read_to_string(folder.join(&files[0])).unwrap();
    assert_eq!(
        text,
        "00:00:00.000 three rules\n00:01:01.250 three rules\n00:01:06.250 three rules: …second was that it ███████ sank.\n"
            .replace("…second was that", "…that")
    );
    // The clock is paused and resumed.
    air.keys("c");
    air.pass(30_000);
    air.keys("c m");
    assert!(fs::read_to_string(folder.join(&files[0])).unwrap().contains("\n00:01:06.250 three"));
}

#[test]
fn the_first_marker_starts_a_clock_that_nobody_started() {
    let mut air = Air::show();
    air.keys("m");
    assert!(air.desk.shown().contains("It isn't saved"), "{}", air.desk.shown());
    air.pass(3_000);
    assert!(air.desk.shown().contains("● 00:00:03"), "{}", air.desk.shown());
}
