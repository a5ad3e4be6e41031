//! Property tests: no sequence of keys and tokens loses a character that the writer typed. Tokens never change the
//! page. A key that changes generated text keeps all of the writer's characters, or one undo restores them.

use crate::support::desk::{Desk, settings};
use proptest::prelude::*;
use unstuck::{
    generate::Seen,
    session::Author,
    token::{Alternative, StopReason},
    tui::{Event, Settings},
    ui::worker::News,
};

/// Keys and news, as `Desk::step` takes them. Nothing here is meant to delete.
const STEPS: &[&str] = &[
    "a",
    "b ",
    "The",
    ". ",
    "\n",
    "é",
    "👍🏽",
    "“",
    "<tab>",
    "<ctrl-space>",
    "<ctrl-space>",
    "<esc>",
    "<ctrl-right>",
    "<ctrl-right>",
    "<ctrl-down>",
    "<alt-enter>",
    "<right>",
    "<alt-1>",
    "<alt-2>",
    "<alt-3>",
    "<ctrl-r>",
    "<alt-r>",
    "<alt-p>",
    "<alt-l>",
    "<alt-=>",
    "<alt-minus>",
    "<alt-i>",
    "<f6>",
    "<down>",
    "<enter>",
    "<shift-tab>",
    "<left>",
    "<ctrl-left>",
    "<home>",
    "<end>",
    "<ctrl-end>",
    "<ctrl-t>",
    "<up>",
];
/// What a branch may give.
const TOKENS: &[&str] = &[
    " The",
    " lamp",
    "s.",
    " a",
    "b",
    "\n\n",
    "",
    "é",
    "👍🏽",
    " It was.",
    " \"It's",
    ".\"",
    "olph olph",
];

#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    /// A token of the branch so many before the newest.
    Token(usize, usize),
    Done(usize, bool),
    Fail(usize),
    Seen(usize, usize),
    Rest,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..STEPS.len()).prop_map(Step::Key),
        5 => (0..5usize, 0..TOKENS.len()).prop_map(|(back, token)| Step::Token(back, token)),
        2 => (0..5usize, any::<bool>()).prop_map(|(back, length)| Step::Done(back, length)),
        1 => (0..5usize).prop_map(Step::Fail),
        1 => (0..8usize, 1..6usize).prop_map(|(start, length)| Step::Seen(start, length)),
        1 => Just(Step::Rest),
    ]
}

/// What the writer has on the page.
fn own(desk: &Desk) -> Vec<char> {
    let session = desk.app.session();
    let runs = session.authors(0..session.text().len_chars());
    runs.filter(|(_, author)| *author != Author::Machine)
        .flat_map(|(run, _)| session.text().slice(run).chars().collect::<Vec<_>>())
        .collect()
}

fn holds(all: &[char], part: &[char]) -> bool {
    let mut all = all.iter();
    part.iter().all(|char| all.any(|other| other == char))
}

fn take(desk: &mut Desk, step: &Step) -> bool {
    let branch = |desk: &Desk, back: usize| {
        let all = &desk.asked;
        all.len().checked_sub(1 + back).map(|at| all[at].branch)
    };
    match *step {
        Step::Key(key) => {
            desk.step(STEPS[key]);
            return true;
        }
        Step::Token(back, token) => {
            branch(desk, back).into_iter().for_each(|branch| desk.token(branch, TOKENS[token]));
        }
        Step::Done(back, length) => {
            let why = if length { StopReason::Length } else { StopReason::Sentence };
            branch(desk, back).into_iter().for_each(|branch| desk.news(News::Done(branch, why)));
        }
        Step::Fail(back) => {
            branch(desk, back)
                .into_iter()
                .for_each(|branch| desk.news(News::Failed(branch, "torn".into())));
        }
        Step::Seen(start, length) => {
            let Some((number, look)) = desk.looked.last().cloned() else { return false };
            let range = start..(start + length);
            // The engine gives whole characters only.
            if look.span.get(range.clone()).is_some() {
                let other =
                    Alternative { id: Some(1), text: " other".into(), logprob: -1.0, after: None };
                let seen =
                    Seen { token: range, rank: 1, logprob: 0.0, vocabulary: 9, top: vec![other] };
                desk.news(News::Seen(number, seen));
            }
        }
        Step::Rest => desk.app.handle(Event::Rest),
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_of_the_writers_is_lost(
        steps in proptest::collection::vec(step(), 1..80),
        text in prop_oneof![Just(""), Just("The boat."), Just("One.\n\nThe boat| sank.\n"), Just("“No,” he said. |It’s so.")],
        wide in any::<bool>(),
    ) {
        let mut desk = Desk::with(text, &Settings { idle: true, ..settings() });
        if wide {
            desk.size(120, 30);
        }
        for step in &steps {
            let (before, mine) = (desk.app.session().text().clone(), own(&desk));
            let key = take(&mut desk, step);
            desk.draw();
            let after = desk.app.session().text().clone();
            prop_assert!(key || before == after, "{step:?} changed the page");
            if !holds(&own(&desk), &mine) {
                desk.step("<esc>");
                desk.step("<ctrl-z>");
                prop_assert_eq!(desk.app.session().text(), &before, "{:?} lost something", step);
                desk.step("<ctrl-y>");
                prop_assert_eq!(desk.app.session().text(), &after, "{:?} can't be done again", step);
            }
        }
    }
}
