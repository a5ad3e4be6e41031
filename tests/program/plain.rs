//! `unstuck --plain` through a pipe: a script in, a transcript out.

use crate::support::program::{err, out, unstuck};
use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};
use tempfile::TempDir;

/// Runs plain mode on `draft.md` with these lines as standard input.
fn plain(home: &TempDir, args: &[&str], variables: &[(&str, &str)], lines: &str) -> Output {
    let mut command = unstuck(home.path());
    command.current_dir(home.path()).args(args).envs(variables.iter().copied());
    let mut program = command.stdin(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    program.wait_with_output().unwrap()
}

#[test]
fn a_script_in_and_a_transcript_out() {
    let home = TempDir::new().unwrap();
    let script = "There were three rules on the island.\n/ask\n/take 1\n/save\n/quit\n";
    let output = plain(&home, &["--plain", "draft.md"], &[], script);
    assert!(output.status.success(), "{}", err(&output));
    let said = out(&output);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "draft.md, 0 words. Type to write. /help lists commands.", "{said}");
    for start in ["1: ", "2: ", "3: ", "Taken: ", "Saved draft.md."] {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start:?} in {said}");
    }
    assert!(!said.contains(['\u{1b}', '\r']), "{said:?}");
    assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{said}");
    let draft = fs::read_to_string(home.path().join("draft.md")).unwrap();
    assert!(draft.starts_with("There were three rules on the island."), "{draft}");
    assert!(draft.len() > 40, "{draft}");
}

#[test]
fn it_is_on_where_the_environment_asks_for_it() {
    for (variables, first) in [
        (&[("UNSTUCK_PLAIN", "1")][..], "Plain mode, because UNSTUCK_PLAIN is set."),
        (&[("ACCESSIBLE", "1")], "Plain mode, because ACCESSIBLE is set."),
        (&[("TERM", "dumb")], "Plain mode, because TERM=dumb is set."),
    ] {
        let home = TempDir::new().unwrap();
        let output = plain(&home, &["draft.md"], variables, "One.\n");
        let said = out(&output);
        assert_eq!(said.lines().next(), Some(first), "{}", err(&output));
        assert!(said.contains("Not saved: draft.md."), "{said}");
        assert!(!home.path().join("draft.md").exists());
    }
}
