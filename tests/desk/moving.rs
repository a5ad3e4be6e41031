//! Moving about and selecting, paragraphs, headings, bookmarks, finding in all its ways, and the palette.

use crate::support::desk::{Desk, Room, check, settings};
use unstuck::{session::Session, tui::Settings};

#[test]
fn words_sentences_and_paragraphs() {
    check(&[
        ("One two. Three.|", &["<alt-a>"], "One two. |Three."),
        ("One two. Three.|", &["<alt-a>", "<alt-a>"], "|One two. Three."),
        ("|One two. Three.", &["<alt-e>"], "One two. |Three."),
        ("|One two. Three.", &["<alt-shift-e>"], "[One two. |Three."),
        ("|雨が降る。風が吹く。", &["<alt-e>"], "雨が降る。|風が吹く。"),
        // Larger and larger.
        ("a. One t|wo. b.\n\nc", &["<alt-u>"], "a. One [two|. b.\n\nc"),
        ("a. One t|wo. b.\n\nc", &["<alt-u>", "<alt-u>"], "a. [One two.| b.\n\nc"),
        ("a. One t|wo. b.\n\nc", &["<alt-u>", "<alt-u>", "<alt-u>"], "[a. One two. b.|\n\nc"),
        (
            "a. One t|wo. b.\n\nc",
            &["<alt-u>", "<alt-u>", "<alt-u>", "<alt-u>"],
            "[a. One two. b.\n\nc|",
        ),
        ("a\u{301}👨‍👩‍👧 e\u{301}te\u{301}|", &["<alt-u>"], "a\u{301}👨‍👩‍👧 [e\u{301}te\u{301}|"),
        ("שלום עולם|", &["<alt-u>"], "שלום [עולם|"),
        ("a\n|\nb", &["<alt-u>"], "[a\n\nb|"),
        // The motion is the same whether there is an offer or not.
        ("|one two", &["<ctrl-p>", "word right", "<enter>"], "one| two"),
        ("|a\n\nb", &["<ctrl-p>", "paragraph down", "<enter>"], "a\n\n|b"),
    ]);
}

#[test]
fn paragraphs_are_moved_and_duplicated() {
    check(&[
        ("one\n\ntw|o\n\nthree", &["<alt-shift-up>"], "tw|o\n\none\n\nthree"),
        ("one\n\ntw|o\n\nthree", &["<alt-shift-down>"], "one\n\nthree\n\ntw|o"),
        ("one\n\ntw|o\n\nthree", &["<alt-shift-up>", "<ctrl-z>"], "one\n\ntw|o\n\nthree"),
        ("one\n\ntw|o", &["<alt-shift-d>"], "one\n\ntwo\n\ntw|o"),
        ("\tone\n雨|", &["<alt-shift-up>"], "雨|\n\tone"),
    ]);
    let mut desk = Desk::on("one|");
    desk.steps(&["<alt-shift-up>"]);
    assert!(desk.shown().contains("There is no paragraph before this one."));
}

#[test]
fn places_to_go_to() {
    check(&[
        ("0123456789", &["<alt-g>", "40", "<enter>"], "0123|456789"),
        ("0123456789", &["<alt-g>", "100%", "<enter>"], "0123456789|"),
        ("a\n\nb\nc", &["<alt-g>", "p2", "<enter>"], "a\n\n|b\nc"),
        ("a\n\nb\nc", &["<alt-g>", "p9", "<enter>", "<esc>"], "a\n\nb\nc|"),
        ("a\n\nb\nc", &["<alt-g>", "200", "<enter>", "<esc>"], "a\n\nb\nc|"),
        ("a", &["<alt-g>", "x", "<esc>", "y"], "ay|"),
    ]);
}

const BOOK: &str = "---\ntitle: x\n---\n# The island\n\nOne two three.\n\n## Three rules\n\nFour five.\n\n* * *\n\nSix seven eight.\n\n# The end\n\nNine.";

#[test]
fn headings_and_scenes_are_a_list() {
    let mut desk = Desk::on(BOOK);
    desk.steps(&["<alt-h>"]);
    let shown = desk.shown();
    for row in [
        "   1            The island",
        "12 words",
        "   1.1          Three rules",
        "   1.1.1 scene  Six seven eight.",
        " ▸ 2            The end",
        "3 words ◂ here",
    ] {
        assert!(shown.contains(row), "{row:?} in\n{shown}");
    }
    desk.steps(&["rules", "<enter>"]);
    assert!(desk.text().contains("\n|## Three rules"), "{}", desk.text());
    let mut desk = Desk::on("No headings.");
    desk.steps(&["<alt-h>"]);
    assert!(desk.shown().contains("There is no heading or scene yet."));
}

#[test]
fn bookmarks_stay_with_their_text() {
    let room = Room::new("One.\n\nTwo.\n\nThree.");
    let mut desk = room.desk();
    desk.steps(&["<alt-j>"]);
    assert!(desk.shown().contains("There is no bookmark yet. Alt+K sets one."));
    desk.steps(&["<ctrl-home>", "<alt-k>"]);
    assert!(desk.shown().contains("Bookmark set. Alt+J comes back to it."));
    desk.steps(&["<ctrl-end>", "<alt-k>", "<ctrl-home>", "\n\nZero.\n"]);
    assert!(desk.shown().lines().any(|row| row.contains('◆') && row.contains("Three.")));
    desk.steps(&["<ctrl-home>", "<alt-j>"]);
    assert_eq!(desk.text(), "\n\nZero.\n|One.\n\nTwo.\n\nThree.");
    desk.steps(&["<alt-j>"]);
    assert_eq!(desk.text(), "\n\nZero.\nOne.\n\nTwo.\n\nThree.|");
    desk.steps(&["<alt-j>", "<alt-j>"]);
    drop(desk);
    // They are in the draft's history.
    let mut desk = room.desk();
    desk.steps(&["<enter>", "<ctrl-p>", "bookmarks", "<enter>"]);
    let shown = desk.shown();
    assert!(shown.contains("bookmarks · 2 of 2") && shown.contains("Three."), "{shown}");
    desk.steps(&["<enter>", "<alt-k>"]);
    assert!(desk.shown().contains("Bookmark removed."));
    desk.steps(&["<alt-j>", "<alt-j>"]);
    assert_eq!(desk.text(), "\n\nZero.\nOne.\n\nTwo.\n\nThree.|");
}

