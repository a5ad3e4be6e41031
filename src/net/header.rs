//! Parses response headers: dates, and how long to wait before the next request.

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use std::time::Duration;

/// Parse an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn date(text: &str) -> Option<Timestamp> {
    const PARSER: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text.trim()).ok()
}

/// How long to wait before the next request: `Retry-After` in seconds or as a date (RFC 9110), else the time in
/// `RateLimit`. A date is compared with the server's own clock.
pub fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    if let Some(said) = header("retry-after") {
        if let Ok(seconds) = said.trim().parse() {
            return Some(Duration::from_secs(seconds));
        }
        let now = header("date").and_then(date).unwrap_or_else(Timestamp::now);
        return Some(Duration::try_from(date(said)?.duration_since(now)).unwrap_or_default());
    }
    let left = header("ratelimit")?.split(';').find_map(|part| part.trim().strip_prefix("t="))?;
    Some(Duration::from_secs(left.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        let seconds = |text| date(text).map(Timestamp::as_second);
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        for broken in
            ["", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:00:00 GMT"]
        {
            assert_eq!(seconds(broken), None, "{broken}");
        }
    }

    #[test]
    fn waits_are_read_in_every_form() {
        let seconds = |lines: &[(&str, &'static str)]| {
            let value = |name: &str| lines.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
            retry_after(value).map(|wait| wait.as_secs())
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
