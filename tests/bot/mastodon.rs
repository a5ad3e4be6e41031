//! The bot on Mastodon: what it reads and writes, and that a mention gets at most one reply, whatever breaks in between,
//! on servers that know neither idempotency keys nor `since_id`.

use crate::support::bot::{
    rig::{HOUR, MINUTE, SECOND, Stub, T, folder, sentence, settings},
    toot::{Fault, Server, TOKEN, World, http},
};
use crate::support::program::{code, err, out, unstuck};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};
use tempfile::TempDir;
use unstuck::{
    bot::{Bot, Posting, Secret, Settings, Trouble, Turn, mastodon},
    mentions::{Begin, Held, Ledger, State},
};

struct Rig {
    server: Server,
    now: i64,
    settings: Settings,
    notes: Vec<String>,
    trouble: Option<Trouble>,
    folder: TempDir,
}

impl Rig {
    fn new() -> Self {
        let mut rig = Self::untouched();
        rig.run(SECOND);
        rig
    }

    fn untouched() -> Self {
        let (server, folder) = (Server::start(T), folder());
        let mut settings = settings("");
        settings.handle = Some("@robo@home.example".into());
        settings.mastodon.server.clone_from(&server.url);
        settings.index_lag_seconds = 30;
        mastodon::token::save(&Secret::new(TOKEN), &folder.path().join("token.toml")).unwrap();
        Self { server, now: T, settings, notes: Vec::new(), trouble: None, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("mastodon.sqlite")
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.path(), self.now).unwrap()
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.server.world()
    }

    /// A new bot works for so long. Whether `probe` ended it.
    fn run_watched(&mut self, length: i64, probe: impl FnMut(&'static str)) -> bool {
        let end = self.now + length;
        let keys = self.folder.path().join("token.toml");
        let (account, secrets) = mastodon::open(&self.settings, &keys, |_| None).unwrap();
        let mut bot =
            Bot::new(self.ledger(), account, Stub(sentence), self.settings.clone(), self.now)
                .unwrap();
        bot.keep_secret(secrets);
        bot.watch(probe);
        for _ in 0..20_000 {
            self.world().now = self.now;
            let Ok(turn) = catch_unwind(AssertUnwindSafe(|| bot.turn(self.now))) else {
                return true;
            };
            self.notes.extend(bot.notes());
            match turn {
                Ok(Turn::Again) => {}
                Ok(Turn::Until(at)) if at <= end => self.now = at,
                Ok(_) => break,
                Err(trouble) => {
                    self.trouble = Some(trouble);
                    return false;
                }
            }
        }
        self.now = end;
        false
    }

    fn run(&mut self, length: i64) {
        self.run_watched(length, |_| {});
    }

    fn say(&mut self, content: &str) -> u64 {
        self.now += SECOND;
        let mut world = self.world();
        world.now = self.now;
        world.say("ash", content)
    }

    fn state(&self, mention: u64) -> State {
        self.ledger().row(&mention.to_string()).unwrap().expect("a row").state
    }

    /// No mention is answered twice, and the token is nowhere.
    fn judge(&self) {
        let world = self.world();
        for toot in &world.toots {
            assert!(world.replies(toot.id).len() <= 1, "{:?}", toot.content);
        }
        let mut all = format!("{:?}{:?}{:?}", self.notes, self.trouble, world.toots);
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("token.toml") {
                all += &String::from_utf8_lossy(&fs::read(path).unwrap());
            }
        }
        assert!(!all.contains(TOKEN), "the token got out");
    }
}

const MENTION: &str = r#"<p><span class="h-card"><a href="https://home.example/@robo" class="u-url mention">@<span>robo</span></a></span> The lamp went out &amp; nobody</p>"#;

#[test]
fn a_mention_is_answered_to_its_author_and_no_wider() {
    let mut rig = Rig::new();
    rig.settings.begin = Begin::Phrase;
    let public = rig.say(MENTION);
    let quiet = rig.say("<p>@robo@home.example The sea was dark, and</p>");
    let mut world = rig.world();
    (world.toot(quiet).visibility, world.toot(quiet).warning) =
        ("private".into(), "the sea".into());
    drop(world);
    rig.run(MINUTE);
    let world = rig.world();
    let [reply] = &world.replies(public)[..] else { panic!("{:?}", rig.notes) };
    assert!(
        reply.content.starts_with("@ash@far.example The lamp went out & nobody"),
        "{}",
        reply.content
    );
    assert_eq!((&*reply.visibility, &*reply.warning), ("unlisted", ""));
    let [reply] = &world.replies(quiet)[..] else { panic!("{:?}", rig.notes) };
    assert!(reply.content.starts_with("@ash@far.example The sea was dark"), "{}", reply.content);
    assert_eq!((&*reply.visibility, &*reply.warning), ("direct", "the sea"));
    drop(world);
    rig.judge();
}

