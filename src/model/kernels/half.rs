//! Matrix products of 16-bit weights and 32-bit activations, for the few rows of a decoding step: each row of weights
//! is widened once and multiplied with all rows of the batch.

use super::{Shared, fma, multiversion, parallel};
use half::{bf16, f16, slice::HalfFloatSliceExt};

/// A 16-bit float that widens to f32 without loss.
pub trait Half: Copy + Sync {
    /// Widen a row to f32.
    fn widen(from: &[Self], to: &mut [f32]);
}

impl Half for f16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        widen_f16(from, to);
    }
}

impl Half for bf16 {
    fn widen(from: &[Self], to: &mut [f32]) {
        for (to, from) in to.iter_mut().zip(from) {
            *to = f32::from_bits(u32::from(from.to_bits()) << 16);
        }
    }
}

/// Widen 16-bit floats to f32.
pub fn widen_f16(from: &[f16], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    #[cfg(target_arch = "x86_64")]
    if super::level() == super::Level::Avx512Vnni {
        // SAFETY: the level was detected on this processor.
        return unsafe { avx512::widen_f16(from, to) };
    }
    from.convert_to_f32_slice(to); // with the F16C instructions where available
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use half::f16;
    use std::arch::x86_64::*;

    /// # Safety
    /// Needs AVX-512; both slices have the same length.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn widen_f16(from: &[f16], to: &mut [f32]) {
        let (chunks, rest) = from.as_chunks::<16>();
        let (wide, wide_rest) = to.as_chunks_mut::<16>();
        for (from, to) in chunks.iter().zip(wide) {
            // SAFETY: both are arrays of 16 numbers.
            unsafe {
                let halves = _mm256_loadu_si256(from.as_ptr().cast());
                _mm512_storeu_ps(to.as_mut_ptr(), _mm512_cvtph_ps(halves));
            }
        }
        for (from, to) in rest.iter().zip(wide_rest) {
            *to = from.to_f32();
        }
    }
}

/// The product of weights (out, in) and x (n, in): (n, out).
pub fn half_matmul<H: Half>(weights: &[H], input: usize, x: &[f32]) -> Vec<f32> {
    let (out, n) = (weights.len() / input, x.len() / input);
    let mut y = vec![0.0; n * out];
    let shared = Shared::new(&mut y);
    // A job computes 16 neighboring outputs, so that two threads rarely write to the same cache line (false sharing).
    const ROWS: usize = 16;
    parallel(out.div_ceil(ROWS), |job| {
        let (mut row, mut sums) = (vec![0.0; input], vec![0.0; n]);
        for o in job * ROWS..out.min((job + 1) * ROWS) {
            H::widen(&weights[o * input..][..input], &mut row);
            dots(&row, x, &mut sums);
            for (i, sum) in sums.iter().enumerate() {
                // SAFETY: (i, o) is this job's alone.
                let place = unsafe { shared.slice(i * out + o, 1) };
                place[0] = *sum;
            }
        }
    });
    y
}

#[inline(always)]
fn dots_body<const FMA: bool>(w: &[f32], x: &[f32], y: &mut [f32]) {
    let (chunks, rest) = w.as_chunks::<64>();
    for (x, y) in x.chunks_exact(w.len()).zip(y) {
        let (of_x, rest_of_x) = x.as_chunks::<64>();
        let mut lanes = [0.0f32; 64];
        for (w, x) in chunks.iter().zip(of_x) {
            for ((lane, &w), &x) in lanes.iter_mut().zip(w).zip(x) {
                *lane = fma::<FMA>(w, x, *lane);
            }
        }
        *y =
            lanes.iter().sum::<f32>() + rest.iter().zip(rest_of_x).map(|(w, x)| w * x).sum::<f32>();
    }
}

multiversion! {
    /// The product of one row with each row of x.
    pub fn dots(w: &[f32], x: &[f32], y: &mut [f32]) = dots_body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<H: Half>(round: fn(f32) -> H, widen: fn(H) -> f32) {
        // Sizes that aren't multiples of the lanes or of a job's rows.
        let (out, input, n) = (37, 101, 3);
        let value = |i: usize| ((i * 2_654_435_761) % 1000) as f32 / 500.0 - 1.0;
        let weights: Vec<H> = (0..out * input).map(|i| round(value(i))).collect();
        let x: Vec<f32> = (0..n * input).map(|i| value(i + 7)).collect();
        let y = half_matmul(&weights, input, &x);
        for (at, y) in y.iter().enumerate() {
            let (i, o) = (at / out, at % out);
            let want: f64 = (0..input)
                .map(|k| f64::from(widen(weights[o * input + k])) * f64::from(x[i * input + k]))
                .sum();
            assert!((f64::from(*y) - want).abs() < 1e-4, "{y} for {want}");
        }
    }

    #[test]
    fn products_are_those_of_the_widened_weights() {
        agrees(f16::from_f32, f16::to_f32);
        agrees(bf16::from_f32, bf16::to_f32);
    }
}
