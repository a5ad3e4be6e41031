//! How the model reads the draft: ranks and surprise on the page, totals of both hands, the critic. The test acts as the
//! model.

use crate::support::desk::{Desk, info, settings, whole_scores};
use unstuck::{
    generate::{ModelInfo, Server},
    tui::Settings,
    ui::worker::News,
};

const RANK: [&str; 2] = ["<ctrl-o>", "<ctrl-o>"];

/// The row below a row with these words.
fn below(desk: &mut Desk, words: &str) -> String {
    let shown = desk.shown();
    let rows: Vec<_> = shown.lines().collect();
    let at = rows.iter().position(|row| row.contains(words)).unwrap();
    rows[at + 1].trim().to_owned()
}

#[test]
fn what_is_shown_goes_round() {
    let mut desk = Desk::on("The lamps were out.");
    desk.step("<ctrl-o>");
    assert!(desk.shown().contains("unknown 100 %") && desk.scored.is_empty());
    desk.step("<ctrl-o>");
    assert_eq!(desk.scored.len(), 1);
    assert_eq!(desk.scored[0].1.text, "The lamps were out.");
    assert!(desk.shown().contains("rank") && desk.shown().contains("nothing is read yet"));
    desk.step("=#1,50,500,5000");
    assert_eq!(below(&mut desk, "The lamps"), "▔▔▔ ▁▁▁▁▁ ▂▂▂▂ ▄▄▄▄");
    let shown = desk.shown();
    for legend in ["▔ top 10", "▁ top 100", "▂ top 1,000", "▄ beyond", "others", "▔ 25 %"]
    {
        assert!(shown.contains(legend), "{legend}: {shown}");
    }
    desk.step("<ctrl-o>");
    assert_eq!(desk.scored.len(), 1, "the same scores show surprise");
    assert!(desk.shown().contains("▔ under 3 bits"), "{}", desk.shown());
    let number = desk.scored[0].0;
    desk.step("<ctrl-o>");
    assert!(!desk.shown().contains("surprise") && !desk.shown().contains('▔'));
    assert!(desk.stopped.contains(&number));
}

#[test]
fn it_follows_what_is_typed() {
    let mut desk = Desk::on("The lamps were| out.");
    desk.steps(&RANK);
    desk.step("=#5000");
    desk.steps(&["X"]);
    assert_eq!(desk.scored.last().unwrap().1.text, "The lamps wereX out.");
    // Until the model has read the new text, what didn't change keeps its marks.
    assert_eq!(below(&mut desk, "The lamps"), "▄▄▄ ▄▄▄▄▄ ▄▄▄▄  ▄▄▄▄");
    // An answer about the text before it comes late: it is let go.
    let late = (desk.scored[0].0, whole_scores("The lamps were out.", &[1]));
    desk.news(News::Scores(late.0, late.1));
    assert_eq!(below(&mut desk, "The lamps"), "▄▄▄ ▄▄▄▄▄ ▄▄▄▄  ▄▄▄▄");
    desk.step("=#1");
    assert_eq!(below(&mut desk, "The lamps"), "▔▔▔ ▔▔▔▔▔ ▔▔▔▔▔ ▔▔▔▔");
    // The model is sent straight quotes, and no front matter and no comments.
    let mut hidden = Desk::on("---\na: b\n---\n“So” <!-- not --> he\r\nsaid.");
    hidden.steps(&RANK);
    assert_eq!(hidden.scored[0].1.text, "\"So\"  he\nsaid.");
    hidden.step("=#1,5000");
    assert_eq!(below(&mut hidden, "said."), "▄▄▄▄▄");
}

/// Marks have their own rows, and nothing else changes: keys go from row to row of the text.
#[test]
fn rows_with_marks_are_stepped_over() {
    let mut desk = Desk::on("|One.\nTwo.\n\nThree.");
    desk.steps(&RANK);
    desk.steps(&["=#1", "<down>"]);
    assert_eq!(desk.text(), "One.\n|Two.\n\nThree.");
    desk.steps(&["<down>", "<down>"]);
    assert_eq!(desk.text(), "One.\nTwo.\n\n|Three.");
    desk.steps(&["<up>", "<up>", "<up>", "<end>", "!"]);
    assert_eq!(desk.text(), "One.!|\nTwo.\n\nThree.");
    let long = "The lamps were put out at nine. ".repeat(60);
    let mut desk = Desk::on(&long);
    desk.steps(&RANK);
    desk.steps(&["<pageup>", "<pageup>", "<pagedown>", "<ctrl-home>", "<pagedown>"]);
    assert!(desk.sees_cursor());
}

