//! The last check of a reply. What fails it, or can't be checked, isn't posted.

use super::Settings;
use rustrict::{Censor, Type};
use std::panic::catch_unwind;

/// Whether a text must not be posted.
pub type Filter = fn(&str) -> bool;

/// What a reply has to pass.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    /// The operator's blocked words and limits.
    pub settings: &'a Settings,
    /// The maximum weight of a reply.
    pub limit: usize,
    /// Texts that no reply may contain.
    pub secrets: &'a [&'a str],
    /// The profanity filter: [`filter`], except in tests.
    pub filter: Filter,
}

/// Detects profanity, slurs and threats, also with spacing and look-alike letters.
pub fn filter(text: &str) -> bool {
    Censor::from_str(text).analyze().is(Type::INAPPROPRIATE)
}

/// Phrases that the filter crate does not detect. Reviewed by hand.
const NEVER: &[&str] = &[
    "go back to your country",
    "go back where you came from",
    "kill yourself",
    "kill your self",
    "hang yourself",
    "you should die",
    "i will kill you",
    "i will find you",
    "deserve to die",
    "gas the",
    "subhuman",
    "vermin",
];

/// A reply that repeats this many consecutive words of the prompt is rejected.
const ECHO: usize = 8;

impl Gate<'_> {
    /// Why `reply` to `prompt` must not be posted; `None` if it may.
    pub fn refuse(&self, reply: &str, prompt: &str) -> Option<&'static str> {
        let plain = plain(reply);
        let own = self.settings.blocked_words.iter().map(|word| &**word);
        if has_any(&plain, own) {
            return Some("a word that is never said");
        }
        if self.secrets.iter().any(|secret| !secret.is_empty() && reply.contains(secret)) {
            return Some("a secret");
        }
        if echoes(&plain, &self::plain(prompt)) {
            return Some("the author's own words");
        }
        self.filtered(reply)
    }

    /// Why `text` must not be posted, whoever wrote it. A filter that panics counts as a rejection.
    pub fn filtered(&self, text: &str) -> Option<&'static str> {
        if has_any(&plain(text), NEVER.iter().copied()) {
            return Some("a word that is never said");
        }
        let (filter, owned) = (self.filter, text.to_owned());
        match catch_unwind(move || filter(&owned)) {
            Ok(false) => None,
            Ok(true) => Some("the filter says no"),
            Err(_) => Some("the filter failed"),
        }
    }
}

fn has_any<'a>(plain: &str, phrases: impl Iterator<Item = &'a str>) -> bool {
    let spaced = format!(" {plain} ");
    phrases
        .map(self::plain)
        .filter(|phrase| !phrase.is_empty())
        .any(|phrase| spaced.contains(&format!(" {phrase} ")))
}

/// Lower-case words separated by single spaces.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn echoes(reply: &str, prompt: &str) -> bool {
    let words: Vec<_> = prompt.split(' ').collect();
    words.windows(ECHO).any(|run| has_any(reply, [&*run.join(" ")].into_iter()))
}
