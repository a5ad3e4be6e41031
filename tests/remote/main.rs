//! Models on servers, against a stand-in on this machine with the differences and the failures of real ones.

#![allow(clippy::unwrap_used)]

mod bans;
mod faults;
mod program;
#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use support::{
    server::{Fake, Says},
    wait_for,
};
use unstuck::{
    clean::Level,
    generate::{
        Ask, Backend, Engine, Guide, Output, Prefix,
        remote::{Address, EngineSettings, Kind, Remote, probe},
    },
    token::{BranchId, SamplingParams, StopReason},
};

/// The address of a stand-in, with short pauses.
fn address(fake: &Fake) -> Address {
    let settings = EngineSettings { url: fake.url.clone(), ..EngineSettings::default() };
    let address = Address::new("here", &settings, "KEY", |_| None).unwrap();
    Address { pause: Duration::from_millis(1), silence: Duration::from_secs(20), ..address }
}

fn open(fake: &Fake) -> Engine {
    Engine::with(Remote::open(address(fake)).unwrap())
}

fn ask(branch: BranchId, prompt: &str, seed: u64) -> Ask {
    let params = SamplingParams { seed, ..SamplingParams::default() };
    Ask {
        branch,
        prompt: prompt.into(),
        guide: Guide::default(),
        params,
        clean: Level::Prose,
        prefix: Prefix::Characters,
    }
}

/// What a continuation came to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Came {
    text: String,
    stop: Option<StopReason>,
    failed: Option<String>,
}

/// Runs until no branch is live.
fn run(engine: &mut Engine) -> BTreeMap<BranchId, Came> {
    let mut all: BTreeMap<BranchId, Came> = BTreeMap::new();
    wait_for("the end of all branches", || {
        for (branch, output) in engine.step().unwrap() {
            let came = all.entry(branch).or_default();
            match output {
                Output::Token(token) => came.text += &token.text,
                Output::Done(stop) => came.stop = Some(stop),
                Output::Failed(why) => came.failed = Some(why),
                Output::Seen(_) | Output::Weighed(_) | Output::Checked(_) => {
                    unreachable!("nobody looks")
                }
            }
        }
        engine.is_idle().then_some(())
    });
    all
}

/// One continuation of a prompt.
fn one(fake: &Fake, prompt: &str) -> Came {
    let mut engine = open(fake);
    engine.start(ask(1, prompt, 5)).unwrap();
    run(&mut engine).remove(&1).unwrap()
}

#[test]
fn servers_are_told_apart_by_what_they_answer() {
    for (says, kind, context) in [
        (Says::Vllm, Kind::Vllm, 512),
        (Says::LlamaCpp, Kind::LlamaCpp, 256),
        (Says::Tgi, Kind::Tgi, 300),
        (Says::LmStudio, Kind::LmStudio, 400),
        (Says::Ollama, Kind::Ollama, 8192),
        (Says::Plain, Kind::Other, 2048),
    ] {
        let fake = Fake::start(says);
        assert_eq!(probe(&address(&fake)).unwrap().kind, kind, "{says:?}");
        let engine = open(&fake);
        let info = engine.info();
        assert_eq!((info.context, info.embedded), (context, false), "{says:?}");
        let came = one(&fake, "Once");
        let stop = if kind == Kind::Ollama { StopReason::Eot } else { StopReason::Length };
        let want = Came { text: " The seed5 sang.".into(), stop: Some(stop), failed: None };
        assert_eq!(came, want, "{says:?}");
    }
    // Everything is answered with 200 there.
    let pages = Fake::start(Says::Pages);
    let why = format!("{:#}", probe(&address(&pages)).unwrap_err());
    assert!(why.contains("no completions API"), "{why}");
}

#[test]
fn several_continuations_are_one_request_where_the_server_can() {
    for (says, requests) in
        [(Says::Vllm, 1), (Says::LlamaCpp, 1), (Says::Plain, 3), (Says::Ollama, 3)]
    {
        let fake = Fake::start(says);
        let mut engine = open(&fake);
        for branch in 0..3 {
            engine.start(ask(branch, "Once", 5 + branch)).unwrap();
        }
        let all = run(&mut engine);
        // Each has the text that its seed has alone.
        let texts: Vec<_> = all.values().map(|came| &*came.text).collect();
        assert_eq!(texts, [" The seed5 sang.", " The seed6 sang.", " The seed7 sang."], "{says:?}");
        let asked = fake.asked();
        assert_eq!(asked.len(), requests, "{says:?}");
        if requests == 1 {
            assert_eq!((&asked[0]["n"], &asked[0]["seed"]), (&json!(3), &json!(5)));
        }
    }
    let fake = Fake::start(Says::Vllm);
    fake.world().ignores_n = true;
    let mut engine = open(&fake);
    for branch in 0..3 {
        engine.start(ask(branch, "Once", 5 + branch)).unwrap();
    }
    let texts: Vec<_> = run(&mut engine).into_values().map(|came| came.text).collect();
    assert_eq!(texts, [" The seed5 sang.", " The seed6 sang.", " The seed7 sang."]);
    // Other seeds or prompts are requests of their own.
    let fake = Fake::start(Says::Vllm);
    let mut engine = open(&fake);
    engine.start(ask(1, "Once", 5)).unwrap();
    engine.start(ask(2, "Once", 9)).unwrap();
    engine.start(ask(3, "Twice", 10)).unwrap();
    run(&mut engine);
    assert_eq!(fake.asked().len(), 3);
}

