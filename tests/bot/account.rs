//! What concerns the account rather than a mention: refusals that are alike, holds, the account of a ledger, a restored
//! backup, keys, clocks and budgets; and mentions that are meant to deafen the bot.

use crate::support::bot::{
    fake::{Fault, Kind, http, http_date},
    rig::{HOUR, MINUTE, Rig, SECOND, T},
    world::House,
};
use crate::support::program::{code, err, json_lines, out};
use serde_json::json;
use std::fs;
use unstuck::{
    bot::{Posting, Trouble},
    mentions::{Held, Ledger, State, usual_ledger},
};

fn refused(status: &str, body: &str) -> Fault {
    Fault::answer(Kind::Post, status, &[], body)
}

fn many(rig: &mut Rig, count: usize) -> Vec<u64> {
    (10..10 + count).map(|author| rig.say(&author.to_string(), "@inkbot More")).collect()
}

fn in_state(rig: &Rig, mentions: &[u64], state: State) -> usize {
    mentions.iter().filter(|mention| rig.state(**mention) == state).count()
}

#[test]
fn an_unknown_refusal_costs_at_most_one_reply_and_three_alike_hold_posting() {
    for (status, body) in [
        (
            "403 Forbidden",
            r#"{"title":"Forbidden","status":403,"detail":"Replies need permit 17.","type":"about:blank"}"#,
        ),
        ("403 Forbidden", r#"{"errors":[{"code":999,"message":"Something new"}]}"#),
        ("404 Not Found", ""),
        (
            "404 Not Found",
            r#"{"title":"Not Found Error","type":"https://api.x.com/2/problems/resource-not-found"}"#,
        ),
        (
            "400 Bad Request",
            r#"{"title":"Invalid Request","detail":"`text` is called something else now.","type":"about:blank"}"#,
        ),
        ("422 Unprocessable", "{}"),
    ] {
        let mut rig = Rig::new();
        let mentions = many(&mut rig, 8);
        rig.script(&vec![refused(status, body); 5]);
        rig.run(HOUR);
        assert_eq!(rig.count(Kind::Post), 3, "{status} {body}");
        assert_eq!(in_state(&rig, &mentions, State::Approved), 8, "all are kept: {status} {body}");
        let holds = rig.ledger().holds(rig.now).unwrap();
        assert_eq!(holds.len(), 1, "{holds:?}");
        assert_eq!(holds[0].what, Held::Posting);
        assert!(holds[0].why.contains("3 replies in a row"), "{holds:?}");
        assert!(
            rig.notes.iter().any(|note| note.contains("`unstuck bot resume`")),
            "{:?}",
            rig.notes
        );
        assert!(rig.ledger().last_error().unwrap().unwrap().says.contains(&status[..3]));
        // nothing has changed: one try, and a longer hold
        rig.run(6 * HOUR);
        assert_eq!(rig.count(Kind::Post), 4);
        rig.run(6 * HOUR);
        assert_eq!(rig.count(Kind::Post), 4, "twice as long");
        // the operator has put it right
        rig.fake.world().script.clear();
        rig.ledger().resume(rig.now).unwrap();
        rig.run(MINUTE);
        assert_eq!(in_state(&rig, &mentions, State::Posted), 8, "{status} {:?}", rig.notes);
        rig.judge();
    }
}

#[test]
fn a_refusal_of_one_reply_among_others_ends_that_one() {
    let mut rig = Rig::new();
    let mentions = many(&mut rig, 5);
    let odd = refused("403 Forbidden", r#"{"detail":"Not this one.","type":"about:blank"}"#);
    let other = refused("403 Forbidden", r#"{"detail":"Nor that.","type":"about:blank"}"#);
    rig.script(&[odd.clone(), other, odd]);
    rig.run(HOUR);
    assert_eq!(in_state(&rig, &mentions, State::Dead), 3, "they are not alike: {:?}", rig.notes);
    assert_eq!(in_state(&rig, &mentions, State::Posted), 2);
    assert!(rig.reason(mentions[0]).contains("Not this one."));
    rig.judge();
}

#[test]
fn somebody_who_blocks_us_does_not_stop_the_bot() {
    for says in [
        "You have been blocked from replying to this author.",
        "The author of this post has blocked you.",
        "This user blocked your account, so you can't reply.",
        "You can't reply to accounts that are protected or locked.",
    ] {
        let mut rig = Rig::new();
        let mentions = many(&mut rig, 2);
        let body =
            json!({"title": "Forbidden", "status": 403, "detail": says, "type": "about:blank"});
        rig.script(&[refused("403 Forbidden", &body.to_string())]);
        rig.run(HOUR);
        assert!(rig.trouble.is_none(), "{says}: {:?}", rig.trouble);
        assert_eq!((rig.state(mentions[0]), rig.state(mentions[1])), (State::Dead, State::Posted));
    }
}

#[test]
fn a_storm_of_server_errors_burns_no_queue() {
    for lost in [refused("503 Service Unavailable", ""), Fault::raw(Kind::Post, b"")] {
        let mut rig = Rig::new();
        let mentions = many(&mut rig, 12);
        rig.script(&vec![lost; 500]);
        rig.run(4 * HOUR);
        let posts = rig.count(Kind::Post);
        assert!((3..=12).contains(&posts), "{posts} requests in four hours");
        assert_eq!(in_state(&rig, &mentions, State::Dead), 0, "{:?}", rig.notes);
        let holds = rig.ledger().holds(rig.now).unwrap();
        assert!(holds.iter().any(|hold| hold.why.contains("in a row")), "{holds:?}");
        // the storm is over
        rig.fake.world().script.clear();
        rig.pass(12 * HOUR);
        assert_eq!(in_state(&rig, &mentions, State::Posted), 12, "{:?}", rig.notes);
        rig.judge();
    }
}

#[test]
fn a_hold_is_told_by_status_and_ended_by_resume() {
    let house = House::new("auto", "");
    for (author, night) in [("1", "one"), ("2", "two"), ("3", "three"), ("4", "four")] {
        house.say(author, &format!("@inkbot Night {night} was dark, and"));
    }
    let fault = refused("403 Forbidden", r#"{"detail":"Not now.","type":"about:blank"}"#);
    house.fake.world().script.extend(vec![fault; 3]);
    let held = house.once();
    assert_eq!(code(&held), Some(75), "unfinished work is left");
    assert!(
        err(&held).contains("3 replies in a row were refused alike: X answered 403: Not now."),
        "{}",
        err(&held)
    );
    let said = out(&house.bot(&["status"]));
    assert!(said.contains("account    @inkbot"), "{said}");
    assert!(
        said.contains("posting waits for 21") && said.contains("`unstuck bot resume` ends it"),
        "{said}"
    );
    assert!(said.contains("last error"), "{said}");
    let status = &json_lines(&house.bot(&["status", "--json"]))[0];
    assert_eq!(status["holds"][0]["what"], "posting");
    assert_eq!(status["account"], "inkbot");
    assert!(status["last_error"]["says"].as_str().unwrap().contains("Not now."));
    assert_eq!(code(&house.bot(&["resume"])), Some(0));
    assert!(!out(&house.bot(&["status"])).contains("waits"));
    assert_eq!(code(&house.once()), Some(0));
    let status = &json_lines(&house.bot(&["status", "--json"]))[0];
    assert_eq!(status["states"]["posted"], 4, "{status}");
}

#[test]
fn seven_long_mentions_and_broken_characters_deafen_nobody() {
    let mut rig = Rig::new();
    let long = "\u{1f56f}".repeat(25_000);
    for author in 0..7 {
        let id = rig.say(&format!("9{author}"), &format!("@inkbot {long}"));
        rig.fake.world().post(id).note = Some(format!("@inkbot {long}"));
    }
    let after = rig.say("1", "@inkbot After the flood");
    rig.run(HOUR);
    assert_eq!(rig.replies(after), 1, "{:?}", rig.notes);
    // a page with a lone surrogate, a bad byte, a null, a post that is none, and a good one
    let good = rig.say("2", "@inkbot Still here");
    let half = rig.fake.world().id_at(rig.now);
    let body = format!(
        r#"{{"data":[{{"id":"{half}","text":"@inkbot half \ud83d","author_id":"3"}},{{"id":"17"}},{{"text":7}},
            {{"id":"{good}","text":"@inkbot Still here","author_id":"2","entities":null,"note_tweet":null}}],
            "includes":{{"users":[{{"id":"3","username":"half","description":null}},{{"id":"2","username":"user2"}}]}},
            "meta":{{"result_count":4}}}}"#
    );
    let mut bytes = http("200 OK", &[], &body);
    let at = bytes.windows(4).position(|window| window == b"half").unwrap();
    bytes[at] = 0xff;
    let length = bytes.len();
    rig.script(&[Fault::raw(Kind::Mentions, &bytes)]);
    rig.run(2 * MINUTE);
    assert_eq!(rig.replies(good), 1, "{length}: {:?}", rig.notes);
    assert!(
        rig.notes.iter().any(|note| note.contains("can't be read and is skipped")),
        "{:?}",
        rig.notes
    );
    assert_eq!(
        rig.state(half),
        State::Dead,
        "it is answered, and not on the stand-in: {}",
        rig.reason(half)
    );
    rig.judge();
}

#[test]
fn a_page_that_is_too_long_is_asked_for_in_smaller_parts() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    let huge = "x".repeat(17 << 20);
    rig.script(&[Fault::answer(Kind::Mentions, "200 OK", &[], &huge)]);
    rig.run(MINUTE);
    assert_eq!(rig.replies(mention), 1, "{:?}", rig.notes);
    let world = rig.fake.world();
    let sizes: Vec<_> =
        world.requests.iter().filter_map(|request| request.split("max_results=").nth(1)).collect();
    assert!(sizes.iter().any(|size| size.starts_with("25&")), "{sizes:?}");
}

