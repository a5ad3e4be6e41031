//! The real program, killed at every step of its journal, under every fault of the request that matters, and killed again
//! while it picks up the pieces. After enough restarts every mention has one reply, or none where none was possible.

use super::{
    fake::{Fake, Fault, HANDLE, KEYS, Kind, World, secrets},
    rig::{assert_no_secret, folder},
    *,
};
use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// Steps of a first run, and some of the second in which it is killed again; past the last one it isn't killed.
const FIRST: u64 = 13;
const SECOND: [u64; 3] = [99, 3, 6];
const JUMP: i64 = 20 * 60_000;

fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// What befalls the request, and whether the mention has to be answered in the end.
fn faults() -> Vec<(&'static str, Option<Fault>, bool)> {
    let post = |status: &str, body: &str| Fault::answer(Kind::Post, status, &[], body);
    let read = |kind, status: &str| Some(Fault::answer(kind, status, &[], ""));
    let cut = Fault::raw(Kind::Post, b"");
    let half = Fault::raw(Kind::Post, b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"da");
    let html = post("503 Service Unavailable", "<html>");
    let limited = Fault::answer(
        Kind::Post,
        "429 Too Many Requests",
        &["x-rate-limit-remaining: 0", "retry-after: 30"],
        "",
    );
    let duplicate = r#"{"status":403,"detail":"You are not allowed to create a Tweet with duplicate content."}"#;
    let closed = r#"{"errors":[{"code":433,"message":"The original Tweet author restricted who can reply to this Tweet."}]}"#;
    vec![
        ("none", None, true),
        ("cut, not done", Some(cut.clone()), true),
        ("cut, done", Some(cut.clone().committed()), true),
        ("done, shown late", Some(Fault { lag: JUMP + 60_000, ..cut.committed() }), true),
        ("half, not done", Some(half.clone()), true),
        ("half, done", Some(half.committed()), true),
        ("503, not done", Some(html.clone()), true),
        ("503, done", Some(html.committed()), true),
        ("504, done", Some(post("504 Gateway Timeout", "").committed()), true),
        ("201 without an id, done", Some(post("201 Created", "{}").committed()), true),
        ("201 without an id", Some(post("201 Created", "{}")), true),
        ("429", Some(limited), true),
        ("402", Some(post("402 Payment Required", r#"{"title":"CreditsDepleted"}"#)), true),
        ("401", Some(post("401 Unauthorized", r#"{"title":"Unauthorized"}"#)), true),
        ("403 page", Some(post("403 Forbidden", "<html>")), true),
        ("403 duplicate", Some(post("403 Forbidden", duplicate)), false),
        ("403 closed", Some(post("403 Forbidden", closed)), false),
        ("mentions 503", read(Kind::Mentions, "503 Service Unavailable"), true),
        ("timeline 503", read(Kind::Timeline, "503 Service Unavailable"), true),
        ("me 500", read(Kind::Me, "500 Oops"), true),
    ]
}

struct Bench {
    fake: Fake,
    home: tempfile::TempDir,
    template: Vec<u8>,
    runs: usize,
    kills: usize,
}

impl Bench {
    fn new() -> Self {
        let fake = Fake::start(wall());
        let home = folder();
        let keys = home.path().join("keys.toml");
        secrets().save(&keys).unwrap();
        let settings = format!(
            "[bot]\nplatform = 'x'\nposting = 'auto'\nhandle = '{HANDLE}'\nsecrets = '{}'\nledger = '{}'\n\
             [bot.x]\nbase_url = '{}'\n[bot.attestation]\noperator = '@ash'\napproved_by_platform = true\n\
             labelled = true\nopt_out_told = true\n",
            keys.display(),
            home.path().join("x.sqlite").display(),
            fake.url
        );
        fs::write(home.path().join("bot.toml"), settings).unwrap();
        let mut bench = Self { fake, home, template: Vec::new(), runs: 0, kills: 0 };
        let first = bench.run(0, None);
        assert_eq!(code(&first), Some(0), "{}", err(&first));
        bench.template = fs::read(bench.home.path().join("x.sqlite")).unwrap();
        bench
    }

    /// One process, `ahead` of the wall's clock.
    fn run(&mut self, ahead: i64, die: Option<u64>) -> Output {
        self.fake.world().now = wall() + ahead;
        let die = die.map(|steps| format!(",die={steps}")).unwrap_or_default();
        let config = self.home.path().join("bot.toml");
        let output = unstuck(self.home.path())
            .args(["bot", "once", "--config"])
            .arg(config)
            .env("UNSTUCK_BOT_TEST", format!("ahead={ahead}{die}"))
            .output()
            .unwrap();
        self.runs += 1;
        self.kills += usize::from(code(&output).is_none());
        assert_no_secret(&(out(&output) + &err(&output)));
        output
    }

    fn case(&mut self, name: &str, fault: Option<&Fault>, answered: bool, first: u64, second: u64) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.home.path().join(format!("x.sqlite{end}")));
        }
        fs::write(self.home.path().join("x.sqlite"), &self.template).unwrap();
        let world =
            World { now: wall(), page: 100, date: true, keys: Some(secrets()), ..World::default() };
        *self.fake.world() = world;
        let mention = self.fake.world().say("7", "@inkbot help");
        self.fake.world().script.extend(fault.cloned());
        let mut ahead = 0;
        let case = format!("{name}, killed after {first} and {second} steps");
        let mut said = String::new();
        for round in 0..9 {
            let die = [Some(first), Some(second)].get(round).copied().flatten();
            let output = self.run(ahead, die);
            said += &err(&output);
            let replies = self.fake.world().replies(mention).len();
            assert!(replies <= 1, "{case}: {replies} replies\n{said}");
            match code(&output) {
                // killed, or something to come back for
                None | Some(75 | 77) => {}
                Some(0) => break,
                other => panic!("{case}: {other:?}\n{said}"),
            }
            ahead += JUMP;
        }
        let replies = self.fake.world().replies(mention).len();
        assert!(replies == 1 || !answered, "{case}: no reply\n{said}");
        assert_no_secret(&String::from_utf8_lossy(
            &fs::read(self.home.path().join("x.sqlite")).unwrap(),
        ));
    }
}

#[test]
fn killed_at_every_step_under_every_fault() {
    let faults = faults();
    let cases: Vec<_> = (0..faults.len())
        .flat_map(|fault| (0..FIRST).flat_map(move |f| SECOND.map(|second| (fault, f, second))))
        .collect();
    let next = AtomicUsize::new(0);
    let (runs, kills) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut bench = Bench::new();
                while let Some((fault, first, second)) =
                    cases.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    let (name, fault, answered) = &faults[*fault];
                    bench.case(name, fault.as_ref(), *answered, *first, *second);
                }
                runs.fetch_add(bench.runs, Ordering::SeqCst);
                kills.fetch_add(bench.kills, Ordering::SeqCst);
            });
        }
    });
    let (runs, kills) = (runs.into_inner(), kills.into_inner());
    println!("{} cases: {runs} runs of the program, {kills} of them killed", cases.len());
    assert!(kills >= 1_000, "{} cases, {kills} kills", cases.len());
    assert_eq!(KEYS.len(), 4);
}
