//! The queue of waiting replies: approving, editing, rejecting; and statistics.

use super::{Hold, LastError, Ledger, OptedOut, Result, State};
use crate::mentions::{Moment, Step};
use rusqlite::params;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many opt-outs the statistics list.
pub const SHOWN_OPT_OUTS: usize = 10;

/// Statistics of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Number of rows by state.
    pub states: BTreeMap<String, u64>,
    /// Number of skipped or given-up mentions by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Number of authors who opted out.
    pub opted_out: u64,
    /// The last of them.
    pub opt_outs: Vec<OptedOut>,
    /// When mentions were last read successfully.
    pub looked: Option<Moment>,
    /// Today's cost in US dollars.
    pub spent_usd: f64,
    /// Who attested automatic posting, and when.
    pub attested: Vec<(String, Moment)>,
    /// What keeps the bot from reading or posting.
    pub holds: Vec<Hold>,
    /// The last error.
    pub last_error: Option<LastError>,
    /// The account's handle, once the bot has run.
    pub account: Option<String>,
    /// The model of the last reply.
    pub model: Option<String>,
}

impl Ledger {
    /// Approve a waiting reply. False when it isn't waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub fn approve(&self, key: &str, now: Moment) -> Result<bool> {
        let sql = "UPDATE mention SET state = 'approved', changed = ?2
                   WHERE key = ?1 AND state = 'waiting' AND reply IS NOT NULL";
        Ok(self.db.execute(sql, params![key, now])? > 0)
    }

    /// Change the text of a waiting reply. The operator's permission to post it anyway ends. False when it isn't
    /// waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub fn edit(&self, key: &str, reply: &str, now: Moment) -> Result<bool> {
        let sql =
            "UPDATE mention SET reply = ?2, steps = NULL, seed = NULL, model = NULL, anyway = 0, changed = ?3
                   WHERE key = ?1 AND state = 'waiting'";
        Ok(self.db.execute(sql, params![key, reply, now])? > 0)
    }

    /// Change the text of a waiting reply to what other settings of its cleaning give. False when it isn't waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clean_again(&self, key: &str, reply: &str, steps: &[Step], now: Moment) -> Result<bool> {
        let sql = "UPDATE mention SET reply = ?2, anyway = 0, changed = ?3 WHERE key = ?1 AND state = 'waiting'";
        let changed = self.db.execute(sql, params![key, reply, now])? > 0;
        if changed {
            self.keep_steps(key, steps)?;
        }
        Ok(changed)
    }

    /// Have a waiting reply drawn again with another seed. False when it isn't waiting, or the model didn't write it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn roll(&self, key: &str, now: Moment) -> Result<bool> {
        let sql = "UPDATE mention SET state = 'queued', reply = NULL, steps = NULL, tries = 0, anyway = 0, rolls = rolls + 1, changed = ?2
                   WHERE key = ?1 AND state = 'waiting' AND kind != 'help' AND prompt IS NOT NULL";
        Ok(self.db.execute(sql, params![key, now])? > 0)
    }

    /// Let a waiting reply through, although the gate objects to a word. False when it isn't waiting with this text.
    ///
    /// # Errors
    /// When the database fails.
    pub fn let_through(&self, key: &str, reply: &str, now: Moment) -> Result<bool> {
        let sql = "UPDATE mention SET anyway = 1, changed = ?3
                   WHERE key = ?1 AND reply = ?2 AND state IN ('waiting', 'dead')";
        Ok(self.db.execute(sql, params![key, reply, now])? > 0)
    }

    /// Reject a reply that wasn't sent or was given up. False when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reject(&self, key: &str, now: Moment) -> Result<bool> {
        let sql =
            "UPDATE mention SET state = CASE state WHEN 'uncertain' THEN 'dead' ELSE 'skipped' END, reason = 'rejected', reply = NULL, changed = ?2
                   WHERE key = ?1 AND (state IN ('queued', 'waiting', 'approved', 'uncertain') OR state = 'dead' AND reply IS NOT NULL)";
        Ok(self.db.execute(sql, params![key, now])? > 0)
    }

    /// Statistics of the ledger.
    ///
    /// # Errors
    /// When the database fails.
    pub fn summary(&self, now: Moment) -> Result<Summary> {
        let day = now.div_euclid(24 * 3_600_000);
        let grouped = |sql: &str| -> Result<BTreeMap<String, u64>> {
            let mut query = self.db.prepare(sql)?;
            let rows = query
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        let sql = "SELECT operator, at FROM attestation ORDER BY at";
        let mut attested = self.db.prepare(sql)?;
        let attested = attested.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut opt_outs = self.opted_out()?;
        let opted_out = opt_outs.len() as u64;
        opt_outs.drain(..opt_outs.len().saturating_sub(SHOWN_OPT_OUTS));
        Ok(Summary {
            states: grouped("SELECT state, count(*) FROM mention GROUP BY state")?,
            reasons: grouped(
                "SELECT reason, count(*) FROM mention WHERE state IN ('skipped', 'dead') AND reason IS NOT NULL
                 GROUP BY reason",
            )?,
            opted_out,
            opt_outs,
            looked: self.number("looked")?,
            spent_usd: self.spent(day)? as f64 / 1e6,
            attested: attested.collect::<rusqlite::Result<_>>()?,
            holds: self.holds(now)?,
            last_error: self.last_error()?,
            account: self.note("account.handle")?,
            model: self.note("model")?,
        })
    }

    /// Whether the program itself has nothing left to do.
    ///
    /// # Errors
    /// When the database fails.
    pub fn is_quiet(&self) -> Result<bool> {
        for state in [State::Seen, State::Queued, State::Approved, State::Posting, State::Uncertain]
        {
            if self.count(state)? > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
