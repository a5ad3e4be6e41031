//! Plain mode: lines in, lines out. The test types the lines and acts as the model.

use crate::support::desk::{Room, info, settings, whole_scores};
use std::{
    fs,
    sync::mpsc::{self, Receiver},
};
use unstuck::{
    session::Session,
    token::{BranchId, StopReason, Token},
    tui::{
        Event, Settings,
        plain::{ACTS, Plain, Said},
    },
    ui::{
        signals::Signal,
        worker::{News, Request},
    },
};

/// Plain mode, and what it asked of the model.
struct Lines {
    plain: Plain,
    requests: Receiver<Request>,
    asked: Vec<BranchId>,
    stopped: Vec<BranchId>,
    scored: Vec<(BranchId, String)>,
}

impl Lines {
    fn new(session: Session, settings: &Settings) -> Self {
        let (sender, requests) = mpsc::channel();
        let plain = Plain::new(session, settings, Vec::new(), 100, sender).unwrap();
        let (asked, stopped, scored) = (Vec::new(), Vec::new(), Vec::new());
        let mut lines = Self { plain, requests, asked, stopped, scored };
        lines.plain.handle(Event::News(News::Loaded(info())));
        lines
    }

    fn on(text: &str) -> Self {
        Self::new(Session::from_text(text), &Settings { offers: 2, ..settings() })
    }

