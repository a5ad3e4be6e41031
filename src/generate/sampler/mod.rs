//! Chooses the next token from the logits, the parameters, the tokens so far and the position alone: there is no hidden
//! random state.
//!
//! Penalties come first ([`scores`]). Then a chain of steps makes the distribution, in the order of
//! [`SamplingParams::order`], and a token is drawn from it.

mod bias;
mod chain;
mod compare;
mod penalties;

pub use bias::{Bias, forms};
pub use compare::{Fit, compare};
pub use penalties::{Marks, scores};

use crate::{
    model::kernels::{highest, log_sum_exp},
    splitmix::{GAMMA, finish, mix},
    token::SamplingParams,
};
use chain::{Left, Scored, State, keep_best, mass};

/// A chosen option, with its log-probability and rank in the raw distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Its index: the token's id, if the options are the logits of a vocabulary.
    pub index: u32,
    /// Natural logarithm of its raw probability.
    pub logprob: f32,
    /// Its rank by raw probability; 1 is the most likely.
    pub rank: u32,
    /// The surprise in bits that Mirostat lets through at the next token.
    pub mu: f32,
}

/// What the draw of a token depends on beside its logits and the parameters.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The number of the draw in this continuation: no two draws have the same.
    pub position: u64,
    /// The surprise in bits that Mirostat lets through.
    pub mu: f32,
    /// Whether XTC may exclude an option.
    pub may_exclude: &'a dyn Fn(u32) -> bool,
}

/// The surprise in bits that Mirostat lets through at the first token.
pub fn first_mu(params: &SamplingParams) -> f32 {
    2.0 * params.mirostat_tau
}

/// Choose one of the options. `raw` are their logits, `scores` the same after the penalties and with minus infinity for
/// what is excluded. `None` when every option is excluded or the logits are NaN.
pub fn choose(
    raw: &[f32],
    scores: &[f32],
    params: &SamplingParams,
    moment: Moment,
) -> Option<Choice> {
    let (index, mu) = index(scores, params, moment)?;
    let (logprob, rank) = place(raw, index)?;
    Some(Choice { index, logprob, rank, mu })
}

/// The option that [`choose`] chooses, and the surprise in bits that Mirostat lets through at the next token.
pub fn index(scores: &[f32], params: &SamplingParams, moment: Moment) -> Option<(u32, f32)> {
    if params.temperature <= 0.0 {
        return Some((likeliest(scores)?, moment.mu));
    }
    let (left, number) = draw(scores, params, moment)?;
    let (score, index) = walk(&left.options, number)?;
    let mu = left.bits.map_or(moment.mu, |bits| chain::next_mu(moment.mu, bits.of(score), params));
    Some((index, mu))
}