#[test]
fn a_restored_backup_answers_nobody_twice() {
    let mut rig = Rig::new();
    let first = rig.say("1", "@inkbot One");
    rig.run(MINUTE);
    rig.say("2", "@inkbot Two");
    let backup = fs::read(rig.path()).unwrap();
    let second = rig.say("3", "@inkbot Three");
    rig.run(MINUTE);
    assert_eq!((rig.replies(first), rig.replies(second)), (1, 1));
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(rig.path().with_extension(format!("sqlite{end}")));
    }
    fs::write(rig.path(), backup).unwrap();
    rig.run(10 * MINUTE);
    assert_eq!((rig.replies(first), rig.replies(second)), (1, 1), "{:?}", rig.notes);
    rig.judge();
}

#[test]
fn a_ledger_is_one_accounts_and_each_handle_has_its_own() {
    let mut rig = Rig::new();
    rig.ledger().set_note("account", "77").unwrap();
    rig.ledger().set_note("account.handle", "other").unwrap();
    rig.run(MINUTE);
    let said = rig.trouble.as_ref().unwrap();
    assert!(matches!(said, Trouble::Configuration(_)), "{said}");
    assert_eq!(said.exit_code(), 78);
    assert!(said.to_string().contains("the ledger is that of @other (77)"), "{said}");
    // one from before accounts were noted becomes this account's
    let ledger = rig.ledger();
    ledger.drop_note("account").unwrap();
    rig.trouble = None;
    rig.run(MINUTE);
    assert_eq!(ledger.note("account").unwrap().as_deref(), Some("4200"));

    let room = tempfile::tempdir().unwrap();
    let usual = |handle| usual_ledger(room.path(), "x", handle).file_name().unwrap().to_owned();
    assert_eq!(usual(None), "x.sqlite");
    assert_eq!(usual(Some("@Ash_Bot")), "x-ash_bot.sqlite");
    let shared = Ledger::open(&room.path().join("x.sqlite"), T).unwrap();
    assert_eq!(usual(Some("ash_bot")), "x.sqlite", "one that doesn't say whose it is stays in use");
    shared.set_note("account.handle", "ash_bot").unwrap();
    assert_eq!(usual(Some("Ash_bot")), "x.sqlite");
    assert_eq!(usual(Some("elm_bot")), "x-elm_bot.sqlite");
    assert_eq!(usual(Some("../evil/")), "x-.._evil_.sqlite");
}

