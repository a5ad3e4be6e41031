//! The platform Mastodon, and servers with the same client API. Mentions are polled, since nothing is repeated in a stream
//! after it broke. Neither `Idempotency-Key` nor `since_id` is relied on, since not all servers know them: pages are
//! followed backwards until they are old enough, and the ledger decides what is new.

mod html;
mod http;
mod settings;
pub mod token;
mod wire;

use super::{Class, Look, Outgoing, Page, Platform, Refusal, Replies, Secret, Trouble};
use crate::{
    mentions::{Account, Moment},
    net::Method,
};
use http::{Http, Request};
use serde_json::Value;
use sha1::{Digest, Sha1};
use std::{collections::HashMap, path::Path};
use unicode_segmentation::UnicodeSegmentation;
use wire::{Status, Thread};

pub use settings::{Settings, Visibility};

/// How many notifications and posts a page has; servers give fewer if they like.
const PAGE: usize = 40;
/// How many threads are remembered.
const THREADS: usize = 2_000;
/// The length of a post if the server doesn't say.
const USUAL_LENGTH: usize = 500;

/// An account on a server.
pub struct Mastodon {
    http: Http,
    /// The handle that the settings expect.
    expected: Option<String>,
    me: Account,
    /// The longest post, in characters.
    longest: usize,
    /// Threads of posts that are replies, by the posts' ids.
    threads: HashMap<String, Thread>,
    /// Who can see the account's own posts.
    visibility: Visibility,
}

/// A client for the configured account with the token in the file `path`, and the secrets that no reply may contain.
///
/// # Errors
/// When the token can't be loaded, or the address is not safe to send it to.
pub fn open(
    bot: &super::Settings,
    path: &Path,
    env: impl Fn(&str) -> Option<String>,
) -> Result<(Mastodon, Vec<Secret>), Trouble> {
    let token = token::load(path, env)?;
    super::not_dumpable();
    let http = Http::new(&bot.mastodon, token.clone())?;
    let expected = bot.handle.as_deref().map(local);
    let (me, threads) = (Account::default(), HashMap::new());
    let visibility = bot.mastodon.visibility;
    let account = Mastodon { http, expected, me, longest: USUAL_LENGTH, threads, visibility };
    Ok((account, vec![token]))
}

/// The local part of a handle: `@robo@server.example` is `robo`.
fn local(handle: &str) -> String {
    let name = handle.trim_start_matches(['@', '＠']);
    name.split('@').next().unwrap_or_default().to_lowercase()
}

impl Mastodon {
    fn read(&mut self, path: &str, now: Moment) -> Result<Value, Refusal> {
        self.http.send(&Request::get(path), now)
    }

    /// The thread of a post that replies to another.
    fn thread(&mut self, status: &Status, now: Moment) -> Result<Thread, Refusal> {
        if status.in_reply_to_id.is_none() {
            return Ok(Thread::of(&status.id));
        }
        if let Some(known) = self.threads.get(&status.id) {
            return Ok(known.clone());
        }
        let path = format!("/api/v1/statuses/{}/context", status.id);
        let thread = match self.read(&path, now) {
            Ok(context) => Thread::read(&context, status, &self.me),
            // it was deleted meanwhile, or the server doesn't tell
            Err(refusal) if refusal.class == Class::Gone => Thread::of(&status.id),
            Err(refusal) => return Err(refusal),
        };
        if self.threads.len() >= THREADS {
            self.threads.clear();
        }
        self.threads.insert(status.id.clone(), thread.clone());
        Ok(thread)
    }
}

impl Mastodon {
    /// Our own reply below a post, if there is one.
    fn answered(&mut self, to: &str, now: Moment) -> Result<Option<String>, Refusal> {
        let context = self.read(&format!("/api/v1/statuses/{to}/context"), now)?;
        let below = context["descendants"].as_array().map_or(&[][..], Vec::as_slice);
        let mut below = below.iter().filter_map(|value| wire::status(value).ok());
        let ours = below.find(|post| {
            post.author_id() == self.me.id && post.in_reply_to_id.as_deref() == Some(to)
        });
        Ok(ours.map(|post| post.id))
    }
}

impl Platform for Mastodon {
    fn account(&mut self, now: Moment) -> Result<Account, Refusal> {
        let value = self.read("/api/v1/accounts/verify_credentials", now).map_err(|refusal| {
            let class = if refusal.class == Class::Gone { Class::Account } else { refusal.class };
            Refusal { class, ..refusal }
        })?;
        let me = wire::account(&value).ok_or_else(|| {
            Refusal::new(Class::Transient, "the server did not return the account")
        })?;
        if let Some(expected) = self.expected.as_ref().filter(|name| **name != local(&me.handle)) {
            let says = format!("the token is that of @{}, the settings say @{expected}", me.handle);
            return Err(Refusal::new(Class::Account, self.http.scrub(&says)));
        }
        // what the server doesn't tell keeps its usual value
        if let Ok(about) = self.read("/api/v2/instance", now) {
            let told = about.pointer("/configuration/statuses/max_characters");
            let told = told.and_then(Value::as_u64).and_then(|told| usize::try_from(told).ok());
            self.longest = told.filter(|told| *told > 0).unwrap_or(USUAL_LENGTH);
        }
        self.me = me.clone();
        Ok(me)
    }

