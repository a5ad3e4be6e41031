//! Receipts of the desk's offers, with the model in the program: what was taken is proven, and what was changed is caught.

use super::support::{
    desk::{self, Desk, Room},
    receipts::{proven, tamper},
};
use std::{fs, sync::Arc};
use unstuck::{
    generate::Engine,
    model::Precision,
    session::{Reach, journal_path, look},
    ui::{
        asking::{Made, Pass, Receipt},
        receipts::Verdict,
        worker::News,
    },
};

const PROMPT: &str = "The lamps along the bay were out, and nobody on the island could say why.";

fn engine() -> Engine {
    Engine::embedded(Precision::Q8_0).unwrap()
}

/// A desk with a draft at whose end the model was asked, and has answered.
fn asked(room: &Room, engine: &mut Engine) -> Desk {
    let mut desk = room.desk();
    desk.news(News::Loaded(engine.info().clone()));
    desk.steps(&["<ctrl-end>", "<ctrl-space>"]);
    desk.serve(engine);
    desk
}

/// The same draft, with a word of one offer and all of another taken, and saved.
fn written(engine: &mut Engine) -> Room {
    let room = Room::new(PROMPT);
    let mut desk = asked(&room, engine);
    desk.steps(&["<ctrl-right>", "<ctrl-right>", "<ctrl-s>"]);
    desk.steps(&["<ctrl-end>", " ", "<ctrl-space>"]);
    desk.serve(engine);
    desk.steps(&["<alt-2>", "<ctrl-s>"]);
    room
}

fn journal(room: &Room) -> std::path::PathBuf {
    journal_path(&room.draft, &room.state)
}

fn verdicts(room: &Room, engine: &mut Engine) -> Vec<(Verdict, String)> {
    let found = proven(&room.draft, &room.state, engine);
    found.into_iter().map(|(_, outcome)| (outcome.verdict, outcome.why)).collect()
}

#[test]
fn what_was_taken_is_proven() {
    let mut engine = engine();
    let room = written(&mut engine);
    let found = proven(&room.draft, &room.state, &mut engine);
    assert!(found.len() >= 3, "{found:?}");
    for (text, outcome) in &found {
        assert_eq!(outcome.verdict, Verdict::Proven, "{text:?}: {}", outcome.why);
        assert!(outcome.same > 3 && outcome.near == 0, "{outcome:?}");
    }
    let look = look(&room.draft, &room.state).unwrap();
    assert_eq!((look.reach, look.outside), (Reach::Whole, 0));
}

#[test]
fn longer_offers_bans_and_lists_are_proven() {
    let mut engine = engine();
    for (draft, steps) in [
        // Two questions for one offer.
        (PROMPT, &["<ctrl-right>", "<alt-l>", "=serve", "<ctrl-down>", "<end>", "<alt-enter>"][..]),
        // The model in the program gets verse in paragraphs, and the offer is in lines again.
        (
            "The lamps are out along the bay,\nthe boats are in, the nets are dry,\nthe keeper's gone another way,\n",
            &["<alt-enter>"][..],
        ),
        ("- a lamp\n- two boats\n", &["<alt-enter>"][..]),
        ("“It is late,” she said. “No one will come to the light tonight.”", &["<alt-enter>"][..]),
        ("", &["<alt-enter>"][..]),
        // In the middle of a word, which other tokens may spell.
        ("There was nobody at the lighth", &["<alt-enter>"][..]),
    ] {
        let room = Room::new(draft);
        let notes = unstuck::session::Notes {
            ban: "the, lamp, of a".into(),
            memory: "Mara keeps the light.".into(),
            note: "[Quiet.]".into(),
            ..Default::default()
        };
        let mut session = room.session();
        session.set_notes(notes);
        let mut desk = Desk::new(session, &desk::settings(), Vec::new());
        desk.news(News::Loaded(engine.info().clone()));
        desk.steps(&["<ctrl-end>", "<ctrl-space>"]);
        desk.serve(&mut engine);
        for step in steps {
            match *step {
                "=serve" => desk.serve(&mut engine),
                step => desk.step(step),
            }
        }
        desk.steps(&["<ctrl-s>"]);
        drop(desk);
        let found = proven(&room.draft, &room.state, &mut engine);
        assert!(!found.is_empty(), "{draft:?}");
        for (text, outcome) in found {
            assert_eq!(outcome.verdict, Verdict::Proven, "{draft:?} {text:?}: {}", outcome.why);
        }
    }
}

