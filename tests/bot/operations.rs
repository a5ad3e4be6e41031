//! A bot that runs for months: what it tells systemd and its log, settings that are read again, texts that are deleted.

use super::{
    fake::{Fault, KEYS, Kind},
    rig::{HOUR, MINUTE, Rig, assert_no_secret},
    world::House,
    *,
};
use serde_json::Value;
use std::fs;
use unstuck::mentions::{OptOut, State};

const DAY: i64 = 24 * HOUR;

fn lines(house: &House, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(house.path(name)).unwrap();
    assert_no_secret(&text);
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The house's settings with other words in some place.
fn change(house: &House, from: &str, to: &str) {
    let text = fs::read_to_string(house.path("bot.toml")).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    fs::write(house.path("bot.toml"), text.replace(from, to)).unwrap();
}

/// A house with a log that has looked once at nothing.
fn logged() -> House {
    let house = House::untouched("auto", "log = 'LOG'");
    change(&house, "LOG", &house.path("bot.jsonl").display().to_string());
    assert_eq!(code(&house.once()), Some(0));
    house
}

#[test]
fn the_log_has_every_decision_and_message_but_no_text_and_no_key() {
    let house = logged();
    let mention = house.say("1", "@inkbot The cellar door was painted blue, and");
    let help = house.say("2", "@inkbot help");
    // a server that repeats what it was sent
    let echo = format!(r#"{{"title":"x","detail":"token {} and {} refused"}}"#, KEYS[2], KEYS[3]);
    house.fake.world().script.push_back(Fault::answer(Kind::Mentions, "500 Oh", &[], &echo));
    house.once();
    assert_eq!(code(&house.once()), Some(0));
    let all = lines(&house, "bot.jsonl");
    let has = |event: &str, more: &dyn Fn(&Value) -> bool| {
        all.iter().any(|entry| entry["event"] == event && more(entry))
    };
    assert!(has("start", &|entry| entry["version"].is_string()), "{all:?}");
    assert!(has("stop", &|entry| entry["level"] == "info"));
    assert!(has("stop", &|entry| entry["level"] == "error" && entry["status"] == 75), "{all:?}");
    assert!(has("message", &|entry| entry["says"]
        .as_str()
        .is_some_and(|says| says.contains("reading"))));
    for (id, what) in [(mention, "reply"), (help, "help")] {
        let posted = house.row(id).reply_id;
        let is_it = |entry: &Value| {
            entry["id"].as_str() == Some(&*id.to_string())
                && entry["decision"] == what
                && entry["reply_id"].as_str() == posted.as_deref()
        };
        assert!(has("decision", &is_it), "{what}: {all:?}");
    }
    assert!(all.iter().all(|entry| entry["time"].is_i64()));
    let text = fs::read_to_string(house.path("bot.jsonl")).unwrap();
    assert!(!text.contains("cellar") && !text.contains("small language model"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(house.path("bot.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_log_that_cannot_be_written_is_told_and_stops_nothing() {
    let house = House::untouched("auto", "log = 'LOG'");
    change(&house, "LOG", &house.path("no/such/folder.jsonl").display().to_string());
    let output = house.once();
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(err(&output).contains("no log: "), "{}", err(&output));
}

#[cfg(unix)]
#[test]
fn settings_are_read_again_and_what_needs_a_restart_is_named() {
    let house = logged();
    let running = house.running("");
    // the log is moved away, as for rotation
    fs::rename(house.path("bot.jsonl"), house.path("bot.jsonl.1")).unwrap();
    change(&house, "poll_seconds = 1", "limit = 200\npoll_seconds = 1");
    change(&house, "timeout_seconds = 3", "timeout_seconds = 4");
    let more = "[bot.policy]\nhelp = 'Words from the new settings.'\n[bot.attestation]";
    change(&house, "[bot.attestation]", more);
    running.signal(1);
    house.wait_for_file("bot.jsonl", "read again");
    let mention = house.say("1", "@inkbot help");
    house.wait_for("the reply", |world| world.replies(mention).len() == 1);
    let text = house.fake.world().replies(mention)[0].text.clone();
    assert!(text.starts_with("Words from the new settings."), "{text}");
    // broken settings change nothing
    change(&house, "limit = 200", "limit = 'many'");
    change(&house, "Words from", "Other words than");
    running.signal(1);
    house.wait_for_file("bot.jsonl", "the old settings stay");
    let mention = house.say("2", "@inkbot help");
    house.wait_for("the reply", |world| world.replies(mention).len() == 1);
    let text = house.fake.world().replies(mention)[0].text.clone();
    assert!(text.starts_with("Words from the new settings."), "{text}");
    let (output, _) = running.stop();
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(err(&output).contains("these need a restart: bot.x"), "{}", err(&output));
    assert!(err(&output).contains("limit"), "it says what is wrong: {}", err(&output));
    assert_eq!(lines(&house, "bot.jsonl").last().unwrap()["event"], "stop");
    // automatic posting needs its statement, at any time
    change(&house, "limit = 'many'", "limit = 200");
    let running = house.running("");
    change(&house, "opt_out_told = true", "opt_out_told = false");
    running.signal(1);
    house.wait_for_file("bot.jsonl", "lacks opt_out_told");
    running.stop();
}

#[test]
fn another_program_beside_the_ledger_can_ask_for_it_too() {
    let house = logged();
    let running = house.running("");
    let ledger = unstuck::mentions::Ledger::open(&house.path("x.sqlite"), 1).unwrap();
    ledger.ask_reload(7).unwrap();
    house.wait_for_file("bot.jsonl", "read again");
    drop(running);
}

#[cfg(unix)]
#[test]
fn systemd_is_told_that_it_runs_what_it_does_and_that_it_lives() {
    use std::os::unix::net::UnixDatagram;
    let house = House::new("queue", "");
    house.say("1", "@inkbot The lamp went out, and");
    let plain = UnixDatagram::bind(house.path("notify")).unwrap();
    let mut sockets = vec![(house.path("notify").display().to_string(), plain)];
    #[cfg(target_os = "linux")]
    {
        use std::os::{linux::net::SocketAddrExt, unix::net::SocketAddr};
        let name = format!("unstuck-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        sockets.push((format!("@{name}"), UnixDatagram::bind_addr(&address).unwrap()));
    }
    for (name, socket) in sockets {
        socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        let hear = || {
            let mut bytes = [0; 2_000];
            let length = socket.recv(&mut bytes).expect("a message");
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        let until = |wanted: &str| {
            let mut all = Vec::new();
            while !all.last().is_some_and(|last: &String| last.contains(wanted)) {
                all.push(hear());
                assert!(all.len() < 10_000, "no {wanted}: {all:?}");
            }
            all
        };
        let mut command = house.command(&["run"]);
        command.env("NOTIFY_SOCKET", &name).env("WATCHDOG_USEC", "200000");
        let running = house.start(command);
        let begun = until("READY=1");
        assert!(begun.iter().any(|line| line == "WATCHDOG=1"), "{begun:?}");
        until("STATUS=@inkbot; 1 replies wait for approval");
        // a sign of life comes again and again while there is nothing to do
        for _ in 0..3 {
            until("WATCHDOG=1");
        }
        running.signal(1);
        let reload = until("RELOADING=1");
        assert!(!reload.iter().any(|line| line == "READY=1"), "{reload:?}");
        until("READY=1");
        running.signal(15);
        until("STOPPING=1");
        let (output, _) = running.ended();
        assert_eq!(code(&output), Some(0), "{}", err(&output));
    }
    // work that hangs gives no sign of life
    let socket = UnixDatagram::bind(house.path("other")).unwrap();
    let mut command = house.command(&["run"]);
    command.env("UNSTUCK_BOT_TEST", "stall=started");
    command.env("NOTIFY_SOCKET", house.path("other")).env("WATCHDOG_USEC", "20000");
    let running = house.start(command);
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut bytes = [0; 100];
    socket.recv(&mut bytes).expect("the first sign");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(1))).unwrap();
    let more = (0..3).filter(|_| socket.recv(&mut bytes).is_ok()).count();
    assert!(more < 3, "it goes on saying that it lives");
    drop(running);
}

#[test]
fn texts_are_deleted_after_the_set_time_and_not_left_in_the_file() {
    let mut rig = Rig::new();
    rig.settings.policy.keep_days = 3;
    let answered = rig.say("1", "@inkbot The quince fell, and");
    let asked = rig.say("2", "@inkbot leave me alone you heap of rust");
    rig.run(HOUR);
    rig.settings.posting = unstuck::bot::Posting::Queue;
    let waiting = rig.say("3", "@inkbot The medlar fell, and");
    rig.run(HOUR);
    assert_eq!(
        [answered, asked, waiting].map(|id| rig.state(id)),
        [State::Posted, State::Skipped, State::Waiting]
    );
    rig.ledger().opt_out("9", OptOut::Operator, rig.now).unwrap();
    let found = |rig: &Rig| {
        let all: Vec<u8> = ["", "-wal"]
            .iter()
            .filter_map(|end| fs::read(format!("{}{end}", rig.path().display())).ok())
            .flatten()
            .collect();
        let all = String::from_utf8_lossy(&all).into_owned();
        ["quince", "heap of rust", "medlar", "burned all night"].map(|word| all.contains(word))
    };
    assert_eq!(found(&rig), [true; 4]);
    rig.pass(2 * DAY);
    assert_eq!(found(&rig), [true; 4], "not yet");
    rig.pass(4 * DAY);
    assert_eq!(found(&rig), [false; 4]);
    assert_eq!(
        (rig.state(waiting), rig.reason(waiting)),
        (State::Skipped, "nobody decided".into())
    );
    // who asked is still not answered, and may still take it back
    let again = rig.say("2", "@inkbot The lamp");
    rig.run(MINUTE);
    assert_eq!(rig.reason(again), "opted out");
    let start = rig.say("2", "@inkbot start");
    rig.run(MINUTE);
    assert_ne!(rig.reason(start), "opted out");
    assert_eq!(rig.replies(answered), 1);
    rig.judge();
}
