//! The real program beside the stand-in for X: its settings, keys and ledger in a folder of its own, time as the test
//! says, and whatever it prints held against the keys.

use super::{
    fake::{Fake, HANDLE, Kind, World, secrets},
    rig::{assert_no_secret, folder},
};
use crate::support::program::{code, err, out, unstuck};
use std::{
    cell::RefCell,
    fs,
    io::Write,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use unstuck::mentions::{Ledger, Row};

pub fn wall() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

pub struct House {
    pub fake: Fake,
    pub home: tempfile::TempDir,
    /// How far ahead of the wall's clock its programs are, in milliseconds.
    pub ahead: i64,
    /// All that was printed.
    pub printed: RefCell<String>,
}

impl House {
    /// A house whose ledger is made, and has looked once at nothing. Posting is `auto` or `queue`; `more` is a part of
    /// the settings' `[bot]`.
    pub fn new(posting: &str, more: &str) -> Self {
        let house = Self::untouched(posting, more);
        let first = house.once();
        assert_eq!(code(&first), Some(0), "{}", err(&first));
        house
    }

    pub fn untouched(posting: &str, more: &str) -> Self {
        let (fake, home) = (Fake::start(wall()), folder());
        let house = Self { fake, home, ahead: 0, printed: RefCell::default() };
        secrets().save(&house.path("keys.toml")).unwrap();
        let settings = format!(
            "[bot]\nplatform = 'x'\nposting = '{posting}'\nhandle = '{HANDLE}'\npoll_seconds = 1\nsecrets = '{}'\n\
             ledger = '{}'\n{more}\n[bot.x]\nbase_url = '{}'\ntimeout_seconds = 3\n[bot.attestation]\n\
             operator = '@ash'\napproved_by_platform = true\nlabelled = true\nopt_out_told = true\n\
             [bot.sampling]\ntemperature = 0.0\n",
            house.path("keys.toml").display(),
            house.path("x.sqlite").display(),
            house.fake.url
        );
        fs::write(house.path("bot.toml"), settings).unwrap();
        house
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `unstuck bot` with `args`, on this house's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        self.fake.world().now = wall() + self.ahead;
        let mut command = unstuck(self.home.path());
        command.arg("bot").args(args).arg("--config").arg(self.path("bot.toml"));
        command.env("UNSTUCK_BOT_TEST", format!("ahead={}", self.ahead));
        command
    }

    pub fn bot(&self, args: &[&str]) -> Output {
        self.heard(self.command(args).output().unwrap())
    }

    pub fn once(&self) -> Output {
        self.bot(&["once"])
    }

    /// With `lines` on standard input.
    pub fn feed(&self, args: &[&str], lines: &str) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        self.heard(child.wait_with_output().unwrap())
    }

    /// Nothing that is printed has a key in it.
    pub fn heard(&self, output: Output) -> Output {
        let text = out(&output) + &err(&output);
        assert_no_secret(&text);
        self.printed.borrow_mut().push_str(&text);
        output
    }

    pub fn say(&self, author: &str, text: &str) -> u64 {
        let mut world = self.fake.world();
        world.now = wall() + self.ahead;
        world.say(author, text)
    }

    /// Everything from the beginning, with this ledger.
    pub fn reset(&mut self, ledger: &[u8]) {
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.path(&format!("x.sqlite{end}")));
        }
        fs::write(self.path("x.sqlite"), ledger).unwrap();
        self.ahead = 0;
        let keys = Some(secrets());
        *self.fake.world() = World { now: wall(), page: 100, date: true, keys, ..World::default() };
    }

    pub fn replies(&self, mention: u64) -> usize {
        self.fake.world().replies(mention).len()
    }

    pub fn row(&self, mention: u64) -> Row {
        let ledger = Ledger::open(&self.path("x.sqlite"), wall()).unwrap();
        ledger.row(&mention.to_string()).unwrap().expect("a row")
    }

    /// Waits until the mention is in the ledger and its row is as wanted.
    pub fn wait_for_row(&self, mention: u64, is_so: impl Fn(&Row) -> bool) {
        let ledger = Ledger::open(&self.path("x.sqlite"), wall()).unwrap();
        let row = || ledger.row(&mention.to_string()).unwrap();
        self.wait_for("a row", |_| row().as_ref().is_some_and(&is_so));
    }

    /// Waits until the stand-in for X is as wanted.
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&World) -> bool) {
        super::super::wait_for(what, || is_so(&self.fake.world()).then_some(()));
    }

    /// Waits until a file of this house contains a text.
    pub fn wait_for_file(&self, name: &str, text: &str) {
        let has = || fs::read_to_string(self.path(name)).is_ok_and(|all| all.contains(text));
        super::super::wait_for(text, || has().then_some(()));
    }

    /// A program that runs until it is told to stop.
    pub fn start(&self, mut command: Command) -> Running<'_> {
        Running { house: self, child: Some(command.spawn().unwrap()) }
    }

    /// `unstuck bot run`, once it has asked for mentions.
    pub fn running(&self, test: &str) -> Running<'_> {
        let before = self.fake.world().count(Kind::Mentions);
        let mut command = self.command(&["run"]);
        command.env("UNSTUCK_BOT_TEST", format!("ahead={}{test}", self.ahead));
        let running = self.start(command);
        self.wait_for("a look", |world| world.count(Kind::Mentions) > before);
        running
    }
}

/// A bot that runs until it is told to stop.
pub struct Running<'a> {
    house: &'a House,
    child: Option<Child>,
}

impl Running<'_> {
    pub fn signal(&self, signal: i32) {
        let pid = self.child.as_ref().unwrap().id();
        let sent = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// What it printed until its end, and how long it took to end.
    pub fn ended(mut self) -> (Output, Duration) {
        let begun = Instant::now();
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        (self.house.heard(output), begun.elapsed())
    }

    /// SIGTERM, and its end.
    pub fn stop(self) -> (Output, Duration) {
        self.signal(15);
        self.ended()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
