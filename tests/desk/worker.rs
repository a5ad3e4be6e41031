//! The model's thread with a scripted engine: news arrives in order, late tokens and errors end nothing, a panic
//! becomes news. The listener itself sends the requests in between, so every order is exact.

use crate::support::{
    desk,
    scripted::{Scripted, Turn},
};
use std::sync::{
    Arc, Mutex, Weak,
    atomic::{AtomicBool, Ordering},
    mpsc::{self, Sender},
};
use unstuck::{
    clean::Level,
    generate::{Ask, Engine, Guide, Look, Output, Prefix, ScoreDraft, Seen},
    token::{BranchId, SamplingParams, StopReason, Token},
    ui::worker::{self, News, Request},
};

fn ask(branch: BranchId) -> Request {
    let params = SamplingParams::default();
    Request::Generate(Ask {
        branch,
        prompt: "the boat".into(),
        guide: Guide::default(),
        params,
        clean: Level::Prose,
        prefix: Prefix::Characters,
    })
}

fn word(branch: BranchId, text: &str) -> (BranchId, Output) {
    let token = Token {
        id: Some(1),
        text: text.into(),
        logprob: None,
        rank: None,
        top: Vec::new(),
        copied: 0,
        drawn: Vec::new(),
    };
    (branch, Output::Token(token))
}

fn done(branch: BranchId) -> (BranchId, Output) {
    (branch, Output::Done(StopReason::Sentence))
}

fn script(turns: Vec<Turn>) -> Scripted {
    let seen = Seen { token: 0..3, rank: 1, logprob: -0.5, vocabulary: 9, top: Vec::new() };
    Scripted {
        info: desk::info(),
        turns: turns.into(),
        refused: vec![99],
        seen: Some(seen),
        live: Vec::new(),
        looks: Vec::new(),
        unread: 0,
        held: None,
    }
}

/// Runs a worker until nobody asks any more. `react` hears every word of news and may ask for more.
fn run(
    script: Scripted,
    first: Vec<Request>,
    react: impl Fn(&str, &Sender<Request>) + Send + 'static,
) -> Vec<String> {
    let (requests, inbox) = mpsc::channel();
    let (heard, news) = mpsc::channel();
    first.into_iter().for_each(|request| requests.send(request).unwrap());
    // The only sender left is the listener's, and it goes when all branches have ended.
    let asking = std::sync::Mutex::new(Some(requests));
    let tell = move |told: News| {
        let words = match &told {
            News::Loaded(_) => "loaded".into(),
            News::Reading(branch, reading) => format!("{branch} reads {}", reading.tokens),
            News::Token(branch, token) => format!("{branch}{}", token.text),
            News::Done(branch, _) => format!("{branch} done"),
            News::Failed(branch, why) => format!("{branch} failed: {why}"),
            News::Weighed(number, weighed) => format!("{number} weighed {}", weighed.tokens),
            News::Checked(number, checked) => format!("{number} checked {}", checked.same),
            News::Seen(number, seen) => format!("{number} saw {:?}", seen.token),
            News::Scores(number, scores) => format!("{number} has {} to read", scores.tokens),
            News::Gone(why) => format!("gone: {why}"),
            News::NotOpened(why) => format!("not opened: {why}"),
            News::Speed(_) | News::Measured(_) => return true,
        };
        let mut asking = asking.lock().unwrap();
        if let Some(requests) = asking.as_ref() {
            react(&words, requests);
        }
        if words.ends_with("last") || words.ends_with("last done") {
            *asking = None;
        }
        heard.send(words).is_ok()
    };
    worker::spawn(move || Ok(Engine::with(script)), inbox, tell).unwrap();
    let mut all = Vec::new();
    for words in news {
        let last = words.ends_with("last");
        all.push(words);
        if last {
            break;
        }
    }
    all
}

