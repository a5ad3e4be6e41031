//! What takes long, or is for other programs to look at: run by name with `--ignored`.

use super::{
    fake::{Fake, Kind},
    rig::{HOUR, MINUTE, Rig, T, folder},
};
use std::{io::Write, time::Instant};
use unstuck::mentions::{Ledger, Mention, Person};

/// At least 20 replies a second with a voice that costs nothing; memory stays where it is.
#[test]
#[ignore = "a measurement"]
fn replies_a_second() {
    let mut rig = Rig::new();
    rig.settings.policy.per_hour = 100_000;
    rig.settings.policy.per_day = 100_000;
    rig.settings.policy.budget_usd = 1_000.0;
    for author in 0..200 {
        rig.say(&author.to_string(), "@inkbot One");
    }
    rig.run(MINUTE);
    let (before, begun) = (resident(), Instant::now());
    for author in 200..2_200 {
        rig.say(&author.to_string(), "@inkbot One");
    }
    rig.now += 30 * MINUTE;
    rig.run(HOUR);
    let seconds = begun.elapsed().as_secs_f64();
    let posted = rig.count(Kind::Post);
    println!(
        "{posted} replies, {:.0} a second, {} KiB more memory",
        2_000.0 / seconds,
        resident() - before
    );
    assert_eq!(posted, 2_200);
    assert!(2_000.0 / seconds >= 20.0);
}

/// A ledger of a million mentions opens within a second.
#[test]
#[ignore = "a measurement"]
fn a_million_rows() {
    let folder = folder();
    let path = folder.path().join("x.sqlite");
    let mut ledger = Ledger::open(&path, T).unwrap();
    for page in 0..1_000_u64 {
        let mentions: Vec<_> = (0..1_000_u64)
            .map(|row| {
                let key = (page * 1_000 + row).to_string();
                Mention {
                    author: Person {
                        id: (row % 977).to_string(),
                        handle: "somebody".into(),
                        ..Person::default()
                    },
                    id: key.clone(),
                    conversation: key.clone(),
                    key,
                    text: "@inkbot a mention of the usual length, more or less, I should say"
                        .into(),
                    created: T,
                    ..Mention::default()
                }
            })
            .collect();
        ledger.take_in(&mentions, T).unwrap();
    }
    drop(ledger);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("UPDATE mention SET state = 'posted', posted = created").unwrap();
    drop(db);
    let begun = Instant::now();
    let ledger = Ledger::open(&path, T).unwrap();
    ledger.doubt_orphans(T).unwrap();
    ledger.purge(T - HOUR).unwrap();
    assert!(ledger.is_quiet().unwrap());
    ledger.past("x", "5", "5", T).unwrap();
    ledger.capped_until(30, 300, T).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!("a million rows: {:.3} s until the first mention", seconds);
    assert!(seconds <= 1.0);
}

/// The stand-in for other programs: prints its address, ends when standard input does.
#[test]
#[ignore = "for tests/peers/tweepy.sh"]
fn serve() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let fake = Fake::start(now.as_millis() as i64);
    let mention = fake.world().say("7", "@inkbot Tell me of rain");
    println!("serving {} mention {mention}", fake.url);
    std::io::stdout().flush().unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let world = fake.world();
    for (kind, status) in &world.log {
        println!("request {kind:?} {status}");
    }
}

fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}
