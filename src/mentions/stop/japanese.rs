//! Japanese requests. The language has no spaces, so a phrase is matched as the end of a clause.

use super::{JAPANESE, sections};
use std::sync::LazyLock;

/// A Japanese post with at most this many characters is short.
const SHORT_JAPANESE: usize = 24;
/// A Japanese phrase that counts only as the whole post needs a post of at most this many characters.
const WHOLE_JAPANESE: usize = 10;

/// A Japanese request in a folded text.
pub(super) fn request(folded: &str) -> Option<String> {
    static PHRASES: LazyLock<Vec<(bool, Vec<&str>)>> = LazyLock::new(|| {
        let lines = sections().into_iter().filter(|(name, _)| *name == JAPANESE);
        let phrase = |line: &'static str| {
            let (whole, line) = line.strip_prefix("= ").map_or((false, line), |line| (true, line));
            (whole, line.split('…').collect())
        };
        lines.flat_map(|(_, lines)| lines).map(phrase).collect()
    });
    let length = folded.chars().filter(|c| c.is_alphanumeric()).count();
    if length > SHORT_JAPANESE {
        return None;
    }
    let is_mark =
        |c: char| matches!(c, '。' | '、' | '!' | '?' | '.' | ',' | '\n' | '…' | '・' | '〜');
    folded.split(is_mark).map(str::trim).map(without_ending).find_map(|clause| {
        let counts = |(whole, pieces): &(bool, Vec<&str>)| {
            (!whole || length <= WHOLE_JAPANESE) && ends_with(clause, pieces)
        };
        PHRASES.iter().any(counts).then(|| clause.to_owned())
    })
}

/// A Japanese clause without its ending of politeness.
fn without_ending(clause: &str) -> &str {
    const ENDINGS: [&str; 21] = [
        "ください",
        "下さい",
        "くれ",
        "くれます",
        "くれませんか",
        "ほしい",
        "欲しい",
        "もらえますか",
        "いただけますか",
        "いただけませんか",
        "お願いします",
        "おねがいします",
        "お願い",
        "です",
        "ますか",
        "ませんか",
        "だ",
        "よ",
        "ね",
        "w",
        "笑",
    ];
    let mut clause = clause.trim_end_matches(|c: char| !c.is_alphanumeric());
    while let Some(rest) = ENDINGS.iter().find_map(|ending| clause.strip_suffix(ending))
        && !rest.is_empty()
    {
        clause = rest.trim_end_matches('を');
    }
    clause
}

/// Whether a text contains the pieces in order, the last at its end.
fn ends_with(text: &str, pieces: &[&str]) -> bool {
    let Some((last, before)) = pieces.split_last() else { return false };
    // The ending may have been taken off the phrase itself.
    let Some(mut rest) = text.strip_suffix(without_ending(last)) else { return false };
    before.iter().all(|piece| {
        let found = rest.find(piece);
        found.map(|at| rest = &rest[at + piece.len()..]).is_some()
    })
}
