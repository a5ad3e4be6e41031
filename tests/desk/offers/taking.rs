//! Asking and taking: text + keys + tokens -> text. The test acts as the worker, so what arrives, when it arrives and
//! what arrives too late is exact.

use crate::support::desk::{Desk, check, settings};
use unstuck::{generate::Prefix, tui::Settings};

#[test]
fn one_timeline_for_both_hands() {
    let take: &[&str] = &["<ctrl-space>", "= The| lamp.", "=.", "<alt-enter>"];
    let with = |more: &[&'static str]| [take, more].concat();
    check(&[
        ("boat.", take, "boat. The lamp.|"),
        ("boat.", &with(&["<ctrl-z>"]), "boat.|"),
        ("boat.", &with(&["<ctrl-z>", "<ctrl-y>"]), "boat. The lamp.|"),
        ("boat.", &with(&["<ctrl-z>", "<ctrl-shift-z>"]), "boat. The lamp.|"),
        ("boat.", &with(&["\n", "<ctrl-z>"]), "boat. The lamp.|"),
        ("boat.", &with(&["\n", "<ctrl-z>", "<ctrl-z>"]), "boat.|"),
        ("boat.", &with(&["\n", "<ctrl-z>", "<ctrl-z>", "<ctrl-z>"]), "boat.|"),
    ]);
}

#[test]
fn taking_a_word_a_sentence_all() {
    let ask: &[&str] = &["<ctrl-space>", "= The| second| was", "= old. It", "= slept.", "=."];
    let with = |more: &[&'static str]| [ask, more].concat();
    check(&[
        // Nothing comes on the page by itself.
        ("boat.", ask, "boat.|"),
        ("boat.", &with(&["<ctrl-right>"]), "boat. The|"),
        ("boat.", &with(&["<alt-f>", "<alt-f>"]), "boat. The second|"),
        ("boat.", &with(&["<ctrl-down>"]), "boat. The second was old.|"),
        ("boat.", &with(&["<ctrl-right>", "<f7>"]), "boat. The second was old.|"),
        ("boat.", &with(&["<ctrl-down>", "<ctrl-down>"]), "boat. The second was old. It slept.|"),
        ("boat.", &with(&["<alt-enter>"]), "boat. The second was old. It slept.|"),
        ("boat.", &with(&["<right>"]), "boat. The second was old. It slept.|"),
        ("boat.", &with(&["<alt-1>"]), "boat. The second was old. It slept.|"),
        ("boat.", &with(&["<f6>", "<enter>"]), "boat. The second was old. It slept.|"),
        // Taken twice is taken once.
        ("boat.", &with(&["<alt-enter>", "<alt-enter>"]), "boat. The second was old. It slept.|"),
        ("boat.", &with(&["<alt-2>"]), "boat.|"),
        // With nothing left to take, the keys move as ever.
        (
            "boat.",
            &with(&["<alt-enter>", "<ctrl-left>", "<ctrl-right>"]),
            "boat. The second was old. It slept|.",
        ),
        // Back among what was taken there is nothing to take either.
        (
            "boat.",
            &with(&["<ctrl-right>", "<alt-f>", "<ctrl-left>", "<alt-f>"]),
            "boat. The second|",
        ),
        // Undo word by word, and the ghost is there again.
        (
            "boat.",
            &with(&["<ctrl-right>", "<ctrl-right>", "<ctrl-z>", "<ctrl-right>"]),
            "boat. The second|",
        ),
        ("boat.", &with(&["<alt-enter>", "<ctrl-z>", "<ctrl-right>"]), "boat. The|"),
    ]);
}

#[test]
fn in_mid_text_it_goes_in_at_the_cursor() {
    check(&[
        (
            "The boat| sank.",
            &["<ctrl-space>", "= was| old| and", "<alt-enter>"],
            "The boat was old and| sank.",
        ),
        ("The boat| sank.", &["<ctrl-space>", "= was| old", "<ctrl-right>"], "The boat was| sank."),
        // The arrow is the page's, except at the very end of the text.
        ("The boat| sank.", &["<ctrl-space>", "= was| old", "<right>"], "The boat |sank."),
    ]);
    let mut desk = Desk::on("The boat| sank.");
    desk.press("ctrl-space");
    assert_eq!(desk.asked[0].prompt, "The boat");
}

#[test]
fn before_a_word_what_is_taken_ends_with_a_space() {
    let ask: &[&str] = &["<ctrl-space>", "=The| lamps| went.", "=."];
    let with = |more: &[&'static str]| [ask, more].concat();
    let spaced: &[&str] = &["<ctrl-space>", "= The| lamps.", "=.", "<alt-enter>"];
    check(&[
        ("It sank. |They went.", &with(&["<ctrl-down>"]), "It sank. The lamps went. |They went."),
        ("It sank. |They went.", &with(&["<ctrl-right>"]), "It sank. The |They went."),
        (
            "It sank. |They went.",
            &with(&["<ctrl-right>", "<ctrl-right>", "<alt-enter>"]),
            "It sank. The lamps went. |They went.",
        ),
        ("It sank. |They went.", &with(&["<alt-enter>", "<ctrl-z>"]), "It sank. |They went."),
        ("It sank. |“Why?”", &with(&["<alt-enter>"]), "It sank. The lamps went. |“Why?”"),
        ("It sank.|They went.", spaced, "It sank. The lamps. |They went."),
        // Where none is wanted, none is put.
        ("It sank.| They went.", spaced, "It sank. The lamps.| They went."),
        (
            "It sank. |\n\nThey went.",
            &with(&["<alt-enter>"]),
            "It sank. The lamps went.|\n\nThey went.",
        ),
        ("It sank. |, they say", &with(&["<alt-enter>"]), "It sank. The lamps went.|, they say"),
        ("She was wait|ed", &["<ctrl-space>", "=ing", "=.", "<alt-enter>"], "She was waiting|ed"),
    ]);
}

#[test]
fn what_was_offered_behind_other_words_is_not_offered_here() {
    // The sentence that it went on from is taken back.
    let steps: &[&str] = &[
        "<ctrl-space>",
        "= were| here.",
        "=.",
        "<ctrl-down>",
        "<ctrl-space>",
        "= And| then.",
        "=.",
        "<ctrl-z>",
    ];
    let with = |more: &[&'static str]| [steps, more].concat();
    check(&[
        ("Some of them", &with(&["<ctrl-right>"]), "Some of them|"),
        ("Some of them", &with(&["<ctrl-down>"]), "Some of them|"),
        // Taken all the same, it begins a branch where it was asked.
        ("Some of them", &with(&["<alt-enter>"]), "Some of them were here. And then.|"),
        ("Some of them", &with(&["<ctrl-y>", "<ctrl-right>"]), "Some of them were here. And|"),
        // A slip further back is mended, and the offer stands.
        (
            "Sme of them were here",
            &[
                "<ctrl-space>",
                "= once.",
                "=.",
                "<ctrl-home>",
                "<right>",
                "o",
                "<end>",
                "<alt-enter>",
            ],
            "Some of them were here once.|",
        ),
    ]);
}

#[test]
fn typing_through_a_ghost() {
    let ask: &[&str] = &["<ctrl-space>", "= The| lamps| went out."];
    let with = |more: &[&'static str]| [ask, more].concat();
    check(&[
        ("boat.", &with(&[" The l", "<ctrl-right>"]), "boat. The lamps|"),
        ("boat.", &with(&[" The", "= So", "<alt-enter>"]), "boat. The lamps went out. So|"),
        // A letter that doesn't agree: the ghost goes, and deleting the letter brings it back.
        ("boat.", &with(&[" They", "<ctrl-right>"]), "boat. They|"),
        ("boat.", &with(&[" They", "<backspace>", "<ctrl-right>"]), "boat. The lamps|"),
        // Taken all the same, it begins a branch where it was asked, and what was typed is one step back.
        ("boat.", &with(&[" Now", "<alt-enter>"]), "boat. The lamps went out.|"),
        ("boat.", &with(&[" Now", "<alt-enter>", "<ctrl-z>"]), "boat. Now|"),
        // What was taken already isn't taken again from afar.
        (
            "boat.",
            &with(&["<ctrl-right>", "<ctrl-home>", "<alt-enter>"]),
            "boat. The lamps went out.|",
        ),
        // Typing elsewhere moves the place along.
        ("boat.", &with(&["<ctrl-home>", "A ", "<alt-enter>"]), "A boat. The lamps went out.|"),
    ]);
    // Its place is gone from the page, and so the branch begins in the text that had it.
    let mut desk = Desk::on("one two boat. x");
    desk.steps(&["<left>", "<ctrl-space>", "= y", "<ctrl-a>", "z", "<alt-enter>"]);
    assert_eq!(desk.text(), "one two boat.  y |x");
    desk.press("ctrl-z");
    assert_eq!(desk.text(), "z|");
}

#[test]
fn typed_words_are_the_writers_and_taken_ones_the_machines() {
    use unstuck::session::Author;
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamps| went", " The", "<ctrl-right>"]);
    let authors: Vec<_> = desk.app.session().authors(0..15).collect();
    assert_eq!(
        authors,
        [(0..5, Author::Unknown), (5..9, Author::Writer), (9..15, Author::Machine),]
    );
}

#[test]
fn asking_again_stops_and_rolls() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 2);
    assert_eq!(desk.stopped, [desk.asked[0].branch]);
    assert_eq!(desk.asked[0].prompt, desk.asked[1].prompt);
    assert_ne!(desk.asked[0].params.seed, desk.asked[1].params.seed);
    // A late token of the first doesn't come among the second's.
    desk.steps(&["=1: late", "= Then", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat. Then|");
}

#[test]
fn rolling_again_never_deletes_more_than_the_last_take() {
    let take: &[&str] = &["<ctrl-space>", "= The| lamp.", "=.", "<alt-enter>"];
    let run = |more: &[&str]| {
        let mut desk = Desk::on("boat.");
        desk.steps(take);
        desk.steps(more);
        desk
    };
    let desk = run(&["<ctrl-r>"]);
    assert_eq!(desk.text(), "boat.|");
    assert_eq!(desk.asked[1].prompt, "boat.");
    // What was rolled away is one redo away as long as nothing else was done.
    assert_eq!(run(&["<ctrl-r>", "<ctrl-y>"]).text(), "boat. The lamp.|");
    // Typed since: nothing is deleted, and the model goes on from here.
    let desk = run(&[" So", "<ctrl-r>"]);
    assert_eq!(desk.text(), "boat. The lamp. So|");
    assert_eq!(desk.asked[1].prompt, "boat. The lamp. So");
    // Twice: the second time nothing was taken, so nothing is deleted.
    assert_eq!(run(&["<ctrl-r>", "= A", "<ctrl-r>"]).text(), "boat.|");
    // In the middle of an offer the words taken so far stay.
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamp", "=.", "<ctrl-right>", "<ctrl-r>"]);
    assert_eq!(desk.text(), "boat. The|");
    assert_eq!(desk.asked[1].prompt, "boat. The");
    // Word by word to its end: only the last word is rolled.
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The| lamp", "=.", "<ctrl-right>", "<ctrl-right>", "<ctrl-r>"]);
    assert_eq!(desk.text(), "boat. The|");
    // A sentence is rolled again, though more of the offer stands behind it; so is a ghost that no list has.
    let mut desk = Desk::on("boat.");
    let two = ["<ctrl-space>", "= The| lamp. It| went.", "=."];
    desk.steps(&[&two[..], &["<ctrl-down>", "<ctrl-r>"]].concat());
    assert_eq!(desk.text(), "boat.|");
    assert_eq!(desk.asked[1].prompt, "boat.");
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", "=.", " S", "=he slept.", "<ctrl-down>", "<ctrl-r>"]);
    assert_eq!(desk.text(), "boat. S|");
    assert_eq!(desk.asked.last().unwrap().prompt, "boat. S");
    // Moved away: it is an ordinary question there.
    let desk = run(&["<ctrl-home>", "<ctrl-r>"]);
    assert_eq!(desk.text(), "|boat. The lamp.");
}

#[test]
fn escape_stops_and_then_puts_away() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= The", "<esc>"]);
    assert_eq!(desk.stopped, [desk.asked[0].branch]);
    // What was there can still be taken, and what comes late is let go.
    desk.steps(&["= late", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat. The|");
    desk.steps(&["<ctrl-z>", "<esc>", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat.|");
    // Called back.
    desk.steps(&["<shift-tab>", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat. The|");
    let mut spammed = Desk::on("boat.");
    spammed.steps(&["<esc>"; 20]);
    assert_eq!(spammed.text(), "boat.|");
}

#[test]
fn an_empty_page_gets_openings() {
    let mut desk = Desk::on("");
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 3);
    let seeds: Vec<_> = desk.asked.iter().map(|ask| ask.params.seed).collect();
    assert_eq!(seeds, [100, 101, 102]);
    // Each goes on from a few words of its own, and those are on offer at once.
    let openings: Vec<_> = desk.asked.iter().map(|ask| ask.prompt.clone()).collect();
    assert!(openings.iter().all(|opening| !opening.is_empty()));
    assert!(openings[0] != openings[1] && openings[1] != openings[2]);
    desk.steps(&["=2: a", "=1: b", "=0: c"]);
    desk.steps(&["<right>", "<ctrl-z>", "<alt-2>", "<ctrl-z>", "<f6>", "<down>", "<enter>"]);
    assert_eq!(desk.text(), format!("{} c|", openings[2]));
    desk.steps(&["<ctrl-z>", "<alt-1>", "=2:."]);
    assert_eq!(desk.text(), format!("{} a|", openings[0]));
    // The writer's own words make the next question one to go on from.
    desk.steps(&[" day", "<ctrl-space>"]);
    let last = desk.asked.iter().rev().take(3);
    assert!(last.map(|ask| &ask.prompt).all(|prompt| *prompt == format!("{} a day", openings[0])));
}

#[test]
fn one_of_several_is_rolled_alone() {
    let mut desk = Desk::on("");
    desk.steps(&["<ctrl-space>", "=2: one", "=1: two", "=0: three", "<f6>", "<down>", "<alt-r>"]);
    assert_eq!(desk.asked.len(), 4);
    assert_eq!(desk.stopped, [desk.asked[1].branch]);
    desk.steps(&["= four", "<alt-2>"]);
    assert_eq!(desk.text(), format!("{} four|", desk.asked[3].prompt));
    desk.steps(&["<ctrl-z>", "<alt-1>"]);
    assert_eq!(desk.text(), format!("{} one|", desk.asked[0].prompt));
}

#[test]
fn tab_asks_where_a_paragraph_ends() {
    for (text, expected, asked) in [
        ("boat.", "boat.|", 1),
        ("bo|at.", "bo\t|at.", 0),
        ("one|\ntwo", "one|\ntwo", 1),
        ("", "|", 3),
    ] {
        let mut desk = Desk::on(text);
        desk.press("tab");
        assert_eq!((desk.text().as_str(), desk.asked.len()), (expected, asked), "{text:?}");
    }
}

#[test]
fn errors_end_nothing() {
    let mut desk = Desk::on("boat.");
    desk.steps(&[
        "<ctrl-space>",
        "= The",
        "=!it broke",
        " still",
        "<ctrl-space>",
        "= on",
        "<alt-enter>",
    ]);
    assert_eq!(desk.text(), "boat. still on|");
    let asked = desk.asked.len();
    assert!(desk.shown().contains("! The model failed: it broke."));
    desk.press("esc");
    desk.press("esc");
    assert!(!desk.shown().contains("it broke"));
    desk.news(unstuck::ui::worker::News::Gone("No model: it is torn.".into()));
    desk.steps(&["!", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), asked);
    assert_eq!(desk.text(), "boat. still on!|");
    assert!(desk.shown().contains("! No model: it is torn."));
}

#[test]
fn a_long_draft_is_sent_from_its_last_part() {
    let text = format!("{}The boat.", "word ".repeat(10_000));
    let mut desk = Desk::on(&text);
    desk.steps(&["<ctrl-space>", "=?5"]);
    assert!(desk.asked[0].prompt.len() < 40_000 && desk.asked[0].prompt.ends_with("The boat."));
    assert!(desk.shown().contains("the model sees all of this"), "{}", desk.shown());
}

#[test]
fn undo_after_a_roll_brings_back_what_was_taken_and_eats_nothing_of_the_writers() {
    let mut desk = Desk::on("|");
    desk.steps(&[
        "The boat was gone.",
        "<ctrl-space>",
        "= Rain fell.",
        "=.",
        "<alt-enter>",
        "<ctrl-r>",
    ]);
    assert_eq!(desk.text(), "The boat was gone.|");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "The boat was gone. Rain fell.|");
    // From there undo goes on as always, and redo comes back.
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "The boat was gone.|");
    desk.steps(&["<ctrl-y>"]);
    assert_eq!(desk.text(), "The boat was gone. Rain fell.|");
    // Another take after the roll is undone first.
    desk.steps(&["<ctrl-r>", "= Snow fell.", "=.", "<alt-enter>", "<ctrl-z>"]);
    assert_eq!(desk.text(), "The boat was gone.|");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "The boat was gone. Rain fell.|");
}

#[test]
fn lists_are_paged_both_ways() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= One.", "=.", "<ctrl-r>", "= Two.", "=."]);
    for (key, shown) in [("alt-left", "One."), ("alt-right", "Two."), ("shift-tab", "One.")] {
        desk.press(key);
        desk.draw();
        assert!(desk.shown().contains(shown), "{key}: {}", desk.shown());
    }
    desk.steps(&["<alt-right>", "<alt-right>"]);
    assert!(desk.shown().contains("There is no later list of offers."));
    // A list that was hidden is shown again.
    desk.steps(&["<esc>", "<alt-right>"]);
    assert!(desk.shown().contains("Two."));
}

#[test]
fn a_finished_word_is_not_lengthened_unless_the_writer_asks_again() {
    for (text, first) in [
        ("She saw the harbour|", Prefix::Word),
        ("She said his name was Pell|", Prefix::Word),
        ("A quorn. She had a quorn|", Prefix::Word),
        ("She had a quorn|", Prefix::Characters),
        ("She saw nobo|", Prefix::Characters),
        ("She saw the har|bour", Prefix::Characters),
        ("She saw the |", Prefix::Characters),
    ] {
        let mut desk = Desk::on(text);
        desk.steps(&["<ctrl-space>", "= one.", "=."]);
        assert_eq!(desk.asked[0].prefix, first, "{text}");
        // Rolling again keeps to it; asking again doesn't.
        desk.steps(&["<ctrl-r>", "= two.", "=."]);
        assert_eq!(desk.asked[1].prefix, first, "{text}");
        desk.steps(&["<ctrl-space>"]);
        assert_eq!(desk.asked[2].prefix, Prefix::Characters, "{text}");
    }
}

#[test]
fn no_fragment_is_taken_for_a_sentence() {
    let mut desk = Desk::with("It sank.", &Settings { offers: 1, ..settings() });
    desk.steps(&["<ctrl-space>", "= The lamps went", "<ctrl-down>"]);
    assert_eq!(desk.text(), "It sank.|");
    assert!(desk.shown().contains("This sentence is still coming"), "{}", desk.shown());
    desk.steps(&["= out. Then the", "<ctrl-down>"]);
    assert_eq!(desk.text(), "It sank. The lamps went out.|");
    desk.steps(&["=.", "<ctrl-down>"]);
    assert_eq!(desk.text(), "It sank. The lamps went out.|");
    assert!(desk.shown().contains("stops within a sentence"), "{}", desk.shown());
    desk.steps(&["<ctrl-right>"]);
    assert_eq!(desk.text(), "It sank. The lamps went out. Then|");
    // Before the rest of a sentence, a few words are a whole offer.
    let mut desk = Desk::with("She opened and looked in.", &Settings { offers: 1, ..settings() });
    desk.steps(&["<left>"; 15]);
    desk.steps(&["<ctrl-space>", "= the door", "=.", "<ctrl-down>"]);
    assert_eq!(desk.text(), "She opened the door| and looked in.");
}
