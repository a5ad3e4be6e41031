//! What is seen on air, at every size and without colour: snapshots of the whole screen.

use super::*;
use ratatui::style::Modifier;
use unstuck::ui::theme::{Depth, Themes};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

const SAID: &[&str] = &[
    " that", " the", " lamps", " were", " put", " out", " at", " nine", ",", " whether", " there",
    " was", " reading", " to", " be", " done", " or", " not", ".", " Nobody", " had", " ever",
    " bloody", " written", " the", " fucking", " rule", " down", ".",
];

/// One view at every size.
fn seen(name: &str, play: impl Fn(&mut Air)) {
    for (width, height) in SIZES {
        let mut air = Air::show();
        air.desk.size(width, height);
        play(&mut air);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), air.desk.shown());
    }
}

#[test]
fn a_prompt_before_it_is_rolled() {
    seen("prompt", |_| {});
}

#[test]
fn words_come() {
    seen("rolling", |air| {
        air.keys("c space");
        air.say(0, SAID);
        air.pass(9_000);
    });
}

#[test]
fn all_is_said() {
    seen("end", |air| {
        air.keys("space");
        air.say(0, SAID);
        air.end(0);
        air.pass(60_000);
    });
}

#[test]
fn large_letters() {
    seen("large", |air| {
        air.keys("z space");
        air.say(0, SAID);
        air.pass(4_000);
    });
}

#[test]
fn takes_side_by_side_with_the_writers() {
    seen("sides", |air| {
        air.keys("w");
        air.typed("that the dog was never to be fed from the table.");
        air.keys("enter 3");
        air.say(2, SAID);
        air.say(1, &[" older", " than", " the", " chapel", ",", " and", " was", " carved"]);
        air.say(0, &[" never", " written", " down", "."]);
        air.end(0);
        air.pass(6_000);
        air.keys("down");
    });
}

#[test]
fn the_dice() {
    seen("dice", |air| {
        air.keys("space");
        air.say(0, SAID);
        air.keys("right right right t down");
    });
}

#[test]
fn a_guests_prompt() {
    seen("guest", |air| {
        air.keys("/");
        air.typed("What does the fucking sea owe to the sh");
    });
}

#[test]
fn keys_and_nothing() {
    seen("keys", |air| air.keys("?"));
    seen("blank", |air| air.keys("b"));
}

#[test]
fn an_empty_draft_says_what_to_do() {
    let mut air = Air::new(Session::new(), gear(""));
    assert!(air.read().contains("/ takes a prompt."), "{}", air.read());
    air.keys("space");
    assert!(air.desk.asked.is_empty());
}

#[test]
fn every_state_fits_every_size() {
    for width in [1, 2, 7, 20, 33, 80, 250] {
        for height in [1, 2, 3, 5, 9, 24, 70] {
            let mut air = Air::show();
            air.desk.size(width, height);
            air.keys("c space");
            air.say(0, SAID);
            air.pass(3_000);
            air.keys("t z esc z 3 w");
            air.typed("雨が降っていた 👨‍👩‍👧‍👦 e\u{301}");
            air.keys("enter down z enter ? esc b b /");
            air.desk.size(height, width);
            air.keys("esc n m");
        }
    }
}

#[test]
fn machine_words_are_told_apart_in_every_theme_and_without_colour() {
    for (theme, _) in Themes::default().list() {
        for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
            let settings =
                unstuck::tui::Settings { theme: theme.clone(), depth, ..desk::settings() };
            let mut air = Air::with(Session::new(), gear(RUNDOWN), &settings);
            air.keys("space");
            air.say(0, SAID);
            air.keys("right right");
            air.desk.draw();
            let cells = air.desk.screen.backend().buffer().content();
            let bold = cells
                .iter()
                .filter(|cell| cell.modifier.contains(Modifier::BOLD) && cell.symbol() != " ");
            let plain = cells
                .iter()
                .filter(|cell| !cell.modifier.contains(Modifier::BOLD) && cell.symbol() != " ");
            assert!(bold.count() >= 7 && plain.count() > 40, "{theme} {depth:?}");
            if depth == Depth::None {
                assert!(
                    cells.iter().all(|cell| cell.fg == ratatui::style::Color::Reset),
                    "{theme}"
                );
            }
        }
    }
}
