//! The bot as a process: the loop around [`Bot::turn`], signals, and what it tells: decisions as JSON lines, messages, the
//! log, figures, and signs of life for systemd.

use super::{
    Bot, Clock, Console, Plan, Platform, PlatformName, Reread, Secret, Settings, Test, Trouble,
    Turn,
    log::{Level, Log},
    notify::Notify,
};
use crate::{
    clean::for_terminal,
    mentions::{Moment, Voice},
};
use anyhow::Context;
use serde_json::json;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::Duration,
};

/// What a signal tells the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    /// End.
    Stop,
    /// Read the settings again.
    Reload,
}

/// Run until the input ends or a signal arrives. `reread` reads the settings again, or says what is wrong with them.
///
/// # Errors
/// A [`Trouble`], or standard output can't be written.
pub fn run(
    plan: &Plan,
    voice: impl Voice,
    env: impl Fn(&str) -> Option<String>,
    reread: impl FnMut() -> std::result::Result<Reread, String>,
) -> anyhow::Result<()> {
    let mut clock = Clock::new(plan.test.ahead);
    let notify = Rc::new(Notify::from_env(&env));
    match plan.platform()? {
        PlatformName::Console => {
            // a signal may end the process at once: the ledger is consistent at any moment
            let (_silent, signals) = channel();
            let handle = plan.settings.handle.as_deref().unwrap_or("unstuck");
            if std::io::stdin().is_terminal() {
                let line = r#"{"id":"1","author":"ash","text":"@unstuck The lamp went out, and"}"#;
                let says = format!("a mention a line, as {line}; Ctrl-D ends");
                let _ = writeln!(std::io::stderr(), "unstuck: bot: {says}");
            }
            let console = Console::new(std::io::stdin().lock(), handle.trim_start_matches('@'));
            let told = Told { notify, secrets: Vec::new(), ..Told::default() };
            go(plan, console, voice, told, &mut clock, &signals, reread)
        }
        platform => {
            let (account, secrets) = plan.open_account(platform, env)?;
            let told = Told { notify, secrets, ..Told::default() };
            go(plan, account, voice, told, &mut clock, &signals(plan.stop.clone())?, reread)
        }
    }
}

fn go(
    plan: &Plan,
    platform: impl Platform,
    voice: impl Voice,
    mut told: Told,
    clock: &mut Clock,
    signals: &Receiver<Signal>,
    mut reread: impl FnMut() -> std::result::Result<Reread, String>,
) -> anyhow::Result<()> {
    let lock = {
        let _made = plan.open_ledger(clock.now())?; // the folder, and what is wrong with the ledger
        plan.lock()?
    };
    let ledger = plan.open_ledger(clock.now())?;
    let mut asked = ledger.reload_asked().map_err(Trouble::from)?;
    let mut bot = Bot::new(ledger, platform, voice, plan.settings.clone(), clock.now())?;
    bot.keep_secret(told.secrets.clone());
    told.open_log(&plan.settings, clock.now());
    told.log(clock.now(), Level::Info, "start", json!({ "version": env!("CARGO_PKG_VERSION") }));
    let Test { die_after, stall, .. } = plan.test.clone();
    let mut left = die_after.unwrap_or(u64::MAX);
    let notify = told.notify.clone();
    bot.watch(move |step| {
        notify.alive();
        if stall.as_deref() == Some(step) {
            std::thread::sleep(Duration::from_secs(3_600));
        }
        match left.checked_sub(1) {
            Some(less) => left = less,
            None => die(),
        }
    });
    let ended = loop {
        told.notify.alive();
        let turn = bot.turn(clock.now());
        told.tell(&mut bot, clock.now())?;
        let turn = match turn {
            Ok(turn) => turn,
            Err(trouble) => break Err(trouble),
        };
        told.ready();
        let (mut signal, mut wait) = (None, Duration::ZERO);
        match turn {
            Turn::Ended => {
                told.figures(&bot, clock.now());
                break Ok(());
            }
            Turn::Again => {}
            Turn::Until(at) => {
                told.figures(&bot, clock.now());
                if plan.once {
                    let quiet =
                        bot.polls() > 0 && bot.ledger().is_quiet().map_err(Trouble::from)?;
                    let left = "unfinished work is left; run it again later";
                    break if quiet { Ok(()) } else { Err(Trouble::Temporary(left.into())) };
                }
                let now = bot.ledger().reload_asked().map_err(Trouble::from)?;
                if std::mem::replace(&mut asked, now) != now {
                    signal = Some(Signal::Reload);
                }
                wait = Duration::from_millis((at - clock.now()).max(1).unsigned_abs())
                    .min(told.notify.patience());
            }
        }
        let signal = match signal {
            Some(signal) => Some(signal),
            None => wait_for(signals, wait),
        };
        match signal {
            Some(Signal::Stop) => break Ok(()),
            Some(Signal::Reload) => told.reload(&mut bot, reread(), clock.now()),
            None => {}
        }
    };
    told.notify.send("STOPPING=1");
    match &ended {
        Ok(()) => told.log(clock.now(), Level::Info, "stop", json!({})),
        Err(trouble) => {
            let more = json!({ "says": trouble.to_string(), "status": trouble.exit_code() });
            told.log(clock.now(), Level::Error, "stop", more);
        }
    }
    drop(lock);
    Ok(ended?)
}

/// The next signal, if one comes within `wait`.
fn wait_for(signals: &Receiver<Signal>, wait: Duration) -> Option<Signal> {
    if wait.is_zero() {
        return signals.try_recv().ok();
    }
    match signals.recv_timeout(wait) {
        Ok(signal) => Some(signal),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(wait);
            None
        }
    }
}

