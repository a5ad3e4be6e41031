//! The bot as a process: the lock, the loop around [`Bot::turn`], signals, and decisions as JSON lines.

use super::{Bot, Clock, Console, Platform, PlatformName, Result, Settings, Trouble, Turn};
use crate::{
    clean::for_terminal,
    mentions::{Ledger, Lock, Moment, Voice},
};
use anyhow::Context;
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel},
    },
    time::Duration,
};

/// What to run, from settings and flags.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `[bot]` of the settings, overridden by flags.
    pub settings: Settings,
    /// The settings file, for messages.
    pub settings_file: PathBuf,
    /// The ledger's file; `None`: in memory, for a trial.
    pub ledger: Option<PathBuf>,
    /// The file with the keys.
    pub secrets: PathBuf,
    /// Poll once, then end.
    pub once: bool,
    /// Set to end the process; the model stops generating too.
    pub stop: Arc<AtomicBool>,
    /// Options for tests.
    pub test: Test,
}

/// Options for tests of the process (`UNSTUCK_BOT_TEST=ahead=MS,die=STEPS,stall=STEP`).
#[derive(Clone, Debug, Default)]
pub struct Test {
    /// Milliseconds to add to the clock.
    pub ahead: Moment,
    /// Kill the process after this many steps.
    pub die_after: Option<u64>,
    /// Hang at this step.
    pub stall: Option<String>,
}

impl Plan {
    /// The configured platform.
    ///
    /// # Errors
    /// When no platform is set. The message names the settings file, and the console as a way to try the bot.
    pub fn platform(&self) -> Result<PlatformName> {
        match self.settings.platform {
            Some(platform) => Ok(platform),
            None => Err(Trouble::Configuration(format!(
                "the bot is not configured: write {} with\n\n  [bot]\n  platform = \"x\"\n\nor try it first, with \
                 nothing set and nothing sent:\n\n  echo '{{\"id\":\"1\",\"author\":\"ash\",\"text\":\"@unstuck The lamp \
                 went out, and\"}}' | unstuck bot once --dry-run --platform console",
                self.settings_file.display()
            ))),
        }
    }

    /// A client for the configured account, and the secrets that no reply may contain.
    ///
    /// # Errors
    /// When the keys can't be loaded, or the platform has no account.
    pub fn open_account<'a>(
        &self,
        platform: PlatformName,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<(Box<dyn Platform + 'a>, Vec<super::Secret>)> {
        let (settings, keys) = (&self.settings, &self.secrets);
        match platform {
            PlatformName::X => {
                super::x::open(settings, keys, env).map(|(x, secrets)| (Box::new(x) as _, secrets))
            }
            PlatformName::Mastodon => super::mastodon::open(settings, keys, env)
                .map(|(account, secrets)| (Box::new(account) as _, secrets)),
            PlatformName::Console => {
                Err(Trouble::Configuration("the console has no account".into()))
            }
        }
    }

    /// Open the ledger for an operator's command.
    ///
    /// # Errors
    /// When the ledger can't be opened, or no bot is configured.
    pub fn open_ledger(&self, now: Moment) -> Result<Ledger> {
        let Some(path) = &self.ledger else { return Ok(Ledger::in_memory(now)?) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Trouble::Temporary(format!("{}: {error}", folder.display())))?;
        }
        make_private(path)
            .map_err(|error| Trouble::Temporary(format!("{}: {error}", path.display())))?;
        Ledger::open(path, now).map_err(|error| match Trouble::from(error) {
            Trouble::Configuration(says) => {
                Trouble::Configuration(format!("{}: {says}", path.display()))
            }
            Trouble::Temporary(says) => Trouble::Temporary(format!("{}: {says}", path.display())),
            other => other,
        })
    }

    /// Take the lock that allows posting.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<Option<Lock>> {
        let Some(path) = &self.ledger else { return Ok(None) };
        match Lock::take(path) {
            Ok(Some(lock)) => Ok(Some(lock)),
            Ok(None) => Err(Trouble::Temporary(format!(
                "{}: another bot is running with this ledger",
                path.display()
            ))),
            Err(error) => Err(Trouble::Temporary(format!("{}: {error}", path.display()))),
        }
    }
}

/// Make the ledger readable by its owner only. SQLite copies the permissions to its other files.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Run until the input ends or a signal arrives.
///
/// # Errors
/// A [`Trouble`], or standard output can't be written.
pub fn run(
    plan: &Plan,
    voice: impl Voice,
    env: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<()> {
    let mut clock = Clock::new(plan.test.ahead);
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
            go(plan, console, voice, Vec::new(), &mut clock, &signals)
        }
        platform => {
            let (account, secrets) = plan.open_account(platform, env)?;
            go(plan, account, voice, secrets, &mut clock, &signals(plan.stop.clone())?)
        }
    }
}

