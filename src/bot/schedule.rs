//! Posts of the account's own at set times of day, `[bot.posts]` in the settings file. They take the same way as replies:
//! the model, the gate, the queue.

use super::{Bot, Result, Trouble, round::DAY};
use crate::{mentions::Moment, splitmix::mix};
use serde::{Deserialize, Serialize};

const MINUTE: Moment = 60_000;

/// The settings of own posts. Without times nothing is posted but replies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Posts {
    /// The times of day in UTC.
    pub at: Vec<TimeOfDay>,
    /// How a post may begin; one is drawn for each post, and the model continues it.
    pub prompts: Vec<String>,
}

/// A time of day, written `HH:MM`, in minutes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let number = |text: &str, most: u16| -> Option<u16> {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number <= most)
        };
        let parts = text.split_once(':');
        let time =
            parts.and_then(|(hour, minute)| Some(number(hour, 23)? * 60 + number(minute, 59)?));
        time.map(Self).ok_or_else(|| format!("expected a time such as \"08:30\", found \"{text}\""))
    }
}

impl From<TimeOfDay> for String {
    fn from(TimeOfDay(minutes): TimeOfDay) -> Self {
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Posts {
    /// Check that there is something to begin with at the set times.
    ///
    /// # Errors
    /// When there are times and no prompts.
    pub fn check(&self) -> Result<()> {
        if self.at.is_empty() || !self.prompts.is_empty() {
            return Ok(());
        }
        let says = "[bot.posts] has times in `at` and no text in `prompts` to begin with";
        Err(Trouble::Configuration(says.into()))
    }

    /// The last time of a post up to `now`.
    fn last(&self, now: Moment) -> Option<Moment> {
        let midnight = now.div_euclid(DAY) * DAY;
        let moments = self.at.iter().flat_map(|TimeOfDay(minutes)| {
            let today = midnight + Moment::from(*minutes) * MINUTE;
            [today, today - DAY]
        });
        moments.filter(|moment| *moment <= now).max()
    }
}

impl Bot<'_> {
    /// Queue a post if its time has come. One whose time passes while the bot isn't running is left out, so that a restored
    /// backup of the ledger repeats none.
    pub(super) fn schedule(&mut self, now: Moment) -> Result<()> {
        let posts = &self.settings.posts;
        let Some(due) = posts.last(now).filter(|due| *due > self.scheduled) else { return Ok(()) };
        self.scheduled = now;
        let key = key(due);
        let draw = mix(u64::from(crc32fast::hash(key.as_bytes())));
        let Some(most) = (posts.prompts.len() as u64).checked_sub(1) else { return Ok(()) };
        let chosen = usize::try_from(draw % (most + 1)).unwrap_or(0);
        self.ledger.schedule(&key, &posts.prompts[chosen], due, now)?;
        self.mark("scheduled");
        Ok(())
    }
}

/// The name of the post of a time in the ledger.
fn key(due: Moment) -> String {
    let time = jiff::Timestamp::from_millisecond(due).unwrap_or_default();
    time.strftime("own-%Y-%m-%dT%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_numbers() {
        let read = |text: &str| TimeOfDay::try_from(text.to_owned());
        assert_eq!(read("08:30").map(String::from), Ok("08:30".into()));
        assert_eq!(read("23:59"), Ok(TimeOfDay(23 * 60 + 59)));
        for wrong in ["", "8:30", "24:00", "12:60", "12", "12:3", "+1:30", "12:30:00", "noon"] {
            assert!(read(wrong).unwrap_err().contains("08:30"), "{wrong}");
        }
    }

    #[test]
    fn the_last_time_may_be_yesterday() {
        let at = |times: &[&str]| Posts {
            at: times.iter().map(|time| TimeOfDay::try_from((*time).to_owned()).unwrap()).collect(),
            ..Posts::default()
        };
        let noon = 20_000 * DAY + DAY / 2;
        assert_eq!(at(&[]).last(noon), None);
        assert_eq!(at(&["12:00", "06:00"]).last(noon), Some(noon));
        assert_eq!(at(&["12:01"]).last(noon), Some(noon + MINUTE - DAY));
        assert_eq!(at(&["12:01", "06:00"]).last(noon), Some(noon - 6 * 60 * MINUTE));
        assert_eq!(key(20_000 * DAY + 90 * MINUTE), "own-2024-10-04T01:30");
    }
}
