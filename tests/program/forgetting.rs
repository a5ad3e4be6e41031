//! `unstuck forget`: the history goes, the draft stays.

use super::{out, unstuck};
use std::fs;
use tempfile::TempDir;
use unstuck::session::{History, Session, journal_path};

#[test]
fn the_history_goes_and_the_draft_stays() {
    let home = TempDir::new().expect("a folder");
    let (draft, state) = (home.path().join("draft.md"), home.path().join("state"));
    fs::write(&draft, "Lamps.").expect("a draft");
    let forget = || {
        let mut command = unstuck(home.path());
        command.env("UNSTUCK_STATE", &state).arg("forget").arg(&draft);
        out(&command.output().expect("the program starts"))
    };
    let mut session = Session::resume(Some(&draft), &state, History::On).expect("a session");
    session.type_text("Secret");
    drop(session);
    assert!(journal_path(&draft, &state).exists());
    assert!(forget().contains("is gone; the draft is as it was"));
    assert!(!journal_path(&draft, &state).exists());
    assert_eq!(fs::read_to_string(&draft).expect("a draft"), "Lamps.");
    assert!(forget().starts_with("There is no history of"));
}
