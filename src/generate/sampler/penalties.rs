//! Penalties: what lowers the logits of tokens that occurred before. They come before the chain of steps.

use crate::{model::Tokenizer, token::SamplingParams};
use std::collections::HashMap;

/// What the tokens of a vocabulary are to the samplers.
#[derive(Default)]
pub struct Marks {
    /// Tokens without a letter or digit: line breaks, spaces, quotes, punctuation.
    plain: Vec<bool>,
    /// Tokens that a repeated sequence of DRY doesn't reach across: those with a line break, colon, quote or asterisk.
    breaks: Vec<bool>,
    /// Tokens that XTC never excludes: line breaks, and the end of the text.
    kept: Vec<bool>,
}

impl Marks {
    /// The marks of a vocabulary of this size.
    pub fn new(tokenizer: &Tokenizer, vocabulary: usize) -> Self {
        let mut marks = Self::default();
        for id in 0..vocabulary as u32 {
            let text = String::from_utf8_lossy(tokenizer.bytes(id));
            let is_end = tokenizer.end() == Some(id);
            let broken = text.contains('\u{fffd}');
            marks.plain.push(!broken && !text.contains(char::is_alphanumeric));
            marks.breaks.push(is_end || text.contains(['\n', ':', '"', '“', '”', '*']));
            marks.kept.push(is_end || text.contains('\n'));
        }
        marks
    }

    fn is(list: &[bool], id: u32) -> bool {
        list.get(id as usize).is_some_and(|is| *is)
    }

    /// Whether XTC may exclude a token.
    pub fn may_exclude(&self, id: u32) -> bool {
        !Self::is(&self.kept, id)
    }
}

/// The logits of a vocabulary after the penalties for the tokens so far, those of the prompt included; NaN is minus
/// infinity.
pub fn scores(logits: &[f32], tokens: &[u32], params: &SamplingParams, marks: &Marks) -> Vec<f32> {
    let mut scores: Vec<f32> =
        logits.iter().map(|&x| if x.is_nan() { f32::NEG_INFINITY } else { x }).collect();
    let recent = &tokens[tokens.len().saturating_sub(params.repetition_window)..];
    if let Some(penalty) = params.active_penalty() {
        repetition(&mut scores, recent, penalty);
    }
    let (frequency, presence) = (params.frequency_penalty, params.presence_penalty);
    if frequency != 0.0 || presence != 0.0 {
        let counted = recent.iter().copied().filter(|id| !Marks::is(&marks.plain, *id));
        count(&mut scores, counted, frequency, presence);
    }
    if params.dry_multiplier > 0.0 {
        dry(&mut scores, tokens, params, &|id| Marks::is(&marks.breaks, id));
    }
    if params.no_repeat_ngram > 0 {
        no_repeat_ngram(&mut scores, tokens, params.no_repeat_ngram);
    }
    scores
}

/// The repetition penalty of CTRL (Keskar et al. 2019): positive logits are divided by it, negative ones multiplied. It
/// applies once per token, however often the token occurs.
fn repetition(scores: &mut [f32], recent: &[u32], penalty: f32) {
    let mut seen: Vec<u32> = recent.to_vec();
    seen.sort_unstable();
    seen.dedup();
    for id in seen {
        if let Some(score) = scores.get_mut(id as usize) {
            let lowered = if *score > 0.0 { *score / penalty } else { *score * penalty };
            *score = lowered.min(f32::MAX); // a penalty near 0 must not produce infinity
        }
    }
}

/// The frequency and presence penalties of OpenAI's API: a token's logit loses `frequency` for each time it occurs, and
/// `presence` if it occurs at all.
fn count(scores: &mut [f32], recent: impl Iterator<Item = u32>, frequency: f32, presence: f32) {
    let mut counts: HashMap<u32, u32> = HashMap::new();
    recent.for_each(|id| *counts.entry(id).or_default() += 1);
    for (id, count) in counts {
        if let Some(score) = scores.get_mut(id as usize) {
            *score -= frequency * count as f32 + presence;
        }
    }
}

/// DRY (p-e-w 2024): a token that would continue a sequence which occurred before loses
/// `multiplier * base ^ (length - allowed_length)`, where `length` is how many tokens at the end occurred before it, if
/// they are at least `allowed_length`. A sequence doesn't reach across a token that `breaks`.
fn dry(scores: &mut [f32], tokens: &[u32], params: &SamplingParams, breaks: &dyn Fn(u32) -> bool) {
    // The length of the longest common suffix of the text and of each of its beginnings, by the Z algorithm on the
    // reversed text up to the last break.
    let since = tokens.iter().rposition(|&id| breaks(id)).map_or(0, |at| at + 1);
    let most = tokens.len() - since;
    if most < params.dry_allowed_length {
        return;
    }
    let mut longest: HashMap<u32, usize> = HashMap::new();
    for (end, length) in suffixes(tokens, most) {
        let (next, known) = (tokens[end], longest.get(&tokens[end]).copied().unwrap_or(0));
        if length >= params.dry_allowed_length && length > known && !breaks(next) {
            longest.insert(next, length);
        }
    }
    for (id, length) in longest {
        if let Some(score) = scores.get_mut(id as usize) {
            let power = (length - params.dry_allowed_length).min(64) as i32;
            *score -= (params.dry_multiplier * params.dry_base.powi(power)).min(1e30);
        }
    }
}