#[test]
fn whatever_is_lost_there_is_one_reply_without_idempotency_keys() {
    let cut = |commit| Fault { on: "POST /api/v1/statuses", commit, answer: Vec::new() };
    let failed = |commit, status| Fault { answer: http(status, &[], "<html>"), ..cut(commit) };
    for (knows_keys, visibility) in [(false, "public"), (true, "public"), (false, "direct")] {
        for fault in
            [cut(true), cut(false), failed(true, 504), failed(false, 503), failed(true, 200)]
        {
            let mut rig = Rig::new();
            rig.world().knows_keys = knows_keys;
            let mention = rig.say(MENTION);
            rig.world().toot(mention).visibility = visibility.into();
            rig.world().script.push_back(fault.clone());
            rig.run(HOUR);
            assert_eq!(rig.world().replies(mention).len(), 1, "{fault:?}: {:?}", rig.notes);
            assert_eq!(rig.state(mention), State::Posted);
            let world = rig.world();
            let keys: Vec<_> = world.log.iter().filter_map(|(_, key, _)| key.clone()).collect();
            assert!(!keys.is_empty() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
            drop(world);
            rig.judge();
        }
    }
}

#[test]
fn killed_at_any_step_it_answers_once() {
    for step in [
        "polling",
        "page read",
        "page kept",
        "cursor kept",
        "decided",
        "drafting",
        "drafted",
        "posting",
        "intent kept",
        "answered",
        "result kept",
    ] {
        let mut rig = Rig::new();
        let mention = rig.say(MENTION);
        let crashed = rig.run_watched(10 * MINUTE, |now| {
            if now == step {
                std::panic::resume_unwind(Box::new("crash"));
            }
        });
        assert!(crashed, "{step}");
        rig.run(HOUR);
        assert_eq!(rig.world().replies(mention).len(), 1, "{step}: {:?}", rig.notes);
        rig.judge();
    }
}

#[test]
fn a_flood_is_read_to_its_end_and_only_once() {
    let mut rig = Rig::new();
    rig.settings.policy.per_hour = 1000;
    rig.settings.policy.per_author_hour = 1000;
    rig.settings.policy.per_author_day = 1000;
    let all: Vec<_> =
        (0..130).map(|n| rig.say(&format!("<p>@robo Night {n} was dark, and</p>"))).collect();
    rig.run(HOUR);
    let answered = all.iter().filter(|mention| rig.world().replies(**mention).len() == 1).count();
    assert_eq!(answered, 130, "{:?}", rig.notes.last());
    let world = rig.world();
    let looks = world.log.iter().filter(|(line, ..)| line.contains("notifications")).count();
    assert!(looks < 400, "{looks} requests in an hour");
}

#[test]
fn refusals_have_their_classes() {
    let refused = |status: u16, headers: &[&str], error: &str| Fault {
        on: "POST /api/v1/statuses",
        commit: false,
        answer: http(status, headers, &serde_json::json!({ "error": error }).to_string()),
    };
    // the mention was deleted: no post of its own is made of the reply
    let mut rig = Rig::new();
    let mention = rig.say(MENTION);
    rig.settings.posting = Posting::Queue;
    rig.run(MINUTE);
    rig.world().toot(mention).deleted = true;
    rig.ledger().approve(&mention.to_string(), rig.now).unwrap();
    rig.settings.posting = Posting::Auto;
    rig.run(MINUTE);
    assert_eq!(rig.state(mention), State::Dead);
    assert!(rig.world().toots.iter().all(|toot| toot.author != "robo"));
    // a limit is waited for, as long as the server says, in ISO 8601
    let mut rig = Rig::new();
    let mention = rig.say(MENTION);
    let reset = jiff::Timestamp::from_millisecond(rig.now + 10 * MINUTE).unwrap();
    rig.world().script.push_back(refused(
        429,
        &[&format!("x-ratelimit-reset: {reset}")],
        "Too many requests",
    ));
    rig.run(9 * MINUTE);
    assert_eq!(rig.world().replies(mention).len(), 0);
    assert!(rig.ledger().holds(rig.now).unwrap().iter().any(|hold| hold.what == Held::Posting));
    rig.run(10 * MINUTE);
    assert_eq!(rig.world().replies(mention).len(), 1);
    // what is not known is held after three alike
    let mut rig = Rig::new();
    for n in 0..6 {
        rig.say(&format!("<p>@robo Night {n} was dark, and</p>"));
    }
    rig.world().script.extend(vec![refused(422, &[], "Validation failed: something new"); 9]);
    rig.run(HOUR);
    assert!(rig.notes.iter().any(|note| note.contains("3 replies in a row")), "{:?}", rig.notes);
    // the account itself
    for (status, error) in
        [(401, "The access token was revoked"), (403, "Your login is currently disabled")]
    {
        let mut rig = Rig::new();
        let mention = rig.say(MENTION);
        rig.world().script.push_back(refused(status, &[], error));
        rig.run(HOUR);
        assert!(matches!(rig.trouble, Some(Trouble::Permission(_))), "{error}");
        assert_eq!(rig.state(mention), State::Approved);
    }
}

#[test]
fn threads_other_bots_and_an_account_that_is_no_bot() {
    let mut rig = Rig::new();
    let first = rig.say(MENTION);
    rig.run(MINUTE);
    let ours = rig.world().replies(first)[0].id;
    let answer = rig.say("<p>@robo ha</p>");
    rig.world().toot(answer).to = Some(ours);
    rig.run(5 * MINUTE);
    assert_eq!(rig.world().replies(answer).len(), 0, "the thread brought our name along");
    let bots = rig.say("<p>@robo hello</p>");
    rig.world().toot(bots).author = "otherbot";
    rig.run(5 * MINUTE);
    assert_eq!(rig.world().replies(bots).len(), 0);
    let stop = rig.say("<p>@robo please stop</p>");
    let after = rig.say(MENTION);
    rig.run(5 * MINUTE);
    for mention in [stop, after] {
        assert_eq!(rig.world().replies(mention).len(), 0);
    }
    let mut rig = Rig::untouched();
    rig.world().is_bot = false;
    rig.run(SECOND);
    let said = rig.trouble.as_ref().expect("refused");
    assert_eq!(said.exit_code(), 77);
    assert!(said.to_string().contains("not marked as automated"), "{said}");
}

#[test]
fn the_program_stores_a_token_checks_and_answers() {
    let rig = Rig::untouched();
    let room = rig.folder.path();
    let config = room.join("bot.toml");
    let text = format!(
        "[bot]\nplatform = 'mastodon'\nposting = 'queue'\nhandle = 'robo'\nsecrets = '{0}/t.toml'\nledger = '{0}/l.sqlite'\n\
         [bot.mastodon]\nserver = '{1}'\n",
        room.display(),
        rig.server.url
    );
    fs::write(&config, text).unwrap();
    rig.world().now = jiff::Timestamp::now().as_millisecond();
    let bot = |args: &[&str], input: &str| {
        let mut command = unstuck(room);
        command
            .arg("bot")
            .args(args)
            .arg("--config")
            .arg(&config)
            .stdin(std::process::Stdio::piped());
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes());
        child.wait_with_output().unwrap()
    };
    let none = bot(&["check"], "");
    assert_eq!(code(&none), Some(78));
    assert!(
        err(&none).contains("`unstuck bot login`") && err(&none).contains("UNSTUCK_MASTODON_TOKEN"),
        "{}",
        err(&none)
    );
    assert_eq!(code(&bot(&["login"], &format!("{TOKEN}\n"))), Some(0));
    let said = out(&bot(&["check"], ""));
    assert!(said.contains("account    @robo (a-robo)"), "{said}");
    assert!(!said.contains(TOKEN));
    let wrong = bot(&["login"], "two words\n");
    assert_eq!(code(&wrong), Some(78));
    fs::write(
        &config,
        fs::read_to_string(&config).unwrap().replace("http://127", "http://example.com/127"),
    )
    .unwrap();
    let unsafe_address = bot(&["check"], "");
    assert_eq!(code(&unsafe_address), Some(78));
    assert!(err(&unsafe_address).contains("must be https://"), "{}", err(&unsafe_address));
}
