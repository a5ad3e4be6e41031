//! Ten days in a minute: floods, limits, outages, edits, deletions, requests to stop and restarts, on a clock of the test's
//! own. Nobody is answered twice, nothing is left in the middle, and neither the ledger nor the memory nor the number of open
//! files grows with what was forgotten. The days run in a process of their own, which no other test disturbs.

use crate::support::{
    bot::{
        fake::{Fault, Kind},
        rig::{HOUR, MINUTE, Rig},
    },
    skipped,
};
use std::{fs, process::Command};
use unstuck::{mentions::State, splitmix};

const DAYS: i64 = 10;

/// What the platform does wrong in some hour.
fn weather(draw: u64) -> Vec<Fault> {
    let limited = |kind| {
        Fault::answer(
            kind,
            "429 Too Many Requests",
            &["retry-after: 900"],
            r#"{"title":"Too Many Requests"}"#,
        )
    };
    let post = |status, body| Fault::answer(Kind::Post, status, &[], body);
    match draw % 48 {
        0 => vec![limited(Kind::Post), limited(Kind::Mentions)],
        1 => vec![post("503 Service Unavailable", ""); 4],
        2 => vec![Fault::raw(Kind::Post, b"").committed()],
        3 => vec![Fault { lag: 10 * MINUTE, ..Fault::raw(Kind::Post, b"").committed() }],
        4 => vec![post("403 Forbidden", r#"{"detail":"Something new.","type":"about:blank"}"#); 3],
        5 => [Kind::Mentions, Kind::Timeline, Kind::Me].map(|kind| Fault::raw(kind, b"")).to_vec(),
        6 => vec![Fault::answer(Kind::Mentions, "502 Bad Gateway", &[], "<html>"); 6],
        7 => vec![post("402 Payment Required", r#"{"title":"CreditsDepleted"}"#)],
        8 => vec![Fault::raw(Kind::Post, b"HTTP/1.1 201 Cre")],
        _ => Vec::new(),
    }
}

/// The resident memory of this process in KiB, and how many files it has open; `None` where the system doesn't say.
fn in_use() -> Option<(usize, usize)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let memory = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((memory, fs::read_dir("/proc/self/fd").ok()?.count()))
}

#[test]
fn ten_days_of_whatever_may_come() {
    let mut days = Command::new(std::env::current_exe().unwrap());
    days.args(["--exact", "soak::days", "--ignored", "--nocapture", "--test-threads=1"]);
    let output = days.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let all = said.clone() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{all}");
    println!("{}", said.lines().filter(|line| line.contains("by day")).collect::<String>());
    if in_use().is_none() {
        skipped("the memory and open files of the soak: there is no /proc here");
    }
}

#[test]
#[ignore = "run by the test above"]
fn days() {
    let mut rig = Rig::untouched();
    rig.settings.poll_seconds = 600;
    rig.settings.policy.keep_days = 1;
    rig.settings.policy.budget_usd = 100.0;
    rig.run(MINUTE);
    let mut state = 7;
    let mut draw = || splitmix::next(&mut state);
    let (mut sizes, mut used) = (Vec::new(), Vec::new());
    let mut written = 0;
    for hour in 0..DAYS * 24 {
        let script = weather(draw());
        rig.fake.world().script.extend(script);
        let flood = if hour % 40 == 17 { 60 } else { draw() % 3 };
        for _ in 0..flood {
            let author = (100 + draw() % 40).to_string();
            let text = match draw() % 12 {
                0 => "@inkbot please stop".to_owned(),
                1 => "@inkbot start".to_owned(),
                2 => "@inkbot".to_owned(),
                more => format!("@inkbot Night {hour} and {more} was dark, and"),
            };
            let mention = rig.say(&author, &text);
            written += 1;
            match draw() % 10 {
                0 => rig.fake.world().post(mention).deleted = true,
                1 => {
                    let edited = rig.say(&author, &format!("{text} still"));
                    let mut world = rig.fake.world();
                    world.post(edited).history = vec![mention, edited];
                    world.post(mention).deleted = true;
                }
                _ => {}
            }
        }
        // the operator looks twice a day, and puts right what is held
        if hour % 12 == 11 && !rig.ledger().holds(rig.now).unwrap().is_empty() {
            rig.ledger().resume(rig.now).unwrap();
        }
        // killed in the middle, or stopped at the end of the hour; the next hour has a new bot
        if draw() % 6 == 0 {
            let steps = draw() % 30;
            let mut left = steps;
            rig.run_watched(10 * MINUTE, move |_| match left.checked_sub(1) {
                Some(less) => left = less,
                None => std::panic::resume_unwind(Box::new("crash")),
            });
        }
        rig.run(HOUR);
        assert!(rig.trouble.is_none(), "hour {hour}: {:?}", rig.trouble);
        rig.said.clear();
        if rig.notes.len() > 1_000 {
            rig.notes.clear();
        }
        if hour % 24 == 23 {
            rig.judge();
            rig.fake.world().requests.clear();
            rig.fake.world().log.clear();
            sizes.push(fs::metadata(rig.path()).unwrap().len());
            used.extend(in_use());
        }
    }
    // calm weather: whatever is left is done
    rig.fake.world().script.clear();
    rig.ledger().resume(rig.now).unwrap();
    for _ in 0..12 {
        rig.run(HOUR);
    }
    rig.judge();
    let ledger = rig.ledger();
    for left in [State::Seen, State::Queued, State::Posting, State::Uncertain, State::Approved] {
        assert_eq!(ledger.count(left).unwrap(), 0, "{left}: {:?}", rig.notes.last());
    }
    let replies = rig.fake.world().posts.iter().filter(|post| post.author == "4200").count();
    assert!(written > 300 && replies > 100, "{replies} replies to {written} mentions");
    // texts are deleted after a day, so what remains of a mention is little
    let (middle, end) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    assert!(end < middle + middle / 2, "{sizes:?}");
    // the first days fill caches; what comes after that must not be kept
    let most =
        |days: &[(usize, usize)], of: fn(&(usize, usize)) -> usize| days.iter().map(of).max();
    if let [_, _, early @ .., _, _, _] = &used[..] {
        let late = &used[used.len() - 3..];
        let (before, after) = (most(early, |day| day.0), most(late, |day| day.0));
        // the stand-in keeps every post, some hundred bytes each
        assert!(after <= before.map(|kib| kib + kib / 10 + 1_024), "memory in KiB: {used:?}");
        let (before, after) = (most(early, |day| day.1), most(late, |day| day.1));
        assert!(after <= before.map(|files| files + 4), "open files: {used:?}");
    }
    println!("memory in KiB and open files by day: {used:?}");
    println!(
        "{replies} replies to {written} mentions; the ledger's size in bytes by day: {sizes:?}"
    );
}
