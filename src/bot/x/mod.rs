//! The platform X: API version 2, signed with OAuth 1.0a. Each call is one request, except for one retry with a
//! corrected clock; the loop does the waiting.

mod http;
mod limits;
pub mod oauth;
mod refusal;
mod settings;
mod wire;

use super::{
    Class, Look, Outgoing, Page, Platform, Refusal, Replies, Secret, Secrets, Trouble,
    clock::Jitter,
};
use crate::{
    mentions::{Account, Moment},
    net::Method,
};
use http::{Answer, Http, Request};
use refusal::{Asked, refusal};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::Path;
use wire::{Many, User};

pub use settings::{Settings, Spelling};

/// An account on X.
pub struct X {
    http: Http,
    spelling: Spelling,
    /// The handle that the settings expect.
    expected: Option<String>,
    me: Account,
    jitter: Jitter,
    /// How many mentions a page may have; fewer after a page that was too long.
    page: usize,
}

/// The fewest and the most mentions of a page.
const PAGE: std::ops::RangeInclusive<usize> = 5..=50;

/// The kind of a refusal whose response was longer than what is read.
const TOO_LONG: &str = "too long";

/// A client for the configured account with the keys in the file `keys`, and the secrets that no reply may contain.
///
/// # Errors
/// When the keys can't be loaded, or the address is not safe to send them to.
pub fn open(
    bot: &super::Settings,
    keys: &Path,
    env: impl Fn(&str) -> Option<String>,
) -> Result<(X, Vec<Secret>), Trouble> {
    let secrets = Secrets::load(keys, env)?;
    super::not_dumpable();
    let texts = secrets.texts().map(Secret::new).to_vec();
    Ok((X::new(&bot.x, bot.handle.as_deref(), secrets)?, texts))
}

impl X {
    /// A client that signs with `secrets`. `handle`, if given, must be the account's.
    ///
    /// # Errors
    /// When the address is not safe to send keys to.
    pub fn new(
        settings: &Settings,
        handle: Option<&str>,
        secrets: Secrets,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            http: Http::new(settings, secrets)?,
            spelling: settings.spelling,
            expected: handle.map(|handle| handle.trim_start_matches('@').to_owned()),
            me: Account::default(),
            jitter: Jitter::seeded(),
            page: *PAGE.end(),
        })
    }

    /// Send a request, and once more with a corrected time if the response is 401 and the clocks differ.
    fn send(
        &mut self,
        request: &Request<'_>,
        asked: Asked,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let mut answer = self.send_once(request, asked, now)?;
        if answer.status == 401
            && let Some(date) = answer.headers.date
            && (date - now - self.http.ahead).abs() > 20_000
        {
            self.http.ahead = date - now;
            answer = self.send_once(request, asked, now)?;
        }
        match answer.status {
            200..=299 => Ok(answer),
            _ => {
                let refusal = refusal(&answer, asked, now, &mut self.jitter);
                Err(Refusal { says: self.http.scrub(refusal.says), ..refusal })
            }
        }
    }

    fn send_once(
        &mut self,
        request: &Request<'_>,
        asked: Asked,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        self.http.send(request, now).map_err(|lost| {
            let doubtful = lost.may_have_arrived && asked == Asked::Write;
            let class = if doubtful { Class::Uncertain } else { Class::Transient };
            let kind = if lost.is_too_long { TOO_LONG } else { "no response" };
            Refusal { kind: kind.into(), ..Refusal::new(class, lost.says) }
        })
    }

    /// Read a JSON object.
    fn read(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
        asked: Asked,
        now: Moment,
    ) -> Result<(Value, Answer), Refusal> {
        let request = Request { method: Method::Get, path, query, body: None };
        let answer = self.send(&request, asked, now)?;
        match wire::parse(&answer.body) {
            Some(value) => Ok((value, answer)),
            None => Err(Refusal::new(Class::Transient, "X sent an unreadable response")),
        }
    }

    fn many(value: Value) -> Result<Many, Refusal> {
        let partial = value.get("errors").is_some() && value.get("data").is_none();
        let empty = value.pointer("/meta/result_count").is_some_and(|count| count == 0);
        if partial && !empty {
            return Err(Refusal::new(Class::Transient, "X sent errors and no data"));
        }
        serde_json::from_value(value)
            .map_err(|_| Refusal::new(Class::Transient, "X sent an unreadable response"))
    }

    /// The name of the parameter for a post's fields, and the fields to request.
    fn fields(&self) -> (&'static str, &'static str) {
        match self.spelling {
            Spelling::Tweet => (
                "tweet.fields",
                "author_id,conversation_id,created_at,display_text_range,edit_history_tweet_ids,entities,\
                 in_reply_to_user_id,note_tweet,possibly_sensitive,referenced_tweets",
            ),
            Spelling::Post => (
                "post.fields",
                "author_id,conversation_id,created_at,display_text_range,edit_history_post_ids,entities,\
                 in_reply_to_user_id,note_post,possibly_sensitive,referenced_posts",
            ),
        }
    }
}

