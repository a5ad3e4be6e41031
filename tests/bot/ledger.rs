//! The ledger: what it keeps, what it refuses, and that its transitions let nothing happen twice.

use tempfile::TempDir;
use unstuck::mentions::{Kind, Ledger, LedgerError, Mention, OptOut, Person, State};

const T: i64 = 1_790_000_000_000;
const HOUR: i64 = 3_600_000;

fn mention(key: &str, author: &str) -> Mention {
    Mention {
        key: key.into(),
        id: key.into(),
        author: Person { id: author.into(), handle: author.into(), ..Person::default() },
        text: "@bot hello".into(),
        created: T,
        conversation: key.into(),
        explicit: true,
        ..Mention::default()
    }
}

/// A ledger with one approved reply to mention 1 of ash.
fn approved() -> Ledger {
    let mut ledger = Ledger::in_memory(T).unwrap();
    ledger.take_in(&[mention("1", "ash")], T).unwrap();
    ledger.queue("1", "hello", T).unwrap();
    ledger.answer("1", Kind::Reply, "Well.", Some((7, "m")), State::Approved, T).unwrap();
    ledger
}

fn state(ledger: &Ledger) -> State {
    ledger.row("1").unwrap().unwrap().state
}

#[test]
fn one_mention_is_one_row_however_often_it_comes() {
    let mut ledger = Ledger::in_memory(T).unwrap();
    assert_eq!(ledger.take_in(&[mention("1", "ash"), mention("1", "ash")], T).unwrap(), 1);
    assert_eq!(ledger.take_in(&[mention("1", "ash")], T).unwrap(), 0);
    let edited = Mention { id: "22".into(), text: "@bot better".into(), ..mention("1", "ash") };
    assert_eq!(ledger.take_in(&[edited], T).unwrap(), 0);
    let row = ledger.row("1").unwrap().unwrap();
    assert_eq!((&*row.id, &*row.mention.unwrap().text), ("22", "@bot better"));
    // the older version, late, changes nothing; numbers count, not letters
    ledger.take_in(&[Mention { id: "3".into(), ..mention("1", "ash") }], T).unwrap();
    assert_eq!(ledger.row("1").unwrap().unwrap().id, "22");
}

#[test]
fn a_request_is_begun_once_and_only_with_the_words_that_were_approved() {
    let mut ledger = approved();
    assert!(ledger.begin("1", "Other words.", T).unwrap().is_none());
    let attempt = ledger.begin("1", "Well.", T).unwrap().unwrap();
    assert_eq!((attempt.number, state(&ledger)), (1, State::Posting));
    assert!(ledger.begin("1", "Well.", T).unwrap().is_none(), "it is on its way already");
    ledger.arrived(&attempt, "100", T).unwrap();
    assert!(ledger.begin("1", "Well.", T).unwrap().is_none());
    assert_eq!(state(&ledger), State::Posted);
    assert!(ledger.said_since("Well.", T - HOUR).unwrap());
    // nothing that comes later undoes it
    ledger.skip("1", "x", T).unwrap();
    ledger.bury("1", "x", T).unwrap();
    ledger.opt_out("ash", OptOut::Operator, T).unwrap();
    assert_eq!(state(&ledger), State::Posted);
    assert!(!ledger.reject("1", T).unwrap());
}

#[test]
fn an_opt_out_drops_what_waits_and_stops_what_is_approved() {
    let mut ledger = approved();
    ledger.opt_out("ash", OptOut::Operator, T).unwrap();
    assert_eq!(state(&ledger), State::Skipped);
    assert!(ledger.begin("1", "Well.", T).unwrap().is_none());
    assert!(ledger.past("2", "ash", "t", T).unwrap().opted_out);
    assert!(ledger.opt_in("ash").unwrap() && !ledger.opt_in("ash").unwrap());
}

#[test]
fn what_was_cut_off_is_doubted_looked_for_and_sent_again_once() {
    let mut ledger = approved();
    ledger.begin("1", "Well.", T).unwrap().unwrap();
    assert_eq!(ledger.doubt_orphans(T).unwrap(), 1);
    assert_eq!(state(&ledger), State::Uncertain);
    ledger.missed("1", T).unwrap();
    assert!(ledger.uncertain(T - 1).unwrap().is_empty(), "it was looked for just now");
    assert!(ledger.again("1", 2, T).unwrap());
    assert_eq!((state(&ledger), ledger.was_uncertain("1").unwrap()), (State::Approved, true));
    let second = ledger.begin("1", "Well.", T).unwrap().unwrap();
    assert_eq!(second.number, 2);
    ledger.doubt(&second, "no answer", T).unwrap();
    assert!(!ledger.again("1", 2, T).unwrap(), "twice without a trace is enough");
    ledger.found("1", "100", T).unwrap();
    let row = ledger.row("100").unwrap().unwrap();
    assert_eq!((row.state, row.reply_id.as_deref()), (State::Posted, Some("100")));
}

