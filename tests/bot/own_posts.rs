//! Posts of the account's own at set times: off unless set, through the same gate and queue as replies, and never twice.

use super::{
    fake::{Fault, Kind, ME, Post},
    rig::{HOUR, MINUTE, Rig, T},
};
use unstuck::{
    bot::{Posting, TimeOfDay},
    mentions::State,
};

const DAY: i64 = 24 * HOUR;

/// The time of day of a moment.
fn time_of(moment: i64) -> TimeOfDay {
    let minutes = moment.rem_euclid(DAY) / MINUTE;
    TimeOfDay::try_from(format!("{:02}:{:02}", minutes / 60, minutes % 60)).unwrap()
}

/// A bot that posts ten minutes after its first look, and every day after that.
fn rig() -> Rig {
    let mut rig = Rig::new();
    rig.settings.posts.at = vec![time_of(T + 10 * MINUTE)];
    rig.settings.posts.prompts = vec!["The harbour".into()];
    rig
}

fn own(rig: &Rig) -> Vec<Post> {
    let world = rig.fake.world();
    world
        .posts
        .iter()
        .filter(|post| post.author == ME && post.replied_to.is_none())
        .cloned()
        .collect()
}

#[test]
fn without_times_nothing_is_posted_but_replies() {
    let mut rig = Rig::new();
    rig.run(2 * DAY);
    assert_eq!((own(&rig).len(), rig.count(Kind::Post)), (0, 0));
}

#[test]
fn one_post_at_each_time() {
    let mut rig = rig();
    rig.run(5 * MINUTE);
    assert_eq!(own(&rig).len(), 0, "not yet");
    rig.run(10 * MINUTE);
    assert_eq!(own(&rig).len(), 1);
    let said = rig.said.last().unwrap().clone();
    assert_eq!((said.decision, &said.author), ("post", &None), "{said:?}");
    assert_eq!(Some(&own(&rig)[0].text), said.reply.as_ref());
    assert!(said.steps.iter().any(|step| step.step == "prompt" && step.text == "The harbour"));
    rig.run(3 * DAY);
    assert_eq!(own(&rig).len(), 4);
    // what passes while the bot is off is left out
    rig.now += 2 * DAY;
    rig.run(HOUR);
    assert_eq!(own(&rig).len(), 4);
    rig.judge();
}

#[test]
fn a_post_waits_for_a_person_as_a_reply_does() {
    let mut rig = rig();
    rig.settings.posting = Posting::Queue;
    rig.run(HOUR);
    assert_eq!(rig.count(Kind::Post), 0);
    let ledger = rig.ledger();
    let row = ledger.oldest(State::Waiting, 9).unwrap().pop().expect("a post");
    assert!(row.key.starts_with("own-") && !row.steps.is_empty(), "{row:?}");
    assert!(ledger.roll(&row.key, rig.now).unwrap());
    rig.run(MINUTE);
    let again = rig.ledger().row(&row.key).unwrap().unwrap();
    assert!(again.state == State::Waiting && again.reply != row.reply, "{again:?}");
    assert!(rig.ledger().approve(&row.key, rig.now).unwrap());
    rig.run(MINUTE);
    assert_eq!(own(&rig).len(), 1);
    // one that is approved too late is not posted
    rig.run(DAY);
    let late = rig.ledger().oldest(State::Waiting, 9).unwrap().pop().expect("a post");
    rig.pass(2 * DAY);
    assert!(rig.ledger().approve(&late.key, rig.now).unwrap());
    rig.run(MINUTE);
    assert_eq!(own(&rig).len(), 1);
    rig.judge();
}

#[test]
fn a_post_that_was_lost_is_found_by_its_text_and_not_sent_again() {
    for fault in [
        Fault::raw(Kind::Post, b"").committed(),
        Fault { lag: MINUTE, ..Fault::raw(Kind::Post, b"").committed() },
    ] {
        let mut rig = rig();
        rig.script(&[fault]);
        rig.run(3 * HOUR);
        assert_eq!((own(&rig).len(), rig.count(Kind::Post)), (1, 1), "{:?}", rig.notes);
    }
    // one that never arrived is sent again
    let mut rig = rig();
    rig.script(&[Fault::raw(Kind::Post, b"")]);
    rig.run(3 * HOUR);
    assert_eq!((own(&rig).len(), rig.count(Kind::Post)), (1, 2), "{:?}", rig.notes);
}

#[test]
fn neither_a_crash_nor_a_restored_ledger_posts_twice() {
    for step in
        ["scheduled", "drafting", "drafted", "posting", "intent kept", "answered", "result kept"]
    {
        let mut rig = rig();
        assert!(rig.crash_at(step), "{step}");
        rig.run(3 * HOUR);
        assert_eq!(own(&rig).len(), 1, "{step}: {:?}", rig.notes);
    }
    let mut rig = rig();
    rig.settings.posting = Posting::Queue;
    rig.run(HOUR);
    let key = rig.ledger().oldest(State::Waiting, 9).unwrap().pop().expect("a post").key;
    rig.ledger().approve(&key, rig.now).unwrap();
    let backup = std::fs::read(rig.path()).unwrap();
    rig.run(MINUTE);
    assert_eq!(own(&rig).len(), 1);
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(rig.path().with_extension(format!("sqlite{end}")));
    }
    std::fs::write(rig.path(), backup).unwrap();
    rig.run(HOUR);
    assert_eq!(own(&rig).len(), 1, "{:?}", rig.notes);
    assert_eq!(rig.ledger().row(&key).unwrap().unwrap().state, State::Posted);
}

#[test]
fn times_without_a_beginning_are_refused() {
    let mut rig = rig();
    rig.settings.posts.prompts.clear();
    rig.run(MINUTE);
    assert!(format!("{:?}", rig.trouble).contains("prompts"), "{:?}", rig.trouble);
}
