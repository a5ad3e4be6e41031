//! What to run: settings and places, and how the ledger, its lock and the account are opened.

use super::{Platform, PlatformName, Result, Settings, Trouble};
use crate::mentions::{Ledger, Lock, Moment};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
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
