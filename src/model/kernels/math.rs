//! Elementwise and row functions, written so that the compiler vectorizes them.

use super::{Shared, fma, multiversion, parallel};

/// exp(x) = 2^n * p(f), with the polynomial of Cephes' `expf`; the relative error is below 2e-7 for normal results.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.3);
    let n = fma::<FMA>(x, std::f32::consts::LOG2_E, 12_582_912.0) - 12_582_912.0; // rounds to an integer
    let f = fma::<FMA>(n, 2.121_944_4e-4, fma::<FMA>(n, -0.693_359_4, x));
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        p = fma::<FMA>(p, f, c);
    }
    let p = fma::<FMA>(p * f, f, f + 1.0);
    p * f32::from_bits(((n as i32 + 127) << 23) as u32)
}

const SQRT_2_OVER_PI: f32 = 0.797_884_6;

/// tanh, computed with exp; precise enough for the arguments in GELU.
#[inline(always)]
fn tanh<const FMA: bool>(x: f32) -> f32 {
    1.0 - 2.0 / (exp::<FMA>(2.0 * x.clamp(-15.0, 15.0)) + 1.0)
}

#[inline(always)]
fn gelu_row<const FMA: bool>(x: &[f32], y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        let t = tanh::<FMA>(SQRT_2_OVER_PI * fma::<FMA>(0.044_715 * x * x, x, x));
        *y = 0.5 * x * (1.0 + t);
    }
}

multiversion! {
    pub fn gelu_chunk(x: &[f32], y: &mut [f32]) = gelu_row
}

/// Call `f` for each chunk of `y`, with its range.
fn in_chunks(y: &mut [f32], f: impl Fn(std::ops::Range<usize>, &mut [f32]) + Sync) {
    const CHUNK: usize = 4096;
    let length = y.len();
    let out = Shared::new(y);
    parallel(length.div_ceil(CHUNK), |i| {
        let at = i * CHUNK..length.min((i + 1) * CHUNK);
        // SAFETY: each i has a chunk of its own.
        f(at.clone(), unsafe { out.slice(at.start, at.len()) });
    });
}

/// GELU in its tanh form (Hendrycks and Gimpel 2016), as in GPT-2.
pub fn gelu(x: &[f32], y: &mut [f32]) {
    in_chunks(y, |at, y| gelu_chunk(&x[at], y));
}

#[inline(always)]
fn gelu_grad_row<const FMA: bool>(x: &[f32], g: &mut [f32]) {
    for (g, &x) in g.iter_mut().zip(x) {
        let t = tanh::<FMA>(SQRT_2_OVER_PI * fma::<FMA>(0.044_715 * x * x, x, x));
        let inner = SQRT_2_OVER_PI * fma::<FMA>(0.134_145 * x, x, 1.0);
        *g *= 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner;
    }
}

multiversion! {
    pub fn gelu_grad_chunk(x: &[f32], g: &mut [f32]) = gelu_grad_row
}

/// The gradient of GELU at its input `x`. It replaces that of the output.
pub fn gelu_grad(x: &[f32], g: &mut [f32]) {
    in_chunks(g, |at, g| gelu_grad_chunk(&x[at], g));
}

/// A sum in 16 lanes, so that it vectorizes and the order of additions is fixed.
#[inline(always)]
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = x.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += f(x);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&x| f(x)).sum::<f32>()
}

/// The highest of some numbers, or minus infinity without any; NaN is ignored. In 16 lanes, because each comparison in a
/// single row has to wait for the one before.
#[inline(always)]
pub(super) fn most(x: &[f32]) -> f32 {
    let higher = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::NEG_INFINITY; 16];
    let (chunks, rest) = x.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = higher(*lane, x);
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |most, &x| higher(most, x))
}

#[inline(always)]
fn highest_body<const FMA: bool>(x: &[f32]) -> f32 {
    most(x)
}

multiversion! {
    /// The highest of some numbers, or minus infinity without any; NaN is ignored.
    pub fn highest(x: &[f32]) -> f32 = highest_body
}

