//! The ledger: one SQLite file with every mention and its state. This file opens it, with its schema
//! and its lock. A damaged ledger is refused, never reset, since a reset would answer everybody again.

mod hold;
mod people;
mod posting;
mod queue;
mod row;

pub use hold::{Alike, Held, Hold, LastError};
pub use people::{OptOut, OptedOut};
pub use posting::Attempt;
pub use queue::Summary;
pub use row::{Kind, Row, State};

use super::Moment;
use rusqlite::{Connection, OptionalExtension, params};
use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

/// The migrations, in order. The file's `user_version` is the number of those applied.
const MIGRATIONS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];
/// SQLite's application id: "unst".
const APPLICATION: i64 = 0x756e_7374;
/// Files up to this size are checked completely when opened; larger ones by `bot check`.
const LOOKED_THROUGH: u64 = 16 << 20;

/// Why the ledger can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A newer version of the program wrote it.
    #[error("made by a newer unstuck (schema {0}); use that one, nothing is posted with this one")]
    Newer(i64),
    /// It is another program's file, or damaged.
    #[error(
        "{0}; nothing is posted. Put a backup in its place, or move it away: a new ledger answers nothing \
         that was written before it"
    )]
    Broken(String),
    /// The disk or file system failed.
    #[error("{0}")]
    Storage(String),
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match error.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Broken(format!("not whole ({error})")),
            _ => Self::Storage(error.to_string()),
        }
    }
}

/// The result of the ledger's methods.
pub type Result<T> = std::result::Result<T, LedgerError>;

/// An open ledger. Several processes may have it open; each change is atomic and on disk when the method returns.
pub struct Ledger {
    db: Connection,
    fresh: bool,
}

/// The lock of the one process that may post.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Take the lock; `None` when another process has it.
    ///
    /// # Errors
    /// When the lock file can't be created beside the ledger.
    pub fn take(ledger: &Path) -> std::io::Result<Option<Self>> {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Ledger {
    /// Open the ledger at `path`; create it if there is none.
    ///
    /// # Errors
    /// When it is from a newer version, damaged, not a ledger, or can't be written.
    pub fn open(path: &Path, now: Moment) -> Result<Self> {
        let large = std::fs::metadata(path).is_ok_and(|file| file.len() > LOOKED_THROUGH);
        let ledger = Self::set_up(Connection::open(path)?, now)?;
        if !large {
            ledger.look_through()?;
        }
        Ok(ledger)
    }

    /// A ledger in memory, for trials.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn in_memory(now: Moment) -> Result<Self> {
        Self::set_up(Connection::open_in_memory()?, now)
    }

    fn set_up(mut db: Connection, now: Moment) -> Result<Self> {
        db.busy_timeout(Duration::from_secs(10))?;
        let number =
            |db: &Connection, pragma| db.pragma_query_value(None, pragma, |row| row.get(0));
        // reads the first page, so that a file that is not a database fails here
        let version: i64 = number(&db, "user_version")?;
        let application: i64 = number(&db, "application_id")?;
        let tables: i64 =
            db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        if application != APPLICATION && tables > 0 {
            return Err(LedgerError::Broken("a database, but not a ledger".into()));
        }
        let known = MIGRATIONS.len() as i64;
        if version > known {
            return Err(LedgerError::Newer(version));
        }
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        // texts that are deleted are overwritten in the file
        db.pragma_update(None, "secure_delete", "ON")?;
        if version < known {
            let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)?;
            let version: i64 = number(&change, "user_version")?; // another may have been quicker
            for step in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(0)) {
                change.execute_batch(step)?;
            }
            change.pragma_update(None, "user_version", known)?;
            change.pragma_update(None, "application_id", APPLICATION)?;
            change.commit()?;
        }
        let fresh = {
            let sql = "INSERT INTO note (name, value) VALUES ('born', ?1) ON CONFLICT DO NOTHING";
            db.execute(sql, [now.to_string()])? == 1
        };
        Ok(Self { db, fresh })
    }

    /// The handle of the account whose ledger is at `path`; `None` if there is no ledger, or it doesn't say.
    pub fn handle_in(path: &Path) -> Option<String> {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let db = Connection::open_with_flags(path, flags).ok()?;
        let sql = "SELECT value FROM note WHERE name = 'account.handle'";
        db.query_row(sql, [], |row| row.get(0)).ok()
    }

    /// How long to wait while another process writes; ten seconds by default.
    ///
    /// # Errors
    /// When the database fails.
    pub fn patience(&self, longest: Duration) -> Result<()> {
        Ok(self.db.busy_timeout(longest)?)
    }

    /// Whether this call created it.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Check every page.
    ///
    /// # Errors
    /// What is damaged.
    pub fn look_through(&self) -> Result<()> {
        let found: String = self.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found == "ok" {
            Ok(())
        } else {
            Err(LedgerError::Broken(format!("not whole ({found})")))
        }
    }

    /// When the ledger was created. Older mentions are never answered.
    ///
    /// # Errors
    /// When the database fails.
    pub fn born(&self) -> Result<Moment> {
        self.number("born")?.ok_or_else(|| LedgerError::Broken("its beginning is missing".into()))
    }

    /// A named value: the cursor, a hold, a halt.
    ///
    /// # Errors
    /// When the database fails.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM note WHERE name = ?1";
        Ok(self.db.query_row(sql, [name], |row| row.get(0)).optional()?)
    }

    /// A named number.
    ///
    /// # Errors
    /// When the database fails, or the value is not a number.
    pub fn number(&self, name: &str) -> Result<Option<i64>> {
        let broken = |_| LedgerError::Broken(format!("its note `{name}` is no number"));
        self.note(name)?.map(|value| value.parse().map_err(broken)).transpose()
    }

    /// Set a named value.
    ///
    /// # Errors
    /// When the database fails.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO note (name, value) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.db.execute(sql, [name, value])?;
        Ok(())
    }

    /// Delete a named value.
    ///
    /// # Errors
    /// When the database fails.
    pub fn drop_note(&self, name: &str) -> Result<()> {
        self.db.execute("DELETE FROM note WHERE name = ?1", [name])?;
        Ok(())
    }

    /// Record the attestation for automatic posting, if it isn't recorded yet.
    ///
    /// # Errors
    /// When the database fails.
    pub fn attest(&self, operator: &str, statement: &str, now: Moment) -> Result<()> {
        let sql = "INSERT INTO attestation (operator, statement, at) SELECT ?1, ?2, ?3
                   WHERE NOT EXISTS (SELECT 1 FROM attestation WHERE operator = ?1 AND statement = ?2)";
        self.db.execute(sql, params![operator, statement, now])?;
        Ok(())
    }

    /// Add to the cost of a day, in millionths of a dollar.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spend(&self, day: i64, micros: i64) -> Result<()> {
        let sql = "INSERT INTO spent (day, micros) VALUES (?1, ?2)
                   ON CONFLICT (day) DO UPDATE SET micros = micros + excluded.micros";
        self.db.execute(sql, [day, micros])?;
        Ok(())
    }

    /// The cost of a day, in millionths of a dollar.
    ///
    /// # Errors
    /// When the database fails.
    pub fn spent(&self, day: i64) -> Result<i64> {
        let sql = "SELECT micros FROM spent WHERE day = ?1";
        Ok(self.db.query_row(sql, [day], |row| row.get(0)).optional()?.unwrap_or(0))
    }
}
