//! The operator's commands beside a running bot: list, approve, edit and reject replies, opt people out, forget texts.
//! They work on the ledger; only those that need the platform send requests.

use super::{Class, Clock, Plan, Platform, PlatformName, Trouble};
use crate::{
    clean::for_terminal,
    mentions::{Held, Ledger, Moment, OptOut, Refused, Row, State, filter, revise},
};
use anyhow::{Context, Result, bail};
use std::io::{IsTerminal, Write};

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Check whether the bot can run.
    Check,
    /// Store the account's keys.
    Login,
    /// List the replies that wait for approval.
    Queue {
        /// As JSON, one object per line.
        json: bool,
    },
    /// Approve replies.
    Approve {
        /// The mentions.
        ids: Vec<String>,
        /// Post them although the gate objects to a word.
        anyway: bool,
    },
    /// Change the text of a reply.
    Edit {
        /// The mention.
        id: String,
        /// The new text.
        text: String,
        /// Keep it although the gate objects to a word.
        anyway: bool,
    },
    /// Have replies drawn again with another seed.
    Roll(Vec<String>),
    /// Reject replies.
    Reject(Vec<String>),
    /// Delete a reply that was posted.
    Retract(String),
    /// Check on the platform whether uncertain replies have arrived.
    Reconcile,
    /// Opt an author out, or in again.
    OptOut {
        /// A handle or an id.
        who: String,
        /// Opt in again.
        undo: bool,
    },
    /// Delete the texts of an author or a mention.
    Forget(String),
    /// End all holds: what was wrong has been put right.
    Resume,
    /// Show statistics of the ledger.
    Status {
        /// As JSON.
        json: bool,
    },
}

/// Run a command.
///
/// # Errors
/// A [`Trouble`], or the reason why it can't be done.
pub fn operate(act: &Act, plan: &Plan, env: impl Fn(&str) -> Option<String>) -> Result<()> {
    let mut clock = Clock::new(plan.test.ahead);
    let now = clock.now();
    let platform = plan.platform()?;
    let mut out = std::io::stdout().lock();
    match act {
        Act::Login => return super::login::login(plan, platform),
        Act::Check => return super::check::check(plan, env, now, &mut out),
        _ => {}
    }
    let mut ledger = plan.open_ledger(now)?;
    match act {
        Act::Check | Act::Login => {}
        Act::Queue { json } => {
            let mut rows =
                ledger.oldest(State::Waiting, usize::from(u16::MAX)).map_err(Trouble::from)?;
            rows.extend(ledger.lost().map_err(Trouble::from)?);
            if rows.is_empty() {
                tell("nothing waits");
            }
            for row in &rows {
                show(row, *json, &mut out)?;
            }
            if !json && !rows.is_empty() {
                tell("`unstuck bot approve ID`, `edit ID WORDS` or `reject ID`");
            }
        }
        Act::Approve { ids, anyway } => each(ids, |id| {
            let row = find(&ledger, id)?;
            let hours = plan.settings.policy.max_age_hours;
            if !*anyway && !row.anyway && super::post::is_old(&row, hours, now) {
                bail!("{id}: older than {hours} hours, so it is not posted; `--anyway` posts it");
            }
            let reply = row.reply.as_deref().unwrap_or_default();
            check_text(plan, &row, reply, *anyway || row.anyway)?;
            if *anyway {
                changed(ledger.let_through(&row.key, reply, now).map_err(Trouble::from)?, id)?;
            }
            let done = ledger.approve(&row.key, now).map_err(Trouble::from)?
                // what the platform can't list can't be checked once more
                || platform != PlatformName::Console
                    && ledger.send_lost(&row.key, now).map_err(Trouble::from)?;
            changed(done, id)?;
            tell(&format!(
                "{id}: approved; a running bot posts it soon, `unstuck bot once` immediately"
            ));
            Ok(())
        })?,
        Act::Edit { id, text, anyway } => {
            let row = find(&ledger, id)?;
            let text = check_text(plan, &row, text, *anyway)?;
            changed(ledger.edit(&row.key, &text, now).map_err(Trouble::from)?, id)?;
            if *anyway {
                changed(ledger.let_through(&row.key, &text, now).map_err(Trouble::from)?, id)?;
            }
            tell(&format!("{id}: changed; it waits for `unstuck bot approve {id}`"));
        }
        Act::Roll(ids) => each(ids, |id| {
            let row = find(&ledger, id)?;
            changed(ledger.roll(&row.key, now).map_err(Trouble::from)?, id)?;
            tell(&format!("{id}: a running bot draws it again, or `unstuck bot once`"));
            Ok(())
        })?,
        Act::Reject(ids) => each(ids, |id| {
            let row = find(&ledger, id)?;
            changed(ledger.reject(&row.key, now).map_err(Trouble::from)?, id)
        })?,
        Act::Retract(id) => {
            let row = find(&ledger, id)?;
            let Some(reply_id) = row.reply_id.filter(|_| row.state == State::Posted) else {
                bail!("{id}: was not answered, so there is nothing to delete");
            };
            if platform == PlatformName::Console {
                bail!("{id}: a printed reply can't be deleted");
            }
            let (mut account, _) = plan.open_account(platform, env)?;
            let how = match account.retract(&reply_id, now) {
                Ok(()) => "reply deleted",
                Err(refusal) if refusal.class == Class::Gone || refusal.status == Some(404) => {
                    // some servers answer so because they don't delete
                    match account.exists(&reply_id, now) {
                        Ok(false) => "the reply was gone already",
                        Ok(true) => bail!(
                            "{id}: the platform doesn't delete it ({}); delete it there",
                            refusal.says
                        ),
                        Err(why) => bail!(
                            "{id}: {}; whether it is gone is not known: {}",
                            refusal.says,
                            why.says
                        ),
                    }
                }
                Err(refusal) => bail!("{id}: {}", refusal.says),
            };
            ledger.retracted(&row.key, now).map_err(Trouble::from)?;
            tell(&format!("{id}: {how}; the mention is not answered again"));
        }
        Act::Reconcile => reconcile(plan, ledger, platform, env, now)?,
        Act::OptOut { who, undo } => {
            let id = author(&ledger, who)?;
            if *undo {
                changed(ledger.opt_in(&id).map_err(Trouble::from)?, who)?;
            } else {
                ledger.opt_out(&id, OptOut::Operator, now).map_err(Trouble::from)?;
            }
        }
        Act::Forget(name) => {
            let by_handle = ledger.author_of(name).map_err(Trouble::from)?;
            let count = ledger.forget(by_handle.as_ref().unwrap_or(name), now);
            if count.map_err(Trouble::from)? == 0 {
                bail!("{name}: no texts of an author or mention with this name");
            }
        }
        Act::Resume => {
            let revived = ledger.resume(now).map_err(Trouble::from)?;
            let more = match revived {
                0 => String::new(),
                count => format!(", and {count} replies that were given up are approved again"),
            };
            tell(&format!("nothing is held any more{more}; a running bot goes on soon"));
        }
        Act::Status { json } => status(&ledger, now, *json, &mut out)?,
    }
    out.flush().context("standard output")
}

