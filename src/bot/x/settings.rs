//! The settings of the platform X, `[bot.x]` in the settings file.

use serde::{Deserialize, Serialize};

/// Its settings, `[bot.x]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The API's address. Plain `http` only for this machine, for tests.
    pub base_url: String,
    /// Seconds that one request may take.
    pub timeout_seconds: u32,
    /// The names of fields in requests; responses are understood with both.
    pub spelling: Spelling,
}

/// X is renaming its fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spelling {
    /// `tweet.fields`, `referenced_tweets`, ...
    #[default]
    Tweet,
    /// `post.fields`, `referenced_posts`, ...
    Post,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            base_url: "https://api.x.com".into(),
            timeout_seconds: 20,
            spelling: Spelling::default(),
        }
    }
}
