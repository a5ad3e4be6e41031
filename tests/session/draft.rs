//! The session against a plain string: random edits, takes, undos and redos.

use proptest::prelude::*;
use std::time::SystemTime;
use unstuck::session::{Author, Motion, Session};

#[derive(Clone, Debug)]
enum Act {
    Type(String),
    Paste(String),
    Take(f64, String),
    Delete(Motion),
    Move(f64, bool),
    Go(Motion, bool),
    Undo(usize),
    Redo(usize),
    Jump(f64),
}

const MOTIONS: [Motion; 12] = [
    Motion::Left,
    Motion::Right,
    Motion::WordLeft,
    Motion::WordRight,
    Motion::SentenceLeft,
    Motion::SentenceRight,
    Motion::ParagraphUp,
    Motion::ParagraphDown,
    Motion::LineStart,
    Motion::LineEnd,
    Motion::Start,
    Motion::End,
];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let text = || {
        prop::collection::vec(
            prop::sample::select(vec![
                "a",
                "é",
                "e\u{301}",
                "你",
                "👨‍👩‍👧",
                "🇩🇪",
                "ש",
                "\u{5b8}",
                "\t",
                "\n",
                " ",
                ". ",
                "\u{200d}",
                "word ",
            ]),
            1..6,
        )
        .prop_map(|parts| parts.concat())
    };
    let motion = || prop::sample::select(MOTIONS.to_vec());
    let act = prop_oneof![
        8 => prop::sample::select(vec!["a", "b", " ", ".", "\n", "é", "👍", "\u{301}"]).prop_map(|text| Act::Type(text.into())),
        1 => text().prop_map(Act::Type),
        1 => text().prop_map(Act::Paste),
        2 => (0.0..1.0, text()).prop_map(|(at, text)| Act::Take(at, text)),
        3 => motion().prop_map(Act::Delete),
        3 => (0.0..1.0, any::<bool>()).prop_map(|(at, select)| Act::Move(at, select)),
        3 => (motion(), any::<bool>()).prop_map(|(motion, select)| Act::Go(motion, select)),
        2 => (1..5usize).prop_map(Act::Undo),
        2 => (1..5usize).prop_map(Act::Redo),
        1 => (0.0..1.0).prop_map(Act::Jump),
    ];
    prop::collection::vec(act, 1..120)
}

fn place(session: &Session, share: f64) -> usize {
    (share * (session.text().len_chars() + 1) as f64) as usize
}

/// Do an act on the session, and the same on a string where that is simple enough to be trusted.
fn act(session: &mut Session, act: &Act) {
    let before = session.text().to_string();
    let chars: Vec<char> = before.chars().collect();
    let range = session.selection().unwrap_or(session.cursor()..session.cursor());
    let expect = |session: &Session, from: usize, to: usize, text: &str| {
        let expected: String = chars[..from]
            .iter()
            .copied()
            .chain(text.chars())
            .chain(chars[to..].iter().copied())
            .collect();
        assert_eq!(session.text().to_string(), expected);
    };
    match act {
        Act::Type(text) => {
            session.type_text(text);
            expect(session, range.start, range.end, text);
        }
        Act::Paste(text) => {
            session.paste(text);
            expect(session, range.start, range.end, text);
        }
        Act::Take(at, text) => {
            let at = place(session, *at);
            session.take(at, text);
            expect(session, at, at, text);
        }
        Act::Delete(motion) => {
            session.delete(*motion);
            let gone = before.chars().count() - session.text().len_chars();
            let from =
                if range.is_empty() { session.cursor().min(range.start) } else { range.start };
            if range.is_empty() {
                assert_eq!(gone == 0, session.text() == &before)
            } else {
                assert_eq!(gone, range.len())
            }
            // A cursor that would stand inside a grapheme is put behind it.
            let from = (0..=from)
                .rev()
                .find(|from| before.chars().take(*from).eq(session.text().chars().take(*from)));
            assert!(from.is_some());
        }
        Act::Move(at, select) => session.move_to(place(session, *at), *select),
        Act::Go(motion, select) => session.motion(*motion, *select),
        Act::Undo(times) => (0..*times).for_each(|_| _ = session.undo()),
        Act::Redo(times) => (0..*times).for_each(|_| _ = session.redo()),
        Act::Jump(share) => {
            let to = (share * (session.revision() + 1) as f64) as usize;
            session.go(to);
        }
    }
}

fn authors(session: &Session) -> Vec<Author> {
    let runs = session.authors(0..session.text().len_chars());
    runs.flat_map(|(range, author)| range.map(move |_| author)).collect()
}

fn check(session: &Session) {
    let whole = authors(session);
    let len = session.text().len_chars();
    assert_eq!(whole.len(), len, "authors cover the text");
    let shares = session.shares();
    for author in Author::ALL {
        assert_eq!(shares.chars(author), whole.iter().filter(|one| **one == author).count());
    }
    assert_eq!(
        shares.all_words(),
        Session::from_text(&session.text().to_string()).shares().all_words()
    );
    assert!(session.cursor() <= len);
    let mut again = Session::from_text(&session.text().to_string());
    again.move_to(session.cursor(), false);
    assert_eq!(again.cursor(), session.cursor(), "the cursor stands between graphemes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_revision_is_what_it_was(start in "[a-z .\n]{0,40}", acts in acts()) {
        let mut session = Session::from_text(&start);
        // What each revision said when it was last on the page.
        let mut seen = std::collections::HashMap::new();
        for one in &acts {
            act(&mut session, one);
            check(&session);
            seen.insert(session.revision(), (session.text().to_string(), authors(&session)));
        }
        for (revision, (text, whose)) in &seen {
            prop_assert!(session.go(*revision));
            prop_assert_eq!(session.text().to_string(), text.as_str());
            prop_assert_eq!(&authors(&session), whose);
        }
        while session.undo() {}
        prop_assert_eq!(session.text().to_string(), start);
        check(&session);
    }

    #[test]
    fn undo_and_redo_are_opposites(acts in acts()) {
        let mut session = Session::new();
        acts.iter().for_each(|one| act(&mut session, one));
        let (text, cursor) = (session.text().to_string(), session.revision());
        let steps = (0..).take_while(|_| session.undo()).count();
        prop_assert_eq!((0..).take_while(|_| session.redo()).take(steps).count(), steps);
        prop_assert_eq!(session.text().to_string(), text);
        prop_assert_eq!(session.revision(), cursor);
    }
}

