//! Around one request: the intent before it, the result after it, and what is done when there is no result.

use super::{
    Ledger, Result, Row,
    row::{COLUMNS, read},
};
use crate::mentions::Moment;
use rusqlite::{TransactionBehavior, params};
use sha1::{Digest, Sha1};

/// A request that is on disk and may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The mention's key.
    pub key: String,
    /// 1 for the first.
    pub number: u32,
}

impl Ledger {
    /// Say on disk that the reply to `key` is about to be sent. `None` when it may not: it isn't approved any more,
    /// its author opted out meanwhile, or its words are not those that were looked at.
    ///
    /// # Errors
    /// As of the database; then nothing may be sent.
    pub fn begin(&mut self, key: &str, reply: &str, now: Moment) -> Result<Option<Attempt>> {
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let begun = change.execute(
            "UPDATE mention SET state = 'posting', posted = ?3, misses = 0, checked = NULL, changed = ?3
             WHERE key = ?1 AND state = 'approved' AND reply = ?2 AND NOT EXISTS
             (SELECT 1 FROM author WHERE author.id = mention.author AND opted_out IS NOT NULL)",
            params![key, reply, now],
        )?;
        if begun == 0 {
            return Ok(None);
        }
        let last: u32 = change.query_row(
            "SELECT coalesce(max(number), 0) FROM attempt WHERE key = ?1",
            [key],
            |row| row.get(0),
        )?;
        let attempt = Attempt { key: key.to_owned(), number: last + 1 };
        change.execute(
            "INSERT INTO attempt (key, number, begun, fingerprint) VALUES (?1, ?2, ?3, ?4)",
            params![key, attempt.number, now, fingerprint(reply)],
        )?;
        change.commit()?;
        Ok(Some(attempt))
    }

    /// It arrived, as `reply_id`.
    ///
    /// # Errors
    /// As of the database; the next start finds the reply by itself.
    pub fn arrived(&mut self, attempt: &Attempt, reply_id: &str, now: Moment) -> Result<()> {
        self.end(attempt, "posted", "posted", None, Some(reply_id), now)
    }

    /// It certainly did not arrive, and may be sent again.
    ///
    /// # Errors
    /// As of the database.
    pub fn refused(&mut self, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        self.end(attempt, "refused", "approved", Some(why), None, now)
    }

    /// It certainly did not arrive, and never will.
    ///
    /// # Errors
    /// As of the database.
    pub fn failed(&mut self, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        self.end(attempt, "refused", "dead", Some(why), None, now)
    }

    /// Nobody knows whether it arrived.
    ///
    /// # Errors
    /// As of the database; the next start takes it so anyway.
    pub fn doubt(&mut self, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'uncertain', reason = ?2, changed = ?3
                   WHERE key = ?1 AND state = 'posting'";
        self.db.execute(sql, params![attempt.key, why, now])?;
        Ok(())
    }

    fn end(
        &mut self,
        attempt: &Attempt,
        outcome: &str,
        state: &str,
        reason: Option<&str>,
        reply_id: Option<&str>,
        now: Moment,
    ) -> Result<()> {
        let change = self.db.transaction()?;
        change.execute(
            "UPDATE attempt SET ended = ?3, outcome = ?4 WHERE key = ?1 AND number = ?2",
            params![attempt.key, attempt.number, now, outcome],
        )?;
        // what certainly did not arrive counts for no cap
        change.execute(
            "UPDATE mention SET state = ?2, reason = ?3, reply_id = ?4, changed = ?5,
                posted = CASE WHEN ?4 IS NULL THEN NULL ELSE posted END
             WHERE key = ?1 AND state = 'posting'",
            params![attempt.key, state, reason, reply_id, now],
        )?;
        change.commit()?;
        Ok(())
    }

    /// At a start nobody is posting: what says so was cut off. Says how many.
    ///
    /// # Errors
    /// As of the database.
    pub fn doubt_orphans(&self, now: Moment) -> Result<usize> {
        Ok(self.db.execute(
            "UPDATE mention SET state = 'uncertain', reason = 'the program ended in the middle', changed = ?1
             WHERE state = 'posting'",
            [now],
        )?)
    }

    /// Uncertain rows that were not looked for since `before`.
    ///
    /// # Errors
    /// As of the database.
    pub fn uncertain(&self, before: Moment) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = 'uncertain' AND (checked IS NULL OR checked <= ?1)
             ORDER BY created LIMIT 1000"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([before], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The reply was found on the account's own timeline, whatever the row says.
    ///
    /// # Errors
    /// As of the database.
    pub fn found(&mut self, key: &str, reply_id: &str, now: Moment) -> Result<()> {
        let change = self.db.transaction()?;
        change.execute(
            "UPDATE attempt SET ended = ?2, outcome = 'found' WHERE key = ?1 AND outcome IS NULL",
            params![key, now],
        )?;
        change.execute(
            "UPDATE mention SET state = 'posted', reply_id = ?2, reason = 'found on the timeline', changed = ?3,
                posted = coalesce(posted, ?3)
             WHERE key = ?1 AND state NOT IN ('posted', 'retracted')",
            params![key, reply_id, now],
        )?;
        change.commit()?;
        Ok(())
    }

