//! How the page looks: width, focus, typewriter scrolling, Markdown; and quotes and dashes while typing.

use crate::support::desk::{Desk, info, settings};
use ratatui::style::Modifier;
use unstuck::{
    session::Session,
    tui::Settings,
    ui::{theme::Depth, worker::News},
};

/// A desk with settings from TOML, under `[desk]`.
fn desk(text: &str, toml: &str) -> Desk {
    let read: Settings = toml::from_str(toml).unwrap();
    let set = Settings { choosing: settings().choosing, depth: Depth::True, offers: 1, ..read };
    let mut desk = Desk::new(Session::from_text(text), &set, Vec::new());
    desk.news(News::Loaded(info()));
    desk
}

/// The parts of the page with a modifier, row by row.
fn parts(desk: &mut Desk, modifier: Modifier) -> Vec<String> {
    desk.draw();
    let rows = desk.cells().into_iter().skip(2).take(16).map(|row| {
        let cells = row.into_iter().filter(|cell| cell.modifier.contains(modifier));
        cells.map(|cell| cell.symbol()).collect::<String>()
    });
    rows.map(|row| row.trim().to_owned()).filter(|row| !row.is_empty()).collect()
}

#[test]
fn the_page_is_as_wide_as_it_is_set() {
    let words = "word ".repeat(40);
    let widest = |desk: &mut Desk| {
        let shown = desk.shown();
        let rows = shown.lines().filter(|row| row.contains("word word"));
        rows.map(|row| row.trim().chars().count()).max().unwrap()
    };
    let mut narrow = desk(&words, "page.width = 30");
    assert!((24..=30).contains(&widest(&mut narrow)));
    narrow.steps(&["<ctrl-p>", "wider", "<enter>"]);
    assert!((29..=34).contains(&widest(&mut narrow)));
    narrow.steps(&["<ctrl-p>", "narrower", "<enter>", "<ctrl-p>", "narrower", "<enter>"]);
    assert!(widest(&mut narrow) <= 26);
    let mut margin = desk(&words, "page.margin = 20");
    assert!(widest(&mut margin) <= 40);
    // However large the margin, some text stays.
    let mut large = desk(&words, "page.margin = 40");
    large.size(60, 12);
    assert!(widest(&mut large) >= 14);
}

#[test]
fn the_cursors_row_stays_where_it_is() {
    let text: String = (1..=60).map(|n| format!("Line {n}.\n")).collect();
    let mut desk = desk(&text, "");
    desk.steps(&["<ctrl-p>", "typewriter", "<enter>"]);
    let row = |desk: &mut Desk| {
        desk.draw();
        ratatui::backend::Backend::get_cursor_position(desk.screen.backend_mut()).unwrap().y
    };
    let first = row(&mut desk);
    for _ in 0..20 {
        desk.press("up");
        assert_eq!(row(&mut desk), first);
    }
    desk.steps(&["<ctrl-p>", "typewriter", "<enter>", "<up>", "<up>"]);
    assert_eq!(row(&mut desk), first - 2);
}

#[test]
fn paragraphs_are_set_apart_on_the_screen_alone() {
    let text = "One two.\nThree four.\n\nFive.";
    let mut desk = desk(text, "page.paragraphs = 'indented'");
    assert!(desk.shown().contains("       One two.\n       Three four.\n\n       Five."));
    // Up and down keep the column.
    desk.steps(&["<ctrl-home>", "<down>"]);
    assert_eq!(desk.text(), "One two.\n|Three four.\n\nFive.");
    desk.steps(&["<ctrl-p>", "paragraphs", "<enter>", "<esc>"]);
    assert!(
        desk.shown().contains("    One two.\n\n    Three four.\n\n    Five."),
        "{}",
        desk.shown()
    );
    // The empty row is stepped over, and a key writes where the cursor is seen.
    desk.steps(&["<ctrl-home>", "<right>", "<down>"]);
    assert_eq!(desk.text(), "One two.\nT|hree four.\n\nFive.");
    desk.steps(&["<down>", "<down>"]);
    assert_eq!(desk.text(), "One two.\nThree four.\n\nF|ive.");
    desk.steps(&["<up>", "<up>", "<up>"]);
    assert_eq!(desk.text(), "O|ne two.\nThree four.\n\nFive.");
    desk.steps(&["<ctrl-end>", " Six"]);
    assert!(desk.shown().contains("    Five. Six"));
    desk.steps(&["<ctrl-p>", "paragraphs", "<enter>", "<esc>"]);
    assert!(desk.shown().contains("    One two.\n    Three four.\n\n    Five. Six"));
}

