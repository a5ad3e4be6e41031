//! The timeline: whatever changes the page is one step for undo, and nothing that was on the page or in the file is
//! lost from the map. Journals of older and newer versions.

use proptest::prelude::*;
use std::{collections::HashSet, fs, path::PathBuf};
use unstuck::session::{History, Motion, Session, Source, journal_path};

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

    /// Puts a journal in the place of the draft's.
    fn with_journal(&self, bytes: &[u8]) {
        fs::create_dir_all(&self.state).expect("a folder");
        fs::write(journal_path(&self.draft, &self.state), bytes).expect("a journal");
    }
}

fn text(session: &Session) -> String {
    session.text().to_string()
}

fn typed(session: &mut Session, text: &str) {
    text.chars().for_each(|char| _ = session.type_text(&char.to_string()));
}

/// Every text that the map leads to: its rows, and the steps in them.
fn on_the_map(session: &Session) -> HashSet<String> {
    let rows = session.branches();
    let steps = rows.iter().flat_map(|row| session.steps_of(row));
    steps.filter_map(|step| Some(session.text_at(step.revision)?.to_string())).collect()
}

#[test]
fn a_jump_is_one_step() {
    let room = Room::new("One.");
    let mut session = room.open();
    session.move_to(4, false);
    typed(&mut session, " Two.");
    let two = session.seal();
    session.save().unwrap();
    typed(&mut session, " Three.");
    session.move_to(0, false);
    assert!(session.go(0));
    assert_eq!((text(&session).as_str(), session.before_jump()), ("One.", Some(two + 1)));
    assert!(session.departs_from_file());
    // The journal has it, too.
    drop(session);
    let mut session = room.open();
    assert!(session.undo());
    assert_eq!((text(&session).as_str(), session.cursor()), ("One. Two. Three.", 0));
    assert!(!session.departs_from_file());
    assert!(session.undo());
    assert_eq!(text(&session), "One. Two.");
    assert!(session.redo() && session.redo());
    assert_eq!(text(&session), "One.");
    // An edit after a jump is a step of its own.
    typed(&mut session, "x");
    assert!(session.undo() && session.undo());
    assert_eq!(text(&session), "One. Two. Three.");
}

#[test]
fn siblings_takes_and_rolls_are_steps() {
    let mut session = Session::from_text("Asked.");
    session.move_to(6, false);
    let request = session.ask(6, serde_json::Value::Null);
    session.offer(request, 1, " One.");
    session.offer(request, 2, " Two.");
    let source = |number| Source { request, number };
    let asked = session.seal();
    session.take_from(source(1), 6, " One.");
    // Rolling goes back to the text before the take. Undo brings the take back.
    assert!(session.take_back());
    assert_eq!((text(&session).as_str(), session.cursor()), ("Asked.", 6));
    assert!(session.undo());
    assert_eq!(text(&session), "Asked. One.");
    assert!(session.redo());
    typed(&mut session, " Mine.");
    session.next_sibling();
    let sibling = text(&session);
    assert_ne!(sibling, "Asked. Mine.");
    assert!(session.undo());
    assert_eq!(text(&session), "Asked. Mine.");
    // Taking an offer where it was asked is one step, wherever the page was.
    assert!(session.go_to_edit(asked, 6));
    session.take_from(source(2), 6, " Two.");
    assert_eq!(text(&session), "Asked. Two.");
    assert!(session.undo());
    assert_eq!(text(&session), "Asked. Mine.");
    assert!(session.redo());
    assert_eq!(text(&session), "Asked. Two.");
}

#[test]
fn a_page_that_was_left_unsaved_is_one_undo_away() {
    let room = Room::new("One.");
    let mut session = room.open();
    session.paste("Two. ");
    session.discard();
    assert_eq!(text(&session), "One.");
    drop(session);
    let mut session = room.open();
    assert!(session.recovery().is_none());
    assert!(session.undo());
    assert_eq!(text(&session), "Two. One.");
}

