//! The draft's file on a real disk: what opens, what is kept on save, what is refused.

use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
};
use unstuck::session::{AlreadyThere, ChangedOnDisk, History, Motion, NoFolder, Session};

proptest! {
    // Each case syncs a disk twice.
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn files_keep_their_bytes(body in prop::collection::vec(prop::sample::select(vec!["a", "\n", "\r\n", "\r", "é", "\u{feff}", "\0"]), 0..20)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("draft.md");
        fs::write(&path, body.concat()).unwrap();
        let mut session = Session::open(&path).unwrap();
        session.move_to(usize::MAX, false);
        session.type_text("!");
        session.save().unwrap();
        prop_assert_eq!(fs::read_to_string(&path).unwrap(), body.concat() + "!");
        session.undo();
        session.save().unwrap();
        prop_assert_eq!(fs::read_to_string(&path).unwrap(), body.concat());
    }
}

fn draft(body: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("draft.md");
    fs::write(&path, body).expect("a file");
    (folder, path)
}

fn only_file(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").count() == 1
}

#[test]
fn a_missing_file_is_an_empty_draft() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.md");
    let mut session = Session::open(&path).unwrap();
    assert!(session.is_saved());
    session.type_text("hello");
    assert!(!session.is_saved());
    session.save().unwrap();
    assert!(session.is_saved());
    assert_eq!(fs::read_to_string(&path).unwrap(), "hello");
    session.delete(Motion::Left);
    assert!(!session.is_saved());
    session.type_text("o");
    assert!(session.is_saved(), "the page says what the file says");
    assert!(only_file(folder.path()));
}

#[test]
fn what_can_t_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| format!("{:#}", Session::open(path).err().unwrap());
    assert!(error(folder.path()).contains("is a folder"));
    assert!(error(&PathBuf::from("/dev/null")).contains("is a device, not a regular file"));
    let mut session = Session::new();
    assert!(session.save().unwrap_err().to_string().contains("no file yet"));
}

#[test]
fn a_draft_that_isn_t_utf8_is_never_written() {
    let (_folder, path) = draft(b"caf\xe9 noir");
    let mut session = Session::open(&path).unwrap();
    assert!(session.read_only().unwrap().contains("byte 3"));
    assert_eq!(session.text(), "caf\u{fffd} noir");
    assert!(!session.type_text("x") && !session.paste("x") && !session.take(0, "x"));
    assert!(!session.delete(Motion::Right) && !session.undo() && !session.redo());
    assert!(session.save().is_err());
    assert!(session.save_as(&path.with_extension("txt")).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"caf\xe9 noir");
}

#[test]
fn a_file_changed_by_another_program_is_never_overwritten_silently() {
    let (_folder, path) = draft(b"The lamps.");
    let mut session = Session::open(&path).unwrap();
    session.take(4, "old ");
    fs::write(&path, "The lamps went out.").unwrap();
    let error = session.save().unwrap_err();
    assert!(error.downcast_ref::<ChangedOnDisk>().is_some());
    assert_eq!(fs::read_to_string(&path).unwrap(), "The lamps went out.");
    session.reload().unwrap();
    assert_eq!(session.text(), "The lamps went out.");
    assert!(session.is_saved());
    session.undo();
    assert_eq!(session.text(), "The old lamps.");
    session.save().unwrap();
    // Touched, but the same: no question.
    fs::write(&path, "The old lamps.").unwrap();
    session.type_text("!");
    session.save().unwrap();
    // A file that came where there was none.
    let other = path.with_file_name("other.md");
    let mut session = Session::open(&other).unwrap();
    session.type_text("mine");
    fs::write(&other, "theirs").unwrap();
    assert!(session.save().is_err());
    session.keep_mine().and_then(|()| session.save()).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    // A file that went is written again.
    fs::remove_file(&other).unwrap();
    session.save().unwrap();
    assert!(other.exists());
}

