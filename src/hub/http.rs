//! Makes one request to the hub and follows its redirects. The token is sent only to the hub, never along a redirect
//! to another host. Messages name only the host of an address, since its path or query may contain a signature.

use super::{Conditions, Hub, Settings, Trouble};
use crate::net::{
    Client, Error, Method, Response, Timeouts, Uri, is_loopback, join, origin, parse, retry_after,
};
use anyhow::anyhow;
use std::io::Read;

/// The maximum number of redirects.
const HOPS: usize = 8;
/// The maximum size in bytes of a response that is kept in memory.
const LONGEST: u64 = 8 << 20;

/// The kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The hub's metadata of a file, without a request to the host that stores its content.
    Facts,
    /// The same, by a request for the first byte: some mirrors don't support `HEAD`.
    FirstByte,
    /// The content from this byte on.
    Content(u64),
}

/// A file's metadata from the hub's own headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The ETag: a checksum, for all files that the hub stores itself.
    pub etag: Option<String>,
    /// The length of the content in bytes.
    pub size: Option<u64>,
    /// The revision (commit) of the file.
    pub commit: Option<String>,
}

/// A successful response.
pub struct Answer {
    /// The status: 200, 206 or 416; for [`Ask::Facts`] also a redirect.
    pub status: u16,
    /// The metadata from the hub's headers, redirects included.
    pub facts: Facts,
    /// The host that answered.
    pub host: String,
    response: Response,
}

impl Answer {
    /// A header of the response.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The body as a stream.
    pub fn into_reader(self) -> impl Read {
        self.response.into_reader()
    }
}

/// A client for this hub.
pub fn client(settings: &Settings, conditions: &Conditions) -> Client {
    let silence = Some(conditions.silence);
    let timeouts = Timeouts {
        resolve: silence,
        connect: silence,
        silence,
        response: Some(2 * conditions.silence),
        total: None,
    };
    // A proxy can't reach this machine's own addresses.
    let proxy = !parse(&settings.endpoint).is_some_and(|uri| is_this_machine(&uri));
    Client::new(&timeouts, proxy)
}

/// Whether this is a valid endpoint: a scheme, a host, and optionally a path; without query, user name and password.
pub fn is_address(address: &str) -> bool {
    parse(address).is_some_and(|uri| uri.query().is_none())
}

/// Whether this hub is on this machine, like a test server or a local cache.
fn is_this_machine(uri: &Uri) -> bool {
    uri.host() == Some("localhost") || is_loopback(uri)
}

impl Hub {
    /// Send one request and follow its redirects.
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
                facts.read(&response);
            }
            let host = at.host().unwrap_or_default().to_owned();
            if ask == Ask::Facts && at_home && matches!(status, 405 | 501) {
                return self.ask(path, Ask::FirstByte);
            }
            if !(300..400).contains(&status) {
                let answer = Answer { status, facts, host, response };
                return match answer.status {
                    200 | 206 => Ok(answer),
                    416 if matches!(ask, Ask::Content(_)) => Ok(answer),
                    _ => Err(self.refused(&answer, at_home)),
                };
            }
            let to = response.header("location").and_then(|to| join(&at, to));
            let to = to.ok_or_else(|| Trouble::Again(format!("{host} leads nowhere"), None))?;
            let plain = to.scheme_str() == Some("http") && !is_this_machine(&to);
            if plain && home.scheme_str() == Some("https") {
                let to = to.host().unwrap_or_default();
                return Err(Trouble::Fatal(anyhow!(
                    "the hub leads to {to} without encryption; nothing was fetched from there"
                )));
            }
            if !matches!(ask, Ask::Content(_)) && origin(&to) != origin(&home) {
                return Ok(Answer { status, facts, host, response });
            }
            at = to;
        }
        Err(Trouble::Fatal(anyhow!("the hub leads in circles; try again later")))
    }

    fn send(&self, at: &Uri, at_home: bool, ask: Ask) -> Result<Response, Trouble> {
        let method = if ask == Ask::Facts { Method::Head } else { Method::Get };
        let mut headers = Vec::new();
        let private = at.scheme_str() == Some("https") || is_this_machine(at);
        if let Some(token) = self.settings.token.as_ref().filter(|_| at_home && private) {
            headers.push(("Authorization", format!("Bearer {token}")));
        }
        match ask {
            Ask::Content(from @ 1..) => headers.push(("Range", format!("bytes={from}-"))),
            Ask::FirstByte => headers.push(("Range", "bytes=0-0".to_owned())),
            _ => {}
        }
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        self.client
            .send(method, &at.to_string(), &headers, None)
            .map_err(|error| lost(&error, at.host().unwrap_or_default()))
    }

    /// Read a small response into memory.
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

    /// The error for an unsuccessful status.
    fn refused(&self, answer: &Answer, at_home: bool) -> Trouble {
        let (status, host) = (answer.status, &answer.host);
        let header = |name: &str| answer.header(name);
        let later = retry_after(header);
        match status {
            429 => return Trouble::Again(format!("{host} is asked too often (429)"), later),
            408 | 500..=599 => {
                return Trouble::Again(format!("{host} is in trouble ({status})"), later);
            }
            // most likely an expired signed address: the hub gives a new one
            _ if !at_home => return Trouble::Again(format!("{host} refuses ({status})"), later),
            _ => {}
        }
        let says: String =
            header("x-error-message").unwrap_or_default().chars().take(200).collect();
        let has_token = self.settings.token.is_some();
        match (header("x-error-code").unwrap_or_default(), status) {
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
    /// Read the headers of a response. Earlier responses take precedence: later ones may be from another host.
    fn read(&mut self, response: &Response) {
        let (status, header) = (response.status(), |name: &str| response.header(name));
        let linked = header("x-linked-etag");
        let own = header("etag").filter(|_| (200..300).contains(&status));
        let clean = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
        self.etag = self.etag.take().or_else(|| linked.or(own).map(clean));
        let length = || header("content-length").filter(|_| status == 200);
        let total = || header("content-range")?.rsplit_once('/').map(|(_, total)| total);
        let size = header("x-linked-size").or_else(length).or_else(total);
        self.size = self.size.or_else(|| size?.parse().ok());
        let commit = header("x-repo-commit").map(str::to_owned);
        self.commit = self.commit.take().or(commit);
    }
}

/// The error when no response arrived.
fn lost(error: &Error, host: &str) -> Trouble {
    let why = match error {
        Error::HostNotFound => {
            format!("{host} is not found; check the connection, and HF_ENDPOINT if it is set")
        }
        Error::Unreachable => format!("{host} can't be reached; is there a connection?"),
        Error::Timeout | Error::ConnectTimeout => format!("{host} does not respond"),
        Error::Refused => format!("{host} refuses connections"),
        Error::BrokenOff => format!("{host} broke off"),
        Error::Tls(why) => {
            return Trouble::Fatal(anyhow!("{host} can't prove that it is {host}: {why}"));
        }
        Error::Proxy => {
            return Trouble::Fatal(anyhow!("the proxy that the environment names can't be used"));
        }
        Error::TooLong | Error::Other => format!("{host} doesn't answer as a hub would"),
    };
    Trouble::Again(why, None)
}

/// The error when the body ended early.
pub(super) fn broken(error: &std::io::Error, host: &str) -> Trouble {
    let late = Error::of_body(error) == Error::Timeout;
    Trouble::Again(format!("{host} {}", if late { "fell silent" } else { "broke off" }), None)
}