#[inline(always)]
fn above_body<const FMA: bool>(x: &[f32], least: f32, found: &mut Vec<u32>) {
    let mut at = 0;
    for chunk in x.chunks(16) {
        // Nearly all chunks have none, which one comparison of 16 numbers tells.
        if chunk.iter().fold(false, |any, x| any | (*x >= least)) {
            found.extend((at..).zip(chunk).filter(|(_, x)| **x >= least).map(|(i, _)| i));
        }
        at += chunk.len() as u32;
    }
}

multiversion! {
    /// Add the places of the numbers that are at least `least`, in order.
    pub fn above(x: &[f32], least: f32, found: &mut Vec<u32>) = above_body
}

/// The mean of a row, and the reciprocal of its standard deviation.
#[inline(always)]
pub(super) fn moments(x: &[f32], epsilon: f32) -> (f32, f32) {
    let mean = sum(x, |x| x) / x.len() as f32;
    let variance = sum(x, |x| (x - mean) * (x - mean)) / x.len() as f32;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

#[inline(always)]
fn layer_norm_rows<const FMA: bool>(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    y: &mut [f32],
) {
    let c = weight.len();
    for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
        let (mean, scale) = moments(x, epsilon);
        for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(weight).zip(bias) {
            *y = fma::<FMA>((x - mean) * scale, w, b);
        }
    }
}

multiversion! {
    pub fn layer_norm_part(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) = layer_norm_rows
}

/// Layer normalization (Ba et al. 2016) of rows as wide as `weight`.
pub fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, y: &mut [f32]) {
    const ROWS: usize = 32;
    let (length, part) = (y.len(), ROWS * weight.len());
    if length <= part {
        return layer_norm_part(x, weight, bias, epsilon, y);
    }
    let out = Shared::new(y);
    parallel(length.div_ceil(part), |i| {
        let at = i * part..length.min((i + 1) * part);
        // SAFETY: each i has rows of its own.
        let y = unsafe { out.slice(at.start, at.len()) };
        layer_norm_part(&x[at], weight, bias, epsilon, y);
    });
}

#[inline(always)]
pub(super) fn log_sum_exp_body<const FMA: bool>(x: &[f32]) -> f32 {
    let most = most(x);
    most + sum(x, |x| exp::<FMA>(x - most)).ln()
}

multiversion! {
    /// The logarithm of the sum of exponentials: subtracted from logits it gives log-probabilities.
    pub fn log_sum_exp(x: &[f32]) -> f32 = log_sum_exp_body
}

#[inline(always)]
fn entropy_body<const FMA: bool>(x: &[f32], total: f32) -> f32 {
    // An option below this has no share that a float could add.
    let share = |x: f32| {
        let log = (x - total).max(-87.0);
        exp::<FMA>(log) * log
    };
    -sum(x, share)
}

multiversion! {
    /// The entropy of the distribution that logits give, in nats; `total` is their [`log_sum_exp`].
    pub fn entropy(x: &[f32], total: f32) -> f32 = entropy_body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_everywhere() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            for y in [exp::<true>(x), exp::<false>(x)] {
                assert!((y / x.exp() - 1.0).abs() < 1e-6, "{x}: {y} for {}", x.exp());
            }
        }
    }

    #[test]
    fn the_highest_and_those_above_are_found_anywhere() {
        let x: Vec<f32> = (0..100).map(|i| (i * 37 % 100) as f32).collect();
        for n in [0, 1, 15, 16, 17, 50, 100] {
            let x = &x[..n];
            assert_eq!(highest(x), x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let mut found = Vec::new();
            above(x, 70.0, &mut found);
            let expected = (0..n as u32).filter(|i| x[*i as usize] >= 70.0);
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
        assert_eq!(highest(&[f32::NAN, 2.0, f32::NAN]), 2.0);
    }

    #[test]
    fn gelu_has_its_published_values() {
        let mut y = [0.0; 6];
        gelu(&[-3.0, -1.0, 0.0, 1.0, 3.0, 40.0], &mut y);
        for (y, want) in y.iter().zip([-0.003_637_4, -0.158_808, 0.0, 0.841_192, 2.996_362_6, 40.0])
        {
            assert!((y - want).abs() < 1e-5, "{y} for {want}");
        }
    }
}
