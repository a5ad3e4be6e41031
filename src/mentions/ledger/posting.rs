//! One post request: the intent before it, the result after it, and what to do without a result.

use super::{
    Ledger, Result, Row, State,
    people::OPTED_OUT,
    row::{COLUMNS, read},
};
use crate::mentions::Moment;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use sha1::{Digest, Sha1};

/// A request that is recorded and may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The mention's key.
    pub key: String,
    /// The attempt's number, from 1.
    pub number: u32,
}

impl Ledger {
    /// The approved reply to post next: the one that was sent least often, then the oldest.
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_to_post(&self) -> Result<Option<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = 'approved' ORDER BY
             (SELECT count(*) FROM attempt WHERE attempt.key = mention.key), created, length(key), key LIMIT 1"
        );
        Ok(self.db.query_row(&sql, [], read).optional()?)
    }

    /// Record that the reply to `key` is about to be sent. `None` when it may not be: it is no longer approved,
    /// its author has opted out, or its text has changed since the check.
    ///
    /// # Errors
    /// When the database fails; then the reply must not be sent.
    pub fn begin(&mut self, key: &str, reply: &str, now: Moment) -> Result<Option<Attempt>> {
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let begun = change.execute(
            &format!(
                "UPDATE mention SET state = 'posting', posted = ?3, misses = 0, checked = NULL, changed = ?3
                 WHERE key = ?1 AND state = 'approved' AND reply = ?2 AND NOT {OPTED_OUT}"
            ),
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

    /// Record that it arrived, as `reply_id`.
    ///
    /// # Errors
    /// When the database fails; the next start then finds the reply on the timeline.
    pub fn arrived(&mut self, attempt: &Attempt, reply_id: &str, now: Moment) -> Result<()> {
        self.end(attempt, "posted", "posted", None, Some(reply_id), now)
    }

    /// Record that it did not arrive and may be sent again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn refused(&mut self, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        self.end(attempt, "refused", "approved", Some(why), None, now)
    }

    /// Record that it did not arrive and is given up.
    ///
    /// # Errors
    /// When the database fails.
    pub fn failed(&mut self, attempt: &Attempt, why: &str, now: Moment) -> Result<()> {
        self.end(attempt, "refused", "dead", Some(why), None, now)
    }

    /// Record that it is unknown whether it arrived.
    ///
    /// # Errors
    /// When the database fails; the next start then treats the request as uncertain.
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
        // what did not arrive does not count towards the caps
        change.execute(
            "UPDATE mention SET state = ?2, reason = ?3, reply_id = ?4, changed = ?5,
                posted = CASE WHEN ?4 IS NULL THEN NULL ELSE posted END
             WHERE key = ?1 AND state = 'posting'",
            params![attempt.key, state, reason, reply_id, now],
        )?;
        change.commit()?;
        Ok(())
    }

    /// At the start: mark requests that were interrupted as uncertain. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn doubt_orphans(&self, now: Moment) -> Result<usize> {
        Ok(self.db.execute(
            "UPDATE mention SET state = 'uncertain', reason = 'the program ended in the middle', changed = ?1
             WHERE state = 'posting'",
            [now],
        )?)
    }

    /// Uncertain rows that were not checked since `before`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn uncertain(&self, before: Moment) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = 'uncertain' AND (checked IS NULL OR checked <= ?1)
             ORDER BY created LIMIT 1000"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([before], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Record that the reply was found on the account's timeline.
    ///
    /// # Errors
    /// When the database fails.
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

    /// Record that the reply was not found.
    ///
    /// # Errors
    /// When the database fails.
    pub fn missed(&self, key: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET misses = misses + 1, checked = ?2 WHERE key = ?1 AND state = 'uncertain'";
        self.db.execute(sql, params![key, now])?;
        Ok(())
    }

    /// Allow the same text to be sent again after enough checks. False when it was sent too often.
    ///
    /// # Errors
    /// When the database fails.
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

    /// Whether a request for this row ever had an uncertain result.
    ///
    /// # Errors
    /// When the database fails.
    pub fn was_uncertain(&self, key: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM attempt WHERE key = ?1 AND outcome IN ('lost', 'waived'))";
        Ok(self.db.query_row(sql, [key], |row| row.get(0))?)
    }

    /// Replies that were sent, never found, and given up: a person must decide about them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn lost(&self) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = 'dead' AND reply IS NOT NULL AND key IN
             (SELECT key FROM attempt WHERE coalesce(outcome, 'lost') = 'lost') ORDER BY created LIMIT 1000"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Send such a reply again, after one more check. False when it isn't one.
    ///
    /// # Errors
    /// When the database fails.
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

    /// Whether this text was posted to anyone since a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub fn said_since(&self, reply: &str, since: Moment) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM attempt WHERE fingerprint = ?1 AND begun >= ?2
                   AND coalesce(outcome, 'posted') IN ('posted', 'found'))";
        Ok(self.db.query_row(sql, params![fingerprint(reply), since], |row| row.get(0))?)
    }

    /// Record a reply that was found on the account's timeline, whether or not this ledger knows its mention, so that the
    /// mention is not answered again. False when it was known, or is uncertain and will be looked up.
    ///
    /// # Errors
    /// When the database fails.
    pub fn learn_reply(&mut self, mention: &str, reply_id: &str, now: Moment) -> Result<bool> {
        if let Some(row) = self.row(mention)? {
            use State::{Posted, Posting, Retracted, Uncertain};
            let known = matches!(row.state, Posted | Retracted | Uncertain | Posting);
            if !known {
                self.found(&row.key, reply_id, now)?;
            }
            return Ok(!known);
        }
        let new = self.db.execute(
            "INSERT INTO mention (key, id, author, handle, thread, created, state, reason, reply_id, changed)
             VALUES (?1, ?1, '', '', ?1, 0, 'posted', 'answered before this ledger', ?2, ?3)
             ON CONFLICT DO NOTHING",
            params![mention, reply_id, now],
        )?;
        Ok(new > 0)
    }

    /// The reply was deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn retracted(&self, key: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'retracted', reply = NULL, steps = NULL, changed = ?2
                   WHERE key = ?1 AND state = 'posted'";
        self.db.execute(sql, params![key, now])?;
        Ok(())
    }
}

/// A fingerprint that identifies a text after it is deleted.
fn fingerprint(text: &str) -> String {
    Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
