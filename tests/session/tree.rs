//! The tree as a person uses it: offers beside the page, siblings, bookmarks, pruning, the map.

use std::fs;
use unstuck::session::{Change, History, Kind, Motion, Session, Source};

fn typed(session: &mut Session, text: &str) {
    text.chars().for_each(|char| _ = session.type_text(&char.to_string()));
}

/// A draft with three offers at its end, asked while it was being typed.
fn asked() -> (Session, usize, Vec<usize>) {
    let mut session = Session::new();
    typed(&mut session, "There were three rules.");
    let request = session.ask(23, serde_json::json!({"model": "inkwell", "seed": 7}));
    let offers = [" The first.", " The second.", " Nobody."];
    let offers = offers.iter().enumerate();
    let offers = offers.filter_map(|(at, text)| session.offer(request, at + 1, text)).collect();
    (session, request, offers)
}

#[test]
fn a_result_belongs_to_the_text_it_was_asked_from() {
    let (mut session, request, _) = asked();
    let asked = session.request(request).unwrap().clone();
    assert_eq!((asked.at, asked.details["seed"].as_u64()), (23, Some(7)));
    // The writer went on, in a step of its own, and elsewhere too.
    typed(&mut session, " Mine.");
    session.move_to(0, false);
    typed(&mut session, "Note: ");
    let late = session.offer(request, 4, " Late.").unwrap();
    assert_eq!(session.text(), "Note: There were three rules. Mine.");
    assert_eq!(session.text_at(late).unwrap(), "There were three rules. Late.");
    assert_eq!(session.map(asked.at, asked.revision), Some(29));
    let page = session.revision();
    assert!(session.go(late));
    assert_eq!(
        (session.text().to_string().as_str(), session.cursor()),
        ("There were three rules. Late.", 29)
    );
    assert!(session.undo());
    assert_eq!(session.text(), "Note: There were three rules. Mine.", "a jump is one step");
    assert!(session.go(asked.revision));
    assert_eq!(session.text(), "There were three rules.");
    assert!(session.go(page));
    assert_eq!(session.text(), "Note: There were three rules. Mine.");
}

#[test]
fn siblings_go_round() {
    let (mut session, _, offers) = asked();
    typed(&mut session, " Mine. And more.");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(session.text().to_string());
        assert!(session.next_sibling());
    }
    assert_eq!(seen[0], "There were three rules. Mine. And more.");
    assert_eq!(
        seen[1..].iter().map(|text| &text[23..]).collect::<Vec<_>>(),
        [" The first.", " The second.", " Nobody."]
    );
    assert_eq!(session.text(), &seen[0], "round, and each as it was left");
    session.previous_sibling();
    assert_eq!(session.revision(), offers[2]);
    assert!(!Session::from_text("alone").next_sibling());
}

#[test]
fn the_map_shows_what_came_of_what() {
    let (mut session, request, offers) = asked();
    // Offer 1 word by word, and then the writer's own.
    let source = Source { request, number: 1 };
    session.take_from(source, 23, " The");
    session.take_from(source, 27, " first.");
    typed(&mut session, " Mine.");
    session.bookmark(offers[1], true);
    session.name(offers[2], "the short one");
    let rows: Vec<_> = session
        .branches()
        .into_iter()
        .map(|row| {
            (
                row.depth,
                row.parent,
                row.kind,
                row.source.map(|of| of.number),
                row.text,
                row.leads_to_page,
            )
        })
        .collect();
    let row = |depth, parent, kind, number, text: &str, leads| {
        (depth, parent, kind, number, text.to_string(), leads)
    };
    assert_eq!(
        rows,
        [
            row(0, None, Kind::Typed, None, "There were three rules.", true),
            row(1, Some(0), Kind::Offered, Some(2), "The second.", false),
            row(1, Some(0), Kind::Offered, Some(3), "Nobody.", false),
            row(0, Some(0), Kind::Taken, Some(1), "The first. Mine.", true),
        ]
    );
    let rows = session.branches();
    assert!(rows[1].bookmarked && rows[3].is_page);
    assert_eq!(rows[2].name.as_deref(), Some("the short one"));
    assert_eq!(rows[3].steps, 3);
}

