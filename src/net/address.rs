//! URLs: validation, origins, resolution of redirects, and loopback addresses.

use super::Uri;

/// Parse an `http` or `https` URL. It must have a host, and no user name or password.
pub fn parse(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    // The rest of the authority must be a port.
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let plain = uri.authority()?.as_str() == format!("{host}{port}");
    (plain && matches!(uri.scheme_str(), Some("http" | "https"))).then_some(uri)
}

/// Whether the host is a loopback address, so that nothing leaves this machine. Names don't count, not even
/// `localhost`, since a resolver decides what they mean.
pub fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// The origin: scheme, host and port (RFC 6454).
pub fn origin(uri: &Uri) -> (&str, &str, u16) {
    let scheme = uri.scheme_str().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
    (scheme, uri.host().unwrap_or_default(), port)
}

/// The URL that a redirect from `from` to `location` leads to.
pub fn join(from: &Uri, location: &str) -> Option<Uri> {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
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
        for bad in ["ftp://x/y", "https://me:secret@x/y", "https://", "https://x:99999/"] {
            assert_eq!(join(&from, bad), None, "{bad}");
        }
    }

    #[test]
    fn only_the_same_scheme_host_and_port_is_the_same_origin() {
        let at = |address: &str| parse(address).unwrap();
        assert_eq!(origin(&at("https://h/x")), origin(&at("https://h:443/y")));
        for other in ["http://h/", "https://h:8443/", "https://h.evil/", "https://a.h/"] {
            assert_ne!(origin(&at("https://h/x")), origin(&at(other)), "{other}");
        }
    }

    #[test]
    fn only_addresses_of_the_loopback_interface_are_this_machine() {
        for (address, here) in [
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:9", true),
            ("http://127.0.0.9", true),
            ("http://127.0.0.1.evil.example", false),
            ("http://localhost:80", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&parse(address).unwrap()), here, "{address}");
        }
    }
}
