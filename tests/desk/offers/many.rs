//! Several offers for one request: side by side, pinned, extended, and replaced if they are poor. The test acts as
//! the worker, so what arrives, when it arrives and what arrives too late is exact.

use crate::support::desk::{Desk, settings};
use unstuck::{token::StopReason, tui::Settings, ui::worker::News};

fn three(text: &str) -> Desk {
    Desk::with(text, &settings())
}

/// Three have come, and the second is in hand.
fn second_in_hand() -> Desk {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=2: A", "=1: B", "=0: C", "<f6>", "<down>"]);
    desk
}

/// The prompts and seeds of all that was asked.
fn asked(desk: &Desk) -> Vec<(&str, u64)> {
    desk.asked.iter().map(|ask| (ask.prompt.as_str(), ask.params.seed)).collect()
}

#[test]
fn three_stream_from_one_prefix() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(asked(&desk), [("boat.", 100), ("boat.", 101), ("boat.", 102)]);
    // They come in any order, and end in any order.
    desk.steps(&["=0: C", "=2: A", "=1: B", "=0:.", "= late", "=2: x", "=2:.", "=1: y"]);
    for (key, text) in [("alt-1", " A x"), ("alt-2", " B y"), ("alt-3", " C")] {
        desk.press(key);
        assert_eq!(desk.text(), format!("boat.{text}|"));
        desk.press("ctrl-z");
        assert_eq!(desk.text(), "boat.|");
    }
    desk.press("alt-4");
    assert!(desk.shown().contains("There is no offer 4."));
}

#[test]
fn one_more_up_to_six_and_one_fewer() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "<alt-plus>", "<alt-=>", "<alt-=>", "<alt-=>"]);
    assert_eq!(desk.asked.len(), 6);
    assert!(desk.shown().contains("6 offers is the maximum."));
    desk.steps(&["=0: six", "<alt-6>"]);
    assert_eq!(desk.text(), "boat. six|");
    // From now on.
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 12);
    desk.steps(&["<alt-minus>", "<alt-minus>", "<alt-minus>", "<alt-minus>", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 14);
    desk.steps(&["<alt-minus>", "<alt-minus>", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 15);
}

#[test]
fn the_pinned_stay_while_the_rest_roll() {
    let mut desk = second_in_hand();
    desk.steps(&["<alt-p>", "<ctrl-r>"]);
    assert_eq!(desk.asked.len(), 5);
    // The pinned one streams on into the new list; the others were stopped.
    let [a, b, c] = [0, 1, 2].map(|n| desk.asked[n].branch);
    assert_eq!(desk.stopped, [a, c]);
    assert!(desk.stopped.iter().all(|branch| *branch != b));
    desk.token(b, " b");
    desk.steps(&["=1: D", "=0: E", "<alt-2>"]);
    assert_eq!(desk.text(), "boat. B b|");
    desk.steps(&["<ctrl-z>", "<alt-1>"]);
    assert_eq!(desk.text(), "boat. D|");
    // The list before is as it was.
    desk.steps(&["<ctrl-z>", "<shift-tab>", "<alt-3>"]);
    assert_eq!(desk.text(), "boat. C|");
    // In another place nothing is pinned. (One was for the ghost under the sign.)
    desk.steps(&["<ctrl-z>", "<shift-tab>", "!", "<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 9);
}

#[test]
fn a_pinned_one_is_not_rolled_and_the_list_stays_in_hand() {
    let mut desk = second_in_hand();
    desk.steps(&["<alt-p>", "<alt-r>"]);
    assert_eq!(desk.asked.len(), 3);
    assert!(desk.shown().contains("This offer is pinned. Alt+P unpins it."));
    desk.steps(&["<down>", "<enter>"]);
    assert_eq!(desk.text(), "boat. C|");
}

#[test]
fn who_rolls_in_the_list_stays_in_it() {
    let mut desk = second_in_hand();
    desk.steps(&["<ctrl-r>", "=2: D", "=1: E", "=0: F", "<enter>"]);
    assert_eq!(desk.text(), "boat. E|");
}

#[test]
fn an_offer_in_mid_word_is_shown_with_the_word_s_beginning() {
    for (text, offered, shown) in [
        ("She was wait", "ing zulu", "waiting zulu"),
        ("She was wait", " zulu", "▸ zulu"),
        ("Oh!", "zulu", "▸zulu"),
        ("don't", "zulu", "don'tzulu"),
        ("雨が", "zulu", "▸zulu"),
    ] {
        let mut desk = three(text);
        // The cursor is elsewhere, so no ghost shows it too.
        desk.steps(&["<ctrl-space>", &format!("=2:{offered}"), "=2:.", "<home>"]);
        for (width, shown) in [(80, shown), (120, shown.trim_start_matches('▸'))] {
            desk.size(width, 24);
            assert!(desk.shown().contains(shown), "{text} {offered}: {}", desk.shown());
        }
    }
}

#[test]
fn longer_goes_on_where_the_offer_ended() {
    let mut desk = three("boat.");
    desk.steps(&[
        "<ctrl-space>",
        "=2: It| sank.",
        "=2:.",
        "=1: B",
        "=1:.",
        "=0: C",
        "=.",
        "<alt-l>",
    ]);
    assert_eq!(desk.asked[3].prompt, "boat. It sank.");
    desk.steps(&["= Nobody| saw.", "=.", "<alt-1>"]);
    assert_eq!(desk.text(), "boat. It sank. Nobody saw.|");
    // While it is coming, there is nothing to go on from.
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "<alt-l>", "=2: It", "<alt-l>"]);
    assert_eq!(desk.asked.len(), 3);
}

#[test]
fn what_is_empty_double_or_banned_is_replaced_and_a_short_list_says_so() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=2: It| sank.", "=2:.", "=1: it|  sank.", "=1:."]);
    // The second says what the first says.
    assert_eq!(asked(&desk)[3], ("boat.", 103));
    desk.steps(&["= It burnt.", "=.", "<alt-2>"]);
    assert_eq!(desk.text(), "boat. It burnt.|");
    // Nothing came of the third, nor of two others.
    desk.press("ctrl-z");
    let third = desk.asked[2].branch;
    desk.news(News::Done(third, StopReason::Eot));
    assert_eq!(desk.asked.len(), 5);
    desk.steps(&["= ", "=.", "=.", "=."]);
    assert_eq!(desk.asked.len(), 6);
    desk.size(120, 30);
    let shown = desk.shown();
    assert!(shown.contains("it was empty; Alt+R retries") && shown.contains("2 offers"));
    desk.press("alt-3");
    assert_eq!(desk.text(), "boat.|");
    // Against the lists already shown, too.
    desk.steps(&["<ctrl-space>", "=0: It sank.", "=."]);
    assert_eq!(desk.asked.len(), 10);
}

