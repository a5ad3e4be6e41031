//! The chain: steps that make a distribution of scores, in the order of the parameters. Each is a function of the options
//! that are left, with scores that are logarithms of probabilities up to a common term.

use crate::{
    model::kernels::{above, highest},
    token::{SamplingParams, Step},
};

/// An option's score, and its index.
pub type Scored = (f32, u32);

/// What the steps need beside the scores.
#[derive(Clone, Copy)]
pub struct State<'a> {
    /// Whether XTC is applied to this token.
    pub xtc: bool,
    /// The largest surprise in bits that Mirostat lets through.
    pub mu: f32,
    /// Whether XTC may exclude an option.
    pub may_exclude: &'a dyn Fn(u32) -> bool,
}

/// What is left of the options.
pub struct Left {
    /// The options. They are sorted from the highest score if a step has cut something; among equals the lower index is
    /// first.
    pub options: Vec<Scored>,
    /// The surprise in bits of each option before Mirostat cut, for its correction.
    pub bits: Option<Bits>,
}

/// How to tell the surprise of an option.
#[derive(Clone, Copy, Debug)]
pub struct Bits {
    /// The logarithm of the sum of the exponentials of all scores.
    total: f64,
}

impl Bits {
    /// The surprise in bits of an option with this score.
    pub fn of(self, score: f32) -> f32 {
        ((self.total - f64::from(score)) / std::f64::consts::LN_2) as f32
    }
}

/// Whether a step changes something.
fn is_active(step: Step, params: &SamplingParams) -> bool {
    match step {
        Step::Temperature => true,
        Step::TopK => params.active_top_k().is_some(),
        Step::TopP => params.active_top_p().is_some(),
        Step::MinP => params.active_min_p().is_some(),
        Step::TypicalP => params.active_typical_p().is_some(),
        Step::TailFree => params.active_tail_free().is_some(),
        Step::TopA => params.top_a > 0.0,
        Step::Xtc => params.xtc_probability > 0.0,
        Step::Mirostat => params.mirostat_tau > 0.0,
    }
}

/// The options that are left after all steps. `scores` are logits after the penalties, with minus infinity for what is
/// excluded. `None` when every option is excluded.
pub fn run(scores: &[f32], params: &SamplingParams, state: State) -> Option<Left> {
    let most = highest(scores);
    if most == f32::NEG_INFINITY {
        return None;
    }
    let mut steps: Vec<Step> =
        params.order.iter().copied().filter(|step| is_active(*step, params)).collect();
    // The first step is often the temperature: it is applied to all scores, before any list of options is made.
    let first = steps.first() == Some(&Step::Temperature);
    let by = if first { params.temperature } else { 1.0 };
    if first {
        steps.remove(0);
    }
    // 0 for the most likely option, negative for all others.
    let option = |(&score, id): (&f32, u32)| ((score - most) / by, id);
    let all = || scores.iter().zip(0..).filter(|(x, _)| **x > f32::NEG_INFINITY).map(option);
    // The mass of all options: only a first step needs that of options that are cut off below.
    let mut total = (steps.first() == Some(&Step::TopP)).then(|| mass(all()));
    // What the first step cuts off need not be sorted.
    let cuts = |step: &&Step| matches!(step, Step::TopK | Step::TopP | Step::MinP);
    let near = steps.first().filter(cuts).and_then(|step| {
        DEPTHS.into_iter().find_map(|depth| {
            let mut near = Vec::new();
            above(scores, most - depth * by, &mut near);
            let near: Vec<Scored> =
                near.into_iter().map(|id| option((&scores[id as usize], id))).collect();
            is_enough(*step, depth, &near, params, total).then_some(near)
        })
    });
    let mut options = near.unwrap_or_else(|| all().collect());
    let mut bits = None;
    for step in &steps {
        match step {
            Step::Temperature => options.iter_mut().for_each(|(x, _)| *x /= params.temperature),
            Step::TopK => keep_best(&mut options, params.active_top_k()?),
            Step::TopP => {
                sort(&mut options);
                top_p(&mut options, params.active_top_p()?, total);
            }
            Step::MinP => {
                sort(&mut options);
                min_p(&mut options, params.active_min_p()?);
            }
            Step::TypicalP => typical(&mut options, params.active_typical_p()?),
            Step::TailFree => {
                sort(&mut options);
                tail_free(&mut options, params.active_tail_free()?);
            }
            Step::TopA => top_a(&mut options, params.top_a),
            Step::Xtc if state.xtc => {
                xtc(&mut options, params.xtc_threshold, state.may_exclude);
            }
            Step::Xtc => {}
            Step::Mirostat => bits = Some(mirostat(&mut options, state.mu)),
        }
        total = None;
    }
    if !steps.is_empty() && options.len() < scores.len() {
        sort(&mut options);
    }
    Some(Left { options, bits })
}

