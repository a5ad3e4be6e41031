//! Other models without leaving the page: the list, downloading while writing, replacing the model, and comparing two
//! models on the same prompt. The test acts as the model and the shelf.

use crate::support::desk::{
    Desk,
    beside::{coming, entries},
    info,
};
use std::time::Duration;
use unstuck::{
    generate::ModelInfo,
    ui::{
        shelf::{Errand, Fetching, Word},
        worker::News,
    },
};

/// The list is open.
fn listed(text: &str) -> Desk {
    let mut desk = Desk::on(text).with_shelf();
    desk.press("ctrl-l");
    assert_eq!(desk.wanted(), [Errand::List]);
    desk.shelf(Word::Listed(entries()));
    desk
}

fn loaded(name: &str) -> News {
    News::Loaded(ModelInfo { name: name.into(), embedded: false, ..info() })
}

#[test]
fn the_list_says_what_is_known_and_makes_nothing_up() {
    let mut desk = listed("one");
    let shown = desk.shown();
    for row in [
        "inkwell   124 million · 550 MB · 212 tok/s · MIT",
        "run:mine  124 million · 550 MB · speed not measured · licence not",
        "torn      broken: config.json: missing",
        "gpt2      124 million · 550 MB · MIT",
    ] {
        assert!(shown.contains(row), "{row}\n{shown}");
    }
    assert!(shown.contains("in use") && shown.contains("fetch"));
    desk.steps(&["<esc>", " two"]);
    assert_eq!(desk.text(), "one two|");
}

#[test]
fn a_model_here_is_used_at_once_and_the_draft_is_as_it_was() {
    let mut desk = listed("one two");
    desk.steps(&["<down>", "<enter>"]);
    assert_eq!(desk.opened, ["run:mine"]);
    desk.steps(&[" three", "<ctrl-z>"]);
    assert_eq!(desk.text(), "one two|");
    assert!(desk.shown().contains("the model is loading"));
    desk.news(loaded("run:mine"));
    assert!(
        desk.shown().contains("run:mine is now in use; your draft is unchanged."),
        "{}",
        desk.shown()
    );
    desk.steps(&["<ctrl-space>", "= and", "=."]);
    assert_eq!(desk.asked.len(), 1);
    // what was measured goes to the shelf under the name that opens it
    desk.wanted();
    desk.news(News::Speed(31.0));
    desk.news(News::Measured(30.0));
    assert_eq!(desk.wanted(), [Errand::Measured("run:mine".into(), "q8_0".into(), 30.0)]);
    // the list knows which it is
    desk.press("ctrl-l");
    desk.press("enter");
    assert!(desk.shown().contains("run:mine is already in use"), "{}", desk.shown());
}

#[test]
fn what_streams_is_stopped_when_another_model_is_chosen() {
    let mut desk = listed("one");
    desk.press("esc");
    desk.steps(&["<ctrl-space>", "= two"]);
    let branch = desk.branch(0);
    desk.steps(&["<f11>"]);
    desk.shelf(Word::Listed(entries()));
    desk.steps(&["<down>", "<enter>"]);
    assert_eq!(desk.stopped, [branch]);
    assert_eq!(desk.opened, ["run:mine"]);
}

#[test]
fn fetching_is_asked_with_its_size_and_typing_goes_on() {
    let mut desk = listed("one");
    desk.steps(&["gpt2", "<enter>"]);
    let shown = desk.shown();
    assert!(
        shown.contains("Fetch gpt2 from the Hugging Face hub? 550 MB, licence MIT."),
        "{shown}"
    );
    desk.press("esc");
    assert_eq!(desk.wanted(), [], "not now is not now");
    desk.steps(&["<ctrl-l>"]);
    desk.steps(&["gpt2", "<enter>", "<enter>"]);
    assert_eq!(desk.wanted(), [Errand::List, Errand::Fetch("gpt2".into())]);
    desk.shelf(coming(25));
    desk.steps(&[" two"]);
    assert_eq!(desk.text(), "one two|");
    let shown = desk.shown();
    assert!(shown.contains("fetching gpt2: 25 %, 5.5 MB/s, 75 s left"), "{shown}");
    desk.steps(&["<ctrl-l>"]);
    assert!(desk.shown().contains("25 %"), "{}", desk.shown());
    desk.shelf(coming(50));
    assert!(desk.shown().contains("50 %"), "the list lives: {}", desk.shown());
    desk.press("esc");
    // another thing is being said: it is not interrupted
    desk.steps(&["<ctrl-space>", "= and"]);
    desk.shelf(Word::Came("gpt2".into()));
    assert!(desk.opened.is_empty());
    desk.steps(&["=."]);
    assert_eq!(desk.opened, ["gpt2"], "but then it is used");
    assert!(!desk.shown().contains("fetching"));
    assert_eq!(desk.text(), "one two|");
}