fn go(
    plan: &Plan,
    platform: impl Platform,
    voice: impl Voice,
    secrets: Vec<super::Secret>,
    clock: &mut Clock,
    signals: &Receiver<()>,
) -> anyhow::Result<()> {
    let lock = {
        let _made = plan.open_ledger(clock.now())?; // the folder, and what is wrong with the ledger
        plan.lock()?
    };
    let ledger = plan.open_ledger(clock.now())?;
    let mut bot = Bot::new(ledger, platform, voice, plan.settings.clone(), clock.now())?;
    bot.keep_secret(secrets);
    let Test { die_after, stall, .. } = plan.test.clone();
    let mut left = die_after.unwrap_or(u64::MAX);
    bot.watch(move |step| {
        if stall.as_deref() == Some(step) {
            std::thread::sleep(Duration::from_secs(3_600));
        }
        match left.checked_sub(1) {
            Some(less) => left = less,
            None => die(),
        }
    });
    let mut metrics = Metrics::default();
    loop {
        let turn = bot.turn(clock.now());
        print(&mut bot)?;
        if let (Some(path), Ok(Turn::Until(_) | Turn::Ended)) = (&plan.settings.metrics, &turn) {
            metrics.write(&bot, path, clock.now());
        }
        let wait = match turn? {
            Turn::Ended => break,
            Turn::Again => match signals.try_recv() {
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => continue,
                Ok(()) => break,
            },
            Turn::Until(_) if plan.once => {
                if bot.polls() == 0 || !bot.ledger().is_quiet().map_err(Trouble::from)? {
                    return Err(Trouble::Temporary(
                        "unfinished work is left; run it again later".into(),
                    )
                    .into());
                }
                break;
            }
            Turn::Until(at) => Duration::from_millis((at - clock.now()).max(1).unsigned_abs()),
        };
        match signals.recv_timeout(wait) {
            Ok(()) => break,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(wait),
        }
    }
    drop(lock);
    Ok(())
}

/// When figures were written last.
#[derive(Default)]
struct Metrics(Option<(u32, Moment)>);

impl Metrics {
    /// Write the figures of a bot that has nothing to do: after each look, and from time to time. A failure is told.
    fn write(&mut self, bot: &Bot<'_>, path: &Path, now: Moment) {
        const PAUSE: Moment = 15_000;
        let polls = bot.polls();
        if self.0.is_some_and(|(last, at)| last == polls && now - at < PAUSE) {
            return;
        }
        self.0 = Some((polls, now));
        if let Err(error) = super::metrics::write(bot.ledger(), path, now) {
            let says = format!("no metrics: {error:#}");
            let _ = writeln!(std::io::stderr().lock(), "unstuck: bot: {}", for_terminal(&says));
        }
    }
}

/// Print decisions to standard output and messages to standard error.
fn print(bot: &mut Bot<'_>) -> anyhow::Result<()> {
    for note in bot.notes() {
        let _ = writeln!(std::io::stderr().lock(), "unstuck: bot: {}", for_terminal(&note));
    }
    let decisions = bot.decisions();
    if decisions.is_empty() {
        return Ok(());
    }
    let mut stdout = std::io::stdout().lock();
    for mut decision in decisions {
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

/// How long work in progress may take after the first signal.
const GRACE: Duration = Duration::from_secs(3);

/// Send a message for each terminating signal. After the first, work in progress has `GRACE` to finish; what
/// is unfinished then is found in the ledger at the next start.
#[cfg(unix)]
fn signals(stop: Arc<AtomicBool>) -> anyhow::Result<Receiver<()>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let (send, receive) = channel();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                // so nothing that is in the file by now can bring a running bot down
                let says = "settings are read at the start only; the old ones stay until then";
                let _ = writeln!(std::io::stderr().lock(), "unstuck: bot: {says}");
                continue;
            }
            stop.store(true, Ordering::Relaxed);
            let _ = send.send(());
            std::thread::sleep(GRACE);
            std::process::exit(0);
        }
    })?;
    Ok(receive)
}

#[cfg(not(unix))]
fn signals(_: Arc<AtomicBool>) -> anyhow::Result<Receiver<()>> {
    Ok(channel().1)
}

/// End like `kill -9`: nothing is flushed, closed or unwound.
fn die() {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort();
}
