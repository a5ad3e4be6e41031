//! The bot's plan, from settings, flags and the system's folders.

use super::{Config, places};
use crate::cli;
use anyhow::{Context, Result};
use std::{io::Read, path::PathBuf, sync::Arc};
use unstuck::{
    bot::{Act, CREDENTIALS, Plan, PlatformName, Posting, Settings, Test},
    mentions::{Place, usual_ledger},
};

impl Config {
    /// Where the bot's queue is, for the desk; `None` when no bot is configured.
    pub fn mentions(&self) -> Option<Place> {
        self.bot.platform?;
        let (ledger, settings) = (ledger(&self.bot)?, self.bot.policy.clone());
        Some(Place { ledger, settings, limit: self.bot.limit, begin: self.bot.begin })
    }

    /// Names of the settings outside `[bot]` that a running bot uses and that differ in `other`.
    pub fn changed_beside_bot(&self, other: &Self) -> Vec<String> {
        let all = [
            ("model", self.model != other.model),
            ("quantization", self.quantization != other.quantization),
            ("draft", self.draft != other.draft),
            ("threads", self.threads != other.threads),
            ("engines", self.engines != other.engines),
        ];
        all.iter().filter(|(_, changed)| *changed).map(|(name, _)| (*name).to_owned()).collect()
    }

    /// The bot's plan. `test` is the value of `UNSTUCK_BOT_TEST`, see [`Test`].
    pub fn bot(&self, flags: &cli::Global, args: &cli::Bot, test: Option<&str>) -> Plan {
        let mut settings = self.bot.clone();
        settings.platform = args.platform.map_or(settings.platform, |name| {
            Some(match name {
                cli::Platform::X => PlatformName::X,
                cli::Platform::Mastodon => PlatformName::Mastodon,
                cli::Platform::Console => PlatformName::Console,
            })
        });
        let (dry, once) = match &args.act {
            cli::BotAct::Run(run) => (run.dry_run, run.once),
            cli::BotAct::Once(run) => (run.dry_run, true),
            _ => (false, true),
        };
        if dry {
            settings.posting = Posting::DryRun;
        }
        // a trial on the console stores nothing, so that the same line can be tried again
        let trial = dry && settings.platform == Some(PlatformName::Console);
        let told = |key: &str| {
            let mut pairs = test.unwrap_or_default().split(',').filter_map(|p| p.split_once('='));
            pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        let test = Test {
            ahead: told("ahead").and_then(|ms| ms.parse().ok()).unwrap_or(0),
            die_after: told("die").and_then(|steps| steps.parse().ok()),
            stall: told("stall").map(str::to_owned),
        };
        let folder = places().map(|places| places.config_dir().to_owned()).unwrap_or_default();
        let keys = match settings.platform {
            Some(PlatformName::Mastodon) => "mastodon-token.toml",
            _ => "x-keys.toml",
        };
        // a file that systemd gives to the service comes before the usual one
        let given = std::env::var_os(CREDENTIALS).map(|given| PathBuf::from(given).join(keys));
        let given = given.filter(|given| given.is_file());
        let secrets = settings.secrets.clone().or(given).unwrap_or_else(|| folder.join(keys));
        let ledger = if trial { settings.ledger.clone() } else { ledger(&settings) };
        Plan {
            settings_file: flags.config.clone().unwrap_or_else(|| folder.join("unstuck.toml")),
            ledger,
            secrets,
            once,
            stop: Arc::default(),
            test,
            settings,
        }
    }
}

/// The ledger's file: the configured one, or the platform's in the data folder.
fn ledger(settings: &Settings) -> Option<PathBuf> {
    let name = match settings.platform {
        Some(PlatformName::Console) => "console",
        Some(PlatformName::Mastodon) => "mastodon",
        _ => "x",
    };
    let usual = || {
        let folder = places()?.data_dir().join("bot");
        Some(usual_ledger(&folder, name, settings.handle.as_deref()))
    };
    settings.ledger.clone().or_else(usual)
}

/// The operator's command; `None` to run the bot itself.
///
/// # Errors
/// When standard input can't be read.
pub fn act(act: cli::BotAct) -> Result<Option<Act>> {
    Ok(Some(match act {
        cli::BotAct::Run(_) | cli::BotAct::Once(_) => return Ok(None),
        cli::BotAct::Check(_) => Act::Check,
        cli::BotAct::Login => Act::Login,
        cli::BotAct::Queue { json } => Act::Queue { json },
        cli::BotAct::Approve { ids, anyway } => Act::Approve { ids, anyway },
        cli::BotAct::Edit { id, text, anyway } if text == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("standard input")?;
            Act::Edit { id, text, anyway }
        }
        cli::BotAct::Edit { id, text, anyway } => Act::Edit { id, text, anyway },
        cli::BotAct::Roll { ids } => Act::Roll(ids),
        cli::BotAct::Reject { ids } => Act::Reject(ids),
        cli::BotAct::Retract { id } => Act::Retract(id),
        cli::BotAct::Reconcile => Act::Reconcile,
        cli::BotAct::Optout { who, undo } => Act::OptOut { who, undo },
        cli::BotAct::Forget { name } => Act::Forget(name),
        cli::BotAct::Resume => Act::Resume,
        cli::BotAct::Status { json } => Act::Status { json },
    }))
}
