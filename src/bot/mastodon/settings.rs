//! The settings of Mastodon, `[bot.mastodon]` in the settings file.

use serde::{Deserialize, Serialize};

/// Its settings, `[bot.mastodon]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The server's address, such as `https://mastodon.example`. Plain `http` only for this machine, for tests.
    pub server: String,
    /// Seconds that one request may take.
    pub timeout_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { server: String::new(), timeout_seconds: 20 }
    }
}
