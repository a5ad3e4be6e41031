//! One mention's row: its state, how it changes, and how pages of mentions get in.

use super::{Ledger, LedgerError, Result};
use crate::mentions::{Mention, Moment};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use strum::{Display, EnumString};

/// How far a mention has come.
#[derive(Clone, Copy, Debug, Display, EnumString, PartialEq, Eq, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Read, not decided about.
    Seen,
    /// Gets no reply; the reason is in the row.
    Skipped,
    /// To be answered.
    Queued,
    /// Has a reply that a person has to look at.
    Waiting,
    /// May be posted.
    Approved,
    /// The request may be on its way.
    Posting,
    /// Nobody knows whether it arrived.
    Uncertain,
    /// Answered.
    Posted,
    /// The answer was taken back.
    Retracted,
    /// Given up; the reason is in the row.
    Dead,
}

/// What sort of reply.
#[derive(Clone, Copy, Debug, Display, EnumString, PartialEq, Eq, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The model's.
    Reply,
    /// The help text.
    Help,
}

/// A mention and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The id of its first version.
    pub key: String,
    /// The newest version.
    pub id: String,
    /// Its author's id.
    pub author: String,
    /// Its author's name.
    pub handle: String,
    /// When it was written.
    pub created: Moment,
    /// How far it has come.
    pub state: State,
    /// What sort of reply.
    pub kind: Kind,
    /// All of it, unless forgotten.
    pub mention: Option<Mention>,
    /// What the model gets.
    pub prompt: Option<String>,
    /// What is said.
    pub reply: Option<String>,
    /// Why nothing is, or what an operator should know.
    pub reason: Option<String>,
    /// How the reply was drawn.
    pub seed: Option<u64>,
    /// By which model.
    pub model: Option<String>,
    /// How often the model was asked.
    pub tries: u32,
    /// How often an uncertain reply was looked for and not found.
    pub misses: u32,
    /// When it was last looked for.
    pub checked: Option<Moment>,
    /// When the last request was begun.
    pub posted: Option<Moment>,
    /// The reply's own id.
    pub reply_id: Option<String>,
}

pub(super) const COLUMNS: &str = "key, id, author, handle, created, state, kind, mention, prompt, reply, reason, \
     seed, model, tries, misses, checked, posted, reply_id";

pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let state: String = row.get("state")?;
    let kind: String = row.get("kind")?;
    let mention: Option<String> = row.get("mention")?;
    let unknown = |name: &str| rusqlite::Error::InvalidColumnName(name.to_owned());
    Ok(Row {
        key: row.get("key")?,
        id: row.get("id")?,
        author: row.get("author")?,
        handle: row.get("handle")?,
        created: row.get("created")?,
        state: state.parse().map_err(|_| unknown(&state))?,
        kind: kind.parse().map_err(|_| unknown(&kind))?,
        mention: mention.and_then(|json| serde_json::from_str(&json).ok()),
        prompt: row.get("prompt")?,
        reply: row.get("reply")?,
        reason: row.get("reason")?,
        seed: row.get::<_, Option<i64>>("seed")?.map(i64::cast_unsigned),
        model: row.get("model")?,
        tries: row.get("tries")?,
        misses: row.get("misses")?,
        checked: row.get("checked")?,
        posted: row.get("posted")?,
        reply_id: row.get("reply_id")?,
    })
}

