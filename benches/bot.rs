//! Benchmark of the bot, with a fake server for X and a voice that costs no time: replies per second, with each
//! intent and each result synced to disk; memory; and the time to restart with a million mentions in the ledger.
//! `cargo bench --bench bot`. The bot runs in a process of its own, so that the fake server's memory isn't counted.

#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Instant, SystemTime, UNIX_EPOCH},
};
use support::bot::{
    fake::{Fake, HANDLE, Kind, secrets},
    rig::{HOUR, Stub, T, sentence, settings},
};
use unstuck::{
    bot::{Bot, Turn, x::X},
    mentions::{Ledger, Mention, Person},
};

const BATCH: usize = 500;

fn main() -> anyhow::Result<()> {
    let args: Vec<_> = std::env::args().collect();
    if let [_, role, url, ledger] = &args[..]
        && role == "serve"
    {
        return bot(url, Path::new(ledger));
    }
    let measured = args.iter().any(|arg| arg == "--bench");
    replies(if measured { 20_000 } else { BATCH });
    rows(if measured { 1_000_000 } else { 1_000 });
    Ok(())
}

/// The bot's process: works until nothing is left, reports that, and waits for more.
fn bot(url: &str, ledger: &Path) -> anyhow::Result<()> {
    let mut settings = settings(url);
    let policy = &mut settings.policy;
    (policy.per_hour, policy.per_day, policy.budget_usd) = (1_000_000, 1_000_000, 10_000.0);
    let x = X::new(&settings.x, None, secrets())?;
    let mut now = T;
    let mut bot = Bot::new(Ledger::open(ledger, now)?, x, Stub(sentence), settings, now)?;
    loop {
        let turn = bot.turn(now)?;
        drop((bot.decisions(), bot.notes()));
        let Turn::Until(at) = turn else { continue };
        if bot.polls() == 0 || !bot.ledger().is_quiet()? {
            now = at;
            continue;
        }
        println!("{now} {}", resident());
        if std::io::stdin().read_line(&mut String::new())? == 0 {
            return Ok(());
        }
        now += HOUR;
    }
}

fn replies(most: usize) {
    let fake = Fake::start(T);
    let folder = tempfile::TempDir::new().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["serve", &fake.url])
        .arg(folder.path().join("x.sqlite"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut quiet = || {
        let line = lines.next().unwrap().unwrap();
        let (now, memory) = line.split_once(' ').unwrap();
        (now.parse::<i64>().unwrap(), memory.parse::<i64>().unwrap())
    };
    let (mut now, mut memory) = quiet();
    let (mut done, mut said, mut seconds) = (0, 0, 0.0);
    println!("  replies  a second  memory");
    while done < most {
        {
            let mut world = fake.world();
            (world.now, world.page) = (now + HOUR, 100);
            for author in 0..BATCH {
                world.say(&(done + author).to_string(), "@inkbot One");
            }
        }
        let begun = Instant::now();
        writeln!(stdin, "go").unwrap();
        (now, memory) = quiet();
        let took = begun.elapsed().as_secs_f64();
        seconds += took;
        let mut world = fake.world();
        let posted = world.log.iter().filter(|logged| **logged == (Kind::Post, 201)).count();
        // the gate refuses about one in thousands of these sentences
        assert!(posted + 5 > BATCH, "{posted} of {BATCH} were answered");
        done += BATCH;
        said += posted;
        // only the bot's own data is to be measured
        world.log.clear();
        world.requests.clear();
        world.posts.clear();
        world.users.clear();
        world.nonces.clear();
        if done % (4 * BATCH) == 0 {
            println!("{done:9}  {:8.0}  {memory} KiB", BATCH as f64 / took);
        }
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
    println!("{said} replies, {:.0} a second, {memory} KiB at the end", said as f64 / seconds);
}

/// A ledger with `most` mentions: the time to open it, and the program's work with it.
fn rows(most: u64) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("x.sqlite");
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let mut ledger = Ledger::open(&path, wall).unwrap();
    for page in 0..most / 1_000 {
        let mentions: Vec<_> = (0..1_000).map(|row| mention(page * 1_000 + row, wall)).collect();
        ledger.take_in(&mentions, wall).unwrap();
    }
    drop(ledger);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "UPDATE mention SET state = 'posted', posted = created;
         INSERT INTO attempt SELECT key, 1, created, key, created, 'posted' FROM mention;
         INSERT OR REPLACE INTO note VALUES ('seeded', '1'), ('cursor', '1')",
    )
    .unwrap();
    drop(db);
    let begun = Instant::now();
    let ledger = Ledger::open(&path, wall).unwrap();
    ledger.doubt_orphans(wall).unwrap();
    ledger.purge(wall - 3_600_000).unwrap();
    assert!(ledger.is_quiet().unwrap());
    ledger.past("x", "5", "5", wall).unwrap();
    ledger.capped_until(30, 300, wall).unwrap();
    println!(
        "{most} rows: {:.3} s until the first mention is looked for",
        begun.elapsed().as_secs_f64()
    );
    drop(ledger);

    let fake = Fake::start(wall);
    let keys = folder.path().join("keys.toml");
    secrets().save(&keys).unwrap();
    let settings = format!(
        "[bot]\nplatform = 'x'\nposting = 'queue'\nhandle = '{HANDLE}'\nledger = '{}'\nsecrets = '{}'\n[bot.x]\n\
         base_url = '{}'\n",
        path.display(),
        keys.display(),
        fake.url
    );
    std::fs::write(folder.path().join("bot.toml"), settings).unwrap();
    let begun = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_unstuck"))
        .args(["bot", "once", "--config"])
        .arg(folder.path().join("bot.toml"))
        .status()
        .unwrap();
    assert!(status.success() && fake.world().count(Kind::Mentions) == 1);
    println!("{most} rows: {:.3} s for a whole `unstuck bot once`", begun.elapsed().as_secs_f64());
}

fn mention(number: u64, at: i64) -> Mention {
    let key = number.to_string();
    Mention {
        author: Person {
            id: (number % 977).to_string(),
            handle: "somebody".into(),
            ..Person::default()
        },
        id: key.clone(),
        conversation: key.clone(),
        key,
        text: "@inkbot a mention of the usual length, more or less, I should say".into(),
        created: at,
        ..Mention::default()
    }
}

fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}
