//! Text + keys -> text, through the whole desk except the terminal and the model.

use crate::support::desk::{self, Desk, check};
use unstuck::session::Author;

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
fn found_where_it_stands() {
    check(&[
        // From the cursor on, letter by letter; what is found is selected and stays so.
        ("a lamp, |a Lamp, a lamb", &["<ctrl-f>", "lamp"], "a lamp, a [Lamp|, a lamb"),
        ("a lamp, |a Lamp, a lamb", &["<ctrl-f>", "lamb", "<esc>"], "a lamp, a Lamp, a [lamb|"),
        ("|lamb lamp", &["<ctrl-f>", "lamp", "<backspace>"], "[lam|b lamp"),
        ("|a Lamp, a lamp", &["<ctrl-f>", "L"], "a [L|amp, a lamp"),
        // On and back, and round at either end.
        ("|x x x", &["<ctrl-f>", "x", "<enter>"], "x [x| x"),
        ("|x x x", &["<ctrl-f>", "x", "<down>", "<down>", "<down>"], "[x| x x"),
        ("|x x x", &["<ctrl-f>", "x", "<up>"], "x x [x|"),
        ("|x x x", &["<ctrl-f>", "x", "<shift-enter>", "<shift-enter>"], "x [x| x"),
        ("x x|", &["<ctrl-f>", "x"], "[x| x"),
        // Where nothing is found the cursor is where it was; and it goes back there on the same key.
        ("one t|wo", &["<ctrl-f>", "zz"], "one t|wo"),
        ("one t|wo", &["<ctrl-f>", "one", "<alt-/>"], "one t|wo"),
        ("one t|wo", &["<ctrl-f>", "one", "<ctrl-w>"], "one t|wo"),
        ("one two", &["<shift-left>", "<ctrl-f>", "n", "<ctrl-f>"], "one tw|o["),
        // What is selected is looked for; a page isn't.
        ("ab ab|", &["<shift-left>", "<shift-left>", "<ctrl-f>", "<enter>"], "[ab| ab"),
        ("a\na|", &["<ctrl-a>", "<ctrl-f>", "<enter>", "<esc>"], "[a\na|"),
        // What was looked for last stands there, to go on with or to be typed over.
        ("|x y x y", &["<ctrl-f>", "x", "<esc>", "<end>", "<ctrl-f>", "<up>"], "x y [x| y"),
        ("|x y x y", &["<ctrl-f>", "x", "<esc>", "<end>", "<ctrl-f>", "y"], "x [y| x y"),
        ("|x y x y", &["<ctrl-f>", "x", "<end>", "<esc>", "<end>", "<ctrl-f>", "^y"], "x [y| x y"),
        // Pastes, of the terminal's and of one's own: one line.
        ("|one two", &["<ctrl-f>", "^two\nthree"], "one [two|"),
        (
            "one| two",
            &["<ctrl-shift-left>", "<ctrl-c>", "<end>", "<ctrl-f>", "<ctrl-v>"],
            "[one| two",
        ),
        ("e\u{301} e|", &["<ctrl-f>", "e", "<enter>"], "e\u{301} [e|"),
    ]);
}

