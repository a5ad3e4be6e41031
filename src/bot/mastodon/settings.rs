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
    /// Who can see the account's own posts. Replies have the visibility of their mention.
    pub visibility: Visibility,
}

/// Who can see a post.
#[derive(
    Clone, Copy, Debug, Default, strum::IntoStaticStr, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Visibility {
    /// Everybody, also in public timelines.
    Public,
    /// Everybody, but not in public timelines.
    #[default]
    Unlisted,
    /// The account's followers.
    Private,
}

impl Default for Settings {
    fn default() -> Self {
        Self { server: String::new(), timeout_seconds: 20, visibility: Visibility::default() }
    }
}