    fn mentions(&mut self, look: &Look<'_>, now: Moment) -> Result<Page, Refusal> {
        let limit = look.most.clamp(1, PAGE);
        let mut path = format!("/api/v1/notifications?types[]=mention&limit={limit}");
        if let Some(before) = look.page {
            path += &format!("&max_id={before}");
        }
        let value = self.read(&path, now)?;
        let list = value.as_array();
        let list = list.ok_or_else(|| Refusal::new(Class::Transient, "the server sent no list"))?;
        let mut page = Page::default();
        let mut oldest = now;
        for value in list {
            match wire::notification(value) {
                Ok(Some(status)) => {
                    oldest = oldest.min(status.created);
                    if status.created > look.since {
                        let thread = self.thread(&status, now)?;
                        page.mentions.push(status.mention(&self.me, &thread));
                    }
                }
                Ok(None) => {}
                Err(unread) => page.unread.push(unread),
            }
        }
        let last = list.last().and_then(|value| value["id"].as_str());
        let last =
            last.filter(|id| wire::is_id(id) && oldest > look.since && Some(*id) != look.page);
        page.next = last.map(str::to_owned);
        Ok(page)
    }

    fn reply(&mut self, reply: &Outgoing<'_>, now: Moment) -> Result<String, Refusal> {
        if let Some(to) = reply.to {
            // some servers make a post of its own of a reply to a post that is gone
            if !self.exists(to, now).map_err(before_writing)? {
                return Err(Refusal::new(Class::Gone, "the post is gone"));
            }
            // not all servers list direct posts among the account's own, so a reply that was lost is looked for here too
            if let Some(id) = self.answered(to, now).map_err(before_writing)? {
                return Ok(id);
            }
        }
        let mention = reply.mention.cloned().unwrap_or_default();
        let text = match mention.author.handle.as_str() {
            "" => reply.text.to_owned(),
            handle => format!("@{handle} {}", reply.text),
        };
        let length = text.graphemes(true).count() + mention.warning.graphemes(true).count();
        if length > self.longest {
            let says = format!("it has {length} characters, and the server takes {}", self.longest);
            return Err(Refusal::new(Class::Never, says));
        }
        // the same for every attempt, and different for every account
        let key = Sha1::digest(format!("{} {} {}", self.me.id, self.me.handle, reply.key));
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let visibility = match reply.to {
            Some(_) => wire::narrower(&mention.visibility),
            None => self.visibility.into(),
        };
        let mut form = vec![("status", &*text), ("visibility", visibility)];
        form.extend(reply.to.map(|to| ("in_reply_to_id", to)));
        if !mention.warning.is_empty() {
            form.push(("spoiler_text", &*mention.warning));
        }
        let request = Request {
            method: Method::Post,
            path: "/api/v1/statuses",
            form: &form,
            key: Some(&key),
        };
        let posted = self.http.send(&request, now)?;
        match posted["id"].as_str().filter(|id| wire::is_id(id)) {
            Some(id) => Ok(id.to_owned()),
            None => Err(Refusal::new(
                Class::Uncertain,
                "the server accepted the reply but returned no id",
            )),
        }
    }

    fn replies(
        &mut self,
        since: Moment,
        page: Option<&str>,
        now: Moment,
    ) -> Result<Replies, Refusal> {
        if self.me.id.is_empty() {
            self.account(now)?;
        }
        let mut path =
            format!("/api/v1/accounts/{}/statuses?exclude_reblogs=true&limit={PAGE}", self.me.id);
        if let Some(before) = page {
            path += &format!("&max_id={before}");
        }
        let value = self.read(&path, now)?;
        let list = value.as_array();
        let list = list.ok_or_else(|| Refusal::new(Class::Transient, "the server sent no list"))?;
        let statuses: Vec<_> = list.iter().filter_map(|value| wire::status(value).ok()).collect();
        let oldest = statuses.iter().map(|status| status.created).min();
        let goes_on = oldest.is_some_and(|oldest| oldest > since);
        let last = list.last().and_then(|value| value["id"].as_str());
        let next = last.filter(|id| wire::is_id(id) && goes_on && Some(*id) != page);
        let mut replies = Replies { next: next.map(str::to_owned), ..Replies::default() };
        for status in statuses {
            match status.in_reply_to_id {
                Some(to) => replies.pairs.push((to, status.id)),
                None => replies.own.push((status.text, status.id)),
            }
        }
        Ok(replies)
    }

    fn exists(&mut self, id: &str, now: Moment) -> Result<bool, Refusal> {
        if !wire::is_id(id) {
            return Ok(false);
        }
        match self.read(&format!("/api/v1/statuses/{id}"), now) {
            Ok(_) => Ok(true),
            Err(refusal) if refusal.class == Class::Gone => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    fn retract(&mut self, id: &str, now: Moment) -> Result<(), Refusal> {
        if !wire::is_id(id) {
            return Err(Refusal::new(Class::Never, "not a post's id"));
        }
        let path = format!("/api/v1/statuses/{id}");
        let request = Request { method: Method::Delete, path: &path, form: &[], key: None };
        self.http.send(&request, now).map(drop)
    }

    fn costs(&self) -> bool {
        false
    }

    fn ahead(&self) -> Option<Moment> {
        self.http.measured
    }
}

/// A refusal of a read before a write: nothing was written.
fn before_writing(refusal: Refusal) -> Refusal {
    let class = if refusal.class == Class::Uncertain { Class::Transient } else { refusal.class };
    Refusal { class, ..refusal }
}
