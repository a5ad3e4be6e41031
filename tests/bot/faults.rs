//! How a platform, a network and a process fail, and what has to happen then: faults 1 to 60 are in this file, in
//! `faults_more` and in `faults_process`; each test says above which ones it covers. After each fault `Rig::judge` checks
//! that every mention has at most one reply, exactly one where nothing prevented it, and that no key is in any output.

use super::{
    fake::{Fault, Kind, http, http_date},
    rig::{HOUR, MINUTE, Rig, SECOND},
};
use unstuck::{bot::Trouble, mentions::State};

const HTML: &str = "<html><body>Attention required</body></html>";

fn problem(status: u16, title: &str, detail: &str, kind: &str) -> String {
    serde_json::json!({"status": status, "title": title, "detail": detail, "type": kind})
        .to_string()
}

/// One mention, these faults, time enough: the rig and the mention.
fn after(faults: &[Fault]) -> (Rig, u64) {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot The lamp went out, and");
    rig.script(faults);
    rig.run(40 * MINUTE);
    rig.judge();
    (rig, mention)
}

/// Whatever happened, it was answered once in the end.
fn answered(name: &str, faults: &[Fault]) -> Rig {
    let (rig, mention) = after(faults);
    assert_eq!(rig.replies(mention), 1, "{name}: {:?}", rig.notes);
    assert_eq!(rig.state(mention), State::Posted, "{name}");
    rig
}

fn forbidden(detail: &str) -> Fault {
    Fault::answer(
        Kind::Post,
        "403 Forbidden",
        &[],
        &problem(403, "Forbidden", detail, "about:blank"),
    )
}

/// - 0: nothing goes wrong.
#[test]
fn f00_a_mention_is_answered() {
    let rig = answered("nothing wrong", &[]);
    assert_eq!(rig.count(Kind::Post), 1);
    assert_eq!(rig.said.last().unwrap().decision, "reply");
    assert_eq!(rig.said.last().unwrap().steps.len(), 9);
}

/// - 1: killed between the intent and the request: looked for, not found, sent once.
#[test]
fn f01_killed_before_the_request_it_is_sent_once() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    assert!(rig.crash_at("intent kept"));
    assert_eq!((rig.state(mention), rig.count(Kind::Post)), (State::Posting, 0));
    rig.run(20 * MINUTE);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posted, 1));
    assert_eq!(rig.count(Kind::Post), 1);
    rig.judge();
}

/// - 2: killed after the post was made, before its response is read: found, not sent again.
/// - 3: killed after the response, before it is stored: found, not sent again.
/// - 58: a platform without idempotency keys, and a crash: one reply.
#[test]
fn f02_f03_f58_killed_after_the_deed_it_is_found_and_not_done_again() {
    // 2: before the answer was read; 3: before what it said was kept. There is no key that would make a second one
    // harmless (58): only the look at the timeline does.
    for answer in [Fault::raw(Kind::Post, b"").committed(), Fault::right(Kind::Post)] {
        let mut rig = Rig::new();
        let mention = rig.say("1", "@inkbot One");
        rig.script(&[answer]);
        assert!(rig.crash_at("answered"));
        assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posting, 1));
        rig.run(20 * MINUTE);
        assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posted, 1));
        assert_eq!(rig.count(Kind::Post), 1);
        rig.judge();
    }
}

/// - 7: not posted, and no error: looked for twice, sent once more; then a person decides.
#[test]
fn f07_sent_twice_without_a_trace_a_person_decides() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    let next = rig.say("2", "@inkbot Two");
    rig.script(&[
        Fault::raw(Kind::Post, b""),
        Fault::raw(Kind::Post, b""),
        Fault::raw(Kind::Post, b""),
    ]);
    rig.run(2 * HOUR);
    // the second of them befell the other mention's first request
    assert_eq!((rig.state(mention), rig.state(next)), (State::Dead, State::Posted));
    assert!(rig.reason(mention).contains("without a trace"));
    assert_eq!(rig.ledger().lost().unwrap().len(), 1);
    let posts = rig.fake.world().posts.clone();
    assert_eq!(rig.count(Kind::Post), 4);
    assert!(rig.ledger().send_lost(&mention.to_string(), rig.now).unwrap());
    assert!(!rig.ledger().send_lost(&mention.to_string(), rig.now).unwrap());
    rig.run(HOUR);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posted, 1));
    assert_eq!(rig.fake.world().posts.len(), posts.len() + 1);
    // and when the person was wrong, because it had arrived after all
    let mention = rig.say("3", "@inkbot Three");
    let late = Fault { lag: 20 * MINUTE, ..Fault::raw(Kind::Post, b"").committed() };
    rig.script(&[late, Fault::raw(Kind::Post, b"")]);
    rig.run(10 * MINUTE);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Dead, 1));
    rig.run(20 * MINUTE);
    assert!(rig.ledger().send_lost(&mention.to_string(), rig.now).unwrap());
    rig.run(HOUR);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posted, 1));
    rig.judge();
}

