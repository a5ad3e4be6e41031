//! What outlives the program: recovery after a crash, two desks, other programs, forgetting.

use std::{fs, path::PathBuf, time::Duration, time::SystemTime};
use unstuck::session::{Author, History, Session, forget, journal_path};

/// A folder with a draft and a folder for journals.
struct Room {
    _folder: tempfile::TempDir,
    draft: PathBuf,
    state: PathBuf,
}

impl Room {
    fn new(text: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        if let Some(text) = text {
            fs::write(&draft, text).expect("a draft");
        }
        Self { _folder: folder, draft, state }
    }

    fn open(&self) -> Session {
        Session::resume(Some(&self.draft), &self.state, History::On).expect("a session")
    }

    fn untitled(&self) -> Session {
        Session::resume(None, &self.state, History::On).expect("a session")
    }

    fn journal(&self) -> PathBuf {
        journal_path(&self.draft, &self.state)
    }

    fn on_disk(&self) -> String {
        fs::read_to_string(&self.draft).expect("a draft")
    }
}

fn text(session: &Session) -> String {
    session.text().to_string()
}

fn typed(session: &mut Session, text: &str) {
    text.chars().for_each(|char| _ = session.type_text(&char.to_string()));
}

fn authors(session: &Session) -> Vec<Author> {
    let runs = session.authors(0..session.text().len_chars());
    runs.flat_map(|(range, author)| range.map(move |_| author)).collect()
}

fn end(session: &mut Session) {
    session.move_to(usize::MAX, false);
}

#[test]
fn what_was_not_saved_is_offered_once() {
    let room = Room::new(Some("The lamps."));
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let mut session = room.open();
    assert!(session.recovery().is_none() && session.is_saved());
    session.set_clock(move || then);
    end(&mut session);
    typed(&mut session, " They were out.");
    session.take(25, " All of them.");
    let (whole, whose) = (text(&session), authors(&session));
    drop(session);

    let mut session = room.open();
    let recovery = session.recovery().unwrap();
    assert_eq!((recovery.words, recovery.since, recovery.outside), (6, then, false));
    assert_eq!((text(&session), authors(&session)), (whole.clone(), whose));
    assert!(!session.is_saved());
    assert_eq!(room.on_disk(), "The lamps.");
    session.discard();
    assert_eq!(text(&session), "The lamps.");
    assert!(session.is_saved());
    drop(session);

    // Answered: not asked again; what was not wanted is still a branch.
    let mut session = room.open();
    assert!(session.recovery().is_none());
    assert_eq!(text(&session), "The lamps.");
    session.redo();
    session.redo();
    assert_eq!(text(&session), whole);
    session.save().unwrap();
    drop(session);
    let mut session = room.open();
    assert!(session.recovery().is_none() && session.is_saved());
    assert_eq!(session.shares().chars(Author::Machine), 13);
    // The history goes on behind the save.
    assert!(session.undo());
    assert_eq!(text(&session), "The lamps. They were out.");
}

#[test]
fn keeping_and_saving_ends_the_question() {
    let room = Room::new(None);
    typed(&mut room.open(), "First words.");
    let mut session = room.open();
    assert_eq!(session.recovery().unwrap().words, 2);
    session.keep();
    assert!(session.recovery().is_none());
    session.save().unwrap();
    drop(session);
    assert!(room.open().recovery().is_none());
    assert_eq!(room.on_disk(), "First words.");
}

#[test]
fn an_untitled_draft_is_found_again() {
    let room = Room::new(None);
    typed(&mut room.untitled(), "Without a name.");
    let mut session = room.untitled();
    assert_eq!(text(&session), "Without a name.");
    assert_eq!(session.recovery().unwrap().words, 3);
    // Another desk meanwhile gets a page of its own.
    let mut other = room.untitled();
    assert_eq!(text(&other), "");
    typed(&mut other, "Other.");
    drop(other);
    session.save_as(&room.draft).unwrap();
    typed(&mut session, "x");
    drop(session);
    assert_eq!(text(&room.untitled()), "Other.");
    let mut session = room.open();
    assert_eq!(text(&session), "Without a name.x");
    session.discard();
    assert_eq!(text(&session), "Without a name.");
}

#[test]
fn the_second_desk_only_looks() {
    let room = Room::new(Some("text"));
    let mut first = room.open();
    let mut second = room.open();
    assert!(second.read_only().unwrap().contains("open in another unstuck"));
    assert!(!second.type_text("x") && second.save().is_err());
    assert!(first.type_text("x"));
    let other = room.draft.with_file_name("other.md");
    second.save_as(&other).unwrap();
    assert!(second.read_only().is_none() && second.type_text("y"));
    // Neither may save over what the other has open.
    assert!(first.save_as_over(&other).unwrap_err().to_string().contains("other.md is open"));
    drop((first, second));
    assert_eq!(text(&room.open()), "xtext");
    let second = Session::resume(Some(&other), &room.state, History::On).unwrap();
    assert_eq!(text(&second), "ytext");
}

#[cfg(unix)]
#[test]
fn a_link_to_a_draft_is_the_same_draft() {
    let room = Room::new(Some("text"));
    let link = room.draft.with_file_name("link.md");
    std::os::unix::fs::symlink("draft.md", &link).unwrap();
    assert_eq!(journal_path(&link, &room.state), room.journal());
    let _first = room.open();
    let second = Session::resume(Some(&link), &room.state, History::On).unwrap();
    assert!(second.read_only().is_some());
}

