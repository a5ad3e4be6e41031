//! Banned phrases from a server: they are never shown, and another request goes on from where one began.

use crate::support::server::{Fake, Fault, Says};
use crate::{Came, ask, open, run};
use serde_json::json;
use unstuck::token::StopReason;

/// A server that answers one request after the other with these words.
fn saying(says: Says, answers: &[&[&str]]) -> Fake {
    let fake = Fake::start(says);
    for words in answers {
        let event = |choice| format!("data: {}\n\n", json!({ "choices": [choice] })).into_bytes();
        let mut events: Vec<_> = words.iter().map(|word| event(json!({ "text": word }))).collect();
        events.push(event(json!({ "text": "", "finish_reason": "length" })));
        events.push(b"data: [DONE]\n\n".to_vec());
        fake.fail(Fault::Chunks("text/event-stream", events));
    }
    fake
}

fn came(fake: &Fake, ban: &[&str]) -> Came {
    let mut engine = open(fake);
    let mut asked = ask(1, "Once it", 5);
    asked.params.ban = ban.iter().map(|phrase| (*phrase).to_owned()).collect();
    engine.start(asked).unwrap();
    run(&mut engine).remove(&1).unwrap()
}

#[test]
fn another_request_goes_on_from_where_a_banned_phrase_began() {
    let answers: [&[&str]; 3] = [
        &[" was", " all", " of", " a", " sudden", ".", " Then"],
        &[" gone", ". I", " don", "’t"],
        &[" know", "."],
    ];
    let fake = saying(Says::Plain, &answers);
    let came = came(&fake, &["Of a sudden", "don't"]);
    let expected = Came {
        text: " was all gone. I know.".into(),
        stop: Some(StopReason::Length),
        failed: None,
    };
    assert_eq!(came, expected);
    let asked = fake.asked();
    let prompts: Vec<_> = asked.iter().map(|body| body["prompt"].clone()).collect();
    assert_eq!(prompts, ["Once it", "Once it was all", "Once it was all gone. I"]);
    let most: Vec<_> = asked.iter().map(|body| body["max_tokens"].clone()).collect();
    assert_eq!(most, [100, 98, 96]);
    assert_ne!(asked[0]["seed"], asked[1]["seed"]);
    assert_ne!(asked[1]["seed"], asked[2]["seed"]);
}

#[test]
fn a_server_that_says_nothing_else_ends_the_text_before_it() {
    let again: &[&str] = &[" rain", " fell", "."];
    let first: &[&str] = &[" was", " rain", "."];
    let answers: Vec<&[&str]> = std::iter::once(first).chain([again; 20]).collect();
    let fake = saying(Says::Plain, &answers);
    let came = came(&fake, &["rain"]);
    assert_eq!((&*came.text, came.stop), (" was", Some(StopReason::Length)));
    assert_eq!(fake.asked().len(), 9);
}

#[test]
fn vllm_is_told_what_is_banned() {
    let fake = Fake::start(Says::Vllm);
    assert_eq!(came(&fake, &["rain"]).text, " The seed5 sang.");
    assert_eq!(fake.asked()[0]["bad_words"], json!(["rain"]));
    assert_eq!(fake.asked()[0]["logit_bias"], json!(null));
}
