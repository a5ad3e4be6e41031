//! Chooses the next token from the logits, the parameters and the position alone: there is no hidden random state.
//!
//! The order of the steps is that of `transformers`: repetition penalty, temperature, top-k, top-p, min-p.

use crate::{
    model::kernels::log_sum_exp,
    splitmix::{GAMMA, finish, mix},
    token::SamplingParams,
};

/// A chosen option, with its log-probability and rank in the raw distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Its index: the token's id, if the options are the logits of a vocabulary.
    pub index: u32,
    /// Natural logarithm of its raw probability.
    pub logprob: f32,
    /// Its rank by raw probability; 1 is the most likely.
    pub rank: u32,
}

/// Choose one of the options. `raw` are their logits, `scores` the same after the penalty and with minus infinity for
/// what is excluded, `position` the number of tokens generated before. `None` when every option is excluded or the
/// logits are NaN.
pub fn choose(
    raw: &[f32],
    mut scores: Vec<f32>,
    params: &SamplingParams,
    position: usize,
) -> Option<Choice> {
    let index = match params.temperature > 0.0 {
        false => likeliest(&scores)?,
        true => draw(&mut scores, params, uniform(params.seed, params.branch, position as u64))?,
    };
    let (logprob, rank) = place(raw, index)?;
    Some(Choice { index, logprob, rank })
}

/// The log-probability and the rank (1 for the most likely) of an option under raw logits; `None` for an index outside
/// of them.
pub fn place(logits: &[f32], index: u32) -> Option<(f32, u32)> {
    let logit = *logits.get(index as usize)?;
    let rank = 1 + logits.iter().filter(|&&x| x > logit).count() as u32;
    Some((logit - log_sum_exp(logits), rank))
}

/// An option with its raw log-probability, and its probability after the sampling cuts.
pub struct Rated {
    /// Its index: the token's id, if the options are the logits of a vocabulary.
    pub index: u32,
    /// Natural logarithm of its raw probability.
    pub logprob: f32,
    /// Its probability after penalty, temperature and cuts; `None` when it is excluded.
    pub after: Option<f32>,
}

/// The `params.logprobs` most likely options, most likely first. `raw` and `scores` are those of [`choose`].
pub fn alternatives(raw: &[f32], mut scores: Vec<f32>, params: &SamplingParams) -> Vec<Rated> {
    let total = log_sum_exp(raw);
    let mut all: Vec<(f32, u32)> = raw.iter().zip(0..).map(|(&x, index)| (x, index)).collect();
    keep_best(&mut all, params.logprobs);
    let kept = match params.temperature > 0.0 {
        false => likeliest(&scores).map(|index| (0.0, index)).into_iter().collect(),
        true => temper(&mut scores, params).map(|()| cut(&scores, params)).unwrap_or_default(),
    };
    let left = mass(kept.iter().copied());
    let after = |index| {
        let (x, _) = kept.iter().find(|(_, kept)| *kept == index)?;
        Some(((*x as f64).exp() / left) as f32)
    };
    let rated = |(x, index)| Rated { index, logprob: x - total, after: after(index) };
    all.into_iter().map(rated).collect()
}

/// The logits of a vocabulary after the repetition penalty for the tokens in `recent`; NaN is minus infinity.
pub fn scores(logits: &[f32], recent: &[u32], params: &SamplingParams) -> Vec<f32> {
    let mut scores: Vec<f32> =
        logits.iter().map(|&x| if x.is_nan() { f32::NEG_INFINITY } else { x }).collect();
    if let Some(penalty) = params.active_penalty() {
        penalize(&mut scores, recent, penalty);
    }
    scores
}

/// The repetition penalty of CTRL (Keskar et al. 2019): positive logits are divided by it, negative ones multiplied. It
/// applies once per token, however often the token occurs.
fn penalize(scores: &mut [f32], recent: &[u32], penalty: f32) {
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

/// The token with the highest score; the lowest id among equals.
fn likeliest(scores: &[f32]) -> Option<u32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let best = scores.iter().position(|&x| x == most)?;
    (most > f32::NEG_INFINITY).then_some(best as u32)
}

fn draw(scores: &mut [f32], params: &SamplingParams, u: f64) -> Option<u32> {
    temper(scores, params)?;
    if is_uncut(params) {
        walk(possible(scores), u)
    } else {
        walk(cut(scores, params).into_iter(), u)
    }
}

/// Apply the temperature and shift the scores so that the most likely token has 0: each is then the logarithm of a
/// probability relative to the highest. `None` when every token is excluded.
fn temper(scores: &mut [f32], params: &SamplingParams) -> Option<()> {
    let most = scores[likeliest(scores)? as usize];
    for score in scores.iter_mut() {
        *score = (*score - most) / params.temperature; // 0 for the most likely token, negative for all others
    }
    Some(())
}

