//! A question draws more candidates than it shows: the best are shown, the rest are there for the next roll.

use crate::support::desk::{Desk, settings};
use unstuck::{
    generate::Weighed,
    token::{StopReason, Token},
    tui::Settings,
    ui::{asking, worker::News},
};

/// A desk that draws `candidates` for each question.
fn drawing(text: &str, offers: usize, candidates: usize) -> Desk {
    let choosing = asking::Settings { candidates, ..asking::Settings::default() };
    Desk::with(text, &Settings { offers, choosing, ..settings() })
}

/// A whole candidate of this log-probability, for a request by its number.
fn comes(desk: &mut Desk, number: usize, text: &str, logprob: f32) {
    token(desk, number, text, logprob);
    let branch = desk.asked[number].branch;
    desk.news(News::Done(branch, StopReason::Sentence));
}

fn token(desk: &mut Desk, number: usize, text: &str, logprob: f32) {
    let branch = desk.asked[number].branch;
    let token = Token {
        id: Some(1),
        text: text.into(),
        logprob: Some(logprob),
        rank: None,
        top: Vec::new(),
        copied: 0,
        drawn: Vec::new(),
    };
    desk.news(News::Token(branch, token));
}

const GOOD: [&str; 6] = [
    " The lamps were put out before the others came home.",
    " Nobody had asked who had been the last to leave.",
    " When the boat came in, the harbour was quite empty.",
    " She told them that the second was never written down.",
    " After that there was no reading in any of the rooms.",
    " Whoever had the key was the first to be sent for.",
];

fn shows(desk: &mut Desk, text: &str) -> bool {
    desk.draw();
    desk.shown().contains(text)
}

#[test]
fn the_best_of_all_candidates_are_shown() {
    let mut desk = drawing("The boat was gone.", 2, 6);
    desk.press("ctrl-space");
    assert_eq!(desk.asked.len(), 6);
    for (at, logprob) in [-3.0, -1.0, -2.0, -4.0, -5.0].into_iter().enumerate() {
        comes(&mut desk, at, GOOD[at], logprob);
        // Nothing is shown before all are there.
        assert!(!shows(&mut desk, "Nobody had"), "{at}");
    }
    assert!(shows(&mut desk, "choosing"));
    // The likeliest has a fault.
    comes(&mut desk, 5, " \"Whoever had the key was the first to go.", -0.5);
    assert!(shows(&mut desk, "1▸ Nobody had") && shows(&mut desk, "2  When the boat"));
    desk.press("alt-enter");
    assert_eq!(desk.text(), format!("The boat was gone.{}|", GOOD[1]));
    // Rolling again shows the next best at once, without a request for them.
    desk.press("ctrl-r");
    assert!(shows(&mut desk, "1▸ The lamps") && shows(&mut desk, "2  She told"));
    assert_eq!(desk.text(), "The boat was gone.|");
}

#[test]
fn spares_are_drawn_again_while_the_writer_reads() {
    let mut desk = drawing("The boat was gone.", 2, 4);
    desk.press("ctrl-space");
    for (at, text) in GOOD.into_iter().take(4).enumerate() {
        comes(&mut desk, at, text, -1.0 - at as f32);
    }
    assert_eq!(desk.asked.len(), 4);
    desk.press("ctrl-r");
    assert!(shows(&mut desk, "1▸ When the boat") && shows(&mut desk, "2  She told"));
    // None is left, so four more are drawn; what is shown doesn't move.
    assert_eq!(desk.asked.len(), 8);
    comes(&mut desk, 7, GOOD[4], -0.1);
    assert!(shows(&mut desk, "1▸ When the boat"));
    desk.press("alt-r");
    assert!(shows(&mut desk, "1▸ After that"));
}

#[test]
fn too_few_good_ones_are_drawn_once_more_and_then_the_least_bad_are_shown() {
    let bad = " \"Whoever had the key was the first to be sent for.";
    let mut desk = drawing("The boat was gone.", 1, 2);
    desk.press("ctrl-space");
    comes(&mut desk, 0, bad, -1.0);
    comes(&mut desk, 1, " Then old Harkness came home to the harbour at last.", -1.0);
    assert_eq!(desk.asked.len(), 4);
    assert!(shows(&mut desk, "choosing"));
    comes(&mut desk, 2, bad, -1.0);
    comes(&mut desk, 3, " and the key to the harbour of the", -1.0);
    assert!(shows(&mut desk, "old Harkness"));
    // One that ends in the middle is marked.
    let mut desk = drawing("The boat was gone.", 1, 2);
    desk.press("ctrl-space");
    for at in 0..4 {
        let text = if at == 3 { " and the key to the harbour of the" } else { bad };
        comes(&mut desk, at, text, -1.0);
    }
    assert!(shows(&mut desk, "✓ cut"));
    // With nothing that can be shown, the place says why.
    let mut desk = drawing("The boat was gone.", 1, 2);
    desk.press("ctrl-space");
    for at in 0..4 {
        comes(&mut desk, at, bad, -1.0);
    }
    assert!(shows(&mut desk, "its quotes were broken"));
}

