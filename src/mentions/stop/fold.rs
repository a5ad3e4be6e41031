//! Brings a post into the form that phrases are written in: folded words, in clauses, without quotations.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Whether a letter is repeated three times or more.
pub(super) fn stretched(word: &str) -> bool {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(3).any(|run| run[0] == run[1] && run[1] == run[2])
}

/// The word with each run of a letter as one.
pub(super) fn squeezed(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// The text without what is in quotation marks.
pub(super) fn without_quotes(text: &str) -> String {
    const PAIRS: [(char, char); 7] =
        [('“', '”'), ('"', '"'), ('«', '»'), ('„', '“'), ('„', '”'), ('「', '」'), ('『', '』')];
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find(|c| PAIRS.iter().any(|(open, _)| *open == c)) {
        let open = rest[at..].chars().next().unwrap_or_default();
        let behind = &rest[at + open.len_utf8()..];
        let closes = |c: char| PAIRS.contains(&(open, c));
        out.push_str(&rest[..at]);
        out.push(',');
        match behind.find(closes) {
            Some(end) => {
                rest = behind[end..].trim_start_matches(closes);
            }
            None => rest = behind,
        }
    }
    out + rest
}

/// Lower case, compatibility forms, no accents on Latin letters, no apostrophes; hyphens are spaces.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut latin = false;
    for c in text.nfkc().flat_map(char::to_lowercase).collect::<String>().nfd() {
        match c {
            '\'' | '’' | '‘' | 'ʼ' | '´' | '`' => {}
            '-' | '‐' | '‑' | '_' => out.push(' '),
            'ß' => out.push_str("ss"),
            c if is_combining_mark(c) && latin => {}
            c => out.push(c),
        }
        if !is_combining_mark(c) {
            latin = c < '\u{250}';
        }
    }
    out.nfc().collect()
}

/// The clauses of a folded text, each as its words, with repeated words once.
pub(super) fn clauses(folded: &str) -> impl Iterator<Item = Vec<&str>> {
    let is_mark = |c: char| !c.is_alphanumeric() && !matches!(c, ' ' | '#' | '@' | '*');
    folded.split(is_mark).map(|clause| {
        let mut words = words(clause);
        words.dedup();
        words
    })
}

/// The words of a folded text.
pub(super) fn words(folded: &str) -> Vec<&str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}
