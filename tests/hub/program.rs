//! The same through the real program: what it prints, where it ends, and that what came opens.

use super::*;
use crate::support::program::{code, err, json_lines, success as out, unstuck};
use std::{fs, process::Output};

/// The program beside a hub.
fn with_hub(rig: &Rig, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = unstuck(rig.home.path());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("HF_")
            || name.starts_with("HUGGING")
            || name.starts_with("TRANSFORMERS_")
        {
            command.env_remove(name);
        }
    }
    command.env("HF_ENDPOINT", &rig.fake.url).env("HF_HUB_CACHE", rig.cache());
    command.envs(env.iter().copied()).current_dir(rig.home.path());
    command.args(args).output().expect("the program starts")
}

#[test]
fn a_model_is_pulled_listed_looked_at_used_and_removed() {
    let rig = Rig::new();
    let run = |args: &[&str]| with_hub(&rig, args, &[]);
    let missing = run(&["generate", "x", "--model", "gpt2"]);
    assert_eq!(code(&missing), Some(1));
    assert!(err(&missing).contains("`unstuck models pull gpt2` fetches it"), "{}", err(&missing));
    let said = out(&run(&["models", "pull", "gpt2"]));
    assert!(
        said.starts_with("gpt2: fetched, 128.1 kB (licence: mit); --model gpt2 opens it"),
        "{said}"
    );
    let again = run(&["models", "pull", "openai-community/gpt2"]);
    assert!(out(&again).starts_with("gpt2: already here"), "by its other name it is the same");
    assert_eq!(err(&again), "", "no progress where nobody looks");
    let list = json_lines(&run(&["models", "list", "--json"]));
    let names: Vec<_> = list[0].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["inkwell", "gpt2"]);
    assert_eq!(json_lines(&run(&["models", "info", "gpt2", "--json"]))[0]["name"], "gpt2");
    assert!(out(&run(&["models", "verify", "gpt2"])).contains("gpt2: sound: "));
    let sample = run(&["generate", "--json", "--max-tokens", "2", "x", "--model", "gpt2"]);
    assert_eq!(json_lines(&sample)[0]["model"], "gpt2");
    out(&run(&["models", "default", "gpt2"]));
    assert_eq!(out(&run(&["models", "default"])), "gpt2\n");
    assert_eq!(
        json_lines(&run(&["generate", "--json", "--max-tokens", "1", "x"]))[0]["model"],
        "gpt2"
    );
    let unsure = run(&["models", "remove", "gpt2"]);
    assert_eq!(code(&unsure), Some(1));
    assert!(err(&unsure).contains("the cache that other programs share"), "{}", err(&unsure));
    out(&run(&["models", "remove", "gpt2", "--yes"]));
    assert!(!rig.cache().join("models--gpt2").exists());
    assert_eq!(code(&run(&["generate", "x", "--model", "gpt2"])), Some(1));
}

#[test]
fn verify_tells_damage_that_the_hubs_sum_shows() {
    let rig = Rig::new();
    let (_, _, _) = here(rig.pull("gpt2").unwrap());
    let blob = rig.blobs("gpt2").join(fake::sha256(&weights()));
    let mut bytes = weights();
    let last = bytes.len() - 1;
    bytes[last] ^= 1; // a number that is still a number
    fs::write(blob, bytes).unwrap();
    let said = with_hub(&rig, &["models", "verify", "gpt2"], &[]);
    assert_eq!(code(&said), Some(1));
    assert!(err(&said).contains("model.safetensors: its checksum is wrong"), "{}", err(&said));
}

#[test]
fn what_was_cut_is_no_model_and_comes_whole_the_next_time() {
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Cut(40_000));
    let pull = ["models", "pull", "gpt2"];
    let stopped = rig.pull_until("gpt2", |step| matches!(step, Step::Waiting(..))).unwrap();
    assert_eq!(stopped, Pulled::Stopped);
    let not = with_hub(&rig, &["generate", "x", "--model", "gpt2"], &[]);
    assert!(err(&not).contains("model `gpt2`: no such model"), "{}", err(&not));
    let offline = with_hub(&rig, &pull, &[("HF_HUB_OFFLINE", "1")]);
    assert_eq!(code(&offline), Some(1));
    assert!(err(&offline).contains("HF_HUB_OFFLINE"), "{}", err(&offline));
    out(&with_hub(&rig, &pull, &[]));
    assert_eq!(rig.fake.asked("X-Amz").pop().unwrap().range.as_deref(), Some("bytes=40000-"));
    let asked = rig.fake.world().requests.len();
    let offline = with_hub(&rig, &pull, &[("HF_HUB_OFFLINE", "1")]);
    assert!(out(&offline).contains("already here"));
    assert_eq!(rig.fake.world().requests.len(), asked, "nobody was asked");
}

#[test]
fn what_cannot_be_pulled_is_told_in_one_line() {
    let rig = Rig::new();
    rig.fake.world().token = Some("hf_right");
    let said = with_hub(&rig, &["models", "pull", "gpt2"], &[("HF_TOKEN", "hf_wrong_secret")]);
    assert_eq!(code(&said), Some(1));
    assert!(
        err(&said).starts_with("unstuck: gpt2: the hub doesn't accept HF_TOKEN"),
        "{}",
        err(&said)
    );
    assert!(!err(&said).contains("hf_wrong_secret") && err(&said).lines().count() == 1);
    let said = with_hub(&rig, &["models", "pull", "gtp2"], &[]);
    assert!(err(&said).contains("Did you mean gpt2?"), "{}", err(&said));
    let said = with_hub(&rig, &["models", "pull", "gpt2"], &[("HF_ENDPOINT", "nonsense")]);
    assert!(err(&said).starts_with("unstuck: HF_ENDPOINT: "), "{}", err(&said));
    assert_eq!(code(&with_hub(&rig, &["models", "pull"], &[])), Some(2), "usage");
}

#[test]
fn waits_are_told_where_there_is_no_line_of_progress() {
    let rig = Rig::new();
    let busy = fake::head("429 Too Many Requests", &["retry-after: 1".into()], 0);
    rig.fake.fail("api/models/gpt2", 1, What::Raw(busy));
    let output = with_hub(&rig, &["models", "pull", "gpt2"], &[]);
    out(&output);
    let said = err(&output);
    assert_eq!(said, "unstuck: gpt2: 127.0.0.1 is asked too often (429); trying again in 1 s\n");
}
