//! Saying what offers should be like: notes about words, bars and the order in the dials, a blind vote.

use crate::support::desk::{Desk, Room, beside::entries, settings};
use unstuck::{
    generate::Ask,
    token::{Alternative, StopReason, Token},
    tui::Settings,
    ui::{
        asking,
        shelf::{Errand, Word},
        worker::News,
    },
};

fn token(text: &str) -> Token {
    Token {
        id: Some(1),
        text: text.into(),
        logprob: Some(-1.0),
        rank: None,
        top: Vec::new(),
        copied: 0,
        drawn: Vec::new(),
    }
}

/// The screen at three sizes.
fn seen(name: &str, desk: &mut Desk) {
    for (width, height) in [(80, 24), (120, 30), (40, 12)] {
        desk.size(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), desk.shown());
    }
}

/// Opens the notes and writes into the row of this number.
fn note(desk: &mut Desk, row: usize, text: &str) {
    desk.press("alt-n");
    (0..row).for_each(|_| desk.press("down"));
    desk.step(text);
    desk.press("esc");
}

#[test]
fn notes_about_words_go_to_the_model_and_into_the_journal() {
    let room = Room::new("The boat was gone.");
    let mut desk =
        room.desk_in(&Settings { banned: vec!["don’t".into()], offers: 1, ..settings() });
    note(&mut desk, 3, "sudden, of a");
    note(&mut desk, 4, "lamp = 2.5, rain = -1");
    note(&mut desk, 5, "boat, sea");
    note(&mut desk, 6, "went out");
    note(&mut desk, 7, "action");
    desk.steps(&["<ctrl-end>", "<ctrl-space>"]);
    let params = desk.asked[0].params.clone();
    assert_eq!(params.ban, ["don’t", "sudden", "of a"]);
    let bias: Vec<_> = params.bias.iter().map(|(word, bias)| (&**word, *bias)).collect();
    assert_eq!(bias, [("boat", 2.0), ("lamp", 2.5), ("rain", -1.0), ("sea", 2.0)]);
    assert_eq!(params.end_on, "went out");
    desk.press("alt-n");
    seen("notes", &mut desk);
    desk.press("esc");
    // Longer offers have them, too.
    desk.steps(&["= It| sank.", "=.", "<alt-l>"]);
    assert_eq!(desk.asked[1].params.ban, params.ban);
    drop(desk);
    let session = room.session();
    assert_eq!((&*session.notes().end_on, &*session.notes().only), ("went out", "action"));
    // What can't be read is said.
    let mut desk = Desk::on("The boat was gone.");
    note(&mut desk, 4, "lamp");
    assert!(desk.shown().contains("`lamp` is not a word with a number"), "{}", desk.shown());
    note(&mut desk, 7, "verse");
    assert_eq!(desk.app.session().notes().only, "verse");
}

#[test]
fn offers_that_have_what_is_wanted_come_first_and_what_none_has_is_said() {
    let choosing = asking::Settings { candidates: 4, ..asking::Settings::default() };
    let mut desk =
        Desk::with("The boat was gone.", &Settings { offers: 1, choosing, ..settings() });
    note(&mut desk, 5, "lamp, sea");
    desk.steps(&["<ctrl-end>", "<ctrl-space>"]);
    for (number, text) in [
        " Nobody had asked who had been the last to leave.",
        " Then the lamp was lit again, and nobody said so.",
        " She told them that the second was never written.",
        " After that there was no reading in all the rooms.",
    ]
    .into_iter()
    .enumerate()
    {
        let branch = desk.asked[number].branch;
        let logprob = Some(if number == 1 { -5.0 } else { -1.0 });
        desk.news(News::Token(branch, Token { logprob, ..token(text) }));
        desk.news(News::Done(branch, StopReason::Sentence));
    }
    let shown = desk.shown();
    assert!(shown.contains("Then the lamp"), "{shown}");
    assert!(shown.contains("No offer has “sea”."), "{shown}");
    // A kind of prose.
    let mut desk = Desk::with(
        "The boat was gone.",
        &Settings {
            offers: 1,
            choosing: asking::Settings { candidates: 2, ..asking::Settings::default() },
            ..settings()
        },
    );
    note(&mut desk, 7, "dialogue");
    desk.steps(&["<ctrl-end>", "<ctrl-space>"]);
    for (number, text, logprob) in [
        (0, " She went down to the water and looked at the rope.", -1.0),
        (1, " \"Who took the boat out in such a night?\" she said.", -4.0),
    ] {
        let branch = desk.asked[number].branch;
        desk.news(News::Token(branch, Token { logprob: Some(logprob), ..token(text) }));
        desk.news(News::Done(branch, StopReason::Sentence));
    }
    assert!(desk.shown().contains("Who took the boat"), "{}", desk.shown());
}

