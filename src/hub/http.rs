//! One request to the hub and where it leads. The token goes to the hub alone, never along a redirect to another host;
//! what an address holds besides its host is never in a message, for it may be signed.

use super::{Conditions, Hub, Settings, Trouble};
use anyhow::anyhow;
use std::{io::Read, time::Duration};
use ureq::{
    Agent, Body, Error,
    http::{HeaderMap, Response, StatusCode, Uri},
};

/// No redirect leads further than this many hosts.
const HOPS: usize = 8;
/// No answer that is kept in memory is longer.
const LONGEST: u64 = 8 << 20;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Only what the hub says of a file; the content's own host isn't asked.
    Facts,
    /// The same, by its first byte: some mirrors know no `HEAD`.
    FirstByte,
    /// The content from this byte on.
    Content(u64),
}

/// What the hub's own headers say of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The content's name: its checksum, for all that the hub itself keeps.
    pub etag: Option<String>,
    /// Bytes of content.
    pub size: Option<u64>,
    /// The revision it is of.
    pub commit: Option<String>,
}

/// An answer that is none of refusal.
pub struct Answer {
    /// 200, 206 or 416; for [`Ask::Facts`] also a redirect.
    pub status: u16,
    /// What the hub said on the way.
    pub facts: Facts,
    /// The host that answered.
    pub host: String,
    response: Response<Body>,
}

impl Answer {
    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(self.response.headers(), name)
    }

    /// The content as it comes.
    pub fn into_reader(self) -> impl Read {
        self.response.into_body().into_with_config().limit(u64::MAX).reader()
    }
}

/// A client that follows nothing by itself and waits for nothing forever.
pub fn agent(settings: &Settings, conditions: &Conditions) -> Agent {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .timeout_resolve(Some(conditions.silence))
        .timeout_connect(Some(conditions.silence))
        .timeout_per_read(Some(conditions.silence))
        .timeout_per_write(Some(conditions.silence))
        .timeout_recv_response(Some(2 * conditions.silence))
        .user_agent(concat!("unstuck/", env!("CARGO_PKG_VERSION")));
    if parse(&settings.endpoint).is_some_and(|uri| is_loopback(&uri)) {
        config = config.proxy(None); // no proxy can see this machine
    }
    config.build().into()
}

/// Whether a hub may be at this address: a scheme, a host, perhaps a path, and nobody's name or password.
pub fn is_address(address: &str) -> bool {
    parse(address).is_some_and(|uri| uri.query().is_none())
}

