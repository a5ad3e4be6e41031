//! Text + keys -> text, through the whole desk but the terminal and the model.

mod desk;

use desk::{Desk, check};

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
        "<alt-p>",
        "<alt-l>",
        "<alt-=>",
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
