//! HTTP for the whole program: one client for the hub, the bot's platform and servers that run models. It follows no redirects by itself,
//! keeps no connections open, and has a timeout for every phase. Its errors say whether the request may have arrived.

mod address;
mod header;
mod secret;

pub use address::{is_loopback, join, origin, parse};
pub use header::{date, retry_after};
pub use secret::{Exposed, Secret, guard};
pub use ureq::http::Uri;

use std::{fmt, io, time::Duration};
use ureq::{Agent, Body, Timeout, http};

/// Timeouts for the phases of a request; `None` is no limit for that phase.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeouts {
    /// Resolving the host's name.
    pub resolve: Option<Duration>,
    /// Connecting, with TLS.
    pub connect: Option<Duration>,
    /// Each single read and write.
    pub silence: Option<Duration>,
    /// From the end of the request to the response's headers.
    pub response: Option<Duration>,
    /// The whole request.
    pub total: Option<Duration>,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `HEAD`: the headers only.
    Head,
    /// `GET`: the resource.
    Get,
    /// `POST`: send a body.
    Post,
    /// `DELETE`: delete the resource.
    Delete,
}

impl Method {
    /// The method's name in the request line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "HEAD",
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// An HTTP client.
#[derive(Clone, Debug)]
pub struct Client(Agent);

impl Client {
    /// Create a client with these timeouts. It uses the proxy from the environment only if `proxy` is set.
    pub fn new(timeouts: &Timeouts, proxy: bool) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .timeout_resolve(timeouts.resolve)
            .timeout_connect(timeouts.connect)
            .timeout_per_read(timeouts.silence)
            .timeout_per_write(timeouts.silence)
            .timeout_recv_response(timeouts.response)
            .timeout_global(timeouts.total)
            .user_agent(concat!("unstuck/", env!("CARGO_PKG_VERSION")));
        if !proxy {
            config = config.proxy(None);
        }
        Self(config.build().into())
    }

    /// Send one request. Every status is returned as a response, redirects included. The body is requested without
    /// compression, so that checksums and ranges refer to the content.
    ///
    /// # Errors
    /// When no response arrived.
    pub fn send(
        &self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Response, Error> {
        let request = http::Request::builder().method(method.name()).uri(address);
        let all = [("Accept-Encoding", "identity")].into_iter().chain(headers.iter().copied());
        let request = all.fold(request, |request, (name, value)| request.header(name, value));
        let response = match body {
            Some(body) => request.body(body).map_err(ureq::Error::from).and_then(|r| self.0.run(r)),
            None => request.body(()).map_err(ureq::Error::from).and_then(|r| self.0.run(r)),
        };
        Ok(Response(response?))
    }

    /// Close all connections. A request in progress ends with an error, also while it waits for the server, and no
    /// other one can be sent.
    pub fn close(&self) {
        self.0.clone().shutdown();
    }
}

/// A response whose body has not been read yet.
#[derive(Debug)]
pub struct Response(http::Response<Body>);

impl Response {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    /// A header's value; `None` when it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers().get(name)?.to_str().ok()
    }

    /// The body as a stream of any length. [`Error::of_body`] classifies its errors.
    pub fn into_reader(self) -> impl io::Read {
        self.0.into_body().into_with_config().limit(u64::MAX).reader()
    }

    /// Read the whole body, at most `limit` bytes.
    ///
    /// # Errors
    /// When it breaks off or is longer than `limit`.
    pub fn read(self, limit: u64) -> Result<Vec<u8>, Error> {
        let body = self.0.into_body().into_with_config().limit(limit).read_to_vec();
        body.map_err(|error| match error {
            ureq::Error::Io(error) => Error::of_body(&error),
            error => Error::from(error),
        })
    }
}

/// Why there is no response, or only a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The host's name could not be resolved.
    HostNotFound,
    /// The host could not be reached.
    Unreachable,
    /// The host refused the connection.
    Refused,
    /// A timeout before the request was sent.
    ConnectTimeout,
    /// A timeout after that.
    Timeout,
    /// The connection broke, or the response is not HTTP.
    BrokenOff,
    /// No secure connection, with the reason.
    Tls(String),
    /// The proxy from the environment can't be used.
    Proxy,
    /// The body is longer than allowed.
    TooLong,
    /// Anything else. It has no text, since that might contain an address with a signature.
    Other,
}

impl Error {
    /// Whether the server may have processed the request. It certainly has not if the error occurred before the first
    /// byte was sent.
    pub fn may_have_arrived(&self) -> bool {
        !matches!(
            self,
            Self::HostNotFound
                | Self::Unreachable
                | Self::Refused
                | Self::ConnectTimeout
                | Self::Tls(_)
        )
    }

    /// Classify an error of reading a body.
    pub fn of_body(error: &io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(ureq::Error::Timeout(_)) => Self::Timeout,
            Some(ureq::Error::BodyExceedsLimit(_)) => Self::TooLong,
            _ if error.kind() == io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::BrokenOff,
        }
    }
}

impl From<ureq::Error> for Error {
    fn from(error: ureq::Error) -> Self {
        use ureq::Error as E;
        match error {
            E::HostNotFound => Self::HostNotFound,
            E::ConnectionFailed => Self::Unreachable,
            E::Timeout(Timeout::Resolve | Timeout::Connect) => Self::ConnectTimeout,
            E::Timeout(_) => Self::Timeout,
            E::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => Self::Refused,
            E::Io(error) if is_of_resolver(&error) => Self::HostNotFound,
            E::Io(_) | E::Protocol(_) => Self::BrokenOff,
            E::Tls(_) | E::Rustls(_) => Self::Tls(error.to_string()),
            E::InvalidProxyUrl => Self::Proxy,
            E::BodyExceedsLimit(_) => Self::TooLong,
            _ => Self::Other,
        }
    }
}

/// Whether an error is the resolver's: the standard library gives it no kind, only this text.
fn is_of_resolver(error: &io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HostNotFound => "host not found",
            Self::Unreachable => "host unreachable",
            Self::Refused => "connection refused",
            Self::ConnectTimeout | Self::Timeout => "timeout",
            Self::BrokenOff => "connection closed early",
            Self::Tls(why) => return write!(f, "no secure connection: {why}"),
            Self::Proxy => "unusable proxy",
            Self::TooLong => "response too long",
            Self::Other => "request failed",
        })
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_before_the_first_byte_did_not_arrive() {
        use ureq::Error as E;
        let io = |kind| E::Io(io::Error::from(kind));
        for (error, may) in [
            (E::HostNotFound, false),
            (E::ConnectionFailed, false),
            (E::Io(io::Error::other("failed to lookup address information: unknown name")), false),
            (E::Timeout(Timeout::Resolve), false),
            (E::Timeout(Timeout::Connect), false),
            (io(io::ErrorKind::ConnectionRefused), false),
            (io(io::ErrorKind::ConnectionReset), true),
            (io(io::ErrorKind::UnexpectedEof), true),
            (E::Timeout(Timeout::Global), true),
            (E::Timeout(Timeout::SendBody), true),
            (E::Timeout(Timeout::RecvResponse), true),
        ] {
            let says = error.to_string();
            assert_eq!(Error::from(error).may_have_arrived(), may, "{says}");
        }
    }
}
