//! Any order of things: mentions, edits and stops, a person who approves, edits and rejects between any two steps of the
//! poster, requests that fail in every way, crashes anywhere. Whatever comes of it, nobody is answered twice.

use super::{
    fake::{Fake, Fault, Kind, ME, World, secrets},
    rig::{HOUR, MINUTE, Rig, SECOND, T},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use unstuck::{
    bot::Posting,
    mentions::{Ledger, OptOut, State},
};

/// What people and the world do between runs of the bot.
#[derive(Clone, Debug)]
enum Event {
    Say(u8, usize),
    Edit(usize),
    Delete(usize),
    Fault(usize),
    /// The timeline shows replies only so many minutes later.
    Lag(u8),
    Wait(i64),
    Act(Act),
    /// So many minutes; what a person does at which step meanwhile; after which step it is killed.
    Run(i64, Vec<(u8, Act)>, Option<u8>),
    Auto(bool),
}

/// What a person does to the ledger beside the bot.
#[derive(Clone, Debug)]
enum Act {
    Approve(usize),
    Edit(usize, u8),
    Reject(usize),
    SendLost(usize),
    OptOut(u8),
    Forget(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let row = 0..6_usize;
    prop_oneof![
        6 => row.clone().prop_map(Act::Approve),
        2 => (row.clone(), any::<u8>()).prop_map(|(row, words)| Act::Edit(row, words)),
        2 => row.clone().prop_map(Act::Reject),
        2 => row.clone().prop_map(Act::SendLost),
        1 => (0..4_u8).prop_map(Act::OptOut),
        1 => row.prop_map(Act::Forget),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let meanwhile = proptest::collection::vec((0..40_u8, act()), 0..4);
    let run = (1..4_i64, meanwhile, proptest::option::of(0..30_u8));
    prop_oneof![
        5 => (0..4_u8, 0..TEXTS.len()).prop_map(|(author, text)| Event::Say(author, text)),
        1 => (0..6_usize).prop_map(Event::Edit),
        1 => (0..6_usize).prop_map(Event::Delete),
        4 => (0..19_usize).prop_map(Event::Fault),
        1 => (0..10_u8).prop_map(Event::Lag),
        1 => (1..30_i64).prop_map(Event::Wait),
        3 => act().prop_map(Event::Act),
        7 => run.prop_map(|(minutes, acts, crash)| Event::Run(minutes, acts, crash)),
        1 => any::<bool>().prop_map(Event::Auto),
    ]
}

const TEXTS: [&str; 5] =
    ["@inkbot The lamp", "@inkbot help", "@inkbot And then", "@inkbot stop", "@inkbot Rain"];

fn fault(number: usize, lag: i64) -> Fault {
    let post = |status: &str, body: &str| Fault::answer(Kind::Post, status, &[], body);
    let cut = |kind| Fault::raw(kind, b"");
    let coded = |code: u32| format!(r#"{{"errors":[{{"code":{code},"message":"No."}}]}}"#);
    let fault = match number {
        0 => cut(Kind::Post),
        1 | 2 => cut(Kind::Post).committed(),
        3 => post("503 Service Unavailable", "<html>"),
        4 => post("504 Gateway Timeout", "").committed(),
        5 => post("201 Created", "{}").committed(),
        6 => Fault::answer(Kind::Post, "429 Too Many Requests", &["retry-after: 60"], ""),
        7 => post("402 Payment Required", "{}"),
        8 => post("401 Unauthorized", "{}"),
        9 => post("403 Forbidden", &coded(187)),
        10 => post("403 Forbidden", &coded(385)),
        11 => post("403 Forbidden", "<html>"),
        12 => cut(Kind::Mentions),
        13 => Fault::answer(Kind::Mentions, "500 Oops", &[], ""),
        14 => cut(Kind::Timeline),
        15 => Fault::answer(Kind::Timeline, "503 Service Unavailable", &[], ""),
        16 => cut(Kind::Lookup),
        17 => cut(Kind::Me),
        _ => Fault::right(Kind::Post),
    };
    Fault { lag, ..fault }
}

/// What a person did with success, to be held against what was posted.
#[derive(Default)]
struct Deeds {
    /// Mentions whose reply was dropped before anything was sent.
    rejected: HashSet<String>,
    /// Mentions whose reply may have been on its way when it was dropped: the ledger knows no more of it.
    dropped: HashSet<String>,
    /// The words that were put in.
    edited: HashMap<String, String>,
    /// Authors who are to be left alone, since when.
    left_alone: BTreeMap<String, i64>,
}

impl Deeds {
    fn act(&mut self, act: &Act, ledger: &mut Ledger, mentions: &[u64], now: i64) {
        let key = |number: &usize| mentions.get(*number).map(u64::to_string).unwrap_or_default();
        match act {
            Act::Approve(row) => drop(ledger.approve(&key(row), now).unwrap()),
            Act::Edit(row, words) => {
                let text = format!(
                    "These are words number {} of mine.",
                    "one ".repeat((*words % 9).into())
                );
                if ledger.edit(&key(row), &text, now).unwrap() {
                    self.edited.insert(key(row), text);
                }
            }
            Act::Reject(row) => {
                let waits = ledger.row(&key(row)).unwrap().is_some_and(|row| {
                    matches!(row.state, State::Queued | State::Waiting | State::Approved)
                        && row.posted.is_none()
                });
                if ledger.reject(&key(row), now).unwrap() {
                    if waits { &mut self.rejected } else { &mut self.dropped }.insert(key(row));
                }
            }
            Act::SendLost(row) => drop(ledger.send_lost(&key(row), now).unwrap()),
            Act::OptOut(author) => {
                ledger.opt_out(&author.to_string(), OptOut::Operator, now).unwrap();
                self.left_alone.entry(author.to_string()).or_insert(now);
            }
            Act::Forget(row) => drop(ledger.forget(&key(row), now).unwrap()),
        }
    }
}

fn play(fake: &Fake, events: &[Event]) {
    *fake.world() =
        World { now: T, page: 100, date: true, keys: Some(secrets()), ..World::default() };
    let mut rig = Rig::with(fake.clone());
    rig.settings.posting = Posting::Queue;
    rig.settings.policy.per_thread = 3;
    rig.run(SECOND);
    let (mut mentions, mut deeds, mut lag) = (Vec::new(), Deeds::default(), 0);
    for event in events {
        match event {
            Event::Say(author, text) => mentions.push(rig.say(&author.to_string(), TEXTS[*text])),
            Event::Edit(number) => {
                let Some(&first) = mentions.get(*number) else { continue };
                let author = rig.fake.world().post(first).author.clone();
                let second = rig.say(&author, "@inkbot Rain, I meant");
                let mut world = rig.fake.world();
                let mut history = world.post(first).history.clone();
                history.push(second);
                world.post(second).history = history;
            }
            Event::Delete(number) => {
                if let Some(&mention) = mentions.get(*number) {
                    rig.fake.world().post(mention).deleted = true;
                }
            }
            Event::Fault(number) => rig.script(&[fault(*number, lag)]),
            Event::Lag(minutes) => lag = i64::from(*minutes) * 10 * SECOND,
            Event::Wait(minutes) => rig.now += minutes * MINUTE,
            Event::Act(act) => deeds.act(act, &mut rig.ledger(), &mentions, rig.now),
            Event::Auto(auto) => {
                rig.settings.posting = if *auto { Posting::Auto } else { Posting::Queue };
            }
            Event::Run(minutes, meanwhile, crash) => {
                let mut other = rig.ledger();
                let (mut step, clock) = (0_u8, fake.clone());
                let (mentions, deeds) = (&mentions, &mut deeds);
                rig.run_watched(minutes * MINUTE, move |_| {
                    // A run is minutes long, and what was begun in it before an opt-out is none against it.
                    let now = clock.world().now;
                    for (_, act) in meanwhile.iter().filter(|(at, _)| *at == step) {
                        deeds.act(act, &mut other, mentions, now);
                    }
                    if *crash == Some(step) {
                        std::panic::resume_unwind(Box::new("crash"));
                    }
                    step = step.saturating_add(1);
                });
                rig.trouble = None;
            }
        }
        rig.judge();
    }
    // then nothing goes wrong any more, and a person lets go what waits
    rig.fake.world().script.clear();
    for _ in 0..3 {
        rig.pass(7 * HOUR);
        for mention in &mentions {
            deeds.act(&Act::Approve(0), &mut rig.ledger(), &[*mention], rig.now);
        }
    }
    rig.judge();
    let ledger = rig.ledger();
    assert_eq!(ledger.count(State::Posting).unwrap() + ledger.count(State::Uncertain).unwrap(), 0);
    let world = rig.fake.world();
    for post in world.posts.iter().filter(|post| post.author == ME) {
        let to = post.replied_to.expect("a reply");
        let mention = world.posts.iter().find(|other| other.id == to).expect("a mention");
        let key = mention.history[0].to_string();
        assert!(!deeds.rejected.contains(&key), "rejected, and posted: {}", post.text);
        // an edit of the mention drops the words that were put in for its older version
        if let Some(words) = deeds.edited.get(&key).filter(|_| mention.history.len() == 1) {
            assert!(
                post.text == *words || !post.text.starts_with("These are words"),
                "{}",
                post.text
            );
        }
        let row = ledger.row(&key).unwrap().expect("a row");
        let known = row.reply_id.as_deref() == Some(&*post.id.to_string());
        assert!(known || deeds.dropped.contains(&key), "{row:?} lost {}", post.id);
        let begun = row.posted.unwrap_or(0);
        let alone = deeds.left_alone.get(&mention.author);
        assert!(alone.is_none_or(|since| begun <= *since), "answered after their opt-out");
        assert!(mention.text != TEXTS[3], "a stop was answered");
    }
}

#[test]
fn no_order_of_things_answers_anybody_twice() {
    let fake = Fake::start(T);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(events in proptest::collection::vec(event(), 1..30))| {
        play(&fake, &events);
    });
}
