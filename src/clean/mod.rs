//! Cleaning of text that a model wrote: what a reader must not see is removed. The writer's own text is never cleaned.
//!
//! A stream of tokens can lose only what a few characters identify: training tags, terminal escapes, control and
//! invisible characters. `Cleaner` holds back what may become one of them, and nothing else; the same text results
//! however it was split into tokens.
//!
//! What needs the whole text is in `post`: character references are decoded once, an echo of the prompt is removed,
//! links and handles are removed, then whole sentences are kept up to the limit. Each step can be looked at alone
//! (`post_steps`). It is stricter than any platform: text that a platform might turn into a link is removed or split by
//! a space. If nothing is left, there is no post.
//!
//! `sentence_ends` is the only place that decides where a sentence ends. Engine, desk and `post` all use it.

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