#[test]
fn a_ghost_that_was_typed_into_is_proven() {
    let mut engine = engine();
    let room = Room::new(PROMPT);
    let mut desk = asked(&room, &mut engine);
    // A letter that no offer has asks for a ghost, and what was typed of it is the writer's.
    desk.steps(&[" Q"]);
    desk.serve(&mut engine);
    desk.steps(&["<ctrl-right>", "<ctrl-s>"]);
    drop(desk);
    let found = proven(&room.draft, &room.state, &mut engine);
    assert!(!found.is_empty(), "{}", room.on_disk());
    assert!(found.iter().all(|(_, found)| found.verdict == Verdict::Proven), "{found:?}");
}

#[test]
fn what_was_changed_is_caught() {
    let mut engine = engine();
    let room = written(&mut engine);
    let (journal, good) = (journal(&room), fs::read(journal(&room)).unwrap());
    let text = String::from_utf8_lossy(&good).into_owned();
    let other = |digits: &str| {
        let first = if digits.starts_with('1') { '2' } else { '1' };
        format!("{first}{}", &digits[1..])
    };
    let page = room.on_disk();
    let taken = page[PROMPT.len()..].split_whitespace().find(|word| word.len() > 4).unwrap();
    // The seed and the last draw of each receipt. Those of offers that were not taken prove nothing, so they aren't looked
    // at.
    let seeds = text.split("\"passes\":[{\"seed\":").skip(1);
    let seeds = seeds.map(|seed| seed.chars().take_while(char::is_ascii_digit).collect::<String>());
    let draws = text.split("\"draws\":[").skip(1).map(|draws| draws.split("]}").next().unwrap());
    let draws = draws.map(|draws| draws.rsplit(',').next().unwrap().to_owned());
    for (all, [before, behind]) in
        [(seeds.collect::<Vec<_>>(), ["[{\"seed\":", ","]), (draws.collect(), [",", "]}"])]
    {
        let caught = all.iter().filter(|one| {
            fs::write(&journal, &good).unwrap();
            let (from, to) =
                (format!("{before}{one}{behind}"), format!("{before}{}{behind}", other(one)));
            assert!(tamper(&journal, &from, &to) > 0, "{from}");
            verdicts(&room, &mut engine).iter().any(|(verdict, _)| *verdict == Verdict::Differs)
        });
        assert!(caught.count() > 0, "{all:?}");
    }
    let tampered = [
        // A word of the machine, wherever the history has it.
        (taken.to_owned(), "x".repeat(taken.len())),
        // What the model read.
        ("nobody on".into(), "nobody in".into()),
        // How it was sampled.
        ("\"top_k\":100".into(), "\"top_k\":900".into()),
    ];
    for (from, to) in tampered {
        fs::write(&journal, &good).unwrap();
        assert!(tamper(&journal, &from, &to) > 0, "{from}");
        let found = verdicts(&room, &mut engine);
        let look = look(&room.draft, &room.state).unwrap();
        let caught = found.iter().any(|(verdict, _)| *verdict == Verdict::Differs);
        assert!(caught || look.outside > 0, "{from} to {to}: {found:?}");
    }
    // Without right checksums, the rest of the journal can't be read.
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    fs::write(&journal, &bad).unwrap();
    assert_eq!(look(&room.draft, &room.state).unwrap().reach, Reach::Damaged);
    // Another program changed a word.
    fs::write(&journal, &good).unwrap();
    fs::write(&room.draft, page.replacen(taken, "lantern", 1)).unwrap();
    let look = look(&room.draft, &room.state).unwrap();
    assert_eq!((look.reach, look.outside > 0), (Reach::Whole, true));
}

#[test]
fn what_can_t_be_repeated_says_why() {
    let mut engine = engine();
    let room = written(&mut engine);
    let (journal, good) = (journal(&room), fs::read(journal(&room)).unwrap());
    let sum = engine.info().numerics.as_ref().unwrap().sha256.clone().unwrap();
    // Another model of the same name.
    tamper(&journal, &sum, &"0".repeat(64));
    let found = verdicts(&room, &mut engine);
    assert!(
        found.iter().all(|(verdict, why)| {
            *verdict == Verdict::Model && why.contains("inkwell (sha256 0000000000000000…)")
        }),
        "{found:?}"
    );
    // A history of an older version: the same records without receipts.
    fs::write(&journal, &good).unwrap();
    let old = Room::new(PROMPT);
    let mut session = old.session();
    let request = session.ask(PROMPT.len(), serde_json::json!({ "model": "inkwell" }));
    session.offer(request, 1, " Not one.");
    session.take_from(unstuck::session::Source { request, number: 1 }, PROMPT.len(), " Not one.");
    session.save().unwrap();
    drop(session);
    assert_eq!(verdicts(&old, &mut engine), [(Verdict::Before, String::new())]);
    // A server.
    let remote = Room::new(PROMPT);
    let one = unstuck::tui::Settings { offers: 1, ..desk::settings() };
    let mut desk = remote.desk_in(&one);
    let server = unstuck::generate::Server {
        kind: "vLLM",
        host: "127.0.0.1:8000".into(),
        model: "m".into(),
        lacks: Vec::new(),
    };
    let info =
        unstuck::generate::ModelInfo { server: Some(server), numerics: None, ..desk::info() };
    desk.news(News::Loaded(info));
    desk.steps(&["<ctrl-end>", "<ctrl-space>", "= Not| one| of| them| knew| why|.", "=."]);
    desk.steps(&["<alt-enter>", "<ctrl-s>"]);
    drop(desk);
    let found = verdicts(&remote, &mut engine);
    assert!(
        !found.is_empty() && found.iter().all(|(verdict, _)| *verdict == Verdict::Remote),
        "{found:?}"
    );
}