fn parse(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let authority = uri.authority()?.as_str();
    let fits = scheme && !authority.contains('@') && uri.host().is_some_and(|h| !h.is_empty());
    fits.then_some(uri)
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Scheme, host and port.
fn origin(uri: &Uri) -> (&str, &str, u16) {
    let scheme = uri.scheme_str().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    (scheme, uri.host().unwrap_or_default(), port)
}

/// Where a redirect from `from` leads.
fn join(from: &Uri, location: &str) -> Option<Uri> {
    let (scheme, authority) = (from.scheme_str()?, from.authority()?.as_str());
    if location.contains("://") && !location.starts_with('/') {
        return parse(location);
    }
    if let Some(rest) = location.strip_prefix("//") {
        return parse(&format!("{scheme}://{rest}"));
    }
    if location.starts_with('/') {
        return parse(&format!("{scheme}://{authority}{location}"));
    }
    let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    parse(&format!("{scheme}://{authority}{folder}/{location}"))
}

impl Hub {
    /// Ask once, along all redirects.
    pub(super) fn ask(&self, path: &str, ask: Ask) -> Result<Answer, Trouble> {
        let bad = || Trouble::Fatal(anyhow!("{}: no address of a hub", self.settings.endpoint));
        let home = parse(&self.settings.endpoint).ok_or_else(bad)?;
        let mut at = parse(&format!("{}/{path}", self.settings.endpoint)).ok_or_else(bad)?;
        let mut facts = Facts::default();
        for _ in 0..HOPS {
            let at_home = origin(&at) == origin(&home);
            let response = self.send(&at, at_home, ask)?;
            let status = response.status();
            if at_home {
                facts.read(response.headers(), status);
            }
            let host = at.host().unwrap_or_default().to_owned();
            if ask == Ask::Facts && at_home && matches!(status.as_u16(), 405 | 501) {
                return self.ask(path, Ask::FirstByte);
            }
            if !status.is_redirection() {
                let answer = Answer { status: status.as_u16(), facts, host, response };
                return match answer.status {
                    200 | 206 => Ok(answer),
                    416 if matches!(ask, Ask::Content(_)) => Ok(answer),
                    _ => Err(self.refused(&answer, at_home)),
                };
            }
            let to = text(response.headers(), "location").and_then(|to| join(&at, to));
            let to = to.ok_or_else(|| Trouble::Again(format!("{host} leads nowhere"), None))?;
            let plain = to.scheme_str() == Some("http") && !is_loopback(&to);
            if plain && home.scheme_str() == Some("https") {
                let to = to.host().unwrap_or_default();
                return Err(Trouble::Fatal(anyhow!(
                    "the hub leads to {to} without encryption; nothing was fetched from there"
                )));
            }
            if !matches!(ask, Ask::Content(_)) && origin(&to) != origin(&home) {
                return Ok(Answer { status: status.as_u16(), facts, host, response });
            }
            at = to;
        }
        Err(Trouble::Fatal(anyhow!("the hub leads in circles; try again later")))
    }

    fn send(&self, at: &Uri, at_home: bool, ask: Ask) -> Result<Response<Body>, Trouble> {
        let mut request = match ask {
            Ask::Facts => self.agent.head(at),
            Ask::FirstByte | Ask::Content(_) => self.agent.get(at),
        };
        // checksums and ranges are of the content as it is
        request = request.header("Accept-Encoding", "identity");
        let private = at.scheme_str() == Some("https") || is_loopback(at);
        if let Some(token) = self.settings.token.as_ref().filter(|_| at_home && private) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        match ask {
            Ask::Content(from @ 1..) => {
                request = request.header("Range", format!("bytes={from}-"));
            }
            Ask::FirstByte => request = request.header("Range", "bytes=0-0"),
            _ => {}
        }
        request.call().map_err(|error| lost(&error, at.host().unwrap_or_default()))
    }

    /// A whole small answer.
    pub(super) fn read(&self, path: &str) -> Result<(Vec<u8>, Facts), Trouble> {
        let answer = self.ask(path, Ask::Content(0))?;
        let (host, facts) = (answer.host.clone(), answer.facts.clone());
        let announced = answer.header("content-length").and_then(|n| n.parse::<u64>().ok());
        let mut bytes = Vec::new();
        let read = answer.into_reader().take(LONGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| broken(&error, &host))?;
        let length = bytes.len() as u64;
        if length > LONGEST {
            return Err(Trouble::Fatal(anyhow!("{host} answers without end; that is no hub")));
        }
        if announced.is_some_and(|n| n != length) {
            return Err(Trouble::Again(format!("{host} broke off"), None));
        }
        Ok((bytes, facts))
    }

    /// What a status of refusal means.
    fn refused(&self, answer: &Answer, at_home: bool) -> Trouble {
        let (status, host) = (answer.status, &answer.host);
        let headers = answer.response.headers();
        let later = retry_after(headers);
        match status {
            429 => return Trouble::Again(format!("{host} is asked too often (429)"), later),
            408 | 500..=599 => {
                return Trouble::Again(format!("{host} is in trouble ({status})"), later);
            }
            // a signed address that has run out, mostly: the hub gives a new one
            _ if !at_home => return Trouble::Again(format!("{host} refuses ({status})"), later),
            _ => {}
        }
        let says: String =
            text(headers, "x-error-message").unwrap_or_default().chars().take(200).collect();
        let has_token = self.settings.token.is_some();
        match (text(headers, "x-error-code").unwrap_or_default(), status) {
            ("GatedRepo", _) => Trouble::Fatal(match has_token {
                true => anyhow!(
                    "its owner lets in only who was accepted, and HF_TOKEN's account is not; ask on the model's page \
                     ({}) and pull again",
                    self.settings.endpoint
                ),
                false => anyhow!(
                    "its owner lets in only who was accepted; ask on the model's page ({}), then set HF_TOKEN and pull \
                     again",
                    self.settings.endpoint
                ),
            }),
            ("DisabledRepo", _) => Trouble::Fatal(anyhow!("the hub has disabled it")),
            (_, 401) if says.starts_with("Invalid credentials") || has_token && says.is_empty() => {
                Trouble::Fatal(anyhow!(
                    "the hub doesn't accept HF_TOKEN (401); make a new one in your account's settings there, or unset it \
                     for public models"
                ))
            }
            ("RepoNotFound" | "RevisionNotFound" | "EntryNotFound", _) | (_, 404 | 401) => {
                Trouble::Missing(match status {
                    401 => "there is none, or it is private: then set HF_TOKEN".into(),
                    _ => "there is none".into(),
                })
            }
            (_, 403) => Trouble::Fatal(anyhow!("the hub refuses it (403){}{says}", colon(&says))),
            _ => Trouble::Fatal(anyhow!("the hub answers {status}{}{says}", colon(&says))),
        }
    }
}

fn colon(says: &str) -> &'static str {
    if says.is_empty() { "" } else { ": " }
}

