//! Removes everything that a platform would turn into a link, a mention or a cashtag. It is stricter than any platform
//! on purpose: losing a word is better than leaving a link.

use super::script::is_east_asian;

/// `text` without links, e-mail addresses, @handles and $cashtags; hashtags lose their `#` and stay words.
/// A full stop glued to the next sentence gets its space back (`end.So` would be a link to Somalia).
pub fn remove(text: &str) -> String {
    let mut text = text.to_owned();
    // Taking one out can bring another's parts together. Each round takes or parts something, so it ends.
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

/// Removes a handle with the list it may name (`@ash/lamps`), or an e-mail address (`ash@example.org`) as a whole.
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

/// The dot at `at`, when a platform may read what is around it as a domain.
fn domain(text: &str, at: usize) -> Option<Change> {
    let left = text[..at].chars().next_back().filter(|c| is_label(*c))?;
    let after = &text[at + 1..];
    let label = &after[..after.len() - after.trim_start_matches(is_label).len()];
    let right = label.chars().next()?;
    // "U.S." and "e.g." have one letter behind the dot, numbers none; no domain ends like that
    if !right.is_alphabetic() || label.chars().nth(1).is_none() {
        return None;
    }
    if right.is_lowercase() && !is_east_asian(left) && !is_east_asian(right) {
        Some(cut(text, label_start(&text[..at]), at + 1))
    } else {
        Some(Change::Part(at + 1))
    }
}

/// From `from` to the end of the link that contains everything up to byte `inside`.
fn cut(text: &str, from: usize, inside: usize) -> Change {
    Change::Cut(from, end(text, from, inside))
}

/// The byte at which a link ends that begins at `from` and contains everything up to `inside`. Punctuation at its end
/// belongs to the sentence.
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

/// The byte at which the scheme begins that `before` (the text before `://`) ends with. Words are often glued to it:
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

/// Where the labels before a dot or an `@` begin.
fn label_start(before: &str) -> usize {
    before
        .trim_end_matches(|c| is_label(c) && !is_east_asian(c) || matches!(c, '.' | '+' | '%'))
        .len()
}

/// Whether a `#` begins a hashtag. A hashtag needs a letter, or a mark that counts as one; `#1` is a number, and a
/// keycap's `#` is followed by a variation selector.
fn names_something(after: &str) -> bool {
    let run = after.split(char::is_whitespace).next().unwrap_or_default();
    run.starts_with(|c| is_label(c) && c != '\u{fe0f}' && c != '\u{20e3}')
        && run.contains(|c: char| c.is_alphabetic() || c == '_' || !c.is_ascii())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What a domain's label may hold: platforms allow nearly everything but ASCII's signs, spaces and punctuation.
fn is_label(c: char) -> bool {
    is_word(c)
        || c == '-'
        || c > '\u{bf}'
            && !c.is_whitespace()
            && !matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}')
}
