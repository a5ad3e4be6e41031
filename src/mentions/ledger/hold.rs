//! What keeps the bot from reading or posting for a time, and refusals that are alike, which concern the account rather
//! than a mention. All of it survives a restart.

use super::{Ledger, LedgerError, Result};
use crate::mentions::Moment;
use rusqlite::params;
use serde::{Deserialize, Serialize};

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// Reading mentions.
    Reading,
    /// Posting replies.
    Posting,
}

impl Held {
    const ALL: [Self; 2] = [Self::Reading, Self::Posting];

    fn note(self) -> &'static str {
        match self {
            Self::Reading => "hold.reads",
            Self::Posting => "hold.posts",
        }
    }

    fn why(self) -> String {
        format!("{}.why", self.note())
    }
}

/// A hold that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// What is held.
    pub what: Held,
    /// Until when.
    pub until: Moment,
    /// Why, in a sentence.
    pub why: String,
}

/// The last error, in a sentence without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When it happened.
    pub at: Moment,
    /// What it was.
    pub says: String,
}

/// Refusals in a row that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// What they have in common.
    kind: String,
    /// How many there were.
    pub count: u32,
    /// How often posting was held because of them.
    pub holds: u32,
    /// The mentions whose replies were refused.
    keys: Vec<String>,
}

const ALIKE: &str = "refusals";
const ERROR: &str = "error";
const RESUMED: &str = "resumed";
const RELOAD: &str = "reload";

impl Ledger {
    /// Hold reading or posting until a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub fn hold(&self, what: Held, until: Moment, why: &str) -> Result<()> {
        self.set_note(what.note(), &until.to_string())?;
        self.set_note(&what.why(), why)
    }

    /// Until when reading or posting is held; 0 if it isn't.
    ///
    /// # Errors
    /// When the database fails.
    pub fn held_until(&self, what: Held) -> Result<Moment> {
        Ok(self.number(what.note())?.unwrap_or(0))
    }

    /// The holds that have not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub fn holds(&self, now: Moment) -> Result<Vec<Hold>> {
        let mut holds = Vec::new();
        for what in Held::ALL {
            let until = self.held_until(what)?;
            if until > now {
                let why = self.note(&what.why())?.unwrap_or_default();
                holds.push(Hold { what, until, why });
            }
        }
        Ok(holds)
    }

    /// End all holds: the operator has put right what was wrong. Replies that were given up because of refusals that are
    /// alike are approved again. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn resume(&mut self, now: Moment) -> Result<usize> {
        for what in Held::ALL {
            self.drop_note(what.note())?;
            self.drop_note(&what.why())?;
        }
        let revived = self.revive(now)?;
        self.drop_note(ALIKE)?;
        self.set_note(RESUMED, &now.to_string())?;
        Ok(revived)
    }

    /// When the operator ended all holds; 0 if never. A running bot notices the change.
    ///
    /// # Errors
    /// When the database fails.
    pub fn resumed(&self) -> Result<Moment> {
        Ok(self.number(RESUMED)?.unwrap_or(0))
    }

    /// Ask a running bot to read its settings again.
    ///
    /// # Errors
    /// When the database fails.
    pub fn ask_reload(&self, now: Moment) -> Result<()> {
        self.set_note(RELOAD, &now.to_string())
    }

    /// When a running bot was last asked to read its settings again; 0 if never.
    ///
    /// # Errors
    /// When the database fails.
    pub fn reload_asked(&self) -> Result<Moment> {
        Ok(self.number(RELOAD)?.unwrap_or(0))
    }

    /// The refusals in a row that are alike, if there are any.
    ///
    /// # Errors
    /// When the database fails.
    pub fn alike(&self) -> Result<Alike> {
        let json = self.note(ALIKE)?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Count a refusal of this kind; another kind begins anew.
    ///
    /// # Errors
    /// When the database fails.
    pub fn count_alike(&self, kind: &str, key: &str) -> Result<Alike> {
        let before = self.alike()?;
        let mut alike = match before.kind == kind {
            true => before,
            false => Alike { kind: kind.to_owned(), ..Alike::default() },
        };
        alike.count += 1;
        if !alike.keys.iter().any(|known| known == key) && alike.keys.len() < 100 {
            alike.keys.push(key.to_owned());
        }
        self.keep_alike(&alike)?;
        Ok(alike)
    }

    /// Record that posting was held once more because of these refusals.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_alike(&self, alike: &Alike) -> Result<()> {
        let json = serde_json::to_string(alike)
            .map_err(|error| LedgerError::Storage(error.to_string()))?;
        self.set_note(ALIKE, &json)
    }

    /// A reply was accepted. If posting was held before, the refusals that led to it were not about their mentions, and
    /// the replies are approved again. Returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn accepted(&mut self, now: Moment) -> Result<usize> {
        let alike = self.alike()?;
        if alike.count == 0 {
            return Ok(0);
        }
        let revived = if alike.holds > 0 { self.revive(now)? } else { 0 };
        self.drop_note(ALIKE)?;
        Ok(revived)
    }

    /// Approve the replies again that were given up because of refusals that are alike.
    ///
    /// # Errors
    /// When the database fails.
    pub fn revive(&mut self, now: Moment) -> Result<usize> {
        let alike = self.alike()?;
        let change = self.db.transaction()?;
        let mut revived = 0;
        for key in &alike.keys {
            revived += change.execute(
                "UPDATE mention SET state = 'approved', reason = NULL, changed = ?2
                 WHERE key = ?1 AND state = 'dead' AND reply IS NOT NULL AND
                 (SELECT outcome FROM attempt WHERE attempt.key = ?1 ORDER BY number DESC LIMIT 1) = 'refused'",
                params![key, now],
            )?;
        }
        change.commit()?;
        Ok(revived)
    }

    /// Keep the last error for `bot status`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_error(&self, says: &str, now: Moment) -> Result<()> {
        let error = LastError { at: now, says: says.to_owned() };
        let json = serde_json::to_string(&error)
            .map_err(|error| LedgerError::Storage(error.to_string()))?;
        self.set_note(ERROR, &json)
    }

    /// The last error, if there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn last_error(&self) -> Result<Option<LastError>> {
        Ok(self.note(ERROR)?.and_then(|json| serde_json::from_str(&json).ok()))
    }
}