#[test]
fn what_goes_in_circles_is_replaced() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=2: Young Morph", "=2:olph|olph|olph|olph|olph|olph"]);
    assert_eq!((desk.asked.len(), desk.stopped.len()), (4, 1));
    desk.steps(&["= So it", "=.", "<alt-1>"]);
    assert_eq!(desk.text(), "boat. So it|");
}

#[test]
fn an_offer_with_words_is_chosen_where_one_has_none() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=1: It sank.", "=1:.", "=2:.", "=0:.", "=0:.", "<ctrl-down>"]);
    assert_eq!(desk.text(), "boat. It sank.|");
    // Who has the list in hand chooses.
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=1: It sank.", "=1:.", "<f6>", "=2:.", "=0:.", "=0:."]);
    desk.steps(&["<esc>", "<ctrl-down>"]);
    assert_eq!(desk.text(), "boat.|");
}

#[test]
fn a_list_of_nothing_is_not_kept() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "<ctrl-space>", "<ctrl-space>", "= It", "<ctrl-space>"]);
    desk.size(120, 30);
    assert!(desk.shown().contains("earlier: 1 list"), "{}", desk.shown());
    desk.press("shift-tab");
    assert!(desk.shown().contains("later: 1 list"), "{}", desk.shown());
}

#[test]
fn quotes_are_the_drafts() {
    let mut desk = Desk::on("“You’re late,” said Martha.\n\n“");
    desk.steps(&["<ctrl-space>", "=I can't|.\" She", "=."]);
    assert_eq!(desk.asked[0].prompt, "\"You're late,\" said Martha.\n\n\"");
    desk.steps(&["<ctrl-down>"]);
    assert_eq!(desk.text(), "“You’re late,” said Martha.\n\n“I can’t.”|");
    // Where the model began to see is counted in what it was given.
    desk.steps(&["<ctrl-z>", "<ctrl-space>", "=?2"]);
    assert!(desk.shown().contains("┌ “You’re"), "{}", desk.shown());
}

