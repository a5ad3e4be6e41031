//! Options that a branch may not choose at a place: those that were rejected there, and those that would continue a word
//! that is finished.

use super::word;

/// Exclude options that were rejected, and others that add the same to the text.
pub(super) fn exclude<'a>(
    excluded: &[(u32, Vec<u8>)],
    scores: &mut [f32],
    meaning: &dyn Fn(u32) -> (u32, &'a [u8]),
) {
    if excluded.is_empty() {
        return;
    }
    for (index, score) in (0..).zip(scores) {
        let bytes = meaning(index).1;
        let is_out =
            |(other, text): &(u32, Vec<u8>)| *other == index || !text.is_empty() && text == bytes;
        if excluded.iter().any(is_out) {
            *score = f32::NEG_INFINITY;
        }
    }
}

/// Exclude what would continue a finished word, unless nothing else is left. `before` is the text since the word.
pub(super) fn forbid_more_of_the_word<'a>(
    before: &[u8],
    scores: &mut [f32],
    meaning: &dyn Fn(u32) -> (u32, &'a [u8]),
) {
    let mut text = before.to_vec();
    let allowed: Vec<bool> = (0..scores.len() as u32)
        .map(|index| {
            text.truncate(before.len());
            text.extend(meaning(index).1);
            word::may_follow(&text)
        })
        .collect();
    if allowed.iter().zip(&*scores).any(|(allowed, score)| *allowed && *score > f32::NEG_INFINITY) {
        let excluded = scores.iter_mut().zip(&allowed).filter(|(_, allowed)| !**allowed);
        excluded.for_each(|(score, _)| *score = f32::NEG_INFINITY);
    }
}