#[test]
fn the_desk_shows_what_is_proven() {
    let mut engine = engine();
    let room = Room::new(PROMPT);
    let mut desk = asked(&room, &mut engine);
    desk.steps(&["<ctrl-right>", "<ctrl-right>"]);
    let receipts = |desk: &mut Desk| {
        desk.steps(&["<ctrl-p>", "receipts", "<enter>"]);
    };
    receipts(&mut desk);
    assert!(desk.shown().contains("checking"), "{}", desk.shown());
    desk.serve(&mut engine);
    let shown = desk.shown();
    assert!(shown.contains("2 texts of the machine: 2 proven"), "{shown}");
    assert!(shown.contains("inkwell, seed"), "{shown}");
    desk.steps(&["<esc>"]);
    // The writer's own words need no receipt.
    let room = Room::new(PROMPT);
    let mut desk = asked(&room, &mut engine);
    receipts(&mut desk);
    assert!(desk.shown().contains("no text of the machine"), "{}", desk.shown());
}

/// A draft with a text of each kind: by a model that isn't here, by a server, by an older version.
fn mixed(room: &Room) -> unstuck::session::Session {
    let mut session = room.session();
    let seconds = std::sync::atomic::AtomicU64::new(1_700_000_000);
    session.set_clock(move || {
        let now = seconds.fetch_add(3, std::sync::atomic::Ordering::Relaxed);
        std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(now)
    });
    let numerics =
        unstuck::generate::Numerics { sha256: Some("5".repeat(64)), ..Default::default() };
    let gpt2 = Made { model: Some("gpt2".into()), numerics: Some(numerics), ..Made::default() };
    let server = Made { model: Some("llama".into()), server: Some("vLLM".into()), ..gpt2.clone() };
    for (made, text) in [
        (Some(gpt2), " Nobody spoke of the boat."),
        (Some(server), " The lamps were put out at nine."),
        (None, " It rained."),
    ] {
        let at = session.text().len_chars();
        let before = session.text().to_string();
        let details = made.as_ref().map_or(serde_json::json!({}), |made| serde_json::json!(made));
        let request = session.ask(at, details.clone());
        let receipt = made.map(|made| {
            let ask = Pass { made: Arc::new(made.clone()), ..Pass::default() }.ask(&before);
            let draws = vec![unstuck::token::Draw::Token(7)];
            Receipt::write(&[Pass { draws, ..Pass::of(&ask, "", made) }], &details)
        });
        session.offer_with(request, 1, text, receipt);
        session.take_from(unstuck::session::Source { request, number: 1 }, at, text);
    }
    session
}

#[test]
fn the_list_of_receipts_and_the_time_line() {
    for (width, height) in [(80, 24), (120, 40), (40, 12)] {
        for (name, steps) in [
            ("receipts", &["<ctrl-p>", "receipts", "<enter>"][..]),
            ("replay", &["<ctrl-p>", "replay", "<enter>", "<left>", "<left>"]),
        ] {
            let room = Room::new("There were three rules.");
            let mut desk = Desk::new(mixed(&room), &desk::settings(), Vec::new());
            desk.size(width, height);
            desk.steps(steps);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), desk.shown());
        }
    }
    // Enter goes to the page as it was, and undo comes back.
    let room = Room::new("There were three rules.");
    let mut desk = Desk::new(mixed(&room), &desk::settings(), Vec::new());
    let page = desk.app.session().text().to_string();
    desk.steps(&["<ctrl-p>", "replay", "<enter>", "<home>", "<right>", "<enter>"]);
    assert_eq!(desk.app.session().text(), "There were three rules. Nobody spoke of the boat.");
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.app.session().text(), page.as_str());
}
