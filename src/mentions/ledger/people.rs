//! Authors in the ledger: opt-outs, counts of replies, and deletion of their texts.

use super::{Ledger, Result};
use crate::mentions::{Moment, Past};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

const HOUR: Moment = 3_600_000;

/// Rows of replies that were sent, may have been sent, or will be.
const TAKEN: &str =
    "state IN ('queued', 'waiting', 'approved', 'posting', 'uncertain', 'posted', 'retracted')";

/// Whether the author of a row of `mention` has opted out.
pub(super) const OPTED_OUT: &str = "EXISTS (SELECT 1 FROM author WHERE opted_out IS NOT NULL
     AND author.id IN (mention.author, '@' || lower(mention.handle)))";

/// Why an author is opted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptOut<'a> {
    /// They asked for it, in these words.
    Asked(&'a str),
    /// The operator decided it.
    Operator,
}

/// An author who has opted out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OptedOut {
    /// Their id, or `@handle` when they are known only by name.
    pub author: String,
    /// Their handle, if a mention of theirs is known.
    pub handle: Option<String>,
    /// Since when.
    pub at: Moment,
    /// The words of their request; `None` when the operator decided it.
    pub request: Option<String>,
}

impl Ledger {
    /// Opt an author out, by id, or by `@handle` when the id is not known. Waiting replies to them are dropped; one in
    /// progress can't be recalled. An earlier opt-out is kept, except that the operator's replaces the author's.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opt_out(&mut self, author: &str, why: OptOut<'_>, now: Moment) -> Result<()> {
        let request = match why {
            OptOut::Asked(request) => Some(request),
            OptOut::Operator => None,
        };
        let change = self.db.transaction()?;
        change.execute(
            "INSERT INTO author (id, opted_out, request) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET
                request = CASE WHEN opted_out IS NULL OR excluded.request IS NULL THEN excluded.request
                          ELSE request END,
                opted_out = coalesce(opted_out, excluded.opted_out)",
            params![author, now, request],
        )?;
        change.execute(
            "UPDATE mention SET state = 'skipped', reason = 'opted out', reply = NULL, changed = ?2
             WHERE (author = ?1 OR '@' || lower(handle) = ?1)
             AND state IN ('seen', 'queued', 'waiting', 'approved')",
            params![author, now],
        )?;
        change.commit()?;
        Ok(())
    }

    /// Opt an author in again, by id or `@handle`. False when they had not opted out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opt_in(&self, author: &str) -> Result<bool> {
        let sql = "UPDATE author SET opted_out = NULL, request = NULL
                   WHERE opted_out IS NOT NULL AND (id = ?1 OR id IN
                   (SELECT '@' || lower(handle) FROM mention WHERE author = ?1))";
        Ok(self.db.execute(sql, [author])? > 0)
    }

    /// Opt an author in again who asks for it. The operator's opt-out stays. False when nothing changed.
    ///
    /// # Errors
    /// When the database fails.
    pub fn start_again(&self, author: &str) -> Result<bool> {
        let sql = "UPDATE author SET opted_out = NULL, request = NULL
                   WHERE id = ?1 AND opted_out IS NOT NULL AND request IS NOT NULL";
        Ok(self.db.execute(sql, [author])? > 0)
    }

    /// The authors who have opted out, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opted_out(&self) -> Result<Vec<OptedOut>> {
        let sql = "SELECT id, opted_out, request,
                     (SELECT handle FROM mention WHERE author = author.id AND handle != '' LIMIT 1)
                   FROM author WHERE opted_out IS NOT NULL ORDER BY opted_out, id";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map([], |row| {
            let (author, at, request) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(OptedOut { author, handle: row.get(3)?, at, request })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The id of the author with this handle, if they ever mentioned us.
    ///
    /// # Errors
    /// When the database fails.
    pub fn author_of(&self, handle: &str) -> Result<Option<String>> {
        let handle = handle.trim_start_matches('@');
        let sql = "SELECT author FROM mention WHERE handle = ?1 COLLATE NOCASE ORDER BY created DESC LIMIT 1";
        Ok(self.db.query_row(sql, [handle], |row| row.get(0)).optional()?)
    }

    /// The facts for a decision about the mention `key`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn past(&self, key: &str, author: &str, thread: &str, now: Moment) -> Result<Past> {
        let count = |since: Moment| -> Result<u32> {
            let sql = format!(
                "SELECT count(*) FROM mention WHERE author = ?1 AND changed > ?2 AND key != ?3 AND {TAKEN}"
            );
            let mut query = self.db.prepare(&sql)?;
            Ok(query.query_row(params![author, since, key], |row| row.get(0))?)
        };
        let in_thread =
            format!("SELECT count(*) FROM mention WHERE thread = ?1 AND key != ?2 AND {TAKEN}");
        let sql = "SELECT helped FROM author WHERE id = ?1";
        let helped = self.db.query_row(sql, [author], |row| row.get(0)).optional()?.flatten();
        let sql = format!("SELECT 1 FROM mention WHERE key = ?1 AND {OPTED_OUT}");
        let by_handle = self.db.prepare(&sql)?.exists([key])?;
        let sql = "SELECT 1 FROM author WHERE id = ?1 AND opted_out IS NOT NULL";
        let opted_out = by_handle || self.db.prepare(sql)?.exists([author])?;
        let sql = "SELECT max(posted) FROM mention WHERE author = ?1 AND key != ?2";
        Ok(Past {
            opted_out,
            helped,
            author_hour: count(now - HOUR)?,
            author_day: count(now - 24 * HOUR)?,
            thread: self.db.prepare(&in_thread)?.query_row([thread, key], |row| row.get(0))?,
            answered: self.db.prepare(sql)?.query_row([author, key], |row| row.get(0))?,
        })
    }

    /// When the global caps per hour and day allow the next reply; `None`: now.
    ///
    /// # Errors
    /// When the database fails.
    pub fn capped_until(&self, hour: u32, day: u32, now: Moment) -> Result<Option<Moment>> {
        let mut until = None;
        for (most, length) in [(hour, HOUR), (day, 24 * HOUR)] {
            // the reply that must leave the period first
            let sql = "SELECT posted FROM mention WHERE posted > ?1 ORDER BY posted DESC LIMIT 1 OFFSET ?2";
            let Some(offset) = most.checked_sub(1) else { return Ok(Some(now + length)) };
            let blocking: Option<Moment> = self
                .db
                .query_row(sql, [now - length, i64::from(offset)], |row| row.get(0))
                .optional()?;
            until = until.max(blocking.map(|posted| posted + length));
        }
        Ok(until)
    }

    /// Delete the texts of one author (by id) or of one mention (by key); ids and fingerprints are kept.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget(&self, name: &str, now: Moment) -> Result<usize> {
        let open = self.db.execute(
            "UPDATE mention SET state = 'skipped', reason = 'forgotten', changed = ?2
             WHERE (author = ?1 OR key = ?1 OR id = ?1) AND state IN ('seen', 'queued', 'waiting', 'approved')",
            params![name, now],
        )?;
        let texts = self.db.execute(
            "UPDATE mention SET mention = NULL, prompt = NULL, steps = NULL, handle = '',
                reply = CASE WHEN state IN ('posting', 'uncertain') THEN reply END
             WHERE (author = ?1 OR key = ?1 OR id = ?1) AND (mention IS NOT NULL OR reply IS NOT NULL)",
            [name],
        )?;
        Ok(texts.max(open))
    }

    /// Delete the texts of mentions that were finished before a moment, and of requests to stop. A reply that is
    /// still undecided one day after that is dropped.
    ///
    /// # Errors
    /// When the database fails.
    pub fn purge(&self, before: Moment) -> Result<usize> {
        self.db.execute(
            "UPDATE mention SET state = 'skipped', reason = 'nobody decided'
             WHERE state = 'waiting' AND changed < ?1",
            [before - 24 * HOUR],
        )?;
        self.db.execute(
            "UPDATE author SET request = '' WHERE request != '' AND opted_out < ?1",
            [before],
        )?;
        let deleted = self.db.execute(
            "UPDATE mention SET mention = NULL, prompt = NULL, reply = NULL, steps = NULL
             WHERE changed < ?1 AND state IN ('skipped', 'posted', 'retracted', 'dead')
             AND coalesce(mention, prompt, reply, steps) IS NOT NULL",
            [before],
        )?;
        // the log of changes still has the texts; it is emptied unless another process reads the ledger
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(deleted)
    }
}
