//! Mentions, shared by the bot and the desk: the ledger, the policy, the queue, the steps from a mention to a reply.
//! Without network and platform.

mod address;
mod draft;
mod gate;
mod ledger;
mod mention;
mod policy;
mod voice;

pub use address::{Ask, ask, names};
pub use draft::{Draft, NOTHING, Step, draft, help, revise};
pub use gate::{Filter, Gate, filter};
pub use ledger::{Attempt, Kind, Ledger, LedgerError, Lock, Row, State, Summary};
pub use mention::{Account, Mention, Moment, Person};
pub use policy::{Past, Place, Settings, Verdict, judge};
pub use voice::{Interrupted, ModelVoice, Voice};
