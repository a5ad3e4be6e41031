//! What goes wrong: refusals, broken streams, silence. Nothing hangs, nothing that came is lost, and the key is in no
//! message.

use crate::{
    Came, address, ask, one, open, run,
    support::{
        server::{Fake, Fault, Says, event},
        wait_for,
    },
};
use serde_json::Value;
use std::time::Duration;
use unstuck::{
    generate::{
        Engine,
        remote::{Address, Remote, probe},
    },
    net::Secret,
    token::StopReason,
};

const SSE: &str = "text/event-stream";

fn plain(fault: Fault) -> (Fake, Came) {
    let fake = Fake::start(Says::Vllm);
    fake.fail(fault);
    let came = one(&fake, "Once");
    (fake, came)
}

fn good() -> Came {
    Came { text: " The seed5 sang.".into(), stop: Some(StopReason::Length), failed: None }
}

#[test]
fn a_key_is_sent_and_never_shown() {
    let fake = Fake::start(Says::Vllm);
    fake.world().key = Some("sk-right");
    let why = format!("{:#}", probe(&address(&fake)).unwrap_err());
    assert!(why.contains("wants a key (status 401)") && why.contains("key_file"), "{why}");
    let with = |key: &str| Address { key: Some(Secret::new(key)), ..address(&fake) };
    let why = format!("{:#}", probe(&with("sk-wrong")).unwrap_err());
    assert!(why.contains("refuses the key") && !why.contains("sk-wrong"), "{why}");
    let mut engine = Engine::with(Remote::open(with("sk-right")).unwrap());
    // A server that repeats the key in its message.
    let echo = r#"{"error":{"message":"bad header: Bearer sk-right"}}"#;
    fake.fail(Fault::Status("400 Bad Request", &[], echo));
    engine.start(ask(1, "Once", 5)).unwrap();
    let why = run(&mut engine)[&1].failed.clone().unwrap();
    assert!(why.contains("bad header") && !why.contains("sk-right"), "{why}");
    engine.start(ask(2, "Once", 5)).unwrap();
    assert_eq!(run(&mut engine)[&2], good());
}

