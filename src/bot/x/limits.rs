//! Rate limits: what the response headers say about the remaining requests and the next reset.

use crate::{bot::clock::Jitter, mentions::Moment, net};
use std::time::Duration;

/// The relevant headers. Each may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    /// The platform's clock.
    pub date: Option<Moment>,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    /// The limits for 15 minutes, for the app per day and for the account per day.
    pub buckets: Vec<Bucket>,
    /// The platform's id of the request.
    pub transaction: Option<String>,
    /// Whether the keys allow reading only.
    pub read_only: bool,
}

/// One rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Requests allowed per period.
    pub limit: Option<i64>,
    /// Requests left.
    pub remaining: i64,
    /// When the period ends.
    pub reset: Option<Moment>,
}

const DAY: Moment = 24 * 3_600_000;

impl Headers {
    /// Read them through a function that returns a header's value.
    pub fn read<'a>(value: impl Fn(&str) -> Option<&'a str>) -> Self {
        let number = |name: &str| value(name).and_then(|text| text.trim().parse::<i64>().ok());
        let prefixes = ["x-rate-limit", "x-app-limit-24hour", "x-user-limit-24hour"];
        let buckets = prefixes.iter().filter_map(|prefix| {
            Some(Bucket {
                limit: number(&format!("{prefix}-limit")),
                remaining: number(&format!("{prefix}-remaining"))?,
                reset: number(&format!("{prefix}-reset")).and_then(|s| s.checked_mul(1000)),
            })
        });
        Self {
            date: value("date").and_then(net::date).map(|date| date.as_millisecond()),
            retry_after: net::retry_after(&value),
            buckets: buckets.collect(),
            transaction: value("x-transaction-id").map(str::to_owned),
            read_only: value("x-access-level").is_some_and(|level| level.trim() == "read"),
        }
    }

    /// When to retry after a 429, by our clock. `None` when the headers make no sense.
    pub fn wait(&self, now: Moment, jitter: &mut Jitter) -> Option<Moment> {
        let theirs = self.date.unwrap_or(now);
        let empty = self.buckets.iter().filter(|bucket| bucket.remaining <= 0);
        let reset = empty.filter_map(|bucket| bucket.reset).max().map(|reset| reset - theirs);
        let told = self.retry_after.and_then(|wait| Moment::try_from(wait.as_millis()).ok());
        let wait = reset.into_iter().chain(told).max().filter(|wait| *wait > 0)?;
        Some(now + wait.clamp(1_000, DAY) + jitter.up_to(5_000))
    }

    /// When reading may continue if less than a tenth of a limit is left; `None`: now.
    pub fn rest_until(&self, now: Moment) -> Option<Moment> {
        let theirs = self.date.unwrap_or(now);
        let low = self.buckets.iter().filter(|bucket| {
            bucket.limit.is_some_and(|limit| limit > 0 && bucket.remaining * 10 <= limit)
        });
        let reset = low.filter_map(|bucket| bucket.reset).max()?;
        (reset > theirs).then(|| now + (reset - theirs).min(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = 1_790_000_000_000;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        Headers::read(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| *v))
    }

    #[test]
    fn the_latest_empty_limit_decides() {
        let mut jitter = Jitter(1);
        let soon = (NOW / 1000 + 30).to_string();
        let late = (NOW / 1000 + 40_000).to_string();
        let both = headers(&[
            ("x-rate-limit-remaining", "90"),
            ("x-rate-limit-reset", &soon),
            ("x-user-limit-24hour-remaining", "0"),
            ("x-user-limit-24hour-reset", &late),
        ]);
        let wait = both.wait(NOW, &mut jitter).unwrap() - NOW;
        assert!((40_000_000..=40_005_000).contains(&wait), "{wait}");
        let one = headers(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", &soon)]);
        let wait = one.wait(NOW, &mut jitter).unwrap() - NOW;
        assert!((30_000..=35_000).contains(&wait), "{wait}");
    }

    #[test]
    fn nonsense_is_no_reason_to_wait_long_or_not_at_all() {
        let mut jitter = Jitter(1);
        let past = (NOW / 1000 - 30).to_string();
        for reset in [None, Some("abc"), Some(&*past), Some("99999999999999999999")] {
            let mut pairs = vec![("x-rate-limit-remaining", "0")];
            pairs.extend(reset.map(|reset| ("x-rate-limit-reset", reset)));
            assert_eq!(headers(&pairs).wait(NOW, &mut jitter), None, "{reset:?}");
        }
        let far =
            headers(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "32503680000")]);
        assert!(far.wait(NOW, &mut jitter).unwrap() <= NOW + DAY + 5_000);
    }

    #[test]
    fn their_clock_counts_not_ours() {
        let reset = (NOW / 1000 + 10).to_string();
        let pairs = [
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", &*reset),
            ("date", "Mon, 21 Sep 2026 13:00:00 GMT"),
        ];
        let theirs = headers(&pairs).date.unwrap();
        let wait = headers(&pairs).wait(theirs - 3_600_000, &mut Jitter(1)).unwrap();
        let expected = (NOW / 1000 + 10) * 1000 - theirs;
        assert!((expected..=expected + 5_000).contains(&(wait - (theirs - 3_600_000))));
    }

    #[test]
    fn the_last_tenth_is_left() {
        let reset = (NOW / 1000 + 60).to_string();
        let rest = |remaining: &str| {
            headers(&[
                ("x-rate-limit-limit", "300"),
                ("x-rate-limit-remaining", remaining),
                ("x-rate-limit-reset", &reset),
            ])
            .rest_until(NOW)
        };
        assert_eq!((rest("31"), rest("30")), (None, Some(NOW + 60_000)));
    }
}
