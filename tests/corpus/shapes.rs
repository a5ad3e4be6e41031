//! Each shape by our own sample of it, and the ways a table or a text can be read.

use super::{corpus, counts, documents, dropped, plain};
use std::path::Path;
use unstuck::finetune::corpus::{Duplicates, Header, Settings, Tags, Unit};

#[test]
fn each_sample_gives_its_documents() {
    type Sample = (&'static str, &'static [&'static str], Vec<(String, u64)>);
    let samples: [Sample; 9] = [
        (
            "archive_tweets.js",
            &[
                "@elm_street Two lines from me:\n\none for the lamp, one for the dark.",
                "Trimmed the wick & filled the lamp. #lamps",
            ],
            counts([("retweet", 1), ("only_links", 1)]),
        ),
        (
            "old_archive_tweet.js",
            &["The landing smells of paraffin again. Nobody owns up."],
            counts([("retweet", 1)]),
        ),
        (
            "one_column.csv",
            &[
                "He said \"seventeen\", and he has lived here longest.",
                "I have counted the stairs again. There is one more of them at night.",
                "Salt & ash, one of each, on every stair.",
                "Saw both say sixteen.",
            ],
            counts([("empty", 1), ("retweet", 2), ("near_duplicate", 1)]),
        ),
        (
            "named_column.csv",
            &[
                "A comma, a quote \" and\na second line: all one tweet.",
                "Plain words without any quotes.",
                "The last one for the year.",
            ],
            counts([("empty", 1), ("ragged", 1)]),
        ),
        (
            "public_archive.json",
            &[
                "North windows are a tax on optimism.",
                "The rain came in by the north window & stayed for supper.",
            ],
            counts([("retweet", 2)]),
        ),
        (
            "public_archive_old.csv",
            &["The gate sings in an east wind, flat."],
            counts([("retweet", 1)]),
        ),
        (
            "public_archive_new.csv",
            &["Oiled the gate. It sings sharp now."],
            counts([("retweet", 1)]),
        ),
        (
            "notes.jsonl",
            &[
                "Bought a ledger for the stairs. First entry: sixteen.",
                "Second entry: sixteen and a half.\nSomebody had sat down.",
                "Third entry: I stopped counting, and the café reopened.",
            ],
            counts([("empty", 1), ("broken", 1), ("no_text", 1)]),
        ),
        (
            "draft.md",
            &[
                "# The Lamp on the Landing\n\nIt went out on a Tuesday, as lamps of that make do.\n\n> *Nobody* had touched it, and nobody said so twice.\n\n1. The wick was dry.\n2. The inspector was not.",
            ],
            counts([]),
        ),
    ];
    for (name, texts, reasons) in samples {
        let path = Path::new("examples/corpus").join(name);
        let (found, summary) = corpus(&[&path], plain()).unwrap();
        assert_eq!(found, texts, "{name}");
        assert_eq!(dropped(&summary), reasons, "{name}");
    }
}

#[test]
fn the_folder_of_samples_is_read_as_a_whole() {
    let (found, summary) = corpus(&[Path::new("examples/corpus")], plain()).unwrap();
    assert_eq!((summary.files.read, summary.files.skipped()), (11, 0));
    assert_eq!(summary.documents.kept, found.len() as u64);
    assert!(found.iter().any(|text| text.starts_with("Dear Elm,\n\nthe lamp is out again.")));
    assert!(found.iter().all(|text| !text.contains("://")));
    assert_eq!(summary.inputs[0].path, "examples/corpus");
    assert_eq!(summary.inputs[0].read, summary.documents.read);
}

#[test]
fn a_column_with_or_without_its_name() {
    let read = |content: &str| documents("t.csv", content, plain()).0;
    assert_eq!(read("text\none lamp\ntwo, lamps\n"), ["one lamp", "two, lamps"]);
    assert_eq!(read("\u{feff}\"Tweets\"\r\none lamp\r\n"), ["one lamp"]);
    assert_eq!(read("one lamp\ntwo, lamps"), ["one lamp", "two, lamps"]);
    assert_eq!(
        read("\"one\nlamp\"\n\"two \"\"l\"\", lamps\"\n"),
        ["one\nlamp", "two \"l\", lamps"]
    );
    let read =
        |content: &str, header| documents("t.csv", content, Settings { header, ..plain() }).0;
    assert_eq!(read("notes\none lamp\n", Header::Auto), ["notes", "one lamp"]);
    assert_eq!(read("notes\none lamp\n", Header::Yes), ["one lamp"]);
    assert_eq!(read("text\none lamp\n", Header::No), ["one lamp", "text"]);
}

#[test]
fn a_column_among_others() {
    let read = |name: &str, content: &str, column: Option<&str>| {
        let settings = Settings { column: column.map(str::to_owned), ..plain() };
        documents(name, content, settings).0
    };
    assert_eq!(
        read("t.csv", "id,text\n1,one lamp\n2,\"two, lamps\"\n", None),
        ["one lamp", "two, lamps"]
    );
    assert_eq!(read("t.csv", "id;Text;x\n1;one, lamp;\n", None), ["one, lamp"]);
    assert_eq!(read("t.tsv", "id\ttext\n1\tone lamp\n", None), ["one lamp"]);
    assert_eq!(read("t.csv", "id,note,text\n1,one lamp,x\n", Some("NOTE")), ["one lamp"]);
    assert_eq!(read("t.csv", "1,one lamp\n2,two lamps\n", Some("2")), ["one lamp", "two lamps"]);
    assert_eq!(
        read("t.csv", "1,one lamp\n2,two lamps\n", Some("0")),
        ["1,one lamp", "2,two lamps"]
    );
    assert_eq!(read("t.csv", "text,id\none lamp,1,,\n", None), ["one lamp"]);
    assert_eq!(read("t.json", r#"[{"text":"no","note":"one lamp"}]"#, Some("note")), ["one lamp"]);
}

#[test]
fn json_however_it_is_laid_out() {
    let read = |content: &str| documents("t.json", content, plain()).0;
    let both = ["one {lamp}", "two \"lamps\""];
    assert_eq!(read(r#"[{"text":"one {lamp}"},{"text":"two \"lamps\""}]"#), both);
    assert_eq!(
        read(
            "[\n  {\n    \"text\": \"one {lamp}\"\n  },\n  {\n    \"text\": \"two \\\"lamps\\\"\"\n  }\n]"
        ),
        both
    );
    assert_eq!(read("{\"text\":\"one {lamp}\"}\r\n\r\n{\"text\":\"two \\\"lamps\\\"\"}"), both);
    assert_eq!(read(r#"["one {lamp}", "two \"lamps\""]"#), both);
    let (found, _) = documents(
        "t.js",
        "window.YTD.tweets.part1 = [ {\"tweet\":{\"full_text\":\"one\"}} ]",
        plain(),
    );
    assert_eq!(found, ["one"]);
}

#[test]
fn what_a_document_is_in_plain_text() {
    let text = "one lamp\nlit\n\ntwo lamps\n\n\n\nthree\n";
    let read = |by| documents("t.txt", text, Settings { by, ..plain() }).0;
    assert_eq!(read(Unit::File), ["one lamp\nlit\n\ntwo lamps\n\nthree"]);
    assert_eq!(read(Unit::Paragraph), ["one lamp\nlit", "three", "two lamps"]);
    assert_eq!(read(Unit::Line), ["lit", "one lamp", "three", "two lamps"]);
    let tagged = "<|startoftext|>one\n\nlamp<|endoftext|>\n<|startoftext|>two<|endoftext|>three<|startoftext|>";
    assert_eq!(documents("t.txt", tagged, plain()).0, ["one\n\nlamp", "three", "two"]);
}

#[test]
fn a_long_text_is_cut_where_a_paragraph_ends() {
    let paragraph = |n| format!("Paragraph {n} {}", format!("of the {n}th lamp; ").repeat(50));
    let text: Vec<_> = (0..200).map(paragraph).collect();
    let settings = Settings { duplicates: Duplicates::Keep, ..plain() };
    let (found, _) = documents("t.md", text.join("\n\n"), settings);
    assert!((5..20).contains(&found.len()), "{}", found.len());
    assert!(found.iter().all(|piece| piece.starts_with("Paragraph") && piece.ends_with("lamp;")));
    let length: usize = found.iter().map(String::len).sum();
    assert!(length + 2 * found.len() + 200 > text.join("\n\n").len());
}

#[test]
fn tags_stand_where_they_were_asked_for() {
    for (tags, expected) in [
        (Tags::None, "one lamp\n"),
        (Tags::End, "one lamp<|endoftext|>\n"),
        (Tags::Both, "<|startoftext|>one lamp<|endoftext|>\n"),
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let out = folder.path().join("out");
        let input = folder.path().join("t.csv");
        std::fs::write(&input, "one lamp\n").unwrap();
        let request = super::Request {
            inputs: vec![input],
            output: Some(out.clone()),
            settings: Settings { tags, ..plain() },
            preview: false,
        };
        super::make(&request, &mut |_| ()).unwrap();
        assert_eq!(std::fs::read_to_string(out.join("train.txt")).unwrap(), expected);
    }
}
