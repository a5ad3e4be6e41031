//! A bot, the stand-in for X, and a clock that does what the test says. Each run is a new bot on the same ledger, as
//! after a restart.

use super::fake::{Fake, Fault, HANDLE, KEYS, Kind, ME, secrets};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use unstuck::{
    bot::{Attestation, Bot, Decision, Posting, Settings, Trouble, Turn, x::X},
    mentions::{Begin, Filter, Ledger, State, Voice},
};

pub const T: i64 = 1_790_000_000_000;
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

/// Says a sentence of its own to each seed.
pub struct Stub(pub fn(&str, u64) -> anyhow::Result<String>);

impl Voice for Stub {
    fn name(&mut self) -> anyhow::Result<String> {
        Ok("stub".into())
    }

    fn say(&mut self, prompt: &str, seed: u64) -> anyhow::Result<String> {
        (self.0)(prompt, seed)
    }
}

pub fn sentence(_: &str, seed: u64) -> anyhow::Result<String> {
    // in words: some numbers look like other words to a filter
    let words = ["oak", "elm", "ash", "fir", "yew", "bay", "fig", "ivy", "nut", "sloe"];
    let name: Vec<_> =
        seed.to_string().bytes().map(|digit| words[usize::from(digit - b'0')]).collect();
    Ok(format!(" and the lamp of {} burned all night. Nobody", name.join(" and ")))
}

/// An account on the stand-in at `url` that may reply without a person's look.
pub fn settings(url: &str) -> Settings {
    let mut settings = Settings {
        posting: Posting::Auto,
        handle: Some(HANDLE.into()),
        attestation: Attestation {
            operator: "@ash".into(),
            approved_by_platform: true,
            labelled: true,
            opt_out_told: true,
        },
        // the scripted voices write whole replies
        begin: Begin::Continuation,
        ..Settings::default()
    };
    settings.x.base_url = url.into();
    settings
}

pub struct Rig {
    pub fake: Fake,
    pub now: i64,
    pub settings: Settings,
    pub voice: fn(&str, u64) -> anyhow::Result<String>,
    pub filter: Option<Filter>,
    pub said: Vec<Decision>,
    pub notes: Vec<String>,
    pub trouble: Option<Trouble>,
    folder: TempDir,
}

/// Memory serves as a disk where there is such a place: a process that is killed loses nothing of it.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.expect("a folder")
}

impl Rig {
    /// A bot that has looked once, at nothing.
    pub fn new() -> Self {
        let mut rig = Self::untouched();
        rig.run(SECOND);
        rig
    }

    pub fn untouched() -> Self {
        Self::with(Fake::start(T))
    }

    pub fn with(fake: Fake) -> Self {
        let settings = settings(&fake.url);
        let (said, notes) = (Vec::new(), Vec::new());
        let folder = folder();
        let (voice, filter, trouble) = (sentence, None, None);
        Self { fake, now: T, settings, voice, filter, said, notes, trouble, folder }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("x.sqlite")
    }

    pub fn ledger(&self) -> Ledger {
        Ledger::open(&self.path(), self.now).unwrap()
    }

    /// A new bot works for so long.
    pub fn run(&mut self, length: i64) {
        self.run_watched(length, |_| {});
    }

    /// Time passes, and every ten minutes a new bot has a look.
    pub fn pass(&mut self, length: i64) {
        let end = self.now + length;
        while self.now < end {
            self.run(SECOND);
            self.now += 10 * MINUTE;
        }
    }

    /// A new bot works until it is about to do what follows `step`; then it is gone, as by `kill -9`: each change of the
    /// ledger is on disk by itself. Whether it came so far.
    pub fn crash_at(&mut self, step: &'static str) -> bool {
        self.run_watched(20 * MINUTE, move |now| {
            if now == step {
                std::panic::resume_unwind(Box::new("crash"));
            }
        })
    }

