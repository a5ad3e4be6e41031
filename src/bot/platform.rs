//! What a platform has to be able to do, and the few ways in which it can say no.

use super::Settings;
use crate::mentions::{Account, Mention, Moment};

/// A place where mentions are read and replies are posted. Each call is one request at the most, but for one
/// repetition where the platform is certain not to have acted.
pub trait Platform {
    /// The account we are.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    fn account(&mut self, now: Moment) -> Result<Account, Refusal>;

    /// A page of mentions written after `since`, the newest first, or what follows the page named by `page`.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    fn mentions(&mut self, since: Moment, page: Option<&str>, now: Moment)
    -> Result<Page, Refusal>;

    /// Post a reply. The new post's id.
    ///
    /// # Errors
    /// As [`Refusal`] says; [`Class::Uncertain`] when it may have arrived all the same.
    fn reply(&mut self, reply: &Outgoing<'_>, now: Moment) -> Result<String, Refusal>;

    /// A page of our own replies, of those written after the post `since`, or after any.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    fn replies(
        &mut self,
        since: Option<&str>,
        page: Option<&str>,
        now: Moment,
    ) -> Result<Replies, Refusal>;

    /// Whether a post is still there.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    fn exists(&mut self, id: &str, now: Moment) -> Result<bool, Refusal>;

    /// Delete one of our posts.
    ///
    /// # Errors
    /// As [`Refusal`] says.
    fn retract(&mut self, id: &str, now: Moment) -> Result<(), Refusal>;

    /// How long after one look at the mentions the next one is due, in milliseconds.
    fn pace(&self, settings: &Settings) -> Moment {
        Moment::from(settings.poll_seconds) * 1000
    }

    /// Whether asking costs money, so that the budget counts.
    fn costs(&self) -> bool {
        true
    }
}

/// A page of mentions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// As the platform orders them.
    pub mentions: Vec<Mention>,
    /// Names the next page.
    pub next: Option<String>,
    /// Little is left of what we may ask; not before this moment.
    pub rest_until: Option<Moment>,
}

/// A page of our own replies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replies {
    /// What was answered, and by which post.
    pub pairs: Vec<(String, String)>,
    /// Names the next page.
    pub next: Option<String>,
}

/// A reply on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// The post it answers.
    pub to: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Ids of those who need not hear of it.
    pub without: &'a [String],
}

/// The platform didn't do it, or didn't say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What follows from it.
    pub class: Class,
    /// The HTTP status, if it was a response that said no.
    pub status: Option<u16>,
    /// The reason, in a sentence, without secrets.
    pub says: String,
}

impl Refusal {
    /// Of this class, for this reason.
    pub fn new(class: Class, says: impl Into<String>) -> Self {
        Self { class, status: None, says: says.into() }
    }
}

/// What follows from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Not done. Not again before this moment.
    Wait(Moment),
    /// Not done. Again, after a while.
    Transient,
    /// Nobody knows. Look before doing it again.
    Uncertain,
    /// Not done, and never will be for this one mention.
    Never,
    /// As `Never`: what is answered is gone, and its text has to be forgotten.
    Gone,
    /// The same words were said before: by us, perhaps just now.
    Duplicate,
    /// As `Never`, because its author didn't name us; several in a row are about us, not about them.
    NotEngaged,
    /// The account is out of credit.
    Credit,
    /// Keys, permissions, a suspension: nothing works before a person acts.
    Account,
    /// There is nothing more to read, ever.
    Ended,
}
