//! Reading mentions: all pages of a poll, opt-outs first, then a decision about each mention, oldest first.

use super::round::DAY;
use super::{Bot, Class, Decision, Look, Posting, Result, Trouble, Turn};
use crate::mentions::{
    self, Account, Ask, Held, Interrupted, Kind, Mention, Moment, OptOut, Row, State, Step, Unsaid,
    Verdict, draft, judge,
};
use std::{collections::HashSet, panic::AssertUnwindSafe};

/// Mentions may appear late, with an id below the newest one: each poll overlaps the last by this time.
const OVERLAP: Moment = 30 * 60_000;
/// The most pages of one poll.
const MOST_PAGES: u32 = 200;
/// How often the model is tried for one mention.
const MOST_TRIES: u32 = 3;
/// The fewest mentions that are asked for: platforms give no fewer.
const FEWEST: usize = 5;

impl Bot<'_> {
    /// Read new mentions. The cursor moves once every page is in the ledger.
    pub(super) fn poll(&mut self, now: Moment) -> Result<Turn> {
        let cursor = match self.ledger.number("cursor")? {
            Some(cursor) => cursor,
            None => self.ledger.born()?,
        };
        // what is too old to be answered need not be read
        let oldest = now - Moment::from(self.settings.policy.max_age_hours) * 3_600_000;
        let since = cursor.min(now - OVERLAP).max(oldest - OVERLAP);
        let mut newest = cursor;
        let mut page: Option<String> = None;
        let mut pages = HashSet::new();
        self.mark("polling");
        let mut rest_until = None;
        loop {
            let most = self.affordable(now)?;
            if most < FEWEST {
                // the rest is read when there is a budget again
                self.reads_from = (now.div_euclid(DAY) + 1) * DAY;
                self.ledger.hold(Held::Reading, self.reads_from, "today's budget is used up")?;
                self.note("today's budget is used up; reading goes on tomorrow".into());
                return Ok(Turn::Until(self.reads_from));
            }
            let look = Look { since, page: page.as_deref(), most };
            let read = match self.platform.mentions(&look, now) {
                Ok(read) => read,
                Err(refusal) if refusal.class == Class::Never => {
                    self.note(refusal.says.clone());
                    self.decided_skip("", &refusal.says);
                    break;
                }
                Err(refusal) => return self.reading_failed(&refusal, now),
            };
            self.mark("page read");
            self.obey_stops(&read.mentions, now)?;
            let new = self.ledger.take_in(&read.mentions, now)?;
            if new == 0 && self.platform.pace(&self.settings) == 0 {
                for mention in &read.mentions {
                    self.decided_skip(&mention.id, "seen before");
                }
            }
            for (id, why) in &read.unread {
                if self.ledger.take_in_unread(id, &format!("unreadable: {why}"), now)? {
                    self.note(format!("mention {id} can't be read and is skipped: {why}"));
                    self.decided_skip(id, "unreadable");
                }
            }
            self.spend(new as f64 * self.settings.policy.read_usd, now)?;
            self.mark("page kept");
            newest = read.mentions.iter().map(|mention| mention.created).fold(newest, Moment::max);
            rest_until = read.rest_until;
            match read.next {
                None => break,
                Some(next) => {
                    if !pages.insert(next.clone()) || pages.len() as u32 > MOST_PAGES {
                        let says = "the same page came again; the rest is read later";
                        return self
                            .reading_failed(&super::Refusal::new(Class::Transient, says), now);
                    }
                    page = Some(next);
                }
            }
        }
        self.ledger.set_note("cursor", &newest.min(now).to_string())?;
        self.ledger.set_note("looked", &now.to_string())?;
        self.mark("cursor kept");
        self.failures = 0;
        self.polls += 1;
        self.next_poll = (now + self.platform.pace(&self.settings)).max(rest_until.unwrap_or(0));
        Ok(Turn::Again)
    }

    /// Record opt-outs, and who takes one back, before any other decision about a mention.
    fn obey_stops(&mut self, page: &[Mention], now: Moment) -> Result<()> {
        let me = self.me.clone().unwrap_or_default();
        // oldest first, so that the last word counts
        let mut new = Vec::new();
        for mention in page.iter().filter(|mention| mention.author.id != me.id) {
            // polls overlap: an opt-out that was undone since must not be repeated
            if !self.ledger.has(&mention.key, &mention.id)? {
                new.push(mention);
            }
        }
        new.sort_by_key(|mention| mention.created);
        for mention in new {
            let policy = &self.settings.policy;
            let (longest, more) = (policy.prompt_characters, &policy.opt_out_words);
            match mentions::ask(&mention.text, &me.handle, longest, more) {
                Ask::Stop(request) => {
                    self.ledger.opt_out(&mention.author.id, OptOut::Asked(&request), now)?;
                }
                Ask::Start => {
                    self.ledger.start_again(&mention.author.id)?;
                }
                Ask::Prompt(_) | Ask::Help => {}
            }
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, rows: &[Row], now: Moment) -> Result<()> {
        let me: Account = self.me.clone().unwrap_or_default();
        let born = self.ledger.born()?;
        for row in rows {
            let Some(mention) = &row.mention else {
                self.ledger.skip(&row.key, "forgotten", now)?;
                continue;
            };
            let past = self.ledger.past(&row.key, &row.author, &mention.conversation, now)?;
            match judge(&self.settings.policy, mention, &me, &past, born, now) {
                Verdict::Skip(reason) => {
                    self.ledger.skip(&row.key, reason, now)?;
                    self.decided_skip(&row.id, reason);
                }
                Verdict::Answer(prompt) => self.ledger.queue(&row.key, &prompt, now)?,
                Verdict::Help => {
                    let asked = self.ledger.number("helps")?.unwrap_or(0) + 1;
                    let help = mentions::help(&self.settings.policy, asked, self.settings.limit);
                    let Some(help) = help.filter(|text| !text.is_empty()) else {
                        self.ledger.skip(&row.key, "no help text fits", now)?;
                        self.decided_skip(&row.id, "no help text fits");
                        continue;
                    };
                    self.ledger.set_note("helps", &asked.to_string())?;
                    self.settle(row, Kind::Help, &help, None, Vec::new(), now)?;
                }
            }
            self.mark("decided");
        }
        Ok(())
    }

    /// Generate a reply to one mention.
    pub(super) fn compose(&mut self, row: &Row, now: Moment) -> Result<()> {
        let (Some(mention), Some(prompt)) = (&row.mention, &row.prompt) else {
            return Ok(self.ledger.skip(&row.key, "forgotten", now)?);
        };
        if row.tries >= MOST_TRIES {
            self.ledger.bury(&row.key, "the model failed", now)?;
            self.decided_skip(&row.id, "the model failed");
            return Ok(());
        }
        // a model that can't be loaded does not count as a failed try
        let model = self.voice.name();
        let model =
            model.map_err(|error| Trouble::Configuration(format!("the model: {error:#}")))?;
        self.ledger.set_note("model", &model)?;
        self.ledger.try_once(&row.key)?;
        self.mark("drafting");
        let draws = u64::from(row.rolls) * u64::from(MOST_TRIES) + u64::from(row.tries);
        let seed = u64::from(crc32fast::hash(row.key.as_bytes())) + draws;
        let secrets: Vec<_> = self.secrets.iter().map(super::Secret::reveal).collect();
        let gate = self.settings.gate(&secrets, self.filter);
        let voice = &mut *self.voice;
        let drafted = std::panic::catch_unwind(AssertUnwindSafe(|| {
            draft(mention, prompt, seed, voice, &gate)
        }));
        let drafted = match drafted {
            Ok(Ok(drafted)) => drafted,
            Ok(Err(error)) if error.is::<Interrupted>() => {
                return Ok(self.ledger.untry(&row.key)?);
            }
            Ok(Err(error)) => {
                self.note(format!("the model on mention {}: {error:#}", row.id));
                return Ok(());
            }
            Err(_) => {
                self.note(format!("the model on mention {}: it fell over", row.id));
                return Ok(());
            }
        };
        let said = match &drafted.reply {
            Ok(reply) if self.ledger.said_since(reply, now - super::round::DAY)? => {
                Err(&Unsaid::Said)
            }
            other => other.as_deref(),
        };
        match said {
            Ok(reply) => {
                let from = Some((drafted.seed, &*drafted.model));
                let kind = if row.kind == Kind::Post { Kind::Post } else { Kind::Reply };
                self.settle(row, kind, reply, from, drafted.steps.clone(), now)?;
            }
            // another seed may give a better text
            Err(reason) if reason.may_change() && row.tries + 1 < MOST_TRIES => {}
            Err(reason) => {
                let reason = reason.to_string();
                self.ledger.skip(&row.key, &reason, now)?;
                self.decided(Decision {
                    id: row.id.clone(),
                    decision: "skip",
                    reason: Some(reason),
                    seed: Some(drafted.seed),
                    model: Some(drafted.model),
                    steps: drafted.steps,
                    ..Decision::default()
                });
            }
        }
        Ok(())
    }

    /// Store a reply: it waits for approval, or is approved at once.
    fn settle(
        &mut self,
        row: &Row,
        kind: Kind,
        reply: &str,
        from: Option<(u64, &str)>,
        steps: Vec<Step>,
        now: Moment,
    ) -> Result<()> {
        let state = match self.settings.posting {
            Posting::Auto => State::Approved,
            Posting::Queue | Posting::DryRun => State::Waiting,
        };
        self.ledger.keep_steps(&row.key, &steps)?;
        self.ledger.answer(&row.key, kind, reply, from, state, now)?;
        self.mark("drafted");
        let Some(row) = self.ledger.row(&row.key)? else { return Ok(()) };
        match self.settings.posting {
            Posting::DryRun => self.decided_reply(&row, steps),
            Posting::Queue => self.decided(Decision {
                id: row.id.clone(),
                decision: "queued",
                reply: row.reply.clone(),
                reason: Some("waits for `unstuck bot approve`".into()),
                seed: row.seed,
                model: row.model.clone(),
                steps,
                ..Decision::default()
            }),
            Posting::Auto => {
                self.steps = Some((row.key.clone(), steps));
            }
        }
        Ok(())
    }
}
