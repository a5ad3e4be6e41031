//! Settings that change while the bot runs. Those that the account, the ledger or the model were opened with need a restart.

use super::{Bot, Settings, round::attest, start::unfit};
use crate::mentions::Moment;
use std::time::Duration;

/// Settings that were read again.
#[derive(Clone, Debug)]
pub struct Reread {
    /// `[bot]`.
    pub settings: Settings,
    /// Names of other settings that have changed, which need a restart.
    pub others: Vec<String>,
}

impl Bot<'_> {
    /// Take new settings. Returns the names of those that have changed and need a restart; they keep their values.
    ///
    /// # Errors
    /// When the new settings can't be used; nothing is changed then.
    pub fn adopt(&mut self, new: Settings, now: Moment) -> Result<Vec<String>, String> {
        if let Some(says) = self.me.as_ref().and_then(|me| unfit(me, &new)) {
            return Err(says.into());
        }
        attest(&self.ledger, &new, now).map_err(|trouble| trouble.to_string())?;
        let old = &self.settings;
        let fixed = [
            ("platform", new.platform != old.platform),
            ("handle", new.handle != old.handle),
            ("ledger", new.ledger != old.ledger),
            ("secrets", new.secrets != old.secrets),
            ("x", new.x != old.x),
            ("mastodon", new.mastodon != old.mastodon),
        ];
        let changed = fixed.iter().filter(|(_, changed)| *changed);
        let names = changed.map(|(name, _)| format!("bot.{name}")).collect();
        if new.posts.at != self.settings.posts.at {
            // A new time that has already passed today begins tomorrow.
            self.scheduled = now;
        }
        let old = std::mem::take(&mut self.settings);
        let (platform, handle) = (old.platform, old.handle);
        let (ledger, secrets, x, mastodon) = (old.ledger, old.secrets, old.x, old.mastodon);
        self.settings = Settings { platform, handle, ledger, secrets, x, mastodon, ..new };
        let settings = &self.settings;
        let patience = Duration::from_secs(settings.patience_seconds.into());
        self.voice.adjust(&settings.voice(), settings.length, patience);
        self.next_poll = 0;
        Ok(names)
    }
}