#[test]
fn what_is_approved_too_late_is_not_posted() {
    let mut rig = Rig::new();
    rig.settings.posting = Posting::Queue;
    let mentions = many(&mut rig, 2);
    rig.run(MINUTE);
    rig.now += 25 * HOUR;
    let ledger = rig.ledger();
    for mention in &mentions {
        assert!(ledger.approve(&mention.to_string(), rig.now).unwrap());
    }
    let row = ledger.row(&mentions[1].to_string()).unwrap().unwrap();
    assert!(ledger.approve(&row.key, rig.now).is_ok());
    rig.run(MINUTE);
    assert_eq!(rig.count(Kind::Post), 0);
    assert_eq!(rig.reason(mentions[0]), "the mention is too old by now");
}

#[test]
fn an_approval_that_comes_too_late_is_told() {
    let mut house = House::new("queue", "");
    let mention = house.say("1", "@inkbot The lamp went out, and").to_string();
    assert_eq!(code(&house.once()), Some(0));
    house.ahead = 25 * HOUR;
    let late = house.bot(&["approve", &mention]);
    assert_eq!(code(&late), Some(1));
    assert!(
        err(&late).contains("older than 24 hours") && err(&late).contains("--anyway"),
        "{}",
        err(&late)
    );
    assert_eq!(code(&house.bot(&["approve", "--anyway", &mention])), Some(0));
    house.once();
    assert_eq!(house.fake.world().count(Kind::Post), 1);
}

