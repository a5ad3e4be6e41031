//! Offers heed the form of the draft: headings, lists, scripts, verse, the middle of a paragraph, the language.

use crate::support::desk::{Desk, info, settings};
use unstuck::{
    generate::{ModelInfo, Weighed},
    token::{StopReason, Token},
    tui::Settings,
    ui::{asking, worker::News},
};

#[test]
fn an_offer_begins_as_the_form_wants_it() {
    for (text, prompt, said, expected) in [
        ("# The island", "# The island\n\n", "Rain fell.", "# The island\n\nRain fell.|"),
        ("# The island\n\n", "# The island\n\n", "Rain fell.", "# The island\n\nRain fell.|"),
        (
            "- two warm coats\n- a map of it",
            "- two warm coats\n- a map of it\n- ",
            "oil",
            "- two warm coats\n- a map of it\n- oil|",
        ),
        (
            "1. Ring the bell.\n",
            "1. Ring the bell.\n2. ",
            "Wake me.",
            "1. Ring the bell.\n2. Wake me.|",
        ),
        (
            "ANNA: Where?\nBEN: Gone.",
            "ANNA: Where?\nBEN: Gone.\nANNA: ",
            "Oh.",
            "ANNA: Where?\nBEN: Gone.\nANNA: Oh.|",
        ),
        (
            "The lamp is out along the pier,\nthe boats are tied in rows,",
            // The model in the program has only seen paragraphs.
            "The lamp is out along the pier, the boats are tied in rows, ",
            "and nobody who waited here, by the door,\n\ncan tell.",
            "The lamp is out along the pier,\nthe boats are tied in rows,\nand nobody who waited here,\nby the door,\ncan tell.|",
        ),
        (
            "The lamp went out.",
            "The lamp went out.",
            " Rain fell.",
            "The lamp went out. Rain fell.|",
        ),
    ] {
        let mut desk = Desk::on(text);
        desk.press("ctrl-space");
        assert_eq!(desk.asked[0].prompt, prompt);
        // In a list and a script, a line is wanted.
        let is_line = text.contains("- ") || text.contains("1. ") || text.contains("ANNA");
        assert_eq!(desk.asked[0].params.stop == ["\n"], is_line, "{text}");
        let branch = desk.branch(0);
        desk.token(branch, said);
        desk.steps(&["=.", "<alt-enter>"]);
        assert_eq!(desk.text(), expected);
        desk.press("ctrl-z");
        assert_eq!(desk.text(), format!("{text}|"));
    }
}

#[test]
fn other_models_see_the_lines_of_a_poem() {
    let poem = "The lamp is out along the pier,\nthe boats are tied in rows,\n";
    let mut desk = Desk::on(poem);
    desk.news(News::Loaded(ModelInfo { embedded: false, ..info() }));
    desk.press("ctrl-space");
    assert_eq!(desk.asked[0].prompt, poem);
}

#[test]
fn a_language_that_the_model_does_not_know_is_told_once() {
    let told =
        "This draft is in French, and inkwell knows only English. Ctrl+L offers other models.";
    let mut desk =
        Desk::on("La pluie tombait depuis le matin, et la lampe brûlait dans la chambre.");
    desk.size(120, 30);
    desk.press("ctrl-space");
    desk.draw();
    assert!(desk.shown().contains(told), "{}", desk.shown());
    desk.steps(&["= Il", "=.", "<ctrl-r>"]);
    assert!(!desk.shown().contains("French"));
    let mut desk = Desk::on("The rain had fallen since the morning, and the lamp was lit.");
    desk.press("ctrl-space");
    desk.draw();
    assert!(!desk.shown().contains("This draft"));
}

fn comes(desk: &mut Desk, number: usize, text: &str) {
    let token = Token {
        id: Some(1),
        text: text.into(),
        logprob: Some(-1.0),
        rank: None,
        top: Vec::new(),
        copied: 0,
        drawn: Vec::new(),
    };
    let branch = desk.asked[number].branch;
    desk.news(News::Token(branch, token));
    desk.news(News::Done(branch, StopReason::Sentence));
}

#[test]
fn in_the_middle_of_a_draft_the_text_behind_the_cursor_decides() {
    let choosing = asking::Settings { candidates: 2, ..asking::Settings::default() };
    let settings = Settings { offers: 1, choosing, ..settings() };
    let mut desk = Desk::with("She opened the| and looked in.", &settings);
    desk.press("ctrl-space");
    comes(&mut desk, 0, " door, for it was old.");
    comes(&mut desk, 1, " cellar.");
    // Their beginnings are weighed by the text behind the cursor.
    let asked: Vec<_> = desk.weighed.iter().map(|(_, weigh)| weigh.prompt.as_str()).collect();
    assert!(
        asked.contains(&"She opened the door") && asked.contains(&"She opened the cellar"),
        "{asked:?}"
    );
    assert!(
        desk.weighed.iter().all(|(_, weigh)| weigh.text == " and looked in." && weigh.tokens == 40)
    );
    for (branch, weigh) in desk.weighed.clone() {
        let logprob = if weigh.prompt.ends_with("door") { -10.0 } else { -30.0 };
        desk.news(News::Weighed(branch, Weighed { logprob, tokens: 10 }));
    }
    // It is a ghost there, and nothing of the page is changed by that.
    desk.draw();
    assert!(desk.shown().contains("She opened the door and looked in."), "{}", desk.shown());
    assert_eq!(desk.text(), "She opened the| and looked in.");
    desk.press("alt-enter");
    assert_eq!(desk.text(), "She opened the door| and looked in.");
    // A model that can't weigh: the likeliest of those that fit is shown.
    let mut desk = Desk::with("She opened the| and looked in.", &settings);
    desk.press("ctrl-space");
    comes(&mut desk, 0, " door, for it was old.");
    comes(&mut desk, 1, " cellar.");
    for (branch, _) in desk.weighed.clone() {
        desk.news(News::Failed(branch, "it doesn't weigh".into()));
    }
    desk.press("alt-enter");
    assert!(desk.text().ends_with("| and looked in.") && desk.text().len() > 31, "{}", desk.text());
    assert!(!desk.shown().contains("failed"));
}
