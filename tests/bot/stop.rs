//! Requests to be left alone: labelled mentions in eight languages, and how one is taken back.

use unstuck::mentions::{Ask, Ledger, OptOut, ask};

const LABELLED: &str = include_str!("../fixtures/mentions/stop.txt");
const T: i64 = 1_790_000_000_000;

fn stops(text: &str) -> bool {
    matches!(ask(&format!("@inkbot {text}"), "inkbot", 400, &[]), Ask::Stop(_))
}

#[test]
fn whoever_asks_to_be_left_alone_is_heard_and_few_others_are() {
    let labelled = |label| LABELLED.lines().filter_map(move |line| line.strip_prefix(label));
    let missed: Vec<_> = labelled("+ ").filter(|text| !stops(text)).collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
    let others: Vec<_> = labelled("- ").collect();
    let wrong: Vec<_> = others.iter().filter(|text| stops(text)).collect();
    let asks = labelled("+ ").count();
    assert!(asks + others.len() >= 300);
    assert!(wrong.len() * 100 <= others.len() * 3, "not a request: {wrong:#?}");
    println!(
        "{} of {asks} requests missed, {} of {} others heard",
        missed.len(),
        wrong.len(),
        others.len()
    );
}

#[test]
fn an_opt_out_has_its_reason_and_can_be_taken_back_by_whoever_asked() {
    let mut ledger = Ledger::in_memory(T).unwrap();
    ledger.opt_out("7", OptOut::Asked("go away"), T).unwrap();
    ledger.opt_out("8", OptOut::Operator, T).unwrap();
    ledger.opt_out("@roe", OptOut::Operator, T).unwrap();
    let requests: Vec<_> = ledger.opted_out().unwrap().into_iter().map(|who| who.request).collect();
    assert_eq!(requests, [Some("go away".into()), None, None]);
    assert!(ledger.start_again("7").unwrap(), "asked by themselves");
    assert!(!ledger.start_again("8").unwrap(), "the operator's decision stays");
    assert!(ledger.opt_in("8").unwrap() && ledger.opt_in("@roe").unwrap());
    assert!(ledger.opted_out().unwrap().is_empty());
}
