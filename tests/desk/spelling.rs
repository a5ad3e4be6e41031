//! Spelling: marks only when they are asked for, suggestions by one key, a dictionary of one's own, and the names of the
//! notes.

use crate::support::desk::{Desk, settings};
use ratatui::style::Modifier;
use std::{fs, path::Path};
use unstuck::{
    session::Session,
    tui::{Environment, Settings},
};

/// A desk with the dictionaries of the fixtures, and its settings in a folder.
fn desk(text: &str, folder: &Path) -> Desk {
    let environment = Environment {
        dictionaries: vec!["tests/fixtures/spelling".into()],
        language: "en_GB.UTF-8".into(),
        settings_file: Some(folder.join("unstuck.toml")),
        ..Environment::default()
    };
    let set = Settings { environment, offers: 1, ..settings() };
    let mut desk = Desk::new(Session::from_text(&text.replace('|', "")), &set, Vec::new());
    let at = text.chars().position(|c| c == '|').unwrap_or(text.chars().count());
    while desk.app.session().cursor() > at {
        desk.press("left");
    }
    desk
}

/// The underlined parts of the page.
fn marked(desk: &mut Desk) -> String {
    desk.draw();
    let cells = desk.cells().into_iter().skip(1).take(20).flatten();
    let shown = cells.map(|cell| match cell.modifier.contains(Modifier::UNDERLINED) {
        true => cell.symbol().to_owned(),
        false => " ".to_owned(),
    });
    shown.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

const TEXT: &str = "---\nttle: x\n---\nThe lampp was lit. <!-- lmp --> Nobody, Mara, weren’t owt.\n雨が e\u{301}t \tbooat |end";

#[test]
fn unknown_words_are_marked_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = desk(TEXT, folder.path());
    assert_eq!(marked(&mut desk), "");
    desk.steps(&["<ctrl-p>", "spelling", "<enter>"]);
    assert!(desk.shown().contains("Words that en_GB doesn't know are marked. Alt+. suggests"));
    desk.steps(&["<esc>"]);
    assert_eq!(marked(&mut desk), "lampp owt e\u{301}t booat end");
    // The word that is being typed is left alone.
    desk.steps(&["<ctrl-end>", " kno"]);
    assert_eq!(marked(&mut desk), "lampp owt e\u{301}t booat end");
    desk.steps(&[" "]);
    assert_eq!(marked(&mut desk), "lampp owt e\u{301}t booat end kno");
    // The names of the notes are known.
    desk.steps(&["<alt-n>", "<down>", "<down>", "owt, kno", "<esc>"]);
    assert_eq!(marked(&mut desk), "lampp e\u{301}t booat end");
    desk.steps(&["<ctrl-p>", "spelling", "<enter>", "<esc>"]);
    assert_eq!(marked(&mut desk), "");
}

#[test]
fn a_suggestion_is_one_key_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = desk("|The lampp was lit.\nThe booat.", folder.path());
    desk.steps(&["<alt-.>"]);
    assert_eq!(desk.text(), "The [lampp| was lit.\nThe booat.");
    assert!(desk.shown().contains(" ▸ lamp"), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert_eq!(desk.text(), "The lamp| was lit.\nThe booat.");
    // The next one, which is put into the dictionary.
    desk.steps(&["<alt-.>", "add", "<enter>"]);
    assert_eq!(desk.text(), "The lamp was lit.\nThe booat|.");
    let own = fs::read_to_string(folder.path().join("dictionary.txt")).unwrap();
    assert_eq!(own, "booat\n");
    desk.steps(&["<alt-.>"]);
    assert!(desk.shown().contains("The dictionary knows every word of this draft."));
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "The [lampp| was lit.\nThe booat.");
}

#[test]
fn after_the_last_unknown_word_comes_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = desk("The lampp was lit.\nnine|", folder.path());
    desk.steps(&["<alt-.>", "<esc>"]);
    assert_eq!(desk.text(), "The lampp| was lit.\nnine");
}

#[test]
fn without_a_dictionary_the_way_out_is_said() {
    let mut desk = Desk::on("The lampp.");
    desk.size(100, 24);
    desk.steps(&["<alt-.>"]);
    assert!(desk.shown().contains("No spelling: no dictionary is installed;"), "{}", desk.shown());
}

#[test]
fn the_next_unknown_word_is_never_in_front_matter_or_a_comment() {
    let folder = tempfile::tempdir().unwrap();
    let text = "|---\nttle: x\n---\nThe lamp <!-- lmp\nlmpp\nlamppp --> was litt.";
    let mut desk = desk(text, folder.path());
    desk.steps(&["<alt-.>"]);
    assert!(desk.shown().contains("litt"), "{}", desk.shown());
    let at =
        desk.app.session().selection().map_or(desk.app.session().cursor(), |range| range.start);
    let rest: String = desk.app.session().text().chars_at(at.saturating_sub(5)).collect();
    assert!(rest.contains("litt.") && !rest.contains("lamppp"), "{rest}");
    desk.steps(&["<esc>", "<ctrl-home>", "<ctrl-p>", "spelling", "<enter>", "<esc>"]);
    assert_eq!(marked(&mut desk), "litt");
}