#[test]
fn a_look_overdraws_no_budget_and_refused_replies_cost_nothing() {
    let mut rig = Rig::new();
    rig.settings.policy.budget_usd = 0.05;
    rig.fake.world().page = 10;
    let mentions = many(&mut rig, 200);
    rig.run(MINUTE);
    let day = rig.now.div_euclid(24 * HOUR);
    let spent = rig.ledger().spent(day).unwrap();
    assert!((30_000..=50_000).contains(&spent), "{spent} of 50000 millionths");
    assert!(rig.notes.iter().any(|note| note.contains("budget is used up")), "{:?}", rig.notes);
    assert!(mentions.len() > rig.count(Kind::Mentions));

    let mut rig = Rig::new();
    rig.say("1", "@inkbot One");
    rig.script(&[refused(
        "403 Forbidden",
        r#"{"errors":[{"code":433,"message":"restricted who can reply"}]}"#,
    )]);
    rig.run(MINUTE);
    assert_eq!(rig.count(Kind::Post), 1);
    assert_eq!(
        rig.ledger().spent(rig.now.div_euclid(24 * HOUR)).unwrap(),
        1_000,
        "one mention was read"
    );
}

#[test]
fn keys_that_may_only_read_are_refused_at_the_check_and_at_the_start() {
    let house = House::untouched("auto", "");
    let me = json!({"data": {"id": "4200", "username": "inkbot", "description": "a bot by @ash"}})
        .to_string();
    let read_only = Fault::answer(Kind::Me, "200 OK", &["x-access-level: read"], &me);
    house.fake.world().script.extend(vec![read_only; 2]);
    for args in [&["check"][..], &["once"]] {
        let output = house.bot(args);
        assert_eq!(code(&output), Some(77), "{args:?}");
        assert!(
            err(&output).contains("the keys may only read; give the app Read and Write"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let mut rig = Rig::untouched();
    rig.fake.world().skew = 180 * SECOND;
    rig.run(SECOND);
    assert!(rig.notes.iter().any(|note| note.contains("clock is 180 s slow")), "{:?}", rig.notes);
    let house = House::untouched("queue", "");
    house.fake.world().skew = -200 * SECOND;
    let said = out(&house.bot(&["check"]));
    assert!(said.contains("clock") && said.contains("fast by the platform's"), "{said}");
    assert!(http_date(T).ends_with("GMT"));
}

#[test]
fn a_reply_that_is_gone_is_retracted_all_the_same() {
    let house = House::new("auto", "");
    let mention = house.say("1", "@inkbot The lamp went out, and");
    house.once();
    assert_eq!(house.replies(mention), 1);
    // a platform that says so without deleting is not believed
    let gone = Fault::answer(Kind::Delete, "404 Not Found", &[], "{}");
    house.fake.world().script.push_back(gone.clone());
    let kept = house.bot(&["retract", &mention.to_string()]);
    assert_eq!(code(&kept), Some(1));
    assert!(err(&kept).contains("doesn't delete it"), "{}", err(&kept));
    let reply = house.fake.world().replies(mention)[0].id;
    house.fake.world().post(reply).deleted = true;
    house.fake.world().script.push_back(gone);
    assert_eq!(code(&house.bot(&["retract", &mention.to_string()])), Some(0));
    assert_eq!(house.row(mention).state, State::Retracted);
}

#[test]
fn a_fullwidth_at_sign_names_us_too() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "x");
    let mut world = rig.fake.world();
    // the platform takes both signs for a mention
    world.post(mention).text = "＠inkbot the lamp @inkbot".into();
    drop(world);
    rig.run(MINUTE);
    assert_eq!(rig.replies(mention), 1);
    assert!(unstuck::mentions::names("＠InkBot hello", "inkbot"));
    assert!(!unstuck::mentions::names("＠inkbot2 hello", "inkbot"));
}

#[test]
fn decisions_and_metrics_say_what_happened() {
    let house = House::untouched("auto", "");
    let config = fs::read_to_string(house.path("bot.toml")).unwrap();
    let metrics = house.path("unstuck.prom");
    fs::write(
        house.path("bot.toml"),
        config.replacen("[bot]", &format!("[bot]\nmetrics = '{}'", metrics.display()), 1),
    )
    .unwrap();
    assert_eq!(code(&house.once()), Some(0));
    let mention = house.say("1", "@inkbot The lamp went out, and");
    let decision = json_lines(&house.once()).pop().unwrap();
    let reply = house.fake.world().replies(mention)[0].id.to_string();
    assert_eq!((&decision["author"], &decision["reply_id"]), (&"user1".into(), &reply.into()));
    assert!(decision["time"].as_i64().is_some_and(|time| time > T));
    let text = fs::read_to_string(&metrics).unwrap();
    assert!(text.contains("unstuck_bot_mentions{state=\"posted\"} 1\n"), "{text}");
    assert!(text.contains("unstuck_bot_hold_seconds{what=\"posting\"} 0\n"), "{text}");
    assert!(
        text.lines().all(|line| line.starts_with("# ") || line.starts_with("unstuck_bot_")),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn keys_may_be_credentials_of_the_service() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::untouched("queue", "");
    let given = house.path("credentials");
    fs::create_dir(&given).unwrap();
    fs::rename(house.path("keys.toml"), given.join("x-keys.toml")).unwrap();
    // systemd protects the folder; the file may be readable by a group
    fs::set_permissions(given.join("x-keys.toml"), fs::Permissions::from_mode(0o440)).unwrap();
    let config = fs::read_to_string(house.path("bot.toml")).unwrap();
    let config: String = config
        .lines()
        .filter(|line| !line.starts_with("secrets"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(house.path("bot.toml"), config).unwrap();
    let without = house.bot(&["check"]);
    assert_eq!(code(&without), Some(78), "{}", err(&without));
    let with = house.command(&["check"]).env("CREDENTIALS_DIRECTORY", &given).output().unwrap();
    let with = house.heard(with);
    assert_eq!(code(&with), Some(0), "{}", err(&with));
}
