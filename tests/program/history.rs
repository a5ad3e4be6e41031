//! What a draft's history gives: receipts that are repeated, exports, and replay, all of a sitting in plain mode.

use crate::support::{
    models::TINY,
    program::{code, err, out, success, unstuck},
    receipts::tamper,
};
use serde_json::Value;
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};
use tempfile::TempDir;

const SCRIPT: &str = "The lamps along the bay were out, and nobody could say why.\n/ask\n/take 1\n \
    \"No & <never>,\" she said.\n/ask\n/take 2\n/save\n/quit\n";

/// A home in which a draft was written with the model in the program.
fn sitting() -> TempDir {
    let home = TempDir::new().unwrap();
    let said = plain(home.path(), &[], SCRIPT);
    assert!(out(&said).contains("Saved draft.md."), "{} {}", out(&said), err(&said));
    home
}

fn plain(home: &Path, args: &[&str], lines: &str) -> Output {
    let mut command = unstuck(home);
    command.current_dir(home).args(["--plain", "draft.md"]).args(args);
    let mut program = command.stdin(Stdio::piped()).spawn().unwrap();
    program.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    program.wait_with_output().unwrap()
}

fn run(home: &Path, args: &[&str]) -> Output {
    unstuck(home).current_dir(home).args(args).output().unwrap()
}

/// The only journal of a home.
fn journal(home: &Path) -> PathBuf {
    let folder = fs::read_dir(home.join("unstuck")).unwrap();
    let mut files = folder.flatten().map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|end| end == "journal")).unwrap()
}

#[test]
fn receipts_are_repeated_and_what_was_changed_is_caught() {
    let home = sitting();
    let home = home.path();
    let said = success(&run(home, &["verify", "draft.md"]));
    assert!(said.contains(": proven (inkwell, seed "), "{said}");
    assert!(said.ends_with("spans of the machine: 2 proven.\n"), "{said}");
    let json: Value =
        serde_json::from_str(&success(&run(home, &["verify", "draft.md", "--json"]))).unwrap();
    assert_eq!((&json["proven"], &json["history"]), (&true.into(), &"whole".into()));
    let span = &json["spans"][0];
    assert_eq!((&span["verdict"], &span["model"]), (&"proven".into(), &"inkwell".into()));
    assert_eq!(span["sha256"].as_str().map(str::len), Some(64));
    assert!(span["same"].as_u64().unwrap() > 3 && span["near"] == 0, "{span}");
    // Another model is another one.
    let other = run(
        home,
        &[
            "verify",
            "draft.md",
            "--model",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny-gpt2"),
        ],
    );
    assert_eq!(code(&other), Some(1), "{}", err(&other));
    assert!(out(&other).contains("needs its model: inkwell (sha256 "), "{}", out(&other));
    // A file that another program changed.
    let text = fs::read_to_string(home.join("draft.md")).unwrap();
    fs::write(home.join("draft.md"), text.replace("she said", "he said")).unwrap();
    let changed = run(home, &["verify", "draft.md"]);
    assert_eq!(code(&changed), Some(1));
    assert!(out(&changed).contains("Another program has written"), "{}", out(&changed));
    fs::write(home.join("draft.md"), text).unwrap();
    // A receipt with another seed, and right checksums.
    let bytes = fs::read(journal(home)).unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("{\"passes\":[{\"seed\":"));
    let seed = json["spans"][0]["seed"].to_string();
    let other: String = seed.chars().map(|digit| if digit == '1' { '2' } else { '1' }).collect();
    let receipt = |seed: &str| format!("{{\"passes\":[{{\"seed\":{seed},");
    assert!(tamper(&journal(home), &receipt(&seed), &receipt(&other)) > 0);
    let caught = run(home, &["verify", "draft.md"]);
    assert_eq!(code(&caught), Some(1));
    let said = out(&caught);
    assert!(said.contains("differs: ") && said.contains("draws pick another token"), "{said}");
}

