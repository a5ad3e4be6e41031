//! Every shape that people's words have, by the files in `tests/corpus/files`: archives, documents, tables, JSON, text. The
//! files are our own.

use super::{corpus, counts, documents, dropped, plain};
use proptest::prelude::*;
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use unstuck::finetune::corpus::{Request, Settings, Summary, Unit, make};

/// One of the files.
fn file(name: &str) -> PathBuf {
    PathBuf::from("tests/corpus/files").join(name)
}

/// The documents of a file, and the counts.
fn read(name: &str, settings: Settings) -> (Vec<String>, Summary) {
    corpus(&[&file(name)], settings).unwrap()
}

/// Checks that each file gives its documents.
fn check(samples: &[(&str, &[&str])]) {
    for (name, texts) in samples {
        let (found, _) = read(name, plain());
        assert_eq!(found, *texts, "{name}");
    }
}

const STOVE: &str = "The stove hums all night.";
const RAIN: &str = "Rain on the north stairs again.";
const LAMP: &str = "Nobody owns up to the lamp.";
const STEPS: &str = "Seventeen steps, I counted.";

#[test]
fn mastodon() {
    let posts = [LAMP, "Rain on the north stairs\nagain & again.\n\n#rain", STOVE];
    check(&[
        ("mastodon", &posts),
        ("mastodon/outbox.json", &posts),
        ("documents/archive.tar.gz", &[STOVE]),
    ]);
    let (_, summary) = read("mastodon", plain());
    assert_eq!(dropped(&summary), counts([("retweet", 1), ("private", 2)]));
    assert_eq!(summary.files.other, 2); // the profile and the likes
}

#[test]
fn telegram() {
    check(&[
        ("telegram/chat.json", &[LAMP, "Rain on the north stairs, see.", STOVE]),
        ("telegram/account.json", &[LAMP, STOVE]),
        ("telegram/entities.json", &[STOVE]),
    ]);
    let (_, summary) = read("telegram/chat.json", plain());
    assert_eq!(dropped(&summary), counts([("empty", 1), ("retweet", 1)]));
    assert!(
        summary.notices[0].contains("--author NAME keeps those of one: Ash, Elm"),
        "{:?}",
        summary.notices
    );
    let (_, summary) = read("telegram/account.json", plain());
    assert_eq!(summary.notices, [""; 0]);
    for author in ["ash", "@Ash", "user7"] {
        let settings = Settings { author: Some(author.into()), ..plain() };
        assert_eq!(read("telegram/chat.json", settings).0, [LAMP, STOVE], "{author}");
    }
    let nobody = Settings { author: Some("oak".into()), ..plain() };
    let error = corpus(&[&file("telegram/chat.json")], nobody).unwrap_err().to_string();
    assert!(error.contains("by somebody else"), "{error}");
}

#[test]
fn discord() {
    check(&[
        ("discord/package", &["Nobody owns up, to the lamp.", RAIN, STOVE]),
        ("discord/package/Messages/c2/messages.csv", &["Nobody owns up, to the lamp."]),
        ("discord/exporter.json", &[RAIN, STOVE]),
    ]);
    let settings = Settings { author: Some("Ash".into()), ..plain() };
    assert_eq!(read("discord/exporter.json", settings).0, [STOVE]);
}

#[test]
fn facebook_and_instagram() {
    check(&[
        (
            "facebook",
            &[
                "Nobody owns up, naïve as I am.",
                "Seventeen steps, I counted — twice.",
                "The lamp, out once more 🕯.",
                "The stove hums at the café all night — again.",
            ],
        ),
        (
            "instagram",
            &[
                "Nobody owns up to the lamp, naïve.",
                "Rain on the north stairs again, déjà vu.",
                "Seventeen steps — I counted.",
                "The stove hums at the café.",
            ],
        ),
        ("facebook-labels.json", &["The stove hums at the café."]),
    ]);
    let (_, summary) = read("facebook", plain());
    assert!(dropped(&summary).contains(&("other_author".to_owned(), 1)));
    // a chat alone doesn't say whose it is
    let (found, summary) =
        read("facebook/your_facebook_activity/messages/inbox/elm_1/message_1.json", plain());
    assert_eq!(found.len(), 2);
    assert!(summary.notices[0].contains("Elm, Ash Ödman"), "{:?}", summary.notices);
}