/// For each place before the end: the place, and how many tokens before it are equal to the last tokens of all, at
/// most `most`.
fn suffixes(tokens: &[u32], most: usize) -> impl Iterator<Item = (usize, usize)> {
    let n = tokens.len();
    let at = |i: usize| tokens[n - 1 - i];
    // z[i] is the length of the longest common prefix of the reversed text and its part from i on.
    let mut z = vec![0; n];
    let (mut left, mut right) = (0, 0);
    for i in 1..n {
        if i < right {
            z[i] = (right - i).min(z[i - left]);
        }
        while i + z[i] < n && at(z[i]) == at(i + z[i]) {
            z[i] += 1;
        }
        if i + z[i] > right {
            (left, right) = (i, i + z[i]);
        }
    }
    z.into_iter().enumerate().skip(1).map(move |(i, length)| (n - i, length.min(most)))
}

/// Excludes tokens that would repeat a sequence of `n` tokens (Paulus et al. 2017), unless nothing else is left.
fn no_repeat_ngram(scores: &mut [f32], tokens: &[u32], n: usize) {
    let Some(from) = tokens.len().checked_sub(n - 1) else { return };
    let last = &tokens[from..];
    let before = scores.to_vec();
    for window in tokens.windows(n).filter(|window| window[..n - 1] == *last) {
        if let Some(score) = scores.get_mut(window[n - 1] as usize) {
            *score = f32::NEG_INFINITY;
        }
    }
    if scores.iter().all(|score| *score == f32::NEG_INFINITY) {
        scores.copy_from_slice(&before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn off() -> SamplingParams {
        SamplingParams { repetition_penalty: 1.0, ..SamplingParams::default() }
    }

    #[test]
    fn a_repetition_penalty_lowers_either_sign_once() {
        let mut scores = [2.0, -2.0, 2.0];
        repetition(&mut scores, &[0, 1, 0, 99], 2.0);
        assert_eq!(scores, [1.0, -4.0, 2.0]);
    }

    #[test]
    fn frequency_counts_and_presence_does_not_and_marks_are_exempt() {
        let params = SamplingParams { frequency_penalty: 0.5, presence_penalty: 0.25, ..off() };
        let marks = Marks { plain: vec![false, false, true], ..Marks::default() };
        let got = scores(&[1.0; 4], &[0, 1, 0, 2, 2], &params, &marks);
        assert_eq!(got, [1.0 - 1.25, 1.0 - 0.75, 1.0, 1.0]);
        let short = SamplingParams { repetition_window: 3, ..params };
        assert_eq!(scores(&[1.0; 4], &[0, 1, 0, 2, 2], &short, &marks), [0.25, 1.0, 1.0, 1.0]);
    }

    /// What DRY takes from each token, as its definition says it: by trying every length at every place.
    fn by_definition(tokens: &[u32], breaks: &[u32], params: &SamplingParams) -> Vec<f32> {
        (0..8u32)
            .map(|id| {
                let mut longest = 0;
                for end in
                    (0..tokens.len()).filter(|&end| tokens[end] == id && !breaks.contains(&id))
                {
                    for length in 1..=end {
                        let (a, b) = (&tokens[end - length..end], &tokens[tokens.len() - length..]);
                        if a == b && !b.iter().any(|id| breaks.contains(id)) {
                            longest = longest.max(length);
                        }
                    }
                }
                match longest.checked_sub(params.dry_allowed_length) {
                    Some(beyond) => params.dry_multiplier * params.dry_base.powi(beyond as i32),
                    None => 0.0,
                }
            })
            .collect()
    }

    #[test]
    fn dry_takes_what_its_definition_says() {
        let params = SamplingParams { dry_multiplier: 0.8, ..off() };
        let mut state = 7u64;
        for round in 0..400 {
            let mut draw = |below: u64| {
                state = crate::splitmix::mix(state.wrapping_add(1));
                state % below
            };
            let tokens: Vec<u32> = (0..draw(24)).map(|_| draw(4) as u32).collect();
            let breaks: &[u32] = if round % 2 == 0 { &[] } else { &[3] };
            let mut got = vec![0.0; 8];
            dry(&mut got, &tokens, &params, &|id| breaks.contains(&id));
            let expected = by_definition(&tokens, breaks, &params);
            for (got, expected) in got.iter().zip(expected) {
                assert!((got + expected).abs() < 1e-4, "{tokens:?} {breaks:?}");
            }
        }
    }

    #[test]
    fn no_sequence_occurs_twice() {
        let excluded = |tokens: &[u32], n| {
            let mut scores = vec![0.0; 4];
            no_repeat_ngram(&mut scores, tokens, n);
            (0..4).filter(|&id| scores[id as usize] < 0.0).collect::<Vec<u32>>()
        };
        assert_eq!(excluded(&[0, 1, 2, 0, 1], 3), [2]);
        assert_eq!(excluded(&[0, 1, 2, 0, 3, 0], 2), [1, 3]);
        assert_eq!(excluded(&[0, 1], 1), [0, 1]);
        assert_eq!(excluded(&[0], 4), [0u32; 0]);
        assert_eq!(excluded(&[0, 1, 2, 3], 1), [0u32; 0], "something has to be left");
    }
}