    /// It was looked for and isn't there.
    ///
    /// # Errors
    /// As of the database.
    pub fn missed(&self, key: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET misses = misses + 1, checked = ?2 WHERE key = ?1 AND state = 'uncertain'";
        self.db.execute(sql, params![key, now])?;
        Ok(())
    }

    /// Looked for long enough: the same words may be sent again. False when they were sent often enough already.
    ///
    /// # Errors
    /// As of the database.
    pub fn again(&mut self, key: &str, most: u32, now: Moment) -> Result<bool> {
        let change = self.db.transaction()?;
        let lost: u32 = change.query_row(
            "SELECT count(*) FROM attempt WHERE key = ?1 AND coalesce(outcome, 'lost') = 'lost'",
            [key],
            |row| row.get(0),
        )?;
        if lost >= most {
            return Ok(false);
        }
        change.execute(
            "UPDATE attempt SET ended = ?2, outcome = 'lost' WHERE key = ?1 AND outcome IS NULL",
            params![key, now],
        )?;
        change.execute(
            "UPDATE mention SET state = 'approved', reason = NULL, posted = NULL, changed = ?2
             WHERE key = ?1 AND state = 'uncertain'",
            params![key, now],
        )?;
        change.commit()?;
        Ok(true)
    }

    /// Whether a request for this row ever had no certain end.
    ///
    /// # Errors
    /// As of the database.
    pub fn was_uncertain(&self, key: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM attempt WHERE key = ?1 AND outcome IN ('lost', 'waived'))";
        Ok(self.db.query_row(sql, [key], |row| row.get(0))?)
    }

    /// Replies that were sent without a trace, and given up: a person has to say what becomes of them.
    ///
    /// # Errors
    /// As of the database.
    pub fn lost(&self) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = 'dead' AND reply IS NOT NULL AND key IN
             (SELECT key FROM attempt WHERE coalesce(outcome, 'lost') = 'lost') ORDER BY created LIMIT 1000"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A person wants such a reply sent again: it is looked for once more before that. False when it is none.
    ///
    /// # Errors
    /// As of the database.
    pub fn send_lost(&mut self, key: &str, now: Moment) -> Result<bool> {
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let opened = change.execute(
            "UPDATE mention SET state = 'uncertain', reason = NULL, misses = 0, checked = NULL, changed = ?2
             WHERE key = ?1 AND state = 'dead' AND reply IS NOT NULL AND EXISTS
             (SELECT 1 FROM attempt WHERE attempt.key = ?1 AND coalesce(outcome, 'lost') = 'lost')",
            params![key, now],
        )?;
        change.execute(
            "UPDATE attempt SET ended = coalesce(ended, ?2), outcome = 'waived'
             WHERE key = ?1 AND coalesce(outcome, 'lost') = 'lost' AND ?3",
            params![key, now, opened > 0],
        )?;
        change.commit()?;
        Ok(opened > 0)
    }

    /// Whether these words were said since a moment, to anybody.
    ///
    /// # Errors
    /// As of the database.
    pub fn said_since(&self, reply: &str, since: Moment) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM attempt WHERE fingerprint = ?1 AND begun >= ?2
                   AND coalesce(outcome, 'posted') IN ('posted', 'found'))";
        Ok(self.db.query_row(sql, params![fingerprint(reply), since], |row| row.get(0))?)
    }

    /// A reply that was there before this ledger: its mention is done with.
    ///
    /// # Errors
    /// As of the database.
    pub fn seed_reply(&self, mention: &str, reply_id: &str, now: Moment) -> Result<()> {
        self.db.execute(
            "INSERT INTO mention (key, id, author, handle, thread, created, state, reason, reply_id, changed)
             VALUES (?1, ?1, '', '', ?1, 0, 'posted', 'answered before this ledger', ?2, ?3)
             ON CONFLICT DO NOTHING",
            params![mention, reply_id, now],
        )?;
        Ok(())
    }

    /// The answer was taken back.
    ///
    /// # Errors
    /// As of the database.
    pub fn retracted(&self, key: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'retracted', reply = NULL, changed = ?2
                   WHERE key = ?1 AND state = 'posted'";
        self.db.execute(sql, params![key, now])?;
        Ok(())
    }
}

/// Tells texts apart after they are forgotten.
fn fingerprint(text: &str) -> String {
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
