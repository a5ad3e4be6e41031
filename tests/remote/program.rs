//! The real program with a model on a server.

use crate::support::{
    program::{code, err, json_lines, out, success, unstuck},
    server::{Fake, Fault, Says, event},
};
use serde_json::Value;
use std::{fs, path::Path};
use tempfile::TempDir;

fn settings(home: &Path, fake: &Fake, more: &str) -> String {
    let path = home.join("unstuck.toml");
    fs::write(&path, format!("[engines.home]\nurl = \"{}\"\n{more}", fake.url)).unwrap();
    path.display().to_string()
}

#[test]
fn a_stream_that_is_split_in_a_character_is_printed_whole() {
    let (home, fake) = (TempDir::new().unwrap(), Fake::start(Says::Vllm));
    let whole = format!("{}{}", event(0, " café 🙂.", Value::Null), event(0, "", "stop".into()));
    let chunks = whole.as_bytes().chunks(1).map(<[u8]>::to_vec).collect();
    fake.fail(Fault::Chunks("text/event-stream", chunks));
    let model = format!("{}#tiny", fake.url);
    let output =
        unstuck(home.path()).args(["--model", &model, "generate", "Once"]).output().unwrap();
    assert_eq!(success(&output), " café 🙂.\n");
}

#[test]
fn an_engine_of_the_settings_is_a_model() {
    let (home, fake) = (TempDir::new().unwrap(), Fake::start(Says::Vllm));
    fake.world().key = Some("sk-7");
    fake.world().models = vec!["small", "tiny"];
    let config = settings(home.path(), &fake, "model = \"tiny\"\n");
    let run = |args: &[&str], key: &str| {
        let mut command = unstuck(home.path());
        command.args(["--config", &config]).args(args).env("UNSTUCK_ENGINE_KEY_HOME", key);
        command.output().unwrap()
    };
    let seeds = ["generate", "Once", "-n", "2", "--seed", "5", "--json", "--model", "home"];
    let output = run(&seeds, "sk-7");
    let samples = json_lines(&output);
    assert_eq!(samples[1]["text"], " The seed6 sang.");
    assert_eq!(samples[0]["model"], "home#tiny");
    let token = &samples[0]["tokens"][0];
    assert!(token["id"].is_null() && token["rank"].is_null() && samples[0]["copied"].is_null());
    assert!(err(&output).contains("reports no token ids"), "{}", err(&output));
    let output = run(&["generate", "Once", "--model", "home#small"], "sk-7");
    assert!(success(&output).starts_with(" The seed"));
    assert_eq!(fake.asked().last().unwrap()["model"], "small");
    // The list has the server's models, and says what is wrong.
    let listed = success(&run(&["models", "list"], "sk-7"));
    assert!(listed.contains("home#small") && listed.contains("home#tiny"), "{listed}");
    assert!(success(&run(&["models", "list"], "sk-8")).contains("refuses the key"));
    let output = run(&["generate", "Once", "--model", "home"], "sk-8");
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("refuses the key") && !err(&output).contains("sk-8"));
    let output = run(&["models", "export", "home", "--to", "gguf", "-o", "x.gguf"], "sk-7");
    assert!(err(&output).contains("on a server"), "{}", err(&output));
}

#[test]
fn what_came_before_a_drop_is_printed_and_the_exit_code_is_1() {
    let (home, fake) = (TempDir::new().unwrap(), Fake::start(Says::Vllm));
    let run = |args: &[&str]| {
        fake.fail(Fault::Cut(3));
        let mut command = unstuck(home.path());
        command.args(["--model", &fake.url, "generate", "Once", "--seed", "5"]).args(args);
        command.output().unwrap()
    };
    let output = run(&[]);
    assert_eq!((code(&output), &*out(&output)), (Some(1), " The seed5\n"));
    assert!(err(&output).contains("closed the connection early"), "{}", err(&output));
    let output = run(&["--json"]);
    let sample: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (code(&output), &sample["text"], &sample["stop"]),
        (Some(1), &" The seed5".into(), &Value::Null)
    );
    assert!(sample["error"].as_str().unwrap().contains("early"));
}

#[test]
fn plain_http_beyond_this_machine_is_refused_until_it_is_allowed() {
    let home = TempDir::new().unwrap();
    // Addresses of this form lead nowhere (RFC 5737).
    let far = "http://192.0.2.1:9/v1";
    let output = unstuck(home.path()).args(["--model", far, "generate", "x"]).output().unwrap();
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("plain_http"), "{}", err(&output));
    let config = home.path().join("unstuck.toml");
    for (text, says) in [
        ("[engines.x]\nurl = \"ftp://h\"\n", "line 1"),
        ("[engines.x]\nurl = \"http://127.0.0.1:1/v1\"\nkeyfile = \"k\"\n", "key_file"),
        ("[engines.x]\nurl = \"http://127.0.0.1:1/v1\"\ntimeout_seconds = 0\n", "timeout_seconds"),
    ] {
        fs::write(&config, text).unwrap();
        let output =
            unstuck(home.path()).arg("--config").arg(&config).arg("config").output().unwrap();
        assert_eq!(code(&output), Some(1), "{text}");
        assert!(err(&output).contains(says), "{}", err(&output));
    }
}

#[test]
fn the_bot_answers_with_a_servers_model() {
    let (home, fake) = (TempDir::new().unwrap(), Fake::start(Says::LlamaCpp));
    fake.world().words =
        Some(vec![" The", " lamp", " was", " out", ",", " and", " she", " laughed", "."]);
    let config = settings(home.path(), &fake, "");
    let mut command = unstuck(home.path());
    command.args(["--config", &config, "--model", "home", "bot", "once", "--platform", "console"]);
    command.stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mention = r#"{"id":"1","author":"ash","text":"@me The lamp went out"}"#;
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{mention}\n").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let decision: Value = serde_json::from_str(success(&output).lines().next().unwrap()).unwrap();
    assert!(
        decision["reply"].as_str().is_some_and(|reply| reply.contains("laughed")),
        "{decision}"
    );
    assert_eq!(decision["model"], "home#tiny");
}
