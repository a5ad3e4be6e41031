//! What a mention asks for, after handles, links and invisible characters are removed.

use super::stop;
use crate::clean::{Cleaner, Level};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// What a mention asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A continuation of this text.
    Prompt(String),
    /// Help: the word `help`, or nothing but our handle.
    Help,
    /// An opt-out: never to be answered again. The words that say so.
    Stop(String),
    /// To be answered again after an opt-out.
    Start,
}

/// Words that ask for help when they are the whole mention.
const HELP: &[&str] = &["help", "who are you", "what are you", "what is this"];
/// Words that take back an opt-out when they are the whole mention.
const START: &[&str] =
    &["start", "please start", "start again", "start please", "opt in", "opt me in"];

/// Interpret `text`, which mentions us as `handle`. `more_stops` are the operator's own opt-out phrases.
pub fn ask(text: &str, handle: &str, longest: usize, more_stops: &[String]) -> Ask {
    let text = unaddressed(text, handle);
    if let Some(request) = stop::request(&text, more_stops) {
        return Ask::Stop(request);
    }
    let words = stop::folded(&text);
    if words.is_empty() && text.is_ascii() || HELP.contains(&&*words) {
        return Ask::Help;
    }
    if START.contains(&&*words) {
        return Ask::Start;
    }
    Ask::Prompt(text.graphemes(true).take(longest).collect::<String>().trim().to_owned())
}

/// The text without handles, links and invisible characters.
fn unaddressed(text: &str, handle: &str) -> String {
    let composed: String = text.nfc().collect();
    let mut cleaner = Cleaner::new(Level::Prose);
    let mut plain = cleaner.push(&composed);
    plain.push_str(&cleaner.finish());
    let unaddressed = without_handle(behind_handles(&plain), handle);
    let words: Vec<_> = unaddressed
        .split_whitespace()
        .filter(|word| !word.contains("://") && !word.to_lowercase().contains("t.co/"))
        .map(|word| word.trim_start_matches(['@', '＠']))
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// The text after all leading `@handles`.
fn behind_handles(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(name) = rest.strip_prefix(['@', '＠']) {
        let behind = name.trim_start_matches(is_name);
        if behind.len() == name.len() {
            break;
        }
        rest = without_server(behind).trim_start();
    }
    rest
}

/// A text after `@server.example`, which a handle of Mastodon may have behind it.
fn without_server(text: &str) -> &str {
    let is_server = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
    let behind = text.strip_prefix('@').map(|server| server.trim_start_matches(is_server));
    behind.filter(|behind| behind.len() + 1 < text.len()).unwrap_or(text)
}

/// Remove our handle elsewhere too, as a whole word in any case. `@ashbot2` isn't `@ashbot`.
fn without_handle(text: &str, handle: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['@', '＠']) {
        out.push_str(&rest[..at]);
        let sign = rest[at..].chars().next().map_or(1, char::len_utf8);
        let name_on = &rest[at + sign..];
        let name = &name_on[..name_on.len() - name_on.trim_start_matches(is_name).len()];
        let ours = !handle.is_empty() && name.eq_ignore_ascii_case(handle);
        if !ours {
            out.push_str(&rest[at..at + sign + name.len()]);
        }
        rest = &name_on[name.len()..];
        if ours {
            rest = without_server(rest);
        }
    }
    out.push_str(rest);
    out
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether `text` mentions `handle` as a whole word, in any case.
pub fn names(text: &str, handle: &str) -> bool {
    text.match_indices(['@', '＠']).any(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let name = &rest[..rest.len() - rest.trim_start_matches(is_name).len()];
        name.eq_ignore_ascii_case(handle) && !text[..at].ends_with(is_name)
    })
}
