//! Cleaning of text that a model wrote: what a reader must not see is removed. The writer's own text is never cleaned.

mod bleep;
mod entity;
mod link;
mod post;
mod script;
mod sentence;
mod stream;
mod url;
mod visible;

pub use bleep::{BLEEP, Bleeps, Judged};
pub use entity::decode;
pub use post::{PostRules, Step, post, post_steps, weight, without_links};
pub use script::is_ideograph;
pub use sentence::{hanging, sentence_ends};
pub use stream::{Cleaner, prose};
pub use url::without_urls;
pub use visible::for_terminal;

use serde::{Deserialize, Serialize};

/// How much is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    None,
    /// Training tags and control characters.
    #[default]
    Prose,
    /// What `Prose` removes, and what a public post must not contain: links, handles, cashtags, incomplete sentences.
    Post,
}
