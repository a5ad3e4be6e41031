//! Rows of the ledger: a mention's state and its changes, and adding pages of mentions.

use super::{Ledger, LedgerError, Result};
use crate::mentions::{Mention, Moment, Step};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;
use strum::{Display, EnumString};

/// The state of a mention.
#[derive(Clone, Copy, Debug, Display, EnumString, PartialEq, Eq, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Read, not decided yet.
    Seen,
    /// Gets no reply; the reason is in the row.
    Skipped,
    /// Waits for the model.
    Queued,
    /// Has a reply that waits for approval.
    Waiting,
    /// Approved for posting.
    Approved,
    /// The request may be in progress.
    Posting,
    /// Record that it is unknown whether it arrived.
    Uncertain,
    /// Answered.
    Posted,
    /// The reply was deleted.
    Retracted,
    /// Given up; the reason is in the row.
    Dead,
}

/// The kind of reply.
#[derive(Clone, Copy, Debug, Display, EnumString, PartialEq, Eq, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A continuation by the model.
    Reply,
    /// The help text.
    Help,
    /// A post of the account's own, which replies to nobody.
    Post,
}

/// A mention with its state.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The id of its first version.
    pub key: String,
    /// The id of its newest version.
    pub id: String,
    /// Its author's id.
    pub author: String,
    /// Its author's handle.
    pub handle: String,
    /// When it was written.
    pub created: Moment,
    /// Its state.
    pub state: State,
    /// The kind of reply.
    pub kind: Kind,
    /// Its text, unless deleted.
    pub mention: Option<Mention>,
    /// The prompt for the model.
    pub prompt: Option<String>,
    /// The reply.
    pub reply: Option<String>,
    /// Why there is no reply, or a message for the operator.
    pub reason: Option<String>,
    /// The reply's seed.
    pub seed: Option<u64>,
    /// The model's name.
    pub model: Option<String>,
    /// How often the model was tried.
    pub tries: u32,
    /// How often an uncertain reply was not found.
    pub misses: u32,
    /// When it was last checked.
    pub checked: Option<Moment>,
    /// When the last request was sent.
    pub posted: Option<Moment>,
    /// The reply's id.
    pub reply_id: Option<String>,
    /// Whether the operator lets the reply through although the gate objects to a word.
    pub anyway: bool,
    /// How often the operator had the reply drawn again.
    pub rolls: u32,
    /// The text after each step from the mention to the reply, unless deleted or unknown.
    pub steps: Vec<Step>,
}

pub(super) const COLUMNS: &str = "key, id, author, handle, created, state, kind, mention, prompt, reply, reason, \
     seed, model, tries, misses, checked, posted, reply_id, anyway, rolls, steps";

pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let state: String = row.get("state")?;
    let kind: String = row.get("kind")?;
    let mention: Option<String> = row.get("mention")?;
    let steps: Option<String> = row.get("steps")?;
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
        anyway: row.get("anyway")?,
        rolls: row.get("rolls")?,
        steps: steps.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
    })
}

