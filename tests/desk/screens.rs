//! Snapshots of the whole screen at every size. The test acts as the model.

use crate::support::desk::{self, Desk, beside::entries};
use ratatui::{
    layout::Position,
    style::{Color, Modifier},
};
use std::time::{Duration, Instant};
use unstuck::{
    session::Session,
    tui::Settings,
    ui::{shelf::Word, theme::Depth, worker::News},
};

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 30), (160, 45), (40, 12), (30, 6)];

const ISLAND: &str = "There were three rules on the island. The first was that nobody spoke of the boat.\n\n\
                      The second was that the lamps were put out at nine, whether there was read";

/// One view at every size.
fn seen(name: &str, text: &str, steps: &[&str]) {
    for (width, height) in SIZES {
        let mut desk = Desk::on(text);
        desk.size(width, height);
        desk.steps(steps);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), desk.shown());
    }
}

#[test]
fn first_run() {
    seen("first_run", "", &[]);
}

#[test]
fn openings_stream() {
    let steps: &[&str] = &[
        "<ctrl-space>",
        "=2:, the lamps were put out at nine, whether there was reading to be done or not.",
        "=2:.",
        "=1: older than the chapel, and was carved",
        "<f6>",
        "<down>",
    ];
    seen("openings", "", steps);
}

#[test]
fn a_continuation_streams() {
    seen("streaming", ISLAND, &["<ctrl-space>", "=?0", "=ing| to| be| done| or| not.| It"]);
}

#[test]
fn typed_through_and_taken() {
    let steps: &[&str] = &[
        "<ctrl-space>",
        "=?0",
        "=ing| to| be| done| or| not.\n\n|The| third| was| never| written| down.",
        "=.",
        "ing",
        "<ctrl-right>",
        "<ctrl-right>",
    ];
    seen("taken", ISLAND, steps);
}

#[test]
fn a_word_that_does_not_agree() {
    seen("disagrees", ISLAND, &["<ctrl-space>", "=ing| to| be| done.", "=.", "y"]);
}

#[test]
fn help() {
    seen("help", ISLAND, &["<f1>", "<pagedown>"]);
}

#[test]
fn questions_and_errors() {
    seen("leave", ISLAND, &["x", "<ctrl-q>"]);
    seen("save_as", ISLAND, &["<alt-s>"]);
    seen("failed", ISLAND, &["<ctrl-space>", "=ing", "=!model.safetensors is torn"]);
}

#[test]
fn finding_and_replacing() {
    seen("find", ISLAND, &["<ctrl-f>", "the", "<enter>"]);
    seen("find_nothing", ISLAND, &["<ctrl-f>", "lighthouse"]);
    seen("replace", ISLAND, &["<ctrl-f>", "the", "<tab>", "that"]);
    seen("replaced", ISLAND, &["<ctrl-f>", "the", "<tab>", "that", "<alt-enter>"]);
    seen("find_beside_offers", ISLAND, &["<ctrl-space>", "=ing| to| be", "<ctrl-f>", "was"]);
}

#[test]
fn dials_and_presets() {
    seen("dials", ISLAND, &["<ctrl-d>", "<down>", "<right>"]);
    seen("presets", ISLAND, &["<ctrl-d>", "<right>", "<right>"]);
    seen("dialled", ISLAND, &["<ctrl-d>", "<end>", "<up>", "1234"]);
}

#[test]
fn models_to_choose_from() {
    for (width, height) in SIZES {
        let mut desk = Desk::on(ISLAND).with_shelf();
        desk.size(width, height);
        desk.press("ctrl-l");
        desk.shelf(Word::Listed(entries()));
        insta::assert_snapshot!(format!("models_{width}x{height}"), desk.shown());
    }
}

#[test]
fn where_the_model_begins_to_see() {
    seen("sight", ISLAND, &["<ctrl-space>", "=?38", "=ing"]);
}

#[test]
fn strange_text_stays_in_its_cells() {
    let strange = "雨が降っていた。帰ろうと思ったが、傘がない。\n\n👨‍👩‍👧‍👦 e\u{301} \u{1b}[31mred\u{7}\u{202e}\tx\n";
    seen("strange", strange, &["<ctrl-space>", "= \u{1b}]0;x\u{7}ok 雨"]);
}

#[test]
fn nothing_moves_when_an_offer_comes() {
    for (width, height) in SIZES {
        for rows in 0..60 {
            let mut desk = Desk::on(&"line\n".repeat(rows));
            desk.size(width, height);
            let cursor = |desk: &mut Desk| {
                desk.draw();
                desk.screen.get_cursor_position().unwrap()
            };
            let before = cursor(&mut desk);
            desk.steps(&["<ctrl-space>"]);
            assert_eq!(cursor(&mut desk), before, "{rows} rows at {width}x{height}, asked");
            desk.steps(&["= and| so| on| and| on\n| and| on", "=."]);
            assert_eq!(cursor(&mut desk), before, "{rows} rows at {width}x{height}, offered");
            desk.steps(&["<esc>", "<esc>"]);
            assert_eq!(cursor(&mut desk), before, "{rows} rows at {width}x{height}, put away");
        }
    }
}

