//! Where a draft is saved, and the questions before it: another text in the file, a folder that doesn't exist, a name
//! with a full stop, a home folder.

use crate::support::desk::{Desk, Room, settings};
use std::{fs, path::PathBuf};
use unstuck::{
    session::Session,
    tui::{Environment, Settings},
};

/// A desk on `name.md` in a new folder, which is the home folder, too.
fn at_home(name: &str) -> (tempfile::TempDir, Desk) {
    let home = tempfile::tempdir().unwrap();
    let environment =
        Environment { home: Some(home.path().to_path_buf()), ..Environment::default() };
    let settings = Settings { environment, ..settings() };
    let session = Session::open(&home.path().join(name)).unwrap();
    (home, Desk::new(session, &settings, Vec::new()))
}

fn save_as(desk: &mut Desk, name: &str) {
    desk.steps(&["<alt-s>", "<ctrl-u>", "<home>", "<ctrl-k>", name, "<enter>"]);
}

#[test]
fn a_text_that_does_not_come_from_the_file_s_asks_first() {
    let room = Room::new("");
    let mut desk = room.desk();
    desk.steps(&["<ctrl-space>", "=2: An early offer", "=2:.", "<esc>", "<esc>"]);
    desk.steps(&["One two three four five.", "<ctrl-s>", "<f3>"]);
    // The map marks the text of the file. The first offer is above it.
    assert!(desk.shown().contains("■ the file"), "{}", desk.shown());
    desk.steps(&["<up>", "<enter>"]);
    assert!(desk.text().ends_with(" An early offer|"), "{}", desk.text());
    assert!(desk.shown().contains("Ctrl+Z goes back"), "{}", desk.shown());
    desk.steps(&["<ctrl-s>"]);
    let shown = desk.shown();
    assert!(shown.contains("draft.md has another text (5 words)"), "{shown}");
    assert_eq!(room.on_disk(), "One two three four five.");
    desk.steps(&["<esc>", "<f3>"]);
    assert!(desk.shown().contains("◂ before the jump"), "{}", desk.shown());
    desk.steps(&["<esc>", "<ctrl-z>"]);
    assert_eq!(desk.text(), "One two three four five.|");
    // The same text needs no question; to the first page and on it is asked until the writer says so.
    desk.steps(&["<ctrl-s>"]);
    for _ in 0..9 {
        desk.steps(&["<ctrl-z>"]);
    }
    desk.steps(&["<ctrl-s>"]);
    assert!(desk.shown().contains("this page (0 words)"), "{}", desk.shown());
    desk.steps(&["<f>"]);
    assert_eq!(desk.text().replace('|', ""), "One two three four five.");
    desk.steps(&["<ctrl-z>", "<ctrl-s>", "<s>"]);
    assert_eq!(room.on_disk(), "");
    desk.steps(&["<ctrl-s>", "x", "<ctrl-s>"]);
    assert_eq!(room.on_disk(), "x", "what comes from the saved text is saved at once");
}

/// The text of a file with mixed line ends has them; the model is asked as about the same text with LF.
#[test]
fn the_model_sees_no_carriage_return() {
    let mixed = "The lamp went out.\r\nShe rose.\n\r\nThe rain came, and";
    let prompt = |text: &str| {
        let mut desk = Desk::on(text);
        desk.steps(&["<ctrl-space>"]);
        desk.asked[0].prompt.clone()
    };
    assert_eq!(prompt(mixed), prompt(&mixed.replace('\r', "")));
    assert!(!prompt(mixed).contains('\r'));
}

#[test]
fn a_tilde_is_the_home_folder() {
    let (home, mut desk) = at_home("a.md");
    desk.steps(&["one"]);
    save_as(&mut desk, "~/letters.md");
    assert_eq!(fs::read_to_string(home.path().join("letters.md")).unwrap(), "one");
    save_as(&mut desk, "~nobody-of-this-name/x.md");
    let shown = desk.shown();
    assert!(shown.contains("there is no user `nobody-of-this-name`"), "{shown}");
}