impl Facts {
    /// The first to say something is right: later answers may be of another host's copy.
    fn read(&mut self, headers: &HeaderMap, status: StatusCode) {
        let linked = text(headers, "x-linked-etag");
        let own = text(headers, "etag").filter(|_| status.is_success());
        let clean = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
        self.etag = self.etag.take().or_else(|| linked.or(own).map(clean));
        let length = || text(headers, "content-length").filter(|_| status == StatusCode::OK);
        let total = || text(headers, "content-range")?.rsplit_once('/').map(|(_, total)| total);
        let size = text(headers, "x-linked-size").or_else(length).or_else(total);
        self.size = self.size.or_else(|| size?.parse().ok());
        let commit = text(headers, "x-repo-commit").map(str::to_owned);
        self.commit = self.commit.take().or(commit);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// How long the other side wants to be left alone: `Retry-After` in seconds or as a date, or the time of a `RateLimit`.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    if let Some(said) = text(headers, "retry-after") {
        if let Ok(seconds) = said.trim().parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp());
        let now = text(headers, "date").and_then(date).unwrap_or_else(jiff::Timestamp::now);
        let left = date(said)?.duration_since(now);
        return Some(Duration::try_from(left).unwrap_or_default());
    }
    let limit = text(headers, "ratelimit")?;
    let left = limit.split(';').find_map(|part| part.trim().strip_prefix("t="))?;
    Some(Duration::from_secs(left.parse().ok()?))
}

/// No answer.
fn lost(error: &Error, host: &str) -> Trouble {
    let why = match error {
        Error::HostNotFound => format!("{host} is not found; is there a connection?"),
        Error::ConnectionFailed => format!("{host} can't be reached; is there a connection?"),
        Error::Timeout(_) => format!("{host} says nothing"),
        Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            format!("{host} lets nobody in")
        }
        Error::Io(_) | Error::Protocol(_) => format!("{host} broke off"),
        Error::Tls(_) | Error::Rustls(_) => {
            return Trouble::Fatal(anyhow!("{host} can't show that it is {host}: {error}"));
        }
        Error::InvalidProxyUrl => {
            return Trouble::Fatal(anyhow!("the proxy that the environment names can't be used"));
        }
        // others may repeat an address, and so what is signed into it
        _ => format!("{host} doesn't answer as a hub would"),
    };
    Trouble::Again(why, None)
}

/// An answer that ended before its end.
pub(super) fn broken(error: &std::io::Error, host: &str) -> Trouble {
    let late = error.kind() == std::io::ErrorKind::TimedOut
        || error.get_ref().is_some_and(|e| matches!(e.downcast_ref(), Some(Error::Timeout(_))));
    Trouble::Again(format!("{host} {}", if late { "fell silent" } else { "broke off" }), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    #[allow(clippy::unwrap_used)]
    fn redirects_lead_where_a_browser_would_go() {
        let from = parse("https://hub.example/a/b/c?x=1").unwrap();
        for (location, want) in [
            ("/d/e?y=2", "https://hub.example/d/e?y=2"),
            ("d", "https://hub.example/a/b/d"),
            ("//cdn.example/f", "https://cdn.example/f"),
            ("https://cdn.example/f?sig=a://b", "https://cdn.example/f?sig=a://b"),
            ("/d?next=https://x", "https://hub.example/d?next=https://x"),
        ] {
            assert_eq!(join(&from, location).unwrap().to_string(), want);
        }
        for bad in ["ftp://x/y", "https://me:secret@x/y", "https://"] {
            assert_eq!(join(&from, bad), None, "{bad}");
        }
    }

    #[test]
    #[allow(clippy::unwrap_used)]
    fn only_the_same_host_scheme_and_port_is_the_hub() {
        let at = |address: &str| parse(address).unwrap();
        assert_eq!(origin(&at("https://h/x")), origin(&at("https://h:443/y")));
        for other in ["http://h/", "https://h:8443/", "https://h.evil/", "https://a.h/"] {
            assert_ne!(origin(&at("https://h/x")), origin(&at(other)), "{other}");
        }
    }

    #[test]
    #[allow(clippy::unwrap_used)]
    fn waits_are_read_in_every_form() {
        let seconds = |lines: &[(&'static str, &'static str)]| {
            retry_after(&headers(lines)).map(|d| d.as_secs())
        };
        assert_eq!(seconds(&[("retry-after", "7")]), Some(7));
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        assert_eq!(seconds(&[("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT"), date]), Some(30));
        assert_eq!(seconds(&[("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT"), date]), Some(0));
        assert_eq!(seconds(&[("ratelimit", "\"api\";r=0;t=55")]), Some(55));
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
        assert_eq!(seconds(&[]), None);
    }
}