#[test]
fn bluesky_reddit_and_snscrape() {
    check(&[
        ("bluesky/records.json", &[STOVE]),
        ("bluesky/feed.json", &[STOVE]),
        ("bluesky/repo.car", &[RAIN, STOVE]),
        ("reddit/posts.csv", &["The stove hums all night.\n\nIt does."]),
        ("reddit/comments.csv", &[RAIN]),
        ("reddit/listing.json", &[LAMP, STOVE]),
        ("snscrape.jsonl", &[RAIN, STOVE]),
    ]);
    let (_, summary) = read("reddit/posts.csv", plain());
    assert_eq!(dropped(&summary), counts([("empty", 1), ("deleted", 1)]));
}

#[test]
fn x_with_long_posts() {
    let (found, summary) = read("x", plain());
    assert!(
        found[0].starts_with("It begins on the stairs") && found[0].ends_with("stood in the dark.")
    );
    assert_eq!(found[1..], ["Salt & ash, one of each."]);
    assert_eq!(dropped(&summary), counts([("retweet", 1), ("cut", 1)]));
    assert_eq!(summary.files.other, 4);
    // in any order
    let parts = ["x/data/tweets-part1.js", "x/data/note-tweet.js"].map(file);
    assert_eq!(corpus(&[&parts[0], &parts[1]], plain()).unwrap().0, found);
    for name in ["deleted-tweets", "community-tweet", "like", "direct-messages"] {
        let error = corpus(&[&file(&format!("x/data/{name}.js"))], plain()).unwrap_err();
        assert!(format!("{error:#}").contains("which is left out; give tweets.js"), "{error:#}");
    }
}

#[test]
fn chats_and_mail() {
    let chat = "whatsapp/WhatsApp Chat with Elm.txt";
    check(&[
        ("whatsapp/_chat.txt", &[RAIN, "The stove hums all night.\nOn two lines."]),
        (chat, &[LAMP, STEPS]),
        ("mail/sent.mbox", &[LAMP, "The stove hums at the café all night.\nFrom the stairs too."]),
    ]);
    let settings = Settings { author: Some("Elm".into()), ..plain() };
    assert_eq!(read(chat, settings).0, [STEPS]);
    let (_, summary) = read("mail/sent.mbox", plain());
    assert_eq!(dropped(&summary), counts([("other_author", 1)]));
}

#[test]
fn documents_of_writing_programs() {
    check(&[
        (
            "documents/story.docx",
            &[
                "The Lamp\n\nThe stove hums all night & all day, and nobody who lives on these stairs gets any sleep.\n\nRain on the north stairs again; I sat on the seventeenth step until it was over.",
            ],
        ),
        ("documents/moved.docx", &[STOVE]),
        (
            "documents/poem.docx",
            &["The stove hums\nall night long\n\nthe rain comes down\nthe stairs"],
        ),
        (
            "documents/story.odt",
            &[
                "The Lamp\n\nThe stove  hums all night.\nIt does, says everybody who lives on these stairs.\n\nRain on the north stairs again, on page of my notes.",
            ],
        ),
        (
            "documents/flat.fodt",
            &[
                "The Lamp\n\nThe stove  hums all night.\nIt does, says everybody who lives on these stairs.\n\nRain on the north stairs again, on page of my notes.",
            ],
        ),
        (
            "documents/book.epub",
            &["One\n\nThe stove hums—all night.\n\nTwo\n\nRain on the north stairs again."],
        ),
        (
            "documents/letter.rtf",
            &[
                "The stove hums at the café – all night.\n\nRain — again, on the north stairs, where I sat until it was over.",
            ],
        ),
        (
            "documents/paper.tex",
            &["The Lamp\n\nThe stove hums—all night.\n\nRain on the café stairs again, 5% of it."],
        ),
        (
            "documents/scene.nwd",
            &["### The Lamp\n\nThe stove hums all night.\n\nRain on the north stairs again."],
        ),
        (
            "documents/page.html",
            &[
                "The Lamp\n\nThe stove “hums” at the café – all night.\n\nSalt &amp; ash,\nà la carte.",
            ],
        ),
        ("documents/novel.scriv", &[RAIN, "The stove hums all night. It does."]),
        ("documents/all.zip", &[LAMP, RAIN, STOVE]),
        ("documents/lines.txt.gz", &[STOVE]),
    ]);
    for (name, says) in [
        ("documents/paper.pdf", "pdftotext"),
        ("documents/old.doc", "save it as DOCX"),
        ("documents/locked.epub", "copy protection"),
    ] {
        let error = format!("{:#}", corpus(&[&file(name)], plain()).unwrap_err());
        assert!(error.contains(says) && error.contains(name), "{error}");
    }
    // in a folder they cost only themselves, and a damaged one is told
    let (found, summary) = read("documents", plain());
    assert!(found.len() > 10 && summary.files.other == 2, "{:?}", summary.files);
    assert!(summary.notices.iter().any(|notice| notice.contains("locked.epub: skipped")));
}