#[test]
fn spaces_at_the_end_of_the_prompt_are_merged() {
    let fake = Fake::start(Says::Plain);
    assert_eq!(one(&fake, "Once ").text, "The seed5 sang.");
    assert_eq!(fake.asked()[0]["prompt"], "Once");
    assert_eq!(one(&fake, "").text, " The seed5 sang.");
}

#[test]
fn a_long_prompt_is_cut_to_what_the_server_takes() {
    let fake = Fake::start(Says::Vllm);
    fake.world().context = Some(400);
    let text = "Somebody sat there and said nothing. ".repeat(200).trim_end().to_owned();
    let mut engine = open(&fake);
    let reading = engine.start(ask(1, &text, 5)).unwrap();
    assert!(reading.sees_from > 0 && reading.tokens <= 400, "{reading:?}");
    assert_eq!(run(&mut engine)[&1].text, " The seed5 sang.");
    let asked = fake.asked();
    let sent = asked[0]["prompt"].as_str().unwrap();
    assert!(sent.starts_with(" Somebody") && text.ends_with(sent));
    assert!(text[reading.sees_from..].starts_with(&sent[..30]), "{sent:?}");
    // It tells a larger context than it takes: less is sent until it fits.
    let fake = Fake::start(Says::Plain);
    fake.world().context = Some(300);
    assert_eq!(one(&fake, &text).text, " The seed5 sang.");
    let lengths: Vec<_> =
        fake.asked().iter().map(|body| body["prompt"].as_str().unwrap().len()).collect();
    assert!(lengths.windows(2).all(|pair| pair[1] < pair[0]) && lengths.len() > 1, "{lengths:?}");
}

#[test]
fn sentences_and_stops_end_a_continuation_and_its_request() {
    let fake = Fake::start(Says::Plain);
    fake.world().words = Some(vec![" He", " went", ".", " Then", " she", " did", " too"]);
    let mut engine = open(&fake);
    let mut sentence = ask(1, "Once", 5);
    sentence.params.sentence = Some(1);
    engine.start(sentence).unwrap();
    let came = &run(&mut engine)[&1];
    assert_eq!((&*came.text, came.stop), (" He went.", Some(StopReason::Sentence)));
    let mut stop = ask(2, "Once", 5);
    stop.params.stop = vec!["she".into()];
    engine.start(stop).unwrap();
    let came = &run(&mut engine)[&2];
    assert_eq!((&*came.text, came.stop), (" He went. Then ", Some(StopReason::Stop)));
    assert_eq!(fake.asked()[1]["stop"], json!(["she"]));
}

#[test]
fn tokens_are_counted_by_the_server_or_estimated() {
    let vllm = open(&Fake::start(Says::Vllm));
    assert_eq!(vllm.count("one two three").unwrap(), 3);
    let plain = open(&Fake::start(Says::Plain));
    assert!((2..8).contains(&plain.count("one two three").unwrap()));
    // What can't be told is an error that names the model.
    let why = format!("{:#}", plain.score("text").unwrap_err());
    assert!(why.contains("here#tiny") && why.contains("doesn't report"), "{why}");
}

#[test]
fn a_server_with_several_models_wants_a_name() {
    let fake = Fake::start(Says::Vllm);
    fake.world().models = vec!["small", "large"];
    let why = format!("{:#}", Remote::open(address(&fake)).err().unwrap());
    assert!(why.contains("small, large") && why.contains("#NAME"), "{why}");
    let named = |name: &str| Address { model: Some(name.into()), ..address(&fake) };
    let remote = Remote::open(named("large")).unwrap();
    assert_eq!(remote.info().name, "here#large");
    let why = format!("{:#}", Remote::open(named("huge")).err().unwrap());
    assert!(why.contains("no model `huge`") && why.contains("small, large"), "{why}");
}

#[test]
fn values_are_sent_as_asked() {
    let fake = Fake::start(Says::Vllm);
    let mut engine = open(&fake);
    let mut wild = ask(1, "Once", 5);
    wild.params = SamplingParams { temperature: 1.5, top_k: 7, max_tokens: 9, ..wild.params };
    engine.start(wild).unwrap();
    run(&mut engine);
    let body = &fake.asked()[0];
    let number = |name: &str| body[name].as_f64().unwrap();
    assert_eq!((number("temperature"), number("top_k"), number("max_tokens")), (1.5, 7.0, 9.0));
    assert_eq!((&body["model"], &body["stream"]), (&json!("tiny"), &Value::Bool(true)));
}
