//! The bot's queue on the desk, beside a bot that posts: the same ledger, looked at and worked on by both.

use super::{
    desk::{Desk, settings},
    fake::Kind,
    rig::{HOUR, MINUTE, Rig},
};
use unstuck::{
    bot::Posting,
    mentions::{Begin, Place, Settings as Policy, State},
    session::Session,
    tui::{Environment, Settings},
};

fn desk(rig: &Rig) -> Desk {
    let place = Place {
        ledger: rig.path(),
        settings: Policy::default(),
        limit: 280,
        begin: Begin::Continuation,
    };
    let mut desk = Desk::new(
        Session::from_text("A page."),
        &Settings {
            environment: Environment {
                mentions: Some(place),
                settings_file: Some(rig.path().with_file_name("unstuck.toml")),
                ..Environment::default()
            },
            ..settings()
        },
        vec![],
    );
    desk.size(100, 30);
    desk
}

#[test]
fn a_person_at_the_desk_decides_while_the_bot_runs() {
    let mut rig = Rig::new();
    rig.settings.posting = Posting::Queue;
    let all = ["1", "2", "3", "4"].map(|author| rig.say(author, "@inkbot The lamp \u{1b}[31mwent"));
    rig.run(2 * MINUTE);
    let mut desk = desk(&rig);
    desk.steps(&["<f9>"]);
    let shown = desk.shown();
    assert!(shown.contains("mentions · 4 waiting") && shown.contains("@user1"), "{shown}");
    assert!(shown.contains("a approve") && shown.contains("of 280 · stub, seed"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
    // one is drawn again first, with another seed
    let before = rig.ledger().row(&all[0].to_string()).unwrap().unwrap();
    desk.steps(&["r"]);
    assert_eq!(rig.state(all[0]), State::Queued);
    rig.run(MINUTE);
    let after = rig.ledger().row(&all[0].to_string()).unwrap().unwrap();
    assert_eq!((after.state, after.rolls), (State::Waiting, 1));
    assert!(after.seed != before.seed && after.reply != before.reply, "{after:?}");
    desk.steps(&["<esc>", "<f9>"]);
    // one goes, one gets other words and goes, one is dropped, one wants to be left alone
    desk.steps(&["a"]);
    assert_eq!(rig.state(all[0]), State::Approved);
    desk.press("e");
    for _ in 0..200 {
        desk.press("backspace");
    }
    desk.steps(&["See example.com.", "<enter>"]);
    assert!(desk.shown().contains("Not done: the reply has a link"), "{}", desk.shown());
    for _ in 0..20 {
        desk.press("backspace");
    }
    desk.steps(&["These words are mine.", "<enter>", "a"]);
    desk.steps(&["x", "o"]);
    assert_eq!(rig.state(all[3]), State::Waiting, "asked first");
    desk.steps(&["o"]);
    assert!(desk.shown().contains("none waiting"), "{}", desk.shown());
    desk.steps(&["<esc>", " And on."]);
    assert_eq!(desk.text(), "A page. And on.|");
    rig.run(HOUR);
    assert_eq!(all.map(|mention| rig.replies(mention)), [1, 1, 0, 0]);
    assert_eq!(rig.fake.world().replies(all[1])[0].text, "These words are mine.");
    let later = rig.say("4", "@inkbot hello");
    rig.run(HOUR);
    assert_eq!((rig.replies(later), rig.count(Kind::Post)), (0, 2));
    rig.judge();
}

#[test]
fn the_steps_of_a_reply_are_shown_and_their_settings_changed() {
    let mut rig = Rig::new();
    rig.settings.posting = Posting::Queue;
    let mention = rig.say("1", "@inkbot The quay was empty, and");
    rig.say("2", "@inkbot The lamp went out, and");
    rig.run(2 * MINUTE);
    let mut desk = desk(&rig);
    let file = rig.path().with_file_name("unstuck.toml");
    desk.size(80, 40);
    desk.steps(&["<f9>", "s"]);
    let shown = desk.shown();
    for part in [
        "the reply to @user1",
        "mention",
        "prompt",
        "model",
        "entities      unchanged",
        "it may be posted",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let row = |rig: &Rig| rig.ledger().row(&mention.to_string()).unwrap().unwrap();
    let before = row(&rig);
    // with the author's words in front, as the settings are by default
    desk.steps(&["<right>", "u"]);
    let after = row(&rig);
    let (old, new) = (before.reply.unwrap(), after.reply.unwrap());
    assert!(new.starts_with("The quay was") && new.contains("lamp of") && new != old, "{new}");
    assert_eq!(
        (after.seed, after.steps.iter().any(|step| step.step == "phrase")),
        (before.seed, true)
    );
    // a shorter limit, and a word that may not occur
    desk.steps(&["<down>", "<left>"]);
    assert!(desk.shown().contains("270"), "{}", desk.shown());
    desk.steps(&["<down>", "<right>", "<down>", "<enter>", "quay, pier", "<enter>"]);
    let shown = desk.shown();
    assert!(shown.contains("quay, pier") && shown.contains("which is in"), "{shown}");
    desk.steps(&["u"]);
    assert!(desk.shown().contains("Not done"), "{}", desk.shown());
    assert!(!file.exists() && rig.ledger().reload_asked().unwrap() == 0);
    desk.steps(&["w"]);
    let saved = std::fs::read_to_string(&file).unwrap();
    let read: toml::Table = saved.parse().unwrap();
    let bot = &read["bot"];
    assert_eq!((bot["begin"].as_str(), bot["limit"].as_integer()), (Some("phrase"), Some(270)));
    assert_eq!(bot["policy"]["refuse_from"].as_str(), Some("slur"));
    assert_eq!(bot["policy"]["blocked_words"].as_array().unwrap().len(), 2);
    assert!(rig.ledger().reload_asked().unwrap() > 0, "a running bot is told");
    // back in the queue at the same reply, which has its new text and is judged by the new settings
    desk.steps(&["<esc>"]);
    let shown = desk.shown();
    assert!(shown.contains("mentions · 2 waiting") && shown.contains("The quay was"), "{shown}");
    desk.steps(&["a"]);
    assert!(desk.shown().contains("A approves it anyway"), "{}", desk.shown());
}

#[test]
fn without_a_bot_it_says_how_to_have_one() {
    let mut rig = Rig::untouched();
    let mut desk = desk(&rig);
    desk.steps(&["<f9>"]);
    assert!(desk.shown().contains("There is no bot ledger here yet"), "{}", desk.shown());
    assert!(!rig.path().exists(), "and makes none");
    rig.run(MINUTE);
    desk.steps(&["<f9>"]);
    assert!(desk.shown().contains("none waiting"), "{}", desk.shown());
}
