//! Marks that stand for letters of a word, as in `f*ck`.

use super::letters::{Kind, Sign, Unit};
use crate::clean::is_english;

/// The marks that may stand for a letter.
const MASKS: &str = "*#%•█■_-–";

/// Whether a unit may stand for a letter: a mark within a word, or one of the asterisks that end it. Those that close an
/// emphasis or follow an English word are only asterisks. Unless it is the `whole` text, marks at its end may still turn
/// out to be within a word.
pub fn may_mask(units: &[Unit], at: usize, whole: bool) -> bool {
    if !is_mask(units[at].sign) {
        return false;
    }
    let marks = |units: &mut dyn Iterator<Item = &Unit>| {
        units.take_while(|unit| is_mask(unit.sign)).count()
    };
    let start = at - marks(&mut units[..at].iter().rev());
    let end = at + marks(&mut units[at..].iter());
    let letters = units[..start].iter().rev().map_while(|unit| unit.sign.letter());
    let word: String =
        letters.map(|letter| letter.own).collect::<Vec<_>>().into_iter().rev().collect();
    let length = word.chars().count();
    match units.get(end).map(|unit| unit.sign) {
        _ if length == 0 => false,
        None if !whole => true,
        Some(Sign::Letter(letter)) if letter.kind != Kind::Sign => true,
        _ => {
            let before = (start - length).checked_sub(1).map(|before| units[before].sign);
            units[start..end].iter().all(|unit| unit.sign == Sign::Mark('*'))
                && !before.is_some_and(is_mask)
                && (length == 1 || !is_english(&word))
        }
    }
}

/// Whether enough letters of a match are visible: at least half of them; or, in a word of four or five letters, the first,
/// with asterisks for the others. The first one isn't a digit. In a word of three letters only an asterisk stands for a
/// letter. `signs` are those of each letter.
pub fn is_masked_word(signs: impl Iterator<Item = Vec<Sign>>, is_phrase: bool) -> bool {
    let signs: Vec<Vec<Sign>> = signs.collect();
    let is_masked = |signs: &&Vec<Sign>| signs.iter().all(|sign| is_mask(*sign));
    let masks: Vec<_> = signs.iter().filter(is_masked).collect();
    let all = signs.len();
    let stars = masks.iter().copied().flatten().all(|sign| *sign == Sign::Mark('*'));
    let all_but_first = !is_phrase && masks.len() == all - 1 && (4..=5).contains(&all);
    let has_half = masks.len() * 2 <= all && (stars || all > 3);
    let begins = signs.first().is_some_and(|first| first.iter().any(|sign| sign.is_sure()));
    masks.is_empty() || begins && (has_half || stars && all_but_first)
}

/// Whether a sign is one of the marks.
pub fn is_mask(sign: Sign) -> bool {
    matches!(sign, Sign::Mark(mark) if MASKS.contains(mark))
}
