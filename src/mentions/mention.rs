//! A mention as every platform's adapter gives it: plain data, text as a person reads it.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, UTC.
pub type Moment = i64;

/// Somebody said our name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mention {
    /// What stays the same when it is edited: the id of its first version.
    pub key: String,
    /// The newest version, which a reply goes to.
    pub id: String,
    /// Who wrote it.
    pub author: Person,
    /// What it says, with references decoded.
    pub text: String,
    /// When.
    pub created: Moment,
    /// The thread it stands in.
    pub conversation: String,
    /// The author typed our name, rather than inheriting it from the thread.
    pub explicit: bool,
    /// Somebody else's words, passed on.
    pub repost: bool,
    /// It quotes another.
    pub quote: bool,
    /// The platform calls it sensitive.
    pub sensitive: bool,
    /// Ids of the others it names, who need not hear of our reply.
    pub others: Vec<String>,
}

/// The author of a mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// What never changes.
    pub id: String,
    /// The name behind the `@`.
    pub handle: String,
    /// Only followers may read them.
    pub protected: bool,
    /// The platform labels the account a bot.
    pub automated: bool,
}

/// The account that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// What never changes.
    pub id: String,
    /// The name behind the `@`.
    pub handle: String,
    /// Its description, which has to say that it is a bot and whose.
    pub description: String,
}
