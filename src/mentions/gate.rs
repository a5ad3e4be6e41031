//! The last look at a reply before anybody sees it. Whatever fails here, or can't be looked at, isn't posted.

use super::Settings;
use rustrict::{Censor, Type};
use std::panic::catch_unwind;

/// Phrases the filter crate lets pass, kept small and looked through by hand.
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

/// So many words of the prompt in one run are its author's words under our name.
const ECHO: usize = 8;

/// Why `reply` must not be posted; `None` when it may be. `secrets` are texts that no reply may contain.
pub fn refuse(
    reply: &str,
    prompt: &str,
    settings: &Settings,
    secrets: &[&str],
) -> Option<&'static str> {
    let plain = plain(reply);
    let listed = NEVER.iter().copied().chain(settings.blocked_words.iter().map(|word| &**word));
    if has_any(&plain, listed) {
        return Some("a word that is never said");
    }
    if secrets.iter().any(|secret| !secret.is_empty() && reply.contains(secret)) {
        return Some("a secret");
    }
    if echoes(&plain, &self::plain(prompt)) {
        return Some("the author's own words");
    }
    // a filter that falls over has not said yes
    let owned = reply.to_owned();
    let filtered = catch_unwind(move || Censor::from_str(&owned).analyze().is(Type::INAPPROPRIATE));
    match filtered {
        Ok(false) => None,
        Ok(true) => Some("the filter says no"),
        Err(_) => Some("the filter failed"),
    }
}

fn has_any<'a>(plain: &str, phrases: impl Iterator<Item = &'a str>) -> bool {
    let spaced = format!(" {plain} ");
    phrases
        .map(self::plain)
        .filter(|phrase| !phrase.is_empty())
        .any(|phrase| spaced.contains(&format!(" {phrase} ")))
}

/// Lower-case words with one space between.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn echoes(reply: &str, prompt: &str) -> bool {
    let words: Vec<_> = prompt.split(' ').collect();
    words.windows(ECHO).any(|run| has_any(reply, [&*run.join(" ")].into_iter()))
}