impl Ledger {
    /// Add a page of mentions. Known ones are kept; an edit of one that isn't answered yet replaces it.
    /// Returns how many are new.
    ///
    /// # Errors
    /// When the database fails.
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
                "UPDATE mention SET id = ?2, mention = ?3, state = 'seen', prompt = NULL, reply = NULL, steps = NULL, tries = 0, anyway = 0, changed = ?4
                 WHERE key = ?1 AND state IN ('seen', 'queued', 'waiting', 'approved')
                 AND (length(id) < length(?2) OR length(id) = length(?2) AND id < ?2)
                 AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.key = ?1)",
                params![key, id, json, now],
            )?;
        }
        change.commit()?;
        Ok(new)
    }

    /// Record a mention that couldn't be read, so that it is told once. False when it is known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn take_in_unread(&self, id: &str, why: &str, now: Moment) -> Result<bool> {
        let new = self.db.execute(
            "INSERT INTO mention (key, id, author, handle, thread, created, state, reason, changed)
             VALUES (?1, ?1, '', '', ?1, ?3, 'skipped', ?2, ?3) ON CONFLICT DO NOTHING",
            params![id, why, now],
        )?;
        Ok(new > 0)
    }

    /// Whether this version of a mention is in the ledger.
    ///
    /// # Errors
    /// When the database fails.
    pub fn has(&self, key: &str, id: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM mention WHERE key = ?1 AND id = ?2";
        Ok(self.db.prepare(sql)?.exists([key, id])?)
    }

    /// The oldest rows of one state.
    ///
    /// # Errors
    /// When the database fails.
    pub fn oldest(&self, state: State, most: usize) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE state = '{state}'
             ORDER BY created, length(key), key LIMIT ?1"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([most as i64], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of rows in one of the open states.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count(&self, state: State) -> Result<u64> {
        let sql = format!("SELECT count(*) FROM mention WHERE state = '{state}'");
        Ok(self.db.query_row(&sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// A row by the key or id of its mention, or the id of its reply.
    ///
    /// # Errors
    /// When the database fails.
    pub fn row(&self, name: &str) -> Result<Option<Row>> {
        let by_key = format!("SELECT {COLUMNS} FROM mention WHERE key = ?1");
        if let Some(row) = self.db.query_row(&by_key, [name], read).optional()? {
            return Ok(Some(row));
        }
        let any = format!("SELECT {COLUMNS} FROM mention WHERE id = ?1 OR reply_id = ?1");
        Ok(self.db.query_row(&any, [name], read).optional()?)
    }

    /// Skip a mention, with a reason.
    ///
    /// # Errors
    /// When the database fails.
    pub fn skip(&self, key: &str, reason: &str, now: Moment) -> Result<()> {
        self.db.execute(
            "UPDATE mention SET state = 'skipped', reason = ?2, reply = NULL, changed = ?3
             WHERE key = ?1 AND state IN ('seen', 'queued', 'waiting', 'approved')",
            params![key, reason, now],
        )?;
        Ok(())
    }

    /// Give up on a mention, with a reason.
    ///
    /// # Errors
    /// When the database fails.
    pub fn bury(&self, key: &str, reason: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'dead', reason = ?2, changed = ?3
                   WHERE key = ?1 AND state NOT IN ('posted', 'retracted', 'skipped')";
        self.db.execute(sql, params![key, reason, now])?;
        Ok(())
    }

    /// Queue a mention for a continuation of `prompt`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn queue(&self, key: &str, prompt: &str, now: Moment) -> Result<()> {
        let sql = "UPDATE mention SET state = 'queued', prompt = ?2, changed = ?3
                   WHERE key = ?1 AND state = 'seen'";
        self.db.execute(sql, params![key, prompt, now])?;
        Ok(())
    }

    /// Count a try before the model runs, so that a mention that crashes the program isn't tried forever.
    ///
    /// # Errors
    /// When the database fails.
    pub fn try_once(&self, key: &str) -> Result<()> {
        let sql = "UPDATE mention SET tries = tries + 1 WHERE key = ?1 AND state = 'queued'";
        self.db.execute(sql, [key])?;
        Ok(())
    }

    /// Uncount a try: the process ended, the model didn't fail.
    ///
    /// # Errors
    /// When the database fails.
    pub fn untry(&self, key: &str) -> Result<()> {
        let sql = "UPDATE mention SET tries = tries - 1 WHERE key = ?1 AND tries > 0";
        self.db.execute(sql, [key])?;
        Ok(())
    }

    /// Queue a post of the account's own that continues `prompt`. False when it is known.
    ///
    /// # Errors
    /// When the database fails.
    pub fn schedule(&self, key: &str, prompt: &str, due: Moment, now: Moment) -> Result<bool> {
        let text = Mention { text: prompt.to_owned(), ..Mention::default() };
        let json = serde_json::to_string(&text)
            .map_err(|error| LedgerError::Storage(error.to_string()))?;
        let new = self.db.execute(
            "INSERT INTO mention (key, id, author, handle, thread, created, state, kind, mention, prompt, changed)
             VALUES (?1, ?1, '', '', ?1, ?2, 'queued', 'post', ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            params![key, due, json, prompt, now],
        )?;
        Ok(new > 0)
    }

    /// The account's own posts that are not sent yet.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unsent_posts(&self) -> Result<Vec<Row>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM mention WHERE kind = 'post' AND state IN ('waiting', 'approved')"
        );
        let mut query = self.db.prepare(&sql)?;
        let rows = query.query_map([], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Store the text after each step of a reply.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_steps(&self, key: &str, steps: &[Step]) -> Result<()> {
        let json = serde_json::to_string(steps)
            .map_err(|error| LedgerError::Storage(error.to_string()))?;
        self.db.execute("UPDATE mention SET steps = ?2 WHERE key = ?1", [key, &json])?;
        Ok(())
    }

    /// Store a reply, to be reviewed (`State::Waiting`) or posted (`State::Approved`).
    ///
    /// # Errors
    /// When the database fails.
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