#[test]
fn a_spaced_page_scrolls_through_all_of_it() {
    let text: String = (1..=80).map(|n| format!("Line {n}.\n")).collect();
    let mut desk = desk(&text, "page.paragraphs = 'spaced'");
    for n in (1..=80).rev() {
        desk.press("up");
        desk.draw();
        assert!(desk.text().contains(&format!("|Line {n}.")), "{n}");
        assert!(desk.sees_cursor(), "{n}");
    }
    for n in 2..=80 {
        desk.press("down");
        desk.draw();
        assert!(desk.text().contains(&format!("|Line {n}.")), "{n}");
        assert!(desk.sees_cursor(), "{n}");
    }
    desk.steps(&["<pageup>", "<pageup>", "<pagedown>", "<ctrl-home>", "<pagedown>"]);
    assert!(desk.sees_cursor());
}

#[test]
fn the_sentence_or_the_paragraph_is_lit() {
    let mut desk = desk("One. Two three.\n\nFour.", "");
    desk.steps(&["<ctrl-home>"]);
    let colours = |desk: &mut Desk| {
        desk.draw();
        let cells = desk.cells().into_iter().flatten();
        let mut found = Vec::new();
        for letter in ["O", "T", "F"] {
            let cell = cells
                .clone()
                .find(|cell| cell.symbol() == letter && cell.fg != ratatui::style::Color::Reset);
            found.push(cell.map(|cell| cell.fg));
        }
        found
    };
    let plain = colours(&mut desk);
    desk.steps(&["<alt-z>", "<esc>"]);
    let sentence = colours(&mut desk);
    assert_eq!(sentence[0], plain[0]);
    assert_ne!(sentence[1], plain[1]);
    desk.steps(&["<alt-z>", "<esc>"]);
    let paragraph = colours(&mut desk);
    assert_eq!(paragraph[..2], plain[..2]);
    assert_ne!(paragraph[2], plain[2]);
    desk.steps(&["<alt-z>", "<esc>"]);
    assert_eq!(colours(&mut desk), plain);
}

#[test]
fn markdown_has_a_style_and_nothing_is_hidden() {
    let text = "# The *island*\n\n- One **two** three\n\n雨 *é* _x_y [the map](a.md)";
    let mut shown = desk(text, "");
    assert_eq!(parts(&mut shown, Modifier::BOLD), ["# The *island*", "-**two**"]);
    assert_eq!(parts(&mut shown, Modifier::ITALIC), ["*é*"]);
    assert_eq!(parts(&mut shown, Modifier::UNDERLINED), ["[the map]"]);
    for line in text.lines() {
        assert!(shown.shown().contains(line), "{line}");
    }
    let mut off = desk(text, "page.markdown = false");
    assert!(parts(&mut off, Modifier::BOLD).is_empty());
}

#[test]
fn quotes_and_dashes_are_typed_as_chosen() {
    for (toml, text, typed, expected) in [
        ("", "", "\"a\" 'b' -- ...", "\"a\" 'b' -- ...|"),
        ("page.quotes = 'english'", "", "\"Don't 'so',\" he", "“Don’t ‘so’,” he|"),
        ("page.quotes = 'german'", "", "\"So 'so'\"", "„So ‚so‘“|"),
        ("page.quotes = 'french'", "", "\"So\"", "«\u{202f}So\u{202f}»|"),
        ("page.dashes = true", "", "a--b c...", "a—b c…|"),
        // A rule of Markdown stays.
        ("page.dashes = true", "", "---", "---|"),
        ("page.dashes = true", "a\n", "---", "a\n---|"),
    ] {
        let mut desk = desk(text, toml);
        desk.steps(&[typed]);
        assert_eq!(desk.text(), expected, "{toml}");
    }
    let mut dashes = desk("", "page.dashes = true");
    dashes.steps(&["a--", "<ctrl-z>"]);
    assert_eq!(dashes.text(), "a-|");
    let mut next = desk("", "");
    next.steps(&["<ctrl-p>", "quotes", "<enter>", "\"a\""]);
    assert_eq!(next.text(), "“a”|");
}

#[test]
fn an_offer_is_typed_through_with_curly_quotes() {
    let mut desk = desk("She said “yes”. He said", "page.quotes = 'english'");
    desk.steps(&["<ctrl-space>", "= “no”.", "=.", " \"no"]);
    assert_eq!(desk.text(), "She said “yes”. He said “no|");
    assert_eq!(desk.asked.len(), 1);
    assert!(desk.shown().contains("He said “no”."), "{}", desk.shown());
}
