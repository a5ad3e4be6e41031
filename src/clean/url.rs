//! Removes web addresses from input text (a corpus, a prompt). Handles, hashtags and names like `lamps.com` are kept.
//! [`super::post`] removes everything that a platform would turn into a link.

use super::link::{self, scheme_start, without_punctuation};
use std::borrow::Cow;

/// Top-level domains that make a link without a scheme, when a path follows (`bit.ly/abc`).
const TOPS: &[&str] = &[
    "com", "org", "net", "co", "ly", "gov", "edu", "io", "tv", "uk", "us", "me", "info", "be",
    "gl", "gd", "fm", "de", "fr", "eu", "ca", "app", "dev", "news", "mp", "to", "cc", "biz",
];

/// `text` without web addresses, and without the spaces and brackets around them.
pub fn without_urls(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    while let Some((from, to)) = next(text, done) {
        out.push_str(&text[done..from]);
        done = close(&mut out, text, to);
    }
    if done == 0 {
        return begun_at_the_end(text)
            .map_or(Cow::Borrowed(text), |at| text[..at].trim_end().into());
    }
    out.push_str(&text[done..]);
    if let Some(at) = begun_at_the_end(&out) {
        out.truncate(out[..at].trim_end().len());
    }
    Cow::Owned(out)
}

/// The first link of `text` that begins at byte `done` or later.
fn next(text: &str, done: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'/', b'.', &bytes[done..]).find_map(|at| {
        let at = done + at;
        let before = &text[done..at];
        let after = &text[at + 1..];
        if bytes[at] == b'.' {
            return (is_www(before) && after.starts_with(char::is_alphanumeric))
                .then(|| (at - 3, end(text, at + 1)));
        }
        if before.ends_with(':') && after.starts_with('/') {
            let named = &before[..before.len() - 1];
            let from = scheme_start(named);
            return (from < named.len()).then(|| (done + from, end_behind_scheme(text, at + 2)));
        }
        let from = done + host(before)?;
        after.starts_with(|c: char| c.is_ascii_alphanumeric()).then(|| (from, end(text, at)))
    })
}

/// Closes the gap of a removed link: drops brackets and spaces around it. Returns the byte at which to continue.
fn close(out: &mut String, text: &str, mut to: usize) -> usize {
    to += text[to..].len() - text[to..].trim_start_matches('…').len();
    let pairs = [('(', ')'), ('[', ']'), ('<', '>'), ('“', '”')];
    while let Some((open, shut)) =
        pairs.into_iter().find(|(open, shut)| out.ends_with(*open) && text[to..].starts_with(*shut))
    {
        out.truncate(out.len() - open.len_utf8());
        to += shut.len_utf8();
    }
    if out.is_empty() || out.ends_with(char::is_whitespace) {
        to += text[to..].len() - text[to..].trim_start_matches(' ').len();
    }
    let mut behind = text[to..].chars();
    let ends = match behind.next() {
        None | Some('\n') => true,
        Some('.' | ',' | '!' | '?' | ';') => behind.next().is_none_or(char::is_whitespace),
        _ => false,
    };
    if ends {
        out.truncate(out.trim_end_matches(' ').len());
    }
    to
}

fn is_www(before: &str) -> bool {
    let Some((left, www)) = before.len().checked_sub(3).and_then(|at| before.split_at_checked(at))
    else {
        return false;
    };
    www.eq_ignore_ascii_case("www") && !left.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// The byte at which the host name at the end of `before` begins, if there is one.
fn host(before: &str) -> Option<usize> {
    let is_label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let from = before.trim_end_matches(is_label).len();
    let (name, top) = before[from..].rsplit_once('.')?;
    let known = TOPS.contains(&&*top.to_ascii_lowercase());
    let named = name.trim_matches('.');
    if !known || named.is_empty() || name.ends_with('.') {
        return None;
    }
    Some(match before.strip_suffix("pic.twitter.com") {
        Some(words) => words.len(),
        None => from + name.len() - name.trim_start_matches('.').len(),
    })
}

/// Some archives have a space after the slashes: `http:// bit.ly/abc`.
fn end_behind_scheme(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let spaced = rest.strip_prefix([' ', '\u{a0}']).and_then(|next| {
        let word = next.split(char::is_whitespace).next()?;
        let host = word.split('/').next()?;
        let (name, top) = host.rsplit_once('.')?;
        let named = !name.is_empty() && TOPS.contains(&&*top.to_ascii_lowercase());
        named.then(|| text.len() - next.len())
    });
    end(text, spaced.unwrap_or(at))
}

/// The byte at which the link that contains byte `at` ends, without the sentence's punctuation after it.
fn end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let short = rest.strip_prefix("t.co/");
    let whole = match short {
        // the platform's own links have only letters and digits: any other character belongs to the text after it
        Some(key) => rest.len() - key.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len(),
        None => link::end(text, at, at) - at,
    };
    // another link may follow without a space
    let near = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
    let glued = ["http://", "https://"].into_iter().filter_map(|next| near.find(next));
    let whole = glued.min().map_or(whole, |next| whole.min(next));
    at + without_punctuation(&rest[..whole]).len()
}

/// The byte at which an incomplete link at the end of a truncated text begins: `… READ: http…`.
fn begun_at_the_end(text: &str) -> Option<usize> {
    let cut = text.strip_suffix('…').or_else(|| text.strip_suffix("..."))?;
    let from = cut.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = cut.get(from..)?;
    (word.len() > 2 && "https://".starts_with(word) || word == "http:" || word == "http:/")
        .then_some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_leave_and_the_sentence_closes_over_them() {
        for (text, left) in [
            ("Plain words, and/or none. 1/2 of it.", "Plain words, and/or none. 1/2 of it."),
            ("go https://t.co/a https://t.co/b now.", "go now."),
            ("See (https://example.org/x), all.", "See, all."),
            ("Seehttps://t.co/Ab12x", "See"),
            ("Found it: http://example.org/a_(b)?c=d.", "Found it:."),
            ("two https://t.co/ahttps://t.co/b glued", "two glued"),
            ("http:// bit.ly/abc is old", "is old"),
            ("a lamp pic.twitter.com/abc", "a lamp"),
            ("a lamppic.twitter.com/abc", "a lamp"),
            ("WWW.Example.ORG and www.a.b/c end", "and end"),
            ("the lamps.com people", "the lamps.com people"),
            ("by bit.ly/3 or youtu.be/abc.", "by or."),
            ("broken off https://t.c…", "broken off"),
            ("broken off http…", "broken off"),
            ("so it went...", "so it went..."),
            ("🕯https://t.co/abc🕯", "🕯🕯"),
            ("line https://t.co/a\nnext", "line\nnext"),
            ("ash@example.org stays", "ash@example.org stays"),
        ] {
            assert_eq!(without_urls(text), left, "{text}");
        }
    }
}
