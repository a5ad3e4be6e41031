//! Sends one request with the account's token, and classifies what comes back. It uses no proxy.

use super::Settings;
use crate::{
    bot::{Class, Refusal, Secret, Trouble, clock::Jitter, json},
    clean::for_terminal,
    mentions::Moment,
    net::{self, Client, Method, Timeouts, Uri, is_loopback, parse},
};
use serde_json::Value;
use std::time::Duration;

/// The most bytes of a body that are read.
const LONGEST: u64 = 16 << 20;
/// The connection timeout.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for one account.
pub struct Http {
    client: Client,
    base: String,
    token: Secret,
    jitter: Jitter,
    /// How far the server's clock is ahead of ours, in milliseconds.
    pub measured: Option<Moment>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: &'a str,
    /// The fields of a form.
    pub form: &'a [(&'a str, &'a str)],
    /// The key by which a server recognises a request that was sent before.
    pub key: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A read.
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::Get, path, form: &[], key: None }
    }
}

impl Http {
    /// A client with this token.
    ///
    /// # Errors
    /// When the address is neither `https` nor this machine.
    pub fn new(settings: &Settings, token: Secret) -> Result<Self, Trouble> {
        let base = settings.server.trim().trim_end_matches('/').to_owned();
        let is_safe = |uri: &Uri| {
            let encrypted = uri.scheme_str() == Some("https") || is_loopback(uri);
            encrypted && uri.path() == "/" && uri.query().is_none() && !base.contains('#')
        };
        if !parse(&base).is_some_and(|uri| is_safe(&uri)) {
            return Err(Trouble::Configuration(format!(
                "[bot.mastodon] server = {base:?}: must be https:// and the host of the account's server; http:// only for \
                 127.0.0.1 or [::1]"
            )));
        }
        let total = Duration::from_secs(settings.timeout_seconds.into());
        let connect = Some(CONNECT.min(total));
        let timeouts =
            Timeouts { resolve: connect, connect, total: Some(total), ..Timeouts::default() };
        let client = Client::new(&timeouts, false);
        Ok(Self { client, base, token, jitter: Jitter::seeded(), measured: None })
    }

    /// A text without the token, which a server may echo, and without terminal escapes.
    pub fn scrub(&self, says: &str) -> String {
        for_terminal(&says.replace(self.token.reveal(), "…")).into_owned()
    }

    /// Send a request and read the JSON that comes back.
    ///
    /// # Errors
    /// When the server refuses, or the response is lost or unreadable.
    pub fn send(&mut self, request: &Request<'_>, now: Moment) -> Result<Value, Refusal> {
        let is_write = request.method != Method::Get;
        let refused = |class: Class, kind: &str, says: String| Refusal {
            kind: kind.to_owned(),
            ..Refusal::new(class, says)
        };
        let lost = |error: &net::Error| {
            let doubtful = is_write && error.may_have_arrived();
            let class = if doubtful { Class::Uncertain } else { Class::Transient };
            refused(class, "no response", format!("no response ({error})"))
        };
        let authorization = format!("Bearer {}", self.token.reveal());
        let mut headers = vec![("Authorization", &*authorization), ("Accept", "application/json")];
        headers.extend(request.key.map(|key| ("Idempotency-Key", key)));
        let form = encoded(request.form);
        let body = (request.method == Method::Post).then_some(&*form);
        if body.is_some() {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let address = format!("{}{}", self.base, request.path);
        let response = self.client.send(request.method, &address, &headers, body);
        let response = response.map_err(|error| lost(&error))?;
        let status = response.status();
        let date = response.header("date").and_then(net::date);
        self.measured = date.map(|date| date.as_millisecond() - now).or(self.measured);
        let wait = net::retry_after(|name| response.header(name)).map(|wait| now + millis(wait));
        let reset = response.header("x-ratelimit-reset").and_then(moment);
        let read = response.read(LONGEST);
        if let 200..=299 = status {
            let bytes = read.map_err(|error| {
                let class = if is_write { Class::Uncertain } else { Class::Transient };
                refused(class, "no response", format!("incomplete response ({error})"))
            })?;
            let unreadable = if is_write { Class::Uncertain } else { Class::Transient };
            return json::parse(&bytes).ok_or_else(|| {
                refused(unreadable, "unreadable", "the server sent an unreadable response".into())
            });
        }
        let body = read.ok().and_then(|bytes| json::parse(&bytes)).unwrap_or_default();
        let said = body["error"].as_str().unwrap_or_default();
        let said: String = self.scrub(said).chars().take(300).collect();
        let class = match status {
            429 => {
                let until = wait.into_iter().chain(reset).max().filter(|until| *until > now);
                match until {
                    Some(until) => Class::Wait(until.min(now + DAY) + self.jitter.up_to(5_000)),
                    None => Class::Transient,
                }
            }
            401 => Class::Account,
            403 if is_disabled(&said) => Class::Account,
            404 | 410 if !is_write => Class::Gone,
            403 if !body.is_object() => Class::Transient, // an error page of a proxy
            400 | 403..=407 | 410..=422 if is_write => Class::Unknown,
            300..=399 => Class::Transient, // redirects are not followed
            _ if is_write => Class::Uncertain,
            _ => Class::Transient,
        };
        let colon = if said.is_empty() { "" } else { ": " };
        let mut says = format!("the server answered {status}{colon}{said}");
        if status == 401 {
            says += "; check the account's token";
        }
        let kind = format!("{status} {}", said.replace(|c: char| c.is_ascii_digit(), ""));
        Err(Refusal { status: Some(status), ..refused(class, &kind, says) })
    }
}

const DAY: Moment = 24 * 3_600_000;

/// Whether a refusal is about the account: it is suspended, or not confirmed.
fn is_disabled(said: &str) -> bool {
    let said = said.to_lowercase();
    ["your login is", "your account is", "missing a confirmed"]
        .iter()
        .any(|words| said.contains(words))
}

fn millis(wait: Duration) -> Moment {
    Moment::try_from(wait.as_millis()).unwrap_or(DAY)
}

/// A time as Mastodon writes it: `2026-11-29T02:16:00.000Z`.
pub fn moment(text: &str) -> Option<Moment> {
    text.trim().parse::<jiff::Timestamp>().ok().map(|at| at.as_millisecond())
}

/// Fields as a form.
fn encoded(form: &[(&str, &str)]) -> String {
    let percent = crate::bot::x::oauth::percent;
    let pair = |(name, value): &(&str, &str)| format!("{}={}", percent(name), percent(value));
    form.iter().map(pair).collect::<Vec<_>>().join("&")
}