#[test]
fn refusals_say_what_to_do() {
    for (status, body, says) in [
        ("401 Unauthorized", r#"{"error":"Unauthorized"}"#, "wants a key (status 401)"),
        (
            "404 Not Found",
            r#"{"error":{"message":"no such model"}}"#,
            "(status 404): no such model",
        ),
        (
            "422 Unprocessable Entity",
            r#"{"detail":[{"msg":"seed is wrong"}]}"#,
            "rejects the request: seed is wrong",
        ),
        ("302 Found", "", "redirects"),
        ("418 I'm a teapot", "<html>", "status 418"),
    ] {
        let (fake, came) =
            plain(Fault::Status(status, &["location: https://elsewhere.example/"], body));
        let why = came.failed.unwrap();
        assert!(why.contains(says) && came.text.is_empty(), "{status}: {why}");
        assert_eq!(fake.asked().len(), 1, "{status}");
    }
}

#[test]
fn errors_that_may_pass_are_tried_again_before_the_first_token() {
    for status in
        ["429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway", "503 Loading"]
    {
        let (fake, came) = plain(Fault::Status(status, &["retry-after: 0"], "{}"));
        assert_eq!((came, fake.asked().len()), (good(), 2), "{status}");
    }
    let (fake, came) = plain(Fault::Cut(0));
    assert_eq!((came, fake.asked().len()), (good(), 2));
    // Not for ever, and not when the server asks for a long pause.
    let fake = Fake::start(Says::Vllm);
    for _ in 0..9 {
        fake.fail(Fault::Status("503 Busy", &[], r#"{"error":"busy"}"#));
    }
    let why = one(&fake, "Once").failed.unwrap();
    assert!(why.contains("status 503") && why.contains("busy"), "{why}");
    assert_eq!(fake.asked().len(), 4);
    let (fake, came) = plain(Fault::Status("429 Too Many Requests", &["retry-after: 300"], "{}"));
    let why = came.failed.unwrap();
    assert!(why.contains("try again in 300 s"), "{why}");
    assert_eq!(fake.asked().len(), 1);
}

#[test]
fn a_stream_that_breaks_off_keeps_what_came_and_says_so() {
    let (fake, came) = plain(Fault::Cut(3));
    assert_eq!((&*came.text, came.stop), (" The seed5", None));
    let why = came.failed.unwrap();
    assert!(why.contains("closed the connection early") && why.contains("kept"), "{why}");
    assert_eq!(fake.asked().len(), 1, "it was not sent again");
    // The others of the same request fail with it; those of another request go on.
    let fake = Fake::start(Says::Plain);
    fake.fail(Fault::Cut(2));
    let mut engine = open(&fake);
    engine.start(ask(1, "Once", 5)).unwrap();
    engine.start(ask(2, "Once", 6)).unwrap();
    // Which of the two requests arrives first is not determined.
    let (failed, whole): (Vec<_>, Vec<_>) =
        run(&mut engine).into_values().partition(|came| came.failed.is_some());
    assert_eq!((failed.len(), whole.len()), (1, 1));
    assert!(whole[0].text.ends_with(" sang."), "{whole:?}");
}

#[test]
fn a_stream_without_done_is_whole_if_every_continuation_ended() {
    assert_eq!(plain(Fault::NoDone).1, good());
    let (_, came) = plain(Fault::Chunks(SSE, vec![event(0, " half", Value::Null).into()]));
    assert!(came.failed.unwrap().contains("ended the stream early"));
    assert_eq!(came.text, " half");
}

#[test]
fn chunks_are_split_anywhere() {
    let text = " café — „🙂“ ";
    let whole =
        format!("{}{}data:[DONE]", event(0, text, Value::Null), event(0, "", "stop".into()));
    for size in [1, 2, 3, 5] {
        let chunks = whole.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        let (_, came) = plain(Fault::Chunks(SSE, chunks));
        assert_eq!((&*came.text, came.stop), (text, Some(StopReason::Eot)), "{size}");
    }
    // Half a character in each event: as bytes, and as surrogates.
    let raw = |bytes: &[u8]| {
        [b"data: {\"choices\":[{\"index\":0,\"text\":\"", bytes, b"\"}]}\r\n\r\n"].concat()
    };
    let end = event(0, "", "stop".into()).into_bytes();
    for halves in [
        vec![raw(b"caf\xc3"), raw(b"\xa9 \xf0\x9f"), raw(b"\x99\x82"), end.clone()],
        vec![raw(b"caf\xc3\xa9 "), raw(b"\\ud83d"), raw(b"\\ude42"), end],
    ] {
        assert_eq!(plain(Fault::Chunks(SSE, halves)).1.text, "café 🙂");
    }
}

#[test]
fn what_is_no_stream_is_named() {
    let endless = vec![b'x'; 1 << 20];
    for (kind, chunks, says) in [
        (SSE, vec![b"data: {\"choices\": [\n\n".to_vec()], "not JSON"),
        (SSE, vec![b"data: nonsense\n\n".to_vec()], "not JSON"),
        (SSE, vec![b"<html>\n".to_vec()], "not a stream of events"),
        (
            "text/html",
            vec![b"<!DOCTYPE html>\n<p>Sign in</p>\n".to_vec()],
            "not a stream of events",
        ),
        (SSE, vec![endless.clone(), endless], "more than a megabyte"),
        ("application/json", vec![b"[]".to_vec()], "not a stream of events"),
    ] {
        let fake = Fake::start(Says::Vllm);
        for _ in 0..4 {
            fake.fail(Fault::Chunks(kind, chunks.clone()));
        }
        let came = one(&fake, "Once");
        let why = came.failed.unwrap();
        assert!(why.contains(says), "{why}");
    }
    // After the first token nothing is sent again.
    let (fake, came) = plain(Fault::Chunks(
        SSE,
        vec![event(0, " so", Value::Null).into(), b"data: {{{\n\n".to_vec()],
    ));
    assert!(came.failed.unwrap().contains("not JSON"));
    assert_eq!((&*came.text, fake.asked().len()), (" so", 1));
}

#[test]
fn errors_in_a_200_are_errors() {
    for (kind, body) in [
        ("application/json", "{\n  \"error\": {\"message\": \"out of memory\"}\n}"),
        (
            SSE,
            "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\ndata: [DONE]\n\n",
        ),
        (SSE, "data: {\"object\": \"error\", \"message\": \"out of memory\"}\n\n"),
    ] {
        let (_, came) = plain(Fault::Chunks(kind, vec![body.into()]));
        let why = came.failed.unwrap();
        assert!(why.contains("out of memory"), "{why}");
    }
    let late = vec![
        event(0, " so", Value::Null).into(),
        b"data: {\"error\":\"lost the GPU\"}\n\n".to_vec(),
    ];
    let (_, came) = plain(Fault::Chunks(SSE, late));
    assert_eq!(came.text, " so");
    assert!(came.failed.unwrap().contains("failed while it wrote: lost the GPU"));
}

#[test]
fn a_whole_answer_in_place_of_a_stream_is_taken() {
    let body = r#"{"choices":[{"index":0,"text":" all of it","finish_reason":"length"}]}"#;
    let (_, came) = plain(Fault::Chunks("application/json", vec![body.into()]));
    assert_eq!((&*came.text, came.stop), (" all of it", Some(StopReason::Length)));
}

#[test]
fn control_characters_never_arrive() {
    let nasty = " a\\u001b[2J\\u0007b\\u009b31m\\u202ec\\u0000d";
    let body = format!("data: {{\"choices\":[{{\"index\":0,\"text\":\"{nasty}\"}}]}}\n\n");
    let end = event(0, "", "stop".into());
    let (_, came) = plain(Fault::Chunks(SSE, vec![body.into(), end.into()]));
    assert!(!came.text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", came.text);
    assert!(came.text.contains('d'));
    let (_, came) =
        plain(Fault::Status("400 Bad", &[], "{\"error\":\"\\u001b]0;owned\\u0007 oh\"}"));
    let why = came.failed.unwrap();
    assert!(!why.chars().any(char::is_control), "{why:?}");
}

#[test]
fn silence_is_not_waited_for_without_end() {
    for events in [0, 2] {
        let fake = Fake::start(Says::Plain);
        fake.fail(Fault::Silence(events));
        let address = Address { silence: Duration::from_millis(300), ..address(&fake) };
        let mut engine = Engine::with(Remote::open(address).unwrap());
        engine.start(ask(1, "Once", 5)).unwrap();
        let came = run(&mut engine).remove(&1).unwrap();
        let why = came.failed.unwrap();
        assert!(why.contains("silent") && why.contains("timeout_seconds"), "{why}");
        assert_eq!(came.text, if events == 2 { " The" } else { "" });
    }
}

#[test]
fn stopping_closes_the_connection_also_while_the_server_is_silent() {
    for events in [0, 2] {
        let fake = Fake::start(Says::Vllm);
        fake.fail(Fault::Silence(events));
        let mut engine = open(&fake);
        engine.start(ask(1, "Once", 5)).unwrap();
        engine.start(ask(2, "Once", 6)).unwrap();
        wait_for("the request", || {
            engine.step().unwrap();
            (!fake.asked().is_empty()).then_some(())
        });
        engine.stop(1);
        assert!(!engine.is_idle(), "the other branch of the request is live");
        engine.stop(2);
        assert!(engine.is_idle());
        wait_for("the connection to be closed", || (fake.world().gone == 1).then_some(()));
    }
    // The end of the engine closes it, too.
    let fake = Fake::start(Says::Plain);
    fake.fail(Fault::Silence(1));
    let mut engine = open(&fake);
    engine.start(ask(1, "Once", 5)).unwrap();
    wait_for("the request", || {
        engine.step().unwrap();
        (!fake.asked().is_empty()).then_some(())
    });
    drop(engine);
    wait_for("the connection to be closed", || (fake.world().gone == 1).then_some(()));
}

#[test]
fn less_is_asked_of_a_server_that_rejects_more() {
    let fake = Fake::start(Says::Plain);
    let no = |says| Fault::Status("400 Bad Request", &[], says);
    fake.fail(no(r#"{"error":"logprobs are not supported"}"#));
    fake.fail(no(r#"{"error":{"message":"unknown field top_k"}}"#));
    assert_eq!(one(&fake, "Once").text, " The seed5 sang.");
    let asked = fake.asked();
    assert!(asked[0]["logprobs"].is_number() && asked[0]["top_k"].is_number());
    assert!(asked[1]["logprobs"].is_null() && asked[1]["top_k"].is_number());
    assert!(asked[2]["logprobs"].is_null() && asked[2]["top_k"].is_null());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fake = Fake::start(Says::Vllm);
    let root = format!("http://{closed}");
    let gone =
        Address { api: format!("{root}/v1"), root, host: closed.to_string(), ..address(&fake) };
    let why = format!("{:#}", Remote::open(gone).err().unwrap());
    assert!(why.contains(&closed.to_string()) && why.contains("connection refused"), "{why}");
}