#[test]
fn save_as_asks_before_it_replaces() {
    let (_folder, path) = draft(b"theirs");
    let mut session = Session::from_text("mine");
    let error = session.save_as(&path).unwrap_err();
    assert!(error.downcast_ref::<AlreadyThere>().is_some());
    assert_eq!((session.title().as_str(), session.is_saved()), ("untitled", false));
    session.save_as(&path.with_file_name("mine.md")).unwrap();
    assert_eq!((session.title().as_str(), session.is_saved()), ("mine.md", true));
    session.save_as_over(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    // What was in the file is a branch.
    let map = session.branches();
    let kept = map.iter().find(|row| row.name.is_some()).unwrap();
    assert_eq!(kept.name.as_deref(), Some("draft.md before it was replaced"));
    assert_eq!(session.text_at(kept.revision).unwrap(), "theirs");
    // Its own file under another spelling is no other file.
    session.type_text("all ");
    session.save_as(&path.parent().unwrap().join(".").join("draft.md")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "all mine");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn permissions_and_links_stay() {
        let (folder, path) = draft(b"text");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.md");
        symlink("draft.md", &link).unwrap();
        let mut session = Session::open(&link).unwrap();
        session.type_text("more ");
        session.save().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "more text");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        // A link to nowhere is written through, not replaced.
        let dangling = folder.path().join("dangling.md");
        symlink("later.md", &dangling).unwrap();
        let mut session = Session::open(&dangling).unwrap();
        session.type_text("x");
        session.save().unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("later.md")).unwrap(), "x");
    }

    /// Tags, comments and access lists are of the file, not of its bytes.
    #[cfg(target_os = "linux")]
    #[test]
    fn attributes_and_access_lists_stay() {
        use rustix::fs::{XattrFlags, getxattr, setxattr};
        let (_folder, path) = draft(b"text");
        // Version 2; owner rw, user 1234 r, group r, mask r, others nothing.
        let list: Vec<u8> = [2u32.to_le_bytes().to_vec()]
            .into_iter()
            .chain(
                [
                    (1u16, 6u16, u32::MAX),
                    (2, 4, 1234),
                    (4, 4, u32::MAX),
                    (16, 4, u32::MAX),
                    (32, 0, u32::MAX),
                ]
                .map(|(tag, may, id)| {
                    [&tag.to_le_bytes()[..], &may.to_le_bytes(), &id.to_le_bytes()].concat()
                }),
            )
            .flatten()
            .collect();
        let wanted: [(&str, &[u8]); 2] =
            [("user.comment", b"first draft"), ("system.posix_acl_access", &list)];
        let set = |(name, value): &(&str, &[u8])| {
            setxattr(&path, *name, value, XattrFlags::empty()).is_ok()
        };
        let there: Vec<_> = wanted.iter().filter(|one| set(one)).copied().collect();
        for (name, _) in wanted.iter().filter(|one| !there.contains(one)) {
            crate::support::skipped(&format!("{name} can't be set on files here"));
        }
        let mut session = Session::open(&path).unwrap();
        session.type_text("more ");
        session.save().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "more text");
        for (name, value) in there {
            let mut now = vec![0; 256];
            let len = getxattr(&path, name, now.as_mut_slice()).unwrap();
            assert_eq!(&now[..len], value, "{name}");
        }
    }

    #[test]
    fn hard_links_stay_one_file() {
        let (folder, path) = draft(b"some longer text");
        let twin = folder.path().join("twin.md");
        fs::hard_link(&path, &twin).unwrap();
        let mut session = Session::open(&path).unwrap();
        for _ in 0..3 {
            session.delete(Motion::WordRight);
            session.save().unwrap();
            session.type_text("now it is a much longer text than before ");
            session.save().unwrap();
            assert_eq!(fs::read_to_string(&twin).unwrap(), session.text().to_string());
        }
        assert_eq!(fs::metadata(&path).unwrap().nlink(), 2);
    }

    #[test]
    fn a_read_only_file_is_left_alone() {
        let (folder, path) = draft(b"text");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let mut session = Session::open(&path).unwrap();
        session.type_text("x");
        let error = format!("{:#}", session.save().unwrap_err());
        assert!(error.contains("read-only") && error.contains("draft.md"), "{error}");
        assert!(!session.is_saved());
        assert_eq!(fs::read_to_string(&path).unwrap(), "text");
        assert!(only_file(folder.path()));
    }
}

#[test]
fn a_missing_folder_is_made_when_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nope/deeper/draft.md");
    let mut session = Session::open(&path).unwrap();
    assert_eq!(session.missing_folder(), path.parent());
    session.type_text("x");
    let error = session.save().unwrap_err();
    let NoFolder(missing) = error.downcast_ref().expect("no folder");
    assert_eq!(Some(missing.as_path()), path.parent());
    assert!(!format!("{error:#}").contains("gone"), "{error:#}");
    session.make_folder(missing).unwrap();
    session.save().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "x");
    let other = folder.path().join("more/other.md");
    assert!(session.save_as(&other).unwrap_err().is::<NoFolder>());
    // A file is no folder.
    assert!(session.save_as(&path.join("under.md")).is_err());
}

#[test]
fn utf16_is_saved_as_it_was() {
    let text = "The kettle sings.\r\nRäin. 🌧\r\n";
    for big in [false, true] {
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        let encode = |text: &str| -> Vec<u8> {
            let marked = format!("\u{feff}{text}");
            marked.encode_utf16().flat_map(unit).collect()
        };
        let (_folder, path) = draft(&encode(text));
        let mut session = Session::open(&path).unwrap();
        assert_eq!(session.text(), &text.replace("\r\n", "\n"));
        session.move_to(0, false);
        session.type_text("Oh. ");
        session.save().unwrap();
        assert_eq!(fs::read(&path).unwrap(), encode(&format!("Oh. {text}")));
    }
}

#[test]
fn a_new_line_ends_as_its_neighbours_do() {
    let mixed = "The lamp went out.\r\nShe rose and went to the door.\n\r\nThe rain came, and";
    for (at, expected) in [
        // At the end of the text, and in lines that end either way.
        (usize::MAX, format!("{mixed}\r\n")),
        (3, mixed.replacen(' ', "\r\n ", 1)),
        (23, mixed.replacen("She", "She\n", 1)),
    ] {
        let (_folder, path) = draft(mixed.as_bytes());
        let mut session = Session::open(&path).unwrap();
        session.move_to(at, false);
        session.type_text("\n");
        session.save().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        session.delete(Motion::Left);
        session.save().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), mixed);
    }
    // When the last odd line goes, the file has one kind of line ends, and the history goes on.
    let (folder, path) = draft(b"One.\nTwo.\r\nThree.\r\n");
    let open = || Session::resume(Some(&path), &folder.path().join("state"), History::On).unwrap();
    let mut session = open();
    session.move_to(4, false);
    session.delete(Motion::Right);
    session.save().unwrap();
    drop(session);
    let mut session = open();
    assert_eq!(session.notices(), Vec::<String>::new());
    assert!(session.is_saved() && session.recovery().is_none());
    session.undo();
    session.save().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"One.\nTwo.\r\nThree.\r\n");
}