impl Ledger {
    /// One page of mentions. What is known stays as it is; an edit of what nobody has answered yet replaces it.
    /// Says how many are new.
    ///
    /// # Errors
    /// As of the database.
    pub fn take_in(&mut self, page: &[Mention], now: Moment) -> Result<usize> {
        let change = self.db.transaction()?;
        let mut new = 0;
        for mention in page {
            let json = serde_json::to_string(mention)
                .map_err(|error| LedgerError::Storage(error.to_string()))?;
            let (key, id) = (&mention.key, &mention.id);
            let (author, thread) = (&mention.author, &mention.conversation);
            new += change.execute(
                "INSERT INTO mention (key, id, author, handle, thread, created, state, mention, changed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'seen', ?7, ?8) ON CONFLICT DO NOTHING",
                params![key, id, author.id, author.handle, thread, mention.created, json, now],
            )?;
            change.execute(
                "UPDATE mention SET id = ?2, mention = ?3, state = 'seen', prompt = NULL, reply = NULL, tries = 0, changed = ?4
                 WHERE key = ?1 AND state IN ('seen', 'queued', 'waiting', 'approved')
                 AND (length(id) < length(?2) OR length(id) = length(?2) AND id < ?2)
                 AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.key = ?1)",
                params![key, id, json, now],
            )?;
        }
        change.commit()?;
        Ok(new)
    }

    /// The oldest rows of one state.
    ///
    /// # Errors
    /// As of the database.
    pub fn oldest(&self, state: State, most: usize) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = '{state}'
             ORDER BY created, length(key), key LIMIT ?1"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([most as i64], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many rows are in one of the open states.
    ///
    /// # Errors
    /// As of the database.
    pub fn count(&self, state: State) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM mention WHERE state = '{state}'");
        Ok(self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// A row by the key or id of its mention, or the id of its reply.
    ///
    /// # Errors
    /// As of the database.
    pub fn row(&self, name: &str) -> Result<Option<Row>> {
        let by_key = format!("SELECT {COLUMNS} FROM mention WHERE key = ?1");
        if let Some(row) = self.db.query_row(&by_key, [name], read).optional()? {
            return Ok(Some(row));
        }
        let any = format!("SELECT {COLUMNS} FROM mention WHERE id = ?1 OR reply_id = ?1");
        Ok(self.db.query_row(&any, [name], read).optional()?)
    }

    /// No reply, for a reason.
    ///
    /// # Errors
    /// As of the database.
    pub fn skip(&self, key: &str, reason: &str, now: Moment) -> Result<()> {
        self.db.execute(
            "UPDATE mention SET state = 'skipped', reason = ?2, reply = NULL, changed = ?3
             WHERE key = ?1 AND state IN ('seen', 'queued', 'waiting', 'approved')",
            params![key, reason, now],
        )?;
        Ok(())
    }

    /// Given up, for a reason.
    ///
    /// # Errors
    /// As of the database.
    pub fn bury(&self, key: &str, reason: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'dead', reason = ?2, changed = ?3
                   WHERE key = ?1 AND state NOT IN ('posted', 'retracted', 'skipped')";
        self.db.execute(sql, params![key, reason, now])?;
        Ok(())
    }

    /// To be answered with the model's words on `prompt`.
    ///
    /// # Errors
    /// As of the database.
    pub fn queue(&self, key: &str, prompt: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'queued', prompt = ?2, changed = ?3
                   WHERE key = ?1 AND state = 'seen'";
        self.db.execute(sql, params![key, prompt, now])?;
        Ok(())
    }

    /// Count a try before the model is asked, so that one that brings the program down isn't tried for ever.
    ///
    /// # Errors
    /// As of the database.
    pub fn try_once(&self, key: &str) -> Result<()> {
        let sql = "UPDATE mention SET tries = tries + 1 WHERE key = ?1 AND state = 'queued'";
        self.db.execute(sql, [key])?;
        Ok(())
    }

    /// Take a counted try back: the program ended, the model didn't fail.
    ///
    /// # Errors
    /// As of the database.
    pub fn untry(&self, key: &str) -> Result<()> {
        let sql = "UPDATE mention SET tries = tries - 1 WHERE key = ?1 AND tries > 0";
        self.db.execute(sql, [key])?;
        Ok(())
    }

    /// A reply: for a person to look at (`State::Waiting`), or good to go (`State::Approved`).
    ///
    /// # Errors
    /// As of the database.
    pub fn answer(
        &self,
        key: &str,
        kind: Kind,
        reply: &str,
        from: Option<(u64, &str)>,
        state: State,
        now: Moment,
    ) -> Result<()> {
        let change = self.db.unchecked_transaction()?;
        let (seed, model) = from.unzip();
        change.execute(
            "UPDATE mention SET state = ?2, kind = ?3, reply = ?4, seed = ?5, model = ?6, changed = ?7
             WHERE key = ?1 AND state IN ('seen', 'queued')",
            params![
                key,
                state.to_string(),
                kind.to_string(),
                reply,
                seed.map(u64::cast_signed),
                model,
                now
            ],
        )?;
        if kind == Kind::Help {
            change.execute(
                "INSERT INTO author (id, helped) SELECT author, ?2 FROM mention WHERE key = ?1
                 ON CONFLICT (id) DO UPDATE SET helped = excluded.helped",
                params![key, now],
            )?;
        }
        change.commit()?;
        Ok(())
    }
}