impl Platform for X {
    fn account(&mut self, now: Moment) -> Result<Account, Refusal> {
        let query = [("user.fields", "description,protected,username")];
        let (value, answer) = self.read("/2/users/me", &query, Asked::Me, now)?;
        let unreadable = || Refusal::new(Class::Transient, "X did not return the account");
        let user = value.get("data").and_then(|user| User::deserialize(user).ok());
        let me = user.map(User::account).filter(|me| wire::is_id(&me.id)).ok_or_else(unreadable)?;
        let me = Account { read_only: answer.headers.read_only, ..me };
        if me.id != self.http.account_id() {
            let says = self.http.scrub(format!("the keys are not those of @{}", me.handle));
            return Err(Refusal::new(Class::Account, says));
        }
        if let Some(expected) = &self.expected
            && !expected.eq_ignore_ascii_case(&me.handle)
        {
            let says =
                format!("the keys are those of @{}, the settings say @{expected}", me.handle);
            let says = self.http.scrub(says);
            return Err(Refusal::new(Class::Account, says));
        }
        self.me = me.clone();
        Ok(me)
    }

    fn mentions(&mut self, look: &Look<'_>, now: Moment) -> Result<Page, Refusal> {
        let path = format!("/2/users/{}/mentions", self.me.id);
        let since = wire::id_at(look.since);
        let (name, fields) = self.fields();
        let (value, answer) = loop {
            let most = look.most.min(self.page).max(*PAGE.start()).to_string();
            let mut query = vec![
                ("expansions", "author_id"),
                ("max_results", &*most),
                ("since_id", &*since),
                (name, fields),
                ("user.fields", "affiliation,description,protected,username"),
            ];
            query.extend(look.page.map(|page| ("pagination_token", page)));
            match self.read(&path, &query, Asked::Read, now) {
                Err(refusal) if refusal.kind == TOO_LONG && self.page > *PAGE.start() => {
                    self.page = (self.page / 2).max(*PAGE.start());
                }
                other => break other?,
            }
        };
        let many = Self::many(value)?;
        let (mentions, unread) = many.mentions(&self.me);
        let rest_until = answer.headers.rest_until(now);
        Ok(Page { mentions, unread, next: many.meta.next_token, rest_until })
    }

    fn reply(&mut self, reply: &Outgoing<'_>, now: Moment) -> Result<String, Refusal> {
        let mut body = json!({ "text": reply.text });
        if let Some(to) = reply.to {
            body["reply"] = json!({ "in_reply_to_tweet_id": to });
            if !reply.without.is_empty() {
                body["reply"]["exclude_reply_user_ids"] = json!(reply.without);
            }
        }
        let body = body.to_string();
        let request =
            Request { method: Method::Post, path: "/2/tweets", query: &[], body: Some(&body) };
        let answer = self.send(&request, Asked::Write, now)?;
        let posted = wire::parse(&answer.body);
        let id = posted.as_ref().and_then(|value| value["data"]["id"].as_str());
        match id.filter(|id| wire::is_id(id)) {
            Some(id) => Ok(id.to_owned()),
            None => Err(Refusal::new(Class::Uncertain, "X accepted the reply but returned no id")),
        }
    }

    fn replies(
        &mut self,
        since: Moment,
        page: Option<&str>,
        now: Moment,
    ) -> Result<Replies, Refusal> {
        // before the account is known, its id is taken from the keys
        let me = if self.me.id.is_empty() { self.http.account_id() } else { &self.me.id };
        let path = format!("/2/users/{me}/tweets");
        let (name, _) = self.fields();
        let fields = match self.spelling {
            Spelling::Tweet => "referenced_tweets",
            Spelling::Post => "referenced_posts",
        };
        let since = wire::id_at(since);
        let mut query = vec![("max_results", "100"), (name, fields), ("since_id", &*since)];
        query.extend(page.map(|page| ("pagination_token", page)));
        let (value, _) = self.read(&path, &query, Asked::Read, now)?;
        let many = Self::many(value)?;
        Ok(Replies { pairs: many.pairs(), own: many.own(), next: many.meta.next_token.clone() })
    }

    fn exists(&mut self, id: &str, now: Moment) -> Result<bool, Refusal> {
        if !wire::is_id(id) {
            return Ok(false);
        }
        match self.read(&format!("/2/tweets/{id}"), &[], Asked::Read, now) {
            Ok((value, _)) if value.get("data").is_some() => Ok(true),
            Ok((value, _)) => {
                let gone = value["errors"].as_array().is_some_and(|errors| !errors.is_empty());
                if gone {
                    Ok(false)
                } else {
                    Err(Refusal::new(Class::Transient, "X returned no result"))
                }
            }
            Err(refusal) if refusal.status == Some(404) => Ok(false),
            Err(refusal) => Err(refusal),
        }
    }

    fn retract(&mut self, id: &str, now: Moment) -> Result<(), Refusal> {
        if !wire::is_id(id) {
            return Err(Refusal::new(Class::Never, "not a post's id"));
        }
        let path = format!("/2/tweets/{id}");
        let request = Request { method: Method::Delete, path: &path, query: &[], body: None };
        self.send(&request, Asked::Write, now).map(drop)
    }

    fn ahead(&self) -> Option<Moment> {
        self.http.measured
    }
}
