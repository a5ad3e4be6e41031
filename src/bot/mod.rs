//! Front end: the headless bot. Mentions in, at most one reply out, through anything that can break in between.
//! Platforms are one file each behind [`Platform`]; what is decided and remembered is in `mentions`.

mod check;
mod clock;
mod console;
mod operate;
mod platform;
mod post;
mod read;
mod round;
mod run;
mod secret;
mod settings;
pub mod x;

pub use clock::Clock;
pub use console::Console;
pub use operate::{Act, operate};
pub use platform::{Class, Outgoing, Page, Platform, Refusal, Replies};
pub use round::{Bot, Decision, Turn};
pub use run::{Plan, Test, run};
pub use secret::{Secret, Secrets};
pub use settings::{Attestation, PlatformName, Posting, Settings};

use crate::mentions::LedgerError;

/// Why the bot ends, for those who restart it: each has an exit code of its own.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Locked, or the world's fault: later it may work.
    #[error("{0}")]
    Temporary(String),
    /// Somebody has to give a permission.
    #[error("{0}")]
    Permission(String),
    /// Somebody has to write or mend a file.
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

/// What the bot's own functions give.
pub type Result<T> = std::result::Result<T, Trouble>;
