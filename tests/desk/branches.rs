//! The branch map, authorship, and the invariant that the text always equals the replay of its journal.

use crate::support::desk::{Desk, Room, settings};
use proptest::prelude::*;
use ratatui::{layout::Position, style::Modifier};
use unstuck::{
    session::{Author, Session},
    tui::Settings,
};

/// A desk with two offers, of which the second was taken and changed.
fn forked(room: &Room) -> Desk {
    let mut desk = room.desk();
    desk.steps(&[
        "<ctrl-space>",
        "=2: One two.",
        "=2:.",
        "=1: Three four.",
        "=1:.",
        "<esc>",
        "<alt-2>",
        "<esc>",
    ]);
    desk.steps(&["<ctrl-left>", "very ", "<end>"]);
    desk
}

#[test]
fn the_map_shows_every_branch_and_leads_there() {
    let room = Room::new("Lamps.");
    let mut desk = forked(&room);
    assert_eq!(desk.text(), "Lamps. Three very four.|");
    desk.steps(&["<f3>"]);
    let shown = desk.shown();
    for part in [
        "■ Lamps.",
        "initial text",
        "├─○ One two.",
        "offer 1",
        "● Three very four.",
        "offer 2, taken, you changed 1 word",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    assert!(shown.contains("Enter go there  Esc back  c compare with the page"), "{shown}");
    assert!(shown.contains("■ Lamps.") && shown.contains("■ the file"), "{shown}");
    assert!(shown.contains("4 words"), "{shown}");
    // The page is chosen; the row above it is the first offer.
    desk.steps(&["<up>", "c"]);
    let shown = desk.shown();
    assert!(
        shown.contains("What this branch has") && shown.contains("Lamps.{+ One two.+}"),
        "{shown}"
    );
    desk.steps(&["<esc>", "<enter>"]);
    assert_eq!(desk.text(), "Lamps. One two.|");
    desk.steps(&["<alt-down>"]);
    assert_eq!(desk.text(), "Lamps. Three very |four.", "with the cursor where it was left");
    desk.steps(&["<alt-up>"]);
    assert_eq!(desk.text(), "Lamps. One two.|");
    drop(desk);
    let mut desk = room.desk();
    desk.steps(&["<enter>", "<alt-down>"]);
    assert_eq!(desk.text(), "Lamps. Three very |four.", "branches outlive the program");
}

/// A screen without the times of questions.
fn without_times(shown: &str) -> String {
    let line = |line: &str| match (line.find("asked here"), line.find(" · ")) {
        (Some(at), Some(end)) if at < end => format!("{}asked here{}", &line[..at], &line[end..]),
        _ => line.to_owned(),
    };
    shown.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// What the map draws: points, words and what stands before them, without the facts at the right.
fn map(desk: &mut Desk) -> Vec<String> {
    desk.steps(&["<f3>"]);
    let shown = without_times(&desk.shown());
    desk.steps(&["<esc>"]);
    let rows = shown
        .lines()
        .filter(|line| line.contains(['○', '●', '■', '◂', '▸']) && !line.contains("·  "));
    let words = |line: &str| {
        line.trim_end().get(2..).map(|line| line.split("   ").next().unwrap_or_default().to_owned())
    };
    rows.skip_while(|line| line.contains("draft.md")).filter_map(words).collect()
}

/// The page's own line is the trunk, however often it forked; what branches off says where, and stands together.
#[test]
fn the_map_runs_down_along_the_page() {
    let offered =
        |first: &'static str, second: &'static str| ["<ctrl-space>", first, "=1:.", second, "=0:."];
    for (steps, expected) in [
        (
            // Asked and taken, over and over.
            [
                &offered("=1: One.", "=0: Two.")[..],
                &["<alt-1>", "<esc>"],
                &offered("=1: Three.", "=0: Four."),
                &["<alt-2>", "<esc>"],
                &offered("=1: Five.", "=0: Six."),
                &["<alt-1>", "<esc>"],
            ]
            .concat(),
            &["■ Lamps.", "├─○ Two.", "● One.", "├─○ Three.", "● Four.", "├─○ Six.", "● Five."][..],
        ),
        (
            // Gone back: what was left is a side line, with side lines of its own.
            [
                &offered("=1: One.", "=0: Two.")[..],
                &["<alt-1>", "<esc>"],
                &offered("=1: Three.", "=0: Four."),
                &["<alt-2>", "<esc>", "<ctrl-z>", "<ctrl-z>", " Mine."],
            ]
            .concat(),
            &["■ Lamps.", "├─▸ asked here · 2 offers, 1 taken", "● Mine."],
        ),
        (
            // Nothing goes on from the page.
            offered("=1: One.", "=0: Two.").to_vec(),
            &["■ Lamps.", "└─▸ asked here · 2 offers"],
        ),
        (
            // What was undone goes on from it.
            [" Mine.", "^ More.", "<ctrl-z>"].to_vec(),
            &["■ Lamps.", "● Mine.", "○ More."],
        ),
        (
            // In the middle of a word the word is said whole; behind one, and before a mark, there is nothing to say.
            [
                &[" He would wri"],
                &offered("=1:te to us.", "=0:ng it.")[..],
                &["<alt-1>", "<esc>"],
                &offered("=1: One.", "=0:’s it."),
                &["<alt-1>", "<esc>"],
                &offered("=1:\n\nNew.", "=0:, so."),
                &["<alt-1>", "<esc>"],
            ]
            .concat(),
            &[
                "■ Lamps.",
                "● He would wri",
                "├─○ wring it.",
                "● write to us.",
                "├─○ ’s it.",
                "● One.",
                "├─○ , so.",
                "● New.",
            ],
        ),
    ] {
        let room = Room::new("Lamps.");
        let mut desk = room.desk_in(&Settings { offers: 2, ..settings() });
        desk.steps(&steps);
        assert_eq!(map(&mut desk), expected, "{steps:?}");
        // And so it is after a restart.
        drop(desk);
        let mut desk = room.desk_in(&Settings { offers: 2, ..settings() });
        if desk.app.session().recovery().is_some() {
            desk.steps(&["<enter>"]);
        }
        assert_eq!(map(&mut desk), expected, "{steps:?}");
    }
}

#[test]
fn a_word_is_whole_wherever_it_came_from() {
    for (before, offer, expected) in [
        ("the lam", "ps were", "lamps were"),
        ("don", "'t", "don't"),
        ("he said 'wo", "rd", "word"),
        ("don'", "t go", "don't go"),
        ("the lamps", " were", "were"),
        ("the lamps.", "Then", "Then"),
        ("雨が降って", "いた", "雨が降っていた"),
        (&"x".repeat(40), "yz", "…yz"),
    ] {
        let mut session = Session::from_text(&format!("One {before} and more"));
        let at = 4 + before.chars().count();
        // The word may have been written, or been there from the beginning; the text before it may have moved it.
        session.move_to(0, false);
        session.type_text("Now. ");
        let request = session.ask(at + 5, serde_json::Value::Null);
        session.offer(request, 1, offer).unwrap();
        session.offer(request, 2, "...").unwrap();
        let rows = session.branches();
        assert!(rows.iter().any(|row| row.text == expected), "{expected}: {rows:?}");
    }
}

#[test]
fn going_beside_says_where_one_is() {
    let room = Room::new("Lamps.");
    let mut desk = forked(&room);
    for (key, said) in [
        ("<alt-up>", "Branch 1 of 2: offer 1. Alt+↓ next, Alt+↑ back, Ctrl+Z undoes it."),
        ("<alt-up>", "Branch 2 of 2: offer 2, taken, you changed 1 word."),
        ("<alt-down>", "Branch 1 of 2: offer 1."),
    ] {
        desk.steps(&[key]);
        assert!(desk.shown().contains(said), "{key}: {}", desk.shown());
    }
    desk.steps(&["x"]);
    assert!(!desk.shown().contains("Branch"));
    let mut alone = Desk::on("alone");
    alone.steps(&["<alt-down>"]);
    assert!(alone.shown().contains("no sibling branch"));
}

#[test]
fn branches_are_named_marked_and_pruned() {
    let room = Room::new("Lamps.");
    let mut desk = forked(&room);
    desk.steps(&["<f3>", "n", "keep", "<enter>", "b"]);
    assert!(desk.shown().contains("★ keep"), "{}", desk.shown());
    desk.steps(&["p", "p"]);
    assert!(desk.shown().contains("the page comes from this branch"), "{}", desk.shown());
    // A bookmark is taken off before its branch can be pruned.
    desk.steps(&["<up>", "b", "p", "p"]);
    assert!(
        desk.shown().contains("it has a bookmark (★); take that off first"),
        "{}",
        desk.shown()
    );
    desk.steps(&["b", "p"]);
    assert!(desk.shown().contains("Press p again to delete this branch"));
    desk.steps(&["<down>", "<up>"]);
    assert!(desk.shown().contains("One two."), "another key is no answer");
    desk.steps(&["p", "p"]);
    assert!(!desk.shown().contains("One two."), "{}", desk.shown());
    desk.steps(&["<esc>"]);
    assert_eq!(desk.text(), "Lamps. Three very four.|");
    drop(desk);
    let journal = unstuck::session::journal_path(&room.draft, &room.state);
    let bytes = std::fs::read(journal).unwrap();
    assert!(!bytes.windows(8).any(|part| part == b"One two."), "pruned on disk too");
    let mut desk = room.desk();
    desk.steps(&["<enter>", "<ctrl-b>"]);
    assert!(desk.shown().contains("★ keep"));
}

#[test]
fn the_map_stands_at_every_size_and_for_every_tree() {
    let room = Room::new("");
    let mut desk = room.desk();
    for n in 0..40 {
        desk.steps(&["word ", "<ctrl-z>", if n % 3 == 0 { "雨 " } else { "other " }]);
        if n % 5 == 0 {
            desk.steps(&["<ctrl-space>", "= so", "<esc>", "<esc>"]);
        }
    }
    for (width, height) in [(160, 45), (80, 24), (40, 8), (20, 3)] {
        desk.size(width, height);
        desk.steps(&[
            "<f3>", "<home>", "<end>", "<pageup>", "<down>", " ", "<up>", "c", "<esc>", "n",
            "<esc>",
        ]);
        desk.steps(&["<esc>", "<esc>", "x"]);
    }
}

#[test]
fn whose_words_by_style_and_by_mark() {
    let room = Room::new("Lamps.\n\n");
    let mut desk = room.desk();
    desk.steps(&[
        "mine\n\n",
        "<ctrl-space>",
        "=2:Theirs were put out.",
        "=2:.",
        "<alt-enter>",
        "<esc>",
    ]);
    desk.steps(&["<esc>", "<ctrl-left>", "<ctrl-left>", "not ", "<ctrl-end>", "\n\n", "^pasted"]);
    assert!(!desk.shown().contains("▎"), "off by default");
    desk.steps(&["<ctrl-o>"]);
    let shown = desk.shown();
    let row =
        |word: &str| shown.lines().find(|line| line.contains(word)).unwrap().trim().to_owned();
    for (word, mark) in [("Lamps", "?"), ("Theirs", "▎┊"), ("pasted", "+")] {
        assert!(row(word).starts_with(mark), "{word}: {shown}");
    }
    assert_eq!(row("mine"), "mine");
    let status = shown.lines().last().unwrap();
    for part in ["you ", "▎ machine ", "┊ edited by you ", "+ pasted "] {
        assert!(status.contains(part), "{part}: {status}");
    }
    let buffer = desk.screen.backend().buffer();
    let y = shown.lines().position(|line| line.contains("Theirs")).unwrap() as u16;
    let look = |x: u16| buffer.cell(Position::new(x, y)).unwrap().modifier;
    assert_eq!(look(4), Modifier::ITALIC);
    assert_eq!(look(4 + "Theirs were ".len() as u16), Modifier::ITALIC | Modifier::UNDERLINED);
    desk.steps(&["<ctrl-o>"]);
    assert!(!desk.shown().contains("▎"));
}

fn covered(session: &Session) {
    let (mut at, len) = (0, session.text().len_chars());
    for (range, _) in session.authors(0..len) {
        assert_eq!(range.start, at);
        at = range.end;
    }
    assert_eq!(at, len, "the classes cover the text");
    assert_eq!(session.shares().all_chars(), len);
}

fn authors(session: &Session) -> Vec<Author> {
    let runs = session.authors(0..session.text().len_chars());
    runs.flat_map(|(range, author)| range.map(move |_| author)).collect()
}

/// Everything that the writer may do, in any order, with crashes in between: each start has exactly what was there.
#[test]
fn the_text_is_the_replay_of_the_journal() {
    const STEPS: &[&str] = &[
        "a",
        " ",
        "The lamps",
        ".",
        "\n",
        "雨",
        "👨‍👩‍👧‍👦",
        "e\u{301}",
        "\t",
        "^one\r\ntwo",
        "<ctrl-space>",
        "= The| lamp",
        "=2: late.",
        "=.",
        "<esc>",
        "<ctrl-right>",
        "<alt-enter>",
        "<alt-2>",
        "<alt-r>",
        "<ctrl-r>",
        "<ctrl-z>",
        "<ctrl-z>",
        "<ctrl-y>",
        "<alt-up>",
        "<alt-down>",
        "<f3>",
        "<enter>",
        "<up>",
        "<down>",
        "p",
        "b",
        "n",
        "<backspace>",
        "<delete>",
        "<ctrl-w>",
        "<left>",
        "<home>",
        "<ctrl-home>",
        "<shift-left>",
        "<ctrl-a>",
        "<ctrl-x>",
        "<ctrl-v>",
        "<ctrl-s>",
        "<ctrl-o>",
        "<ctrl-f>",
        "<tab>",
        "<alt-enter>",
        "e",
        "crash",
        "crash",
    ];
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() };
    proptest!(config, |(steps in proptest::collection::vec(0..STEPS.len(), 1..60))| {
        let room = Room::new("There were three rules.\n");
        let mut desk = room.desk();
        for step in steps.into_iter().map(|number| STEPS[number]).chain(["crash"]) {
            if step != "crash" {
                if !step.starts_with('=') || desk.asked.len() >= 3 {
                    desk.step(step);
                    desk.draw();
                }
                covered(desk.app.session());
                continue;
            }
            let session = desk.app.session();
            let (text, whose) = (session.text().to_string(), authors(session));
            drop(desk);
            desk = room.desk();
            let session = desk.app.session();
            prop_assert_eq!(session.text().to_string(), text);
            prop_assert_eq!(authors(session), whose);
            if session.recovery().is_some() {
                desk.step("<enter>");
            }
        }
    });
}

#[test]
fn undo_pressed_fast_corrupts_nothing() {
    let room = Room::new("");
    let mut desk = room.desk();
    for n in 0..60 {
        desk.steps(&["Word. ", "<ctrl-space>", "=2: more", "=2:.", "<ctrl-right>"]);
        for _ in 0..n % 7 {
            desk.step("<ctrl-z>");
        }
        for _ in 0..n % 5 {
            desk.step("<ctrl-y>");
        }
        covered(desk.app.session());
    }
    let end = desk.text();
    for _ in 0..2000 {
        desk.step("<ctrl-z>");
    }
    assert_eq!(desk.text(), "|");
    for _ in 0..2000 {
        desk.step("<ctrl-y>");
    }
    assert_eq!(desk.text(), end);
}

#[test]
fn a_question_is_one_row_and_opens() {
    let room = Room::new("Lamps.");
    let mut desk = room.desk_in(&Settings { offers: 3, ..settings() });
    let offers = ["=2: One lamp.", "=2:.", "=1: Two boats.", "=1:.", "=0: Three rules.", "=0:."];
    desk.steps(&["<ctrl-space>"]);
    desk.steps(&offers);
    desk.steps(&["<alt-1>", "<esc>", "<f3>", "<up>"]);
    let shown = without_times(&desk.shown());
    assert!(shown.contains("├─▸ asked here · 3 offers, 1 taken"), "{shown}");
    assert!(!shown.contains("Two boats."), "{shown}");
    assert!(shown.contains("3 branches") || shown.contains("4 branches"), "{shown}");
    desk.steps(&["<enter>"]);
    let shown = without_times(&desk.shown());
    for part in ["├─▾ asked here", "│ ├─○ Two boats.", "│ └─○ Three rules."] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    desk.steps(&["<left>"]);
    assert!(!desk.shown().contains("Two boats."));
    // The filter finds what is folded, by any of its words; Esc shows where it is.
    desk.steps(&["/", "BOATS"]);
    let shown = desk.shown();
    assert!(shown.contains("Two boats.") && shown.contains("· 1 found"), "{shown}");
    assert!(!shown.contains("One lamp."), "{shown}");
    desk.steps(&["<esc>"]);
    let shown = without_times(&desk.shown());
    assert!(shown.contains("├─▾ asked here") && shown.contains("Two boats."), "{shown}");
    desk.steps(&["<enter>"]);
    assert_eq!(desk.text(), "Lamps. Two boats.|");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "Lamps. One lamp.|");
}

