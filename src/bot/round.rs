//! One step of the loop. Each turn does the most urgent piece of work and returns when the next is due;
//! it never sleeps, so tests can choose the time.

use super::{Class, Platform, Posting, Refusal, Result, Settings, Trouble, clock::Jitter};
use crate::mentions::{self, Account, Filter, Held, Kind, Ledger, Moment, Row, State, Step, Voice};
use serde::Serialize;

/// When the next turn is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Immediately.
    Again,
    /// Not before this moment.
    Until(Moment),
    /// Never: the input has ended and all work is done.
    Ended,
}

/// The decision about a mention, as JSON for scripts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// When it was made, in Unix milliseconds.
    pub time: Moment,
    /// The mention's id.
    pub id: String,
    /// The handle of its author, if known.
    pub author: Option<String>,
    /// `reply`, `help`, `post`, `skip` or `queued`.
    pub decision: &'static str,
    /// The reply's text.
    pub reply: Option<String>,
    /// The id of the posted reply.
    pub reply_id: Option<String>,
    /// Why there is no reply.
    pub reason: Option<String>,
    /// The seed that reproduces it.
    pub seed: Option<u64>,
    /// The model's name.
    pub model: Option<String>,
    /// The text after each step.
    pub steps: Vec<Step>,
}

/// The bot's state between two turns.
pub struct Bot<'a> {
    pub(super) ledger: Ledger,
    pub(super) platform: Box<dyn Platform + 'a>,
    pub(super) voice: Box<dyn Voice + 'a>,
    pub(super) settings: Settings,
    /// Texts that no reply may contain.
    pub(super) secrets: Vec<super::Secret>,
    pub(super) filter: Filter,
    pub(super) me: Option<Account>,
    /// The input has ended.
    pub(super) ended: bool,
    pub(super) polls: u32,
    pub(super) next_poll: Moment,
    /// Until when posts of the account's own are scheduled.
    pub(super) scheduled: Moment,
    /// When old texts are deleted next.
    next_purge: Moment,
    /// No reading and no posting before these moments.
    pub(super) reads_from: Moment,
    pub(super) posts_from: Moment,
    pub(super) failures: u32,
    /// When the operator last ended all holds.
    resumed: Moment,
    pub(super) jitter: Jitter,
    /// The steps of the reply that is posted next.
    pub(super) steps: Option<(String, Vec<Step>)>,
    decisions: Vec<Decision>,
    /// The time of the current turn.
    now: Moment,
    notes: Vec<String>,
    probe: Box<dyn FnMut(&'static str) + 'a>,
}

impl<'a> Bot<'a> {
    /// A new bot; it sends nothing before its first turn.
    ///
    /// # Errors
    /// When the ledger fails, or the attestation is incomplete.
    pub fn new(
        ledger: Ledger,
        platform: impl Platform + 'a,
        voice: impl Voice + 'a,
        settings: Settings,
        now: Moment,
    ) -> Result<Self> {
        attest(&ledger, &settings, now)?;
        let held = |what| Ok::<_, Trouble>(ledger.held_until(what)?.min(now + DAY));
        let (reads_from, posts_from) = (held(Held::Reading)?, held(Held::Posting)?);
        let resumed = ledger.resumed()?;
        Ok(Self {
            ledger,
            platform: Box::new(platform),
            voice: Box::new(voice),
            settings,
            secrets: Vec::new(),
            filter: mentions::filter,
            me: None,
            ended: false,
            polls: 0,
            next_poll: 0,
            scheduled: now,
            next_purge: 0,
            reads_from,
            posts_from,
            failures: 0,
            resumed,
            jitter: Jitter::seeded(),
            steps: None,
            decisions: Vec::new(),
            now,
            notes: Vec::new(),
            probe: Box::new(|_| {}),
        })
    }

    /// Texts that no reply may contain.
    pub fn keep_secret(&mut self, secrets: Vec<super::Secret>) {
        self.secrets = secrets;
    }

    /// Replace the filter, for tests.
    pub fn filter_with(&mut self, filter: Filter) {
        self.filter = filter;
    }

