//! The console platform and the operator's commands, through the real program.

use super::*;
use serde_json::Value;
use std::{fs, io::Write};
use tempfile::TempDir;

/// Run with `lines` on standard input.
fn feed(home: &Path, args: &[&str], lines: &str) -> Output {
    let mut child =
        unstuck(home).args(args).stdin(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let _ = stdin.write_all(lines.as_bytes()); // a program that refuses to run doesn't read
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn decisions(output: &Output) -> Vec<Value> {
    out(output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

const TRIAL: [&str; 5] = ["bot", "once", "--dry-run", "--platform", "console"];

fn mention(id: u32, author: &str, text: &str) -> String {
    serde_json::json!({ "id": id.to_string(), "author": author, "text": text }).to_string() + "\n"
}

#[test]
fn without_configuration_it_says_what_to_write_and_how_to_try() {
    let home = TempDir::new().expect("a folder");
    for args in [&["--bot"][..], &["bot", "run"], &["--bot", "--once"], &["bot", "queue"]] {
        let output = feed(home.path(), args, "");
        assert_eq!(code(&output), Some(78), "{args:?}");
        let said = err(&output);
        assert!(said.contains("unstuck.toml") && said.contains("--platform console"), "{said}");
    }
    // and the line it gives does what it says
    let output = feed(home.path(), &["--bot"], "");
    let said = err(&output);
    let line = said.lines().find(|line| line.contains("echo")).expect("a trial line");
    let json = line.split('\'').nth(1).expect("a mention");
    let output = feed(home.path(), &[&TRIAL[..], &["--model", TINY]].concat(), json);
    assert_eq!((code(&output), decisions(&output).len()), (Some(0), 1), "{}", err(&output));
    assert!(!home.path().join("unstuck/bot").exists(), "a trial leaves no ledger");
}

#[test]
fn exit_codes_tell_usage_configuration_and_permission_apart() {
    let home = TempDir::new().expect("a folder");
    assert_eq!(code(&feed(home.path(), &["--bot", "--bogus"], "")), Some(2));
    assert_eq!(code(&feed(home.path(), &["bot"], "")), Some(2));
    assert_eq!(code(&feed(home.path(), &["bot", "run", "--platform", "mastodon"], "")), Some(78));
    let output = feed(home.path(), &["bot", "run", "--platform", "x"], "");
    assert_eq!(code(&output), Some(78));
    assert!(err(&output).contains("x-keys.toml"), "{}", err(&output));
    let broken = home.path().join("broken.toml");
    fs::write(&broken, "[bot]\nplatfrom = 'x'\n").expect("written");
    let output = feed(home.path(), &["--bot", "--config", &broken.to_string_lossy()], "");
    assert_eq!(code(&output), Some(78));
    assert!(err(&output).contains("line 2: there is no setting `platfrom`"), "{}", err(&output));
    let auto = home.path().join("auto.toml");
    fs::write(
        &auto,
        "[bot]\nplatform = 'console'\nposting = 'auto'\n[bot.attestation]\noperator = 'Ash'\n",
    )
    .expect("written");
    let output = feed(home.path(), &["--bot", "--config", &auto.to_string_lossy()], "");
    assert_eq!(code(&output), Some(78));
    assert!(err(&output).contains("approved_by_platform"), "{}", err(&output));
}

#[test]
fn every_line_gets_one_decision() {
    let home = TempDir::new().expect("a folder");
    let lines = [
        mention(1, "ash", "@unstuck The lamp went out, and"),
        mention(2, "roe", "@unstuck  HELP! "),
        mention(3, "roe", "@unstuck"),
        mention(4, "kim", "@unstuck Stop!"),
        mention(5, "kim", "@unstuck hello"),
        mention(6, "unstuck", "talking to myself"),
        "no JSON\n".into(),
        "\n".into(),
        r#"{"id":7,"author":"lee","text":"\u001b[31m\u202e@unstuck help","more":1}"#.to_owned()
            + "\n",
        mention(1, "ash", "@unstuck The lamp went out, and"),
    ]
    .concat();
    let output = feed(home.path(), &[&TRIAL[..], &["--model", TINY]].concat(), &lines);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let all = decisions(&output);
    let expected = ["", "help", "skip", "skip", "skip", "skip", "skip", "help", "skip"];
    assert_eq!(all.len(), expected.len(), "{all:#?}");
    for (decision, expected) in all.iter().zip(expected).skip(1) {
        assert_eq!(decision["decision"], expected, "{decision}");
    }
    // what a tiny random model says may well be nothing
    assert!(matches!(all[0]["decision"].as_str(), Some("reply" | "skip")), "{}", all[0]);
    let mut keys: Vec<_> = all[0].as_object().expect("an object").keys().map(|k| &**k).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "author", "decision", "id", "model", "reason", "reply", "reply_id", "seed", "steps",
            "time"
        ]
    );
    assert_eq!(all[0]["model"], "tiny-gpt2");
    let steps: Vec<_> =
        all[0]["steps"].as_array().expect("steps").iter().map(|s| &s["step"]).collect();
    let names = [
        "mention",
        "prompt",
        "model",
        "phrase",
        "tags",
        "entities",
        "echo",
        "links",
        "sentences",
        "length",
    ];
    assert_eq!(steps, names);
    assert_eq!(
        (&all[2]["reason"], &all[8]["reason"]),
        (&"helped today already".into(), &"seen before".into())
    );
    assert!(!out(&output).contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn replies_wait_for_a_person_by_default() {
    let home = TempDir::new().expect("a folder");
    let bot = |args: &[&str], lines: &str| {
        feed(home.path(), &[&["bot", "--platform", "console"], args].concat(), lines)
    };
    let lines =
        [mention(1, "ash", "help"), mention(2, "roe", "help"), mention(3, "kim", "help")].concat();
    let output = bot(&["once"], &lines);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(decisions(&output).iter().all(|decision| decision["decision"] == "queued"));

    // other words have to pass the same gate
    let long = "word ".repeat(100);
    for bad in ["", "see example.com now", "ask @somebody", &long, "buy $INK", "kill yourself"] {
        let output = bot(&["edit", "1", bad], "");
        assert_eq!(code(&output), Some(1), "{bad}");
    }
    assert_eq!(code(&bot(&["edit", "1", "These words are mine."], "")), Some(0));
    assert_eq!(code(&bot(&["reject", "2"], "")), Some(0));
    assert_eq!(code(&bot(&["approve", "1"], "")), Some(0));
    assert_eq!(code(&bot(&["approve", "1"], "")), Some(1), "once is enough");
    assert_eq!(code(&bot(&["approve", "99"], "")), Some(1));
    let waiting = decisions(&bot(&["queue", "--json"], ""));
    assert_eq!((waiting.len(), &waiting[0]["id"]), (1, &"3".into()));

    // somebody opts out while their reply waits; and the approved one goes
    assert_eq!(code(&bot(&["approve", "3"], "")), Some(0));
    let output = bot(&["once"], &mention(4, "kim", "stop"));
    let said = decisions(&output);
    let replies: Vec<_> =
        said.iter().filter(|d| d["decision"] == "help" || d["decision"] == "reply").collect();
    // approved replies go before the next line is read: kim's may have been one of them
    assert!(
        replies.iter().any(|d| d["id"] == "1" && d["reply"] == "These words are mine."),
        "{said:?}"
    );
    let again = bot(&["once"], &lines);
    assert!(decisions(&again).iter().all(|d| d["reason"] == "seen before"), "{}", out(&again));
    assert_eq!(code(&bot(&["optout", "@lee"], "")), Some(0));
    let output = bot(&["once"], &mention(9, "lee", "help"));
    assert_eq!(decisions(&output)[0]["reason"], "opted out");
    assert_eq!(code(&bot(&["forget", "ash"], "")), Some(0));
    let bytes = fs::read(home.path().join("unstuck/bot/console.sqlite")).expect("the ledger");
    assert!(!bytes.is_empty());
    let status = decisions(&bot(&["status", "--json"], ""));
    assert_eq!(status[0]["opted_out"], 2, "{}", status[0]);
    assert_eq!(code(&bot(&["check"], "")), Some(0));
    assert_eq!(code(&bot(&["retract", "1"], "")), Some(1));
}

#[test]
fn two_bots_never_share_a_ledger() {
    let home = TempDir::new().expect("a folder");
    let args = ["bot", "run", "--platform", "console"];
    let mut first =
        unstuck(home.path()).args(args).stdin(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = first.stdin.take().expect("a pipe");
    let mut stdout = std::io::BufReader::new(first.stdout.take().expect("a pipe"));
    stdin.write_all(mention(1, "ash", "help").as_bytes()).expect("written");
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stdout, &mut line).expect("it answers"); // so it is running
    let second = feed(home.path(), &args, "");
    assert_eq!(code(&second), Some(75), "{}", err(&second));
    assert!(err(&second).contains("another bot is running"), "{}", err(&second));
    drop(stdin);
    assert!(first.wait().expect("it ends").success());
}

#[test]
fn a_ledger_that_cannot_be_trusted_is_refused_and_kept() {
    let home = TempDir::new().expect("a folder");
    let args = ["bot", "once", "--platform", "console"];
    assert_eq!(code(&feed(home.path(), &args, &mention(1, "ash", "help"))), Some(0));
    let path = home.path().join("unstuck/bot/console.sqlite");
    let whole = fs::read(&path).expect("the ledger");
    for broken in [
        &b"this is no database at all, and has more than sixteen bytes"[..],
        &whole[..whole.len() / 2],
    ] {
        fs::write(&path, broken).expect("written");
        let output = feed(home.path(), &args, &mention(2, "roe", "help"));
        assert_eq!(code(&output), Some(78), "{}", err(&output));
        assert!(err(&output).contains("nothing is posted"), "{}", err(&output));
        assert!(out(&output).is_empty());
        assert_eq!(fs::read(&path).expect("still there"), broken);
    }
}

#[cfg(unix)]
#[test]
fn what_people_wrote_is_for_the_operator_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = TempDir::new().expect("a folder");
    let args = ["bot", "once", "--platform", "console"];
    assert_eq!(code(&feed(home.path(), &args, &mention(1, "ash", "help"))), Some(0));
    let file = fs::metadata(home.path().join("unstuck/bot/console.sqlite")).expect("the ledger");
    assert_eq!(file.permissions().mode() & 0o077, 0);
}
