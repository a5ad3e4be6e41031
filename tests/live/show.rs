//! Tests of a whole show: pace, freezing, winding, rolling again, what if.

use super::*;
use unstuck::{generate::Prefix, ui::worker::News};

/// `count` words of four letters each.
fn words(count: usize) -> Vec<String> {
    (0..count).map(|n| format!(" w{n:03}")).collect()
}

/// The number of words shown of the take on the screen, from the last one's number.
fn last(air: &mut Air) -> usize {
    air.keys("z z");
    let shown = air.read();
    air.keys("z");
    let last = shown.split_whitespace().filter_map(|word| {
        word.trim_end_matches('▌').strip_prefix('w').filter(|n| n.len() == 3)?.parse::<usize>().ok()
    });
    last.max().map_or(0, |n| n + 1)
}

#[test]
fn words_come_at_reading_pace() {
    for (pace, keys, expected) in
        [(120, "", 120), (120, "plus plus", 140), (120, "s", 30), (300, "", 300), (60, "minus", 50)]
    {
        let mut gear = gear(RUNDOWN);
        gear.settings.pace = pace;
        let mut air = Air::new(Session::new(), gear);
        air.keys("space");
        air.keys(keys);
        let words = words(400);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        air.say(0, &words);
        air.pass(60_000);
        air.keys("space");
        let shown = last(&mut air);
        let off = shown.abs_diff(expected) as f64 / expected as f64;
        assert!(off <= 0.05, "{pace} {keys:?}: {shown} words in a minute, not {expected}");
    }
}

#[test]
fn a_slow_model_is_not_made_up_for_and_frozen_time_is_no_time() {
    let mut air = Air::show();
    air.keys("space");
    air.pass(30_000);
    let words = words(200);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    air.say(0, &words);
    air.pass(1000);
    air.keys("space");
    let before = last(&mut air);
    assert!((2..=4).contains(&before), "{before} words at once");
    air.pass(60_000);
    assert_eq!(last(&mut air), before);
    air.keys("space");
    air.pass(5_000);
    air.keys("space");
    let after = last(&mut air);
    assert!((9..=11).contains(&(after - before)), "{before} then {after}");
    // After the machine slept, the words don't all appear at once.
    air.keys("space");
    air.sleep(3_600_000);
    air.pass(10);
    air.keys("space");
    assert!(last(&mut air) <= after + 4);
}

#[test]
fn token_by_token_back_and_again_from_here() {
    let mut air = Air::show();
    air.keys("space");
    assert_eq!(air.desk.asked[0].prompt, "There were three rules on the island. The second was");
    air.say(0, &[" that", " the", " lam", "ps", " were", " put", " out", "."]);
    air.keys("right right right right");
    assert!(air.read().contains("was that the lamps"), "{}", air.read());
    assert!(!air.read().contains("were put"));
    air.keys("left left");
    assert!(air.read().contains("was that the") && !air.read().contains("lam"));
    // Passing time shows nothing more: the take is frozen.
    air.pass(20_000);
    assert!(!air.read().contains("lam"));
    air.keys("r");
    assert!(air.desk.asked[1].prompt.ends_with("The second was that the"));
    assert_ne!(air.desk.asked[1].params.seed, air.desk.asked[0].params.seed);
    assert!(air.desk.asked[1].prefix == Prefix::Tokens);
    assert!(air.desk.stopped.contains(&air.branch(1)));
    air.say(0, &[" chapel", " was", " older", " than", " the", " sea", "."]);
    air.end(0);
    air.pass(10_000);
    assert!(air.read().contains("that the chapel was older than the sea."), "{}", air.read());
    assert!(air.read().contains("take 2 of 2"));
    // The other take is still there; its late tokens are ignored.
    air.say(1, &[" late"]);
    air.keys("up end");
    assert!(air.read().contains("that the lamps were put out"), "{}", air.read());
    assert!(!air.read().contains("late"));
}