#[test]
fn found_as_a_whole_word_by_case_and_by_expression() {
    check(&[
        ("|lamps, Lamp", &["<ctrl-f>", "lamp", "<alt-w>"], "lamps, [Lamp|"),
        ("|Lamp, lamp", &["<ctrl-f>", "lamp", "<alt-c>"], "Lamp, [lamp|"),
        ("|one two", &["<ctrl-f>", "t.o$", "<alt-e>"], "one [two|"),
        // Off again.
        ("|lamps, Lamp", &["<ctrl-f>", "lamp", "<alt-w>", "<alt-w>"], "[lamp|s, Lamp"),
        (
            "|Mara Voss, Pell Ley",
            &["<ctrl-f>", r"(\w+) (\w+)", "<alt-e>", "<tab>", "$2 $1", "<alt-enter>", "<esc>"],
            "Voss Mara|, Ley Pell",
        ),
        // The next search is made in the same way.
        (
            "|lamps, lamp lamp",
            &["<ctrl-f>", "lamp", "<alt-w>", "<esc>", "<ctrl-f>", "<enter>"],
            "lamps, lamp [lamp|",
        ),
    ]);
    let mut desk = Desk::on("|lamps, Lamp");
    desk.size(100, 30);
    desk.steps(&["<ctrl-f>", "lamp", "<alt-w>", "<alt-c>"]);
    assert!(desk.shown().contains("not found · whole word, case"), "{}", desk.shown());
    desk.steps(&["<alt-e>", "("]);
    assert!(desk.shown().contains("! unclosed group"), "{}", desk.shown());
}

#[test]
fn a_replacement_is_seen_before_it_is_made() {
    let mut desk = Desk::on("|The lamps were out.\nThe lamp was lit.");
    desk.steps(&["<ctrl-f>", "lamp", "<tab>", "light"]);
    let shown = desk.shown();
    assert!(shown.contains("The [-lamp-]{+light+}s were out."), "{shown}");
    assert!(shown.contains("1 of 2"), "{shown}");
    desk.steps(&["<alt-v>"]);
    let shown = desk.shown();
    assert!(shown.contains("What replacing all would change"), "{shown}");
    assert!(shown.contains("The [-lamp-]{+light+} was lit."), "{shown}");
    desk.steps(&["<esc>", "<alt-enter>", "<esc>"]);
    assert_eq!(desk.text(), "The light|s were out.\nThe light was lit.");
}

#[test]
fn the_palette_knows_other_words_and_what_was_run_last() {
    let mut desk = Desk::on("a");
    for (typed, command) in [("count", "statistics"), ("author", "whose"), ("history", "branches")]
    {
        desk.steps(&["<ctrl-p>", typed]);
        let shown = desk.shown();
        assert!(shown.contains(&format!(" ▸ {command}")), "{typed}: {shown}");
        desk.steps(&["<esc>"]);
    }
    desk.steps(&["<ctrl-p>", "count", "<enter>", "<esc>", "<ctrl-p>"]);
    assert!(desk.shown().contains(" ▸ statistics"), "{}", desk.shown());
}

#[test]
fn the_model_is_off_in_a_draft_until_it_is_on() {
    let room = Room::new("One.");
    let off: &[&str] = &["<ctrl-p>", "model off", "<enter>"];
    let mut desk = room.desk();
    desk.steps(off);
    assert!(desk.shown().contains("the model is off"), "{}", desk.shown());
    desk.steps(&["<ctrl-space>"]);
    assert!(desk.shown().contains("The model is off. Run"), "{}", desk.shown());
    assert_eq!(desk.asked.len(), 0);
    drop(desk);
    let mut desk = room.desk();
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 0);
    desk.steps(off);
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 3);
}

#[test]
fn taking_stops_at_the_machines_share() {
    let mut settings = Settings { offers: 1, ..settings() };
    settings.choosing.machine_share = 50;
    let mut desk = Desk::with("One two three.", &settings);
    desk.steps(&["<ctrl-space>", "= Four| five| six.", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "One two three. Four five six.|");
    desk.steps(&["<ctrl-space>", "= Seven| eight.", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "One two three. Four five six.|");
    let said = "Not taken: the machine's share would be 62 % of the words, and your limit is 50 %.";
    assert!(desk.shown().replace("\n ", " ").contains("Not taken: the machine's share"), "{said}");
    // What the writer adds makes room.
    desk.steps(&[" a b", "<ctrl-space>", "= Nine| ten.", "=.", "<ctrl-right>"]);
    assert_eq!(desk.text(), "One two three. Four five six. a b Nine|");
}

#[test]
fn the_model_never_sees_front_matter_and_comments() {
    let mut desk = Desk::new(
        Session::from_text("---\ntitle: x\n---\nOne.\n% a plan\nTwo <!-- or three --> and"),
        &Settings { offers: 1, ..settings() },
        Vec::new(),
    );
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked[0].prompt, "One.\nTwo  and");
    let mut desk = Desk::on("---\ntitle: x\n---\n");
    desk.steps(&["<ctrl-space>"]);
    assert_ne!(desk.asked[0].prompt, "", "an opening, as on an empty page");
}