#[test]
fn branches_grow_together_and_end_in_any_order() {
    let turns = vec![
        Turn::Give(vec![word(1, " a"), word(2, " b"), word(3, " c")]),
        Turn::Give(vec![word(1, " d"), done(3), word(2, " e")]),
        Turn::Give(vec![done(1), word(2, " last")]),
    ];
    let heard = run(script(turns), vec![ask(1), ask(2), ask(3)], |_, _| ());
    assert_eq!(
        heard,
        [
            "loaded",
            "1 reads 2",
            "2 reads 2",
            "3 reads 2",
            "1 a",
            "2 b",
            "3 c",
            "1 d",
            "3 done",
            "2 e",
            "1 done",
            "2 last",
        ]
    );
}

#[test]
fn asking_and_stopping_go_between_two_steps() {
    let turns = vec![
        Turn::Give(vec![word(1, " a")]),
        Turn::Give(vec![word(2, " b")]),
        Turn::Give(vec![word(2, " last")]),
    ];
    let heard = run(script(turns), vec![ask(1)], |words, requests| {
        if words == "1 a" {
            requests.send(Request::Stop(1)).unwrap();
            requests.send(Request::Stop(77)).unwrap();
            requests.send(ask(2)).unwrap();
        }
    });
    assert_eq!(heard, ["loaded", "1 reads 2", "1 a", "2 reads 2", "2 b", "2 last"]);
}

#[test]
fn a_late_token_is_told_under_its_own_name() {
    // The engine gives another token of a branch that was stopped: the front end knows its branch, and lets it go.
    let turns =
        vec![Turn::Give(vec![word(1, " a")]), Turn::Give(vec![word(1, " late"), word(2, " last")])];
    let heard = run(script(turns), vec![ask(1)], |words, requests| {
        if words == "1 a" {
            requests.send(Request::Stop(1)).unwrap();
            requests.send(ask(2)).unwrap();
        }
    });
    assert_eq!(heard, ["loaded", "1 reads 2", "1 a", "2 reads 2", "1 late", "2 last"]);
}

#[test]
fn a_failing_step_fails_all_in_hand_and_ends_nothing() {
    let turns = vec![
        Turn::Give(vec![word(1, " a"), word(2, " b")]),
        Turn::Fail("torn".into()),
        Turn::Give(vec![word(3, " last")]),
    ];
    let heard = run(script(turns), vec![ask(1), ask(2)], |words, requests| {
        if words == "2 failed: torn" {
            requests.send(ask(3)).unwrap();
        }
    });
    let end = ["1 failed: torn", "2 failed: torn", "3 reads 2", "3 last"];
    assert_eq!(heard[heard.len() - 4..], end);
}

#[test]
fn a_branch_that_can_not_begin_fails_alone() {
    let turns = vec![Turn::Give(vec![word(1, " last")])];
    let heard = run(script(turns), vec![ask(1), ask(99)], |_, _| ());
    assert_eq!(heard, ["loaded", "1 reads 2", "99 failed: branch 99 is refused", "1 last"]);
}

#[test]
fn a_panic_is_news() {
    let turns = vec![Turn::Give(vec![word(1, " a")]), Turn::Panic("a weight is no number".into())];
    let heard = run(script(turns), vec![ask(1)], |_, _| ());
    assert_eq!(heard[2], "1 a");
    let gone = "gone: The model broke down (a weight is no number). Save and start again.";
    assert_eq!(heard[3..], [gone]);
}

#[test]
fn looking_is_answered_while_others_stream() {
    let turns = vec![Turn::Give(vec![word(1, " a")]), Turn::Give(vec![word(1, " last")])];
    let look = || Look {
        before: String::new(),
        span: "The".into(),
        at: 0,
        params: SamplingParams::default(),
    };
    let heard = run(script(turns), vec![ask(1), Request::Look(7, look())], |_, _| ());
    assert_eq!(heard, ["loaded", "1 reads 2", "7 saw 0..3", "1 a", "1 last"]);
    let mut blind = script(vec![Turn::Give(vec![word(1, " last")])]);
    blind.seen = None;
    let heard = run(blind, vec![Request::Look(7, look()), ask(1)], |_, _| ());
    assert_eq!(heard[1], "7 failed: there is nothing to see");
}