#[test]
fn at_its_end_a_take_goes_on() {
    let mut air = Air::show();
    air.keys("space");
    air.say(0, &[" that", " nobody", " slept", "."]);
    air.end(0);
    air.pass(5_000);
    assert!(air.read().contains("■ end"), "{}", air.read());
    air.keys("space");
    assert!(air.desk.asked[1].prompt.ends_with("The second was that nobody slept."));
    air.say(0, &[" They", " sang", "."]);
    air.end(0);
    air.pass(5_000);
    assert!(air.read().contains("that nobody slept. They sang."), "{}", air.read());
}

#[test]
fn three_takes_side_by_side() {
    let mut air = Air::show();
    air.keys("3");
    assert_eq!(air.desk.asked.len(), 3);
    let seeds: Vec<u64> = air.desk.asked.iter().map(|ask| ask.params.seed).collect();
    assert!(seeds[0] != seeds[1] && seeds[1] != seeds[2]);
    air.say(2, &[" that", " one", "."]);
    air.say(1, &[" older", " than", " two", "."]);
    air.say(0, &[" never", " three", "."]);
    for back in 0..3 {
        air.end(back);
    }
    air.pass(6_000);
    let shown = air.read();
    for text in ["that one.", "older than two.", "never three.", "take 3 of 3"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(shown.contains("on the island. The second was"), "the prompt stays in sight: {shown}");
    // The second one continues alone.
    air.keys("down enter");
    assert!(air.read().contains("The second was older than two.") && !air.read().contains("never"));
    air.keys("space");
    assert!(air.desk.asked[3].prompt.ends_with("The second was older than two."));
}

#[test]
fn what_the_dice_chose_among_and_what_if() {
    let mut air = Air::show();
    air.keys("space");
    air.say(0, &[" that", " the", " lamps", " were"]);
    air.keys("right right t");
    let shown = air.desk.shown();
    assert!(
        shown.contains("“ the”") && shown.contains("41 %") && shown.contains("62 %"),
        "{shown}"
    );
    assert!(shown.contains("cut off") && shown.contains("drawn"), "{shown}");
    // Masked words are masked here too.
    assert!(!shown.contains("shit") && shown.contains("████"), "{shown}");
    assert!(shown.contains("25 %") && shown.contains("38 %"), "{shown}");
    // Other tokens can be opened; the one that was drawn can't be a what-if.
    air.keys("left enter");
    assert!(air.desk.shown().contains("This is the one that was drawn"));
    air.keys("right down enter");
    let asked = air.desk.asked.last().unwrap().clone();
    assert!(asked.prompt.ends_with("The second was that older"), "{}", asked.prompt);
    assert_eq!(air.desk.asked.len(), 2);
    air.say(0, &[" than", " the", " chapel", "."]);
    air.end(0);
    air.pass(10_000);
    assert!(air.read().contains("was that older than the chapel."), "{}", air.read());
    // A take can't continue from half a character.
    air.keys("t down down down down enter");
    assert!(air.desk.shown().contains("no whole character"), "{}", air.desk.shown());
    assert_eq!(air.desk.asked.len(), 2);
}

#[test]
fn the_rundown_and_a_guest() {
    let mut air = Air::show();
    assert!(air.read().contains("prompt 1/2 “three rules”"), "{}", air.read());
    air.keys("n");
    assert!(
        air.read().contains("The keeper opened the door.") && air.read().contains("60 words/min")
    );
    air.keys("n");
    assert!(air.desk.shown().contains("This is the last prompt"));
    air.keys("space");
    assert_eq!(air.desk.asked[0].params.seed, 7);
    air.keys("p /");
    air.typed("What does the sea owe you?");
    assert!(air.read().contains("What does the sea owe you?▌"), "{}", air.read());
    air.keys("enter");
    assert_eq!(air.desk.asked[1].prompt, "What does the sea owe you?");
    assert!(air.read().contains("prompt 2/3 “What does the sea”"), "{}", air.read());
    air.say(0, &[" Nothing", "."]);
    air.end(0);
    air.pass(3_000);
    assert!(air.read().contains("What does the sea owe you? Nothing."), "{}", air.read());
    air.keys("n");
    assert!(air.read().contains("prompt 3/3 “the keeper”"));
    // Esc changes nothing; while typing, letters are text.
    air.keys("/");
    air.typed("nprb");
    air.keys("esc");
    assert!(air.read().contains("prompt 3/3"));
}

#[test]
fn every_pedal_does_its_act() {
    for (key, says) in [
        ("f1", "Start, freeze or continue"),
        ("f12", "Marker 1"),
        ("shift-f9", "A prompt"),
        ("f21", "A prompt"),
    ] {
        let mut air = Air::show();
        air.keys(key);
        assert!(air.desk.shown().contains(says), "{key}: {}", air.desk.shown());
    }
    let mut air = Air::show();
    air.keys("f2");
    air.say(0, &[" that", " the", " sea", "."]);
    air.keys("f3 f3");
    assert!(air.read().contains("was that the"));
    air.keys("f5 f4");
    assert!(air.desk.asked[1].prompt.ends_with("was that"));
    air.keys("f11");
    assert!(air.read().contains("prompt 2/2"));
    air.keys("f10 f6");
    assert_eq!(air.desk.asked.len(), 5);
}

#[test]
fn blank_is_blank_at_once() {
    let mut air = Air::show();
    air.keys("space");
    air.say(0, &[" that", " the", " sea", "."]);
    air.end(0);
    air.pass(10_000);
    air.keys("b");
    let shown = air.desk.shown();
    assert_eq!(shown.trim(), "blank · b shows it again");
    air.pass(5_000);
    assert_eq!(air.desk.shown().trim(), "blank · b shows it again");
    // Everything works behind it, also while a line is typed.
    air.keys("n b");
    assert!(air.read().contains("The keeper"));
    air.keys("/");
    air.typed("abc");
    air.keys("f9");
    assert_eq!(air.desk.shown().trim(), "blank · b shows it again");
}

#[test]
fn the_word_that_slipped_through_is_bleeped_from_now_on() {
    let mut air = Air::show();
    air.keys("space");
    air.say(0, &[" that", " Grimble", " the", " grimble", " sang", "."]);
    air.keys("right right x");
    assert!(air.read().contains("that ███████"), "{}", air.read());
    air.end(0);
    air.keys("end");
    assert!(air.read().contains("that ███████ the ███████ sang."), "{}", air.read());
}

#[test]
fn a_bleep_is_taken_back() {
    let mut air = Air::show();
    air.keys("u");
    assert!(air.read().contains("Nothing was bleeped with x"), "{}", air.read());
    air.keys("space");
    air.say(0, &[" that", " Grimble", " the", " grimble", " sang", "."]);
    air.end(0);
    air.keys("right right x right right right x");
    assert!(air.read().contains("that ███████ the ███████ ████"), "{}", air.read());
    air.keys("u");
    assert!(air.read().contains("that ███████ the ███████ sang"), "{}", air.read());
    air.keys("u end");
    assert!(air.read().contains("that Grimble the grimble sang."), "{}", air.read());
}

#[test]
fn the_writers_own_continuation_is_shown_by_a_key() {
    let rundown = RUNDOWN
        .replace("## three rules\n", "## three rules\nwriter: that nobody\n  fucking slept.\n");
    let mut air = Air::new(Session::new(), gear(&rundown));
    assert!(!air.read().contains("nobody"));
    air.keys("space");
    air.say(0, &[" that", " the", " lamps", " went", " out", "."]);
    air.end(0);
    air.pass(10_000);
    air.keys("o");
    let shown = air.read();
    assert!(
        shown.contains("the writer") && shown.contains("that nobody ███████ slept."),
        "{shown}"
    );
    // The prompt and the take stay in sight.
    assert!(
        shown.contains("The second was") && shown.contains("that the lamps went out."),
        "{shown}"
    );
    air.keys("o");
    assert!(!air.read().contains("nobody"), "{}", air.read());
    air.keys("o n");
    assert!(!air.read().contains("nobody"));
    air.keys("o");
    assert!(air.read().contains("There is no continuation by the writer. w types one."));
    air.keys("f8");
    let draft = air.desk.app.session().text().to_string();
    assert_eq!(draft.matches("The writer: that nobody fucking slept.").count(), 1, "{draft}");
}

#[test]
fn the_pace_of_a_prompt_stays_with_it() {
    let mut air = Air::show();
    air.keys("plus n");
    assert!(air.read().contains("60 words/min"), "{}", air.read());
    air.keys("plus p");
    assert!(air.read().contains("130 words/min"), "{}", air.read());
    air.keys("n");
    assert!(air.read().contains("70 words/min"), "{}", air.read());
}

#[test]
fn the_recording_clock_is_set() {
    let mut air = Air::show();
    air.keys("c k");
    assert!(air.read().contains("The time of the recording"), "{}", air.read());
    air.keys("ctrl-a");
    air.typed("1:02:03");
    air.keys("enter");
    air.pass(2_000);
    assert!(air.desk.shown().contains("● 01:02:05"), "{}", air.desk.shown());
    air.keys("k ctrl-a");
    air.typed("noon");
    air.keys("enter");
    assert!(air.desk.shown().contains("`noon` is no time. Write it as 1:02:03 or 62:03."));
    assert!(air.desk.shown().contains("● 01:02:05"), "{}", air.desk.shown());
}

#[test]
fn to_the_desk_and_back() {
    let mut air = Air::new(Session::from_text("The boat was gone."), gear(""));
    assert!(air.read().contains("The boat was gone."));
    air.keys("c");
    air.pass(65_000);
    air.keys("f8");
    assert!(air.desk.shown().contains("inkwell · prose") || air.desk.shown().contains("prose"));
    assert!(air.desk.app.wait().is_none());
    air.typed(" So was I.");
    air.keys("f8");
    assert!(air.read().contains("The boat was gone. So was I."), "{}", air.read());
    assert!(air.desk.shown().contains("00:01:05"), "{}", air.desk.shown());
    air.keys("ctrl-q");
    assert!(air.desk.shown().contains("is not saved"), "{}", air.desk.shown());
}

#[test]
fn without_a_model_it_is_said_without_a_path() {
    let mut air = Air::show();
    air.desk.news(News::Gone("No model: /home/ash/secret/config.json is missing.".into()));
    air.keys("space");
    let shown = air.desk.shown();
    assert!(shown.contains("no model") && !shown.contains("/home"), "{shown}");
    air.keys("f8");
    assert!(air.desk.shown().contains("config.json is missing"));
    let mut air = Air::show();
    air.keys("space");
    let branch = air.branch(0);
    air.desk.news(News::Failed(branch, "/home/ash/model.safetensors is torn".into()));
    let shown = air.desk.shown();
    assert!(
        shown.contains("The model stopped. r rolls again.") && !shown.contains("/home"),
        "{shown}"
    );
}

#[test]
fn what_a_server_did_is_said_without_its_address() {
    let mut air = Air::show();
    let mut info = crate::support::desk::info();
    info.server = Some(unstuck::generate::Server {
        kind: "vLLM",
        host: "10.0.0.7:8000".into(),
        model: "tiny".into(),
        lacks: Vec::new(),
    });
    air.desk.news(News::Loaded(info));
    for (why, said) in [
        ("10.0.0.7:8000 was silent for 60 s", "The server was silent for 60 s. r rolls again."),
        ("10.0.0.7:8000 redirects to http://elsewhere/", "The model stopped. r rolls again."),
    ] {
        air.keys("space");
        let branch = air.branch(0);
        air.desk.news(News::Failed(branch, why.into()));
        let shown = air.desk.shown();
        assert!(shown.contains(said) && !shown.contains("10.0.0.7"), "{shown}");
    }
}
