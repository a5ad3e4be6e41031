//! A full disk: said once, nothing lost, and all is written when there is room again. Needs a small disk of its own,
//! which only root can have: skipped elsewhere.

use crate::support::{
    desk::{Desk, settings},
    skipped,
};
use std::{fs, path::Path, process::Command};
use unstuck::session::{History, Session};

const NO_DISK: &str = "no small disk can be mounted here (that takes root)";

/// A disk of 64 KiB.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg(self.path()).status().ok();
    }
}

#[test]
fn a_full_disk_is_said_once_and_loses_nothing() {
    let Some(disk) = Disk::new() else { return skipped(NO_DISK) };
    let home = tempfile::tempdir().unwrap();
    let draft = home.path().join("draft.md");
    fs::write(&draft, "Lamps.").unwrap();
    let open = || Session::resume(Some(&draft), &disk.path().join("state"), History::On).unwrap();
    let mut desk = Desk::new(open(), &settings(), Vec::new());
    fs::write(disk.path().join("full"), vec![0; 56 << 10]).unwrap();
    let mut said = 0;
    for n in 0..4000 {
        desk.step(if n % 20 == 19 { " and so on" } else { "x" });
        if desk.shown().contains("! ") {
            said += 1;
            assert!(
                desk.shown().contains("disk") || desk.shown().contains("space"),
                "{}",
                desk.shown()
            );
            desk.step("<esc>");
        }
    }
    assert!(said >= 1, "it is said");
    let text = desk.app.session().text().to_string();
    // Saving elsewhere works all the while.
    desk.step("<ctrl-s>");
    assert_eq!(fs::read_to_string(&draft).unwrap(), text);
    desk.step(" Then room again.");
    let text = desk.app.session().text().to_string();
    fs::remove_file(disk.path().join("full")).unwrap();
    drop(desk);
    assert_eq!(open().text().to_string(), text);
}

#[test]
fn a_draft_on_a_full_disk_keeps_its_old_text() {
    let Some(disk) = Disk::new() else { return skipped(NO_DISK) };
    let state = tempfile::tempdir().unwrap();
    let draft = disk.path().join("draft.md");
    fs::write(&draft, "Lamps.").unwrap();
    let open = || Session::resume(Some(&draft), state.path(), History::On).unwrap();
    let mut desk = Desk::new(open(), &settings(), Vec::new());
    fs::write(disk.path().join("full"), vec![0; 52 << 10]).unwrap();
    let long = format!("^{}", "lamps ".repeat(4000));
    desk.steps(&[&long, "<ctrl-s>"]);
    let shown = desk.shown();
    assert!(shown.contains("disk is full") && shown.contains("your text is still here"), "{shown}");
    assert_eq!(fs::read_to_string(&draft).unwrap(), "Lamps.");
    let text = desk.app.session().text().to_string();
    drop(desk);
    assert_eq!(open().text().to_string(), text);
}
