//! Reading an HTTP request: the path, and the `Host` and `Origin` headers.

use std::{
    io::Read,
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// The most bytes of a request, and the most time to receive it.
const LENGTH: usize = 8192;
const TIME: Duration = Duration::from_secs(3);

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The page itself.
    Page,
    /// Its style sheet.
    Style,
    /// Its script.
    Script,
    /// The text alone.
    Text,
    /// Prompt and takes.
    Json,
    /// A stream of server-sent events.
    Events,
    /// The request is refused, with this status.
    Refused(&'static str),
}

/// Reads a request. `None` if it is incomplete after the time limit.
pub fn read(mut stream: TcpStream, own: SocketAddr) -> Option<(TcpStream, Answer)> {
    let (begun, mut bytes) = (Instant::now(), Vec::new());
    let mut piece = [0; 1024];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let left = TIME.checked_sub(begun.elapsed()).filter(|left| !left.is_zero())?;
        stream.set_read_timeout(Some(left)).ok()?;
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        if bytes.len() > LENGTH {
            return Some((stream, Answer::Refused("431 Request Header Fields Too Large")));
        }
    }
    let answer = answer(&String::from_utf8_lossy(&bytes), own);
    Some((stream, answer))
}

/// Parses the head of a request.
fn answer(head: &str, own: SocketAddr) -> Answer {
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let fields: Vec<(&str, &str)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name, value.trim()))
        .collect();
    let of = |name: &str| {
        let values = fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
        values.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    // Against DNS rebinding: another site could resolve its own name to this address.
    let ours = |host: &str| {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        matches!(&*name.to_ascii_lowercase(), "127.0.0.1" | "localhost")
            && port.parse() == Ok(own.port())
    };
    let hosts = of("host");
    if hosts.len() != 1 || !hosts.iter().all(|host| ours(host)) {
        return Answer::Refused("403 Forbidden");
    }
    let from_elsewhere = |origin: &&str| !origin.strip_prefix("http://").is_some_and(ours);
    if of("origin").iter().any(from_elsewhere) {
        return Answer::Refused("403 Forbidden");
    }
    if method != "GET" {
        return Answer::Refused("405 Method Not Allowed");
    }
    match target.split('?').next().unwrap_or_default() {
        "/" => Answer::Page,
        "/page.css" => Answer::Style,
        "/page.js" => Answer::Script,
        "/text" => Answer::Text,
        "/json" => Answer::Json,
        "/events" => Answer::Events,
        _ => Answer::Refused("404 Not Found"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_another_host_or_origin_are_refused() {
        let own = SocketAddr::from(([127, 0, 0, 1], 8124));
        let get = |line: &str, fields: &str| answer(&format!("{line}\r\n{fields}\r\n"), own);
        let host = "Host: 127.0.0.1:8124\r\n";
        assert_eq!(get("GET / HTTP/1.1", host), Answer::Page);
        assert_eq!(get("GET /events?x HTTP/1.1", "host:LOCALHOST:8124\r\n"), Answer::Events);
        assert_eq!(get("GET /text HTTP/1.1", host), Answer::Text);
        for fields in [
            "",
            "Host: evil.example:8124\r\n",
            "Host: 127.0.0.1:8124.evil.example\r\n",
            "Host: 127.0.0.1:81\r\n",
            "Host: 127.0.0.1\r\n",
            "Host: 127.0.0.1:8124\r\nHost: evil.example\r\n",
            "Host: 127.0.0.1:8124\r\nOrigin: http://evil.example\r\n",
        ] {
            assert_eq!(get("GET / HTTP/1.1", fields), Answer::Refused("403 Forbidden"), "{fields}");
        }
        assert_eq!(get("POST / HTTP/1.1", host), Answer::Refused("405 Method Not Allowed"));
        assert_eq!(get("GET /../x HTTP/1.1", host), Answer::Refused("404 Not Found"));
        assert_eq!(get("", host), Answer::Refused("405 Method Not Allowed"));
    }
}