fn draft(number: BranchId, text: &str) -> Request {
    Request::Score(number, ScoreDraft { text: text.into(), at: 0 })
}

/// A draft is scored in the background: a question that comes meanwhile is answered first.
#[test]
fn scoring_waits_for_offers() {
    let turns = vec![
        Turn::Give(vec![word(1, " a")]),
        Turn::Give(vec![word(1, " b"), done(1)]),
        Turn::Give(vec![word(2, " last")]),
    ];
    let heard = run(script(turns), vec![draft(5, "one two three")], |words, requests| {
        if words == "5 has 2 to read" {
            requests.send(ask(1)).unwrap();
        }
        if words == "5 has 0 to read" {
            requests.send(ask(2)).unwrap();
        }
    });
    assert_eq!(
        heard,
        [
            "loaded",
            "5 has 2 to read",
            "1 reads 2",
            "1 a",
            "1 b",
            "1 done",
            "5 has 1 to read",
            "5 has 0 to read",
            "2 reads 2",
            "2 last",
        ]
    );
}

/// Typing sends a draft for each key. While offers stream none is begun, and then only the newest.
#[test]
fn of_several_drafts_only_the_newest_is_scored_and_after_the_offers() {
    let turns = vec![
        Turn::Give(vec![word(1, " a")]),
        Turn::Give(vec![done(1)]),
        Turn::Give(vec![word(2, " last")]),
    ];
    let first = vec![ask(1), draft(5, "one two three"), draft(6, "torn"), draft(7, "four")];
    let heard = run(script(turns), first, |words, requests| {
        if words == "7 has 0 to read" {
            requests.send(ask(2)).unwrap();
        }
    });
    let expected =
        ["loaded", "1 reads 2", "1 a", "1 done", "7 has 0 to read", "2 reads 2", "2 last"];
    assert_eq!(heard, expected);
}

#[test]
fn another_draft_takes_the_place_of_the_one_before_and_one_can_be_stopped() {
    let turns = vec![Turn::Give(vec![word(1, " last")])];
    let heard = run(script(turns), vec![draft(5, "one two three")], |words, requests| {
        let send = |request| requests.send(request).unwrap();
        match words {
            "5 has 2 to read" => send(draft(6, "four five")),
            "6 has 1 to read" => {
                send(Request::Stop(6));
                send(draft(7, "torn"));
            }
            "7 failed: the text is torn" => send(ask(1)),
            _ => {}
        }
    });
    let between = ["5 has 2 to read", "6 has 1 to read", "7 failed: the text is torn"];
    assert_eq!(heard[1..4], between);
    assert_eq!(heard[4..], ["1 reads 2", "1 last"]);
}

#[test]
fn a_model_that_does_not_load_is_news() {
    let (_requests, inbox) = mpsc::channel();
    let (heard, news) = mpsc::channel();
    let load = || anyhow::bail!("config.json is missing");
    worker::spawn(load, inbox, move |told| heard.send(told).is_ok()).unwrap();
    let all: Vec<_> = news.iter().collect();
    assert_eq!(all, [News::Gone("No model: config.json is missing".into())]);
}

