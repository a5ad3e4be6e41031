//! Turns a model's whole text into a public post: plain text without links, in complete sentences, within the limit.
//! Where platforms differ in counting characters or detecting links, the strictest rule applies.

use super::{entity, link, prose, sentence_ends};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The rules of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRules {
    /// Its maximum weight, see [`weight`].
    pub limit: usize,
    /// The prompt. If the text begins with a copy of it, the copy is removed, unless it is a single word, which may
    /// be a coincidence.
    pub prompt: String,
}

impl Default for PostRules {
    fn default() -> Self {
        Self { limit: 280, prompt: String::new() }
    }
}

/// The text after one step of cleaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name of the step: `tags`, `entities`, `echo`, `links`, `sentences`, `length`.
    pub step: &'static str,
    /// The text after it.
    pub text: String,
}

/// Make `text` a post; `None` if nothing is left.
pub fn post(text: &str, rules: &PostRules) -> Option<String> {
    post_steps(text, rules).pop().map(|step| step.text).filter(|text| !text.is_empty())
}

/// `text` after each step, in order. The last is the post, or empty.
pub fn post_steps(text: &str, rules: &PostRules) -> Vec<Step> {
    let tags = prose(text).into_owned();
    let entities = plain(&tags);
    let echo = without_echo(&entities, &plain(&rules.prompt)).to_owned();
    let links = without_links(&echo);
    let sentences = within(&links, usize::MAX).to_owned();
    let length = within(&sentences, rules.limit).to_owned();
    [
        ("tags", tags),
        ("entities", entities),
        ("echo", echo),
        ("links", links),
        ("sentences", sentences),
        ("length", length),
    ]
    .map(|(step, text)| Step { step, text })
    .into()
}

/// The weight of `text` towards a post's limit. For text without links it is never less than the platform's count. A
/// character of Latin, Greek, Cyrillic and neighbouring blocks weighs 1, any other 2. An emoji weighs 2 as a whole,
/// also one of several parts (a flag, a skin tone, a family), if it is old enough for the platform's counter to know it.
pub fn weight(text: &str) -> usize {
    let composed: String = text.nfc().collect();
    composed
        .graphemes(true)
        .map(
            |grapheme| {
                if is_known_emoji(grapheme) { 2 } else { grapheme.chars().map(single).sum() }
            },
        )
        .sum()
}

/// The weight of a character that is not part of an emoji of several characters.
fn single(c: char) -> usize {
    match c {
        '©' | '®' => 2, // some counters treat these as emoji
        '\u{0}'..='\u{10ff}' | '\u{2000}'..='\u{200d}' => 1,
        '\u{2010}'..='\u{201f}' | '\u{2032}'..='\u{2037}' => 1,
        _ => 2,
    }
}

/// Whether the platform's counter (twitter-text 3.1 with its emoji of 2017) takes a grapheme for one emoji.
/// `tests/peers/twitter_text.sh` compares both.
fn is_known_emoji(grapheme: &str) -> bool {
    /// The eye in a speech bubble, which that counter knows only without its variation selectors.
    const EYE: &str = "\u{1f441}\u{fe0f}\u{200d}\u{1f5e8}\u{fe0f}";
    const NEWEST: emojis::UnicodeVersion = emojis::UnicodeVersion::new(10, 0);
    grapheme.len() > 3
        && grapheme != EYE
        && emojis::get(grapheme)
            .is_some_and(|emoji| emoji.as_str() == grapheme && emoji.unicode_version() <= NEWEST)
}

/// Decodes character references, removes invisible characters that they contained, and composes characters (NFC).
fn plain(text: &str) -> String {
    let composed: String = entity::decode(text).nfc().collect();
    prose(&composed).nfc().collect()
}

/// The text after all copies of `prompt` at its start, ignoring case and spaces.
fn without_echo<'a>(text: &'a str, prompt: &str) -> &'a str {
    let words: Vec<_> = prompt.split_whitespace().map(str::to_lowercase).collect();
    let mut text = text;
    while words.len() > 1
        && let Some(rest) = behind(text, &words)
    {
        text = rest;
    }
    text
}

/// The text after `words`, if `text` begins with them.
fn behind<'a>(text: &'a str, words: &[String]) -> Option<&'a str> {
    let mut rest = text;
    for word in words {
        rest = rest.trim_start();
        let mut wanted = word.chars().peekable();
        let mut end = 0;
        for c in rest.chars() {
            if wanted.peek().is_none() {
                break;
            }
            for lower in c.to_lowercase() {
                wanted.next_if_eq(&lower)?;
            }
            end += c.len_utf8();
        }
        rest = &rest[end..];
        if wanted.peek().is_some() || rest.starts_with(char::is_alphanumeric) {
            return None;
        }
    }
    Some(rest)
}

/// Removes links and tidies spaces, repeatedly until nothing changes, since each step can make the other one
/// necessary.
pub fn without_links(text: &str) -> String {
    let mut text = tidy(text);
    loop {
        let next = tidy(&prose(&link::remove(&text)));
        if next == text {
            return text;
        }
        text = next;
    }
}

/// Single spaces between words, at most one empty line, and no remains of removed links.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in words_and_gaps(text) {
        if !word.starts_with(char::is_whitespace) {
            out.push_str(word);
        } else if word.matches('\n').count() > 1 {
            out.push_str("\n\n");
        } else {
            out.push(if word.contains('\n') { '\n' } else { ' ' });
        }
    }
    for empty in ["()", "( )", "[]", "[ ]", "“”", "“ ”"] {
        out = out.replace(empty, "");
    }
    let orphan =
        |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | ')');
    attach_marks(out.trim_start_matches(orphan).trim_end())
}

/// Splits `text` into runs of spaces and runs of other characters.
fn words_and_gaps(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let space = rest.chars().next()?.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != space).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// Removes the space before a full stop: "a word ." becomes "a word."
fn attach_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let mut behind = text[at + c.len_utf8()..].chars();
        let lone_mark = matches!(behind.next(), Some('.' | ',' | '!' | '?'))
            && behind.next().is_none_or(char::is_whitespace);
        if c != ' ' || !lone_mark {
            out.push(c);
        }
    }
    out
}

/// The longest prefix of whole sentences with a weight of at most `limit`; never splits a grapheme.
fn within(text: &str, limit: usize) -> &str {
    let boundaries: Vec<_> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    let end = sentence_ends(text)
        .filter(|end| *end == text.len() || boundaries.binary_search(end).is_ok())
        .take_while(|end| weight(&text[..*end]) <= limit)
        .last();
    &text[..end.unwrap_or(0)]
}
