//! The command itself, from outside: what goes where, and the exit codes.

use crate::support::program;
use serde_json::Value;
use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};
use tempfile::TempDir;

/// `unstuck corpus` with `args`, in a world of its own.
fn unstuck(args: &[&str], input: &str) -> Output {
    let home = TempDir::new().unwrap();
    let mut command = program::unstuck(home.path());
    let mut child = command.arg("corpus").args(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn counts_go_to_stderr_and_the_corpus_to_its_folder() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let run = |more: &[&str]| {
        let mut args = vec!["examples/corpus/one_column.csv", "-o", out.to_str().unwrap()];
        args.extend(more);
        unstuck(&args, "")
    };
    let output = run(&[]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    let expected = "unstuck: corpus: 8 documents read, 4 kept: 3 for training, 1 for validation; dropped: 2 retweets, 1 empty, 1 near duplicate\n";
    assert_eq!(text(&output.stderr), expected);
    let before = fs::read(out.join("train.txt")).unwrap();
    let output = run(&["-q", "--tags", "end", "--seed", "0", "--by", "line", "--header", "auto"]);
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    assert_eq!(fs::read(out.join("train.txt")).unwrap(), before);
}

#[test]
fn stats_are_json_and_a_preview_shows_both_sides() {
    let output = unstuck(&["-", "--stats", "-q"], "salt &amp; ash\n");
    let stats: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    assert_eq!(stats["documents"]["kept"], 1);
    assert_eq!(stats["dropped"]["retweet"], 0);
    assert_eq!(stats["train"]["documents"], 1); // counted though not written
    assert_eq!(stats["inputs"][0]["path"], "standard input");
    assert_eq!(stats["separator"], "<|endoftext|>\n");
    let output = unstuck(&["examples/corpus/one_column.csv", "--preview"], "");
    let shown = text(&output.stdout);
    assert!(
        shown.contains("  - Salt &amp; ash, one of each, on every stair.\n  + Salt & ash, one"),
        "{shown}"
    );
    assert!(shown.contains("\ndropped: retweet\n  - "), "{shown}");
}

#[test]
fn wrong_usage_is_2_and_a_failure_is_1() {
    for args in [
        &["examples/corpus"][..],
        &["-o", "x"],
        &["examples/corpus", "-o", "x", "--tags", "some"],
        &["examples/corpus", "-o", "x", "--validation", "1"],
    ] {
        let output = unstuck(args, "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).starts_with("unstuck: "), "{args:?}");
    }
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let output = unstuck(&["-", "-o", out.to_str().unwrap(), "--by", "line"], "RT @ash: one\n");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.starts_with("unstuck: no documents are left"), "{said}");
    assert!(!out.exists());
}