/// A worker with models by name: what it tells, in words, and who holds each model.
fn with_models(
    react: impl Fn(&str, &Sender<Request>) + Send + 'static,
) -> (Vec<String>, Vec<(String, usize)>) {
    let (requests, inbox) = mpsc::channel();
    let (heard, news) = mpsc::channel();
    let all: Arc<Mutex<Vec<Weak<()>>>> = Arc::default();
    // How many models of those opened before are still held when the next is opened.
    let alive: Arc<Mutex<Vec<(String, usize)>>> = Arc::default();
    let counts = alive.clone();
    let open = move |name: Option<&str>| {
        let name = name.unwrap_or("first").to_owned();
        let mut all = all.lock().unwrap();
        let still = all.iter().filter(|held| held.upgrade().is_some()).count();
        counts.lock().unwrap().push((name.clone(), still));
        if name == "broken" {
            anyhow::bail!("config.json is missing");
        }
        let here = Arc::new(());
        all.push(Arc::downgrade(&here));
        let turns = (1..=3).map(|number| Turn::Give(vec![word(number, &format!(" of {name}"))]));
        let info = unstuck::generate::ModelInfo { name: name.clone(), ..desk::info() };
        let script =
            Scripted { info, held: Some(here), refused: Vec::new(), ..script(turns.collect()) };
        Ok(Engine::with(script))
    };
    let asking = Mutex::new(Some(requests));
    let tell = move |told: News| {
        let words = match &told {
            News::Loaded(info) => format!("loaded {}", info.name),
            News::NotOpened(why) => format!("not opened: {why}"),
            News::Token(branch, token) => format!("{branch}{}", token.text),
            News::Done(branch, _) => format!("{branch} done"),
            News::Failed(branch, why) => format!("{branch} failed: {why}"),
            News::Gone(why) => format!("gone: {why}"),
            _ => return true,
        };
        let mut asking = asking.lock().unwrap();
        if let Some(requests) = asking.as_ref() {
            react(&words, requests);
        }
        if words.starts_with("9") || words.starts_with("gone") {
            *asking = None;
        }
        heard.send(words).is_ok()
    };
    worker::spawn_with(open, inbox, tell).unwrap();
    let told = news.iter().collect();
    let alive = alive.lock().unwrap().clone();
    (told, alive)
}

#[test]
fn another_model_comes_in_the_place_of_one_that_is_let_go_first() {
    let (told, alive) = with_models(|words, requests| {
        let send = |request| requests.send(request).unwrap();
        match words {
            "loaded first" => send(Request::Open("second".into())),
            // in mid-stream too
            "loaded second" => send(ask(1)),
            "1 of second" => send(Request::Open("third".into())),
            "loaded third" => send(ask(9)),
            _ => {}
        }
    });
    assert_eq!(told[..2], ["loaded first", "loaded second"]);
    assert!(
        told.contains(&"loaded third".to_owned()) && told.iter().any(|t| t.starts_with('9')),
        "{told:?}"
    );
    assert_eq!(alive, [("first".into(), 0), ("second".into(), 0), ("third".into(), 0)]);
}

#[test]
fn when_the_other_model_is_broken_the_one_before_comes_back() {
    let again = AtomicBool::new(false);
    let (told, _) = with_models(move |words, requests| {
        let send = |request| requests.send(request).unwrap();
        match words {
            "loaded first" => send(Request::Open("second".into())),
            "loaded second" if !again.swap(true, Ordering::Relaxed) => {
                send(Request::Open("broken".into()));
            }
            "loaded second" => send(ask(9)),
            _ => {}
        }
    });
    let told: Vec<_> = told.iter().take(4).map(String::as_str).collect();
    assert_eq!(
        told,
        ["loaded first", "loaded second", "not opened: config.json is missing", "loaded second"]
    );
    // and a worker with one model stays with that
    let heard = run(script(vec![Turn::Give(vec![word(1, " last")])]), vec![ask(1)], |_, _| ());
    assert_eq!(heard[0], "loaded");
}

#[test]
fn two_models_answer_side_by_side_and_the_other_is_let_go() {
    let (told, alive) = with_models(|words, requests| {
        let send = |request| requests.send(request).unwrap();
        match words {
            "loaded first" => {
                send(ask(1));
                let Request::Generate(other) = ask(2) else { return };
                send(Request::Beside("tuned".into(), other));
            }
            // all has ended, so only the first is there when another is opened beside it
            "2 done" => {
                let Request::Generate(other) = ask(3) else { return };
                send(Request::Beside("broken".into(), other));
            }
            "3 failed: config.json is missing" => send(ask(9)),
            _ => {}
        }
    });
    assert!(
        told.contains(&"1 of first".to_owned()) && told.contains(&"1 of tuned".to_owned()),
        "{told:?}"
    );
    assert!(told.contains(&"3 failed: config.json is missing".to_owned()), "{told:?}");
    assert_eq!(alive, [("first".into(), 0), ("tuned".into(), 1), ("broken".into(), 1)]);
}
