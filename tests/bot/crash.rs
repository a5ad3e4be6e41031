//! The real program, with the model that is in it, killed at every step of its journal, under every fault that a request
//! can meet, and killed again while it picks up the pieces. After enough restarts every mention has one reply, or none
//! where none was possible.
//!
//! `BOT_CRASH_MATRIX=full` runs all of it, which takes minutes; else each step meets a quarter of the faults, and each
//! fault a quarter of the steps.

use super::{
    fake::{Fault, HANDLE, Kind},
    rig::assert_no_secret,
    world::House,
    *,
};
use std::{
    collections::BTreeMap,
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};
use unstuck::mentions::State;

/// Steps of a first run, and some of the second in which it is killed again; past the last one it isn't killed.
const FIRST: u64 = 15;
const SECOND: [u64; 4] = [99, 3, 6, 8];
const JUMP: i64 = 20 * 60_000;

/// What befalls a request, and whether the mention has to be answered in the end.
struct Case {
    name: String,
    faults: Vec<Fault>,
    answered: bool,
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    let mut add = |name: &str, faults: Vec<Fault>, answered| {
        all.push(Case { name: name.into(), faults, answered });
    };
    let post = |status: &str, body: &str| Fault::answer(Kind::Post, status, &[], body);
    let half = b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\n{\"da";
    let chunked = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n";
    let limited = ["x-rate-limit-remaining: 0", "retry-after: 30"];
    let problem = |detail: &str| format!(r#"{{"status":403,"detail":"{detail}"}}"#);
    let coded = |code: u32| format!(r#"{{"errors":[{{"code":{code},"message":"No."}}]}}"#);
    add("none", vec![], true);
    // lost on the way there, or on the way back
    for (name, fault) in [
        ("cut", Fault::raw(Kind::Post, b"")),
        ("half", Fault::raw(Kind::Post, half)),
        ("chunks", Fault::raw(Kind::Post, chunked)),
        ("no HTTP", Fault::raw(Kind::Post, b"\xff\xfe\x00")),
        ("500", post("500 Oops", "{")),
        ("502", post("502 Bad Gateway", "<html>")),
        ("503", post("503 Service Unavailable", "<html>")),
        ("504", post("504 Gateway Timeout", "")),
        ("409", post("409 Conflict", "{}")),
        ("201 without an id", post("201 Created", "{}")),
        ("201 with a number", post("201 Created", r#"{"data":{"id":17}}"#)),
        ("200 of 2 MB", post("200 OK", &"x".repeat(2 << 20))),
    ] {
        add(&format!("{name}, not done"), vec![fault.clone()], true);
        add(&format!("{name}, done"), vec![fault.committed()], true);
    }
    let late = Fault { lag: JUMP + 60_000, ..Fault::raw(Kind::Post, b"").committed() };
    add("done, shown late", vec![late], true);
    // refused
    add("429", vec![Fault::answer(Kind::Post, "429 Too Many Requests", &limited, "")], true);
    add("402", vec![post("402 Payment Required", r#"{"title":"CreditsDepleted"}"#)], true);
    add("401", vec![post("401 Unauthorized", r#"{"title":"Unauthorized"}"#)], true);
    add("403 page", vec![post("403 Forbidden", "<html>")], true);
    add("403 locked", vec![post("403 Forbidden", &coded(326))], true);
    add(
        "redirect",
        vec![Fault::answer(Kind::Post, "302 Found", &["location: http://x/"], "")],
        true,
    );
    let duplicate = problem("You are not allowed to create a Tweet with duplicate content.");
    add("403 duplicate", vec![post("403 Forbidden", &duplicate)], false);
    add("403 closed", vec![post("403 Forbidden", &coded(433))], false);
    add("403 gone", vec![post("403 Forbidden", &coded(385))], false);
    add("400", vec![post("400 Bad Request", "{}")], false);
    let unasked = problem("You can only reply to or quote posts where you are mentioned.");
    add("403 not engaged", vec![post("403 Forbidden", &unasked)], false);
    // what is read, broken
    for kind in [Kind::Me, Kind::Mentions, Kind::Timeline, Kind::Lookup] {
        for (name, fault) in [
            ("cut", Fault::raw(kind, b"")),
            ("503", Fault::answer(kind, "503 Service Unavailable", &[], "<html>")),
            ("half", Fault::answer(kind, "200 OK", &[], r#"{"data":[{"id":"1"#)),
            ("429", Fault::answer(kind, "429 Too Many Requests", &limited, "")),
        ] {
            // what looks things up is asked only after something got lost
            let lost = Fault::raw(Kind::Post, b"");
            add(&format!("{kind:?} {name}"), vec![fault.clone()], true);
            add(&format!("{kind:?} {name}, lost"), vec![lost.clone(), fault.clone()], true);
            add(&format!("{kind:?} {name}, done"), vec![lost.committed(), fault], true);
        }
    }
    all
}

struct Bench {
    house: House,
    template: Vec<u8>,
    runs: usize,
    kills: usize,
    /// How the cases ended.
    ends: BTreeMap<&'static str, usize>,
}

impl Bench {
    fn new() -> Self {
        let house = House::new("auto", "");
        let template = fs::read(house.path("x.sqlite")).unwrap();
        Self { house, template, runs: 0, kills: 0, ends: BTreeMap::new() }
    }

    fn run(&mut self, die: Option<u64>) -> Output {
        let die = die.map(|steps| format!(",die={steps}")).unwrap_or_default();
        let test = format!("ahead={}{die}", self.house.ahead);
        let output = self.house.command(&["once"]).env("UNSTUCK_BOT_TEST", test).output().unwrap();
        self.runs += 1;
        self.kills += usize::from(code(&output).is_none());
        self.house.heard(output)
    }

    fn case(&mut self, case: &Case, text: &str, first: u64, second: u64) {
        self.house.reset(&self.template);
        let mention = self.house.say("7", text);
        self.house.fake.world().script.extend(case.faults.iter().cloned());
        let name = format!("{}, killed after {first} and {second} steps", case.name);
        let mut kills = vec![second, first];
        let mut end = "answered";
        for round in 0.. {
            assert!(round < 30, "{name}: it comes to no end\n{}", self.house.printed.borrow());
            let die = kills.pop();
            let output = self.run(die);
            let replies = self.house.replies(mention);
            assert!(replies <= 1, "{name}: {replies} replies\n{}", self.house.printed.borrow());
            match code(&output) {
                // killed, or something to come back for
                None | Some(75 | 77) => {}
                Some(0) if replies == 0 && self.house.row(mention).state == State::Dead => {
                    // sent twice and lost twice: only a person may send it again
                    let lost = self.house.row(mention).reason.unwrap().contains("without a trace");
                    if !lost {
                        end = "refused";
                        break;
                    }
                    let approved = self.house.bot(&["approve", &mention.to_string()]);
                    assert_eq!(code(&approved), Some(0), "{name}: {}", err(&approved));
                    end = "answered when a person said so";
                }
                Some(0) => break,
                other => panic!("{name}: {other:?}\n{}", self.house.printed.borrow()),
            }
            self.house.ahead += JUMP;
        }
        let replies = self.house.replies(mention);
        let said = self.house.printed.take();
        assert!(replies == 1 || !case.answered, "{name}: no reply\n{said}");
        assert_no_secret(&String::from_utf8_lossy(&fs::read(self.house.path("x.sqlite")).unwrap()));
        *self.ends.entry(if replies == 0 { "refused" } else { end }).or_default() += 1;
    }
}

#[test]
fn killed_at_every_step_under_every_fault() {
    let full = std::env::var("BOT_CRASH_MATRIX").is_ok_and(|wanted| wanted == "full");
    let cases = cases();
    let mut all = Vec::new();
    for (number, _) in cases.iter().enumerate() {
        for first in 0..FIRST {
            let turn = number as u64 + first;
            let second = if full { &SECOND[..] } else { &SECOND[turn as usize / 4 % 4..][..1] };
            if full || turn.is_multiple_of(4) {
                all.extend(second.iter().map(|second| (number, first, *second)));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let benches = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut bench = Bench::new();
                    while let Some((number, first, second)) =
                        all.get(next.fetch_add(1, Ordering::SeqCst))
                    {
                        let text = format!("@{HANDLE} The lamp went out, and");
                        bench.case(&cases[*number], &text, *first, *second);
                    }
                    bench
                })
            })
            .collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect::<Vec<_>>()
    });
    let sum = |count: fn(&Bench) -> usize| benches.iter().map(count).sum::<usize>();
    let (runs, kills) = (sum(|bench| bench.runs), sum(|bench| bench.kills));
    println!("{} cases, {runs} runs of the program, {kills} of them killed", all.len());
    for bench in &benches {
        println!("ended: {:?}", bench.ends);
    }
    assert!(kills >= if full { 3_000 } else { 300 }, "{} cases, {kills} kills", all.len());
    assert!(runs >= if full { 6_000 } else { 900 }, "{} cases, {runs} runs", all.len());
}