#[test]
fn a_missing_folder_is_made_after_a_question() {
    let (home, mut desk) = at_home("nope/deeper/x.md");
    assert!(desk.shown().contains("doesn't exist yet"), "{}", desk.shown());
    desk.steps(&["one", "<ctrl-s>"]);
    assert!(desk.shown().contains("There is no folder"), "{}", desk.shown());
    desk.steps(&["<esc>"]);
    assert!(!home.path().join("nope").exists());
    desk.steps(&["<ctrl-s>", "<enter>"]);
    let path = |name: &str| -> PathBuf { home.path().join(name) };
    assert_eq!(fs::read_to_string(path("nope/deeper/x.md")).unwrap(), "one");
    save_as(&mut desk, "~/more/other.md");
    assert!(desk.shown().contains("make it and save"), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert_eq!(fs::read_to_string(path("more/other.md")).unwrap(), "one");
    assert!(desk.shown().contains("Saved other.md."), "{}", desk.shown());
}

#[test]
fn a_name_with_a_full_stop_keeps_the_extension() {
    for (typed, name) in [
        ("notes v1.2", "notes v1.2.md"),
        ("notes", "notes.md"),
        ("notes.txt", "notes.txt"),
        ("notes.TEX", "notes.TEX"),
        ("St. Ives", "St. Ives.md"),
        ("Mr.Pell", "Mr.Pell.md"),
        ("2.0.1", "2.0.1.md"),
    ] {
        let (home, mut desk) = at_home("a.md");
        desk.steps(&["one", "<alt-s>", typed, "<enter>"]);
        assert!(home.path().join(name).exists(), "{typed}: {}", desk.shown());
    }
}

/// Leaving asks once, whatever there is to decide.
#[test]
fn leaving_never_asks_twice() {
    let leaving = |desk: &mut Desk| {
        desk.steps(&["<ctrl-q>"]);
        let shown = desk.shown();
        assert!(shown.contains("l leave unsaved") && shown.contains("Esc stay"), "{shown}");
        assert!(!desk.app.is_over());
        shown
    };
    // The page doesn't come from the file's text.
    let departed = || {
        let room = Room::new("One two.");
        let mut desk = room.desk();
        desk.steps(&[" Three.", "<ctrl-s>", "<ctrl-z>"]);
        (room, desk)
    };
    let (room, mut desk) = departed();
    assert!(leaving(&mut desk).contains("draft.md has another text (3 words)"));
    desk.steps(&["<s>"]);
    assert!(desk.app.is_over());
    assert_eq!(room.on_disk(), "One two.");
    let (room, mut desk) = departed();
    leaving(&mut desk);
    desk.steps(&["<l>"]);
    assert!(desk.app.is_over());
    assert_eq!(room.on_disk(), "One two. Three.");
    // Another program changed the file.
    let room = Room::new("One.");
    let mut desk = room.desk();
    desk.steps(&["x"]);
    fs::write(&room.draft, "Two.").unwrap();
    assert!(leaving(&mut desk).contains("changed by another program"));
    desk.steps(&["<k>"]);
    assert!(desk.app.is_over());
    assert_eq!(room.on_disk(), "One.x");
    // There is no folder.
    let (home, mut desk) = at_home("nope/x.md");
    desk.steps(&["one"]);
    assert!(leaving(&mut desk).contains("There is no folder"));
    desk.steps(&["<enter>"]);
    assert!(desk.app.is_over());
    assert_eq!(fs::read_to_string(home.path().join("nope/x.md")).unwrap(), "one");
}

#[test]
fn a_file_that_is_saved_over_stays_as_a_branch() {
    let (home, mut desk) = at_home("a.md");
    fs::write(home.path().join("b.md"), "Chapter one.").unwrap();
    fs::write(home.path().join("c.md"), b"\xff\xfe\xff").unwrap();
    desk.steps(&["mine"]);
    save_as(&mut desk, "~/c.md");
    assert!(desk.shown().contains("It isn't text"), "{}", desk.shown());
    desk.steps(&["<esc>", "<esc>"]);
    save_as(&mut desk, "~/b.md");
    assert!(desk.shown().contains("Its text (2 words) would stay"), "{}", desk.shown());
    desk.steps(&["<o>", "<f3>"]);
    let shown = desk.shown();
    assert!(shown.contains("b.md before it was replaced"), "{shown}");
    desk.steps(&["/", "Chapter", "<enter>"]);
    assert_eq!(desk.text().replace('|', ""), "Chapter one.");
    assert_eq!(fs::read_to_string(home.path().join("b.md")).unwrap(), "mine");
    // What is no file is refused by name.
    fs::create_dir(home.path().join("folder")).unwrap();
    save_as(&mut desk, "~/folder");
    assert!(desk.shown().contains("is a folder; name a file in it"), "{}", desk.shown());
}