    fn listen(&mut self) {
        for request in self.requests.try_iter() {
            match request {
                Request::Generate(ask) => self.asked.push(ask.branch),
                Request::Stop(branch) => self.stopped.push(branch),
                Request::Score(number, draft) => self.scored.push((number, draft.text)),
                _ => {}
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.plain.line(text);
        self.listen();
    }

    /// The model has read the draft: its words have these ranks in turn.
    fn score(&mut self, ranks: &[u32]) {
        let (number, text) = self.scored.last().unwrap();
        let scores = whole_scores(text, ranks);
        self.plain.handle(Event::News(News::Scores(*number, scores)));
        self.listen();
    }

    /// An offer comes, counted from the newest.
    fn offer(&mut self, back: usize, text: &str) {
        let branch = self.asked[self.asked.len() - 1 - back];
        let token = Token {
            id: Some(1),
            text: text.into(),
            logprob: None,
            rank: None,
            top: Vec::new(),
            copied: 0,
            drawn: Vec::new(),
        };
        self.plain.handle(Event::News(News::Token(branch, token)));
        self.plain.handle(Event::News(News::Done(branch, StopReason::Sentence)));
        self.listen();
    }

    /// What was printed since the last call. Errors have a `!` before them.
    fn said(&mut self) -> Vec<String> {
        let said = self.plain.said().into_iter();
        let said = said.map(|line| match line {
            Said::Text(text) => text,
            Said::Error(text) => format!("!{text}"),
        });
        let said: Vec<_> = said.collect();
        for line in &said {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        said
    }

    fn text(&self) -> String {
        self.plain.session().text().to_string()
    }
}

/// Types lines on a text, and compares the text and the last line that was printed.
fn check(table: &[(&str, &[&str], &str, &str)]) {
    for (text, lines, expected, said) in table {
        let mut plain = Lines::on(text);
        lines.iter().for_each(|line| plain.line(line));
        assert_eq!(plain.text(), *expected, "{text:?} {lines:?} {:?}", plain.said());
        let last = plain.said().last().cloned().unwrap_or_default();
        assert_eq!(last, *said, "{text:?} {lines:?}");
    }
}

#[test]
fn a_line_is_a_line_of_the_draft() {
    let first = "untitled, 1 word. Type to write. /help lists commands.";
    check(&[
        ("One.", &["Two."], "One.\nTwo.", first),
        ("One.\n", &["Two.\r\n"], "One.\nTwo.", first),
        ("One.", &["", "Two."], "One.\n\nTwo.", first),
        // A space at the start: it goes on in the same line.
        ("One", &[" two", " three."], "One two three.", first),
        ("One ", &[" two."], "One two.", first),
        ("One.", &["//two"], "One.\n/two", first),
        // A match stays, and so does the line that a new line divides.
        ("One lamp.", &["/find lamp", "So."], "One lamp\nSo.\n.", "1: One lamp."),
        ("One.", &["\u{1b}[31mtwo\u{7}"], "One.\n[31mtwo", first),
        ("雨。", &["風。"], "雨。\n風。", "untitled, 1 word. Type to write. /help lists commands."),
    ]);
}

#[test]
fn paragraphs_are_read_found_and_changed_by_number() {
    let text = "One lamp.\n\nTwo lamps.\nThree.";
    check(&[
        (text, &["/print 2"], text, "2: Two lamps."),
        (text, &["/print 1 2"], text, "2: Two lamps."),
        (text, &["/print"], text, "3: Three."),
        (text, &["/p all"], text, "3: Three."),
        (text, &["/print 9"], text, "!Error: there is no paragraph 9. There are 3."),
        ("", &["/print"], "", "!Error: the draft is empty."),
        (text, &["/back"], text, "2: Two lamps."),
        (text, &["/back", "/back", "/back"], text, "This is the first paragraph."),
        (text, &["/go 1", "/next"], text, "2: Two lamps."),
        (text, &["/next"], text, "This is the last paragraph."),
        (text, &["/go 2", "And so."], "One lamp.\n\nTwo lamps.\nAnd so.\nThree.", "2: Two lamps."),
        (text, &["/go 0%", "/where"], text, "Paragraph 1 of 3, at its start. 5 words. Not saved."),
        (text, &["/go end", "/where"], text, "Paragraph 3 of 3, at its end. 5 words. Not saved."),
        (text, &["/go start", "/find lamp"], text, "1: One lamp."),
        (text, &["/go start", "/find lamp", "/find"], text, "2: Two lamps."),
        (text, &["/find boat"], text, "Not found: boat."),
        (
            text,
            &["/go start", "/find lamp", "/replace light"],
            "One light.\n\nTwo lamps.\nThree.",
            "2: Two lamps.",
        ),
        (
            text,
            &["/find lamp", "/replace-all light"],
            "One light.\n\nTwo lights.\nThree.",
            "2 replaced. /undo undoes it.",
        ),
        (text, &["/replace x"], text, "!Error: nothing is found yet. /find goes to a match."),
        (text, &["/change 2 Two."], "One lamp.\n\nTwo.\nThree.", "2: Two."),
        (text, &["/delete 2"], "One lamp.\n\nThree.", "Deleted paragraph 2: Two lamps."),
        ("a\r\nb\r\n", &["/delete 1"], "b\r\n", "Deleted paragraph 1: a"),
        (text, &["/delete 2", "/undo"], text, "3: Three."),
        (text, &["/left", "/whose"], text, "? unknown 100 %"),
    ]);
}

#[test]
fn names_of_commands_may_be_short_and_wrong_ones_are_named() {
    check(&[
        ("a", &["/wher"], "a", "Paragraph 1 of 1, at its end. 1 word. Not saved."),
        ("a", &["/wh"], "a", "!Error: which one: where, whose?"),
        (
            "a",
            &["/ndo"],
            "a",
            "!Error: there is no command ndo; did you mean undo?. /help lists them.",
        ),
        ("a", &["/help print"], "a", "/print [N [M] | all]: Print a paragraph, or several."),
        ("a", &["/dials"], "a", "This needs the whole screen: start without plain mode."),
        (
            "a",
            &["/on-air"],
            "a",
            "!Error: on-air needs the whole screen: start without plain mode.",
        ),
        ("a", &["/undo"], "a", "There is nothing to undo."),
        ("a", &["/memory Mara keeps the light."], "a", "Memory: Mara keeps the light."),
        ("a", &["/note"], "a", "Note: none."),
    ]);
    for act in ACTS {
        let line = format!("/{} {}: {}", act.name, act.takes, act.help);
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn offers_are_numbered_and_taken_by_number() {
    let mut lines = Lines::on("The lamp went out");
    lines.said();
    lines.line("/ask");
    assert_eq!(lines.said(), ["Working."]);
    // Input waits for the offers.
    lines.line("/take 2");
    lines.line("Then.");
    assert_eq!(lines.text(), "The lamp went out");
    lines.offer(1, ", and nobody\nlit it.");
    lines.plain.waited();
    assert_eq!(lines.said(), ["Working: 1 of 2 offers ready."]);
    lines.offer(0, " at nine.");
    assert_eq!(
        lines.said(),
        ["1: , and nobody lit it.", "2: at nine.", "Taken: at nine. 6 words."]
    );
    assert_eq!(lines.text(), "The lamp went out at nine.\nThen.");
    lines.line("/offers");
    assert_eq!(lines.said(), ["1: , and nobody lit it.", "2: at nine."]);
    lines.line("/take 1");
    let said = lines.said();
    assert_eq!(said[0], "Taken: , and nobody lit it. 8 words.");
    assert!(said[1].starts_with("This is a new branch from where you asked; /undo"), "{said:?}");
    lines.line("/take 7");
    assert_eq!(lines.said(), ["!Error: there is no offer 7. There are 2."]);
    lines.line("/word");
    assert_eq!(
        lines.said(),
        ["!Error: that offer doesn't go on here. /take takes it where it was asked."]
    );
    lines.line("/branches");
    let said = lines.said();
    assert!(said.iter().any(|line| line.contains("this page")), "{said:?}");
}

#[test]
fn an_offer_is_taken_in_pieces() {
    let mut lines = Lines::on("The lamp went out");
    lines.line("/ask");
    lines.offer(1, " at nine. Then it rained.");
    lines.offer(0, " again.");
    lines.said();
    lines.line("/word 1");
    lines.line("/sentence");
    assert_eq!(lines.said(), ["Taken: at 5 words.", "Taken: nine. 6 words."]);
    lines.line("/pin 2");
    assert_eq!(
        lines.said(),
        ["Offer 2 is pinned: it stays when you roll again.", "2: pinned, again."]
    );
}

#[test]
fn the_model_can_be_stopped() {
    for stop in ["/stop", "^C"] {
        let mut lines = Lines::on("The lamp");
        lines.line("/ask");
        lines.said();
        match stop {
            "^C" => lines.plain.handle(Event::Signal(Signal::Interrupt)),
            stop => lines.line(stop),
        }
        lines.listen();
        assert_eq!(lines.stopped.len(), 2);
        assert_eq!(lines.said()[0], "Stopped. /stop again hides the offers.");
        assert!(!lines.plain.is_over());
    }
    let mut lines = Lines::on("The lamp");
    lines.plain.handle(Event::Signal(Signal::Interrupt));
    assert!(lines.plain.is_over());
}

#[test]
fn what_is_typed_while_the_model_works_is_never_lost() {
    for signal in [Signal::Interrupt, Signal::End] {
        let mut lines = Lines::on("The lamp");
        lines.line("/ask");
        lines.line("A line.");
        lines.line("/undo");
        lines.line("//x");
        lines.plain.handle(Event::Signal(signal));
        lines.listen();
        assert_eq!(lines.text(), "The lamp\nA line.\n/x", "{signal:?}");
    }
}

#[test]
fn without_a_model_the_way_out_is_said() {
    let mut lines = Lines::on("The lamp");
    lines.line("/ask");
    lines.said();
    lines.plain.handle(Event::News(News::Gone("No model: it is broken".into())));
    lines.line("/where");
    let said = lines.said();
    assert_eq!(said[0], "!Error: No model: it is broken");
    assert!(said.last().unwrap().starts_with("Paragraph 1 of 1"), "{said:?}");
}

#[test]
fn unsaved_text_is_asked_about_and_saved() {
    let room = Room::new("One.\n");
    let mut lines = Lines::new(room.session(), &settings());
    lines.line("Two.");
    lines.said();
    lines.line("/quit");
    assert_eq!(
        lines.said(),
        ["draft.md is not saved. s: save; l: leave unsaved; full stop: stay."]
    );
    lines.line("what");
    assert_eq!(
        lines.said(),
        ["draft.md is not saved. s: save; l: leave unsaved; full stop: stay."]
    );
    lines.line("stay");
    assert!(!lines.plain.is_over());
    lines.line("/quit");
    lines.line("save");
    assert!(lines.plain.is_over());
    assert_eq!(room.on_disk(), "One.\nTwo.");
}

#[test]
fn a_draft_without_a_name_gets_one() {
    let room = Room::new("");
    let path = room.draft.with_file_name("other.md");
    let session = Session::resume(None, &room.state, unstuck::session::History::On).unwrap();
    let mut lines = Lines::new(session, &settings());
    lines.line("Two.");
    lines.said();
    lines.line("/save");
    assert_eq!(lines.said(), ["Save as? An empty line means draft.md; a full stop goes back."]);
    lines.line(".");
    assert_eq!(lines.said(), ["Not saved."]);
    lines.line(&format!("/save {}", path.display()));
    assert_eq!(lines.said(), ["Saved other.md."]);
    assert_eq!(fs::read_to_string(path).unwrap(), "Two.");
}

#[test]
fn another_programs_change_and_a_crash_are_asked_about() {
    let room = Room::new("One.\n");
    let mut lines = Lines::new(room.session(), &settings());
    lines.line("Two.");
    fs::write(&room.draft, "Other.\n").unwrap();
    lines.said();
    lines.line("/save");
    lines.line("d");
    let said = lines.said();
    assert_eq!(
        said[0],
        "draft.md was changed by another program. k: keep mine; r: reload; d: difference; full stop: not now."
    );
    assert!(
        said.contains(&"Added: One.".to_owned())
            || said.iter().any(|line| line.starts_with("Added: ")),
        "{said:?}"
    );
    lines.line("k");
    assert_eq!(lines.said().last().unwrap(), "Saved draft.md.");
    assert_eq!(room.on_disk(), "One.\nTwo.");

    // At the end of input nothing is asked; the text is in the history, and the next start asks about it.
    lines.line("Three.");
    lines.plain.end();
    assert!(lines.plain.is_over());
    assert!(lines.said().last().unwrap().starts_with("Not saved: draft.md."));
    drop(lines);
    let mut lines = Lines::new(room.session(), &settings());
    let said = lines.said();
    assert!(said.last().unwrap().starts_with("Recovered 1 word that was not saved"), "{said:?}");
    // A line that is no answer keeps the text.
    lines.line("Four.");
    assert_eq!(lines.text(), "One.\nTwo.\nThree.\nFour.");
}

#[test]
fn long_lists_come_in_parts() {
    let text = (1..=23).map(|n| format!("Line {n}.\n")).collect::<String>();
    let mut lines = Lines::on(&text);
    lines.said();
    lines.line("/print all");
    let said = lines.said();
    assert_eq!((said.len(), &*said[10]), (11, "13 more: /more"));
    lines.line("/more");
    lines.line("/more");
    let said = lines.said();
    assert_eq!(said.last().unwrap(), "23: Line 23.");
    lines.line("/more");
    assert_eq!(lines.said(), ["There is no more."]);
}

#[test]
fn statistics_and_lists_to_choose_from() {
    let mut lines = Lines::on("One two.");
    lines.said();
    lines.line("/statistics");
    assert_eq!(lines.said()[0], "words: 2, this session 0");
    lines.line("/themes");
    let said = lines.said();
    assert!(said[0].starts_with("1: "), "{said:?}");
    assert_eq!(said.last().unwrap(), "Answer with a number or a name; a full stop goes back.");
    lines.line("zzz");
    assert_eq!(lines.said(), ["Nothing matches zzz."]);
    lines.line("More.");
    assert_eq!(lines.text(), "One two.\nMore.");
}

#[test]
fn totals_and_the_critic_are_said_once_the_model_has_read_the_draft() {
    let mut lines = Lines::on("It was very dark.\nThe lamp.");
    lines.said();
    lines.line("/score");
    assert_eq!(lines.said(), ["Reading."]);
    // Input waits for it.
    lines.line("Then.");
    assert_eq!(lines.scored[0].1, "It was very dark.\nThe lamp.");
    lines.plain.waited();
    assert_eq!(lines.said(), ["Reading: 0 % of the draft."]);
    lines.score(&[1, 1, 1, 1, 1024, 1]);
    let said = lines.said();
    assert_eq!(said[0], "others: 6 words, 3.2 bits a word; 83 % top 10, 17 % beyond.");
    assert!(said[1].starts_with("Most surprising: The in line 2, 14 bits; "), "{said:?}");
    assert_eq!(lines.text(), "It was very dark.\nThe lamp.\nThen.");
    lines.line("/critic");
    lines.score(&[1]);
    let said = lines.said();
    assert_eq!(said[0], "Reading.");
    assert_eq!(
        said[1],
        "Line 1: It was very dark. The lamp. Then.: 7 tokens in a row that the model ranks first."
    );
    assert_eq!(said[2], "Line 1: very: weak.");
    // It can be given up.
    lines.line("More.");
    lines.line("/score");
    lines.line("/stop");
    lines.line("/critic");
    lines.line("/stop");
    assert!(lines.stopped.contains(&lines.scored.last().unwrap().0));
    // Without a model the critic still knows words.
    lines.plain.handle(Event::News(News::Gone("No model: it is torn.".into())));
    lines.said();
    lines.line("/critic");
    let said = lines.said();
    assert_eq!(said, ["!Error: No model: it is torn.", "Line 1: very: weak."]);
    lines.line("/score");
    assert_eq!(lines.said(), ["!Error: No model: it is torn."]);
}