/// Print a message for people to standard error.
pub(super) fn tell(says: &str) {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        let _ = writeln!(stderr, "unstuck: {}", for_terminal(says));
    }
}

/// Apply `act` to every id, even if it fails for some.
fn each(ids: &[String], mut act: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let wrong: Vec<_> =
        ids.iter().filter_map(|id| act(id).err()).map(|error| format!("{error:#}")).collect();
    if !wrong.is_empty() {
        bail!(wrong.join("\n"));
    }
    Ok(())
}

fn find(ledger: &Ledger, id: &str) -> Result<Row> {
    let row = ledger.row(id).map_err(Trouble::from)?;
    row.with_context(|| format!("{id}: no such mention; `unstuck bot queue` shows what waits"))
}

fn changed(done: bool, id: &str) -> Result<()> {
    if !done {
        bail!("{id}: is not waiting any more; `unstuck bot queue` shows what is");
    }
    Ok(())
}

/// The id of an author given by id or handle. An author who is not in the ledger yet is named by `@handle`.
fn author(ledger: &Ledger, who: &str) -> Result<String> {
    let known = ledger.author_of(who).map_err(Trouble::from)?;
    let is_id = !who.is_empty() && who.chars().all(|c| c.is_ascii_digit());
    let handle = || format!("@{}", who.trim_start_matches(['@', '＠']).to_lowercase());
    Ok(known.unwrap_or_else(|| if is_id { who.to_owned() } else { handle() }))
}

/// Check an operator's text with the same gate as the model's.
fn check_text(plan: &Plan, row: &Row, text: &str, anyway: bool) -> Result<String> {
    let prompt = row.prompt.as_deref().unwrap_or_default();
    revise(text, prompt, &plan.settings.gate(&[], filter), anyway).map_err(|why| match &why {
        Refused::Gate(objection) if objection.is_matter_of_taste() => {
            anyhow::anyhow!("{}: {why}; `--anyway` lets it through", row.id)
        }
        _ => anyhow::anyhow!("{}: {why}", row.id),
    })
}