/// Journals that a version without a timeline wrote: one as it was appended to, one written anew by pruning.
#[test]
fn journals_of_older_versions_open_as_they_were() {
    const SAVED: &str = "There were three rules. The first was old. A second one.";
    for (name, page, back) in [
        ("appended", SAVED.to_owned(), "More. And"),
        ("rewritten", format!("{SAVED}xy"), "A second one.x"),
    ] {
        let room = Room::new(SAVED);
        room.with_journal(&fs::read(format!("tests/fixtures/journals/{name}.journal")).unwrap());
        let mut session = room.open();
        assert_eq!(session.notices(), Vec::<String>::new(), "{name}");
        assert_eq!(text(&session), page, "{name}");
        let map = session.branches();
        assert!(map.iter().any(|row| row.text.contains("He was, it was not so.")), "{map:?}");
        assert_eq!(map.iter().filter(|row| row.bookmarked).count(), 1, "{name}");
        let mut seen = vec![page.clone()];
        while session.undo() {
            seen.push(text(&session));
        }
        assert!(seen[1].ends_with(back), "{name}: {seen:?}");
        assert_eq!(seen.last().unwrap(), "There were three rules.", "{name}");
        let reachable = on_the_map(&session);
        assert!(seen.iter().all(|text| reachable.contains(text)), "{name}: {seen:?}");
        while session.redo() {
            seen.pop();
        }
        assert_eq!((seen.len(), text(&session)), (1, page), "{name}");
        // It goes on, and opens again with what came.
        typed(&mut session, "!");
        let now = text(&session);
        drop(session);
        assert_eq!(text(&room.open()), now);
    }
}