#[test]
fn an_offer_ends_on_its_phrase_or_that_is_said() {
    let mut desk = Desk::on("The boat was gone.");
    note(&mut desk, 6, "went out");
    desk.steps(&["<ctrl-end>", "<ctrl-space>", "= Then the lamp went out"]);
    desk.news(News::Done(desk.branch(0), StopReason::Phrase));
    let shown = desk.shown();
    assert!(shown.contains("lamp went out") && !shown.contains("No offer"), "{shown}");
    assert!(!shown.contains("cut"), "the phrase is an end: {shown}");
    let mut desk = Desk::on("The boat was gone.");
    note(&mut desk, 6, "went out");
    desk.steps(&["<ctrl-end>", "<ctrl-space>", "= Then nobody came."]);
    desk.news(News::Done(desk.branch(0), StopReason::Length));
    let shown = desk.shown();
    assert!(shown.contains("No offer ends on “went out”."), "{shown}");
}

/// The answer for the bars: what the model says, and what is left after the dials.
fn answer(desk: &mut Desk) {
    let branch = desk.branch(0);
    let one = |text: &str, raw: f32, after| Alternative {
        id: Some(1),
        text: text.into(),
        logprob: raw.ln(),
        after,
    };
    let top = vec![
        one(" the", 0.5, Some(0.6)),
        one(" a", 0.25, Some(0.3)),
        one("\n", 0.125, None),
        one(" lamp", 0.0625, Some(0.1)),
    ];
    desk.news(News::Token(branch, Token { top, ..token(" the") }));
    desk.news(News::Done(branch, StopReason::Length));
}

#[test]
fn bars_show_the_last_question_before_and_after_the_dials() {
    let mut desk = Desk::on("The boat was gone.");
    desk.size(100, 30);
    desk.steps(&["<ctrl-d>", "b"]);
    assert!(desk.shown().contains("Nothing was asked yet"), "{}", desk.shown());
    desk.steps(&["<esc>", "<ctrl-space>", "= It", "=.", "<ctrl-d>", "<down>", "b"]);
    let asked = desk.asked.last().unwrap().clone();
    assert_eq!((&*asked.prompt, asked.params.max_tokens), ("The boat was gone.", 1));
    assert!(asked.params.logprobs > 20);
    answer(&mut desk);
    let shown = desk.shown();
    assert!(shown.contains("▸ temperature"), "{shown}");
    let row = shown.lines().find(|row| row.contains("\" the\"")).unwrap();
    assert_eq!(row.matches('█').count(), 10 + 12, "{row}");
    let row = shown.lines().find(|row| row.contains("\"⏎\"")).unwrap();
    assert!(row.contains("out"), "{row}");
    assert!(shown.contains("all others"), "{shown}");
    seen("bars", &mut desk);
    desk.size(100, 30);
    // A dial that turns asks again, and the answer is for the dials.
    desk.press("right");
    let again = desk.asked.last().unwrap().clone();
    assert_eq!(desk.stopped.last(), Some(&asked.branch));
    assert_ne!(again.params.temperature, asked.params.temperature);
    answer(&mut desk);
    desk.steps(&["b"]);
    assert!(!desk.shown().contains("all others"), "{}", desk.shown());
    assert!(desk.shown().contains("top-k"), "{}", desk.shown());
}

#[test]
fn the_order_of_the_steps_is_shown_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstuck.toml");
    let mut settings = settings();
    settings.environment.settings_file = Some(file.clone());
    let mut desk = Desk::with("The boat was gone.", &settings);
    desk.steps(&["<ctrl-d>", "<end>"]);
    let shown = desk.shown();
    assert!(shown.contains("▸ order") && shown.contains("temperature › top_k"), "{shown}");
    // The temperature goes behind top-k, and XTC is off.
    desk.steps(&["o", "<right>"]);
    (0..7).for_each(|_| desk.press("down"));
    desk.press("up");
    desk.steps(&[" "]);
    seen("order", &mut desk);
    desk.size(80, 24);
    let shown = desk.shown();
    assert!(shown.contains("1   top_k") && shown.contains("off xtc"), "{shown}");
    desk.steps(&["<esc>", "k"]);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("order = [\"top_k\", \"temperature\", "), "{kept}");
    assert!(!kept.contains("xtc\""), "{kept}");
    desk.steps(&["<ctrl-space>"]);
    let order = &desk.asked[0].params.order;
    assert_eq!((order[0].name(), order[1].name(), order.len()), ("top_k", "temperature", 8));
    // The usual order again.
    desk.steps(&["<ctrl-d>", "<end>", "o", "<backspace>", "<esc>", "<esc>", "<ctrl-space>"]);
    assert_eq!(desk.asked.last().unwrap().params.order.len(), 8, "it was kept as the writer's own");
}