    /// A new bot works for so long, and `probe` gets each of its steps. Whether that ended it.
    pub fn run_watched(&mut self, length: i64, probe: impl FnMut(&'static str)) -> bool {
        let end = self.now + length;
        let x = X::new(&self.settings.x, self.settings.handle.as_deref(), secrets()).unwrap();
        let mut bot =
            match Bot::new(self.ledger(), x, Stub(self.voice), self.settings.clone(), self.now) {
                Ok(bot) => bot,
                Err(trouble) => {
                    self.trouble = Some(trouble);
                    return false;
                }
            };
        bot.keep_secret(secrets().texts().map(unstuck::bot::Secret::new).to_vec());
        if let Some(filter) = self.filter {
            bot.filter_with(filter);
        }
        bot.watch(probe);
        for _ in 0..200_000 {
            self.fake.world().now = self.now;
            let Ok(turn) = catch_unwind(AssertUnwindSafe(|| bot.turn(self.now))) else {
                return true;
            };
            self.said.extend(bot.decisions());
            self.notes.extend(bot.notes());
            match turn {
                Ok(Turn::Again) => {}
                Ok(Turn::Until(at)) if at <= end => self.now = at,
                Ok(_) => {
                    self.now = end;
                    return false;
                }
                Err(trouble) => {
                    self.trouble = Some(trouble);
                    return false;
                }
            }
        }
        panic!("it works and works: {:?}", self.notes.last());
    }

    pub fn script(&self, faults: &[Fault]) {
        self.fake.world().script.extend(faults.iter().cloned());
    }

    pub fn say(&mut self, author: &str, text: &str) -> u64 {
        self.now += SECOND;
        let mut world = self.fake.world();
        world.now = self.now;
        world.say(author, text)
    }

    pub fn replies(&self, mention: u64) -> usize {
        self.fake.world().replies(mention).len()
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.fake.world().count(kind)
    }

    pub fn state(&self, mention: u64) -> State {
        self.ledger().row(&mention.to_string()).unwrap().expect("a row").state
    }

    pub fn reason(&self, mention: u64) -> String {
        let row = self.ledger().row(&mention.to_string()).unwrap().expect("a row");
        row.reason.unwrap_or_default()
    }

    /// What must hold whatever happened: no mention answered twice, and no key anywhere it can be read.
    pub fn judge(&self) {
        let world = self.fake.world();
        for post in world.posts.iter().filter(|post| post.author != ME) {
            let replies = world.replies(post.id).len();
            assert!(replies <= 1, "{} replies to {:?}", replies, post.text);
        }
        let mut all = format!("{:?}{:?}{:?}", self.notes, self.trouble, world.requests);
        for decision in &self.said {
            all += &serde_json::to_string(decision).unwrap();
        }
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            all += &String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap());
        }
        assert_no_secret(&all);
    }
}

/// No key in `text`, as it is or in any of the forms that programs write texts in.
pub fn assert_no_secret(text: &str) {
    for key in KEYS {
        let percent = unstuck::bot::x::oauth::percent(key);
        let json = serde_json::to_string(key).unwrap().replace('/', "\\/");
        let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut forms = vec![
            key.to_owned(),
            percent.replace('%', "%25"),
            percent.to_lowercase(),
            percent,
            json.trim_matches('"').to_owned(),
            hex.to_uppercase(),
            hex,
            key.chars().rev().collect(),
        ];
        // within a longer base64 text it may begin at any of three places; its edges depend on its neighbours
        for skip in 0..3 {
            let mut bytes = vec![b':'; skip];
            bytes.extend(key.bytes());
            let written = STANDARD_NO_PAD.encode(&bytes);
            let own = written[if skip == 0 { 0 } else { skip + 1 }..written.len() - 2].to_owned();
            forms.extend([own.replace('+', "-").replace('/', "_"), own]);
        }
        for form in forms {
            assert!(!text.contains(&form), "a key got out, as {form}");
        }
    }
}
