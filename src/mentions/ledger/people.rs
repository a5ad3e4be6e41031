//! Authors in the ledger: opt-outs, counts of replies, and deletion of their texts.

use super::{Ledger, Result};
use crate::mentions::{Moment, Past};
use rusqlite::{OptionalExtension, params};

const HOUR: Moment = 3_600_000;

/// Rows of replies that were sent, may have been sent, or will be.
const TAKEN: &str =
    "state IN ('queued', 'waiting', 'approved', 'posting', 'uncertain', 'posted', 'retracted')";

impl Ledger {
    /// Opt an author out. Waiting replies to them are dropped; one in progress can't be recalled.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opt_out(&mut self, author: &str, now: Moment) -> Result<()> {
        let change = self.db.transaction()?;
        change.execute(
            "INSERT INTO author (id, opted_out) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET opted_out = coalesce(opted_out, excluded.opted_out)",
            params![author, now],
        )?;
        change.execute(
            "UPDATE mention SET state = 'skipped', reason = 'opted out', reply = NULL, changed = ?2
             WHERE author = ?1 AND state IN ('seen', 'queued', 'waiting', 'approved')",
            params![author, now],
        )?;
        change.commit()?;
        Ok(())
    }

    /// Opt an author in again. False when they had not opted out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opt_in(&self, author: &str) -> Result<bool> {
        let sql = "UPDATE author SET opted_out = NULL WHERE id = ?1 AND opted_out IS NOT NULL";
        Ok(self.db.execute(sql, [author])? > 0)
    }

    /// The authors who have opted out.
    ///
    /// # Errors
    /// When the database fails.
    pub fn opted_out(&self) -> Result<Vec<(String, Moment)>> {
        let sql = "SELECT id, opted_out FROM author WHERE opted_out IS NOT NULL ORDER BY opted_out";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
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
        let sql = "SELECT opted_out IS NOT NULL, helped FROM author WHERE id = ?1";
        let person = self.db.query_row(sql, [author], |row| Ok((row.get(0)?, row.get(1)?)));
        let (opted_out, helped) = person.optional()?.unwrap_or((false, None));
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
            "UPDATE mention SET mention = NULL, prompt = NULL, handle = '',
                reply = CASE WHEN state IN ('posting', 'uncertain') THEN reply END
             WHERE (author = ?1 OR key = ?1 OR id = ?1) AND (mention IS NOT NULL OR reply IS NOT NULL)",
            [name],
        )?;
        Ok(texts.max(open))
    }

    /// Delete the texts of mentions that were finished before a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub fn purge(&self, before: Moment) -> Result<usize> {
        Ok(self.db.execute(
            "UPDATE mention SET mention = NULL, prompt = NULL, reply = NULL WHERE mention IS NOT NULL
             AND changed < ?1 AND state IN ('skipped', 'posted', 'retracted', 'dead')",
            [before],
        )?)
    }
}