#[test]
fn a_blind_vote_counts_for_the_preset_behind_the_text() {
    let text: String = (0..40).map(|n| format!("Sentence {n} was here. ")).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings();
    settings.environment.state = Some(folder.path().to_owned());
    let mut desk = Desk::with(&text, &settings);
    desk.size(100, 30);
    desk.steps(&["<alt-v>", "wild", "<enter>"]);
    let mut firsts = 0;
    for pair in 0..10 {
        let asked: Vec<_> = desk.asked[2 * pair..2 * pair + 2].to_vec();
        assert_eq!(asked[0].prompt, asked[1].prompt);
        assert_eq!(asked[0].params.seed, asked[1].params.seed);
        let wild = asked.iter().position(|ask| ask.params.temperature == 1.1).unwrap();
        assert_eq!(wild, 1, "the preset in use is asked for first");
        for (ask, text) in asked.iter().zip([" The tame one came.", " The wild one came."]) {
            desk.news(News::Token(ask.branch, token(text)));
            desk.news(News::Done(ask.branch, StopReason::Sentence));
        }
        let shown = desk.shown();
        assert!(shown.contains(&format!("prose or wild · {} of 10", pair + 1)), "{shown}");
        if pair == 0 {
            seen("vote", &mut desk);
            desk.size(100, 30);
        }
        // No text has a name; the order is by chance.
        let first = shown.lines().position(|row| row.starts_with(" 1 ")).unwrap();
        let is_wild = shown.lines().nth(first).unwrap().contains("wild one");
        firsts += usize::from(is_wild);
        // One pair is equal; of the others, wild wins all.
        desk.press(match (pair, is_wild) {
            (4, _) => "0",
            (_, true) => "1",
            (_, false) => "2",
        });
    }
    assert!((2..=8).contains(&firsts), "{firsts} of 10 were first");
    let shown = desk.shown();
    assert!(shown.contains("prose was better 0 times, wild 9 times, neither once."), "{shown}");
    assert!(shown.contains("you prefer wild"), "{shown}");
    seen("vote_result", &mut desk);
    desk.size(100, 30);
    let kept = std::fs::read_to_string(folder.path().join("votes.json")).unwrap();
    assert!(kept.contains("\"won\":[0,9]"), "{kept}");
    desk.press("esc");
    assert!(!desk.shown().contains("blind vote"));
    // Escape shows what there is; a later vote adds to it.
    desk.steps(&["<alt-v>", "wild", "<enter>", "<esc>"]);
    assert!(desk.shown().contains("wild 9 times"), "{}", desk.shown());
    let mut short = Desk::on("Too short.");
    short.press("alt-v");
    assert!(short.shown().contains("needs a draft of a few sentences"), "{}", short.shown());
}

#[test]
fn a_blind_vote_compares_two_models() {
    let text: String = (0..40).map(|n| format!("Sentence {n} was here. ")).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings();
    settings.environment.state = Some(folder.path().to_owned());
    let mut desk = Desk::with(&text, &settings).with_shelf();
    desk.size(100, 30);
    desk.press("alt-v");
    assert_eq!(desk.wanted(), [Errand::List]);
    desk.shelf(Word::Listed(entries()));
    let shown = desk.shown();
    // What is in use, broken or not installed can't be compared.
    assert!(shown.contains("run:mine") && !shown.contains("torn"), "{shown}");
    assert!(!shown.contains("gpt2"), "{shown}");
    desk.steps(&["run", "<enter>"]);
    for pair in 0..10 {
        let [mine, theirs] = &desk.asked[2 * pair..2 * pair + 2] else { panic!("two questions") };
        let (mine, theirs) = (mine.clone(), theirs.clone());
        assert_eq!(Ask { branch: mine.branch, ..theirs.clone() }, mine, "only the model differs");
        assert_eq!(desk.opened[pair], "run:mine");
        for (ask, text) in [(&mine, " It was mine."), (&theirs, " It was theirs.")] {
            desk.news(News::Token(ask.branch, token(text)));
            desk.news(News::Done(ask.branch, StopReason::Sentence));
        }
        let first = desk.shown().lines().any(|row| row.starts_with(" 1 It was theirs."));
        desk.press(if first { "1" } else { "2" });
    }
    let shown = desk.shown();
    assert!(shown.contains("between inkwell and run:mine with prose:"), "{shown}");
    assert!(shown.contains("inkwell was better 0 times, run:mine 10 times"), "{shown}");
    assert!(shown.contains("you prefer run:mine"), "{shown}");
}

#[test]
fn the_model_reads_ahead_once_after_each_sentence() {
    let sentence = |n: usize| format!("Sentence {n} was here. ");
    let mut desk = Desk::on(&(0..7).map(sentence).collect::<String>());
    desk.steps(&["<ctrl-end>"]);
    for (n, guide) in [(7, ""), (8, "[Quiet.]")] {
        note(&mut desk, 1, guide);
        desk.steps(&["<ctrl-end>"]);
        desk.ahead.clear();
        let text = desk.text().replace('|', "");
        desk.steps(&[&sentence(n), "more words "]);
        let [ask] = desk.ahead.as_slice() else { panic!("{:?}", desk.ahead) };
        assert_eq!(ask.prompt, format!("{text}Sentence {n} was here."));
        assert_eq!(ask.guide.note, guide);
    }
    // What the writer keeps from the model isn't read.
    desk.ahead.clear();
    desk.steps(&["<ctrl-p>", "model off", "<enter>", "One more sentence. "]);
    assert!(desk.ahead.is_empty());
}
