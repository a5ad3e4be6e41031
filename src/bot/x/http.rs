//! One signed request, and all of its answer that matters. Follows no redirect, uses no proxy, keeps no connection,
//! reads no endless body, and knows whether a failed request can have arrived.

use super::{limits::Headers, oauth};
use crate::{
    bot::{Secrets, Trouble},
    clean::for_terminal,
    mentions::Moment,
};
use std::{net::IpAddr, time::Duration};
use ureq::Agent;

/// No answer is read further.
const LONGEST: u64 = 1 << 20;
/// The longest until there is a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// A client of one account.
pub struct Http {
    agent: Agent,
    base: String,
    secrets: Secrets,
    /// How far the platform's clock is ahead of ours.
    pub ahead: Moment,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as far as it was read.
    pub body: Vec<u8>,
    /// What the headers say of limits and time.
    pub headers: Headers,
}

/// No answer, or only the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// It may have arrived all the same.
    pub may_have_arrived: bool,
    /// In a sentence.
    pub says: String,
}

/// A request to be signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// Behind the base address.
    pub path: &'a str,
    /// Behind the `?`.
    pub query: &'a [(&'a str, &'a str)],
    /// JSON.
    pub body: Option<&'a str>,
}

impl Http {
    /// A client that signs with `secrets`.
    ///
    /// # Errors
    /// When the address isn't `https`, unless it is this machine.
    pub fn new(settings: &super::Settings, secrets: Secrets) -> Result<Self, Trouble> {
        let base = settings.base_url.trim_end_matches('/');
        let patience = Duration::from_secs(settings.timeout_seconds.into());
        let safe = match base.split_once("://") {
            Some(("https", host)) => !host.is_empty() && !host.contains(['/', '?', '#', '@']),
            Some(("http", host)) => is_loopback(host),
            _ => false,
        };
        if !safe {
            return Err(Trouble::Configuration(format!(
                "[bot.x] base_url = {base:?}: has to be https:// and a host; http:// only to 127.0.0.1 or [::1]"
            )));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .timeout_global(Some(patience))
            .timeout_connect(Some(CONNECT.min(patience)))
            .timeout_resolve(Some(CONNECT.min(patience)))
            .user_agent(concat!("unstuck/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), base: base.to_lowercase(), secrets, ahead: 0 })
    }

    /// The first part of the access token, which is the account's id.
    pub fn account_id(&self) -> &str {
        self.secrets.access_token.reveal().split('-').next().unwrap_or_default()
    }

    /// `says` without our keys, which a platform may well repeat, and without what a terminal would obey.
    pub fn scrub(&self, says: String) -> String {
        let texts = self.secrets.texts();
        let written = texts.map(oauth::percent);
        let forms = texts.into_iter().chain(written.iter().map(|text| &**text));
        let clean =
            forms.filter(|form| !form.is_empty()).fold(says, |says, form| says.replace(form, "…"));
        for_terminal(&clean).into_owned()
    }

    /// Send it once.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub fn send(&self, request: &Request<'_>, now: Moment) -> Result<Answer, Lost> {
        let address = format!("{}{}", self.base, request.path);
        let nonce = oauth::nonce().map_err(|error| Lost {
            may_have_arrived: false,
            says: format!("no randomness to sign with: {error}"),
        })?;
        let signed = oauth::Signed {
            method: request.method,
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
        let sent = match request.method {
            "POST" => self
                .agent
                .post(&url)
                .header("Authorization", &authorization)
                .header("Accept", "application/json")
                .header("Accept-Encoding", "identity")
                .header("Content-Type", "application/json")
                .send(request.body.unwrap_or("{}")),
            method => {
                let builder =
                    if method == "DELETE" { self.agent.delete(&url) } else { self.agent.get(&url) };
                builder
                    .header("Authorization", &authorization)
                    .header("Accept", "application/json")
                    .header("Accept-Encoding", "identity")
                    .call()
            }
        };
        let mut response = sent.map_err(lost)?;
        let headers = Headers::read(|name| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        });
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
        match body {
            Ok(body) => Ok(Answer { status, body, headers }),
            // what a refusal says is of less weight than that it is one
            Err(_) if status >= 400 => Ok(Answer { status, body: Vec::new(), headers }),
            Err(error) => {
                Err(Lost { may_have_arrived: true, says: format!("half an answer ({error})") })
            }
        }
    }
}

/// Only what fails before the first byte of the request is certain not to have arrived.
fn lost(error: ureq::Error) -> Lost {
    use ureq::{Error, Timeout};
    let before = match &error {
        Error::HostNotFound | Error::ConnectionFailed | Error::Tls(_) | Error::Rustls(_) => true,
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => true,
        Error::Io(io) => io.kind() == std::io::ErrorKind::ConnectionRefused,
        _ => false,
    };
    Lost { may_have_arrived: !before, says: format!("no answer ({error})") }
}

fn is_loopback(host: &str) -> bool {
    let address = match host.strip_prefix('[') {
        Some(six) => six.split_once(']').map_or("", |(address, _)| address),
        None => host.split_once(':').map_or(host, |(address, _)| address),
    };
    let port = host.strip_prefix(&format!("[{address}]")).or(host.strip_prefix(address));
    let port_ok = port.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok())
    });
    port_ok && address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_before_the_first_byte_did_not_arrive() {
        use ureq::{Error, Timeout};
        let io = |kind| Error::Io(std::io::Error::from(kind));
        for (error, may) in [
            (Error::HostNotFound, false),
            (Error::ConnectionFailed, false),
            (Error::Timeout(Timeout::Resolve), false),
            (Error::Timeout(Timeout::Connect), false),
            (io(std::io::ErrorKind::ConnectionRefused), false),
            (io(std::io::ErrorKind::ConnectionReset), true),
            (io(std::io::ErrorKind::UnexpectedEof), true),
            (Error::Timeout(Timeout::Global), true),
            (Error::Timeout(Timeout::SendBody), true),
            (Error::Timeout(Timeout::RecvResponse), true),
        ] {
            let says = error.to_string();
            assert_eq!(lost(error).may_have_arrived, may, "{says}");
        }
    }

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