/// What a draw chooses from, and its random number.
fn draw(scores: &[f32], params: &SamplingParams, moment: Moment) -> Option<(Left, f64)> {
    let Moment { position, mu, may_exclude } = moment;
    let uniform = |seed| uniform(seed, params.branch, position);
    // A second random number of the same position.
    let xtc =
        params.xtc_probability > 0.0 && uniform(!params.seed) < f64::from(params.xtc_probability);
    let left = chain::run(scores, params, State { xtc, mu, may_exclude })?;
    Some((left, uniform(params.seed)))
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
pub fn alternatives(
    raw: &[f32],
    scores: &[f32],
    params: &SamplingParams,
    moment: Moment,
) -> Vec<Rated> {
    let total = log_sum_exp(raw);
    let mut all: Vec<Scored> = raw.iter().zip(0..).map(|(&x, index)| (x, index)).collect();
    keep_best(&mut all, params.logprobs);
    let after = distribution(scores, params, moment);
    let after = |index: u32| {
        let at = after.binary_search_by_key(&index, |(other, _)| *other).ok()?;
        Some(after[at].1)
    };
    let rated = |(x, index)| Rated { index, logprob: x - total, after: after(index) };
    all.into_iter().map(rated).collect()
}

/// The options that can be drawn with their probabilities. XTC is applied to a part of the draws, so that with it the
/// distribution is a mixture.
fn distribution(scores: &[f32], params: &SamplingParams, moment: Moment) -> Vec<(u32, f32)> {
    if params.temperature <= 0.0 {
        return likeliest(scores).map(|index| (index, 1.0)).into_iter().collect();
    }
    let often = params.xtc_probability;
    let mut all: Vec<(u32, f32)> = Vec::new();
    for (xtc, part) in [(false, 1.0 - often), (true, often)] {
        let state = State { xtc, mu: moment.mu, may_exclude: moment.may_exclude };
        let Some(left) = chain::run(scores, params, state).filter(|_| part > 0.0) else { continue };
        let total = mass(left.options.iter().copied());
        all.extend(
            left.options
                .iter()
                .map(|(score, index)| (*index, part * (f64::from(*score).exp() / total) as f32)),
        );
    }
    all.sort_unstable_by_key(|(index, _)| *index);
    all.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    all
}

/// The token with the highest score; the lowest id among equals.
fn likeliest(scores: &[f32]) -> Option<u32> {
    let most = highest(scores);
    let best = scores.iter().position(|&x| x == most)?;
    (most > f32::NEG_INFINITY).then_some(best as u32)
}

/// Inverse transform sampling: the option at which the cumulative probability exceeds `u` (0 to 1).
fn walk(options: &[Scored], u: f64) -> Option<Scored> {
    let mut left = u * mass(options.iter().copied());
    let mut last = None;
    for &(x, id) in options {
        left -= f64::from(x).exp();
        last = Some((x, id));
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

    fn at(raw: &[f32], scores: &[f32], params: &SamplingParams, position: u64) -> Option<Choice> {
        choose(
            raw,
            scores,
            params,
            Moment { position, mu: first_mu(params), may_exclude: &|_| true },
        )
    }

    /// The frequency of each token over many positions.
    fn shares(logits: &[f32], params: &SamplingParams) -> HashMap<u32, f64> {
        let n = 20_000;
        let mut counts = HashMap::new();
        for position in 0..n {
            let id = at(logits, logits, params, position).unwrap().index;
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
        let a = at(&logits, &without, &SamplingParams { top_k: 50, ..hot.clone() }, 1);
        assert!(a.unwrap().index <= 50, "of equals the lower tokens stay");
        let b = at(&logits, &logits, &SamplingParams { top_p: 0.99, ..hot }, 1);
        assert_eq!(b.unwrap().index, 7);
    }

    #[test]
    fn what_is_near_is_what_the_whole_chain_keeps() {
        let kept = |scores: &[f32], params: &SamplingParams| {
            let state = State { xtc: false, mu: 0.0, may_exclude: &|_| true };
            chain::run(scores, params, state).map(|left| left.options)
        };
        for seed in 0..200u64 {
            // Peaked ones, flat ones, and some that are excluded.
            let width = [0.5, 4.0, 30.0][seed as usize % 3];
            let score = |i: u64| match mix(seed ^ mix(i)) >> 40 {
                bits if bits % 17 == 0 => f32::NEG_INFINITY,
                bits => bits as f32 / (1 << 24) as f32 * width,
            };
            let scores: Vec<f32> = (0..500).map(score).collect();
            let by = [0.3, 0.85, 2.0][seed as usize / 3 % 3];
            let mut all: Vec<Scored> = scores.iter().copied().zip(0..).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.retain(|(x, _)| *x > f32::NEG_INFINITY);
            let share = |x: f32| f64::from((x - all[0].0) / by).exp();
            let total: f64 = all.iter().map(|(x, _)| share(*x)).sum();
            let cumulative = |n: usize| all[..n].iter().map(|(x, _)| share(*x)).sum::<f64>();
            let p = 0.9f32;
            let hot = SamplingParams { temperature: by, ..plain() };
            for (params, count) in [
                (SamplingParams { top_k: 40, ..hot.clone() }, 40),
                (
                    SamplingParams { top_p: p, ..hot.clone() },
                    (1..).find(|n| cumulative(*n) >= f64::from(p) * total).unwrap_or(0),
                ),
                (
                    SamplingParams { min_p: 0.02, ..hot.clone() },
                    all.iter().filter(|(x, _)| share(*x) >= 0.02).count(),
                ),
            ] {
                let ids = |options: &[Scored]| options.iter().map(|o| o.1).collect::<Vec<_>>();
                let options = kept(&scores, &params).unwrap_or_default();
                assert_eq!(ids(&options), ids(&all[..count]), "seed {seed}, {params:?}");
            }
        }
    }

    #[test]
    fn alternatives_say_how_they_are_drawn() {
        let rated = |params: SamplingParams| {
            let params = SamplingParams { logprobs: 4, ..params };
            let moment = Moment { position: 0, mu: first_mu(&params), may_exclude: &|_| true };
            let rated = alternatives(&LOGITS, &LOGITS, &params, moment);
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
        assert_eq!(at(&logits, &logits, &greedy, 0).unwrap().index, 1);
    }

    #[test]
    fn a_draw_depends_on_its_place_alone() {
        let params = SamplingParams { seed: 3, branch: 1, ..plain() };
        let drawn = |p: &SamplingParams, i| at(&LOGITS, &LOGITS, p, i).unwrap().index;
        let forward: Vec<u32> = (0..50).map(|i| drawn(&params, i)).collect();
        let mut backward: Vec<u32> = (0..50).rev().map(|i| drawn(&params, i)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
        let other = SamplingParams { branch: 2, ..params.clone() };
        assert_ne!(forward, (0..50).map(|i| drawn(&other, i)).collect::<Vec<_>>());
    }

    #[test]
    fn rank_and_logprob_are_of_the_raw_distribution() {
        let params = SamplingParams { temperature: 0.0, ..plain() };
        let only = |keep: usize| {
            let kept = |(i, &x): (usize, &f32)| if i == keep { x } else { f32::NEG_INFINITY };
            LOGITS.iter().enumerate().map(kept).collect::<Vec<f32>>()
        };
        let c = at(&LOGITS, &only(2), &params, 0).unwrap();
        let total: f32 = LOGITS.iter().map(|x| x.exp()).sum();
        assert_eq!((c.index, c.rank), (2, 3));
        assert!((c.logprob - (1.0f32.exp() / total).ln()).abs() < 1e-5);
        assert_eq!(at(&LOGITS, &only(9), &params, 0), None);
        let nan = [f32::NAN; 3];
        let excluded = scores(&nan, &[], &params, &Marks::default());
        assert_eq!(at(&nan, &excluded, &params, 0), None);
    }

    #[test]
    fn what_is_drawn_is_what_is_said() {
        let xtc = SamplingParams { xtc_probability: 0.3, xtc_threshold: 0.1, ..plain() };
        for params in [
            SamplingParams { typical_p: 0.6, ..plain() },
            SamplingParams { tail_free: 0.7, ..plain() },
            SamplingParams { top_a: 0.5, temperature: 1.4, ..plain() },
            SamplingParams { mirostat_tau: 1.0, ..plain() },
            SamplingParams { top_k: 4, min_p: 0.1, ..xtc.clone() },
            xtc,
        ] {
            let params = SamplingParams { logprobs: 5, ..params };
            let moment = Moment { position: 0, mu: first_mu(&params), may_exclude: &|_| true };
            let got = shares(&LOGITS, &params);
            for rated in alternatives(&LOGITS, &LOGITS, &params, moment) {
                let (said, drawn) = (rated.after, got.get(&rated.index).copied());
                let (said, drawn) = (f64::from(said.unwrap_or(0.0)), drawn.unwrap_or(0.0));
                // Four standard deviations of 20,000 draws.
                let spread = 4.0 * (said * (1.0 - said) / 20_000.0).sqrt();
                assert!((said - drawn).abs() <= spread, "{params:?} {said} {drawn}");
            }
        }
    }

    #[test]
    fn mirostat_keeps_the_surprise_near_its_target() {
        // 200 options whose probabilities fall as 1/n: the likeliest has a surprise of 2.6 bits.
        let logits: Vec<f32> = (1..=200).map(|n| -(n as f32).ln()).collect();
        for tau in [3.0, 4.0] {
            let params = SamplingParams { mirostat_tau: tau, ..plain() };
            let (mut mu, mut sum) = (first_mu(&params), 0.0);
            for position in 0..4_000 {
                let moment = Moment { position, mu, may_exclude: &|_| true };
                let choice = choose(&logits, &logits, &params, moment).unwrap();
                (mu, sum) = (choice.mu, sum - choice.logprob / std::f32::consts::LN_2);
            }
            assert!((sum / 4_000.0 - tau).abs() < 0.05, "{tau} {}", sum / 4_000.0);
        }
    }
}