#[test]
fn where_the_pool_takes_long_offers_stream() {
    let mut desk = drawing("The boat was gone.", 2, 4);
    desk.press("ctrl-space");
    comes(&mut desk, 0, GOOD[0], -1.0);
    token(&mut desk, 2, " When the boat", -1.0);
    // A quarter of a second has passed.
    desk.news(News::Speed(40.0));
    assert!(shows(&mut desk, "1▸ The lamps") && shows(&mut desk, "2  When the boat▌"));
    // One that turns out to be broken is replaced by a spare.
    comes(&mut desk, 1, GOOD[1], -1.0);
    comes(&mut desk, 2, " \"came in", -1.0);
    assert!(shows(&mut desk, "2  Nobody had asked"));
    assert!(desk.asked.len() == 4);
    // Now the model is known to be slow: offers stream at once, and spares are drawn when they are complete.
    desk.step(" Then");
    desk.steps(&["<esc>", "<esc>", "<ctrl-space>"]);
    let from = desk.asked.len() - 2;
    token(&mut desk, from, " there was", -1.0);
    assert!(shows(&mut desk, "there was▌"));
    comes(&mut desk, from, " no reading in any of the rooms.", -1.0);
    comes(&mut desk, from + 1, " nobody had asked who had been the last.", -1.0);
    assert_eq!(desk.asked.len(), from + 4);
}

#[test]
fn escape_shows_what_is_there() {
    let mut desk = drawing("The boat was gone.", 2, 4);
    desk.press("ctrl-space");
    comes(&mut desk, 3, GOOD[3], -1.0);
    token(&mut desk, 1, " Nobody", -1.0);
    desk.press("esc");
    assert!(shows(&mut desk, "1▸ She told") && shows(&mut desk, "2  Nobody"));
    assert_eq!(desk.stopped.len(), 3);
    // What comes late is ignored.
    comes(&mut desk, 0, GOOD[0], -1.0);
    assert!(!shows(&mut desk, "The lamps"));
}

#[test]
fn a_criterion_can_be_switched_off() {
    let run = |filter: Vec<unstuck::judge::Criterion>| {
        let choosing = asking::Settings { candidates: 2, filter, ..asking::Settings::default() };
        let mut desk = Desk::with("It went.", &Settings { offers: 1, choosing, ..settings() });
        desk.press("ctrl-space");
        comes(&mut desk, 0, " Then old Harkness came home at last.", -1.0);
        comes(&mut desk, 1, " Then an old man came home at last.", -2.0);
        shows(&mut desk, "Harkness")
    };
    assert!(!run(unstuck::judge::Criterion::ALL.into()));
    assert!(run(vec![unstuck::judge::Criterion::Ends]));
}

/// The model says how likely the text behind the cursor is after a beginning.
fn weighs(desk: &mut Desk, beginning: &str, logprob: f32) {
    let found = desk.weighed.iter().find(|(_, weigh)| weigh.prompt.ends_with(beginning));
    let branch = found.unwrap_or_else(|| panic!("{beginning} is weighed")).0;
    desk.news(News::Weighed(branch, Weighed { logprob, tokens: 1 }));
}

/// What was shown doesn't move, so only the first place doesn't wait until all weights are there.
#[test]
fn in_the_middle_of_a_draft_offers_wait_for_their_weights() {
    for early in [Some(" opened a window"), None] {
        let mut desk = drawing("She opened and looked in.", 2, 4);
        desk.steps(&["<left>"; 15]);
        desk.press("ctrl-space");
        assert!(desk.asked.iter().all(|ask| ask.params.max_tokens <= 16));
        for (at, text) in [" the door", " a window", " her book", " one eye"].iter().enumerate() {
            comes(&mut desk, at, text, -3.0 - at as f32);
        }
        if let Some(early) = early {
            weighs(&mut desk, early, -2.0);
        }
        assert!(!shows(&mut desk, "1▸ a window"));
        // A quarter of a second has passed.
        desk.news(News::Speed(4_000.0));
        let first = if early.is_some() { "1▸ a window" } else { "1▸ the" };
        assert!(shows(&mut desk, first) && shows(&mut desk, "2 choosing"), "{}", desk.shown());
        for (number, beginning) in desk.weighed.clone() {
            let logprob = if beginning.prompt.ends_with("one eye") { -1.0 } else { -3.0 };
            desk.news(News::Weighed(number, Weighed { logprob, tokens: 1 }));
        }
        assert!(shows(&mut desk, first) && shows(&mut desk, "2  one eye"), "{}", desk.shown());
    }
}

/// If the offer that is shown early was the only candidate with a weight to come, others are drawn.
#[test]
fn no_place_waits_for_a_weight_that_is_shown_already() {
    let mut desk = drawing("She opened and looked in.", 2, 4);
    desk.steps(&["<left>"; 15]);
    desk.press("ctrl-space");
    for at in 0..4 {
        comes(&mut desk, at, " it", -3.0);
    }
    assert_eq!(desk.weighed.len(), 1);
    desk.news(News::Speed(4_000.0));
    assert!(shows(&mut desk, "1▸ it"), "{}", desk.shown());
    assert!(desk.asked.len() > 4, "others are drawn for the second place");
    let drawn = desk.asked.len();
    for at in 4..drawn {
        comes(&mut desk, at, " everything", -3.0);
    }
    weighs(&mut desk, " everything", -1.0);
    assert!(shows(&mut desk, "2  everything"), "{}", desk.shown());
}