fn is_uncut(params: &SamplingParams) -> bool {
    params.active_top_k().is_none()
        && params.active_top_p().is_none()
        && params.active_min_p().is_none()
}

fn possible(scores: &[f32]) -> impl Iterator<Item = (f32, u32)> + Clone {
    scores.iter().zip(0..).map(|(&x, id)| (x, id)).filter(|(x, _)| *x > f32::NEG_INFINITY)
}

/// The tokens that remain after top-k, top-p and min-p, with their scores.
fn cut(scores: &[f32], params: &SamplingParams) -> Vec<(f32, u32)> {
    let all = possible(scores);
    if is_uncut(params) {
        return all.collect();
    }
    let (top_k, top_p) = (params.active_top_k(), params.active_top_p().map(f64::from));
    let floor = params.active_min_p().map_or(f32::NEG_INFINITY, f32::ln);
    // The probability mass that top-p is a fraction of. With top-k it is the mass of the tokens that top-k keeps.
    let of_all = if top_p.is_some() && top_k.is_none() { mass(all.clone()) } else { 0.0 };
    let enough = |depth: f32| {
        let near = scores.iter().filter(|x| **x >= -depth);
        match (top_k, top_p) {
            (Some(k), _) => near.count() >= k,
            (None, Some(p)) => mass(near.map(|&x| (x, 0))) >= p * of_all,
            (None, None) => floor >= -depth,
        }
    };
    // Sort as few tokens as possible: only those within `depth` of the top score, which is enough to include every cut.
    let depth = [3.0, 6.0, 12.0].into_iter().find(|&d| enough(d)).unwrap_or(f32::INFINITY);
    let mut kept: Vec<(f32, u32)> = all.filter(|(x, _)| *x >= -depth).collect();
    let k = top_k.unwrap_or(kept.len());
    keep_best(&mut kept, k);
    if let Some(p) = top_p {
        let total = if top_k.is_some() { mass(kept.iter().copied()) } else { of_all };
        let mut sum = 0.0;
        let crosses = |(x, _): &(f32, u32)| {
            sum += (*x as f64).exp();
            sum >= p * total
        };
        if let Some(last) = kept.iter().position(crosses) {
            kept.truncate(last + 1);
        }
    }
    kept.retain(|(x, _)| *x >= floor);
    kept
}

/// The sum of the exponentials of the scores: the unnormalized probability mass.
fn mass(scored: impl Iterator<Item = (f32, u32)>) -> f64 {
    scored.map(|(x, _)| (x as f64).exp()).sum()
}

/// Keep the `k` highest scores, sorted from the highest; among equals the lower id is first.
fn keep_best(all: &mut Vec<(f32, u32)>, k: usize) {
    let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if k < all.len() {
        all.select_nth_unstable_by(k, order);
        all.truncate(k);
    }
    all.sort_unstable_by(order);
}

