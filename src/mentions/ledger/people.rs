//! What the ledger knows about authors: opt-outs above all, what they got, and what is forgotten of them.

use super::{Ledger, Result};
use crate::mentions::{Moment, Past};
use rusqlite::{OptionalExtension, params};

const HOUR: Moment = 3_600_000;

/// Rows of replies that were sent, may have been, or will be.
const TAKEN: &str =
    "state IN ('queued', 'waiting', 'approved', 'posting', 'uncertain', 'posted', 'retracted')";

impl Ledger {
    /// Never answer this author again. Replies that wait for them are dropped; one on its way can't be called back.
    ///
    /// # Errors
    /// As of the database.
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

    /// The author asked to be answered again. False when they never opted out.
    ///
    /// # Errors
    /// As of the database.
    pub fn opt_in(&self, author: &str) -> Result<bool> {
        let sql = "UPDATE author SET opted_out = NULL WHERE id = ?1 AND opted_out IS NOT NULL";
        Ok(self.db.execute(sql, [author])? > 0)
    }

    /// The authors who said stop.
    ///
    /// # Errors
    /// As of the database.
    pub fn opted_out(&self) -> Result<Vec<(String, Moment)>> {
        let sql = "SELECT id, opted_out FROM author WHERE opted_out IS NOT NULL ORDER BY opted_out";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The id of the author with this handle, if they ever named us.
    ///
    /// # Errors
    /// As of the database.
    pub fn author_of(&self, handle: &str) -> Result<Option<String>> {
        let handle = handle.trim_start_matches('@');
        let sql = "SELECT author FROM mention WHERE handle = ?1 COLLATE NOCASE ORDER BY created DESC LIMIT 1";
        Ok(self.db.query_row(sql, [handle], |row| row.get(0)).optional()?)
    }

    /// What a decision about `key` has to know.
    ///
    /// # Errors
    /// As of the database.
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

    /// When the caps of an hour and a day, over all authors, let the next reply go; `None`: now.
    ///
    /// # Errors
    /// As of the database.
    pub fn capped_until(&self, hour: u32, day: u32, now: Moment) -> Result<Option<Moment>> {
        let mut until = None;
        for (most, length) in [(hour, HOUR), (day, 24 * HOUR)] {
            // the reply that has to grow old before there is room again
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

    /// Forget the texts of one author (by id), or of the mention of this key: ids and fingerprints stay.
    ///
    /// # Errors
    /// As of the database.
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

    /// Forget the texts of what ended before a moment.
    ///
    /// # Errors
    /// As of the database.
    pub fn purge(&self, before: Moment) -> Result<usize> {
        Ok(self.db.execute(
            "UPDATE mention SET mention = NULL, prompt = NULL, reply = NULL WHERE mention IS NOT NULL
             AND changed < ?1 AND state IN ('skipped', 'posted', 'retracted', 'dead')",
            [before],
        )?)
    }
}