#[test]
fn the_window_follows_the_cursor_by_as_little_as_it_must() {
    let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
    let mut desk = Desk::on(&text);
    let first = |desk: &mut Desk| desk.shown().lines().nth(2).map(str::trim).map(str::to_owned);
    let top = first(&mut desk);
    // Up to the margin nothing moves, and typing moves nothing either.
    desk.steps(&["<up>", "<up>", "x", "<backspace>", "<left>"]);
    assert_eq!(first(&mut desk), top);
    for _ in 0..40 {
        desk.step("<up>");
        desk.draw();
    }
    let above = first(&mut desk);
    assert_ne!(above, top);
    desk.steps(&["<down>", "y", "<ctrl-z>", "<ctrl-y>"]);
    assert_eq!(first(&mut desk), above);
}

#[test]
fn machine_text_is_marked_without_colour() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamps", "<ctrl-right>"]);
    let buffer = desk.screen.backend().buffer();
    let look = |x: u16| buffer.cell(Position::new(x, 2)).unwrap().modifier;
    // 4 cells of margin, then `boat. The lamps`.
    assert_eq!(look(4), Modifier::empty());
    assert_eq!(look(11), Modifier::ITALIC);
    assert_eq!(look(15), Modifier::ITALIC | Modifier::DIM);
}

#[test]
fn what_is_found_is_marked_without_colour() {
    let mut desk = Desk::on("no lamp, lamp, lamp");
    desk.steps(&["<home>", "<ctrl-f>", "lamp"]);
    let buffer = desk.screen.backend().buffer();
    let look = |x: u16| buffer.cell(Position::new(x, 2)).unwrap().modifier;
    let found = Modifier::UNDERLINED | Modifier::BOLD;
    assert_eq!((look(4), look(11)), (Modifier::empty(), Modifier::empty()));
    assert_eq!((look(7), look(13), look(22)), (found | Modifier::REVERSED, found, found));
}

#[test]
fn colours_are_the_themes() {
    let settings =
        Settings { theme: "paper".into(), depth: Depth::True, ..crate::support::desk::settings() };
    let mut desk = Desk::new(Session::from_text("boat."), &settings, Vec::new());
    desk.draw();
    let cell = desk.screen.backend().buffer().cell(Position::new(4, 2)).unwrap().clone();
    assert_eq!((cell.fg, cell.bg), (Color::Rgb(0x2b, 0x2a, 0x27), Color::Rgb(0xf7, 0xf4, 0xec)));
    // A theme that doesn't exist is said, and the desk opens in another.
    let settings = Settings { theme: "papper".into(), ..desk::settings() };
    let mut desk = Desk::new(Session::from_text("boat."), &settings, Vec::new());
    assert!(desk.shown().contains("! there is no theme `papper`"));
}

#[test]
fn the_model_is_waited_for_in_words() {
    let (sender, _requests) = std::sync::mpsc::channel();
    let settings = desk::settings();
    let app = unstuck::tui::App::new(Session::new(), &settings, vec![], 1, sender).unwrap();
    let mut desk = Desk::on("");
    desk.app = app;
    assert!(desk.shown().contains("the model is loading"));
    desk.news(News::Gone("No model: config.json is missing.".into()));
    assert!(desk.shown().contains("! No model: config.json is missing."));
    desk.press("esc");
    assert!(desk.shown().contains("no model"));
}

/// Keys in a novel and in one endless paragraph. The bound is far above what is measured (less than a millisecond), for
/// slow machines.
#[test]
fn a_key_is_on_the_screen_at_once() {
    let novel = "He had been writing the same page, for eleven days in a row.\n\n".repeat(16_000);
    let endless = novel.replace('\n', " ");
    for text in [novel, endless] {
        let mut desk = Desk::on(&text);
        desk.size(160, 45);
        const KEYS: [&str; 6] = ["x", "<up>", "<left>", " ", "<backspace>", "<pageup>"];
        let mut least = [Duration::MAX; KEYS.len()];
        for _ in 0..50 {
            for (key, least) in KEYS.iter().zip(&mut least) {
                let start = Instant::now();
                desk.step(key);
                desk.draw();
                *least = start.elapsed().min(*least);
            }
        }
        // The shortest time of each key: what other programs do at the same time isn't measured.
        assert!(least.iter().all(|time| time.as_millis() < 8), "{least:?}");
    }
}

/// Three offers of one question, as `design/desk.md` draws them: typed through the first as far as `reading`.
#[test]
fn three_offers_stream() {
    let text =
        "There were three rules on the island. The first was that nobody spoke of the boat.\n\n";
    let steps: &[&str] = &[
        "<ctrl-space>",
        "=2:?0",
        "=1:The second was older than the chapel, and was carved",
        "=0:Nobody had ever written down the second.",
        "=0:.",
        "=2:The second was that the lamps were put out at nine, whether there was reading to be done or not.",
        "The second was that the lamps were put out at nine, whether there was read",
    ];
    for (width, height) in SIZES {
        let mut desk = Desk::with(text, &desk::settings());
        desk.size(width, height);
        desk.steps(steps);
        insta::assert_snapshot!(format!("three_{width}x{height}"), desk.shown());
        desk.steps(&["<shift-tab>", "<alt-p>", "<ctrl-r>"]);
    }
}
