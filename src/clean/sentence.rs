//! Sentence ends, found in plain text. The rules are for English; other scripts end at their own full stops.

use super::script::is_full_stop;

/// Titles before a name: their full stop never ends a sentence.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "mx", "messrs", "mme", "mlle", "dr", "prof", "rev", "hon", "st", "mt", "ft",
    "gen", "col", "maj", "capt", "lieut", "lt", "sgt", "sergt", "gov", "sen", "rep", "pres",
    "supt", "viz", "vs", "cf", "ca", "approx", "esp",
];

/// Words that are abbreviations before a number, and ordinary words or sentence ends otherwise.
const BEFORE_NUMBERS: &[&str] = &[
    "no", "nos", "p", "pp", "vol", "vols", "ch", "chap", "fig", "figs", "sec", "art", "op", "jan",
    "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec",
];

/// Abbreviations that end a sentence only when the next word looks like the start of one.
const EITHER_WAY: &[&str] =
    &["etc", "jr", "sr", "esq", "co", "inc", "ltd", "corp", "bros", "al", "cent"];

/// Words that, when capitalised after an abbreviation, almost always begin a new sentence ("the U.S. He"), unlike other
/// capitalised words ("the U.S. Army").
const OPENERS: &[&str] = &[
    "a", "an", "and", "as", "at", "but", "for", "he", "her", "his", "how", "i", "if", "in", "it",
    "its", "my", "no", "now", "on", "or", "our", "she", "so", "that", "the", "then", "there",
    "these", "they", "this", "to", "we", "what", "when", "where", "who", "why", "yes", "you",
    "your",
];

/// The positions after the sentences of `text`, in bytes, closing quotes and brackets included.
///
/// An end is certain once anything but space follows it. Until then more text may still close a quote, or show that
/// the dot is a decimal point or belongs to an abbreviation.
pub fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut before = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let begins_mark = is_terminator(c) && !is_terminator(before);
        before = c;
        if begins_mark { end_after(text, at) } else { None }
    })
}

/// The complete sentences at the start of `text`, without the incomplete one at its end.
/// Empty if no sentence is complete.
pub fn hanging(text: &str) -> &str {
    &text[..sentence_ends(text).last().unwrap_or(0)]
}

/// The end of the sentence whose final mark begins at byte `at`; `None` if it doesn't end one.
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
        // a lower-case word continues the sentence: "What?" he said; Alas! that day; and then… nothing
        !next.starts_with(char::is_lowercase)
    };
    (ends && !next.starts_with('.')).then_some(text.len() - after.len())
}

/// Whether a full stop between `before` and `next` ends a sentence, rather than an abbreviation.
fn full_stop_ends(before: &str, next: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || is_dash(c)).next().unwrap_or_default();
    let word = word.trim_start_matches(is_opening);
    let bare = word.to_lowercase();
    let at_line_start = before[..before.len() - word.len()]
        .rsplit('\n')
        .next()
        .is_none_or(|line| line.trim().is_empty());
    if word.is_empty() {
        // ". . ." is an ellipsis in pieces; " ." is a full stop whose word was removed
        let spaced = before.trim_end().ends_with('.');
        return !(spaced && next.starts_with(char::is_lowercase));
    }
    if at_line_start && word.chars().all(|c| c.is_ascii_digit()) && !next.is_empty() {
        return false; // the number or letter of a list item
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

/// A single capital letter: an initial ("J. Verne"), not a word.
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