#[test]
fn a_record_of_a_newer_version_is_kept_aside_and_said() {
    let room = Room::new("One.");
    let mut session = room.open();
    session.paste("Two. ");
    drop(session);
    let mut bytes = fs::read(journal_path(&room.draft, &room.state)).unwrap();
    let payload = [200, 0, 1, 2, 3];
    bytes.push(payload.len() as u8);
    bytes.extend(crc32fast::hash(&payload).to_le_bytes());
    bytes.extend(payload);
    room.with_journal(&bytes);
    let mut session = room.open();
    assert_eq!(text(&session), "Two. One.");
    let said = session.notices().join(" ");
    assert!(said.contains("a newer unstuck wrote a part of this draft's history"), "{said}");
    let kept = journal_path(&room.draft, &room.state).with_extension("newer-1");
    assert!(said.contains(&kept.display().to_string()), "{said}");
    assert_eq!(fs::read(kept).unwrap(), bytes);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_state_folder_of_everybody_is_refused() {
        let room = Room::new("One.");
        fs::create_dir(&room.state).unwrap();
        for mode in [0o777, 0o775, 0o702] {
            fs::set_permissions(&room.state, fs::Permissions::from_mode(mode)).unwrap();
            let mut session = room.open();
            let said = session.notices().join(" ");
            assert!(said.contains("others can write to the folder"), "{mode:o}: {said}");
            assert!(said.contains(&format!("chmod go-w {}", room.state.display())), "{said}");
            assert!(session.type_text("x"));
            session.save().unwrap();
            assert_eq!(fs::read_dir(&room.state).unwrap().count(), 0);
        }
        // As the program makes it, it is its owner's.
        fs::remove_dir(&room.state).unwrap();
        room.open().type_text("y");
        assert_eq!(fs::metadata(&room.state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_the_journal_s_place_is_not_followed() {
        let room = Room::new("One.");
        fs::create_dir(&room.state).unwrap();
        let novel = room.draft.with_file_name("novel.md");
        fs::write(&novel, "Chapter one.").unwrap();
        let journal = journal_path(&room.draft, &room.state);
        for target in [novel.clone(), room.draft.with_file_name("nowhere"), "/dev/zero".into()] {
            symlink(&target, &journal).unwrap();
            let mut session = room.open();
            let said = session.notices().join(" ");
            assert!(said.contains("a link is there instead of a file; remove it"), "{said}");
            assert!(session.type_text("x"));
            drop(session);
            assert!(unstuck::session::forget(&room.draft, &room.state).unwrap());
        }
        assert_eq!(fs::read_to_string(&novel).unwrap(), "Chapter one.");
        assert!(!room.draft.with_file_name("nowhere").exists());
    }
}

#[derive(Clone, Debug)]
enum Act {
    Type(String),
    Paste(f64, String),
    Delete(Motion),
    Ask(f64),
    /// Take an offer at the cursor, or where it was asked.
    Take(bool, usize),
    Roll,
    Jump(f64),
    Beside(bool),
    Undo,
    Redo,
    Save,
    Discard,
    Outside(String),
    /// Another program writes a second file, and the draft is saved over it.
    SaveOver(String),
    Crash,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let text = || "[a-c你 .\n]{1,9}";
    let delete = prop::sample::select(vec![Motion::Left, Motion::WordLeft, Motion::Start]);
    let act = prop_oneof![
        6 => text().prop_map(Act::Type),
        2 => (0.0..1.0, text()).prop_map(|(at, text)| Act::Paste(at, text)),
        2 => delete.prop_map(Act::Delete),
        2 => (0.0..1.0).prop_map(Act::Ask),
        3 => (any::<bool>(), 1..3usize).prop_map(|(here, number)| Act::Take(here, number)),
        1 => Just(Act::Roll),
        3 => (0.0..1.0).prop_map(Act::Jump),
        2 => any::<bool>().prop_map(Act::Beside),
        3 => Just(Act::Undo),
        2 => Just(Act::Redo),
        2 => Just(Act::Save),
        1 => Just(Act::Discard),
        1 => text().prop_map(Act::Outside),
        1 => text().prop_map(Act::SaveOver),
        2 => Just(Act::Crash),
    ];
    prop::collection::vec(act, 1..50)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn undo_leads_back_and_nothing_is_lost(start in "[a-c .\n]{0,12}", acts in acts()) {
        let mut room = Room::new(&start);
        let mut session = room.open();
        let share = |share: f64, of: usize| (share * (of + 1) as f64) as usize;
        let (mut asked, mut newest) = (None, 0);
        let mut seen = HashSet::from([start]);
        for act in acts {
            // Letters that are typed one after another are one step; here each act is one.
            newest = newest.max(session.seal());
            let before = text(&session);
            let mut is_step = true;
            match act {
                Act::Type(text) => typed(&mut session, &text),
                Act::Paste(at, text) => {
                    session.move_to(share(at, session.text().len_chars()), false);
                    session.paste(&text);
                }
                Act::Delete(motion) => _ = session.delete(motion),
                Act::Ask(at) => {
                    let at = share(at, session.text().len_chars()).min(session.text().len_chars());
                    let request = session.ask(at, serde_json::Value::Null);
                    for (number, text) in [(1, " one."), (2, " two.")] {
                        newest = newest.max(session.offer(request, number, text).unwrap_or(0));
                    }
                    asked = Some((request, session.revision(), at));
                }
                Act::Take(here, number) => {
                    let Some((request, from, at)) = asked else { continue };
                    let source = Source { request, number };
                    let at = if here { session.cursor() } else { at };
                    if here || session.go_to_edit(from, at) {
                        session.take_from(source, at, [" one.", " two."][number - 1]);
                    }
                }
                Act::Roll => _ = session.take_back(),
                Act::Jump(to) => _ = session.go(share(to, newest)),
                Act::Beside(next) => _ = if next { session.next_sibling() } else { session.previous_sibling() },
                Act::Undo => (is_step, _) = (false, session.undo()),
                Act::Redo => (is_step, _) = (false, session.redo()),
                Act::Save => {
                    if session.save().is_err() {
                        session.keep_mine().unwrap();
                        session.save().unwrap();
                    }
                    prop_assert_eq!(room.on_disk(), text(&session), "the file has the page's text");
                }
                Act::Discard => session.discard(),
                Act::Outside(text) => {
                    // Another program may write what the desk hasn't looked at yet; only what it looks at is known.
                    fs::write(&room.draft, &text).unwrap();
                    session.keep_mine().unwrap();
                    seen.insert(text);
                }
                Act::SaveOver(text) => {
                    let is_other = room.draft.ends_with("other.md");
                    room.draft.set_file_name(if is_other { "draft.md" } else { "other.md" });
                    fs::write(&room.draft, &text).unwrap();
                    session.save_as_over(&room.draft).unwrap();
                    prop_assert_eq!(room.on_disk(), before.clone(), "the file has the page's text");
                    prop_assert_eq!(session.notices(), Vec::<String>::new());
                    seen.insert(text);
                }
                Act::Crash => {
                    drop(session);
                    session = room.open();
                    prop_assert_eq!(text(&session), before.clone(), "a crash changes nothing");
                    asked = asked.filter(|(request, ..)| session.request(*request).is_some());
                }
            }
            newest = newest.max(session.seal());
            let after = text(&session);
            seen.extend([before.clone(), after.clone()]);
            if is_step && after != before {
                let steps = after.chars().count() + 2;
                let back = (0..steps).any(|_| session.undo() && text(&session) == before);
                prop_assert!(back, "undo leads from {after:?} back to {before:?}");
                let forth = (0..steps).any(|_| session.redo() && text(&session) == after);
                prop_assert!(forth, "redo leads from {before:?} to {after:?}");
            }
        }
        let reachable = on_the_map(&session);
        for text in &seen {
            prop_assert!(reachable.contains(text), "{text:?} is not on the map: {reachable:?}");
        }
        drop(session);
        let reachable = on_the_map(&room.open());
        for text in &seen {
            prop_assert!(reachable.contains(text), "{text:?} is not on the map after a restart");
        }
    }
}
