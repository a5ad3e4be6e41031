//! Bad input costs only itself, is counted, and is never silent.

use super::{corpus, counts, documents, dropped, plain};
use std::{fs, path::Path};
use tempfile::TempDir;
use unstuck::finetune::corpus::{Invalid, Settings, Unit};

fn refused(name: &str, content: impl AsRef<[u8]>, settings: Settings) -> String {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join(name);
    fs::write(&input, content).unwrap();
    let error = corpus(&[&input], settings).unwrap_err();
    format!("{error:#}").replace(&*folder.path().to_string_lossy(), "")
}

#[test]
fn what_is_not_utf8_is_replaced_and_counted_or_refused() {
    // most of what isn't ASCII is UTF-8, so the rest is damage
    let bytes = b"one lamp \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\ncaf\xe9 and \xff\xfe lamp\n";
    for name in ["t.csv", "t.txt"] {
        let (found, summary) = documents(name, bytes, Settings { by: Unit::Line, ..plain() });
        assert_eq!(found, ["caf� and �� lamp", "one lamp éééé"]);
        assert_eq!(summary.changed.invalid_utf8, 3);
        let error = refused(name, bytes, Settings { invalid: Invalid::Refuse, ..plain() });
        assert!(
            error.ends_with(
                "not valid UTF-8; convert it, for example with iconv, or give --encoding NAME or --invalid-utf8 replace"
            ),
            "{error}"
        );
        assert!(error.contains(name), "{error}");
    }
    let (found, summary) =
        documents("t.jsonl", b"{\"text\":\"\xc3\xa9\xc3\xa9 caf\xe9\"}\n", plain());
    assert_eq!((found, summary.changed.invalid_utf8), (vec!["éé caf�".to_owned()], 1));
}

#[test]
fn ragged_rows_are_counted() {
    let (found, summary) = documents("t.csv", "id,text,x\n1,one,\n2\n3,a,b,c\n4,two,y\n", plain());
    assert_eq!(found, ["one", "two"]);
    assert_eq!(dropped(&summary), counts([("ragged", 2)]));
}

#[test]
fn a_quote_that_never_closes_swallows_nothing() {
    let rows = "one lamp\n\"two lamps\nthree lamps\n\"four \"lamps\" here\nfive\n";
    let (found, summary) = documents("t.csv", rows, plain());
    // of a quote that only opened nothing is left
    let kept = ["five", "four \"lamps\" here", "one lamp", "three lamps", "two lamps"];
    assert_eq!(found, kept);
    assert_eq!(summary.changed.quotes, 2);
    let rows = "id,text\n1,\"one lamp\n2,two lamps\n3,three lamps\n";
    let (found, summary) = documents("t.csv", rows, plain());
    assert_eq!(found, ["one lamp", "three lamps", "two lamps"]);
    assert_eq!(summary.changed.quotes, 1);
}

#[test]
fn broken_json_costs_only_itself() {
    let read = |name, content| {
        let (found, summary) = documents(name, content, plain());
        (found, dropped(&summary))
    };
    let both = vec!["one".to_owned(), "two".to_owned()];
    let one_broken = || counts([("broken", 1)]);
    let lines = "{\"text\":\"one\"}\n{\"text\":\"cut\n{\"text\":\"two\"}\n";
    assert_eq!(read("t.jsonl", lines), (both.clone(), one_broken()));
    let lines = "{\"text\":\"one\"}\n{\"text\":\"cut\"\n{\"text\":\"two\"}\n";
    assert_eq!(read("t.json", lines), (both.clone(), one_broken()));
    let list = "[\n  {\n    \"text\": \"one\"\n  },\n  {\n    \"text\": \"cut\n    \"lang\": \"en\"\n  },\n  {\n    \"text\": \"two\"\n  }\n]";
    assert_eq!(read("t.json", list), (both.clone(), one_broken()));
    let list = "[{\"text\":\"one\"},{\"text\":nothing},{\"text\":\"two\"},{\"text\":";
    assert_eq!(read("t.json", list), (both, counts([("broken", 2)])));
}