fn show(row: &Row, json: bool, out: &mut impl Write) -> Result<()> {
    let safe = |text: &str| for_terminal(text).into_owned();
    let text = row.mention.as_ref().map(|mention| safe(&mention.text)).unwrap_or_default();
    let reply = safe(row.reply.as_deref().unwrap_or_default());
    let written = if json {
        let mut steps = row.steps.clone();
        steps.iter_mut().for_each(|step| step.text = safe(&step.text));
        let line = serde_json::json!({
            "id": safe(&row.id), "author": safe(&row.handle), "text": text, "reply": reply,
            "state": row.state, "reason": row.reason, "kind": row.kind, "seed": row.seed, "model": row.model, "created": row.created,
            "steps": steps,
        });
        writeln!(out, "{line}")
    } else {
        let one_line = |text: &str| text.replace('\n', " ");
        let (id, handle) = (safe(&row.id), safe(&row.handle));
        let why = row.reason.as_deref().filter(|_| row.state == State::Dead);
        let why = why.map(|why| format!("\n    ({})", safe(why))).unwrap_or_default();
        writeln!(out, "{id}  @{handle}: {}\n    {}{why}", one_line(&text), one_line(&reply))
    };
    written.context("standard output")
}

fn status(ledger: &Ledger, now: Moment, json: bool, out: &mut impl Write) -> Result<()> {
    let summary = ledger.summary(now).map_err(Trouble::from)?;
    if json {
        return writeln!(out, "{}", serde_json::to_string(&summary)?).context("standard output");
    }
    let mut lines = Vec::new();
    lines.extend(summary.account.iter().map(|handle| format!("account    @{handle}")));
    lines.extend(summary.model.iter().map(|model| format!("model      {model}")));
    lines.extend(summary.states.iter().map(|(state, count)| format!("{state:<10} {count}")));
    lines.extend(summary.reasons.iter().map(|(reason, count)| format!("  {count} x {reason}")));
    let ago = summary.looked.map(|at| format!("last look  {} s ago", (now - at).max(0) / 1000));
    lines.extend(ago);
    lines.push(format!("opted out  {}", summary.opted_out));
    for who in &summary.opt_outs {
        let name =
            who.handle.as_ref().map_or_else(|| who.author.clone(), |name| format!("@{name}"));
        let why = who.request.as_ref().map_or("by you".into(), |words| format!("said \"{words}\""));
        lines.push(format!("  {name}: {why}; undo: `unstuck bot optout {name} --undo`"));
    }
    lines.push(format!("today      ${:.3}", summary.spent_usd));
    lines.extend(summary.attested.iter().map(|(who, _)| format!("attested   by {who}")));
    for hold in &summary.holds {
        let what = match hold.what {
            Held::Reading => "reading",
            Held::Posting => "posting",
        };
        let (seconds, why) = ((hold.until - now) / 1000, &hold.why);
        lines.push(format!("{what} waits for {seconds} s: {why}; `unstuck bot resume` ends it"));
    }
    if let Some(error) = &summary.last_error {
        lines.push(format!("last error {} s ago: {}", (now - error.at).max(0) / 1000, error.says));
    }
    for line in lines {
        writeln!(out, "{}", for_terminal(&line)).context("standard output")?;
    }
    Ok(())
}

/// Check uncertain replies as the bot does at its start, without reading mentions or posting.
fn reconcile(
    plan: &Plan,
    ledger: Ledger,
    platform: PlatformName,
    env: impl Fn(&str) -> Option<String>,
    now: Moment,
) -> Result<()> {
    let _lock = plan.lock()?;
    ledger.doubt_orphans(now).map_err(Trouble::from)?;
    let rows = ledger.uncertain(Moment::MAX).map_err(Trouble::from)?;
    if rows.is_empty() {
        tell("no reply is uncertain");
        return Ok(());
    }
    if platform == PlatformName::Console {
        bail!("the console keeps no posts to check; `unstuck bot reject` drops uncertain replies");
    }
    let (account, _) = plan.open_account(platform, env)?;
    let silent = super::round::Silent;
    let mut bot = super::Bot::new(ledger, account, silent, plan.settings.clone(), now)?;
    bot.look(&rows, now)?;
    for note in bot.notes() {
        let _ = writeln!(std::io::stderr(), "unstuck: bot: {}", for_terminal(&note));
    }
    Ok(())
}
