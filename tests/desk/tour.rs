//! The tour: three steps on a copy of an example, each left by doing it or by Esc.

use crate::support::desk::{Desk, settings};
use unstuck::{
    session::Session,
    tui::{Environment, Settings},
};

fn last_row(desk: &mut Desk) -> String {
    desk.shown().lines().last().unwrap().to_owned()
}

/// The desk of `unstuck tour`.
fn tour() -> Desk {
    let environment = Environment { tour: true, ..Environment::default() };
    let set = Settings { environment, offers: 2, ..settings() };
    Desk::new(Session::new(), &set, Vec::new())
}

#[test]
fn each_step_is_left_by_doing_it() {
    let mut desk = tour();
    assert!(desk.shown().contains("Mara kept the light on Skerry"), "{}", desk.shown());
    assert!(last_row(&mut desk).contains("1 of 3: Write a line of your own."));
    desk.steps(&["It was in pencil."]);
    assert!(last_row(&mut desk).contains("2 of 3: Ctrl+Space asks"), "{}", last_row(&mut desk));
    desk.steps(&["<ctrl-space>"]);
    desk.steps(&["= It| was| Tomas's|.", "=.", "=1: Nobody| else| had| a| pencil|.", "=1:."]);
    desk.steps(&["<ctrl-down>"]);
    assert!(desk.text().contains("pencil. Nobody else had a pencil."), "{}", desk.text());
    assert!(last_row(&mut desk).contains("3 of 3: F3 opens the map."), "{}", last_row(&mut desk));
    desk.steps(&["<f3>", "<up>", "<up>"]);
    assert!(desk.shown().contains("initial text and you"), "{}", desk.shown());
    let map = desk.shown();
    desk.steps(&["<enter>"]);
    assert!(!desk.text().contains("Nobody else"), "{map}\n{}", desk.shown());
    assert!(desk.shown().contains("That was the tour."), "{}", desk.shown());
    desk.steps(&["x"]);
    assert!(!last_row(&mut desk).contains("of 3"), "{}", last_row(&mut desk));
}

#[test]
fn each_step_is_left_by_esc_and_the_palette_begins_it_again() {
    let mut desk = tour();
    for step in ["1 of 3", "2 of 3", "3 of 3"] {
        assert!(last_row(&mut desk).contains(step), "{}", last_row(&mut desk));
        desk.steps(&["<esc>"]);
    }
    assert!(desk.shown().contains("That was the tour."), "{}", desk.shown());
    // A draft with text stays open behind it.
    let mut desk = Desk::on("My own page.");
    desk.steps(&["<ctrl-p>", "tutorial", "<enter>"]);
    assert!(last_row(&mut desk).contains("1 of 3"), "{}", last_row(&mut desk));
    assert!(!desk.shown().contains("My own page."));
    desk.steps(&["<alt-o>"]);
    assert!(
        desk.shown().contains("My own page") || desk.shown().contains("untitled"),
        "{}",
        desk.shown()
    );
}

#[test]
fn no_step_is_longer_than_a_narrow_screen() {
    let mut desk = tour();
    desk.size(80, 24);
    for end in ["Esc goes on.", "takes a sentence.", "Enter goes back."] {
        assert!(last_row(&mut desk).contains(end), "{}", last_row(&mut desk));
        desk.steps(&["<esc>"]);
    }
}