/// As text it is cut into documents, as a record it is no writing.
#[test]
fn a_line_of_100_mb() {
    let long = "so it went on and on, é, and ".repeat(100_000_000 / 30);
    let (found, summary) = documents("t.txt", &long, plain());
    assert!(found.iter().all(|piece| piece.len() <= 80 << 10 && !piece.contains('�')));
    assert!(summary.documents.read > 1_000, "{}", summary.documents.read);
    for (name, content) in [
        ("t.csv", format!("one\n{long}\ntwo\n")),
        ("t.csv", format!("text,id\none,1\n\"{long}\",2\ntwo,3\n")),
        (
            "t.jsonl",
            format!("{{\"text\":\"one\"}}\n{{\"text\":\"{long}\"}}\n{{\"text\":\"two\"}}\n"),
        ),
    ] {
        let (found, summary) = documents(name, content, plain());
        assert_eq!(found, ["one", "two"], "{name}");
        assert_eq!(dropped(&summary), counts([("too_long", 1)]), "{name}");
    }
}

#[test]
fn binaries_are_skipped_in_folders_and_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.txt"), b"\x00\x01\x02").unwrap();
    fs::write(at("b.md"), b"%PDF-1.7 and so on").unwrap();
    fs::write(at("c.png"), b"\x89PNG").unwrap();
    let error = format!("{:#}", corpus(&[folder.path()], plain()).unwrap_err());
    assert!(
        error.starts_with("no text found: 3 files skipped (2 binary, 1 of other types)"),
        "{error}"
    );
    let error = format!("{:#}", corpus(&[&at("a.txt")], plain()).unwrap_err());
    assert!(error.ends_with("a.txt: binary, not text; save or export it as text first"), "{error}");
    fs::write(at("d.txt"), "one lamp").unwrap();
    fs::write(at("e.csv"), "id,x\n1,2\n1,2\n1,2\n1,2\n1,2\n").unwrap();
    fs::write(at("f.txt"), b"\xff\xfeo\x00n\x00e\x00").unwrap();
    fs::write(at("like.js"), "window.YTD.like.part0 = [{\"like\":{\"fullText\":\"no\"}}]").unwrap();
    fs::write(at(".hidden.txt"), "not this").unwrap();
    let (found, summary) = corpus(&[folder.path()], plain()).unwrap();
    assert_eq!(found, ["one", "one lamp"]);
    let files = summary.files;
    assert_eq!((files.read, files.binary, files.other, files.unclear), (2, 2, 2, 1));
}

#[test]
fn nothing_left_is_an_error_that_says_why() {
    let error = refused("t.csv", "RT @ash: one\nhttps://t.co/a\n\n", plain());
    assert_eq!(
        error,
        "no documents are left, so nothing was written: 3 documents read; dropped: 1 empty, 1 retweet, 1 with only links"
    );
    assert_eq!(refused("t.txt", "\n\n", plain()), "no text in 1 file, so nothing was written");
    assert_eq!(refused("t.csv", "", plain()), "no text in 1 file, so nothing was written");
    let error = corpus(&[Path::new("no/such.csv")], plain()).unwrap_err();
    assert!(format!("{error:#}").starts_with("no/such.csv: "), "{error:#}");
}

#[test]
fn a_table_says_which_columns_it_has() {
    let rows = "id,stars,when\n".to_owned() + &"1,5,now\n".repeat(6);
    let error = refused("t.csv", &rows, plain());
    assert!(
        error.contains("t.csv: 3 columns, but no known name of a text column; give --column NAME"),
        "{error}"
    );
    assert!(error.contains("id, stars, when"), "{error}");
    let settings = Settings { column: Some("words".into()), ..plain() };
    let error = refused("t.csv", &rows, settings);
    assert!(
        error.ends_with("there is no column words; the first row is: id, stars, when"),
        "{error}"
    );
}
