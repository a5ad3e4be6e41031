//! Marks that stand for letters of a word, as in `f*ck`.

use super::letters::{Sign, Unit};

/// The marks that may stand for a letter.
const MASKS: &str = "*#%•█■_-–";

/// Whether a unit may stand for a letter: a mark behind a letter or behind another such mark.
pub fn may_mask(units: &[Unit], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| units[before].sign);
    is_mask(units[at].sign)
        && before.is_some_and(|before| before.letter().is_some() || is_mask(before))
}

/// Whether a match of a word of `all` letters is read from letters, not mostly from marks in their place: at least half
/// of the letters are there, or the first one with asterisks for the others. `signs` are those of each letter. In a word
/// of three letters only an asterisk stands for a letter.
pub fn is_masked_word(signs: impl Iterator<Item = Vec<Sign>>, all: usize) -> bool {
    let masks: Vec<Vec<Sign>> =
        signs.filter(|signs| signs.iter().all(|sign| is_mask(*sign))).collect();
    let stars = masks.iter().flatten().all(|sign| *sign == Sign::Mark('*'));
    let all_but_first = masks.len() == all - 1 && (4..=5).contains(&all);
    let has_half = masks.len() * 2 <= all && (stars || all > 3);
    masks.is_empty() || has_half || stars && all_but_first
}

/// Whether a sign is one of the marks.
pub fn is_mask(sign: Sign) -> bool {
    matches!(sign, Sign::Mark(mark) if MASKS.contains(mark))
}
