//! The operator's commands beside the stand-in for X: keys, checks, replies that are let go, taken back or looked for.

use super::{
    fake::{Fault, KEYS, Kind},
    rig::MINUTE,
    world::House,
    *,
};
use serde_json::Value;
use std::fs;
use unstuck::mentions::State;

fn json(output: &Output) -> Vec<Value> {
    assert_eq!(code(output), Some(0), "{}", err(output));
    out(output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn login_stores_four_keys_that_are_used_and_not_shown() {
    let house = House::untouched("auto", "");
    fs::remove_file(house.path("keys.toml")).unwrap();
    assert_eq!(code(&house.bot(&["check"])), Some(78));
    let lines = format!("  {}\r\n{}\n {}\t\n{}", KEYS[0], KEYS[1], KEYS[2], KEYS[3]);
    let output = house.feed(&["login"], &lines);
    assert_eq!((code(&output), out(&output)), (Some(0), String::new()), "{}", err(&output));
    assert!(err(&output).contains("keys.toml"), "{}", err(&output));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(house.path("keys.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let output = house.bot(&["check"]);
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(out(&output).contains("@inkbot (4200)"), "{}", out(&output));
}

#[test]
fn check_says_what_is_missing_line_by_line() {
    let house = House::untouched("auto", "");
    let output = house.bot(&["check"]);
    let said = out(&output);
    for part in ["x.sqlite: whole", "@ash states", "@inkbot", "prior approval"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("does not"), "{said}");
    assert_eq!(house.fake.world().count(Kind::Post), 0);
    // a profile that doesn't say what it has to
    let me = r#"{"data":{"id":"4200","username":"inkbot","description":"I like ink."}}"#;
    house.fake.world().script.push_back(Fault::answer(Kind::Me, "200 OK", &[], me));
    let said = out(&house.bot(&["check"]));
    assert!(said.contains("does not say that this is a bot"), "{said}");
    assert!(said.contains("does not name the operator"), "{said}");
    // another account's keys; keys that are refused; no platform
    let other = r#"{"data":{"id":"77","username":"somebody"}}"#;
    for (status, body, wanted) in [
        ("200 OK", other, 77),
        ("401 Unauthorized", "{}", 77),
        (
            "403 Forbidden",
            r#"{"title":"x","type":"https://api.x.com/2/problems/client-forbidden"}"#,
            77,
        ),
        ("503 Service Unavailable", "", 75),
        ("402 Payment Required", "{}", 75),
    ] {
        house.fake.world().script.push_back(Fault::answer(Kind::Me, status, &[], body));
        let output = house.bot(&["check"]);
        assert_eq!(code(&output), Some(wanted), "{status}: {}", err(&output));
        assert!(err(&output).starts_with("unstuck: "), "{}", err(&output));
    }
}

#[test]
fn a_reply_waits_is_changed_goes_and_is_taken_back() {
    let mut house = House::new("queue", "");
    let mention = house.say("1", "@inkbot The lamp went out, and");
    let other = house.say("2", "@inkbot The lamp went out, and");
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!(house.fake.world().count(Kind::Post), 0, "nothing goes by itself");
    let id = &mention.to_string();
    let waiting = json(&house.bot(&["queue", "--json"]));
    assert_eq!(waiting.len(), 2);
    assert_eq!((&waiting[0]["id"], &waiting[0]["state"]), (&(&**id).into(), &"waiting".into()));
    assert_eq!(code(&house.bot(&["edit", id, "These words are mine."])), Some(0));
    // one that isn't there does not keep the others waiting
    let output = house.bot(&["approve", "12345", id]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("12345: no such mention"), "{}", err(&output));
    assert_eq!(code(&house.bot(&["reject", &other.to_string()])), Some(0));
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!((house.replies(mention), house.replies(other)), (1, 0));
    assert_eq!(house.fake.world().replies(mention)[0].text, "These words are mine.");

    assert_eq!(code(&house.bot(&["retract", &other.to_string()])), Some(1), "never answered");
    for (status, left) in [("503 Service Unavailable", 1), ("401 Unauthorized", 1)] {
        house.fake.world().script.push_back(Fault::answer(Kind::Delete, status, &[], "{}"));
        assert_eq!(code(&house.bot(&["retract", id])), Some(1), "{status}");
        assert_eq!(house.row(mention).state, State::Posted, "{status}: {left}");
    }
    let reply = house.fake.world().replies(mention)[0].id;
    assert_eq!(
        code(&house.bot(&["retract", &reply.to_string()])),
        Some(0),
        "by the reply's id too"
    );
    assert!(house.fake.world().post(reply).deleted);
    assert_eq!(house.row(mention).state, State::Retracted);
    assert_eq!(code(&house.bot(&["retract", id])), Some(1), "once is enough");
    house.ahead += 20 * MINUTE;
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!(house.fake.world().count(Kind::Post), 1, "what was taken back is not said again");
}

#[test]
fn reconcile_looks_and_sends_nothing() {
    let mut house = House::new("auto", "");
    assert_eq!(code(&house.bot(&["reconcile"])), Some(0), "nothing to look for");
    let done = house.say("1", "@inkbot help");
    house.fake.world().script.push_back(Fault::raw(Kind::Post, b"").committed());
    let lost = house.say("2", "@inkbot help");
    house.fake.world().script.push_back(Fault::raw(Kind::Post, b""));
    assert_eq!(code(&house.once()), Some(75));
    let states = |house: &House| [done, lost].map(|mention| house.row(mention).state);
    house.fake.world().script.push_back(Fault::answer(Kind::Timeline, "503 Oops", &[], ""));
    house.bot(&["reconcile"]);
    assert!(states(&house).contains(&State::Uncertain));
    house.ahead += 20 * MINUTE;
    assert_eq!(code(&house.bot(&["reconcile"])), Some(0));
    assert_eq!(states(&house)[0], State::Posted);
    house.ahead += 20 * MINUTE;
    assert_eq!(code(&house.bot(&["reconcile"])), Some(0));
    assert_eq!(states(&house), [State::Posted, State::Approved], "looked for twice, not there");
    assert_eq!(house.fake.world().count(Kind::Post), 2, "it only looked");
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!([done, lost].map(|mention| house.replies(mention)), [1, 1]);
    // beside a running bot it leaves the looking to that
    let running = house.running("");
    assert_eq!(code(&house.bot(&["reconcile"])), Some(75));
    assert_eq!(code(&running.stop().0), Some(0));
}

#[test]
fn people_are_left_alone_forgotten_and_counted() {
    let house = House::new("auto", "");
    let mention = house.say("1", "@inkbot help");
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!(code(&house.bot(&["optout", "@USER1"])), Some(0), "by handle, in any case");
    let later = house.say("1", "@inkbot hello again");
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!((house.replies(mention), house.replies(later)), (1, 0));
    assert_eq!(code(&house.bot(&["optout", "--undo", "user1"])), Some(0));
    assert_eq!(code(&house.bot(&["optout", "--undo", "user1"])), Some(1), "they are in already");
    assert_eq!(code(&house.bot(&["forget", "user1"])), Some(0));
    assert_eq!(house.row(mention).mention, None);
    assert_eq!(code(&house.bot(&["forget", "nobody"])), Some(1));
    let status = json(&house.bot(&["status", "--json"]));
    assert_eq!(status[0]["states"]["posted"], 1, "{}", status[0]);
    assert_eq!(status[0]["attested"][0][0], "@ash");
    assert!(status[0]["looked"].is_i64() && status[0]["spent_usd"].as_f64() > Some(0.01));
    let said = out(&house.bot(&["status"]));
    assert!(said.contains("posted     1") && said.contains("attested   by @ash"), "{said}");
}
