//! The page is the replay of the journal: after any acts, and with the journal cut at any byte.

use proptest::prelude::*;
use std::{fs, path::PathBuf};
use unstuck::session::{Author, Branch, History, Motion, Session, journal_path};

/// A folder with a draft and a folder for journals.
struct Room {
    _folder: tempfile::TempDir,
    draft: PathBuf,
    state: PathBuf,
}

impl Room {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        fs::write(&draft, text).expect("a draft");
        Self { _folder: folder, draft, state }
    }

    fn open(&self) -> Session {
        Session::resume(Some(&self.draft), &self.state, History::On).expect("a session")
    }

    fn on_disk(&self) -> String {
        fs::read_to_string(&self.draft).expect("a draft")
    }
}

fn text(session: &Session) -> String {
    session.text().to_string()
}

fn authors(session: &Session) -> Vec<Author> {
    let runs = session.authors(0..session.text().len_chars());
    runs.flat_map(|(range, author)| range.map(move |_| author)).collect()
}

/// What of a branch map outlives the program.
fn map(session: &Session) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let row = |row: Branch| (row.revision, row.depth, row.text, row.name, row.bookmarked);
    session.branches().into_iter().map(row).collect()
}

/// The texts that a script leaves behind, with the length that the journal had then.
fn script(session: &mut Session, length: impl Fn() -> usize) -> Vec<(usize, String)> {
    let mut left = vec![(0, text(session))];
    let mut step = |session: &mut Session, act: &dyn Fn(&mut Session)| {
        act(session);
        session.flush().expect("a disk");
        left.push((length(), text(session)));
    };
    for key in ["T", "h", "e", "y"] {
        step(session, &|s| _ = s.type_text(key));
    }
    step(session, &|s| _ = s.take(4, " were out. 你好 👨‍👩‍👧"));
    step(session, &|s| _ = s.undo());
    step(session, &|s| _ = s.paste("pasted\n"));
    step(session, &|s| {
        let asked = s.ask(3, serde_json::json!({"seed": 7}));
        s.offer(asked, 1, "an offer");
    });
    step(session, &|s| _ = s.save().is_ok());
    step(session, &|s| _ = s.delete(Motion::WordLeft));
    step(session, &|s| _ = s.delete(Motion::Left));
    step(session, &|s| _ = s.delete(Motion::Left));
    step(session, &|s| _ = s.go(2));
    step(session, &|s| _ = s.name(2, "two"));
    left
}

#[test]
fn cut_at_any_byte_it_opens_to_what_was_there() {
    let room = Room::new("The lamps.");
    let mut session = room.open();
    let journal = journal_path(&room.draft, &room.state);
    let left = script(&mut session, || fs::metadata(&journal).unwrap().len() as usize);
    drop(session);
    let bytes = fs::read(&journal).unwrap();
    let saved = room.on_disk();
    for cut in 0..=bytes.len() {
        fs::write(&journal, &bytes[..cut]).unwrap();
        let mut session = room.open();
        let last = left.iter().rposition(|(length, _)| *length <= cut).unwrap();
        // An act may be several records, so the page may be on the way from one text to the next; but
        // before anything was written, the file is all there is.
        let now = text(&session);
        let typing = now.len() <= left[last].1.len() + 2;
        let known = [&saved, &left[last].1, &left[(last + 1).min(left.len() - 1)].1];
        assert!(
            known.contains(&&now) || (last == 0 && typing),
            "{cut} of {}: {now:?}",
            bytes.len()
        );
        assert!(session.notices().iter().all(|notice| !notice.contains("can't be read")));
        assert_eq!(authors(&session).len(), now.chars().count());
        // And it goes on from there.
        assert!(session.type_text("!"));
        let now = text(&session);
        drop(session);
        assert_eq!(text(&room.open()), now);
    }
}

