//! The interface to a platform, and the classes of its refusals.

use super::Settings;
use crate::mentions::{Account, Mention, Moment};

/// A platform from which mentions are read and to which replies are posted. Each call sends few requests, and at most one
/// that may change something, except for one retry when the platform certainly did nothing.
pub trait Platform {
    /// The account that the bot posts as.
    ///
    /// # Errors
    /// When the platform refuses or does not respond; see [`Class`].
    fn account(&mut self, now: Moment) -> Result<Account, Refusal>;

    /// A page of mentions, newest first.
    ///
    /// # Errors
    /// When the platform refuses or does not respond; see [`Class`].
    fn mentions(&mut self, look: &Look<'_>, now: Moment) -> Result<Page, Refusal>;

    /// Post a reply and return the id of the new post.
    ///
    /// # Errors
    /// As for the others; [`Class::Uncertain`] when the reply may have arrived nevertheless.
    fn reply(&mut self, reply: &Outgoing<'_>, now: Moment) -> Result<String, Refusal>;

    /// A page of the account's own posts written after `since`, newest first; with `page`, the page of that token.
    ///
    /// # Errors
    /// When the platform refuses or does not respond; see [`Class`].
    fn replies(
        &mut self,
        since: Moment,
        page: Option<&str>,
        now: Moment,
    ) -> Result<Replies, Refusal>;

    /// Whether a post still exists.
    ///
    /// # Errors
    /// When the platform refuses or does not respond; see [`Class`].
    fn exists(&mut self, id: &str, now: Moment) -> Result<bool, Refusal>;

    /// Delete a post of the account.
    ///
    /// # Errors
    /// When the platform refuses or does not respond; see [`Class`].
    fn retract(&mut self, id: &str, now: Moment) -> Result<(), Refusal>;

    /// The polling interval in milliseconds.
    fn pace(&self, settings: &Settings) -> Moment {
        Moment::from(settings.poll_seconds) * 1000
    }

    /// Whether requests cost money, so that the budget applies.
    fn costs(&self) -> bool {
        true
    }

    /// Whether the account's replies can be read back.
    fn has_timeline(&self) -> bool {
        true
    }

    /// How far the platform's clock is ahead of this machine's, in milliseconds, if a response said so.
    fn ahead(&self) -> Option<Moment> {
        None
    }
}

impl<P: Platform + ?Sized> Platform for Box<P> {
    fn account(&mut self, now: Moment) -> Result<Account, Refusal> {
        (**self).account(now)
    }

    fn mentions(&mut self, look: &Look<'_>, now: Moment) -> Result<Page, Refusal> {
        (**self).mentions(look, now)
    }

    fn reply(&mut self, reply: &Outgoing<'_>, now: Moment) -> Result<String, Refusal> {
        (**self).reply(reply, now)
    }

    fn replies(
        &mut self,
        since: Moment,
        page: Option<&str>,
        now: Moment,
    ) -> Result<Replies, Refusal> {
        (**self).replies(since, page, now)
    }

    fn exists(&mut self, id: &str, now: Moment) -> Result<bool, Refusal> {
        (**self).exists(id, now)
    }

    fn retract(&mut self, id: &str, now: Moment) -> Result<(), Refusal> {
        (**self).retract(id, now)
    }

    fn pace(&self, settings: &Settings) -> Moment {
        (**self).pace(settings)
    }

    fn costs(&self) -> bool {
        (**self).costs()
    }

    fn has_timeline(&self) -> bool {
        (**self).has_timeline()
    }

    fn ahead(&self) -> Option<Moment> {
        (**self).ahead()
    }
}

/// Which mentions to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look<'a> {
    /// Those written after this moment.
    pub since: Moment,
    /// The token of the page; `None` for the first one.
    pub page: Option<&'a str>,
    /// At most this many, as far as the platform allows to ask for so few.
    pub most: usize,
}

/// A page of mentions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// In the platform's order.
    pub mentions: Vec<Mention>,
    /// Mentions that could not be read: a name for each, its id if it has one, and what is wrong.
    pub unread: Vec<(String, String)>,
    /// The token of the next page.
    pub next: Option<String>,
    /// When the rate limit is nearly used up: no reading before this moment.
    pub rest_until: Option<Moment>,
}

/// A page of our own posts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replies {
    /// Pairs of the answered post and the replying post.
    pub pairs: Vec<(String, String)>,
    /// Pairs of the text and the id of posts that reply to none.
    pub own: Vec<(String, String)>,
    /// The token of the next page.
    pub next: Option<String>,
}

/// A reply to post, or a post of the account's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// What it is called in the ledger, the same for every attempt.
    pub key: &'a str,
    /// The post that it replies to, if any.
    pub to: Option<&'a str>,
    /// Its text.
    pub text: &'a str,
    /// Ids of accounts that are not to be notified.
    pub without: &'a [String],
    /// The mention that is answered, unless its text was deleted.
    pub mention: Option<&'a Mention>,
}

/// A request that the platform refused or did not confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How the bot reacts.
    pub class: Class,
    /// The HTTP status, if it was a response that said no.
    pub status: Option<u16>,
    /// What it has in common with others of its kind: the code or the kind of the problem, or its sentence.
    pub kind: String,
    /// The reason, in a sentence, without secrets.
    pub says: String,
}

impl Refusal {
    /// A refusal of this class for this reason.
    pub fn new(class: Class, says: impl Into<String>) -> Self {
        let says = says.into();
        Self { class, status: None, kind: says.clone(), says }
    }
}

/// How the bot reacts to a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Not done. Retry at this moment, not before.
    Wait(Moment),
    /// Not done. Retry with backoff.
    Transient,
    /// It is not known whether it was done. Check before retrying.
    Uncertain,
    /// Not done; do not retry for this mention.
    Never,
    /// As `Never`: the post was deleted, so its stored text must be deleted too.
    Gone,
    /// The platform has the same text already, perhaps from a request whose response was lost.
    Duplicate,
    /// As `Never`, because the author didn't mention the account; several in a row concern the account itself.
    NotEngaged,
    /// Not done, for a reason that is not known here. One may concern the mention; several alike concern the account.
    Unknown,
    /// The account is out of credit.
    Credit,
    /// Wrong keys, missing permissions or a suspension: a person must act.
    Account,
    /// The input has ended.
    Ended,
}
