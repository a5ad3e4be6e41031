//! Front end: the headless bot. Each mention gets at most one reply, whatever fails in between.
//! Each platform is one file that implements [`Platform`]; decisions and storage are in `mentions`.
//!
//! A refusal concerns one mention or the account (`Class`). What is not known counts for the mention until three in a row
//! are alike; then posting is held, the replies are kept, and `unstuck bot resume` goes on (`mentions/ledger/hold.rs`).
//!
//! [`Bot::turn`] does one piece of work, the most urgent first, and returns when the next is due. It never waits, so
//! tests can make any time pass. The kind of a refusal is one enum, [`Class`]; each platform translates its own errors
//! into it.
//!
//! `UNSTUCK_BOT_TEST` is for tests of the real program: `die=STEPS` ends it after a number of steps, `stall=STEP` hangs
//! it, and `ahead=MS` sets its clock.

mod check;
mod clock;
mod console;
mod json;
mod log;
mod login;
pub mod mastodon;
mod metrics;
mod notify;
mod operate;
mod plan;
mod platform;
mod post;
mod read;
mod reload;
mod round;
mod run;
mod schedule;
mod secret;
mod settings;
mod start;
pub mod x;

pub use clock::Clock;
pub use console::Console;
pub use operate::{Act, operate};
pub use plan::{Plan, Test};
pub use platform::{Class, Look, Outgoing, Page, Platform, Refusal, Replies};
pub use reload::Reread;
pub use round::{Bot, Decision, Turn};
pub use run::run;
pub use schedule::{Posts, TimeOfDay};
pub use secret::{CREDENTIALS, Secrets};
pub use settings::{Attestation, PlatformName, Posting, Settings};

pub use crate::net::Secret;

use crate::mentions::LedgerError;

/// No core dumps and no debugger from here on, since keys are in memory.
fn not_dumpable() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Why the bot ends. Each reason has its own exit code, for whatever restarts it.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Another process has the lock, or the network or platform fails: it may work later.
    #[error("{0}")]
    Temporary(String),
    /// A permission is missing.
    #[error("{0}")]
    Permission(String),
    /// A file must be written or corrected.
    #[error("{0}")]
    Configuration(String),
}

impl Trouble {
    /// As in `sysexits.h`: 75, 77, 78.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Temporary(_) => 75,
            Self::Permission(_) => 77,
            Self::Configuration(_) => 78,
        }
    }
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Storage(_) => Self::Temporary(format!("ledger: {error}")),
            LedgerError::Newer(_) | LedgerError::Broken(_) => {
                Self::Configuration(format!("ledger: {error}"))
            }
        }
    }
}

/// The result of the bot's functions.
pub type Result<T> = std::result::Result<T, Trouble>;