#[test]
fn looking_leaves_nothing_behind() {
    let room = Room::new(Some("text"));
    drop(room.open());
    drop(room.untitled());
    assert_eq!(fs::read_dir(&room.state).unwrap().count(), 0);
}

#[test]
fn another_program_s_edits_keep_whose_words() {
    let room = Room::new(Some("One two three.\nFour five six.\n"));
    let mut session = room.open();
    session.take(15, "The machine said this line.\n");
    session.save().unwrap();
    drop(session);
    let changed = room.on_disk().replace("this line", "that line").replace("Four", "Very new four");
    fs::write(&room.draft, &changed).unwrap();

    let mut session = room.open();
    assert!(session.recovery().is_none() && session.is_saved());
    assert_eq!(text(&session), changed);
    assert_eq!(session.notices().len(), 1);
    assert!(session.notices().is_empty());
    let runs: Vec<_> = session
        .authors(0..session.text().len_chars())
        .map(|(range, author)| (session.text().slice(range).to_string(), author))
        .collect();
    assert_eq!(
        runs,
        [
            ("One two three.\n".to_string(), Author::Unknown),
            ("The machine said ".to_string(), Author::Machine),
            ("that".to_string(), Author::Unknown),
            (" line.\n".to_string(), Author::Machine),
            ("Very new four five six.\n".to_string(), Author::Unknown),
        ]
    );
    assert!(session.undo());
    assert!(text(&session).contains("this line"));
}

#[test]
fn a_crash_and_another_program_lose_neither() {
    let room = Room::new(Some("One."));
    let mut session = room.open();
    end(&mut session);
    typed(&mut session, " Two.");
    drop(session);
    fs::write(&room.draft, "One. Theirs.").unwrap();
    let mut session = room.open();
    assert!(session.recovery().unwrap().outside);
    assert_eq!(text(&session), "One. Two.");
    let mine = session.revision();
    session.discard();
    assert_eq!(text(&session), "One. Theirs.");
    assert!(session.is_saved());
    drop(session);
    let mut session = room.open();
    assert!(session.recovery().is_none());
    session.go(mine);
    assert_eq!(text(&session), "One. Two.");
}

#[test]
fn history_off_writes_nothing_and_forget_removes() {
    let room = Room::new(Some("text"));
    let mut session = Session::resume(Some(&room.draft), &room.state, History::Off).unwrap();
    assert!(room.open().read_only().is_some(), "the lock is kept all the same");
    session.type_text("x");
    session.save().unwrap();
    session.type_text("y");
    drop(session);
    assert_eq!(fs::read_dir(&room.state).unwrap().count(), 0);
    assert_eq!(text(&room.open()), "xtext");

    let mut session = room.open();
    session.type_text("z");
    session.flush().unwrap();
    assert!(forget(&room.draft, &room.state).unwrap_err().to_string().contains("open in another"));
    drop(session);
    assert!(forget(&room.draft, &room.state).unwrap());
    assert!(!forget(&room.draft, &room.state).unwrap());
    assert_eq!(fs::read_dir(&room.state).unwrap().count(), 0);
    assert_eq!(text(&room.open()), "xtext");
}

#[test]
fn a_history_that_can_t_be_kept_is_said_once() {
    let room = Room::new(Some("text"));
    fs::write(&room.state, "a file where the folder should be").unwrap();
    let mut session = room.open();
    assert!(session.notices()[0].contains("can't be kept"));
    assert!(session.notices().is_empty());
    assert!(session.type_text("x"));
    session.save().unwrap();
    assert_eq!(room.on_disk(), "xtext");
}

#[test]
fn damage_is_kept_aside() {
    let room = Room::new(Some("text"));
    let mut session = room.open();
    let mut ends = Vec::new();
    for part in ["one ", "two ", "three "] {
        session.paste(part);
        session.flush().unwrap();
        ends.push(fs::metadata(room.journal()).unwrap().len() as usize);
    }
    drop(session);
    let mut bytes = fs::read(room.journal()).unwrap();
    bytes[ends[1] - 5] ^= 0xff;
    fs::write(room.journal(), &bytes).unwrap();
    let mut session = room.open();
    assert_eq!(text(&session), "one text");
    assert!(session.notices()[0].contains("can't be read"));
    let kept = fs::read_dir(&room.state).unwrap().flatten();
    assert!(kept.map(|entry| fs::read(entry.path()).unwrap()).any(|kept| kept == bytes));
}

#[test]
fn a_name_taken_over_keeps_both_histories() {
    let room = Room::new(Some("mine"));
    let other = room.draft.with_file_name("other.md");
    fs::write(&other, "theirs").unwrap();
    let open_other = || Session::resume(Some(&other), &room.state, History::On).unwrap();
    open_other().type_text("unsaved ");
    let mut session = room.open();
    end(&mut session);
    session.take(4, " and the machine's");
    session.save_as_over(&other).unwrap();
    session.take(4, ", mine,");
    drop(session);
    // Under the old name nothing is asked: that file is as it was left.
    let mut first = room.open();
    assert!(first.recovery().is_none());
    assert_eq!(text(&first), "mine");
    assert!(first.redo());
    assert_eq!(text(&first), "mine and the machine's");
    // Under the new one the history is whole.
    let mut second = open_other();
    assert_eq!(second.recovery().unwrap().words, 1);
    assert_eq!(text(&second), "mine, mine, and the machine's");
    assert!(second.undo() && second.undo());
    assert_eq!(text(&second), "mine");
    // What lay there before was put aside.
    let aside = fs::read_dir(&room.state).unwrap().flatten();
    assert!(
        aside.filter(|entry| entry.file_name().to_string_lossy().contains(".old-")).count() == 1
    );
}
