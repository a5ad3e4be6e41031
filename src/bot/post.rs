//! Posting: the intent is written to disk, then the request is sent, then the result is written. Without a result the
//! account's timeline is checked before a reply is sent again.

use super::{Bot, Class, Outgoing, Refusal, Replies, Result, Trouble, Turn};
use crate::mentions::{Alike, Attempt, Held, Kind, Mention, Moment, Row, revise};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// How often a reply is sent while it is unknown whether it arrived; after that a person must decide.
const MOST_LOST: u32 = 2;
/// The same after answers in which the server itself said that it failed.
const MOST_TROUBLED: u32 = 12;
/// How the reason of such an answer begins.
const TROUBLED: &str = "the server is in trouble: ";
/// The reason stored for a reply that was refused as a duplicate.
const TRACED: &str = "a duplicate, so it may have arrived";
/// How often such a reply is looked for before a person must decide.
const MOST_MISSES: u32 = 10;
/// The reason stored for a reply that waits for that decision.
const LOST: &str = "sent twice without a trace; `unstuck bot approve` sends it again";
/// Posting is held after this many refusals in a row that are alike: they concern the account, not the mentions.
const BREAKER: u32 = 3;
/// How long posting is held, at first and at most. Each time that nothing has changed by then, it is twice as long.
const BROKEN: (Moment, Moment) = (6 * 3_600_000, 24 * 3_600_000);
/// The same after answers that say nothing, such as those of an overloaded server.
const SILENT: (Moment, Moment) = (30 * 60_000, 6 * 3_600_000);
/// The pause after such an answer; the next one is twice as long.
const PAUSE: Moment = 60_000;
/// What uncertain answers have in common.
const UNCERTAIN: &str = "uncertain";
/// What refusals have in common because an author didn't mention us.
const NOT_ENGAGED: &str = "not engaged";
/// The most pages of a timeline that are read.
const MOST_PAGES: usize = 40;