    /// Call `probe` with the name of each step after which a crash is possible; tests end the program there.
    pub fn watch(&mut self, probe: impl FnMut(&'static str) + 'a) {
        self.probe = Box::new(probe);
    }

    /// Do the most urgent piece of work.
    ///
    /// # Errors
    /// When the bot must end: the ledger fails, or a person must act.
    pub fn turn(&mut self, now: Moment) -> Result<Turn> {
        self.now = now;
        let resumed = self.ledger.resumed()?;
        if resumed != self.resumed {
            (self.resumed, self.failures) = (resumed, 0);
            (self.reads_from, self.posts_from) = (0, 0);
            self.note("resumed: nothing is held any more".into());
        }
        if self.me.is_none() {
            return self.start(now);
        }
        if now >= self.next_purge {
            self.ledger.purge(now - Moment::from(self.settings.policy.keep_days) * DAY)?;
            self.next_purge = now + DAY;
        }
        let seen = self.ledger.oldest(State::Seen, 100)?;
        if !seen.is_empty() {
            self.decide(&seen, now)?;
            return Ok(Turn::Again);
        }
        self.schedule(now)?;
        let mut due = Vec::new();
        if now >= self.reads_from {
            let lag = Moment::from(self.settings.index_lag_seconds) * 1000;
            let doubtful = self.ledger.uncertain(now - lag)?;
            if !doubtful.is_empty() {
                return self.reconcile(&doubtful, now);
            }
            due.extend(
                self.ledger.uncertain(now)?.iter().filter_map(|row| row.checked).map(|at| at + lag),
            );
        }
        if self.settings.posting != Posting::DryRun
            && let Some(row) = self.ledger.next_to_post()?
        {
            match self.free_to_post(now)? {
                None => {
                    self.post(&row, now)?;
                    return Ok(Turn::Again);
                }
                Some(at) => due.push(at),
            }
        }
        // new mentions may hold a "stop", so they come before the next draft; but a console is read line by line
        let poll_at = self.next_poll.max(self.reads_from).max(self.budget_from(0.0, now)?);
        if !self.ended && now >= poll_at && self.platform.pace(&self.settings) > 0 {
            return self.poll(now);
        }
        if let Some(row) = self.ledger.oldest(State::Queued, 1)?.pop() {
            self.compose(&row, now)?;
            return Ok(Turn::Again);
        }
        if self.ended {
            let waits =
                self.ledger.count(State::Approved)? + self.ledger.count(State::Uncertain)? > 0;
            let at = due.into_iter().min();
            let at = at.filter(|_| waits && self.settings.posting != Posting::DryRun);
            return Ok(at.map_or(Turn::Ended, |at| Turn::Until(at.max(now + 1))));
        }
        if now >= poll_at {
            return self.poll(now);
        }
        due.push(poll_at);
        // wake up to see approvals by another process
        let soon = due.into_iter().min().unwrap_or(poll_at).min(now + 5_000);
        Ok(Turn::Until(soon.max(now + 1)))
    }

    /// The decisions since the last call.
    pub fn decisions(&mut self) -> Vec<Decision> {
        std::mem::take(&mut self.decisions)
    }

    /// The messages for the operator since the last call.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The number of successful polls.
    pub fn polls(&self) -> u32 {
        self.polls
    }

    /// The settings in use.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The ledger, for reading.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Look for the replies to `rows` on the account's timeline.
    ///
    /// # Errors
    /// As for [`Bot::turn`].
    pub fn look(&mut self, rows: &[Row], now: Moment) -> Result<Turn> {
        self.reconcile(rows, now)
    }

    /// Handle a failed read.
    pub(super) fn reading_failed(&mut self, refusal: &Refusal, now: Moment) -> Result<Turn> {
        match refusal.class {
            Class::Ended => {
                self.ended = true;
                if !refusal.says.is_empty() {
                    self.note(refusal.says.clone());
                }
                return Ok(Turn::Again);
            }
            Class::Account => {
                self.ledger.set_error(&refusal.says, now)?;
                return Err(Trouble::Permission(refusal.says.clone()));
            }
            Class::Credit => self.out_of_credit(&refusal.says, now)?,
            Class::Wait(until) => {
                self.reads_from = until.max(now + 1_000);
                self.ledger.hold(Held::Reading, self.reads_from, &refusal.says)?;
                self.note(format!("reading waits: {}", refusal.says));
            }
            _ => {
                self.reads_from = now + self.jitter.backoff(self.failures);
                self.failures += 1;
                self.note(format!("reading failed: {}", refusal.says));
            }
        }
        self.ledger.set_error(&refusal.says, now)?;
        Ok(Turn::Until(self.reads_from))
    }

    /// Out of credit: wait long, and report it once.
    pub(super) fn out_of_credit(&mut self, says: &str, now: Moment) -> Result<()> {
        let wait = ((15 * 60_000) << self.failures.min(5)).min(6 * 3_600_000);
        if self.failures == 0 {
            self.note(format!("{says}; everything waits until the account has credit again"));
        }
        self.failures += 1;
        self.reads_from = now + wait;
        self.posts_from = now + wait;
        self.ledger.hold(Held::Reading, self.reads_from, says)?;
        self.ledger.hold(Held::Posting, self.posts_from, says)?;
        Ok(())
    }

    /// How many mentions today's budget allows to read.
    pub(super) fn affordable(&self, now: Moment) -> Result<usize> {
        let read = micros(self.settings.policy.read_usd);
        if !self.platform.costs() || read <= 0 {
            return Ok(usize::MAX);
        }
        let spent = self.ledger.spent(now.div_euclid(DAY))?;
        let left = micros(self.settings.policy.budget_usd) - spent;
        Ok(usize::try_from(left / read).unwrap_or(0))
    }

    /// When today's budget allows a cost of `usd`; 0: now.
    pub(super) fn budget_from(&self, usd: f64, now: Moment) -> Result<Moment> {
        if !self.platform.costs() {
            return Ok(0);
        }
        let spent = self.ledger.spent(now.div_euclid(DAY))?;
        // at least one millionth must be left, so that a budget of 0 stops everything
        let used_up = spent + micros(usd).max(1) > micros(self.settings.policy.budget_usd);
        Ok(if used_up { (now.div_euclid(DAY) + 1) * DAY } else { 0 })
    }

    pub(super) fn spend(&self, usd: f64, now: Moment) -> Result<()> {
        if self.platform.costs() {
            self.ledger.spend(now.div_euclid(DAY), micros(usd))?;
        }
        Ok(())
    }

    pub(super) fn mark(&mut self, step: &'static str) {
        (self.probe)(step);
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn decided(&mut self, mut decision: Decision) {
        decision.time = self.now;
        if let Ok(Some(row)) = self.ledger.row(&decision.id) {
            decision.author = Some(row.handle).filter(|handle| !handle.is_empty());
            decision.reply_id = row.reply_id;
        }
        self.decisions.push(decision);
    }

    /// Record the decision not to reply.
    pub(super) fn decided_skip(&mut self, id: &str, reason: &str) {
        self.decided(Decision {
            id: id.to_owned(),
            decision: "skip",
            reason: Some(reason.to_owned()),
            ..Decision::default()
        });
    }

    /// Record the decision to post the row's reply.
    pub(super) fn decided_reply(&mut self, row: &Row, steps: Vec<Step>) {
        let decision = match row.kind {
            Kind::Reply => "reply",
            Kind::Help => "help",
            Kind::Post => "post",
        };
        self.decided(Decision {
            id: row.id.clone(),
            decision,
            reply: row.reply.clone(),
            seed: row.seed,
            model: row.model.clone(),
            steps,
            ..Decision::default()
        });
    }
}

/// Check what the settings need together, and record the attestation that posting without approval needs.
pub(super) fn attest(ledger: &Ledger, settings: &Settings, now: Moment) -> Result<()> {
    settings.posts.check()?;
    if settings.posting != Posting::Auto {
        return Ok(());
    }
    let attestation = &settings.attestation;
    if let Some(missing) = attestation.missing() {
        return Err(Trouble::Configuration(format!(
            "[bot] posting = \"auto\": [bot.attestation] lacks {missing}; say so only when it is true, or let a person \
             look: posting = \"queue\""
        )));
    }
    Ok(ledger.attest(&attestation.operator, &attestation.statement(), now)?)
}

pub(super) const DAY: Moment = 24 * 3_600_000;

/// An amount in millionths of a dollar.
fn micros(usd: f64) -> i64 {
    (usd * 1e6).round() as i64
}

/// A voice for a bot that only reconciles.
pub(super) struct Silent;

impl Voice for Silent {
    fn name(&mut self) -> anyhow::Result<String> {
        anyhow::bail!("nothing is said here")
    }

    fn say(&mut self, _: &str, _: u64) -> anyhow::Result<String> {
        anyhow::bail!("nothing is said here")
    }
}