/// - 4: posted, and the connection is cut: found, not sent again.
/// - 7: not posted, and no error: looked for twice, sent once more; then a person decides.
/// - 55: the connection is reset: read again; a post is looked for.
#[test]
fn f04_f07_f55_what_got_lost_is_looked_for_before_it_is_sent_again() {
    // 4, 55: carried out, and the connection closed without a word, or in the middle of one
    let halves: [&[u8]; 5] = [
        b"",
        b"HTTP/1.1 201 Cre",
        b"HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{\"data\":{\"id\"",
        b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n",
        b"\xff\xfe\x00 this is not HTTP",
    ];
    for bytes in halves {
        let rig = answered("4", &[Fault::raw(Kind::Post, bytes).committed()]);
        assert_eq!(rig.count(Kind::Post), 1, "the reply was there: {bytes:?}");
        // 7: not carried out; looked for twice, then once more
        let rig = answered("7", &[Fault::raw(Kind::Post, bytes)]);
        assert_eq!(rig.count(Kind::Post), 2);
        assert!(rig.count(Kind::Timeline) >= 3, "once at the start, then twice");
    }
    // 7, 23: errors that may come after the deed
    for status in
        ["500 Oops", "502 Bad Gateway", "503 Service Unavailable", "504 Timeout", "409 Conflict"]
    {
        for body in ["", HTML, "{", "{\"title\":\"x\"}"] {
            let fault = Fault::answer(Kind::Post, status, &[], body);
            assert_eq!(
                answered(status, std::slice::from_ref(&fault)).count(Kind::Post),
                2,
                "{status}"
            );
            assert_eq!(answered(status, &[fault.committed()]).count(Kind::Post), 1, "{status}");
        }
    }
}

/// - 5: posted, and the timeline shows it a minute late: not sent again, found later.
#[test]
fn f05_a_timeline_that_lags_causes_no_second_reply() {
    let lost = Fault { lag: 60 * SECOND, ..Fault::raw(Kind::Post, b"").committed() };
    assert_eq!(answered("5", &[lost]).count(Kind::Post), 1);
}

/// - 6: the timeline can't be read: stays uncertain, nothing is sent.
#[test]
fn f06_without_the_timeline_nothing_is_sent_again() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    let bad = Fault::answer(Kind::Timeline, "503 Service Unavailable", &[], "");
    rig.script(&[Fault::raw(Kind::Post, b"")]);
    // the timeline is read at the start, so it may fail only after that
    rig.crash_at("answered");
    rig.script(&vec![bad; 500]);
    rig.run(3 * HOUR);
    assert_eq!((rig.state(mention), rig.count(Kind::Post)), (State::Uncertain, 1));
    rig.fake.world().script.clear();
    rig.run(HOUR);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Posted, 1));
    rig.judge();
}

/// - 8: reported as a duplicate after an uncertain request: taken as evidence: looked for, not reworded.
/// - 9: reported as a duplicate on the first try: given up.
#[test]
fn f08_f09_a_duplicate_is_a_trace_or_the_end() {
    let twice = "You are not allowed to create a Tweet with duplicate content.";
    let (rig, mention) = after(&[forbidden(twice)]);
    assert_eq!((rig.state(mention), &*rig.reason(mention)), (State::Dead, "duplicate"));
    // lost, shown very late; the retry is refused as a duplicate, which is a trace of the first
    let late = Fault { lag: 4 * MINUTE, ..Fault::raw(Kind::Post, b"").committed() };
    let rig = answered("8", &[late]);
    assert_eq!(rig.count(Kind::Post), 2);
}

