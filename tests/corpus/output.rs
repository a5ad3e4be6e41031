//! The folder that comes of it: whole or not at all, split the same way every time.

use super::{Request, Settings, make};
use std::{collections::BTreeSet, fs, path::Path};
use tempfile::TempDir;

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("lamp number {n} of the house in row {}\n", n * 7919)).collect()
}

/// Make a corpus of `text` in `folder`/out.
fn run(folder: &Path, text: &str, settings: Settings) -> anyhow::Result<()> {
    let input = folder.join("in.csv");
    fs::write(&input, text)?;
    let request =
        Request { inputs: vec![input], output: Some(folder.join("out")), settings, preview: false };
    make(&request, &mut |_| ()).map(drop)
}

fn split(text: &str, settings: Settings) -> [BTreeSet<String>; 2] {
    let folder = TempDir::new().unwrap();
    run(folder.path(), text, settings).unwrap();
    ["train.txt", "validation.txt"].map(|name| {
        let text = fs::read_to_string(folder.path().join("out").join(name)).unwrap();
        text.split_terminator("<|endoftext|>\n").map(str::to_owned).collect()
    })
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn kept() -> Settings {
    Settings { duplicates: unstuck::finetune::corpus::Duplicates::Exact, ..Settings::default() }
}

#[test]
fn the_split_is_by_document_and_stays() {
    let settings = || Settings { validation: 0.1, ..kept() };
    let [train, validation] = split(&lines(0, 1000), settings());
    assert_eq!(train.len() + validation.len(), 1000);
    assert!(train.is_disjoint(&validation));
    assert!((60..140).contains(&validation.len()), "{}", validation.len());
    assert_eq!(split(&lines(0, 1000), settings()), [train.clone(), validation.clone()]);
    // documents stay where they are when others come
    let [more_train, more_validation] = split(&lines(0, 1500), settings());
    assert!(more_train.is_superset(&train) && more_validation.is_superset(&validation));
    let [_, other] = split(&lines(0, 1000), Settings { seed: 1, ..settings() });
    assert_ne!(other, validation);
}

#[test]
fn two_documents_are_enough_for_both_files() {
    for seed in 0..20 {
        for share in [0.001, 0.05, 0.9] {
            let settings = Settings { seed, validation: share, ..kept() };
            let [train, validation] = split(&lines(0, 2), settings.clone());
            assert_eq!((train.len(), validation.len()), (1, 1), "{seed} {share}");
            let [train, validation] = split(&lines(0, 1), settings);
            assert_eq!((train.len(), validation.len()), (1, 0));
        }
        let [_, validation] = split(&lines(0, 50), Settings { seed, validation: 0.0, ..kept() });
        assert!(validation.is_empty());
    }
}

#[test]
fn an_old_corpus_is_replaced_and_a_failure_leaves_it() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let train = || fs::read_to_string(out.join("train.txt")).unwrap();
    fs::create_dir(&out).unwrap(); // an empty one is as good as none
    run(folder.path(), "one lamp\n", kept()).unwrap();
    assert_eq!(names(&out), ["corpus.json", "train.txt", "validation.txt"]);
    run(folder.path(), "two lamps\n", kept()).unwrap();
    assert_eq!(train(), "two lamps<|endoftext|>\n");
    run(folder.path(), "RT @ash: three\n", kept()).unwrap_err();
    run(folder.path(), "id,x\n1,2\n1,2\n1,2\n1,2\n1,2\n", kept()).unwrap_err();
    assert_eq!(train(), "two lamps<|endoftext|>\n");
    assert_eq!(names(folder.path()), ["in.csv", "out"]);
}

#[test]
fn nothing_else_is_ever_replaced() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    fs::write(&out, "a letter").unwrap();
    let error = run(folder.path(), "one lamp\n", kept()).unwrap_err();
    assert!(
        format!("{error:#}").ends_with("out: is a file; give the name of a folder"),
        "{error:#}"
    );
    fs::remove_file(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("letter.txt"), "a letter").unwrap();
    let error = run(folder.path(), "one lamp\n", kept()).unwrap_err();
    assert!(
        format!("{error:#}").contains("contains other files than a corpus (letter.txt)"),
        "{error:#}"
    );
    assert_eq!(names(folder.path()), ["in.csv", "out"]);
    assert_eq!(names(&out), ["letter.txt"]);
}

#[test]
fn what_a_killed_run_left_is_swept_up_and_a_running_one_is_not() {
    let folder = TempDir::new().unwrap();
    let [dead, alive] = [".out.partial-dead", ".out.partial-alive"].map(|name| {
        let path = folder.path().join(name);
        fs::create_dir(&path).unwrap();
        let file = fs::File::create(path.join("train.txt")).unwrap();
        (path, file)
    });
    alive.1.lock().unwrap();
    drop(dead.1);
    run(folder.path(), "one lamp\n", kept()).unwrap();
    assert!(!dead.0.exists());
    assert_eq!(names(folder.path()), [".out.partial-alive", "in.csv", "out"]);
}

#[test]
fn the_corpus_is_no_input_of_its_own() {
    let folder = TempDir::new().unwrap();
    let request = Request {
        inputs: vec![folder.path().to_owned()],
        output: Some(folder.path().join("out")),
        settings: kept(),
        preview: false,
    };
    fs::write(folder.path().join("in.txt"), "one lamp").unwrap();
    for _ in 0..2 {
        let (summary, _) = make(&request, &mut |_| ()).unwrap();
        assert_eq!((summary.documents.read, summary.files.read), (1, 1));
    }
}