impl Bot<'_> {
    /// When the next reply may be posted; `None`: now.
    pub(super) fn free_to_post(&self, now: Moment) -> Result<Option<Moment>> {
        let policy = &self.settings.policy;
        let capped = self.ledger.capped_until(policy.per_hour, policy.per_day, now)?;
        let from =
            self.posts_from.max(self.budget_from(policy.reply_usd, now)?).max(capped.unwrap_or(0));
        Ok((from > now).then_some(from))
    }

    /// Post one approved reply.
    pub(super) fn post(&mut self, row: &Row, now: Moment) -> Result<()> {
        let reply = row.reply.clone().unwrap_or_default();
        let prompt = row.prompt.clone().unwrap_or_default();
        if !row.anyway && is_old(row, self.settings.policy.max_age_hours, now) {
            self.ledger.bury(&row.key, TOO_OLD, now)?;
            self.decided_skip(&row.id, TOO_OLD);
            return Ok(());
        }
        let secrets: Vec<_> = self.secrets.iter().map(super::Secret::reveal).collect();
        // checked again right before posting, also when a person wrote it
        let gate = self.settings.gate(&secrets, self.filter);
        if let Err(why) = revise(&reply, &prompt, &gate, row.anyway) {
            let why = why.to_string();
            self.ledger.bury(&row.key, &why, now)?;
            self.decided_skip(&row.id, &why);
            return Ok(());
        }
        self.mark("posting");
        let Some(attempt) = self.ledger.begin(&row.key, &reply, now)? else {
            // rejected or opted out meanwhile
            let changed = self.ledger.row(&row.key)?;
            let why = changed.and_then(|row| row.reason).unwrap_or_else(|| "opted out".into());
            self.ledger.skip(&row.key, &why, now)?;
            self.decided_skip(&row.id, &why);
            return Ok(());
        };
        self.mark("intent kept");
        let reply_usd = self.settings.policy.reply_usd;
        self.spend(reply_usd, now)?;
        let without = row.mention.as_ref().map_or(&[][..], |mention: &Mention| &mention.others);
        let is_reply = row.kind != Kind::Post;
        let mention = row.mention.as_ref().filter(|_| is_reply);
        let to = is_reply.then_some(&*row.id);
        // a newer version of a mention is another post to reply to
        let key = if is_reply { &row.id } else { &row.key };
        let reply = Outgoing { key, to, text: &reply, without, mention };
        let sent = self.platform.reply(&reply, now);
        self.mark("answered");
        match sent {
            Ok(reply_id) => {
                self.ledger.arrived(&attempt, &reply_id, now)?;
                let revived = self.ledger.accepted(now)?;
                if revived > 0 {
                    self.note(format!("replies are accepted again: {revived} are tried once more"));
                }
                self.failures = 0;
                self.say(row);
            }
            Err(refusal) => {
                // what is refused costs nothing
                if refusal.class != Class::Uncertain {
                    self.spend(-reply_usd, now)?;
                }
                self.ledger.set_error(&refusal.says, now)?;
                self.posting_failed(row, &attempt, &refusal, now)?;
            }
        }
        self.mark("result kept");
        Ok(())
    }

    fn say(&mut self, row: &Row) {
        let steps = self.steps.take().filter(|(key, _)| *key == row.key);
        self.decided_reply(row, steps.map(|(_, steps)| steps).unwrap_or_default());
    }

    fn posting_failed(
        &mut self,
        row: &Row,
        attempt: &Attempt,
        refusal: &Refusal,
        now: Moment,
    ) -> Result<()> {
        let says = &*refusal.says;
        match refusal.class {
            Class::Uncertain => {
                let is_troubled = refusal.status.is_some_and(|status| status >= 500);
                let why = if is_troubled { format!("{TROUBLED}{says}") } else { says.to_owned() };
                self.ledger.doubt(attempt, &why, now)?;
                self.note(format!("reply to {}: {says}; checking whether it arrived", row.id));
                let alike = self.ledger.count_alike(UNCERTAIN, &row.key)?;
                // one lost connection may be an accident; a server that says it is in trouble is left alone at once
                if is_troubled || alike.count > 1 {
                    self.posts_from = now + (PAUSE << alike.count.min(5) >> 1);
                }
                if alike.count >= BREAKER {
                    self.hold_posting(alike, SILENT, says, now)?;
                }
            }
            // the platform may have it from a request whose response was lost
            Class::Duplicate if self.ledger.was_uncertain(&row.key)? => {
                self.ledger.doubt(attempt, TRACED, now)?;
            }
            Class::Duplicate => self.give_up(row, attempt, "duplicate", now)?,
            Class::Wait(until) => {
                self.posts_from = until.max(now + 1_000);
                self.ledger.refused(attempt, says, now)?;
                self.ledger.hold(Held::Posting, self.posts_from, says)?;
            }
            Class::Transient | Class::Ended => {
                self.posts_from = now + self.jitter.backoff(self.failures);
                self.failures += 1;
                self.ledger.refused(attempt, says, now)?;
            }
            Class::Never => self.give_up(row, attempt, says, now)?,
            Class::Gone => {
                self.give_up(row, attempt, "gone", now)?;
                self.ledger.forget(&row.key, now)?;
            }
            Class::NotEngaged | Class::Unknown => {
                let is_known = refusal.class == Class::NotEngaged;
                let kind = if is_known { NOT_ENGAGED } else { &*refusal.kind };
                let alike = self.ledger.count_alike(kind, &row.key)?;
                if alike.count < BREAKER {
                    self.give_up(row, attempt, says, now)?;
                    self.note(format!("reply to {}: refused: {says}", row.id));
                } else {
                    self.ledger.refused(attempt, says, now)?;
                    if !is_known {
                        self.ledger.revive(now)?;
                    }
                    self.hold_posting(alike, BROKEN, says, now)?;
                }
            }
            Class::Credit => {
                self.ledger.refused(attempt, says, now)?;
                self.out_of_credit(says, now)?;
            }
            Class::Account => {
                self.ledger.refused(attempt, says, now)?;
                return Err(Trouble::Permission(says.to_owned()));
            }
        }
        Ok(())
    }

    /// Hold posting after refusals that are alike; the operator ends it with `unstuck bot resume`.
    fn hold_posting(
        &mut self,
        mut alike: Alike,
        (first, most): (Moment, Moment),
        says: &str,
        now: Moment,
    ) -> Result<()> {
        let wait = (first << alike.holds.min(6)).min(most);
        alike.holds += 1;
        self.ledger.keep_alike(&alike)?;
        self.posts_from = now + wait;
        let why = format!("{} replies in a row were refused alike: {says}", alike.count);
        self.ledger.hold(Held::Posting, self.posts_from, &why)?;
        let minutes = wait / 60_000;
        self.note(format!(
            "{why}. Nothing is posted for {minutes} minutes, and approved replies are kept. Check whether the account may \
             still reply; `unstuck bot resume` goes on at once"
        ));
        Ok(())
    }

    fn give_up(&mut self, row: &Row, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        self.ledger.failed(attempt, why, now)?;
        self.decided_skip(&row.id, why);
        Ok(())
    }

    /// Check whether uncertain replies have arrived. A reply that can't be checked isn't sent again.
    pub(super) fn reconcile(&mut self, rows: &[Row], now: Moment) -> Result<Turn> {
        let oldest = rows.iter().map(|row| row.created).min().unwrap_or(now);
        self.mark("looking");
        let answered = match self.timeline(oldest, now) {
            Ok(answered) => answered,
            Err(refusal) if refusal.class == Class::Never => {
                for row in rows {
                    self.ledger.bury(&row.key, "may have arrived; it can't be looked up", now)?;
                }
                return Ok(Turn::Again);
            }
            Err(refusal) => return self.reading_failed(&refusal, now),
        };
        let read_usd = self.settings.policy.read_usd;
        self.spend(answered.count() as f64 * read_usd, now)?;
        for row in rows {
            if let Some(reply_id) = answered.reply_of(row) {
                self.ledger.found(&row.key, reply_id, now)?;
                self.mark("found");
                self.say(row);
                continue;
            }
            self.ledger.missed(&row.key, now)?;
            self.mark("missed");
            let lag = Moment::from(self.settings.index_lag_seconds) * 1000;
            // within the index lag a miss proves nothing, and a single miss never does
            if row.misses == 0 || now - row.posted.unwrap_or(now) < lag {
                continue;
            }
            let exists = match row.kind {
                Kind::Post => Ok(true),
                Kind::Reply | Kind::Help => {
                    self.spend(read_usd, now)?;
                    self.platform.exists(&row.id, now)
                }
            };
            match exists {
                Ok(true) => {
                    // a duplicate will appear later, so it is not sent again
                    let traced = row.reason.as_deref() == Some(TRACED);
                    let is_troubled =
                        row.reason.as_ref().is_some_and(|why| why.starts_with(TROUBLED));
                    let most = if is_troubled { MOST_TROUBLED } else { MOST_LOST };
                    let again = !traced && self.ledger.again(&row.key, most, now)?;
                    if !again && (!traced || row.misses >= MOST_MISSES) {
                        self.ledger.bury(&row.key, LOST, now)?;
                        self.note(format!("reply to {}: {LOST}", row.id));
                    }
                }
                Ok(false) => {
                    self.ledger.bury(&row.key, "gone", now)?;
                    self.ledger.forget(&row.key, now)?;
                }
                Err(refusal) => return self.reading_failed(&refusal, now),
            }
            self.mark("reconciled");
        }
        self.failures = 0;
        Ok(Turn::Again)
    }

    /// The account's posts that are newer than `since`.
    pub(super) fn timeline(
        &mut self,
        since: Moment,
        now: Moment,
    ) -> std::result::Result<Timeline, Refusal> {
        let mut all = Timeline::default();
        let mut page: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let Replies { pairs, own, next } =
                self.platform.replies(since, page.as_deref(), now)?;
            all.replies.extend(pairs);
            all.own.extend(own.into_iter().map(|(text, id)| (alike(&text), id)));
            if next.is_none() {
                return Ok(all);
            }
            if next == page {
                break;
            }
            page = next;
        }
        Err(Refusal::new(Class::Transient, "the timeline has more pages than expected"))
    }
}

/// The account's own posts.
#[derive(Default)]
pub(super) struct Timeline {
    /// The ids of replies by the post that they reply to.
    pub replies: HashMap<String, String>,
    /// The ids of other posts by their text.
    own: HashMap<String, String>,
}

impl Timeline {
    /// The id of the post that has the reply of a row.
    pub fn reply_of(&self, row: &Row) -> Option<&String> {
        match row.kind {
            Kind::Post => self.own.get(&alike(row.reply.as_deref()?)),
            Kind::Reply | Kind::Help => {
                self.replies.get(&row.id).or_else(|| self.replies.get(&row.key))
            }
        }
    }

    fn count(&self) -> usize {
        self.replies.len() + self.own.len()
    }
}

/// A text without what platforms change when they show it: its spaces and how its characters are composed.
fn alike(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a reply is not posted that was approved too late.
pub(super) const TOO_OLD: &str = "the mention is too old by now";

/// Whether a mention is older than those that are answered.
pub(super) fn is_old(row: &Row, max_age_hours: u32, now: Moment) -> bool {
    row.created > 0 && now - row.created > Moment::from(max_age_hours) * 3_600_000
}
