//! The film of a draft: every change of the page, in order, with its time.

use super::support::desk::Room;
use proptest::prelude::*;
use std::{
    cell::Cell,
    fs,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use unstuck::session::{Film, Motion, Player, Reach, Session, Source, What, journal_path, look};

/// A clock that is set by hand, in seconds.
fn clocked(session: &mut Session) -> Arc<AtomicU64> {
    let seconds = Arc::new(AtomicU64::new(1_000));
    let clock = seconds.clone();
    session.set_clock(move || {
        SystemTime::UNIX_EPOCH + Duration::from_secs(clock.load(Ordering::Relaxed))
    });
    seconds
}

fn film_of(room: &Room) -> Film {
    Film::read(&fs::read(journal_path(&room.draft, &room.state)).unwrap()).unwrap()
}

/// The text after each scene that changes the page.
fn texts(film: Film) -> Vec<String> {
    let count = film.scenes.len();
    let mut player = Player::new(Arc::new(film));
    let mut texts = Vec::new();
    for at in 1..=count {
        player.seek(at);
        if player.scene().is_some_and(|scene| scene.changes()) {
            texts.push(player.text().to_string());
        }
    }
    texts
}

/// Acts that change the page: each may be one frame.
fn act(session: &mut Session, kind: u8, at: f64, text: &str) {
    let len = session.text().len_chars();
    let place = (at * (len + 1) as f64) as usize;
    match kind {
        0 | 1 => _ = session.type_text(text),
        2 => _ = session.delete(Motion::Left),
        3 => session.move_to(place, false),
        4 => {
            session.undo();
        }
        5 => _ = session.redo(),
        6 => {
            let request = session.ask(place, serde_json::json!({}));
            session.offer(request, 1, text);
            session.take_from(Source { request, number: 1 }, place, text);
        }
        7 => _ = session.paste(text),
        8 => _ = session.go(place % (session.revision() + 1)),
        _ => _ = session.save().is_ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_sitting_replays_to_every_text_that_was_on_the_page(
        start in "[a-c .\n]{0,20}",
        acts in prop::collection::vec((0..10u8, 0.0..1.0f64, "[a-c你 .\n]{1,6}"), 1..60),
    ) {
        let room = Room::new(&start);
        let mut session = room.session();
        let mut left = Vec::new();
        for (kind, at, text) in acts {
            let before = (session.text().to_string(), session.revision());
            act(&mut session, kind, at, &text);
            let after = (session.text().to_string(), session.revision());
            if after.0 != before.0 {
                left.push(after.0);
            }
        }
        drop(session);
        let journal = fs::read(journal_path(&room.draft, &room.state)).unwrap_or_default();
        let Some(film) = Film::read(&journal) else {
            prop_assert!(left.is_empty());
            return Ok(());
        };
        let whole = film.scenes.len();
        // A move between two revisions with the same text is a scene, too, and no new text.
        let mut played = texts(film.clone());
        played.dedup();
        left.dedup();
        if played.first() == Some(&start) && left.first() != Some(&start) {
            played.remove(0);
        }
        prop_assert_eq!(&played, &left);
        // It plays backwards as well.
        let mut player = Player::new(Arc::new(film.clone()));
        player.seek(whole);
        player.seek(0);
        prop_assert_eq!(player.text().to_string(), start);
        // Cut anywhere, it plays to the cut.
        let cut = Film::read(&journal[..journal.len() * 2 / 3]);
        if let Some(cut) = cut {
            prop_assert_eq!(&cut.scenes[..], &film.scenes[..cut.scenes.len()]);
        }
    }
}

#[test]
fn scenes_have_their_times_and_long_pauses_part_sittings() {
    let room = Room::new("");
    let mut session = room.session();
    let seconds = clocked(&mut session);
    let wait = |by| _ = seconds.fetch_add(by, Ordering::Relaxed);
    for key in ["O", "n", "e", "."] {
        session.type_text(key);
        wait(2);
    }
    wait(600);
    let request = session.ask(4, serde_json::json!({}));
    session.offer(request, 1, " Two.");
    session.take_from(Source { request, number: 1 }, 4, " Two.");
    wait(7_200);
    session.type_text("!");
    session.save().unwrap();
    drop(session);
    let film = film_of(&room);
    let what: Vec<_> = film.scenes.iter().map(|scene| scene.what.word()).collect();
    let typed = ["typed"; 4];
    assert_eq!(what, [&typed[..], &["asked", "offered", "taken", "typed", "saved"]].concat());
    let sittings = film.sittings();
    assert_eq!(sittings, [0..7, 7..9]);
    let seconds = |idle| -> Vec<u64> {
        film.times(0..9, Duration::from_secs(idle)).iter().map(Duration::as_secs).collect()
    };
    assert_eq!(seconds(5), [0, 2, 4, 6, 11, 11, 11, 11, 11]);
    assert_eq!(seconds(3_600)[4..], [608, 608, 608, 608, 608]);
    assert!(matches!(&film.scenes[5].what, What::Offered(_, text) if &**text == " Two."));
}

#[test]
fn a_history_that_was_pruned_still_plays() {
    let room = Room::new("");
    let mut session = room.session();
    clocked(&mut session);
    session.type_text("One. ");
    session.seal();
    session.type_text("Wrong.");
    let wrong = session.revision();
    session.undo();
    session.type_text("Two.");
    session.prune(wrong).unwrap();
    session.type_text(" Three.");
    drop(session);
    let film = film_of(&room);
    assert_eq!(texts(film), ["One. ", "One. Two.", "One. Two. Three."]);
}

#[test]
fn a_journal_that_is_cut_is_looked_at_to_the_cut() {
    let room = Room::new("The lamps.");
    let mut session = room.session();
    session.move_to(10, false);
    for part in [" One.", " Two.", " Three."] {
        session.paste(part);
    }
    session.save().unwrap();
    drop(session);
    let journal = journal_path(&room.draft, &room.state);
    let bytes = fs::read(&journal).unwrap();
    let seen = Rc::new(Cell::new(0));
    for cut in 1..bytes.len() {
        fs::write(&journal, &bytes[..cut]).unwrap();
        let look = look(&room.draft, &room.state).unwrap();
        assert_eq!(look.session.text(), "The lamps. One. Two. Three.", "the file is what it is");
        assert!(matches!(look.reach, Reach::Whole | Reach::Cut | Reach::Damaged), "{cut}");
        if look.reach == Reach::Cut {
            seen.set(seen.get() + 1);
            assert!(look.reach.lack().unwrap().contains("missing"));
        }
        if let Some(film) = Film::read(&look.journal) {
            assert!(film.scenes.len() <= 4);
        }
    }
    assert!(seen.get() > 20);
    // Looking changes nothing.
    assert_eq!(fs::read(&journal).unwrap().len(), bytes.len() - 1);
}

#[test]
fn journals_of_older_versions_play_and_have_no_receipts() {
    for name in ["appended", "rewritten"] {
        let bytes = fs::read(format!("tests/fixtures/journals/{name}.journal")).unwrap();
        let film = Film::read(&bytes).unwrap();
        assert!(!film.scenes.is_empty(), "{name}");
        let room = Room::new("");
        let journal = journal_path(&room.draft, &room.state);
        fs::create_dir_all(&room.state).unwrap();
        fs::write(&journal, &bytes).unwrap();
        let session = room.session();
        assert_eq!(session.first_receipt(), None, "{name}");
        let last = texts(film).pop().unwrap();
        // The file is empty here, so the page may be, too; the history has the text.
        let mut all = (0..500).filter_map(|revision| session.text_at(revision));
        assert!(all.any(|text| text == last.as_str()), "{name}: {last:?}");
        assert!(session.machine_spans().iter().all(|span| span.revision > 0), "{name}");
    }
}

#[test]
fn receipts_outlive_the_program_and_a_pruned_branch() {
    let room = Room::new("One.");
    let mut session = room.session();
    let request = session.ask(4, serde_json::json!({}));
    let source = Source { request, number: 1 };
    session.offer_with(request, 1, " Two.", Some("{\"passes\":[]}".into()));
    let other = session.offer(request, 2, " Three.").unwrap();
    session.take_from(source, 4, " Two.");
    drop(session);
    let mut session = room.session();
    let receipt = |session: &Session| session.offered(source)[0].receipt.map(str::to_owned);
    assert_eq!(receipt(&session).as_deref(), Some("{\"passes\":[]}"));
    session.prune(other).unwrap();
    drop(session);
    let session = room.session();
    assert_eq!(receipt(&session).as_deref(), Some("{\"passes\":[]}"));
    assert!(session.offered(Source { request, number: 2 }).is_empty());
}