#[test]
fn a_fetch_can_be_stopped_and_can_fail() {
    let mut desk = listed("one");
    desk.steps(&["gpt2", "<enter>", "<enter>"]);
    desk.shelf(coming(25));
    desk.steps(&["<ctrl-l>", "gpt2", "<enter>"]);
    assert!(desk.shown().contains("gpt2 is being fetched."), "{}", desk.shown());
    desk.wanted();
    desk.press("s");
    assert_eq!(desk.wanted(), [Errand::Stop]);
    desk.shelf(Word::Ended("gpt2".into(), None));
    desk.shelf(coming(26));
    assert!(
        desk.shown().contains("gpt2: stopped. The partial download is kept."),
        "{}",
        desk.shown()
    );
    assert!(!desk.shown().contains("26 %"), "what comes late is let go");
    desk.steps(&["<ctrl-l>", "gpt2", "<enter>", "<enter>"]);
    let waiting = Some(("the hub is asked too often (429)".to_owned(), Duration::from_secs(30)));
    desk.shelf(Word::Fetching(Fetching { name: "gpt2".into(), waiting, ..Fetching::default() }));
    desk.steps(&[" two"]);
    assert!(desk.shown().contains("asked too often (429), retrying in 30 s"), "{}", desk.shown());
    desk.shelf(Word::Ended("gpt2".into(), Some("gpt2: \u{1b}[31mthe disk is full".into())));
    desk.steps(&[" three"]);
    let shown = desk.shown();
    assert!(shown.contains("Not fetched: gpt2: ") && !shown.contains('\u{1b}'), "{shown}");
    assert_eq!(desk.text(), "one two three|");
}

#[test]
fn a_model_that_does_not_open_leaves_the_one_before() {
    let mut desk = listed("one");
    desk.steps(&["torn", "<enter>"]);
    assert!(desk.opened.is_empty());
    assert!(
        desk.shown().contains("torn can't be opened: config.json: missing"),
        "{}",
        desk.shown()
    );
    desk.steps(&["<esc>", "<ctrl-l>", "<down>", "<enter>"]);
    desk.news(News::NotOpened("it needs 7 GiB".into()));
    desk.news(News::Loaded(info()));
    assert!(
        desk.shown().contains("Not opened: it needs 7 GiB. The previous model stays in use."),
        "{}",
        desk.shown()
    );
    desk.steps(&["<esc>", "<ctrl-l>", "<enter>"]);
    assert!(desk.shown().contains("inkwell is already in use"), "{}", desk.shown());
}

#[test]
fn two_models_answer_on_one_seed() {
    let mut desk = listed("one");
    desk.steps(&["<esc>", "<alt-m>"]);
    desk.shelf(Word::Listed(entries()));
    let shown = desk.shown();
    assert!(
        shown.contains("run:mine") && !shown.contains("torn") && !shown.contains("inkwell   124"),
        "{shown}"
    );
    desk.press("enter");
    assert_eq!(desk.opened, ["run:mine"], "beside, and not in the place of the other");
    let asked: Vec<_> =
        desk.asked.iter().map(|ask| (ask.prompt.clone(), ask.params.seed)).collect();
    assert_eq!(asked, [("one".to_owned(), 100), ("one".to_owned(), 100)]);
    // the same words from both are an answer too, and are not replaced
    desk.steps(&["=1: two.", "=0: two.", "=1:.", "=0:."]);
    assert_eq!(desk.asked.len(), 2);
    assert!(
        desk.shown().contains(" · inkwell ✓") && desk.shown().contains(" · run:mine ✓"),
        "{}",
        desk.shown()
    );
    desk.size(120, 30);
    let shown = desk.shown();
    assert!(shown.contains("inkwell · ✓") && shown.contains("run:mine · ✓"), "{shown}");
    desk.press("alt-2");
    assert_eq!(desk.text(), "one two.|");
    desk.press("ctrl-z");
    desk.press("ctrl-r");
    assert_eq!(desk.opened, ["run:mine", "run:mine"], "again, both");
    assert_eq!(desk.asked[2].params.seed, desk.asked[3].params.seed);
    assert_ne!(desk.asked[2].params.seed, 100);
}
