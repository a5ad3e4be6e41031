//! `unstuck bot check`: reports line by line whether the bot can run, and what is missing.

use super::{Plan, PlatformName, Posting, Trouble};
use crate::mentions::Moment;
use anyhow::{Context, Result};
use std::io::Write;

/// Check the settings, the ledger, the keys and the account, and report each.
///
/// # Errors
/// The first problem that prevents the bot from running.
pub fn check(
    plan: &Plan,
    env: impl Fn(&str) -> Option<String>,
    now: Moment,
    out: &mut impl Write,
) -> Result<()> {
    let mut say = |line: String| writeln!(out, "{line}").context("standard output");
    let platform = plan.platform()?;
    let ledger = plan.open_ledger(now)?;
    ledger.look_through().map_err(Trouble::from)?;
    let place = plan.ledger.as_ref().map_or("memory".into(), |path| path.display().to_string());
    say(format!("ledger     {place}: whole"))?;
    match plan.settings.posting {
        Posting::DryRun => say("posting    nothing (dry-run)".into())?,
        Posting::Queue => say("posting    what `unstuck bot approve` approves".into())?,
        Posting::Auto => {
            let attestation = &plan.settings.attestation;
            if let Some(missing) = attestation.missing() {
                return Err(Trouble::Configuration(format!(
                    "[bot.attestation] lacks {missing}, which posting = \"auto\" needs"
                ))
                .into());
            }
            say(format!(
                "posting    every reply that passes the policy; {}",
                attestation.statement()
            ))?;
        }
    }
    let posts = &plan.settings.posts;
    posts.check()?;
    if !posts.at.is_empty() {
        let times: Vec<_> = posts.at.iter().map(|time| String::from(*time)).collect();
        say(format!("posts      of its own at {} UTC", times.join(", ")))?;
    }
    if platform == PlatformName::Console {
        return say("platform   console: no account needed".into());
    }
    let (mut account, _) = plan.open_account(platform, env)?;
    let me = account.account(now).map_err(|refusal| match refusal.class {
        super::Class::Account => Trouble::Permission(refusal.says),
        _ => Trouble::Temporary(refusal.says),
    })?;
    say(format!("account    @{} ({})", me.handle, me.id))?;
    if me.read_only && plan.settings.posting != Posting::DryRun {
        return Err(Trouble::Permission(super::start::READ_ONLY.into()).into());
    }
    if me.is_bot == Some(false) {
        say(format!("profile    {}", super::start::NO_BOT))?;
    }
    if let Some(says) = account.ahead().and_then(super::start::wrong_clock) {
        say(format!("clock      {says}"))?;
    }
    let bio = me.description.to_lowercase();
    let operator = plan.settings.attestation.operator.to_lowercase();
    if !bio.contains("bot") && !bio.contains("automated") {
        say("profile    does not say that this is a bot; the platform requires it".into())?;
    }
    if operator.is_empty() || !bio.contains(operator.trim_start_matches('@')) {
        say(
            "profile    does not name the operator of [bot.attestation]; the platform requires it"
                .into(),
        )?;
    }
    if platform == PlatformName::X {
        say("Whether X has given its prior approval of AI replies can't be checked here.".into())?;
    }
    Ok(())
}
