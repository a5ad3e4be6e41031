//! Times in words: today's as the hour, older ones with the day or the year.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use std::time::SystemTime;

/// A time as seen from `now`: `9:41`, `21 Nov 9:41` or `21 Nov 2025`.
pub fn moment(time: SystemTime, now: SystemTime, zone: &TimeZone) -> String {
    // A time outside of jiff's range.
    let (Some(time), Some(now)) = (local(time, zone), local(now, zone)) else {
        return "long ago".into();
    };
    let hour = format!("{}:{:02}", time.hour(), time.minute());
    if time.date() == now.date() {
        hour
    } else if time.year() == now.year() {
        format!("{} {hour}", time.strftime("%-d %b"))
    } else {
        time.strftime("%-d %b %Y").to_string()
    }
}

fn local(time: SystemTime, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::try_from(time).ok().map(|time| time.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn as_much_of_the_date_as_is_needed() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let now = at(1_795_000_000); // 2026-11-18, 7:06
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (seconds, said) in [
            (1_795_000_000, "12:06"),
            (1_794_999_000, "11:50"),
            (1_794_900_000, "17 Nov 8:20"),
            (1_750_000_000, "15 Jun 2025"),
        ] {
            assert_eq!(moment(at(seconds), now, &zone), said);
        }
    }
}
