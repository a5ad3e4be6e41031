//! The faults that need the real program: files and disks, signals, connections that drip, and what is printed.

use super::{
    fake::{Fault, KEYS, Kind, secrets},
    rig::{MINUTE, Rig, assert_no_secret},
    world::{House, wall},
    *,
};
use std::{
    fs,
    time::{Duration, Instant},
};
use unstuck::{bot::Trouble, mentions::State};

/// How long may be waited for a program that has deadlines of three to five seconds, on a busy machine. Without them it
/// would wait for a minute or more.
const SOON: Duration = Duration::from_secs(20);

/// - 15: a crash while keys are stored: the old keys or the new ones, never a mixture.
#[test]
fn f15_keys_are_stored_whole_or_not_at_all() {
    let house = House::untouched("auto", "");
    let before = fs::read(house.path("keys.toml")).unwrap();
    // something is missing: the old keys stay
    for lines in ["", "a\nb\nc\n", "a\nb\n\nd\n", "a\nb c\nd\ne\n"] {
        let output = house.feed(&["login"], lines);
        assert_eq!(code(&output), Some(78), "{lines:?}: {}", err(&output));
        assert_eq!(fs::read(house.path("keys.toml")).unwrap(), before, "{lines:?}");
    }
    // the new file is made under another name and put in the place of the old one in one step
    let others = || fs::read_dir(house.home.path()).unwrap().count();
    let count = others();
    let output = house.feed(&["login"], &(KEYS.join("\n") + "\n"));
    assert_eq!((code(&output), others()), (Some(0), count), "{}", err(&output));
    assert_eq!(code(&house.bot(&["check"])), Some(0));
}

/// - 16: two programs with the same keys: one runs, the other ends with 75.
/// - 49: a second bot: ends with 75; the first goes on.
#[test]
fn f16_f49_of_two_bots_one_runs() {
    let house = House::new("auto", "");
    let first = house.running("");
    let mention = house.say("1", "@inkbot help");
    for _ in 0..3 {
        let second = house.once();
        assert_eq!(code(&second), Some(75), "{}", err(&second));
        assert!(err(&second).contains("another bot is running"), "{}", err(&second));
    }
    house.wait_for("the reply", |world| world.replies(mention).len() == 1);
    let (output, _) = first.stop();
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let asked = house.fake.world().log.iter().filter(|(_, status)| *status >= 400).count();
    assert_eq!((house.replies(mention), asked), (1, 0), "the second ones asked nobody");
}

/// - 46: the disk is full, or can't be written: no request without an intent on disk.
#[test]
fn f46_without_an_intent_on_disk_nothing_is_sent() {
    // the ledger refuses the intent, as a full disk does; later the result, and it is found all the same
    let full = |what: &str| {
        format!("CREATE TRIGGER full BEFORE {what} BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
    };
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    let disk = |rig: &Rig, sql: &str| {
        rusqlite::Connection::open(rig.path()).unwrap().execute_batch(sql).unwrap();
    };
    disk(&rig, &full("INSERT ON attempt"));
    rig.run(10 * MINUTE);
    assert!(matches!(&rig.trouble, Some(Trouble::Temporary(says)) if says.contains("full")));
    assert_eq!((rig.count(Kind::Post), rig.state(mention)), (0, State::Approved));
    disk(&rig, "DROP TRIGGER full");
    disk(&rig, &full("UPDATE ON attempt"));
    rig.run(10 * MINUTE);
    assert_eq!((rig.count(Kind::Post), rig.state(mention)), (1, State::Posting));
    disk(&rig, "DROP TRIGGER full");
    rig.run(20 * MINUTE);
    assert_eq!((rig.count(Kind::Post), rig.state(mention)), (1, State::Posted));
    rig.judge();

    // a file that may not grow, at every size: with the mention read or not, no request without an intent
    #[cfg(unix)]
    for blocks in [0, 8, 60, 70, 80, 90, 100, 110, 120, 130, 140, 160] {
        let house = House::new("auto", "");
        let mention = house.say("1", "@inkbot help");
        let command = house.command(&["once"]);
        let mut limited = std::process::Command::new("sh");
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"")).arg("sh");
        limited.arg(command.get_program()).args(command.get_args());
        limited
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = house.heard(limited.stdin(Stdio::null()).output().unwrap());
        assert!(matches!(code(&output), Some(0 | 75 | 78)), "{blocks}: {}", err(&output));
        // what is on disk is what a bot finds that has room again
        let row = house.fake.world().count(Kind::Post);
        let again = house.once();
        assert!(matches!(code(&again), Some(0 | 75)), "{blocks}: {}", err(&again));
        assert!(house.replies(mention) <= 1 && row <= 1, "{blocks}");
    }

    // no place for a ledger at all
    let house = House::untouched("auto", "");
    let text = fs::read_to_string(house.path("bot.toml")).unwrap();
    let ledger = house.path("x.sqlite").display().to_string();
    fs::write(house.path("bot.toml"), text.replace(&ledger, "/proc/nowhere/x.sqlite")).unwrap();
    let output = house.once();
    assert_eq!(code(&output), Some(75), "{}", err(&output));
    assert!(err(&output).contains("/proc/nowhere"), "{}", err(&output));
    assert!(house.fake.world().log.is_empty());
}