#[test]
fn a_branch_opens_into_its_steps() {
    let room = Room::new("");
    let mut desk = room.desk();
    desk.steps(&["One. ", "Two. ", "Three.", "<ctrl-s>", "<f3>", "<right>", "<down>", "<down>"]);
    assert!(desk.shown().contains("├─● One."), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert_eq!(desk.text(), "One. |");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "One. Two. Three.|");
}

/// A long history: questions at 60 places, some rolled again, some taken, some left.
#[test]
fn a_map_of_five_hundred_revisions() {
    let clock = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let room = Room::new("There were three rules.");
    let mut session = room.session();
    session.set_clock(move || clock);
    session.move_to(usize::MAX, false);
    let sentences =
        ["The lamps were put out.", "Nobody spoke of the boat.", "It rained.", "She rose."];
    for place in 0..60 {
        let at = session.text().len_chars();
        for roll in 0..=place % 2 {
            let request = session.ask(at, serde_json::json!({"seed": place}));
            for number in 1..=3 {
                let words = sentences[(place + roll + number) % 4];
                session
                    .offer(request, number, &format!(" {words} {place}.{roll}.{number}"))
                    .unwrap();
            }
            if roll == 0 && place % 3 == 0 {
                let source = unstuck::session::Source { request, number: 1 };
                session.take_from(
                    source,
                    at,
                    &format!(" {} {place}.0.1", sentences[(place + 1) % 4]),
                );
            }
        }
        session.paste(&format!(" Mine {place}."));
        if place == 40 {
            session.save().unwrap();
            session.bookmark(session.revision(), true);
        }
        if place % 20 == 19 {
            let back = session.revision() - 40;
            session.go(back);
            session.move_to(usize::MAX, false);
        }
    }
    assert!(session.branches().len() > 200, "{}", session.branches().len());
    let mut desk = Desk::new(session, &settings(), Vec::new());
    for (width, height) in [(80, 24), (120, 40), (40, 12)] {
        desk.size(width, height);
        desk.steps(&["<f3>"]);
        insta::assert_snapshot!(format!("map_{width}x{height}"), desk.shown());
        desk.steps(&["<up>", "<enter>", "<down>"]);
        insta::assert_snapshot!(format!("map_open_{width}x{height}"), desk.shown());
        desk.steps(&["<up>", "<enter>", "/", "boat 2"]);
        insta::assert_snapshot!(format!("map_filter_{width}x{height}"), desk.shown());
        desk.steps(&["<esc>", "<esc>"]);
    }
}