#[test]
fn caps_open_when_the_oldest_reply_is_old_enough() {
    let mut ledger = Ledger::in_memory(T).unwrap();
    for (number, at) in [T, T + 10, T + 20].into_iter().enumerate() {
        let key = number.to_string();
        ledger.take_in(&[mention(&key, &key)], T).unwrap();
        ledger.answer(&key, Kind::Reply, "Well.", None, State::Approved, T).unwrap();
        let attempt = ledger.begin(&key, "Well.", at).unwrap().unwrap();
        ledger.arrived(&attempt, "9", at).unwrap();
    }
    assert_eq!(ledger.capped_until(4, 100, T + 30).unwrap(), None);
    assert_eq!(ledger.capped_until(3, 100, T + 30).unwrap(), Some(T + HOUR));
    assert_eq!(ledger.capped_until(2, 100, T + 30).unwrap(), Some(T + 10 + HOUR));
    assert_eq!(ledger.capped_until(100, 3, T + 30).unwrap(), Some(T + 24 * HOUR));
    assert_eq!(ledger.capped_until(3, 100, T + HOUR).unwrap(), None);
}

#[test]
fn forgetting_leaves_what_prevents_a_second_answer() {
    let mut ledger = approved();
    let attempt = ledger.begin("1", "Well.", T).unwrap().unwrap();
    ledger.arrived(&attempt, "100", T).unwrap();
    assert_eq!(ledger.forget("ash", T).unwrap(), 1);
    let row = ledger.row("1").unwrap().unwrap();
    assert_eq!((row.mention, row.prompt, row.reply, row.state), (None, None, None, State::Posted));
    assert_eq!(ledger.take_in(&[mention("1", "ash")], T).unwrap(), 0);
    assert!(ledger.said_since("Well.", T).unwrap());
}

#[test]
fn older_ledgers_are_brought_up_and_newer_ones_left_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("old.sqlite");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(include_str!("../../src/mentions/ledger/schema_1.sql")).unwrap();
    db.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 0x756e7374;").unwrap();
    db.execute(
        "INSERT INTO mention (key, id, author, handle, thread, created, state, changed)
         VALUES ('1', '1', 'ash', 'ash', '1', 0, 'posted', 0)",
        [],
    )
    .unwrap();
    drop(db);
    let ledger = Ledger::open(&path, T).unwrap();
    assert_eq!(ledger.row("1").unwrap().unwrap().state, State::Posted);
    ledger.spend(1, 5).unwrap();
    assert_eq!(ledger.spent(1).unwrap(), 5);
    drop(ledger);
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(db);
    assert!(matches!(Ledger::open(&path, T), Err(LedgerError::Newer(99))));
    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE songs (name)").unwrap();
    assert!(matches!(Ledger::open(&other, T), Err(LedgerError::Broken(_))));
}

#[test]
fn what_is_read_only_or_full_is_no_place_for_an_intent() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("l.sqlite");
    let mut ledger = Ledger::open(&path, T).unwrap();
    ledger.take_in(&[mention("1", "ash")], T).unwrap();
    ledger.answer("1", Kind::Reply, "Well.", None, State::Approved, T).unwrap();
    // another program has the ledger for itself, for longer than anybody waits
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    ledger.patience(std::time::Duration::ZERO).unwrap();
    assert!(matches!(ledger.begin("1", "Well.", T), Err(LedgerError::Storage(_))));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(ledger.begin("1", "Well.", T).unwrap().is_some());
}

#[test]
fn no_turn_looks_at_every_row() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("l.sqlite");
    Ledger::open(&path, T).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    for asked in [
        "SELECT * FROM mention WHERE state = 'seen' ORDER BY created",
        "SELECT count(*) FROM mention WHERE state = 'posting'",
    ] {
        let plan: String =
            db.query_row(&format!("EXPLAIN QUERY PLAN {asked}"), [], |row| row.get(3)).unwrap();
        assert!(plan.contains("USING") && plan.contains("by_state"), "{asked}: {plan}");
    }
}
