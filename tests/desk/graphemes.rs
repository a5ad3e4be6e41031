//! The cursor moves and deletes by grapheme clusters: CJK, combining marks, joined emoji, right-to-left text, tabs.

use crate::support::desk::{Desk, check};

#[test]
fn the_cursor_moves_by_whole_graphemes() {
    check(&[
        ("雨が|降る", &["<right>"], "雨が降|る"),
        ("雨が|降る", &["<left>", "<backspace>"], "|が降る"),
        ("|e\u{301}te\u{301}", &["<right>"], "e\u{301}|te\u{301}"),
        ("e\u{301}te\u{301}|", &["<left>"], "e\u{301}t|e\u{301}"),
        ("e\u{301}te\u{301}|", &["<backspace>"], "e\u{301}t|"),
        ("|👨‍👩‍👧‍👦 x", &["<right>"], "👨‍👩‍👧‍👦| x"),
        ("👨‍👩‍👧‍👦| x", &["<backspace>"], "| x"),
        ("|👨‍👩‍👧‍👦 x", &["<delete>"], "| x"),
        ("a🇩🇪|🇫🇷", &["<delete>", "<left>", "<delete>"], "a|"),
        ("|👍🏽b", &["<right>", "<right>"], "👍🏽b|"),
        ("|שלום עולם", &["<right>", "<right>"], "של|ום עולם"),
        ("שָׁלוֹם|", &["<left>", "<left>", "<left>", "<left>"], "|שָׁלוֹם"),
        ("|नमस्ते", &["<right>", "<right>", "<delete>"], "नम|"),
        ("|\tx\t", &["<right>", "<right>", "<right>"], "\tx\t|"),
        ("\t\t|", &["<backspace>"], "\t|"),
        ("|각각", &["<shift-right>", "<delete>"], "|각"),
    ]);
}

/// Whatever the text, every place that keys lead to is between two graphemes, and left undoes right.
#[test]
fn every_way_through_mixed_text_stays_on_boundaries() {
    use unicode_segmentation::UnicodeSegmentation;
    let text = "雨e\u{301} 👨‍👩‍👧‍👦\tשָׁלוֹם 🇩🇪🇫🇷 नमस्ते\n각 \u{200d}x 👍🏽\r\nend";
    let mut bounds: Vec<usize> = text
        .graphemes(true)
        .scan(0, |at, grapheme| {
            *at += grapheme.chars().count();
            Some(*at)
        })
        .collect();
    bounds.insert(0, 0);
    for width in [160, 40] {
        let mut desk = Desk::on(text);
        desk.size(width, 24);
        desk.step("<ctrl-home>");
        for expected in &bounds[1..] {
            desk.steps(&["<right>"]);
            assert_eq!(desk.app.session().cursor(), *expected);
        }
        for expected in bounds.iter().rev().skip(1) {
            desk.steps(&["<left>"]);
            assert_eq!(desk.app.session().cursor(), *expected);
        }
        for n in 0..60 {
            let keys = [
                "<down>",
                "<right>",
                "<up>",
                "<end>",
                "<ctrl-left>",
                "<home>",
                "<pagedown>",
                "<pageup>",
            ];
            desk.steps(&[keys[n * 7 % 8], "<right>"]);
            assert!(bounds.contains(&desk.app.session().cursor()));
        }
    }
}
