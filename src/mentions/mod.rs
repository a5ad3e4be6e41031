//! Mentions, shared by the bot and the desk: the ledger, the policy, the queue, the steps from a mention to a reply.
//! This module uses no network and knows no platform.
//!
//! A mention is a row of the ledger, identified by the id of its first version. Its state goes `seen` → `queued` →
//! `waiting` (for a person) → `approved` → `posting` → `posted`, or ends as `skipped` or `dead` with a reason.
//!
//! No platform tells whether a lost request arrived. So `posting` is on disk before the first byte is sent, and an
//! uncertain answer or a crash makes the row `uncertain`. The account's own timeline is then read twice, the second
//! time after the platform had time to show a new reply. Only if the reply isn't there, and the mention still is, the
//! same text is sent again, at most twice in all. After that a person has to decide (`bot approve`), and the timeline
//! is read once more. A reply that can't be looked up is not sent again.
//!
//! The desk's queue and `unstuck bot approve` change rows while the bot runs. Each change names the state it starts
//! from, so of two changes only the first takes effect, and a reply is sent only with the text that was approved.
//!
//! The ledger is SQLite, unlike the journal of a draft: several processes read and change its rows.

mod address;
mod draft;
mod gate;
mod ledger;
mod mention;
mod policy;
mod stop;
mod voice;

pub use address::{Ask, ask, names};
pub use draft::{Draft, MODEL, Refused, Step, Unsaid, draft, finish, help, revise};
pub use gate::{Begin, Filter, Gate, Objection, filter};
pub use ledger::{
    Alike, Attempt, Held, Hold, Kind, LastError, Ledger, LedgerError, Lock, OptOut, OptedOut, Row,
    State, Summary,
};
pub use mention::{Account, Mention, Moment, Person};
pub use policy::{Foreign, Past, Place, Settings, Verdict, judge, usual_ledger};
pub use voice::{Interrupted, ModelVoice, Voice};