/// How far below the best score a step looks first, second and third, before it looks at all options.
const DEPTHS: [f32; 3] = [3.0, 6.0, 12.0];

/// Whether a step would keep only options among these, which are at most `depth` below the best one.
fn is_enough(
    step: Step,
    depth: f32,
    near: &[Scored],
    params: &SamplingParams,
    total: Option<f64>,
) -> bool {
    match step {
        Step::TopK => near.len() >= params.top_k,
        Step::TopP => total.is_some_and(|total| total_of(near) >= f64::from(params.top_p) * total),
        Step::MinP => params.min_p.ln() >= -depth,
        _ => false,
    }
}

/// The sum of the exponentials of the scores: the unnormalized probability mass.
pub fn mass(options: impl Iterator<Item = Scored>) -> f64 {
    options.map(|(x, _)| f64::from(x).exp()).sum()
}

fn total_of(options: &[Scored]) -> f64 {
    mass(options.iter().copied())
}

fn order(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

fn sort(options: &mut [Scored]) {
    if !options.is_sorted_by(|a, b| order(a, b).is_le()) {
        options.sort_unstable_by(order);
    }
}

/// Keep the `k` highest scores, sorted from the highest; among equals the lower id is first.
pub fn keep_best(options: &mut Vec<Scored>, k: usize) {
    if k < options.len() {
        options.select_nth_unstable_by(k, order);
        options.truncate(k);
    }
    options.sort_unstable_by(order);
}

/// Nucleus sampling (Holtzman et al. 2020) of sorted options: the most likely ones that add up to `p` of `total`, or of
/// all that are left.
fn top_p(options: &mut Vec<Scored>, p: f32, total: Option<f64>) {
    let wanted = f64::from(p) * total.unwrap_or_else(|| total_of(options));
    let mut sum = 0.0;
    let crosses = |(x, _): &Scored| {
        sum += f64::from(*x).exp();
        sum >= wanted
    };
    if let Some(last) = options.iter().position(crosses) {
        options.truncate(last + 1);
    }
}

/// Min-p (Nguyen et al. 2024, arXiv 2407.01082) of sorted options: those at least this fraction as likely as the first.
fn min_p(options: &mut Vec<Scored>, fraction: f32) {
    let floor = options.first().map_or(0.0, |(x, _)| x + fraction.ln());
    options.retain(|(x, _)| *x >= floor);
}

/// Locally typical sampling (Meister et al. 2022): the options whose surprise is nearest to the entropy, and that add up
/// to `p`.
fn typical(options: &mut Vec<Scored>, p: f32) {
    let total = total_of(options);
    let surprise = |x: f32| total.ln() - f64::from(x);
    let share = |x: f32| f64::from(x).exp() / total;
    let entropy: f64 = options.iter().map(|(x, _)| share(*x) * surprise(*x)).sum();
    let distance = |x: f32| (surprise(x) - entropy).abs();
    options.sort_unstable_by(|a, b| distance(a.0).total_cmp(&distance(b.0)).then(order(a, b)));
    let mut sum = 0.0;
    let crosses = |(x, _): &Scored| {
        sum += share(*x);
        sum >= f64::from(p)
    };
    if let Some(last) = options.iter().position(crosses) {
        options.truncate(last + 1);
    }
}

/// Tail-free sampling (Phénix 2019) of sorted options: cut where the absolute second derivatives of the probabilities,
/// as parts of their sum, have added up to `z`. As in its first implementation, the sum at one option decides about the
/// next.
fn tail_free(options: &mut Vec<Scored>, z: f32) {
    if options.len() < 3 {
        return;
    }
    let shares: Vec<f64> = options.iter().map(|(x, _)| f64::from(*x).exp()).collect();
    let bends: Vec<f64> =
        shares.windows(3).map(|part| (part[0] - 2.0 * part[1] + part[2]).abs()).collect();
    let wanted = f64::from(z) * bends.iter().sum::<f64>();
    let mut sum = 0.0;
    let beyond = bends.iter().position(|bend| {
        sum += bend;
        sum > wanted
    });
    options.truncate(beyond.map_or(options.len() - 1, |at| at + 1).max(1));
}

/// Top-a: the options at least `a` times the square of the highest probability.
fn top_a(options: &mut Vec<Scored>, a: f32) {
    let most = options.iter().map(|(x, _)| *x).fold(f32::NEG_INFINITY, f32::max);
    let floor = f64::from(a).ln() + 2.0 * f64::from(most) - total_of(options).ln();
    options.retain(|(x, _)| *x == most || f64::from(*x) >= floor);
}

/// XTC (p-e-w 2024): of the options with at least this probability, if there are several, only the least likely one is
/// kept. What may not be excluded stays.
fn xtc(options: &mut Vec<Scored>, threshold: f32, may_exclude: &dyn Fn(u32) -> bool) {
    let floor = f64::from(threshold).ln() + total_of(options).ln();
    let top = |option: &Scored| f64::from(option.0) >= floor;
    let least = options.iter().filter(|option| top(option)).max_by(|a, b| order(a, b)).copied();
    options.retain(|option| Some(*option) == least || !top(option) || !may_exclude(option.1));
}

/// Mirostat 2 (Basu et al. 2021): the options with a surprise of at most `mu` bits, or the most likely one.
fn mirostat(options: &mut Vec<Scored>, mu: f32) -> Bits {
    let bits = Bits { total: total_of(options).ln() };
    let most = options.iter().map(|(x, _)| *x).fold(f32::NEG_INFINITY, f32::max);
    options.retain(|(x, _)| *x == most || bits.of(*x) <= mu);
    bits
}

/// The surprise that Mirostat lets through next, after a token with this surprise: it starts at twice the target, and is
/// corrected by the error.
pub fn next_mu(mu: f32, surprise: f32, params: &SamplingParams) -> f32 {
    mu - params.mirostat_eta * (surprise - params.mirostat_tau)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options with these probabilities, in this order.
    fn options(shares: &[f32]) -> Vec<Scored> {
        shares.iter().zip(0..).map(|(share, id)| (share.ln(), id)).collect()
    }

    fn ids(options: &[Scored]) -> Vec<u32> {
        let mut ids: Vec<u32> = options.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids
    }

    const SHARES: [f32; 6] = [0.4, 0.25, 0.15, 0.1, 0.06, 0.04];

    #[test]
    fn typical_keeps_what_is_near_the_entropy() {
        // The entropy is 1.535 nats. The surprises are 0.916, 1.386, 1.897, 2.303, 2.813, 3.219, so that the nearest are
        // 0.25 (0.149 away), 0.15 (0.362), 0.4 (0.619) and 0.1 (0.768).
        for (p, expected) in
            [(0.2, &[1u32][..]), (0.3, &[1, 2]), (0.41, &[0, 1, 2]), (0.85, &[0, 1, 2, 3])]
        {
            let mut left = options(&SHARES);
            typical(&mut left, p);
            assert_eq!(ids(&left), expected, "{p}");
        }
    }

    #[test]
    fn tail_free_cuts_where_the_curve_is_flat() {
        // Second derivatives 0.05, 0.05, 0.01, 0.02 of 0.13 in all; the last option always leaves.
        for (z, expected) in [(0.3, 1), (0.5, 2), (0.8, 3), (0.9, 4), (1.0, 5)] {
            let mut left = options(&SHARES);
            tail_free(&mut left, z);
            assert_eq!(left.len(), expected, "{z}");
        }
    }

    #[test]
    fn top_a_is_relative_to_the_square_of_the_top() {
        // The floor is a * 0.16.
        for (a, expected) in [(1.0, 2), (0.9, 3), (0.5, 4), (0.3, 5), (0.2, 6)] {
            let mut left = options(&SHARES);
            top_a(&mut left, a);
            assert_eq!(left.len(), expected, "{a}");
        }
    }

    #[test]
    fn xtc_keeps_the_least_likely_of_the_top_choices() {
        let excluded = |threshold, kept: &[u32]| {
            let mut left = options(&SHARES);
            xtc(&mut left, threshold, &|id| !kept.contains(&id));
            ids(&left)
        };
        assert_eq!(excluded(0.09, &[]), [3, 4, 5]);
        assert_eq!(excluded(0.2, &[]), [1, 2, 3, 4, 5]);
        assert_eq!(excluded(0.3, &[]), [0, 1, 2, 3, 4, 5], "one top choice alone stays");
        assert_eq!(excluded(0.5, &[]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(excluded(0.09, &[0]), [0, 3, 4, 5]);
        assert_eq!(excluded(0.0, &[]), [5]);
    }

    #[test]
    fn mirostat_keeps_what_surprises_at_most_so_much() {
        // Surprises in bits: 1.32, 2, 2.74, 3.32, 4.06, 4.64.
        for (mu, expected) in [(0.5, 1), (2.1, 2), (3.0, 3), (10.0, 6)] {
            let mut left = options(&SHARES);
            let bits = mirostat(&mut left, mu);
            assert_eq!(left.len(), expected, "{mu}");
            assert!((bits.of(left[0].0) - 1.3219).abs() < 1e-3);
        }
        let params = SamplingParams { mirostat_tau: 3.0, ..SamplingParams::default() };
        assert!((next_mu(6.0, 5.0, &params) - 5.8).abs() < 1e-6);
    }

    fn off() -> SamplingParams {
        SamplingParams { temperature: 1.0, top_k: 0, top_p: 0.0, ..SamplingParams::default() }
    }

    fn left(params: &SamplingParams) -> Vec<u32> {
        let scores: Vec<f32> = SHARES.iter().map(|share| share.ln() + 3.0).collect();
        let state = State { xtc: true, mu: 6.0, may_exclude: &|_| true };
        ids(&run(&scores, params, state).expect("options").options)
    }

    #[test]
    fn the_order_decides_and_a_step_that_is_left_out_is_off() {
        // At temperature 2 the shares are 0.265, 0.21, 0.163, 0.133, 0.103, 0.084 (relative to the top 0.79, 0.61, 0.5).
        let hot = SamplingParams { temperature: 2.0, min_p: 0.5, ..off() };
        assert_eq!(left(&hot), [0, 1, 2, 3]);
        let order = vec![Step::MinP, Step::Temperature];
        assert_eq!(left(&SamplingParams { order, ..hot.clone() }), [0, 1]);
        let order = vec![Step::Temperature];
        assert_eq!(left(&SamplingParams { order, ..hot }), [0, 1, 2, 3, 4, 5]);
        let both = SamplingParams { top_k: 2, xtc_probability: 1.0, xtc_threshold: 0.2, ..off() };
        assert_eq!(left(&both), [1]);
        let order = vec![Step::Xtc, Step::TopK];
        assert_eq!(left(&SamplingParams { order, ..both }), [1, 2]);
    }

    #[test]
    fn top_p_counts_what_earlier_steps_left() {
        assert_eq!(left(&SamplingParams { top_p: 0.6, ..off() }), [0, 1]);
        assert_eq!(left(&SamplingParams { top_p: 0.6, top_k: 2, ..off() }), [0]);
        let order = vec![Step::TopP, Step::TopK];
        assert_eq!(left(&SamplingParams { top_p: 0.6, top_k: 2, order, ..off() }), [0, 1]);
    }

    #[test]
    fn nothing_is_left_of_nothing() {
        let state = State { xtc: false, mu: 0.0, may_exclude: &|_| true };
        assert!(run(&[f32::NEG_INFINITY; 3], &off(), state).is_none());
    }
}