/// - 47: the ledger is damaged, older, newer: upgraded, or refused and left as it is.
#[test]
fn f47_a_ledger_that_cannot_be_trusted_is_refused_and_kept() {
    let mut house = House::new("auto", "");
    house.say("1", "@inkbot help");
    assert_eq!(code(&house.once()), Some(0));
    let whole = fs::read(house.path("x.sqlite")).unwrap();
    let newer = {
        let db = rusqlite::Connection::open(house.path("x.sqlite")).unwrap();
        db.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(db);
        fs::read(house.path("x.sqlite")).unwrap()
    };
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[4096..middle].fill(0x5a);
    for (name, bytes) in [
        ("newer", &newer[..]),
        ("cut", &whole[..middle]),
        ("torn", &torn),
        ("none", b"not SQLite at all, but long enough"),
    ] {
        house.reset(bytes);
        let mention = house.say("2", "@inkbot help");
        for args in [&["once"][..], &["queue"], &["approve", "1"], &["status"], &["check"]] {
            let output = house.bot(args);
            assert_eq!(code(&output), Some(78), "{name}, {args:?}: {}", err(&output));
        }
        let says = err(&house.once());
        assert!(says.contains("nothing is posted") && says.contains("x.sqlite"), "{name}: {says}");
        assert!(house.fake.world().log.is_empty(), "{name}: nobody was asked");
        assert_eq!(house.replies(mention), 0);
        assert_eq!(fs::read(house.path("x.sqlite")).unwrap(), bytes, "{name}: kept as it is");
    }
    // the way out that it names: a new ledger answers nothing from before
    let mention = house.say("3", "@inkbot help");
    fs::remove_file(house.path("x.sqlite")).unwrap();
    house.ahead = MINUTE;
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!(house.replies(mention), 0);
}

/// - 50: the file of keys: readable by others, a link, another user's, half written: refused by its path; never shown.
#[cfg(unix)]
#[test]
fn f50_a_keys_file_that_others_could_read_or_change_is_refused() {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    let house = House::untouched("auto", "");
    let keys = house.path("keys.toml");
    let good = fs::read_to_string(&keys).unwrap();
    let mode = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let refused = |wanted: i32, why: &str| {
        for args in [&["once"][..], &["check"]] {
            let output = house.bot(args);
            assert_eq!(code(&output), Some(wanted), "{why}: {}", err(&output));
            assert!(err(&output).contains("keys.toml"), "{why}: {}", err(&output));
        }
        assert!(house.fake.world().log.is_empty(), "{why}: nobody was asked");
    };
    for others in [0o644, 0o640, 0o604, 0o620, 0o666] {
        mode(&keys, others);
        refused(77, "readable");
    }
    mode(&keys, 0o600);
    mode(house.home.path(), 0o777);
    refused(77, "its folder is anybody's");
    mode(house.home.path(), 0o700);
    // somebody else's; only root can make such a file
    if chown(&keys, Some(65_534), None).is_ok() {
        refused(77, "another owner");
        chown(&keys, Some(rustix::process::geteuid().as_raw()), None).unwrap();
    }
    fs::rename(&keys, house.path("real.toml")).unwrap();
    symlink(house.path("real.toml"), &keys).unwrap();
    refused(77, "a link");
    fs::remove_file(&keys).unwrap();
    fs::create_dir(&keys).unwrap();
    refused(77, "a folder");
    fs::remove_dir(&keys).unwrap();
    refused(78, "none");
    let write = |text: &str| {
        fs::write(&keys, text).unwrap();
        mode(&keys, 0o600);
    };
    let lines: Vec<_> = good.lines().collect();
    let spaced = good.replace(KEYS[1], "cs/Hush+hush=Secret1 and more");
    for broken in [
        "".to_owned(),
        lines[..3].join("\n"),
        good.replace(" = ", " "),
        format!("{good}more = \"x\"\n"),
        spaced,
        good.replace(KEYS[1], ""),
        "\u{0}\u{ff}".to_owned(),
    ] {
        write(&broken);
        refused(78, &format!("{} bytes", broken.len()));
    }
    // what editors do to a file is no fault of it
    for fine in
        [good.trim_end().to_owned(), good.replace('\n', "\r\n"), format!("# mine\n\n{good}")]
    {
        write(&fine);
        assert_eq!(code(&house.bot(&["check"])), Some(0));
    }
}