/// Inverse transform sampling: the token at which the cumulative probability exceeds `u` (0 to 1).
fn walk(scored: impl Iterator<Item = (f32, u32)> + Clone, u: f64) -> Option<u32> {
    let mut left = u * mass(scored.clone());
    let mut last = None;
    for (x, id) in scored {
        left -= (x as f64).exp();
        last = Some(id);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// A number in [0, 1) that is a hash of seed, branch and position, with SplitMix64's mixing function (Steele et al.
/// 2014).
fn uniform(seed: u64, branch: u64, position: u64) -> f64 {
    let bits = [seed, branch, position]
        .into_iter()
        .fold(GAMMA, |state, part| finish(state.wrapping_add(GAMMA) ^ mix(part)));
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn plain() -> SamplingParams {
        SamplingParams {
            temperature: 1.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            ..Default::default()
        }
    }

    /// The frequency of each token over many positions.
    fn shares(logits: &[f32], params: &SamplingParams) -> HashMap<u32, f64> {
        let n = 20_000;
        let mut counts = HashMap::new();
        for position in 0..n {
            let id = choose(logits, logits.to_vec(), params, position).unwrap().index;
            *counts.entry(id).or_insert(0.0) += 1.0 / n as f64;
        }
        counts
    }

    const LOGITS: [f32; 5] = [0.0, 2.0, 1.0, -1.0, 1.5];

    #[test]
    fn without_cuts_it_draws_the_softmax() {
        let total: f64 = LOGITS.iter().map(|x| (*x as f64).exp()).sum();
        let got = shares(&LOGITS, &plain());
        for (id, x) in LOGITS.iter().enumerate() {
            assert!((got[&(id as u32)] - (*x as f64).exp() / total).abs() < 0.015);
        }
    }

    #[test]
    fn each_cut_keeps_what_it_says() {
        let kept = |params: SamplingParams| {
            let mut ids: Vec<u32> = shares(&LOGITS, &params).into_keys().collect();
            ids.sort();
            ids
        };
        assert_eq!(kept(SamplingParams { top_k: 2, ..plain() }), [1, 4]);
        // Probabilities 0.441, 0.267, 0.162, 0.060, 0.022: the second token reaches 0.6, the third 0.75.
        assert_eq!(kept(SamplingParams { top_p: 0.6, ..plain() }), [1, 4]);
        assert_eq!(kept(SamplingParams { top_p: 0.75, ..plain() }), [1, 2, 4]);
        assert_eq!(kept(SamplingParams { min_p: 0.3, ..plain() }), [1, 2, 4]);
        assert_eq!(kept(SamplingParams { top_k: 3, top_p: 0.5, ..plain() }), [1]);
        assert_eq!(kept(SamplingParams { temperature: 0.01, ..plain() }), [1]);
    }

    #[test]
    fn deep_cuts_reach_past_the_near_ones() {
        // One token far above 200 equal ones: top-k and top-p must still find those.
        let mut logits = vec![0.0; 201];
        logits[7] = 30.0;
        let hot = SamplingParams { temperature: 2.0, ..plain() };
        let mut without = logits.clone();
        without[7] = f32::NEG_INFINITY;
        let a = choose(&logits, without, &SamplingParams { top_k: 50, ..hot.clone() }, 1);
        assert!(a.unwrap().index <= 50, "of equals the lower tokens stay");
        let b = choose(&logits, logits.clone(), &SamplingParams { top_p: 0.99, ..hot }, 1);
        assert_eq!(b.unwrap().index, 7);
    }

    #[test]
    fn alternatives_say_how_they_are_drawn() {
        let rated = |params: SamplingParams| {
            let params = SamplingParams { logprobs: 4, ..params };
            let rated = alternatives(&LOGITS, LOGITS.to_vec(), &params);
            rated.into_iter().map(|r| (r.index, r.after)).collect::<Vec<_>>()
        };
        let two = rated(SamplingParams { top_p: 0.6, ..plain() });
        assert_eq!(two.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 4, 2, 0]);
        let (first, second) = (two[0].1.unwrap(), two[1].1.unwrap());
        assert!(
            (first + second - 1.0).abs() < 1e-6 && (first / second - 0.5f32.exp()).abs() < 1e-4
        );
        assert_eq!((two[2].1, two[3].1), (None, None));
        let greedy = rated(SamplingParams { temperature: 0.0, ..plain() });
        assert_eq!((greedy[0], greedy[1].1), ((1, Some(1.0)), None));
        let all = rated(plain());
        let shares = shares(&LOGITS, &plain());
        assert!(all.iter().all(|(id, after)| (after.unwrap() as f64 - shares[id]).abs() < 0.015));
    }

    #[test]
    fn greedy_ignores_the_cuts_and_equals_go_to_the_lower() {
        let greedy = SamplingParams { temperature: 0.0, top_k: 1, top_p: 0.01, ..plain() };
        let logits = [1.0, 3.0, 3.0];
        assert_eq!(choose(&logits, logits.to_vec(), &greedy, 0).unwrap().index, 1);
    }

    #[test]
    fn a_penalty_lowers_either_sign_once() {
        let mut scores = [2.0, -2.0, 2.0];
        penalize(&mut scores, &[0, 1, 0, 99], 2.0);
        assert_eq!(scores, [1.0, -4.0, 2.0]);
    }

    #[test]
    fn a_draw_depends_on_its_place_alone() {
        let params = SamplingParams { seed: 3, branch: 1, ..plain() };
        let at = |p: &SamplingParams, i| choose(&LOGITS, LOGITS.to_vec(), p, i).unwrap().index;
        let forward: Vec<u32> = (0..50).map(|i| at(&params, i)).collect();
        let mut backward: Vec<u32> = (0..50).rev().map(|i| at(&params, i)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
        let other = SamplingParams { branch: 2, ..params.clone() };
        assert_ne!(forward, (0..50).map(|i| at(&other, i)).collect::<Vec<_>>());
    }

    #[test]
    fn rank_and_logprob_are_of_the_raw_distribution() {
        let params = SamplingParams { temperature: 0.0, ..plain() };
        let only = |keep: usize| {
            let kept = |(i, &x): (usize, &f32)| if i == keep { x } else { f32::NEG_INFINITY };
            LOGITS.iter().enumerate().map(kept).collect::<Vec<f32>>()
        };
        let c = choose(&LOGITS, only(2), &params, 0).unwrap();
        let total: f32 = LOGITS.iter().map(|x| x.exp()).sum();
        assert_eq!((c.index, c.rank), (2, 3));
        assert!((c.logprob - (1.0f32.exp() / total).ln()).abs() < 1e-5);
        assert_eq!(choose(&LOGITS, only(9), &params, 0), None);
        let nan = [f32::NAN; 3];
        assert_eq!(choose(&nan, scores(&nan, &[], &params), &params, 0), None);
    }
}