#[test]
fn tables_of_every_kind() {
    let three = [LAMP, "Rain, on the north stairs; again.", STOVE];
    check(&[
        ("tables/sep.csv", &three),
        ("tables/sep-caret.csv", &three),
        ("tables/mac.csv", &three),
        ("tables/pipe.csv", &three),
        ("tables/mac-roman.csv", &["It wasn’t me, naïve as I am.", "The stove hums at the café."]),
        ("tables/excel.txt", &["Rain – on the north stairs.", "The stove hums at the café."]),
        ("tables/big-endian.csv", &["The stove hums at the café."]),
        (
            "tables/german.csv",
            &[
                "Der Ofen brummt die ganze Nacht.",
                "Niemand will es gewesen sein.",
                "Regen; schon wieder.",
            ],
        ),
        ("tables/japanese.csv", &["また雨が北の階段濡らしけり", "ストーブの音が響くよ夜の底"]),
        (
            "tables/quotes.csv",
            &[
                "He said \"fifteen\" too.",
                "He said \"seventeen\", and left.",
                "He said \"sixteen\" and stayed.",
            ],
        ),
        (
            "tables/backslash.csv",
            &["He said \"seventeen\", and left.", "He said \"sixteen\" and stayed."],
        ),
        ("tables/authors.csv", &[RAIN, STOVE]),
    ]);
    let (_, summary) = read("tables/german.csv", plain());
    assert!(summary.notices[0].contains("column 3 (Spruch des Tages)"), "{:?}", summary.notices);
    let by_name = Settings { author: Some("Elm".into()), ..plain() };
    assert_eq!(read("tables/authors.csv", by_name).0, [RAIN]);
    let tilde = Settings { delimiter: Some("~".into()), ..plain() };
    assert_eq!(documents("t.csv", "id~text\n1~one, lamp\n", tilde).0, ["one, lamp"]);
    let wrong = Settings { delimiter: Some("ab".into()), ..plain() };
    assert!(
        corpus(&[&file("tables/pipe.csv")], wrong)
            .unwrap_err()
            .to_string()
            .contains("--delimiter ab")
    );
}

#[test]
fn json_of_every_depth() {
    check(&[
        ("json/deep.json", &[RAIN, STOVE]),
        ("json/pieces.json", &["The stove hums\nall night"]),
        ("json/keep.json", &[STOVE]),
    ]);
    let nested = Settings { column: Some("post.words.plain".into()), ..plain() };
    assert_eq!(read("json/nested.json", nested).0, [RAIN, STOVE]);
    // what is too long to be read as a whole is opened
    let many: Vec<String> = (0..60_000)
        .map(|n| format!("{{\"id\":{n},\"text\":\"The lamp {n} {}\"}}", n * 7919))
        .collect();
    let wrapped = format!(
        "{{\"status\":\"ok\",\"data\":{{\"about\":\"{}\",\"items\":[{}]}}}}",
        "x".repeat(3 << 20),
        many.join(",\n")
    );
    let exact = Settings { duplicates: unstuck::finetune::corpus::Duplicates::Exact, ..plain() };
    assert_eq!(documents("t.json", wrapped, exact).1.documents.kept, 60_000);
    // a broken one among them costs only itself, and so does a cut end
    for broken in [
        "{\"tweets\":[{\"text\":\"one lamp\"},{\"text\":nothing},{\"text\":\"two stairs\"}]}",
        "{\"a\":{\"tweets\":[{\"text\":\"one lamp\"},{\"text\":\"two stairs\"},{\"text\":\"cut",
    ] {
        let (found, summary) = documents("t.json", broken, plain());
        assert_eq!((found.len(), dropped(&summary)), (2, counts([("broken", 1)])), "{broken}");
    }
    let deep = format!("{}{{\"text\":\"one lamp\"}}{}", "{\"a\":".repeat(50), "}".repeat(50));
    assert_eq!(documents("t.json", deep, plain()).0, ["one lamp"]);
}