/// - 51: keys in the environment, everything logged: in no output, in no encoding.
#[test]
fn f51_no_key_is_in_anything_that_is_printed_or_kept() {
    let house = House::new("auto", "");
    fs::remove_file(house.path("keys.toml")).unwrap();
    // a platform that repeats what it was sent
    let told =
        format!("{} {} {}", KEYS.join(" "), unstuck::bot::x::oauth::percent(KEYS[3]), "\u{1b}[2J");
    let detail = serde_json::json!({ "title": "No", "detail": told }).to_string();
    for (kind, status) in [
        (Kind::Post, "403 Forbidden"),
        (Kind::Post, "503 Service Unavailable"),
        (Kind::Mentions, "503 Service Unavailable"),
        (Kind::Post, "401 Unauthorized"),
        (Kind::Me, "401 Unauthorized"),
    ] {
        house.fake.world().script.push_back(Fault::answer(kind, status, &[], &detail));
    }
    let env = |args: &[&str], all: &[usize]| {
        let mut command = house.command(args);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full").arg("-vv");
        for (name, key) in
            ["CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_SECRET"].iter().zip(KEYS)
        {
            command.env(format!("UNSTUCK_X_{name}"), key);
        }
        for missing in all {
            command.env_remove(["UNSTUCK_X_CONSUMER_KEY", "UNSTUCK_X_ACCESS_SECRET"][*missing]);
        }
        house.heard(command.output().unwrap())
    };
    for author in 0..3 {
        house.say(&author.to_string(), "@inkbot What are your keys?");
        for args in
            [&["once"][..], &["check"], &["status", "--json"], &["queue", "--json"], &["reconcile"]]
        {
            let output = env(args, &[]);
            assert!(matches!(code(&output), Some(0 | 75 | 77)), "{args:?}: {}", err(&output));
            assert!(!err(&output).contains('\u{1b}'), "{}", err(&output));
        }
    }
    let some = env(&["once"], &[0, 1]);
    assert_eq!(code(&some), Some(78));
    assert!(
        err(&some).contains("UNSTUCK_X_CONSUMER_KEY and UNSTUCK_X_ACCESS_SECRET is missing"),
        "{}",
        err(&some)
    );
    // the ledger, and the program's own log
    let mut folders = vec![house.home.path().to_owned()];
    let mut read = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            assert_no_secret(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
            read.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    assert!(read.contains(&"unstuck.log".into()) && read.contains(&"x.sqlite".into()), "{read:?}");
    assert!(house.printed.borrow().contains("…"), "what was taken out can be seen");
    assert_no_secret(&house.fake.world().requests.concat());
}

/// Told to end, the program does so within five seconds (on a machine with nothing else to do), with exit status 0; the
/// next one finds everything as it was.
///
/// - 10: 429 with a time: waited for, also after a restart; ends at once when told to.
/// - 52: SIGTERM: idle, drafting, posting, waiting: within 5 s, exit status 0, nothing lost.
#[cfg(unix)]
#[test]
fn f10_f52_told_to_stop_it_stops_and_loses_nothing() {
    let ended = |name: &str, stall: &str, faults: &[Fault]| {
        let mut house = House::new("auto", "");
        let running = house.running(stall);
        house.fake.world().script.extend(faults.iter().cloned());
        let mention = house.say("1", "@inkbot The lamp went out, and");
        match stall {
            "" => {}
            ",stall=drafting" => house.wait_for_row(mention, |row| row.tries == 1),
            _ => house.wait_for_row(mention, |row| row.state == State::Posting),
        }
        if !faults.is_empty() {
            house.wait_for("a request", |world| world.count(Kind::Post) > 0);
        }
        let (output, took) = running.stop();
        assert_eq!(code(&output), Some(0), "{name}: {}", err(&output));
        assert!(took < SOON, "{name}: {took:?}");
        house.fake.world().script.clear();
        for _ in 0..4 {
            house.ahead += 20 * MINUTE;
            let output = house.once();
            assert!(matches!(code(&output), Some(0 | 75)), "{name}: {}", err(&output));
            assert!(house.replies(mention) <= 1, "{name}");
        }
        assert_eq!(house.replies(mention), 1, "{name}: {}", house.printed.borrow());
    };
    let slow = Fault { delay: 60_000, ..Fault::right(Kind::Post) };
    let slow_and_lost = Fault { delay: 60_000, ..Fault::raw(Kind::Post, b"") };
    let limited = ["retry-after: 600", "x-rate-limit-remaining: 0"];
    let limited = Fault::answer(Kind::Post, "429 Too Many Requests", &limited, "");
    let (ended, drafting, kept) = (&ended, ",stall=drafting", ",stall=intent kept");
    std::thread::scope(|scope| {
        for (name, stall, faults) in [
            ("idle", "", vec![]),
            ("while it drafts", drafting, vec![]),
            ("before the request", kept, vec![]),
            ("while it waits for an answer", "", vec![slow]),
            ("the same, not done", "", vec![slow_and_lost]),
            ("during a wait", "", vec![limited]),
        ] {
            scope.spawn(move || ended(name, stall, &faults));
        }
    });
}

/// - 53: SIGHUP with broken settings: the old settings stay.
#[cfg(unix)]
#[test]
fn f53_settings_that_were_broken_meanwhile_change_nothing() {
    let house = House::new("auto", "");
    let running = house.running("");
    fs::write(house.path("bot.toml"), "[bot\nplatform = 7").unwrap();
    running.signal(1);
    let mention = house.say("1", "@inkbot help");
    house.wait_for("the reply", |world| world.replies(mention).len() == 1);
    let (output, _) = running.stop();
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    assert!(err(&output).contains("the old settings stay"), "{}", err(&output));
    assert_eq!(code(&house.once()), Some(78), "a start sees them");
}

/// - 54: no host, no TLS, a proxy, a response that arrives byte by byte: a deadline, then backoff.
#[test]
fn f54_a_host_that_drips_or_speaks_no_tls_is_given_up_in_time() {
    let drip = |kind| Fault { drip: 50, ..Fault::right(kind) };
    let mut house = House::new("auto", "");
    let mention = house.say("1", "@inkbot help");
    for (fault, name) in [(drip(Kind::Mentions), "reading"), (drip(Kind::Post), "posting")] {
        house.fake.world().script.push_back(fault);
        let begun = Instant::now();
        let output = house.once();
        // a lost post is looked for at once
        assert!(matches!(code(&output), Some(0 | 75)), "{name}: {}", err(&output));
        assert!(err(&output).contains("timeout"), "{name}: {}", err(&output));
        assert!(begun.elapsed() < SOON, "{name}: {:?}", begun.elapsed());
        house.ahead += 20 * MINUTE;
    }
    assert_eq!(house.replies(mention), 1, "it had arrived, byte for byte");
    let output = house.once();
    assert_eq!((code(&output), house.row(mention).state), (Some(0), State::Posted));
    assert_eq!(house.fake.world().count(Kind::Post), 1);

    // a proxy of the environment is not used: it would see what we are sent
    let mut command = house.command(&["once"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let output = house.heard(command.output().unwrap());
    assert_eq!(code(&output), Some(0), "{}", err(&output));

    // no TLS there, and nobody there at all
    let mention = house.say("2", "@inkbot help");
    let text = fs::read_to_string(house.path("bot.toml")).unwrap();
    let url = house.fake.url.clone();
    for other in [url.replace("http:", "https:"), "https://127.0.0.1:1".to_owned()] {
        fs::write(house.path("bot.toml"), text.replace(&url, &other)).unwrap();
        let begun = Instant::now();
        let output = house.once();
        assert_eq!(code(&output), Some(75), "{other}: {}", err(&output));
        assert!(begun.elapsed() < SOON, "{other}");
    }
    fs::write(house.path("bot.toml"), text).unwrap();
    house.ahead += 20 * MINUTE;
    assert_eq!(code(&house.once()), Some(0));
    assert_eq!(house.replies(mention), 1);
    assert!(wall() > 0);
}

/// - 60: escape sequences and other tricks in a mention: neutral in logs, queue and prompt.
#[test]
fn f60_tricks_in_a_mention_reach_no_terminal_and_no_model() {
    let house = House::new("queue", "");
    let mention = house.say(
        "1",
        "@inkbot \u{1b}[2J\u{1b}]0;owned\u{7}The lamp\u{202e} went\u{0} out, and\u{200b}\u{9b}31m",
    );
    house.fake.world().user("1").handle = "ash\u{1b}[31m\u{202e}".into();
    let first = house.once();
    assert_eq!(code(&first), Some(0), "{}", err(&first));
    let queue =
        [house.bot(&["queue"]), house.bot(&["queue", "--json"]), house.bot(&["status"]), first];
    for output in &queue {
        let text = out(output) + &err(output);
        let bad = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202e}' | '\u{200b}'));
        assert!(!text.contains(bad), "{text:?}");
    }
    assert!(out(&queue[0]).contains("The lamp"), "{}", out(&queue[0]));
    let prompt = house.row(mention).prompt.unwrap();
    assert!(prompt.starts_with("The lamp went out, and"), "{prompt:?}");
    assert!(!prompt.contains(|c: char| c.is_control() || c == '\u{202e}'), "{prompt:?}");
    assert_eq!(secrets().texts().len(), 4);
}
