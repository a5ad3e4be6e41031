//! Cleaning of text that a model wrote: what a reader must not see is removed. The writer's own text is never cleaned.
//!
//! From a stream of tokens, only what a few characters identify is removed: training tags, terminal escapes, control
//! and invisible characters. `Cleaner` holds back only what may become one of them. The result doesn't depend on how
//! the text is split into tokens.
//!
//! `post` does what needs the whole text: it decodes character references once, removes an echo of the prompt, links
//! and handles, and keeps whole sentences up to the limit. `post_steps` shows each step. It is stricter than any
//! platform: text that a platform might turn into a link is removed or split by a space. If nothing is left, there is
//! no post.
//!
//! Only `sentence_ends` decides where a sentence ends. The engine, the desk and `post` use it.

mod bleep;
mod english;
mod entity;
mod lines;
mod link;
mod phrase;
mod post;
mod script;
mod sentence;
mod stream;
mod url;
mod visible;

pub use bleep::{BLEEP, Bleeps, Judged, Severity};
pub use english::is_english;
pub use entity::{decode, encode};
pub use lines::{unescaped, unified};
pub use phrase::{Phrases, Scan};
pub use post::{PostRules, Step, post, post_steps, weight, without_links};
pub use script::{is_ideograph, is_of_word, is_spaceless};
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
