//! Typing through an offer: matching letters consume it, others make it be generated anew. Taking an offer that no
//! longer matches starts a branch. A pause brings a line. The test acts as the worker.

use crate::support::desk::{Desk, settings};
use ratatui::{layout::Position, style::Modifier};
use unstuck::{
    generate::Prefix,
    session::Kind,
    tui::{Event, Settings},
};

fn prompts(desk: &Desk) -> Vec<&str> {
    desk.asked.iter().map(|ask| ask.prompt.as_str()).collect()
}

#[test]
fn a_different_letter_decodes_anew_under_what_is_typed() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamps", " So"]);
    // The space agreed; the S did not, and the o came before anything was there for the S.
    assert_eq!(prompts(&desk), ["boat.", "boat. S", "boat. So"]);
    assert!(desk.asked.iter().all(|ask| ask.prefix == Prefix::Characters));
    assert_eq!(desk.stopped, [desk.asked[1].branch]);
    // What comes late for the S is let go; the list goes on by itself.
    desk.steps(&["=1:late", "=2: went", "= it| was", "<ctrl-right>"]);
    assert_eq!(desk.text(), "boat. So it|");
    // Letters that agree ask for nothing, and take no time.
    desk.steps(&[" wa", "<ctrl-right>"]);
    assert_eq!((desk.text().as_str(), desk.asked.len()), ("boat. So it was|", 3));
    // It goes on as it comes.
    desk.steps(&["= cold.", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat. So it was cold.|");
}

#[test]
fn in_mid_word_too() {
    let mut desk = Desk::on("there was read");
    desk.steps(&["<ctrl-space>", "=ing| to", "ines"]);
    assert_eq!(prompts(&desk), ["there was read", "there was readine", "there was readines"]);
    desk.steps(&["=s|.", "<alt-enter>"]);
    assert_eq!(desk.text(), "there was readiness.|");
}

#[test]
fn another_offer_that_agrees_is_turned_to() {
    let mut desk = Desk::with("boat.", &settings());
    desk.steps(&[
        "<ctrl-space>",
        "=2: The lamps.",
        "=2:.",
        "=1: Rain fell.",
        "=1:.",
        "=0: So",
        " R",
    ]);
    // Nothing is decoded anew: the second offer goes on behind the cursor.
    assert_eq!(desk.asked.len(), 3);
    desk.steps(&["ai", "<ctrl-right>"]);
    assert_eq!(desk.text(), "boat. Rain|");
    desk.steps(&["<ctrl-z>", "<backspace>", "<backspace>", "<backspace>", "S", "<alt-enter>"]);
    assert_eq!((desk.text().as_str(), desk.asked.len()), ("boat. So|", 3));
    // None agrees.
    let mut desk = Desk::with("boat.", &settings());
    desk.steps(&["<ctrl-space>", "=2: The lamps.", "=2:.", "=1: Rain.", "=1:.", " x"]);
    assert_eq!(prompts(&desk)[3], "boat. x");
}

#[test]
fn deleting_the_letter_brings_the_offer_back() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamps", " Thx", "=ymes", "<backspace>", "<ctrl-right>"]);
    assert_eq!(desk.text(), "boat. The|");
    assert_eq!(desk.stopped, [desk.asked[1].branch]);
}

#[test]
fn undo_is_as_it_is_without_a_ghost() {
    let typed = |steps: &[&str]| {
        let mut desk = Desk::on("boat.");
        desk.steps(steps);
        desk.press("ctrl-z");
        desk.text()
    };
    assert_eq!(typed(&[" Soon"]), "boat.|");
    assert_eq!(typed(&["<ctrl-space>", "= The", " Soon"]), "boat.|");
}