#[derive(Clone, Debug)]
enum Act {
    Type(String),
    Take(f64, String),
    Delete(Motion),
    Move(f64, bool),
    Undo,
    Redo,
    Jump(f64),
    Offer(f64, String),
    Mark(f64, bool),
    Prune(f64),
    Beside(bool),
    Save,
    Outside(String),
    Reload,
    Reopen,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let text = || "[a-c你\u{301} .\n]{1,12}";
    let delete = prop::sample::select(vec![Motion::Left, Motion::WordLeft, Motion::SentenceRight]);
    let act = prop_oneof![
        9 => prop::sample::select(vec!["a", "b", " ", ".", "\n", "你"]).prop_map(|text| Act::Type(text.into())),
        2 => (0.0..1.0, text()).prop_map(|(at, text)| Act::Take(at, text)),
        3 => delete.prop_map(Act::Delete),
        2 => (0.0..1.0, any::<bool>()).prop_map(|(at, select)| Act::Move(at, select)),
        2 => Just(Act::Undo),
        2 => Just(Act::Redo),
        1 => (0.0..1.0).prop_map(Act::Jump),
        2 => (0.0..1.0, text()).prop_map(|(at, text)| Act::Offer(at, text)),
        1 => (0.0..1.0, any::<bool>()).prop_map(|(at, on)| Act::Mark(at, on)),
        1 => (0.0..1.0).prop_map(Act::Prune),
        1 => any::<bool>().prop_map(Act::Beside),
        2 => Just(Act::Save),
        1 => Just(Act::Reload),
        1 => text().prop_map(Act::Outside),
        2 => Just(Act::Reopen),
    ];
    prop::collection::vec(act, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_page_is_always_the_replay_of_the_journal(start in "[a-c .\n]{0,20}", acts in acts()) {
        let room = Room::new(&start);
        let mut session = room.open();
        let share = |share: f64, of: usize| (share * (of + 1) as f64) as usize;
        let mut outside = false;
        let mut newest = 0;
        for act in acts {
            let len = session.text().len_chars();
            newest = newest.max(session.revision());
            match act {
                Act::Type(text) => _ = session.type_text(&text),
                Act::Take(at, text) => _ = session.take(share(at, len), &text),
                Act::Delete(motion) => _ = session.delete(motion),
                Act::Move(at, select) => session.move_to(share(at, len), select),
                Act::Undo => _ = session.undo(),
                Act::Redo => _ = session.redo(),
                Act::Jump(to) => _ = session.go(share(to, newest)),
                Act::Offer(at, text) => {
                    let asked = session.ask(share(at, len), serde_json::json!({"seed": 1}));
                    let offer = session.offer(asked, 1, &text);
                    newest = newest.max(offer.unwrap_or(0));
                }
                Act::Mark(at, on) => {
                    session.bookmark(share(at, newest), on);
                    session.name(share(at, newest), if on { "name" } else { "" });
                }
                Act::Prune(at) => _ = session.prune(share(at, newest)).is_ok(),
                Act::Beside(next) => _ = if next { session.next_sibling() } else { session.previous_sibling() },
                Act::Save => outside &= session.save().is_err(),
                Act::Reload => outside &= session.reload().is_err(),
                Act::Outside(text) => {
                    fs::write(&room.draft, text).unwrap();
                    outside = true;
                }
                Act::Reopen => {
                    let (was_saved, page) = (session.is_saved(), (text(&session), authors(&session)));
                    let (branches, at) = (map(&session), session.revision());
                    drop(session);
                    session = room.open();
                    if outside && was_saved {
                        prop_assert_eq!(text(&session), room.on_disk());
                    } else {
                        prop_assert_eq!((text(&session), authors(&session)), page);
                        prop_assert_eq!(session.revision(), at);
                        prop_assert_eq!(session.recovery().is_some(), room.on_disk() != text(&session));
                    }
                    if !outside {
                        prop_assert_eq!(map(&session), branches);
                    }
                    outside = false;
                }
            }
            prop_assert_eq!(authors(&session).len(), session.text().len_chars());
            let again = session.text_at(session.revision()).unwrap();
            prop_assert_eq!(&again, session.text());
        }
    }
}