/// - 10: 429 with a time: waited for, also after a restart; ends at once when told to.
/// - 11: 429 with headers that make no sense: backs off, sends no burst.
/// - 12: the daily limit is used up, that of the quarter hour isn't: waits for the daily one.
#[test]
fn f10_f11_f12_limits_are_waited_for() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot Wait");
    let headers = |rig: &Rig, name: &str, left: &str, reset: String| {
        vec![
            format!("{name}-remaining: {left}"),
            format!("{name}-reset: {reset}"),
            format!("date: {}", http_date(rig.now)),
        ]
    };
    let limited = |lines: &[String]| {
        let lines: Vec<_> = lines.iter().map(|line| &**line).collect();
        let body = problem(429, "Too Many Requests", "Too Many Requests", "about:blank");
        Fault::answer(Kind::Post, "429 Too Many Requests", &lines, &body)
    };
    let reset = rig.now / 1000 + 100;
    rig.script(&[limited(&headers(&rig, "x-rate-limit", "0", reset.to_string()))]);
    rig.run(80 * SECOND);
    assert_eq!((rig.count(Kind::Post), rig.replies(mention)), (1, 0));
    rig.run(5 * MINUTE); // after a restart too
    assert_eq!((rig.count(Kind::Post), rig.replies(mention)), (2, 1));

    // 12: the quarter hour has room, the day has none
    let mention = rig.say("2", "@inkbot Wait longer");
    let reset = rig.now / 1000 + 7_200;
    let mut lines = headers(&rig, "x-user-limit-24hour", "0", reset.to_string());
    lines.extend([
        "x-rate-limit-remaining: 90".into(),
        format!("x-rate-limit-reset: {}", rig.now / 1000 + 60),
    ]);
    rig.script(&[limited(&lines)]);
    rig.run(110 * MINUTE);
    assert_eq!((rig.replies(mention), rig.count(Kind::Post)), (0, 3));
    rig.run(20 * MINUTE);
    assert_eq!(rig.replies(mention), 1);

    // 11: headers that make no sense
    for reset in ["abc", "0", "32503680000", "", "-5"] {
        let mention = rig.say(&format!("9{}", reset.len()), "@inkbot Nonsense");
        let lines = headers(&rig, "x-rate-limit", "0", reset.to_owned());
        rig.script(&vec![limited(&lines); 20]);
        let before = rig.count(Kind::Post);
        rig.run(10 * MINUTE);
        assert!(rig.count(Kind::Post) - before <= 21, "{reset}: hammered");
        rig.fake.world().script.clear();
        rig.pass(26 * HOUR);
        assert!(rig.replies(mention) <= 1);
        rig.judge();
    }
}