/// What the process tells, and where.
#[derive(Default)]
struct Told {
    /// Texts that must not get out.
    secrets: Vec<Secret>,
    notify: Rc<Notify>,
    is_ready: bool,
    /// The log, and the file that it was opened at.
    log: Option<(PathBuf, Log)>,
    /// The looks and the time when figures were written last.
    figures: Option<(u32, Moment)>,
}

impl Told {
    /// Tell decisions to standard output, and messages to standard error; both also to the log.
    fn tell(&mut self, bot: &mut Bot<'_>, now: Moment) -> anyhow::Result<()> {
        for note in bot.notes() {
            self.say(Level::Warning, &note, now);
        }
        let decisions = bot.decisions();
        if decisions.is_empty() {
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        for mut decision in decisions {
            self.logged(|log| log.decided(&decision));
            for step in &mut decision.steps {
                step.text = for_terminal(&step.text).into_owned();
            }
            decision.id = for_terminal(&decision.id).into_owned();
            decision.author = decision.author.map(|author| for_terminal(&author).into_owned());
            let line = serde_json::to_string(&decision)?;
            writeln!(stdout, "{line}").context("standard output")?;
        }
        stdout.flush().context("standard output")
    }

    /// Tell a person something.
    fn say(&mut self, level: Level, says: &str, now: Moment) {
        self.log(now, level, "message", json!({ "says": says }));
        let _ = writeln!(std::io::stderr().lock(), "unstuck: bot: {}", for_terminal(says));
    }

    /// Open the log that the settings name, again if it is open: another program may have moved it away.
    fn open_log(&mut self, settings: &Settings, now: Moment) {
        self.log = None;
        let Some(path) = &settings.log else { return };
        match Log::open(path, &self.secrets) {
            Ok(log) => self.log = Some((path.clone(), log)),
            Err(error) => {
                self.say(Level::Warning, &format!("no log: {}: {error}", path.display()), now);
            }
        }
    }

    fn log(&mut self, now: Moment, level: Level, event: &str, more: serde_json::Value) {
        self.logged(|log| log.write(now, level, event, more));
    }

    /// Write to the log. A failure is told once, and nothing more is logged until the log is opened again.
    fn logged(&mut self, write: impl FnOnce(&mut Log) -> std::io::Result<()>) {
        let Some((path, log)) = &mut self.log else { return };
        if let Err(error) = write(log) {
            let says = format!("stopped logging: {}: {error}", path.display());
            self.log = None;
            let _ = writeln!(std::io::stderr().lock(), "unstuck: bot: {}", for_terminal(&says));
        }
    }

    /// Tell systemd once that the bot runs: the account answers, or is tried again later.
    fn ready(&mut self) {
        if !std::mem::replace(&mut self.is_ready, true) {
            self.notify.send("READY=1");
        }
    }

    /// The figures of a bot that has nothing to do, for systemd, and for a file after each look and from time to time.
    fn figures(&mut self, bot: &Bot<'_>, now: Moment) {
        const PAUSE: Moment = 15_000;
        if let Ok(status) = super::metrics::line(bot.ledger(), now) {
            self.notify.say(&status);
        }
        let Some(path) = &bot.settings().metrics else { return };
        let polls = bot.polls();
        if self.figures.is_some_and(|(last, at)| last == polls && now - at < PAUSE) {
            return;
        }
        self.figures = Some((polls, now));
        if let Err(error) = super::metrics::write(bot.ledger(), path, now) {
            self.say(Level::Warning, &format!("no metrics: {error:#}"), now);
        }
    }

    /// Settings that were read again: use them, or keep the old ones and say why.
    fn reload(
        &mut self,
        bot: &mut Bot<'_>,
        read: std::result::Result<Reread, String>,
        now: Moment,
    ) {
        self.notify.send("RELOADING=1");
        let adopted = read.and_then(|Reread { settings, others }| {
            let mut names = bot.adopt(settings, now)?;
            names.extend(others);
            Ok(names)
        });
        self.open_log(&bot.settings().clone(), now);
        match adopted {
            Ok(restart) if restart.is_empty() => {
                self.say(Level::Info, "the settings were read again", now);
            }
            Ok(restart) => {
                let says = format!(
                    "the settings were read again; these need a restart: {}",
                    restart.join(", ")
                );
                self.say(Level::Warning, &says, now);
            }
            Err(wrong) => {
                let says = format!("the old settings stay: {wrong}");
                self.say(Level::Warning, &says, now);
            }
        }
        self.notify.send("READY=1");
    }
}

/// How long work in progress may take after the first signal.
const GRACE: Duration = Duration::from_secs(3);

/// Send a message for each signal. After the first that ends the process, work in progress has `GRACE` to finish; what
/// is unfinished then is found in the ledger at the next start.
#[cfg(unix)]
fn signals(stop: Arc<AtomicBool>) -> anyhow::Result<Receiver<Signal>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (send, receive) = channel();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                let _ = send.send(Signal::Reload);
                continue;
            }
            stop.store(true, Ordering::Relaxed);
            let _ = send.send(Signal::Stop);
            std::thread::sleep(GRACE);
            std::process::exit(0);
        }
    })?;
    Ok(receive)
}

#[cfg(not(unix))]
fn signals(_: Arc<AtomicBool>) -> anyhow::Result<Receiver<Signal>> {
    Ok(channel().1)
}

/// End like `kill -9`: nothing is flushed, closed or unwound.
fn die() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort();
}
