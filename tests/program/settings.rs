//! Settings through the real program: what it prints of them, and that mistakes stop scripts and not the desk.

use crate::support::program::{self, code, err, out};
use std::{fs, path::Path, process::Output};
use tempfile::TempDir;

/// `unstuck` in a world of its own, with this file of settings in the usual place.
fn unstuck(home: &Path, settings: &str, args: &[&str]) -> Output {
    let folder = home.join("unstuck");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("unstuck.toml"), settings).expect("written");
    program::unstuck(home).args(args).output().expect("the program")
}

#[cfg(target_os = "linux")]
#[test]
fn config_prints_what_holds_and_where_it_comes_from() {
    let home = TempDir::new().unwrap();
    let settings = "[desk]\ntheme = \"paper\"\n[keys]\n\"ctrl-k\" = \"quit\"\n";
    let output = unstuck(home.path(), settings, &["config", "--threads", "1"]);
    assert_eq!((code(&output), err(&output)), (Some(0), String::new()));
    let printed = out(&output);
    let file = home.path().join("unstuck/unstuck.toml");
    for (row, from) in [
        ("theme = \"paper\"", format!("{}: line 2", file.display())),
        ("ctrl-k = \"quit\"", format!("{}: line 4", file.display())),
        ("threads = 1", "--threads".to_owned()),
        ("offers = 3", "default".to_owned()),
    ] {
        let line = printed.lines().find(|line| line.starts_with(row)).expect(row);
        assert!(line.ends_with(&format!("# {from}")), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn mistakes_are_told_and_stop_scripts() {
    let home = TempDir::new().unwrap();
    let settings = "[desk]\ntheme = \"paper\"\noffer = 2\n";
    let output = unstuck(home.path(), settings, &["config"]);
    let said = "line 3: there is no setting `offer`; did you mean `offers`?";
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains(said), "{}", err(&output));
    assert!(out(&output).contains("theme = \"paper\""));
    let output = unstuck(home.path(), settings, &["generate", "x"]);
    assert_eq!((code(&output), out(&output)), (Some(1), String::new()));
    assert!(err(&output).contains(said), "{}", err(&output));
}
