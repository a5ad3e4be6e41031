//! `unstuck corpus`: every shape that people have their words in, what leaves and what stays, and how it bears bad input.
//! The samples are those of `examples/corpus`, and small ones written here.

#![allow(clippy::unwrap_used)] // what tests share is test too

mod bad_input;
mod cleaning;
mod output;
mod program;
mod samples;
mod shapes;
#[path = "../support/mod.rs"]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use unstuck::finetune::corpus::{Request, Settings, Summary, Tags, make};

/// Everything kept, so that a sample of two documents shows both.
fn plain() -> Settings {
    Settings { validation: 0.0, tags: Tags::End, ..Settings::default() }
}

/// What a run with `settings` makes of a file called `name`.
fn documents(name: &str, content: impl AsRef<[u8]>, settings: Settings) -> (Vec<String>, Summary) {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join(name);
    fs::write(&input, content).unwrap();
    let made = corpus(&[&input], settings).unwrap();
    (made.0, made.1)
}

/// The documents of `train.txt` and `validation.txt`, and the counts.
fn corpus(inputs: &[&Path], settings: Settings) -> anyhow::Result<(Vec<String>, Summary)> {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let inputs: Vec<PathBuf> = inputs.iter().map(|path| path.to_path_buf()).collect();
    let request = Request { inputs, output: Some(out.clone()), settings, preview: false };
    let (summary, _) = make(&request, &mut |_| ())?;
    let separator = summary.separator.clone().unwrap_or_else(|| "\n".into());
    let mut all = Vec::new();
    for (file, part) in [("train.txt", summary.train), ("validation.txt", summary.validation)] {
        let text = fs::read_to_string(out.join(file)).unwrap();
        assert_eq!(text.len() as u64, part.bytes);
        let documents: Vec<_> = text.split_terminator(&separator).map(str::to_owned).collect();
        assert_eq!(documents.len() as u64, part.documents, "{text}");
        all.extend(documents);
    }
    let read: Summary =
        serde_json::from_str(&fs::read_to_string(out.join("corpus.json")).unwrap()).unwrap();
    assert_eq!(read, summary);
    let dropped: u64 = summary.dropped.0.values().sum();
    assert_eq!(summary.documents.read, summary.documents.kept + summary.documents.dropped);
    assert_eq!(summary.documents.dropped, dropped);
    assert_eq!(summary.documents.kept, summary.train.documents + summary.validation.documents);
    all.sort(); // where a document lies is drawn
    Ok((all, summary))
}

/// How many were dropped for what; what is 0 left out.
fn dropped(summary: &Summary) -> Vec<(String, u64)> {
    let some = summary.dropped.0.iter().filter(|(_, n)| **n > 0);
    some.map(|(reason, n)| (serde_json::to_value(reason).unwrap().as_str().unwrap().into(), *n))
        .collect()
}

fn counts<const N: usize>(expected: [(&str, u64); N]) -> Vec<(String, u64)> {
    expected.map(|(reason, n)| (reason.to_owned(), n)).into()
}
