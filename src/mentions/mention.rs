//! A mention in the form that all platforms share: plain data, and the text as displayed.

use serde::{Deserialize, Serialize};

/// Unix time in milliseconds.
pub type Moment = i64;

/// A post that mentions the bot's account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mention {
    /// The id of its first version, which edits do not change.
    pub key: String,
    /// The id of its newest version, which a reply goes to.
    pub id: String,
    /// Its author.
    pub author: Person,
    /// Its text, with character references decoded.
    pub text: String,
    /// When it was written.
    pub created: Moment,
    /// The id of its thread.
    pub conversation: String,
    /// Whether the author typed the handle, rather than inheriting it from the thread.
    pub explicit: bool,
    /// Whether it is a repost of another post.
    pub repost: bool,
    /// Whether it quotes another post.
    pub quote: bool,
    /// Whether the platform marks it as sensitive.
    pub sensitive: bool,
    /// Ids of other mentioned accounts, which are not notified of the reply.
    pub others: Vec<String>,
    /// Who can see it, where the platform has such a setting. A reply is never wider.
    pub visibility: String,
    /// Its content warning, which a reply keeps.
    pub warning: String,
}

/// The author of a mention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// Its permanent id.
    pub id: String,
    /// The handle without `@`.
    pub handle: String,
    /// Whether only followers can read the account.
    pub protected: bool,
    /// Whether the platform labels the account as automated.
    pub automated: bool,
}

/// The account that the bot posts as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Its permanent id.
    pub id: String,
    /// The handle without `@`.
    pub handle: String,
    /// Its description, which must say that it is a bot and who operates it.
    pub description: String,
    /// Whether the keys allow reading only.
    pub read_only: bool,
    /// Whether the platform marks it as a bot; `None` if it doesn't say.
    pub is_bot: Option<bool>,
}
