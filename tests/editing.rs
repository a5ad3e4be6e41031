//! Text + keys -> text, through the whole desk but the terminal and the model. The test plays the worker,
//! so what comes, when it comes and what comes too late is exact.

mod desk;

use desk::Desk;

/// Runs each script and compares the text; `|` is the cursor, `[` the other end of the selection.
fn check(table: &[(&str, &[&str], &str)]) {
    for (number, (text, steps, expected)) in table.iter().enumerate() {
        let mut desk = Desk::on(text);
        desk.steps(steps);
        assert_eq!(desk.text(), *expected, "row {number}: {text:?} {steps:?}");
    }
}

#[test]
fn typing_and_deleting() {
    check(&[
        ("", &["Once"], "Once|"),
        ("a|c", &["b"], "ab|c"),
        ("", &["one\ntwo"], "one\ntwo|"),
        ("", &["one<two"], "one<two|"),
        ("cafe\u{301}", &["<backspace>"], "caf|"),
        ("a👨‍👩‍👧‍👦|b", &["<backspace>"], "a|b"),
        ("a|👨‍👩‍👧‍👦b", &["<delete>"], "a|b"),
        ("|", &["<backspace>", "<delete>", "<ctrl-w>", "<ctrl-delete>"], "|"),
        ("one two|", &["<ctrl-w>"], "one |"),
        ("one two|", &["<alt-backspace>"], "one |"),
        ("one |two", &["<ctrl-delete>"], "one |"),
        ("one |two", &["<ctrl-h>"], "one|two"),
        // Chords without a meaning type nothing.
        ("a", &["<alt-x>", "<ctrl-e>", "<f12>", "<alt-ctrl-shift-up>"], "a|"),
    ]);
}

#[test]
fn moving_and_selecting() {
    check(&[
        ("one two", &["<ctrl-left>"], "one |two"),
        ("|one two", &["<ctrl-right>"], "one| two"),
        ("one two", &["<home>"], "|one two"),
        ("|one two", &["<end>"], "one two|"),
        ("one two", &["<ctrl-home>"], "|one two"),
        ("one two", &["<shift-left>"], "one tw|o["),
        ("one two", &["<ctrl-shift-left>"], "one |two["),
        ("one two", &["<shift-home>", "x"], "x|"),
        ("one two", &["<ctrl-a>"], "[one two|"),
        ("one two", &["<ctrl-a>", "<left>"], "|one two"),
        ("one two", &["<ctrl-a>", "<esc>"], "one two|"),
        ("one two", &["<ctrl-a>", "<backspace>"], "|"),
        ("a\nb", &["<up>"], "a|\nb"),
        ("a\nb", &["<up>", "<up>"], "|a\nb"),
        ("|a\nb", &["<down>", "<down>"], "a\nb|"),
        ("one\n\nthree", &["<up>", "<up>"], "one|\n\nthree"),
        ("one\n\nthree|", &["<shift-up>"], "one\n|\nthree["),
        ("one\n\ntwo\n\nthree|", &["<ctrl-up>", "<ctrl-up>"], "one\n\n|two\n\nthree"),
    ]);
}

#[test]
fn rows_are_moved_by_as_they_are_seen() {
    // At 80 columns the prose is 72 wide: three rows in one paragraph.
    let long = "word ".repeat(40);
    let text = format!("{long}\nend");
    let mut desk = Desk::on(&text);
    for _ in 0..3 {
        desk.press("up");
    }
    let row = |desk: &Desk| desk.app.session().cursor();
    assert_eq!(row(&desk), 3);
    desk.press("end");
    // The end of a row that goes on is before its last space, or the cursor would be seen in the next.
    assert_eq!(row(&desk), 69);
    desk.press("down");
    assert_eq!(row(&desk), 70 + 69);
    desk.press("home");
    assert_eq!(row(&desk), 70);
    // A short row between doesn't make the column forgotten.
    let mut desk = Desk::on("a long enough row\nx\nanother long row|");
    desk.steps(&["<up>", "<up>"]);
    assert_eq!(desk.text(), "a long enough ro|w\nx\nanother long row");
    desk.steps(&["<down>", "<down>"]);
    assert_eq!(desk.text(), "a long enough row\nx\nanother long row|");
}

#[test]
fn pages_turn() {
    let text: String = (0..200).map(|n| format!("line {n}\n")).collect();
    let mut desk = Desk::on(&text);
    let line = |desk: &Desk| {
        let session = desk.app.session();
        session.text().char_to_line(session.cursor())
    };
    assert_eq!(line(&desk), 200);
    desk.steps(&["<pageup>"]);
    let one = line(&desk);
    assert!((170..190).contains(&one), "{one}");
    desk.steps(&["<pagedown>"]);
    assert_eq!(line(&desk), 200);
    for _ in 0..30 {
        desk.press("pageup");
        desk.draw();
    }
    assert_eq!(desk.app.session().cursor(), 0);
}

