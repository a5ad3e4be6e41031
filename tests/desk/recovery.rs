//! The desk after a crash, with a second desk, and with another program on the same draft: one question, nothing
//! lost.

use crate::support::desk::Room;
use std::fs;
use unstuck::{session::Author, tui::Event, ui::signals::Signal};

#[test]
fn one_question_after_a_crash() {
    let room = Room::new("Lamps.");
    let mut desk = room.crashed();
    let shown = desk.shown();
    assert!(shown.contains("Recovered 2 words that were not saved ("), "{shown}");
    assert!(shown.contains("Enter keep them  d difference  Esc the saved file"), "{shown}");
    assert_eq!(desk.text(), "Lamps. One two.|");
    desk.steps(&["<d>"]);
    assert!(desk.shown().contains("Lamps.{+ One two.+}"), "{}", desk.shown());
    desk.steps(&["<esc>", "<left>"]);
    assert!(desk.shown().contains("Recovered 2 words"), "moving about is no answer");
    desk.steps(&["<enter>"]);
    assert!(desk.shown().contains("Kept. Ctrl+S saves it."));
    desk.steps(&["<ctrl-s>"]);
    assert_eq!(room.on_disk(), "Lamps. One two.");
    drop(desk);
    assert!(!room.desk().shown().contains("Recovered"));
}

#[test]
fn the_saved_file_opens_and_the_rest_stays() {
    let room = Room::new("Lamps.");
    let mut desk = room.crashed();
    desk.steps(&["<esc>"]);
    assert_eq!(desk.text(), "Lamps.|");
    drop(desk);
    let mut desk = room.desk();
    assert!(!desk.shown().contains("Recovered"), "asked once");
    desk.steps(&["<ctrl-y>"]);
    assert_eq!(desk.text(), "Lamps. One two.|");
}

#[test]
fn who_writes_on_has_kept_it() {
    for (step, text) in
        [(" So", "Lamps. One two. So|"), ("^ So", "Lamps. One two. So|"), ("<ctrl-z>", "Lamps. |")]
    {
        let room = Room::new("Lamps.");
        let mut desk = room.crashed();
        desk.steps(&[step]);
        assert!(!desk.shown().contains("Recovered"));
        let left = desk.text();
        assert!(left == text || step == "<ctrl-z>" && left.len() < 16, "{left}");
    }
}

#[test]
fn who_leaves_is_asked_again() {
    let room = Room::new("Lamps.");
    let mut desk = room.crashed();
    desk.steps(&["<ctrl-q>"]);
    assert!(desk.app.is_over());
    drop(desk);
    assert!(room.desk().shown().contains("Recovered 2 words"));
}

#[test]
fn a_draft_without_a_name_comes_back_too() {
    let room = Room::new("");
    room.untitled().steps(&["A lamp."]);
    let mut desk = room.untitled();
    assert!(desk.shown().contains("Recovered 2 words"));
    assert!(desk.shown().contains("Esc an empty page"));
    desk.steps(&["<esc>", "<ctrl-q>"]);
    assert!(desk.app.is_over());
    drop(desk);
    let mut desk = room.untitled();
    assert_eq!(desk.text(), "|");
    desk.steps(&["<ctrl-y>"]);
    assert_eq!(desk.text(), "A lamp.|");
}

#[test]
fn leaving_without_saving_keeps_a_branch() {
    let room = Room::new("Lamps.");
    let mut desk = room.desk();
    desk.steps(&[" Out.", "<ctrl-q>", "<l>"]);
    assert!(desk.app.is_over());
    drop(desk);
    assert_eq!(room.on_disk(), "Lamps.");
    let mut desk = room.desk();
    assert_eq!(desk.text(), "Lamps.|");
    assert!(!desk.shown().contains("Recovered"));
    desk.steps(&["<ctrl-y>"]);
    assert_eq!(desk.text(), "Lamps. Out.|");
}