#[test]
fn who_goes_on_alone_is_left_alone() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", " Nobody saw it, and nobody asked."]);
    assert_eq!(desk.asked.len(), 9);
    // The model guesses two letters of three, as models do: that is no agreement.
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The"]);
    let own = " Nobody saw it, and nobody asked who had been in it.";
    let letters: Vec<char> = own.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = desk.asked.len();
        desk.step(&letter.to_string());
        if desk.asked.len() > before {
            let guess: String = letters[at + 1..].iter().take(2).chain(&['#']).collect();
            desk.step(&format!("={guess}"));
        }
    }
    assert_eq!(desk.asked.len(), 9);
    // A whole stretch that agrees is: the count begins anew.
    let mut desk = Desk::on("boat.");
    desk.steps(&[
        "<ctrl-space>",
        "= The",
        " Nobody",
        "= saw it, and so",
        " saw it, and ",
        "it was so",
    ]);
    assert_eq!(desk.asked.len(), 1 + 6 + 8);
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", "\n", "So"]);
    assert_eq!(desk.asked.len(), 1);
    // Esc sends it away, and it stays away.
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", "=.", " S", "= uch", "<esc>", "o"]);
    assert_eq!(desk.stopped.len(), 1);
    assert_eq!((desk.text().as_str(), desk.asked.len()), ("boat. So|", 2));
    // At a paragraph's end in the midst of the text it is followed as at the end.
    let mut desk = Desk::on("The boat.|\n\nThe end.");
    desk.steps(&[
        "<ctrl-space>",
        "= The",
        "=.",
        " Q",
        "=uietly the room",
        "u",
        "i",
        "<ctrl-right>",
    ]);
    assert_eq!(desk.text(), "The boat. Quietly|\n\nThe end.");
    // Nor is anything decoded in the middle of a paragraph.
    let mut desk = Desk::on("The boat| sank.");
    desk.steps(&["<ctrl-space>", "= was", "s"]);
    assert_eq!(desk.asked.len(), 1);
}

#[test]
fn the_old_ghost_stays_dim_until_the_new_one_comes() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The lamps", " S"]);
    let row = |desk: &mut Desk| desk.shown().lines().nth(2).unwrap().trim().to_owned();
    // The rest stands where it stood, and can't be taken.
    assert_eq!(row(&mut desk), "boat. She lamps");
    let cell = desk.screen.backend().buffer().cell(Position::new(11, 2)).unwrap().clone();
    assert!(cell.modifier.contains(Modifier::DIM));
    desk.press("ctrl-right");
    assert_eq!(desk.text(), "boat. S|");
    // Word for word the new one takes its place, so that no row comes and goes.
    desk.steps(&["=omeone"]);
    assert_eq!(row(&mut desk), "boat. Someone lamps");
    desk.press("ctrl-right");
    assert_eq!(desk.text(), "boat. Someone|");
    desk.steps(&["= sang|."]);
    assert_eq!(row(&mut desk), "boat. Someone sang.");
    desk.press("ctrl-z");
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The lamps went", " S", "=he", "=."]);
    assert_eq!(row(&mut desk), "boat. She");
}

#[test]
fn taking_what_no_longer_agrees_begins_a_branch() {
    let ask: &[&str] = &[
        "<ctrl-space>",
        "=2: The| lamps.",
        "=2:.",
        "=1: Rain.",
        "=1:.",
        "=0: So",
        "=0:.",
        " Now!",
    ];
    let run = |more: &[&str]| {
        let mut desk = Desk::with("boat.", &settings());
        desk.steps(ask);
        desk.steps(more);
        desk.text()
    };
    assert_eq!(run(&["<alt-2>"]), "boat. Rain.|");
    // What was typed is one step back, and the branch one step on again.
    assert_eq!(run(&["<alt-2>", "<ctrl-z>"]), "boat. Now!|");
    assert_eq!(run(&["<alt-2>", "<ctrl-z>", "<ctrl-y>"]), "boat. Rain.|");
    assert_eq!(run(&["<alt-2>", "<ctrl-z>", "<ctrl-z>"]), "boat.|");
    // However far back, as many steps on lead to the same; something written meanwhile is what comes back instead.
    let [back, on] = ["<ctrl-z>", "<ctrl-y>"];
    assert_eq!(run(&["<alt-2>", back, back, on, on]), "boat. Rain.|");
    assert_eq!(run(&["<alt-2>", " Then", back, back, back, on, on, on]), "boat. Rain. Then|");
    assert_eq!(run(&["<alt-2>", back, " Oh", back, on]), "boat. Now! Oh|");
    // From one branch to another.
    assert_eq!(run(&["<alt-2>", "<alt-1>"]), "boat. The lamps.|");
    assert_eq!(run(&["<alt-2>", "<alt-1>", "<ctrl-z>"]), "boat. Rain.|");
    // Rolled again it is rolled where it was taken, and nothing else goes.
    assert_eq!(run(&["<alt-2>", "<ctrl-r>"]), "boat.|");
    // By the list, too: what has the focus is what is taken.
    assert_eq!(run(&["=me", "<f6>", "<enter>"]), "boat. The lamps.|");
}

