//! Defects of an earlier bot, by number, and that this one has none of them.

use super::{
    fake::{Fault, HANDLE, Kind, ME},
    rig::{HOUR, MINUTE, Rig, sentence},
    world::House,
    *,
};
use std::{
    cell::Cell,
    collections::HashSet,
    fs,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use unstuck::{
    clean::{PostRules, post, weight, without_urls},
    generate::Engine,
    mentions::{ModelVoice, State, Voice},
    model::Precision,
    token::SamplingParams,
};

fn posted(text: &str) -> String {
    post(text, &PostRules::default()).unwrap_or_default()
}

#[test]
fn d01_two_links_in_a_row_both_go() {
    assert_eq!(posted("go https://t.co/a https://t.co/b now."), "go now.");
    assert_eq!(posted("go https://t.co/a https://t.co/b https://t.co/c https://t.co/d."), "go.");
}

#[test]
fn d02_no_start_prints_the_keys() {
    let house = House::new("auto", ""); // whatever is printed there is held against the keys
    for args in [&["check"][..], &["status"], &["once"], &["queue"]] {
        assert_eq!(code(&house.bot(args)), Some(0));
    }
    assert!(house.printed.borrow().len() > 100);
}

#[test]
fn d03_where_reading_goes_on_is_kept() {
    let mut rig = Rig::new();
    let first = rig.say("1", "@inkbot One");
    rig.run(5 * MINUTE);
    let while_away = rig.say("2", "@inkbot Two");
    rig.now += 3 * HOUR;
    rig.run(5 * MINUTE);
    assert_eq!([first, while_away].map(|mention| rig.replies(mention)), [1, 1]);
    rig.judge();
}

#[test]
fn d04_an_error_of_the_platform_is_no_end() {
    for status in [
        "400 Bad",
        "404 No",
        "410 Gone",
        "418 Teapot",
        "422 No",
        "429 Too Many",
        "500 Oops",
        "520 ?",
    ] {
        let mut rig = Rig::new();
        let mention = rig.say("1", "@inkbot One");
        rig.script(&[Fault::answer(Kind::Mentions, status, &[], r#"{"title":"No"}"#)]);
        rig.run(HOUR);
        assert_eq!((rig.trouble.is_none(), rig.replies(mention)), (true, 1), "{status}");
        let other = rig.say("2", "@inkbot Two");
        rig.script(&[Fault::answer(Kind::Post, status, &[], r#"{"title":"No"}"#)]);
        rig.run(HOUR);
        assert!(rig.trouble.is_none() && rig.replies(other) <= 1, "{status}");
        rig.judge();
    }
}

#[test]
fn d05_without_an_end_there_is_no_sentence() {
    assert_eq!(posted("no terminator here at all"), "");
    assert_eq!(posted("One sentence. And a half of"), "One sentence.");
}

#[test]
fn d06_d09_spaces_break_nothing_and_a_failing_model_is_not_asked_for_ever() {
    assert_eq!(posted("a   b."), "a b.");
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let mut rig = Rig::new();
    rig.voice = |prompt, seed| {
        ASKED.fetch_add(1, Ordering::SeqCst);
        if prompt == "a b" { anyhow::bail!("always") } else { sentence(prompt, seed) }
    };
    let wedge = rig.say("1", "@inkbot a   b");
    let next = rig.say("2", "@inkbot c");
    rig.run(HOUR);
    assert_eq!(ASKED.load(Ordering::SeqCst), 4, "three times for the one, once for the other");
    assert_eq!((rig.state(wedge), rig.replies(next)), (State::Dead, 1));
}

#[test]
fn d07_d11_our_name_may_stand_anywhere_in_any_case_and_has_to_be_ours() {
    let mut rig = Rig::new();
    let ours = ["hello @inkbot there", "@INKBOT hi", "hi @InkBot"];
    let ours = ours.map(|text| {
        let author = text.len().to_string();
        rig.say(&author, text)
    });
    let others = ["@inkbothello there", "@inkbot33 hi", "mail@inkbot hi"];
    let others = others.map(|text| {
        let author = text.len().to_string() + "0";
        rig.say(&author, text)
    });
    rig.run(HOUR);
    assert_eq!(ours.map(|mention| rig.replies(mention)), [1; 3]);
    assert_eq!(others.map(|mention| rig.replies(mention)), [0; 3]);
    let row = rig.ledger().row(&ours[1].to_string()).unwrap().unwrap();
    assert_eq!(row.prompt.as_deref(), Some("hi"), "no letter of it is lost");
}

#[test]
fn d08_the_prompt_is_not_said_again() {
    let rules = PostRules { prompt: "The lamp went out, and".into(), ..PostRules::default() };
    let said = post("The lamp went out, and nobody minded. So", &rules).unwrap();
    assert_eq!(said, "nobody minded.");
}

#[test]
fn d10_the_model_is_read_where_it_is_needed_and_once() {
    let opened = Cell::new(0);
    let open = || {
        opened.set(opened.get() + 1);
        Engine::open(Path::new(TINY), Precision::F32)
    };
    let params = SamplingParams { max_tokens: 3, ..SamplingParams::default() };
    let stop = std::sync::Arc::default();
    let mut voice = ModelVoice::new(open, params, Duration::from_secs(60), stop);
    assert_eq!(opened.get(), 0);
    let first = voice.say("The lamp", 7).unwrap();
    assert_eq!(voice.say("The lamp", 7).unwrap(), first, "a seed gives its words again");
    assert_eq!(opened.get(), 1);
}

#[test]
fn d12_d15_threads_reposts_and_our_own_words_start_no_talk() {
    let mut rig = Rig::new();
    let own = rig.say(ME, "@inkbot said @inkbot");
    let repost = rig.say("1", "RT @x: @inkbot hi");
    rig.fake.world().post(repost).refers = Some(("retweeted", 5));
    let front = format!("@user5 @{HANDLE} ");
    let thread = rig.say("2", &format!("{front}what a day"));
    {
        let mut world = rig.fake.world();
        let post = world.post(thread);
        (post.range, post.replied_to) = (Some(front.len()), Some(own));
    }
    // in front of our name stands another's, and its author means us all the same
    let named = rig.say("3", "@user5 @inkbot hi");
    rig.run(HOUR);
    assert_eq!([own, repost, thread, named].map(|mention| rig.replies(mention)), [0, 0, 0, 1]);
    assert_eq!(rig.count(Kind::Post), 1);
    rig.judge();
}

#[test]
fn d13_d14_d30_help_says_who_it_is_and_never_twice_the_same() {
    let mut rig = Rig::new();
    rig.voice = |prompt, _| panic!("the model was asked about {prompt:?}");
    let texts =
        ["@inkbot", "@inkbot  ", "@inkbot help ", "@inkbot HELP!", " help @inkbot", "@inkbot ?"];
    let all: Vec<_> =
        texts.iter().enumerate().map(|(n, text)| rig.say(&n.to_string(), text)).collect();
    rig.run(HOUR);
    let world = rig.fake.world();
    let said: Vec<_> = all.iter().map(|mention| world.replies(*mention)[0].text.clone()).collect();
    assert_eq!(said.iter().collect::<HashSet<_>>().len(), texts.len(), "no two alike: {said:#?}");
    for text in &said {
        assert!(text.contains("a bot") && text.contains("stop"), "{text}");
        assert!(!text.contains('@'), "it names no account: {text}");
    }
}

#[test]
fn d16_the_oldest_first_and_a_crash_in_the_middle_forgets_nobody() {
    let mut rig = Rig::new();
    let all: Vec<_> = (0..5).map(|author| rig.say(&author.to_string(), "@inkbot One")).collect();
    assert!(rig.crash_at("result kept"));
    assert_eq!(rig.replies(all[0]), 1, "the oldest was first");
    assert!(rig.crash_at("answered"));
    rig.run(HOUR);
    assert!(all.iter().all(|mention| rig.replies(*mention) == 1));
    let order: Vec<_> = rig.fake.world().posts.iter().filter_map(|post| post.replied_to).collect();
    assert_eq!(order, all);
    rig.judge();
}

#[test]
fn d17_one_that_always_fails_stops_no_other() {
    let mut rig = Rig::new();
    let closed = rig.say("1", "@inkbot Closed");
    let all: Vec<_> = (2..6).map(|author| rig.say(&author.to_string(), "@inkbot One")).collect();
    let no = r#"{"errors":[{"code":433,"message":"The original Tweet author restricted who can reply to this Tweet."}]}"#;
    rig.script(&[Fault::answer(Kind::Post, "403 Forbidden", &[], no)]);
    rig.run(HOUR);
    assert_eq!(rig.state(closed), State::Dead);
    assert!(all.iter().all(|mention| rig.replies(*mention) == 1));
}

#[test]
fn d18_far_fewer_requests_than_are_allowed() {
    let mut rig = Rig::new();
    let before = rig.fake.world().log.len();
    rig.run(15 * MINUTE);
    let asked = rig.fake.world().log.len() - before;
    assert!((10..=20).contains(&asked), "{asked} requests in a quarter of an hour");
}

#[test]
fn d19_d20_a_long_mention_is_read_to_its_end_and_decoded() {
    let mut rig = Rig::new();
    let long = format!("@inkbot {}the very end &lt;b&gt; &amp;amp; more", "word ".repeat(60));
    let mention = rig.say("1", "@inkbot word word… https://t.co/abc");
    rig.fake.world().post(mention).note = Some(long);
    let short = rig.say("2", "@inkbot a < b & c");
    rig.run(MINUTE);
    let prompt = |mention: u64| rig.ledger().row(&mention.to_string()).unwrap().unwrap().prompt;
    let read = prompt(mention).unwrap();
    assert!(read.ends_with("the very end <b> &amp; more") && !read.contains("t.co"), "{read}");
    assert_eq!(prompt(short).as_deref(), Some("a < b & c"), "decoded, and once only");
}

#[test]
fn d21_links_go_in_every_dress() {
    for text in [
        "See (https://t.co/x) all.",
        "See https://example.org/a?b=c all.",
        "See\nhttps://t.co/abc\nall.",
        "See https://t.c all.",
        "See www.example.com all.",
        "See example.com/x all.",
        "Seehttps://t.co/Ab1 all.",
        "See HTTP://EXAMPLE.COM all.",
    ] {
        let said = posted(text);
        assert!(!said.to_lowercase().contains("http"), "{text}: {said}");
        assert!(
            !["t.co", "t.c", "example", "www"].iter().any(|part| said.contains(part)),
            "{said}"
        );
        assert!(said.ends_with("all."), "{text}: {said}");
    }
}

#[test]
fn d22_length_is_weighed_and_no_letter_is_cut() {
    let said = posted(&format!("{}。{}。", "漢".repeat(100), "字".repeat(100)));
    assert_eq!(said, format!("{}。", "漢".repeat(100)), "200 characters weigh 402");
    assert!(weight(&said) <= 280);
    assert_eq!(posted(&format!("{}。", "漢".repeat(270))), "");
    let family = "👩‍👩‍👧‍👦".repeat(140);
    assert_eq!(posted(&format!("Look. {family}.")), "Look.");
}

#[test]
fn d23_sentences_end_where_they_do() {
    for (text, kept) in [
        ("What a day? Yes", "What a day?"),
        ("He waited… Then", "He waited…"),
        ("He said \"Great.\" Then he", "He said \"Great.\""),
        ("(So it was!) And", "(So it was!)"),
        ("In the U.S. it rained. So", "In the U.S. it rained."),
        ("It took 1.5 hours. So", "It took 1.5 hours."),
        ("One.\nTwo.\nThr", "One.\nTwo."),
    ] {
        assert_eq!(posted(text), kept);
    }
}

#[test]
fn d24_the_end_tag_is_the_end() {
    assert_eq!(posted("One text. <|endoftext|>Another one."), "One text.");
    assert_eq!(posted("<|endoftext|>Another one."), "");
}

#[test]
fn d25_nothing_left_is_no_post() {
    assert_eq!(posted("https://t.co/aaa."), "");
    let mut rig = Rig::new();
    rig.voice = |_, _| Ok("https://t.co/aaa.".into());
    let mention = rig.say("1", "@inkbot One");
    rig.run(HOUR);
    assert_eq!((rig.state(mention), rig.count(Kind::Post)), (State::Skipped, 0));
}

#[test]
fn d26_a_reply_is_not_its_askers_words_and_they_may_ask_only_so_often() {
    let mut rig = Rig::new();
    rig.settings.policy.per_thread = 100;
    rig.voice = |prompt, seed| {
        let own = sentence(prompt, seed)?;
        Ok(if prompt.len() > 60 { format!("So, {prompt}. Yes.") } else { own })
    };
    let words = "the mayor of this town has taken money from every shop in the street since spring";
    let abuse = rig.say("1", &format!("@inkbot {words}"));
    let many: Vec<_> = (0..10).map(|_| rig.say("2", "@inkbot again")).collect();
    rig.run(50 * MINUTE);
    assert_eq!(
        (rig.replies(abuse), &*rig.reason(abuse)),
        (0, "the reply can't be posted: it repeats the author's own words")
    );
    let answers: usize = many.iter().map(|mention| rig.replies(*mention)).sum();
    assert_eq!(answers, 3, "three an hour");
    rig.judge();
}

#[test]
fn d27_bystanders_do_not_hear_of_it() {
    let mut rig = Rig::new();
    for user in ["5", "6"] {
        rig.fake.world().user(user);
    }
    let mention = rig.say("1", "@inkbot what do @user5 and @user6 say");
    rig.run(HOUR);
    let world = rig.fake.world();
    let mut without = world.replies(mention)[0].without.clone();
    without.sort();
    assert_eq!(without, ["5", "6"]);
}

#[test]
fn d28_what_strangers_write_moves_no_cursor() {
    let house = House::new("queue", "");
    house.say("1", "@inkbot \u{1b}[2J\u{1b}]0;owned\u{7} hi");
    for args in [&["once"][..], &["queue"]] {
        let output = house.bot(args);
        assert!(!(out(&output) + &err(&output)).contains(['\u{1b}', '\u{7}']));
    }
}

#[test]
fn d29_it_ends_when_told_runs_once_tries_dry_and_says_what_is_missing() {
    let house = House::new("auto", "");
    let mention = house.say("1", "@inkbot help");
    let dry = house.bot(&["once", "--dry-run"]);
    assert_eq!((code(&dry), house.replies(mention)), (Some(0), 0));
    assert!(out(&dry).contains("\"decision\":\"help\""), "{}", out(&dry));
    let running = house.running("");
    assert_eq!(code(&house.once()), Some(75));
    let (output, took) = running.stop();
    assert_eq!(code(&output), Some(0));
    assert!(took < Duration::from_secs(20), "{took:?}");
    fs::remove_file(house.path("keys.toml")).unwrap();
    let none = house.once();
    assert_eq!(code(&none), Some(78));
    assert!(err(&none).contains("unstuck bot login"), "{}", err(&none));
}

#[test]
fn d31_a_corpus_keeps_no_links_and_no_empty_row_ends_it() {
    assert_eq!(without_urls("go https://t.co/a https://t.co/b now"), "go now");
    let home = tempfile::TempDir::new().unwrap();
    let (rows, corpus) = (home.path().join("rows.csv"), home.path().join("corpus"));
    fs::write(
        &rows,
        "go https://t.co/a https://t.co/b now my friends\n\n\"\"\nthe lamp went out at nine\n",
    )
    .unwrap();
    let output =
        unstuck(home.path()).arg("corpus").arg(&rows).arg("-o").arg(&corpus).output().unwrap();
    assert_eq!(code(&output), Some(0), "{}", err(&output));
    let text =
        ["train.txt", "validation.txt"].map(|name| fs::read_to_string(corpus.join(name)).unwrap());
    let text = text.concat();
    assert!(text.contains("go now my friends") && text.contains("the lamp went out"), "{text}");
    assert!(!text.contains("http") && !text.contains("t.co"), "{text}");
}