#[test]
fn text_in_every_encoding() {
    check(&[
        ("text/windows.txt", &["She said “the stove hums” and it wasn’t – café."]),
        ("text/polish.txt", &["Zażółć gęślą jaźń, a piec wciąż buczy pod oknem i nikt nie śpi."]),
        (
            "text/russian.txt",
            &["Печь гудит всю ночь, и никто её не слушает. Опять дождь на лестнице."],
        ),
        (
            "text/japanese.txt",
            &["ストーブが一晩中鳴っている。また北の階段に雨が降る。誰も聞いていない。"],
        ),
        ("text/mac.txt", &["The stove hums.\nRain again."]),
        ("text/marked.txt", &["The stove hums.\nRain again."]),
    ]);
    let (_, summary) = read("text/windows.txt", plain());
    assert!(
        summary.notices[0]
            .ends_with("read as windows-1252; --encoding NAME chooses another encoding")
    );
    assert_eq!(summary.changed.invalid_utf8, 0);
    let named = Settings { encoding: Some("windows-1250".into()), ..plain() };
    assert_eq!(read("text/polish.txt", named).1.notices, [""; 0]);
    let unknown = Settings { encoding: Some("none".into()), ..plain() };
    assert!(
        corpus(&[&file("text/mac.txt")], unknown)
            .unwrap_err()
            .to_string()
            .contains("--encoding none")
    );
    let lines = Settings { by: Unit::Line, ..plain() };
    assert_eq!(read("text/mac.txt", lines).0, ["Rain again.", "The stove hums."]);
}

#[test]
fn verse_turns_and_scripts_keep_their_form() {
    for name in ["song.txt", "braces.txt", "poem.txt", "script.fountain", "turns.txt", "irc.txt"] {
        let name = format!("text/{name}");
        let text = fs::read_to_string(file(&name)).unwrap();
        assert_eq!(read(&name, plain()).0, [text.trim_end()], "{name}");
    }
    assert_eq!(read("text/song.json", plain()).0, read("text/song.txt", plain()).0);
    let poem = "{\"text\":\"The stove hums\\n    all night\\n\\nthe rain\"}";
    assert_eq!(documents("t.json", poem, plain()).0, ["The stove hums\n    all night\n\nthe rain"]);
}

#[test]
fn what_looks_wrong_is_told_and_an_error_if_strict() {
    for (name, says) in [
        ("ids.csv", "only a number, a code or a link"),
        ("links.jsonl", "only a number, a code or a link"),
        ("repeated.txt", "repeat the line before"),
        ("tags.txt", "tags or styles"),
        ("little.json", "bytes that may be text"),
    ] {
        let name = format!("wrong/{name}");
        let (_, summary) = read(&name, plain());
        let told = |notice: &String| notice.contains(says) && notice.contains(&name);
        assert!(summary.notices.iter().any(told), "{:?}", summary.notices);
        let folder = TempDir::new().unwrap();
        let out = folder.path().join("out");
        let settings = Settings { strict: true, ..plain() };
        let request = Request {
            inputs: vec![file(&name)],
            output: Some(out.clone()),
            settings,
            preview: false,
        };
        let error = make(&request, &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&name), "{error}");
        assert!(!out.exists());
    }
    for name in
        ["mastodon", "x", "discord/package", "facebook", "text", "json", "tables", "bluesky"]
    {
        let strict = Settings { strict: true, ..plain() };
        assert!(corpus(&[&file(name)], strict).is_ok(), "{name}");
    }
}

#[test]
fn a_preview_shows_each_source() {
    let settings = plain();
    let inputs = ["tables/german.csv", "text/windows.txt", "documents/story.docx"].map(file).into();
    let request = Request { inputs, output: None, settings, preview: true };
    let shown = make(&request, &mut |_| ()).unwrap().1.to_string();
    for part in [
        "german.csv: a table of 3 columns, with `;` between them, and the text in column 3 (Spruch des Tages)\n  first: Der Ofen brummt die ganze Nacht.\n  last:  Niemand will es gewesen sein.\n",
        "windows.txt: plain text, in windows-1252\n  only:  She said",
        "story.docx: DOCX\n  only:  The Lamp ⏎  ⏎ The stove",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

/// Files with random damage: no panic, no endless loop, and the counts agree.
#[test]
fn damaged_files_are_read_or_refused() {
    let names: Vec<PathBuf> = walkdir::WalkDir::new(file(""))
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    let folder = TempDir::new().unwrap();
    let damage = (
        0..names.len(),
        proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6),
        any::<u16>(),
    );
    proptest!(ProptestConfig::with_cases(400), |((which, bytes, cut) in damage)| {
        let mut content = fs::read(&names[which]).unwrap();
        for (at, byte) in bytes {
            let at = usize::from(at) % content.len();
            content[at] = byte;
        }
        if cut % 2 == 0 {
            content.truncate(usize::from(cut) % content.len());
        }
        let path = folder.path().join(names[which].file_name().unwrap());
        fs::write(&path, content).unwrap();
        let request = Request { inputs: vec![path], output: None, settings: plain(), preview: true };
        if let Ok((summary, _)) = make(&request, &mut |_| ()) {
            let counted = summary.documents;
            prop_assert_eq!(counted.read, counted.kept + counted.dropped);
        }
    });
}