fn resting(text: &str) -> Desk {
    let settings = Settings { idle: true, offers: 1, ..settings() };
    Desk::with(text, &settings)
}

fn rest(desk: &mut Desk) {
    desk.app.handle(Event::Rest);
    desk.draw();
    desk.step("");
}

#[test]
fn a_line_for_a_writer_who_rests() {
    let mut desk = resting("boat");
    desk.step(".");
    rest(&mut desk);
    assert_eq!(prompts(&desk), ["boat."]);
    desk.steps(&["= The| lamps", " Th", "<ctrl-right>"]);
    assert_eq!((desk.text().as_str(), desk.stopped.len()), ("boat. The|", 0));
    // A letter that disagrees sends it away, as any other key does, and nothing is decoded anew.
    for key in ["<left>", "x", "<ctrl-s>", "<esc>", "<backspace>"] {
        let mut desk = resting("boat.");
        rest(&mut desk);
        desk.steps(&["= The", key]);
        assert_eq!((desk.asked.len(), desk.stopped.len()), (1, 1), "{key}");
        assert!(!desk.shown().contains("The"), "{key}");
    }
}

#[test]
fn a_rest_offers_nothing_where_it_would_disturb() {
    for (text, keys) in [
        ("", &[][..]),
        ("The bo|at", &[]),
        ("boat.", &["<shift-left>"]),
        ("boat.", &["<f1>"]),
        ("boat.", &["<ctrl-space>"]),
        ("boat.", &["<ctrl-space>", "= The", "=."]),
        ("boat.", &["<alt-i>"]),
    ] {
        let mut desk = resting(text);
        desk.steps(keys);
        let before = desk.asked.len();
        rest(&mut desk);
        assert_eq!(desk.asked.len(), before, "{text:?} {keys:?}");
    }
    // It is not the default, and one key away.
    let mut desk = Desk::on("boat.");
    rest(&mut desk);
    assert!(desk.asked.is_empty());
    desk.press("alt-i");
    rest(&mut desk);
    assert_eq!(desk.asked.len(), 1);
}

#[test]
fn a_ghost_has_no_banned_words_either_and_doesn_t_go_in_circles() {
    for wrong in ["=ly, he", "=b ob ob ob ob ob ob ob ob"] {
        let settings = Settings { banned: vec!["suddenly".into()], offers: 1, ..settings() };
        let mut desk = Desk::with("boat.", &settings);
        desk.steps(&["<ctrl-space>", "= The", "=.", " Sudden"]);
        let asked = desk.asked.len();
        desk.steps(&[wrong]);
        assert_eq!(desk.asked.len(), asked + 1, "another in its place");
        assert_eq!(desk.asked[asked].prompt, "boat. Sudden");
        desk.steps(&["= rain", "<ctrl-right>"]);
        assert_eq!(desk.text(), "boat. Sudden rain|");
        // After a few tries there is none.
        desk.steps(&[" ", "=suddenly,", "=suddenly,", "=suddenly,"]);
        assert_eq!(desk.asked.len(), asked + 4);
        desk.press("alt-enter");
        assert!(!desk.text().contains("suddenly"));
    }
}

#[test]
fn a_ghost_that_is_taken_is_in_the_tree() {
    let mut desk = resting("boat");
    desk.step(".");
    rest(&mut desk);
    // Typed through as far as ` Th`, then taken in two pieces while it comes.
    desk.steps(&["= The| lamps", " Th", "<ctrl-right>", "= were| out.", "=.", "<ctrl-right>"]);
    assert_eq!(desk.text(), "boat. The lamps|");
    let session = desk.app.session();
    let asked = session.request(0).unwrap();
    assert_eq!((asked.at, asked.details["sampling"]["seed"].as_u64()), (8, Some(100)));
    assert!(session.request(1).is_none(), "one question, however many pieces");
    let rows = session.branches();
    let row = |kind| rows.iter().find(|row| row.kind == kind).unwrap();
    assert_eq!(row(Kind::Offered).text, "The lamps were out.");
    assert_eq!(row(Kind::Taken).text, "The lamps");
    // One that was only looked at is no part of it.
    let mut desk = resting("boat.");
    rest(&mut desk);
    desk.steps(&["= The| lamps", "x"]);
    assert!(desk.app.session().request(0).is_none());
}