#[test]
fn quotes_behind_the_cursor_tell_too() {
    let mut desk = Desk::on("He looked up.|\n\n“Oh,” she said.");
    desk.steps(&["<ctrl-space>", "= \"It's| late|.\"", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "He looked up. “It’s late.”|\n\n“Oh,” she said.");
}

#[test]
fn a_banned_word_is_never_kept() {
    let settings = Settings { banned: vec!["suddenly".into()], offers: 1, ..settings() };
    let mut desk = Desk::with("boat.", &settings);
    desk.steps(&["<ctrl-space>", "= And| Sudden", "=ly|,"]);
    assert_eq!(desk.stopped, [desk.asked[0].branch]);
    assert_eq!(desk.asked.len(), 2);
    desk.steps(&["=1: late", "= So it", "=.", "<alt-enter>"]);
    assert_eq!(desk.text(), "boat. So it|");
    // With its beginning on the page already, too.
    let mut desk = Desk::with("boat. Sudden", &settings);
    desk.steps(&["<ctrl-space>", "=ly|,"]);
    assert_eq!((desk.stopped.len(), desk.asked.len()), (1, 2));
}

#[test]
fn what_was_taken_of_an_offer_is_never_replaced() {
    let mut desk = Desk::on("boat.");
    desk.steps(&["<ctrl-space>", "= It| sank.", "=.", "<ctrl-space>", "= It", "<ctrl-right>"]);
    desk.steps(&["= sank.", "=.", "<ctrl-right>"]);
    assert_eq!((desk.text().as_str(), desk.asked.len()), ("boat. It sank.|", 2));
}

#[test]
fn a_hanging_clause_is_cut_but_never_what_was_taken() {
    let cut = |text: &str, keys: &[&str]| {
        let mut desk = Desk::on("boat.");
        desk.steps(&["<ctrl-space>", text]);
        desk.steps(keys);
        desk.news(News::Done(desk.branch(0), StopReason::Length));
        desk.press("alt-enter");
        desk.text()
    };
    assert_eq!(cut("= It sank.| And nobody", &[]), "boat. It sank.|");
    assert_eq!(cut("= and nobody ever", &[]), "boat. and nobody ever|");
    let words: &[&str] = &["<ctrl-right>", "<ctrl-right>", "<ctrl-right>"];
    assert_eq!(cut("= It sank.| And nobody", words), "boat. It sank. And nobody|");
}

#[test]
fn another_question_to_a_model_that_is_gone_changes_no_list() {
    let mut desk = three("boat.");
    desk.steps(&["<ctrl-space>", "=2: A", "=2:.", "=1:!torn", "=0: C"]);
    desk.news(News::Gone("No model: it is torn.".into()));
    desk.steps(&["<ctrl-r>", "<alt-r>", "<alt-l>", "<alt-plus>", "<esc>", "<esc>", "<alt-1>"]);
    assert_eq!((desk.text().as_str(), desk.asked.len()), ("boat. A|", 3));
}

/// A space that an offer begins with is a gap; where there are no colours, a mark.
#[test]
fn a_new_word_is_marked_in_a_plain_theme() {
    let plain = Settings { theme: "plain".into(), offers: 2, ..settings() };
    for (settings, gap) in [(&plain, '␣'), (&Settings { offers: 2, ..settings() }, ' ')] {
        let mut desk = Desk::with("She was wait", settings);
        desk.steps(&["<ctrl-space>", "=1: zulu", "=1:.", "=0:ing", "=0:.", "<home>"]);
        for width in [80, 120] {
            desk.size(width, 24);
            let shown = desk.shown();
            assert!(shown.contains(&format!("{gap}zulu")), "{shown}");
            assert!(shown.contains("waiting"), "{shown}");
        }
    }
}
