//! Sends one signed request and reads the relevant parts of the response, up to a limit. It uses no proxy, and says whether
//! a failed request may have arrived.

use super::{limits::Headers, oauth};
use crate::{
    bot::{Secrets, Trouble},
    clean::for_terminal,
    mentions::Moment,
    net::{self, Client, Method, Timeouts, Uri, is_loopback, parse},
};
use std::time::Duration;

/// The most bytes of a body that are read: a page of mentions, of which each may have 25,000 characters, written twice and
/// escaped.
const LONGEST: u64 = 16 << 20;
/// The connection timeout.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for one account.
pub struct Http {
    client: Client,
    base: String,
    secrets: Secrets,
    /// How far the platform's clock is ahead of ours, in milliseconds, for signing.
    pub ahead: Moment,
    /// The same as the last response said.
    pub measured: Option<Moment>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; empty when a refusal's body could not be read.
    pub body: Vec<u8>,
    /// Rate limits and time from the headers.
    pub headers: Headers,
}

/// No response, or an incomplete one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Whether the request may have arrived.
    pub may_have_arrived: bool,
    /// Whether the response was longer than what is read.
    pub is_too_long: bool,
    /// The reason, as a sentence.
    pub says: String,
}

/// A request to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path after the base address.
    pub path: &'a str,
    /// The query parameters.
    pub query: &'a [(&'a str, &'a str)],
    /// The JSON body.
    pub body: Option<&'a str>,
}

impl Http {
    /// A client that signs with `secrets`.
    ///
    /// # Errors
    /// When the address is neither `https` nor this machine.
    pub fn new(settings: &super::Settings, secrets: Secrets) -> Result<Self, Trouble> {
        let base = settings.base_url.trim_end_matches('/');
        let is_safe = |uri: &Uri| {
            let encrypted = uri.scheme_str() == Some("https") || is_loopback(uri);
            encrypted && uri.path() == "/" && uri.query().is_none() && !base.contains('#')
        };
        if !parse(base).is_some_and(|uri| is_safe(&uri)) {
            return Err(Trouble::Configuration(format!(
                "[bot.x] base_url = {base:?}: must be https:// and a host; http:// only for 127.0.0.1 or [::1]"
            )));
        }
        let total = Duration::from_secs(settings.timeout_seconds.into());
        let connect = Some(CONNECT.min(total));
        let total = Some(total);
        let timeouts = Timeouts { resolve: connect, connect, total, ..Timeouts::default() };
        let client = Client::new(&timeouts, false);
        Ok(Self { client, base: base.to_lowercase(), secrets, ahead: 0, measured: None })
    }

    /// The account's id: the first part of the access token.
    pub fn account_id(&self) -> &str {
        self.secrets.access_token.reveal().split('-').next().unwrap_or_default()
    }

    /// `says` without our keys, which a platform may echo, and without terminal escapes.
    pub fn scrub(&self, says: String) -> String {
        let texts = self.secrets.texts();
        let written = texts.map(oauth::percent);
        let forms = texts.into_iter().chain(written.iter().map(|text| &**text));
        let clean =
            forms.filter(|form| !form.is_empty()).fold(says, |says, form| says.replace(form, "…"));
        for_terminal(&clean).into_owned()
    }

    /// Send a request once.
    ///
    /// # Errors
    /// When there is no complete response.
    pub fn send(&mut self, request: &Request<'_>, now: Moment) -> Result<Answer, Lost> {
        let address = format!("{}{}", self.base, request.path);
        let nonce = oauth::nonce().map_err(|error| Lost {
            may_have_arrived: false,
            is_too_long: false,
            says: format!("no randomness to sign with: {error}"),
        })?;
        let signed = oauth::Signed {
            method: request.method.name(),
            address: &address,
            fields: request.query,
            nonce: &nonce,
            timestamp: (now + self.ahead).div_euclid(1000),
        };
        let authorization = oauth::header(&signed, &self.secrets);
        let query: Vec<_> = request
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", oauth::percent(name), oauth::percent(value)))
            .collect();
        let url = if query.is_empty() { address } else { format!("{address}?{}", query.join("&")) };
        let json = [("Authorization", &*authorization), ("Accept", "application/json")];
        let headers: Vec<_> = match request.method {
            Method::Post => {
                json.into_iter().chain([("Content-Type", "application/json")]).collect()
            }
            _ => json.to_vec(),
        };
        let body = (request.method == Method::Post).then(|| request.body.unwrap_or("{}"));
        let response =
            self.client.send(request.method, &url, &headers, body).map_err(|error| Lost {
                may_have_arrived: error.may_have_arrived(),
                is_too_long: false,
                says: format!("no response ({error})"),
            })?;
        let headers = Headers::read(|name| response.header(name));
        self.measured = headers.date.map(|date| date - now).or(self.measured);
        let status = response.status();
        match response.read(LONGEST) {
            Ok(body) => Ok(Answer { status, body, headers }),
            // That it is a refusal matters more than its text.
            Err(_) if status >= 400 => Ok(Answer { status, body: Vec::new(), headers }),
            Err(error) => {
                let is_too_long = error == net::Error::TooLong;
                let says = format!("incomplete response ({error})");
                Err(Lost { may_have_arrived: true, is_too_long, says })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_nowhere_but_here() {
        let secrets = || Secrets {
            consumer_key: crate::bot::Secret::new("a"),
            consumer_secret: crate::bot::Secret::new("b"),
            access_token: crate::bot::Secret::new("1-c"),
            access_secret: crate::bot::Secret::new("d"),
        };
        let new = |base: &str| {
            let base_url = base.to_owned();
            Http::new(&crate::bot::x::Settings { base_url, ..Default::default() }, secrets())
        };
        for good in
            ["https://api.x.com", "http://127.0.0.1:8080", "http://[::1]:9", "http://127.0.0.9"]
        {
            assert!(new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.x.com",
            "http://127.0.0.1.evil.example",
            "http://localhost:80",
            "http://127.0.0.1@evil.example",
            "http://127.0.0.1:80@evil.example",
            "https://api.x.com@evil.example",
            "ftp://127.0.0.1",
            "127.0.0.1",
            "https://",
        ] {
            assert!(new(bad).is_err(), "{bad}");
        }
    }
}