#[test]
fn clipboard_and_pastes() {
    check(&[
        ("one two", &["<ctrl-shift-left>", "<ctrl-x>", "<ctrl-home>", "<ctrl-v>"], "two|one "),
        ("one two", &["<ctrl-shift-left>", "<ctrl-c>", "<end>", "<ctrl-v>"], "one twotwo|"),
        // Copying with nothing selected forgets nothing and changes nothing.
        ("one", &["<shift-left>", "<ctrl-c>", "<left>", "<ctrl-c>", "<ctrl-v>"], "one|e"),
        ("one", &["<ctrl-c>", "<ctrl-x>", "<ctrl-v>"], "one|"),
        ("a", &["^one\r\ntwo\rthree\u{1b}[31m"], "aone\ntwo\nthree[31m|"),
        ("a", &["^chapter\none", "<ctrl-z>"], "a|"),
        ("a", &["^"], "a|"),
    ]);
}

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
fn typing_through_a_ghost() {
    let ask: &[&str] = &["<ctrl-space>", "= The| lamps| went out."];
    let with = |more: &[&'static str]| [ask, more].concat();
    check(&[
        ("boat.", &with(&[" The l", "<ctrl-right>"]), "boat. The lamps|"),
        ("boat.", &with(&[" The", "= So", "<alt-enter>"]), "boat. The lamps went out. So|"),
        // A letter that doesn't agree: the ghost goes, and deleting the letter brings it back.
        ("boat.", &with(&[" They", "<ctrl-right>"]), "boat. They|"),
        ("boat.", &with(&[" They", "<backspace>", "<ctrl-right>"]), "boat. The lamps|"),
        // Taken all the same, it goes where it was asked, and nothing that was typed is lost.
        ("boat.", &with(&[" Now", "<alt-enter>"]), "boat. The lamps went out.| Now"),
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
    // Its place is gone, so there is nothing to take.
    let mut desk = Desk::on("one two boat. x");
    desk.steps(&["<left>", "<ctrl-space>", "= y", "<ctrl-a>", "z", "<alt-enter>"]);
    assert_eq!(desk.text(), "z|");
    assert!(desk.shown().contains("The place this was offered for is gone"));
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
    desk.steps(&["<ctrl-z>", "<alt-1>"]);
    assert_eq!(desk.text(), format!("{} a|", openings[0]));
    // The writer's own words make the next question one to go on from.
    desk.steps(&[" day", "<ctrl-space>"]);
    assert_eq!(desk.asked[3].prompt, format!("{} a day", openings[0]));
    assert_eq!(desk.asked.len(), 4);
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
    assert!(desk.shown().contains("! The model stopped: it broke."));
    desk.press("esc");
    desk.press("esc");
    assert!(!desk.shown().contains("it broke"));
    desk.news(unstuck::ui::worker::News::Gone("No model: it is torn.".into()));
    desk.steps(&["!", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 2);
    assert_eq!(desk.text(), "boat. still on!|");
    assert!(desk.shown().contains("! No model: it is torn."));
}

#[test]
fn a_long_draft_is_sent_from_its_last_part() {
    let text = format!("{}The boat.", "word ".repeat(10_000));
    let mut desk = Desk::on(&text);
    desk.steps(&["<ctrl-space>", "=?5"]);
    assert!(desk.asked[0].prompt.len() < 40_000 && desk.asked[0].prompt.ends_with("The boat."));
    assert!(desk.shown().contains("the model sees from"));
}

#[test]
fn saving_and_leaving() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let session = unstuck::session::Session::open(&path).unwrap();
    let mut desk = Desk::new(session, &desk::settings(), Vec::new());
    // Ctrl+C never leaves, and Ctrl+Q asks once.
    desk.steps(&["one", "<ctrl-c>", "<ctrl-q>"]);
    assert!(!desk.app.is_over());
    assert!(desk.shown().contains("a.md is not saved."));
    desk.steps(&["x", "<esc>", "<ctrl-s>"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    assert_eq!(desk.text(), "one|");
    // Another program writes: it is asked, and nothing is lost either way.
    std::fs::write(&path, "theirs, and longer").unwrap();
    desk.steps(&[" more", "<ctrl-s>"]);
    assert!(desk.shown().contains("changed by another program"));
    desk.steps(&["r", "<ctrl-z>"]);
    assert_eq!(desk.text(), "one more|");
    desk.steps(&["<ctrl-s>"]);
    // Another name, that is taken; then one that is free.
    std::fs::write(folder.path().join("b.md"), "b").unwrap();
    for (name, step) in [("b.md", "<esc>"), ("c.md", "")] {
        desk.steps(&["<alt-s>", "<ctrl-u>", "<home>", "<ctrl-k>"]);
        let name = folder.path().join(name);
        desk.steps(&[name.to_str().unwrap(), "<enter>"]);
        if !step.is_empty() {
            assert!(desk.shown().contains("exists already"));
            desk.steps(&[step, "<esc>"]);
        }
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("b.md")).unwrap(), "b");
    assert_eq!(std::fs::read_to_string(folder.path().join("c.md")).unwrap(), "one more");
    desk.steps(&["<ctrl-q>"]);
    assert!(desk.app.is_over());
}

#[test]
fn a_draft_without_a_name_gets_one_before_it_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = Desk::on("");
    desk.steps(&["one", "<ctrl-q>", "s"]);
    assert!(!desk.app.is_over() && desk.shown().contains("Save as:"));
    desk.steps(&["<esc>"]);
    assert!(!desk.app.is_over());
    let path = folder.path().join("x.md");
    desk.steps(&["<ctrl-s>", "<home>", "<ctrl-k>", path.to_str().unwrap(), "<enter>"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
    assert_eq!(desk.text(), "one|");
    // A place that can't be written: said, and nothing is lost.
    desk.steps(&["!", "<alt-s>", "<home>", "<ctrl-k>", "/nowhere/at/all.md", "<enter>"]);
    assert!(desk.shown().contains("! Not saved:"));
    assert_eq!(desk.text(), "one!|");
    desk.steps(&["<ctrl-q>", "l"]);
    assert!(desk.app.is_over());
}

#[test]
fn a_draft_that_may_not_change_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.md");
    std::fs::write(&path, b"caf\xe9").unwrap();
    let session = unstuck::session::Session::open(&path).unwrap();
    let mut desk = Desk::new(session, &desk::settings(), Vec::new());
    assert!(desk.shown().contains("! latin.md isn't UTF-8"));
    desk.steps(&["<esc>", "x"]);
    assert!(desk.shown().contains("latin.md isn't UTF-8"));
    desk.steps(&["<ctrl-space>", "<ctrl-s>", "<ctrl-q>"]);
    assert!(desk.asked.is_empty() && desk.app.is_over());
    assert_eq!(std::fs::read(&path).unwrap(), b"caf\xe9");
}

fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases: 200, failure_persistence: None, ..Default::default() }
}

/// Everything that may happen, in any order: nothing breaks, only the writer's own keys change the text, and
/// undo leads back to where it began.
#[test]
fn whatever_happens_no_word_is_lost() {
    const STEPS: &[&str] = &[
        "a",
        " ",
        "The",
        "雨",
        "👨‍👩‍👧‍👦",
        "e\u{301}",
        ".",
        "\n",
        "\t",
        "<ctrl-space>",
        "<ctrl-space>",
        "<tab>",
        "= The",
        "= The| lamp",
        "=\n\n",
        "=雨",
        "=.",
        "=!no",
        "=?0",
        "=?2",
        "=1: late",
        "=2: later",
        "<esc>",
        "<ctrl-right>",
        "<ctrl-down>",
        "<alt-enter>",
        "<right>",
        "<alt-1>",
        "<alt-3>",
        "<ctrl-r>",
        "<alt-r>",
        "<f6>",
        "<up>",
        "<down>",
        "<enter>",
        "<shift-tab>",
        "<left>",
        "<home>",
        "<end>",
        "<pageup>",
        "<pagedown>",
        "<shift-up>",
        "<shift-left>",
        "<shift-end>",
        "<ctrl-a>",
        "<ctrl-x>",
        "<ctrl-v>",
        "<ctrl-z>",
        "<ctrl-z>",
        "<ctrl-y>",
        "<backspace>",
        "<delete>",
        "<ctrl-w>",
        "<ctrl-home>",
        "<f1>",
        "^one\r\ntwo",
    ];
    const SIZES: [(u16, u16); 4] = [(80, 24), (120, 30), (40, 8), (20, 3)];
    proptest::proptest!(config(), |(
        steps in proptest::collection::vec(0..STEPS.len(), 1..80),
        size in 0..SIZES.len(),
    )| {
        let start = "There were three rules.\n\nNobody spoke";
        let mut desk = Desk::on(start);
        desk.size(SIZES[size].0, SIZES[size].1);
        for step in steps.into_iter().map(|number| STEPS[number]) {
            let news = step.starts_with('=');
            if news && desk.asked.len() < 3 {
                continue;
            }
            let before = desk.app.session().text().clone();
            desk.step(step);
            desk.draw();
            let after = desk.app.session().text();
            proptest::prop_assert!(!news || *after == before, "{step} changed the text");
            proptest::prop_assert!(!desk.app.is_over(), "{step} ended the desk");
        }
        for _ in 0..400 {
            desk.step("<esc>");
            desk.step("<ctrl-z>");
        }
        let left = desk.app.session().text().to_string();
        proptest::prop_assert_eq!(left, start);
    });
}