#[test]
fn what_can_not_score_says_so() {
    let server =
        Server { kind: "vLLM", host: "here".into(), model: "tiny".into(), lacks: Vec::new() };
    let remote = ModelInfo { name: "here#tiny".into(), server: Some(server), ..info() };
    let mut desk = Desk::on("The lamps.");
    desk.size(120, 30);
    desk.news(News::Loaded(remote));
    desk.steps(&["<ctrl-o>"]);
    desk.steps(&["<ctrl-o>"]);
    let shown = desk.shown();
    assert!(
        shown.contains("here#tiny is on a server, which doesn't score a given text."),
        "{shown}"
    );
    assert!(!shown.contains("top 10") && desk.scored.is_empty());
    // The next press begins anew.
    desk.step("<ctrl-o>");
    assert!(desk.shown().contains("unknown 100 %"));
    // The writer's own tokens can't be opened there either.
    desk.step("<ctrl-t>");
    assert!(desk.looked.is_empty() && desk.shown().contains("doesn't score a given text"));
    let mut torn = Desk::on("The lamps.");
    torn.steps(&RANK);
    torn.news(News::Failed(torn.scored[0].0, "a weight is torn".into()));
    assert!(torn.shown().contains("! The draft isn't scored: a weight is torn."));
    assert!(torn.shown().contains("not scored"));
    // The next change asks again.
    torn.steps(&["<esc>", "!"]);
    assert_eq!(torn.scored.len(), 2);
    let mut off = Desk::on("The lamps.");
    off.steps(&["<ctrl-p>", "model off", "<enter>"]);
    off.steps(&RANK);
    assert!(off.scored.is_empty() && off.shown().contains("The model is off."));
}

#[test]
fn another_model_reads_anew() {
    let mut desk = Desk::on("The lamps.");
    desk.steps(&RANK);
    desk.step("=#1");
    desk.news(News::Loaded(ModelInfo { name: "other".into(), ..info() }));
    assert_eq!(desk.scored.len(), 2);
    assert!(desk.shown().contains("nothing is read yet"));
}

/// Ranks 1 and 2 by the machine, the rest by the writer.
#[test]
fn hands_have_totals_of_their_own() {
    let mut desk = Desk::with("", &Settings { offers: 1, ..settings() });
    desk.steps(&["The lamps", "<ctrl-space>", "= were| out.", "=.", "<alt-enter>"]);
    desk.size(120, 30);
    desk.steps(&RANK);
    desk.step("=#1024,1024,1,1");
    let shown = desk.shown();
    let row = |name: &str| shown.lines().find(|row| row.contains(name)).unwrap_or_default();
    assert!(row("you ").contains("14.0 bits a word") && row("you ").contains("▄ 100 %"), "{shown}");
    assert!(row("machine ").contains(" 1.0 bits a word"), "{shown}");
    assert!(row("machine ").contains("▔ 100 %") && !shown.contains("others "), "{shown}");
}

#[test]
fn the_critic_marks_and_changes_nothing() {
    let text = "It was very dark. The lantern on the stair went out, then the lantern in the hall.";
    let mut desk = Desk::on(text);
    desk.size(100, 30);
    desk.step("<alt-y>");
    assert_eq!(desk.scored.len(), 1);
    desk.step("=#1,9,1,1,1,1,1,9");
    let shown = desk.shown();
    assert!(shown.contains("≡ 2 clichés") && shown.contains("~ 1 weak"), "{shown}");
    assert!(shown.contains("\" 2 repeated"), "{shown}");
    assert!(shown.contains("Put the cursor on a mark to see why."), "{shown}");
    desk.steps(&["<ctrl-home>", "<ctrl-right>", "<ctrl-right>", "<ctrl-right>"]);
    assert!(
        desk.shown().contains("5 tokens in a row that the model ranks first"),
        "{}",
        desk.shown()
    );
    assert_eq!(desk.text().replace('|', ""), text);
    assert!(desk.asked.is_empty());
    desk.step("<alt-y>");
    assert!(!desk.shown().contains("clichés"));
    // How many tokens make a run is a setting.
    let critic: Settings = toml::from_str("critic.run = 6\ncritic.near = 0").unwrap();
    let set = Settings { critic: critic.critic, offers: 1, ..settings() };
    let mut strict = Desk::with(text, &set);
    strict.size(100, 30);
    strict.steps(&["<alt-y>", "=#1,9,1,1,1,1,1,9"]);
    let shown = strict.shown();
    assert!(shown.contains("≡ 0 clichés") && shown.contains("\" 0 repeated"), "{shown}");
}

/// What the machine wrote is not the writer's cliché.
#[test]
fn the_critic_leaves_the_machine_alone() {
    let mut desk = Desk::with("", &Settings { offers: 1, ..settings() });
    let words = "= really| were| put| out| at| nine.";
    desk.steps(&["The lamps", "<ctrl-space>", words, "=.", "<alt-enter>", "<alt-y>", "=#1"]);
    let shown = desk.shown();
    assert!(shown.contains("≡ 0 clichés") && shown.contains("~ 0 weak"), "{shown}");
}

#[test]
fn the_critic_needs_no_model_for_words() {
    let mut desk = Desk::on("It was really very dark.");
    desk.news(News::Gone("No model: it is torn.".into()));
    desk.steps(&["<alt-y>", "<esc>"]);
    assert!(desk.shown().contains("~ 2 weak") && desk.scored.is_empty(), "{}", desk.shown());
}

#[test]
fn text_in_the_place_of_all_text_has_no_old_marks() {
    let mut desk = Desk::on("The lamps were out.");
    desk.steps(&RANK);
    desk.step("=#5000");
    desk.steps(&["<ctrl-a>", "It rained"]);
    assert_eq!(desk.scored.last().unwrap().1.text, "It rained");
    assert!(!below(&mut desk, "It rained").contains('▄'));
}