#[test]
fn an_offer_that_went_on_is_one_branch() {
    let (mut session, request, offers) = asked();
    let shown = |session: &Session| {
        let rows = session.branches().into_iter().filter(|row| row.kind == Kind::Offered);
        rows.map(|row| row.text).collect::<Vec<_>>()
    };
    let longer = session.offer(request, 2, " The second. It was old.").unwrap();
    assert_ne!(longer, offers[1]);
    assert_eq!(shown(&session), ["The first.", "The second. It was old.", "Nobody."]);
    // Told again, or told less of, it is the same.
    assert_eq!(session.offer(request, 2, " The second. It was old."), Some(longer));
    assert_eq!(session.offer(request, 2, " The second."), Some(offers[1]));
    assert_eq!(session.offer(request, 2, " The sec"), Some(offers[1]));
    assert_eq!(session.text_at(longer).unwrap(), "There were three rules. The second. It was old.");
    // A part of it taken leaves the rest in the map; all of it taken stands for it.
    let source = Source { request, number: 2 };
    session.take_from(source, 23, " The second.");
    assert_eq!(shown(&session).len(), 3);
    session.take_from(source, 35, " It was old.");
    assert_eq!(shown(&session), ["The first.", "Nobody."]);
    // So does typing through it.
    session.undo();
    session.undo();
    session.seal();
    typed(&mut session, " The ");
    session.take_from(Source { request, number: 1 }, 28, "first.");
    assert_eq!(shown(&session), ["Nobody."]);
}

#[test]
fn a_branch_says_what_was_taken_and_what_the_writer_changed() {
    let (mut session, request, _) = asked();
    let source = Source { request, number: 2 };
    for word in [" The", " second", " rule", " was", " old."] {
        session.take_from(source, session.cursor(), word);
    }
    let row = |session: &Session| session.branches().into_iter().find(|row| row.is_page).unwrap();
    assert_eq!((row(&session).taken, row(&session).changed), ((5, 5), 0));
    // A word typed in the place of one is one, a word put in another; what is written behind is none.
    session.move_to(39, false);
    session.delete(Motion::WordLeft);
    typed(&mut session, "law");
    session.move_to(42, false);
    typed(&mut session, " very");
    session.motion(Motion::End, false);
    typed(&mut session, " Mine, all of it.");
    let page = row(&session);
    assert_eq!(
        session.text(),
        "There were three rules. The second law was very old. Mine, all of it."
    );
    assert_eq!((page.kind, page.taken, page.changed), (Kind::Taken, (5, 5), 2));
    assert_eq!(page.text, "The second law was very old. Mine, all of it.");
    // A selection typed over counts once, too.
    session.move_to(24, false);
    session.move_to(27, true);
    typed(&mut session, "A");
    assert_eq!(row(&session).changed, 3);
}

#[test]
fn two_branches_are_compared() {
    let (session, _, offers) = asked();
    assert_eq!(
        session.compare_revisions(offers[0], offers[1]).unwrap(),
        [
            Change::Same("There were three rules. The ".into()),
            Change::Removed("first".into()),
            Change::Added("second".into()),
            Change::Same(".".into()),
        ]
    );
    assert!(session.compare_revisions(0, 99).is_none());
}

#[test]
fn what_is_pruned_is_gone_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("draft.md");
    let state = folder.path().join("state");
    let open = || Session::resume(Some(&path), &state, History::On).unwrap();
    let mut session = open();
    typed(&mut session, "Kept. ");
    let fork = session.seal();
    session.paste("SECRET");
    let secret = session.revision();
    typed(&mut session, " more");
    assert!(session.prune(secret).is_err(), "the page is in it");
    session.go(fork);
    session.paste("PUBLIC");
    session.save().unwrap();
    let page = session.revision();
    session.name(page, "page");
    let has = |word: &str| {
        let files = fs::read_dir(&state).unwrap().flatten();
        files
            .map(|file| fs::read(file.path()).unwrap())
            .any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    session.flush().unwrap();
    assert!(has("SECRET"));
    session.prune(secret).unwrap();
    assert!(!has("SECRET") && has("PUBLIC"));
    assert!(!session.go(secret) && session.text_at(secret).is_none());
    assert!(session.prune(fork).is_err() && session.prune(secret).is_err());
    typed(&mut session, "!");
    drop(session);
    let mut session = open();
    assert_eq!(session.text(), "Kept. PUBLIC!");
    assert_eq!(session.recovery().unwrap().words, 0);
    session.discard();
    assert_eq!(session.revision(), page);
    assert_eq!(session.branches().iter().filter(|row| row.name.is_some()).count(), 1);
    let texts = ["Kept. PUBLIC!", "Kept. PUBLIC", "Kept. "];
    for text in texts {
        assert!(session.undo());
        assert_eq!(session.text(), text);
    }
}

#[test]
fn undo_pressed_fast_among_offers_corrupts_nothing() {
    let (mut session, request, _) = asked();
    let mut texts = vec![session.text().to_string()];
    for number in 1..50 {
        session.offer(request, number, "x");
        session.take(session.cursor(), &format!(" {number}"));
        texts.push(session.text().to_string());
    }
    for text in texts.iter().rev().skip(1) {
        assert!(session.undo());
        assert_eq!(session.text(), text);
    }
    for text in texts.iter().skip(1) {
        assert!(session.redo());
        assert_eq!(session.text(), text);
    }
    session.delete(Motion::Start);
    assert_eq!(session.text(), "");
}
