//! The bot as a command of the program.

use crate::{
    cli,
    config::{self, Config},
};
use anyhow::Result;
use std::time::Duration;
use unstuck::{bot, mentions::ModelVoice};

/// Run the bot, or one of its operator commands.
///
/// # Errors
/// As for [`bot::run`] and [`bot::operate`].
pub fn run(
    args: &cli::Bot,
    config: &Config,
    flags: &cli::Global,
    told: &cli::Overrides,
) -> Result<()> {
    let env = |name: &str| std::env::var(name).ok();
    let plan = config.bot(flags, args, env("UNSTUCK_BOT_TEST").as_deref());
    if let Some(act) = config::act(args.act.clone())? {
        return bot::operate(&act, &plan, env);
    }
    plan.platform()?;
    // an unknown name is an error now; the model is loaded when the first mention is answered
    let catalogue = crate::catalogue(config);
    let unknown = |error: anyhow::Error| bot::Trouble::Configuration(format!("{error:#}"));
    catalogue.check(None).map_err(unknown)?;
    let patience = Duration::from_secs(plan.settings.patience_seconds.into());
    let (sampling, stop) = (plan.settings.voice(), plan.stop.clone());
    let voice = ModelVoice::new(|| catalogue.open(None), sampling, patience, stop)
        .with_length(plan.settings.length);
    bot::run(&plan, voice, env, || {
        let config::Loaded { config: new, wrong, .. } = Config::load(flags, told, env);
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        let settings = new.bot(flags, args, None).settings;
        Ok(bot::Reread { settings, others: config.changed_beside_bot(&new) })
    })
}
