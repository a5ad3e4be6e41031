//! Sentence ends, found in plain text. The rules are for English; other scripts end at their own full stops.

use super::script::is_full_stop;

/// Titles before a name: their full stop never ends a sentence.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "mx", "messrs", "mme", "mlle", "dr", "prof", "rev", "hon", "st", "mt", "ft",
    "gen", "col", "maj", "capt", "lieut", "lt", "sgt", "sergt", "gov", "sen", "rep", "pres",
    "supt", "viz", "vs", "cf", "ca", "approx", "esp",
];

/// Words that may stand before a number, and are whole words or sentence ends otherwise.
const BEFORE_NUMBERS: &[&str] = &[
    "no", "nos", "p", "pp", "vol", "vols", "ch", "chap", "fig", "figs", "sec", "art", "op", "jan",
    "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec",
];

/// Abbreviations that end a sentence only when the next word looks like the start of one.
const EITHER_WAY: &[&str] =
    &["etc", "jr", "sr", "esq", "co", "inc", "ltd", "corp", "bros", "al", "cent"];

/// Capitalised words that hardly ever follow an abbreviation within a sentence (as in "the U.S. Army").
const OPENERS: &[&str] = &[
    "a", "an", "and", "as", "at", "but", "for", "he", "her", "his", "how", "i", "if", "in", "it",
    "its", "my", "no", "now", "on", "or", "our", "she", "so", "that", "the", "then", "there",
    "these", "they", "this", "to", "we", "what", "when", "where", "who", "why", "yes", "you",
    "your",
];

/// The bytes right after each sentence of `text`, closing quotes and brackets included.
///
/// An end is certain once something but space follows it. Until then more text may still close a quote,
/// or show that the dot was a decimal's or an abbreviation's.
pub fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut before = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let begins_mark = is_terminator(c) && !is_terminator(before);
        before = c;
        if begins_mark { end_after(text, at) } else { None }
    })
}

/// The complete sentences at the start of `text`, without the incomplete one at its end.
/// Empty when there is none.
pub fn hanging(text: &str) -> &str {
    &text[..sentence_ends(text).last().unwrap_or(0)]
}

/// The end of the sentence whose final mark begins at byte `at`, if it is one.
fn end_after(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].trim_start_matches(is_terminator);
    let mark = &text[at..text.len() - rest.len()];
    let after = rest.trim_start_matches(is_closer);
    let closed = after.len() < rest.len();
    let ideographic = mark.ends_with(is_full_stop);
    let gap = after.starts_with(char::is_whitespace) || after.is_empty();
    if !gap && !ideographic {
        return None;
    }
    let next = after.trim_start().trim_start_matches(is_opening);
    let before = &text[..at];
    if !before.contains(char::is_alphanumeric) {
        return None;
    }
    let ends = if mark == "." && !closed {
        full_stop_ends(before, next)
    } else {
        // "What?" he said; Alas! that day; and then… nothing
        !next.starts_with(char::is_lowercase)
    };
    (ends && !next.starts_with('.')).then_some(text.len() - after.len())
}

/// Whether a full stop between `before` and `next` is more than the dot of an abbreviation.
fn full_stop_ends(before: &str, next: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || is_dash(c)).next().unwrap_or_default();
    let word = word.trim_start_matches(is_opening);
    let bare = word.to_lowercase();
    let at_line_start = before[..before.len() - word.len()]
        .rsplit('\n')
        .next()
        .is_none_or(|line| line.trim().is_empty());
    if word.is_empty() {
        // ". . ." is an ellipsis in pieces, " ." a full stop that lost its word
        let spaced = before.trim_end().ends_with('.');
        return !(spaced && next.starts_with(char::is_lowercase));
    }
    if at_line_start && word.chars().all(|c| c.is_ascii_digit()) && !next.is_empty() {
        return false; // the mark of a list
    }
    if TITLES.contains(&bare.as_str()) {
        return false;
    }
    if word != "I" && is_initial(word) {
        return false;
    }
    if BEFORE_NUMBERS.contains(&bare.as_str()) {
        return !next.starts_with(|c: char| c.is_numeric());
    }
    if EITHER_WAY.contains(&bare.as_str()) || is_dotted(word) {
        return next.is_empty() || opens_sentence(next);
    }
    true
}

/// A single capital: of a name ("J. Verne"), not a word.
fn is_initial(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.next().is_none()
}

/// Single letters with dots between: "U.S", "e.g", "J.R".
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| part.chars().count() <= 1)
        && word.contains(char::is_alphabetic)
}

fn opens_sentence(next: &str) -> bool {
    let word = next.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    word.starts_with(char::is_uppercase) && OPENERS.contains(&word.to_lowercase().as_str())
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…') || is_full_stop(c)
}

fn is_closer(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '”' | '’' | '»' | '›' | ')' | ']' | '}' | '*' | '_' | '」' | '』' | '）'
    )
}

fn is_opening(c: char) -> bool {
    matches!(c, '"' | '\'' | '“' | '‘' | '«' | '‹' | '(' | '[' | '{' | '*' | '_' | '「' | '『')
}

fn is_dash(c: char) -> bool {
    matches!(c, '—' | '–')
}