/// - 13: 401 once (OAuth 1.0a has no tokens to refresh): ends with 77; the queue is complete.
/// - 14: 401 for ever: ends with 77 after one request per start; the queue is complete.
/// - 20: no permission, suspended, locked: ends with 77 and says what to do.
#[test]
fn f13_f14_f20_what_a_person_must_mend_ends_it_and_keeps_the_queue() {
    let permission = problem(
        403,
        "Forbidden",
        "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
        "https://api.twitter.com/2/problems/oauth1-permissions",
    );
    let suspended = problem(
        403,
        "Forbidden",
        "Your account is suspended and is not permitted to access this feature.",
        "about:blank",
    );
    for (status, body) in [
        ("401 Unauthorized", problem(401, "Unauthorized", "Unauthorized", "about:blank")),
        ("401 Unauthorized", r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#.into()),
        ("403 Forbidden", permission),
        ("403 Forbidden", suspended),
        ("403 Forbidden", r#"{"errors":[{"code":326,"message":"To protect our users, this account is temporarily locked."}]}"#.into()),
        ("403 Forbidden", problem(403, "Client Forbidden", "", "https://api.x.com/2/problems/client-forbidden")),
    ] {
        let mut rig = Rig::new();
        let mention = rig.say("1", "@inkbot One");
        rig.script(&vec![Fault::answer(Kind::Post, status, &[], &body); 9]);
        rig.run(HOUR);
        assert!(matches!(rig.trouble, Some(Trouble::Permission(_))), "{body}: {:?}", rig.notes);
        assert_eq!((rig.state(mention), rig.count(Kind::Post)), (State::Approved, 1), "{body}");
        // 14: however often it is started, it asks no more than it must
        rig.run(MINUTE);
        assert_eq!(rig.count(Kind::Post), 2, "{body}");
        rig.fake.world().script.clear();
        rig.run(HOUR);
        assert_eq!(rig.replies(mention), 1, "{body}");
        rig.judge();
    }
}

/// - 17: no credit, in both response formats: everything waits, said once, continues by itself.
#[test]
fn f17_without_credit_everything_waits_and_is_said_once() {
    for body in [
        r#"{"account_id":1553086854915936256,"title":"CreditsDepleted","detail":"Your enrolled account does not have any credits to fulfill this request.","type":"https://api.twitter.com/2/problems/credits"}"#,
        r#"{"detail":"credits depleted","status":402,"title":"Payment Required","type":"https://api.x.com/2/problems/credits-depleted"}"#,
    ] {
        let mut rig = Rig::new();
        let mention = rig.say("1", "@inkbot One");
        rig.script(&vec![Fault::answer(Kind::Post, "402 Payment Required", &[], body); 2]);
        let before = rig.fake.world().log.len();
        rig.run(14 * MINUTE);
        assert!(rig.fake.world().log.len() - before <= 4, "{:?}", rig.fake.world().log);
        rig.run(3 * HOUR);
        assert_eq!(rig.replies(mention), 1);
        assert!(
            rig.notes.iter().filter(|note| note.contains("credit")).count() <= 2,
            "{:?}",
            rig.notes
        );
        rig.judge();
    }
}

/// - 18: one refusal because we weren't mentioned: given up; the next mention is answered.
/// - 19: three of these refusals in a row: posting stops, approved replies stay.
#[test]
fn f18_f19_one_refusal_is_theirs_three_in_a_row_are_ours() {
    let not_engaged = [
        forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
        ),
        forbidden(
            "You can only reply to or quote posts where you are mentioned or are the author.",
        ),
    ];
    let mut rig = Rig::new();
    let first = rig.say("1", "@inkbot One");
    let second = rig.say("2", "@inkbot Two");
    rig.script(&not_engaged[..1]);
    rig.run(10 * MINUTE);
    assert_eq!((rig.state(first), rig.replies(second)), (State::Dead, 1));
    let all: Vec<_> = (10..20).map(|author| rig.say(&author.to_string(), "@inkbot More")).collect();
    rig.script(&[&not_engaged[..], &not_engaged[..], &not_engaged[..]].concat());
    let before = rig.count(Kind::Post);
    rig.run(HOUR);
    assert_eq!(rig.count(Kind::Post) - before, 3);
    let states: Vec<_> = all.iter().map(|mention| rig.state(*mention)).collect();
    assert_eq!(states.iter().filter(|state| **state == State::Dead).count(), 2, "{states:?}");
    assert!(states.iter().filter(|state| **state == State::Approved).count() >= 8, "{states:?}");
    assert!(
        rig.notes.iter().any(|note| note.contains("three") || note.contains("3 replies in a row"))
    );
    rig.judge();
}

/// - 21: the mention was deleted: given up, its text is erased.
/// - 22: the author blocked us or closed the thread: given up.
#[test]
fn f21_f22_gone_or_closed_mentions_end_quietly() {
    let mut rig = Rig::new();
    let gone = rig.say("1", "@inkbot Soon gone");
    let closed = rig.say("2", "@inkbot Closed");
    let fine = rig.say("3", "@inkbot Fine");
    rig.script(&[
        Fault::answer(Kind::Post, "403 Forbidden", &[], r#"{"errors":[{"code":385,"message":"You attempted to reply to a Tweet that is deleted or not visible to you."}]}"#),
        Fault::answer(Kind::Post, "403 Forbidden", &[], r#"{"errors":[{"code":433,"message":"The original Tweet author restricted who can reply to this Tweet."}]}"#),
    ]);
    rig.run(10 * MINUTE);
    assert_eq!((rig.state(gone), &*rig.reason(gone)), (State::Dead, "gone"));
    assert_eq!(
        rig.ledger().row(&gone.to_string()).unwrap().unwrap().mention,
        None,
        "its text is forgotten"
    );
    assert_eq!((rig.state(closed), rig.state(fine)), (State::Dead, State::Posted));
    // lost, and the mention deleted meanwhile: nothing to answer
    let mention = rig.say("4", "@inkbot Vanishing");
    rig.script(&[Fault::raw(Kind::Post, b"")]);
    rig.run(70 * SECOND);
    rig.fake.world().post(mention).deleted = true;
    rig.run(HOUR);
    assert_eq!((rig.state(mention), rig.replies(mention)), (State::Dead, 0));
    rig.judge();
}

/// - 23: HTML, an empty, partial or random response, 10 MB: survived; at most 16 MiB are read.
/// - 24: a response without an id: looked for.
#[test]
fn f23_f24_rubbish_is_survived() {
    let huge = "x".repeat(10 << 20);
    for kind in [Kind::Mentions, Kind::Me, Kind::Timeline] {
        for (status, body) in [
            ("403 Forbidden", HTML),
            ("503 Service Unavailable", HTML),
            ("404 Not Found", ""),
            ("200 OK", ""),
            ("200 OK", "{"),
            ("200 OK", "[]"),
            ("200 OK", "\u{0}"),
            ("200 OK", &huge),
            ("200 OK", r#"{"data":7}"#),
            ("200 OK", r#"{"errors":[{"title":"x"}]}"#),
            ("500 Oops", &huge),
        ] {
            let mut rig = Rig::untouched();
            rig.script(&[Fault::answer(kind, status, &["content-type: text/html"], body)]);
            rig.run(20 * MINUTE);
            rig.trouble = None; // an account that isn't there is a person's to mend
            let mention = rig.say("1", "@inkbot One");
            rig.run(20 * MINUTE);
            assert_eq!(rig.replies(mention), 1, "{kind:?} {status} {:.20}: {:?}", body, rig.notes);
            rig.judge();
        }
    }
    // 24: taken, and not said as what
    for body in [
        "",
        "{}",
        r#"{"data":{}}"#,
        r#"{"data":{"id":17}}"#,
        r#"{"data":{"id":"../17"}}"#,
        r#"{"errors":[]}"#,
    ] {
        let fault = Fault::answer(Kind::Post, "201 Created", &[], body);
        assert_eq!(answered("24", &[fault.clone().committed()]).count(Kind::Post), 1, "{body}");
        assert_eq!(answered("24", &[fault]).count(Kind::Post), 2, "{body}");
    }
}

/// - 25: a redirect to another host: not followed; the keys are not sent there.
#[test]
fn f25_nobody_else_gets_the_keys() {
    let mut rig = Rig::new();
    let mention = rig.say("1", "@inkbot One");
    let location = format!("location: {}/2/tweets", rig.fake.elsewhere_url);
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        rig.script(&[
            Fault::raw(Kind::Post, &http(status, &[&location], "")),
            Fault::raw(Kind::Mentions, &http(status, &[&location], "")),
        ]);
    }
    rig.run(2 * HOUR);
    assert_eq!(*rig.fake.elsewhere.lock().unwrap(), 0);
    assert_eq!(rig.replies(mention), 1);
    rig.judge();
}

/// - 26: the clock is wrong: corrected once by the platform's.
#[test]
fn f26_a_clock_that_is_wrong_is_put_right_once() {
    for skew in [600 * SECOND, -600 * SECOND, HOUR] {
        let mut rig = Rig::untouched();
        rig.fake.world().skew = skew;
        rig.run(SECOND);
        let mention = rig.say("1", "@inkbot One");
        rig.run(5 * MINUTE);
        assert_eq!(rig.replies(mention), 1, "{skew}: {:?} {:?}", rig.notes, rig.trouble);
        let refused = rig.fake.world().log.iter().filter(|(_, status)| *status == 401).count();
        assert_eq!(refused, 2, "once a start");
        rig.judge();
    }
}
