//! Opening any generated token, choosing an alternative, and continuing from there. The test acts as the worker.

use crate::support::desk::Desk;
use unstuck::{generate::Seen, session::Author, ui::worker::News};

/// `boat.` by the writer, ` The lamps went` by the machine, ` out.` by the writer.
fn drafted() -> Desk {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The lamps went", "=.", "<alt-enter>", " out."]);
    desk
}

const OTHERS: &[&str] = &[" bells", " lamps", " boats", " \u{fffd}"];

#[test]
fn another_token_is_taken_and_the_model_goes_on_from_there() {
    let mut desk = drafted();
    // The cursor goes into `lamps`.
    desk.steps(&["<ctrl-left>", "<ctrl-left>", "<ctrl-left>", "<right>", "<ctrl-t>"]);
    let look = &desk.looked[0].1;
    assert_eq!(
        (look.before.as_str(), look.span.as_str(), look.at),
        ("boat.", " The lamps went", 6)
    );
    desk.see(4..10, OTHERS);
    // The one that stands there is chosen at first.
    desk.steps(&["<up>", "<enter>"]);
    // What the machine wrote after it is gone, what the writer wrote is not.
    assert_eq!(desk.text(), "boat. The bells| out.");
    assert_eq!(desk.asked.last().unwrap().prompt, "boat. The bells");
    let authors: Vec<_> = desk.app.session().authors(0..20).map(|(_, author)| author).collect();
    assert_eq!(authors, [Author::Unknown, Author::Machine, Author::Writer]);
    desk.steps(&["= rang", "<ctrl-right>"]);
    assert_eq!(desk.text(), "boat. The bells rang| out.");
    desk.steps(&["<ctrl-z>", "<ctrl-z>"]);
    assert!(desk.text().replace('|', "") == "boat. The lamps went out.");
}

#[test]
fn arrows_go_to_the_words_beside_it_and_esc_changes_nothing() {
    let mut desk = drafted();
    let text = desk.text();
    desk.steps(&["<ctrl-left>", "<left>", "<ctrl-t>"]);
    assert_eq!(desk.looked[0].1.at, 14);
    desk.see(10..15, OTHERS);
    desk.step("<left>");
    assert_eq!(desk.looked[1].1.at, 9);
    // The answer to the question before comes late, and is let go.
    let late = desk.looked[0].0;
    let seen = Seen { token: 0..4, rank: 1, logprob: 0.0, vocabulary: 9, top: Vec::new() };
    desk.news(News::Seen(late, seen));
    desk.step("<enter>");
    desk.see(4..10, OTHERS);
    desk.step("<right>");
    assert_eq!(desk.looked[2].1.at, 10);
    desk.steps(&["x", "<esc>"]);
    assert_eq!(desk.text().replace('|', ""), text.replace('|', ""));
    // An answer after it was closed opens nothing.
    desk.see(10..15, OTHERS);
    desk.step("!");
    assert!(desk.text().contains("!|"));
}

/// The writer's words are tokens too. Only the token is replaced, and nothing is asked for.
#[test]
fn the_writers_own_token_is_opened_in_its_paragraph() {
    let mut desk = Desk::on("One.\r\nThe “old| boat” was gone.\n");
    desk.step("<ctrl-t>");
    let look = &desk.looked[0].1;
    // The model is given straight quotes, and line ends as it knows them.
    assert_eq!(
        (look.before.as_str(), look.span.as_str(), look.at),
        ("One.\n", "The \"old boat\" was gone.", 8)
    );
    desk.see(8..13, &[" boat", " ship"]);
    assert!(desk.shown().contains("Enter put it here"), "{}", desk.shown());
    desk.steps(&["<down>", "<enter>"]);
    assert_eq!(desk.text(), "One.\r\nThe “old ship|” was gone.\n");
    assert!(desk.asked.is_empty());
    let authors: Vec<_> = desk.app.session().authors(6..20).map(|(_, author)| author).collect();
    assert_eq!(authors, [Author::Unknown, Author::Machine, Author::Unknown]);
    desk.step("<ctrl-z>");
    assert!(desk.text().replace('|', "").contains("old boat"));
    // At the end of a paragraph it is the last token.
    let mut desk = Desk::on("One.");
    desk.step("<ctrl-t>");
    assert_eq!(desk.looked[0].1.at, 3);
}

#[test]
fn what_can_not_be_opened_says_so() {
    let mut desk = Desk::on("\n\nboat.");
    desk.steps(&["<ctrl-home>", "<ctrl-t>"]);
    assert!(desk.looked.is_empty() && desk.shown().contains("There is no word here"));
    let mut desk = drafted();
    desk.steps(&["<ctrl-left>", "<left>", "<ctrl-t>"]);
    desk.news(News::Failed(desk.looked[0].0, "it is torn".into()));
    assert!(desk.shown().contains("! This word can't be opened: it is torn."));
    desk.steps(&["<esc>", "<ctrl-t>"]);
    desk.see(4..10, OTHERS);
    // Half a character is no text.
    desk.steps(&["<down>", "<down>", "<down>", "<enter>"]);
    assert!(desk.shown().contains("part of a character"));
    assert_eq!(desk.text().replace('|', ""), "boat. The lamps went out.");
}

#[test]
fn it_is_seen() {
    for (width, height) in [(80, 24), (120, 30), (40, 12)] {
        let mut desk = drafted();
        desk.size(width, height);
        desk.steps(&["<ctrl-left>", "<ctrl-left>", "<ctrl-left>", "<right>", "<ctrl-t>"]);
        desk.see(4..10, OTHERS);
        insta::assert_snapshot!(format!("token_{width}x{height}"), desk.shown());
    }
}
