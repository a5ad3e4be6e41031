//! Removes everything that a platform would turn into a link, a mention or a cashtag. It is stricter than any
//! platform on purpose: losing a word is better than keeping a link.

use super::script::is_east_asian;

/// `text` without links, e-mail addresses, @handles and $cashtags. Hashtags lose their `#` and stay as words. A space
/// is inserted between a full stop and a sentence that follows it directly (`end.So` would be a link to Somalia's
/// domain).
pub fn remove(text: &str) -> String {
    let mut text = text.to_owned();
    // Removing a link can join the parts of another one. Each round removes or splits something, so the loop ends.
    while let Some(change) = first(&text) {
        match change {
            Change::Cut(from, to) => text.replace_range(from..to, ""),
            Change::Part(at) => text.insert(at, ' '),
        }
    }
    text
}

/// A change that removes one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Remove these bytes.
    Cut(usize, usize),
    /// Insert a space here.
    Part(usize),
}

fn first(text: &str) -> Option<Change> {
    text.char_indices().find_map(|(at, c)| {
        let before = &text[..at];
        let after = &text[at + c.len_utf8()..];
        match c {
            ':' if after.starts_with("//") => Some(cut(text, scheme_start(before), at + 3)),
            '@' | '＠' if after.starts_with(is_word) => Some(handle(text, at, after)),
            '$' if after.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Some(Change::Cut(at, text.len() - after.trim_start_matches(is_word).len()))
            }
            '#' | '＃' if names_something(after) => Some(Change::Cut(at, at + c.len_utf8())),
            '.' => domain(text, at),
            _ => None,
        }
    })
}

/// Removes a handle with the list after it (`@ash/lamps`), or a whole e-mail address (`ash@example.org`).
fn handle(text: &str, at: usize, after: &str) -> Change {
    let from = label_start(&text[..at]);
    if from < at {
        return cut(text, from, text.len() - after.len());
    }
    let mut rest = after.trim_start_matches(is_word);
    if let Some(list) = rest.strip_prefix('/')
        && list.starts_with(is_word)
    {
        rest = list.trim_start_matches(|c| is_word(c) || c == '-');
    }
    Change::Cut(at, text.len() - rest.len())
}

/// Handles the dot at `at` if a platform may read the text around it as a domain.
fn domain(text: &str, at: usize) -> Option<Change> {
    let left = text[..at].chars().next_back().filter(|c| is_label(*c))?;
    let after = &text[at + 1..];
    let label = &after[..after.len() - after.trim_start_matches(is_label).len()];
    let right = label.chars().next()?;
    // "U.S." and "e.g." have one letter after the dot, numbers have none; no top-level domain is that short
    if !right.is_alphabetic() || label.chars().nth(1).is_none() {
        return None;
    }
    if right.is_lowercase() && !is_east_asian(left) && !is_east_asian(right) {
        Some(cut(text, label_start(&text[..at]), at + 1))
    } else {
        Some(Change::Part(at + 1))
    }
}

/// The range from `from` to the end of the link that contains everything up to byte `inside`.
fn cut(text: &str, from: usize, inside: usize) -> Change {
    Change::Cut(from, end(text, from, inside))
}

/// The end of the link that begins at byte `from` and contains everything up to `inside`, without the sentence's
/// punctuation after it.
pub(super) fn end(text: &str, from: usize, inside: usize) -> usize {
    let breaks = |c: char| {
        c.is_whitespace()
            || is_east_asian(c)
            || matches!(c, '<' | '>' | '"' | '“' | '”' | '«' | '»')
    };
    let whole = text[inside..].find(breaks).map_or(&text[from..], |end| &text[from..inside + end]);
    from + without_punctuation(whole).len().max(inside - from)
}

/// A link without the punctuation at its end.
pub(super) fn without_punctuation(link: &str) -> &str {
    link.trim_end_matches(|c: char| {
        matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '\'' | '’' | ')' | ']' | '}')
    })
}

/// The byte at which the scheme at the end of `before` (the text before `://`) begins. Words are often joined to it:
/// `belowhttps://`.
pub(super) fn scheme_start(before: &str) -> usize {
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-');
    let from = before.trim_end_matches(is_scheme).len();
    let run = &before[from..];
    let known = ["https", "http"].into_iter().find(|known| {
        run.len() >= known.len() && run[run.len() - known.len()..].eq_ignore_ascii_case(known)
    });
    known.map_or(from, |known| before.len() - known.len())
}

/// The byte at which the labels before a dot or an `@` begin.
fn label_start(before: &str) -> usize {
    before
        .trim_end_matches(|c| is_label(c) && !is_east_asian(c) || matches!(c, '.' | '+' | '%'))
        .len()
}

/// Whether a `#` begins a hashtag. That needs a letter, or a mark that counts as one: `#1` is a number, and a
/// keycap's `#` is followed by a variation selector.
fn names_something(after: &str) -> bool {
    let run = after.split(char::is_whitespace).next().unwrap_or_default();
    run.starts_with(|c| is_label(c) && c != '\u{fe0f}' && c != '\u{20e3}')
        && run.contains(|c: char| c.is_alphabetic() || c == '_' || !c.is_ascii())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a domain's label may contain this character. Platforms allow nearly everything but ASCII symbols, spaces
/// and punctuation.
fn is_label(c: char) -> bool {
    is_word(c)
        || c == '-'
        || c > '\u{bf}'
            && !c.is_whitespace()
            && !matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}')
}