#[test]
fn a_second_desk_only_shows_it() {
    let room = Room::new("Lamps.");
    let mut first = room.desk();
    let mut second = room.desk();
    assert!(second.shown().contains("draft.md is open in another unstuck"), "{}", second.shown());
    second.steps(&["<esc>", "x"]);
    assert_eq!(second.text(), "Lamps.|");
    assert!(second.shown().contains("is open in another unstuck"));
    first.steps(&["x", "<ctrl-s>"]);
    assert_eq!(room.on_disk(), "Lamps.x");
    second.steps(&["<ctrl-q>"]);
    assert!(second.app.is_over());
}

#[test]
fn another_program_is_never_overwritten_silently() {
    let asked = "draft.md was changed by another program.";
    let room = Room::new("Lamps.");
    let mut desk = room.desk();
    desk.steps(&[" Mine."]);
    fs::write(&room.draft, "Lamps. Theirs.").unwrap();
    desk.focus();
    assert!(desk.shown().contains(asked), "{}", desk.shown());
    desk.steps(&["k"]);
    assert_eq!(desk.text(), "Lamps. Mine.k|", "it is said, not asked: typing types");
    desk.steps(&["<backspace>", "<esc>", "<ctrl-s>"]);
    assert!(desk.shown().contains(asked));
    desk.steps(&["<d>"]);
    assert!(desk.shown().contains("[-Theirs-]{+Mine+}"), "{}", desk.shown());
    desk.steps(&["<esc>", "<esc>"]);
    assert_eq!(room.on_disk(), "Lamps. Theirs.");

    desk.steps(&["<ctrl-s>", "<r>"]);
    assert_eq!(desk.text().replace('|', ""), "Lamps. Theirs.");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "Lamps. Mine.|");

    fs::write(&room.draft, "Lamps. Theirs again.").unwrap();
    desk.steps(&["<ctrl-s>", "<k>"]);
    assert_eq!(room.on_disk(), "Lamps. Mine.");
    let texts: Vec<_> =
        desk.app.session().branches().into_iter().map(|branch| branch.text).collect();
    assert!(texts.iter().any(|text| text.contains("again")), "theirs is a branch: {texts:?}");
    drop(desk);
    assert!(!room.desk().shown().contains("Recovered"));
}

#[test]
fn a_signal_loses_nothing_and_asks_nothing() {
    let room = Room::new("Lamps.");
    let mut desk = room.desk();
    desk.steps(&[" One", "<ctrl-space>", "= two| three"]);
    desk.app.handle(Event::Signal(Signal::End));
    assert!(desk.app.is_over());
    drop(desk);
    let mut desk = room.desk();
    assert!(desk.shown().contains("Recovered 1 word that was"), "{}", desk.shown());
    let offers: Vec<_> =
        desk.app.session().branches().into_iter().filter(|row| row.source.is_some()).collect();
    assert_eq!(offers[0].text, "two three", "the offer that was streaming is kept");
}

#[test]
fn asks_offers_and_takes_are_in_the_history() {
    let room = Room::new("Lamps.");
    let mut desk = room.desk();
    desk.steps(&[
        "<ctrl-space>",
        "=2: One| two.",
        "=2:.",
        "<ctrl-right>",
        "<alt-r>",
        "= Three",
        "<esc>",
    ]);
    drop(desk);
    let desk = room.desk();
    let session = desk.app.session();
    assert_eq!(session.text(), "Lamps. One");
    let (authors, at) = (session.authors(0..10).collect::<Vec<_>>(), 6);
    assert_eq!(authors, [(0..at, Author::Unknown), (at..10, Author::Machine)]);
    let asked = session.request(0).unwrap();
    assert_eq!((asked.at, &asked.details["model"]), (6, &"inkwell".into()));
    assert_eq!(asked.details["sampling"]["seed"], 100);
    assert_eq!(session.request(3).unwrap().details["sampling"]["seed"], 103);
    let rows: Vec<_> = session.branches().into_iter().map(|row| (row.text, row.source)).collect();
    let sources: Vec<_> =
        rows.iter().filter_map(|(text, source)| Some((text.as_str(), (*source)?))).collect();
    let found: Vec<_> =
        sources.iter().map(|(text, source)| (*text, source.request, source.number)).collect();
    // What was not taken of the offer is still to be found.
    assert_eq!(found, [("One two.", 0, 1), ("Three", 3, 1), ("One", 0, 1)]);
}