#[test]
fn replaced_one_by_one_and_all_at_once() {
    const ALL: &[&str] = &["<ctrl-f>", "lamp", "<tab>", "light", "<alt-enter>"];
    let then = |more: &[&'static str]| [ALL, more].concat();
    check(&[
        ("|a lamp, a lamp", &["<ctrl-f>", "lamp", "<tab>", "x", "<enter>"], "a x, a [lamp|"),
        // At the end round to the top, and undo one by one.
        ("lamp |lamp", &["<ctrl-f>", "lamp", "<tab>", "x", "<enter>", "<enter>"], "x| x"),
        ("lamp |lamp", &["<ctrl-f>", "lamp", "<tab>", "x", "<enter>", "<ctrl-z>"], "lamp [lamp|"),
        // Without one in hand the first Enter goes there only.
        ("|a b", &["<ctrl-f>", "b", "<down>", "<tab>", "<ctrl-f>", "<ctrl-f>", "<tab>"], "|a b"),
        (
            "b |a",
            &["<ctrl-f>", "b", "<esc>", "<end>", "<ctrl-f>", "<tab>", "c", "<enter>"],
            "[b| a",
        ),
        // Capitals are kept where they weren't asked for.
        ("|lamp Lamp LAMP", ALL, "light| Light LIGHT"),
        ("|lamp Lamp", &["<ctrl-f>", "Lamp", "<tab>", "light", "<f5>"], "lamp light|"),
        ("|aaa", &["<ctrl-f>", "a", "<tab>", "aa", "<alt-enter>"], "aa|aaaa"),
        ("|a, b, c", &["<ctrl-f>", ", ", "<tab>", "<alt-enter>"], "a|bc"),
        ("|don’t", &["<ctrl-f>", "don't", "<tab>", "do not", "<alt-enter>"], "do not|"),
        // One step back, whatever it took; and on again.
        ("|lamp Lamp LAMP", &then(&["<ctrl-z>"]), "[lamp| Lamp LAMP"),
        ("|lamp Lamp LAMP", &then(&["<esc>", "<ctrl-z>", "<ctrl-y>"]), "light Light LIGHT|"),
        ("|lamp Lamp", &then(&["<alt-enter>", "<ctrl-z>"]), "[lamp| Lamp"),
        // Tab goes there and back, and the same key as ever back to the page.
        ("|a b", &["<ctrl-f>", "a", "<tab>", "c", "<tab>", "<end>", " ", "<esc>"], "[a |b"),
        ("x a y|", &["<ctrl-f>", "a", "<tab>", "bcd", "<enter>", "<ctrl-f>"], "x bcd y|"),
    ]);
}

#[test]
fn finding_is_said_in_words() {
    let mut desk = Desk::on("|a lamp, a Lamp, no light");
    for (step, words) in [
        ("<ctrl-f>", "Find: "),
        ("lamp", "1 of 2"),
        ("<enter>", "2 of 2 "),
        ("<enter>", "1 of 2, from the top"),
        ("<up>", "2 of 2, from the end"),
        ("z", "not found"),
        ("<backspace>", "2 of 2"),
        ("<tab>", "Replace: "),
        ("light", "Alt+Enter all"),
        ("<alt-enter>", "2 replaced. Ctrl+Z undoes it."),
        ("<ctrl-z>", "2 of 2"),
        ("<esc>", "words"),
    ] {
        desk.steps(&[step]);
        let shown = desk.shown();
        assert!(shown.contains(words), "{step}: {words} in\n{shown}");
    }
    assert!(!desk.shown().contains("Find"), "{}", desk.shown());
    // An offer comes meanwhile as ever.
    desk.steps(&["<end>", "<ctrl-space>", "<ctrl-f>", "lamp", "= that| lasts", "=.", "<esc>"]);
    assert!(desk.shown().contains("that lasts"), "{}", desk.shown());
    desk.steps(&["<end>", "<alt-enter>"]);
    assert_eq!(desk.text(), "a lamp, a Lamp, no light that lasts|");
}

#[test]
fn what_is_replaced_is_the_writers_and_the_rest_stays_whose_it_was() {
    let mut desk = Desk::on("Once ");
    desk.steps(&[
        "<ctrl-space>",
        "=the lamp was a lamp| and no more",
        "=.",
        "<alt-enter>",
        "<home>",
    ]);
    desk.steps(&["<ctrl-f>", "lamp", "<tab>", "candle", "<alt-enter>", "<esc>"]);
    assert_eq!(desk.text(), "Once the candle| was a candle and no more");
    let session = desk.app.session();
    let authors: Vec<_> = session.authors(0..session.text().len_chars()).collect();
    let (machine, edited) = (Author::Machine, Author::Edited);
    let whose = [
        (0..5, Author::Unknown),
        (5..9, machine),
        (9..15, edited),
        (15..22, machine),
        (22..28, edited),
        (28..40, machine),
    ];
    assert_eq!(authors, whose);
    desk.steps(&["<f3>"]);
    let shown = desk.shown();
    assert!(shown.contains("you changed 2 words") && shown.contains("candle"), "{shown}");
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
    assert!(desk.shown().contains("doesn't come from"), "{}", desk.shown());
    desk.steps(&["<s>"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one more");
    // Another name, that is taken; then one that is free.
    std::fs::write(folder.path().join("b.md"), "b").unwrap();
    for (name, step) in [("b.md", "<esc>"), ("c.md", "")] {
        desk.steps(&["<alt-s>", "<ctrl-u>", "<home>", "<ctrl-k>"]);
        let name = folder.path().join(name);
        desk.steps(&[name.to_str().unwrap(), "<enter>"]);
        if !step.is_empty() {
            assert!(desk.shown().contains("already exists"));
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
    desk.steps(&["!", "<alt-s>", "<home>", "<ctrl-k>", "/dev/null/at/all.md", "<enter>"]);
    if desk.shown().contains("There is no folder") {
        desk.steps(&["<enter>"]);
    }
    assert!(desk.shown().contains("! Not saved:"), "{}", desk.shown());
    assert_eq!(desk.text(), "one!|");
    desk.steps(&["<ctrl-q>", "l"]);
    assert!(desk.app.is_over());
}

/// As dialogs do: the first letter replaces the name that is offered, an arrow keeps it.
#[test]
fn the_name_that_is_offered_gives_way_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my story.md");
    let there = folder.path().display().to_string();
    let steps_and_names: &[(&[&str], &str, &str)] = &[
        // On a draft without a name, and on one that has one; `@` is its folder.
        (&[], "draft.md", "@/my story.md"),
        (&["poem"], "poem.md", "@/poem.md"),
        (&["Poem.md"], "Poem.md", "@/Poem.md"),
        (&["poem.txt"], "poem.txt", "@/poem.txt"),
        (&["/a/b.md"], "/a/b.md", "/a/b.md"),
        (&["~b"], "~b", "~b"),
        (&["../b"], "../b", "../b"),
        (&["a/b"], "a/b.md", "@/a/b.md"),
        (&["^poem"], "poem.md", "@/poem.md"),
        (&["^poem.md\nand more"], "poem.md", "@/poem.md"),
        (&["^/a/b.md"], "/a/b.md", "/a/b.md"),
        (&["<right>", "2"], "draft2.md", "@/my story2.md"),
        (&["<right>", ".2"], "draft.2.md", "@/my story.2.md"),
        (&["<left>", "x"], "xdraft.md", "@/xmy story.md"),
        (&["<end>", "x"], "draft.mdx", "@/my story.mdx"),
        (&["<backspace>", "b"], "b.md", "@/b.md"),
        (&["b", "<backspace>", "c.md"], "c.md", "@/c.md"),
        (&["b", "<left>", "c.d"], "c.db.md", "@/c.db.md"),
        (&["<shift-left>", "x"], "xt.md", "@/xy.md"),
        (&["<ctrl-a>", "x"], "x", "x"),
        (&["<ctrl-a>", "/x.md"], "/x.md", "/x.md"),
        (&["<ctrl-u>"], "", ""),
        (&["b", "<ctrl-u>", "c.md"], "c.md", "c.md"),
        (&["bc", "<ctrl-z>"], "b.md", "@/b.md"),
        (&["<ctrl-a>", "<ctrl-x>", "x", "<ctrl-v>"], "xdraft.md", "x@/my story.md"),
    ];
    for (steps, new, named) in steps_and_names {
        let session = unstuck::session::Session::open(&path).unwrap();
        let desks = [Desk::on(""), Desk::new(session, &desk::settings(), Vec::new())];
        for (mut desk, expected) in desks.into_iter().zip([new, named]) {
            desk.size(200, 24);
            desk.steps(&["<alt-s>"]);
            desk.steps(steps);
            let shown = desk.shown();
            let line = shown.lines().last().unwrap();
            let name = line.trim_start().strip_prefix("Save as:").unwrap();
            let name = name.split("  Enter save").next().unwrap().trim();
            assert_eq!(name, expected.replace('@', &there), "{steps:?}");
        }
    }
    // The name of a branch is offered likewise.
    let mut desk = Desk::on("");
    desk.steps(&["one", "<f3>", "n", "first", "<enter>", "n", "second", "<enter>"]);
    assert!(desk.shown().contains("“second”"), "{}", desk.shown());
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
    // What can't be changed can be looked through, and says why it isn't changed.
    for all in ["<enter>", "<alt-enter>"] {
        desk.steps(&["<ctrl-f>", "ca", "<tab>", "x", all]);
        assert!(desk.shown().contains("latin.md isn't UTF-8"), "{all}: {}", desk.shown());
        assert!(desk.shown().contains("1 of 1"), "{all}: {}", desk.shown());
        desk.steps(&["<esc>"]);
    }
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
        "<ctrl-f>",
        "<tab>",
        "o",
        "<ctrl-d>",
        "3",
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