fn typed(session: &mut Session, text: &str) {
    text.chars().for_each(|char| _ = session.type_text(&char.to_string()));
}

#[test]
fn typing_is_undone_by_sentences_and_lines() {
    let mut session = Session::new();
    typed(&mut session, "One. Two? \"Three.\" four\n\nfive");
    let mut texts = Vec::new();
    while session.undo() {
        texts.push(session.text().to_string());
    }
    assert_eq!(
        texts,
        ["One. Two? \"Three.\" four\n", "One. Two? \"Three.\" ", "One. Two? ", "One. ", ""]
    );
}

#[test]
fn movement_and_takes_end_a_step() {
    let mut session = Session::new();
    typed(&mut session, "ab");
    session.motion(Motion::Left, false);
    session.motion(Motion::Right, false);
    typed(&mut session, "cd");
    session.take(4, " machine");
    typed(&mut session, "!");
    for expected in ["abcd machine", "abcd", "ab", ""] {
        assert!(session.undo());
        assert_eq!(session.text(), expected);
        assert_eq!(session.cursor(), expected.len());
    }
    assert!(!session.undo());
    while session.redo() {}
    assert_eq!(session.text(), "abcd machine!");
}

#[test]
fn keys_held_down_delete_in_one_step() {
    let mut session = Session::from_text("abcdef");
    session.move_to(3, false);
    session.delete(Motion::Left);
    session.delete(Motion::Left);
    session.delete(Motion::Right);
    assert_eq!(session.text(), "aef");
    session.undo();
    assert_eq!((session.text().to_string().as_str(), session.cursor()), ("abcdef", 3));
}

#[test]
fn redo_follows_the_branch_left_last() {
    let mut session = Session::new();
    session.take(0, "first");
    let first = session.revision();
    session.undo();
    session.take(0, "second");
    session.undo();
    session.redo();
    assert_eq!(session.text(), "second");
    session.go(first);
    session.undo();
    session.redo();
    assert_eq!(session.text(), "first");
}

#[test]
fn a_place_is_found_again_in_another_revision() {
    let mut session = Session::from_text("One three.");
    let asked = session.seal();
    session.take(3, " two");
    session.move_to(0, false);
    session.type_text("> ");
    assert_eq!(session.map(3, asked), Some(5));
    assert_eq!(session.map(10, asked), Some(16));
    session.move_to(6, false);
    session.move_to(12, true);
    session.delete(Motion::Left);
    assert_eq!(session.map(4, asked), None);
    assert_eq!(session.map(0, 99), None);
    session.undo();
    assert_eq!(session.map(4, asked), Some(10));
}

#[test]
fn whose_words() {
    let mut session = Session::from_text("Known. ");
    session.take(7, "The lamps were out.");
    session.move_to(10, false);
    typed(&mut session, " old");
    assert_eq!(authors(&session)[10..14], [Author::Edited; 4]);
    session.move_to(30, false);
    typed(&mut session, " Mine.");
    session.paste(" Theirs.");
    // A word of the machine's replaced by the writer's.
    session.move_to(15, false);
    session.move_to(20, true);
    session.type_text("lights");
    let runs: Vec<_> = session
        .authors(0..session.text().len_chars())
        .map(|(range, author)| (session.text().slice(range).to_string(), author))
        .collect();
    let expected = [
        ("Known. ", Author::Unknown),
        ("The", Author::Machine),
        (" old", Author::Edited),
        (" ", Author::Machine),
        ("lights", Author::Edited),
        (" were out.", Author::Machine),
        (" Mine.", Author::Writer),
        (" Theirs.", Author::Pasted),
    ];
    assert_eq!(runs, expected.map(|(text, author)| (text.to_string(), author)));
    // Words: `The` and `were out` are the machine's; `old`, `lights` are edits.
    assert_eq!(session.shares().words(Author::Machine), 3);
    assert_eq!(session.shares().words(Author::Edited), 2);
    // Cutting machine text short leaves the rest the machine's; typing behind it is the writer's own.
    let mut session = Session::new();
    session.take(0, "The lamps were out.");
    session.delete(Motion::WordLeft);
    typed(&mut session, "on.");
    assert_eq!(authors(&session)[15..], [Author::Writer; 3]);
}

#[test]
fn pastes_are_plain_text() {
    let mut session = Session::new();
    session.paste("one\r\ntwo\rthree\u{1b}[31m\u{7}\tfour\u{85}");
    assert_eq!(session.text(), "one\ntwo\nthree[31m\tfour");
    assert!(!session.paste("\u{7}"));
    session.undo();
    assert_eq!(session.text(), "");
}

#[test]
fn the_clock_is_given() {
    let mut session = Session::new();
    let then = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(7);
    session.set_clock(move || then);
    session.type_text("x");
    assert_eq!(session.time(session.revision()), Some(then));
}