#[test]
fn every_form_is_made_of_a_sitting() {
    let home = sitting();
    let home = home.path();
    let draft = fs::read_to_string(home.join("draft.md")).unwrap();
    let export = |format: &str| success(&run(home, &["export", "draft.md", "--format", format]));
    let md = export("md");
    assert!(md.contains("[^unstuck-1]") && md.contains("\n[^unstuck-1]: By inkwell ("), "{md}");
    assert!(md.contains("% of the words are by the machine."), "{md}");
    let html = export("html");
    assert!(
        html.contains("&lt;never&gt;") && html.contains("class=\"r0\" title=\"rank "),
        "{html}"
    );
    assert!(!html.contains("http") && html.contains(" proven\">"), "{html}");
    let json: Value = serde_json::from_str(&export("json")).unwrap();
    assert_eq!(json["text"], draft.as_str());
    let requests = json["requests"].as_array().unwrap();
    let offers = requests.iter().flat_map(|request| request["offers"].as_array().unwrap());
    let kept: Vec<_> = offers.filter(|offer| offer["kept"] == true).collect();
    assert_eq!(kept.len(), 2, "{json}");
    assert!(
        kept.iter().all(|offer| offer["receipts"][0]["passes"][0]["draws"][0].is_u64()
            || offer["receipts"][0]["passes"][0]["draws"][0].is_array()),
        "{json}"
    );
    let notes = export("notes");
    for part in [
        "# Show notes: draft.md",
        "**Prompt:**",
        "**The model:**",
        ", kept)",
        "inkwell (sha256 ",
        "1. Take 1 (",
    ] {
        assert!(notes.contains(part), "{part} in {notes}");
    }
    let vtt = export("vtt");
    assert!(
        vtt.starts_with("WEBVTT") && vtt.contains("<v Writer>") && vtt.contains("<v inkwell>"),
        "{vtt}"
    );
    assert!(vtt.contains("No &amp; &lt;never&gt;"), "{vtt}");
    for (version, head) in [("3", "\"version\":3"), ("2", "\"version\":2")] {
        let cast = success(&run(
            home,
            &["export", "draft.md", "--format", "cast", "--asciicast", version],
        ));
        assert!(cast.lines().next().unwrap().contains(head), "{cast}");
        assert!(cast.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    }
    let chapters: Value = serde_json::from_str(&export("chapters")).unwrap();
    assert_eq!(chapters["chapters"][0]["startTime"], 0.0);
    success(&run(home, &["export", "draft.md", "--format", "chapters", "-o", "labels.txt"]));
    assert!(fs::read_to_string(home.join("labels.txt")).unwrap().starts_with("0.000000\t"));
    // Each is made once more when its file is there.
    let wrong = run(home, &["export", "draft.md", "--format", "pdf"]);
    assert_eq!(code(&wrong), Some(2), "{}", err(&wrong));
    let none = run(home, &["export", "draft.md", "--format", "vtt", "--sitting", "3"]);
    assert_eq!(code(&none), Some(1));
    assert!(err(&none).contains("there is no sitting"), "{}", err(&none));
}

#[test]
fn a_sitting_is_replayed_and_a_cut_journal_to_the_cut() {
    let home = sitting();
    let home = home.path();
    let draft = fs::read_to_string(home.join("draft.md")).unwrap();
    let played = success(&run(home, &["replay", "draft.md"]));
    let last = played.rsplit_once("taken\n").unwrap().1;
    assert!(last.starts_with(draft.trim_end()), "{played}");
    assert!(played.contains("] 1/") && played.contains("offer 1: "), "{played}");
    let late = success(&run(home, &["replay", "draft.md", "--at", "0:59:00"]));
    assert_eq!(late, "");
    let journal = journal(home);
    let bytes = fs::read(&journal).unwrap();
    fs::write(&journal, &bytes[..bytes.len() / 2]).unwrap();
    let cut = run(home, &["replay", "draft.md"]);
    assert_eq!(code(&cut), Some(0), "{}", err(&cut));
    assert!(err(&cut).contains("ends in the middle of a record"), "{}", err(&cut));
    assert!(played.starts_with(out(&cut).lines().next().unwrap().split('/').next().unwrap()));
    let verified = run(home, &["verify", "draft.md"]);
    assert_eq!(code(&verified), Some(1));
    assert!(out(&verified).contains("ends in the middle of a record"), "{}", out(&verified));
    // Without a history there is little to say.
    fs::remove_file(&journal).unwrap();
    let none = run(home, &["replay", "draft.md"]);
    assert!(code(&none) == Some(1) && err(&none).contains("has no history here"), "{}", err(&none));
    let none = run(home, &["export", "draft.md", "--format", "notes"]);
    assert!(code(&none) == Some(1) && err(&none).contains("md, html and json"), "{}", err(&none));
    let none = run(home, &["verify", "draft.md"]);
    assert!(code(&none) == Some(1) && out(&none).contains("has no history here"), "{}", out(&none));
    let gone = run(home, &["verify", "nowhere.md"]);
    assert!(
        code(&gone) == Some(1) && err(&gone).contains("there is no such file"),
        "{}",
        err(&gone)
    );
}

#[test]
fn a_model_that_is_gone_is_named_with_its_checksum() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let models = home.join("unstuck/models/own");
    fs::create_dir_all(&models).unwrap();
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(Path::new(TINY).join(name), models.join(name)).unwrap();
    }
    // Its words are random, so nothing may be judged by them.
    fs::write(home.join("unstuck/unstuck.toml"), "[offers]\nfilter = []\ncandidates = 1\n")
        .unwrap();
    let said =
        plain(home, &["--model", "own"], "The lamps were out.\n/ask\n/take 1\n/save\n/quit\n");
    assert!(out(&said).contains("Taken: "), "{} {}", out(&said), err(&said));
    let proven = run(home, &["verify", "draft.md"]);
    assert_eq!(code(&proven), Some(0), "{} {}", out(&proven), err(&proven));
    fs::remove_dir_all(&models).unwrap();
    let gone = run(home, &["verify", "draft.md"]);
    assert_eq!(code(&gone), Some(1));
    let said = out(&gone);
    assert!(
        said.contains("needs its model: own (sha256 ") && said.contains("can't be opened"),
        "{said}"
    );
}
