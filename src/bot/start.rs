//! What a bot does once at its start: it identifies the account, checks that the ledger is the account's, and reads from the
//! account's timeline what was answered already.

use super::{Bot, Posting, Result, Settings, Trouble, Turn, round::DAY};
use crate::mentions::{Account, Moment};

/// A difference of clocks that is told, in milliseconds.
const WRONG_CLOCK: Moment = 2 * 60_000;
/// What is said of keys that can't post.
pub const READ_ONLY: &str =
    "the keys may only read; give the app Read and Write, then make a new access token";

/// What is said of an account that the platform doesn't show as a bot's.
pub const NO_BOT: &str = "the account is not marked as automated; switch that on in the account's settings, since people have to know";

impl Bot<'_> {
    /// Done once at the start: identify the account, and resolve what the last run left uncertain.
    pub(super) fn start(&mut self, now: Moment) -> Result<Turn> {
        if now < self.reads_from {
            return Ok(Turn::Until(self.reads_from));
        }
        self.mark("started");
        let orphans = self.ledger.doubt_orphans(now)?;
        if orphans > 0 {
            self.note(format!(
                "{orphans} replies were on their way when the last run ended; looking for them"
            ));
        }
        let me = match self.platform.account(now) {
            Ok(me) => me,
            Err(refusal) => return self.reading_failed(&refusal, now),
        };
        self.own_ledger(&me)?;
        if let Some(says) = self.platform.ahead().and_then(wrong_clock) {
            self.note(says);
        }
        if let Some(says) = unfit(&me, &self.settings) {
            return Err(Trouble::Permission(says.into()));
        }
        if me.is_bot == Some(false) {
            self.note(NO_BOT.into());
        }
        if self.platform.has_timeline() {
            // the ledger may be new, or a restored backup: what the account answered meanwhile is read from its timeline
            let oldest = Moment::from(self.settings.policy.max_age_hours) * 3_600_000;
            let answered = match self.timeline(now - oldest - DAY, now) {
                Ok(answered) => answered,
                Err(refusal) => return self.reading_failed(&refusal, now),
            };
            let mut learned = 0;
            for (mention, reply) in &answered.replies {
                learned += u32::from(self.ledger.learn_reply(mention, reply, now)?);
            }
            for post in self.ledger.unsent_posts()? {
                if let Some(id) = answered.reply_of(&post) {
                    self.ledger.found(&post.key, id, now)?;
                }
            }
            self.spend(f64::from(learned) * self.settings.policy.read_usd, now)?;
            let (every, posting) = (self.settings.poll_seconds, self.settings.posting);
            self.note(format!("@{}: polling every {every} s, posting: {posting}", me.handle));
        }
        self.failures = 0;
        self.me = Some(me);
        self.mark("known");
        Ok(Turn::Again)
    }

    /// Check that the ledger is this account's, and write the account into one that has none.
    fn own_ledger(&self, me: &Account) -> Result<()> {
        match self.ledger.note("account")? {
            Some(id) if id != me.id => {
                let owner = self.ledger.note("account.handle")?.unwrap_or_default();
                return Err(Trouble::Configuration(format!(
                    "the ledger is that of @{owner} ({id}), and the account is @{} ({}); give each account a ledger of its \
                     own (bot.ledger)",
                    me.handle, me.id
                )));
            }
            Some(_) => {}
            None => self.ledger.set_note("account", &me.id)?,
        }
        Ok(self.ledger.set_note("account.handle", &me.handle)?)
    }
}

/// Why an account can't be run with these settings.
pub(super) fn unfit(me: &Account, settings: &Settings) -> Option<&'static str> {
    match settings.posting {
        Posting::DryRun => None,
        _ if me.read_only => Some(READ_ONLY),
        Posting::Auto if me.is_bot == Some(false) => Some(NO_BOT),
        Posting::Auto | Posting::Queue => None,
    }
}

/// What is said of a clock over which the platform's is so far ahead, in milliseconds; `None` if it is right.
pub fn wrong_clock(ahead: Moment) -> Option<String> {
    let (seconds, which) = (ahead.abs() / 1000, if ahead > 0 { "slow" } else { "fast" });
    (ahead.abs() > WRONG_CLOCK).then(|| {
        format!(
            "this machine's clock is {seconds} s {which} by the platform's; set it, since the age of mentions depends on it"
        )
    })
}
