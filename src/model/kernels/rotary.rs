//! What the Llama family needs beside attention and products: RMS normalization, rotation by position, and SwiGLU.

use super::{Shared, fma, math::exp, multiversion, parallel};

/// Rows per job.
const ROWS: usize = 16;

/// The reciprocal of the root mean square of a row.
#[inline(always)]
fn reciprocal_rms(x: &[f32], epsilon: f32) -> f32 {
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = x.as_chunks::<16>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane += x * x;
        }
    }
    let sum = lanes.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>();
    1.0 / (sum / x.len() as f32 + epsilon).sqrt()
}

#[inline(always)]
fn rms_norm_rows<const FMA: bool>(x: &[f32], weight: &[f32], epsilon: f32, y: &mut [f32]) {
    let _ = FMA;
    let c = weight.len();
    for (x, y) in x.chunks_exact(c).zip(y.chunks_exact_mut(c)) {
        let scale = reciprocal_rms(x, epsilon);
        for ((y, &x), &w) in y.iter_mut().zip(x).zip(weight) {
            *y = x * scale * w;
        }
    }
}

multiversion! {
    pub fn rms_norm_part(x: &[f32], weight: &[f32], epsilon: f32, y: &mut [f32]) = rms_norm_rows
}

/// RMS normalization (Zhang and Sennrich 2019) of rows as wide as `weight`.
pub fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, y: &mut [f32]) {
    let (length, part) = (y.len(), ROWS * weight.len());
    if length <= part {
        return rms_norm_part(x, weight, epsilon, y);
    }
    let out = Shared::new(y);
    parallel(length.div_ceil(part), |i| {
        let at = i * part..length.min((i + 1) * part);
        // SAFETY: each i has rows of its own.
        let y = unsafe { out.slice(at.start, at.len()) };
        rms_norm_part(&x[at], weight, epsilon, y);
    });
}

/// The heads at the start of a row that are rotated.
#[derive(Clone, Copy)]
pub struct Rotated<'a> {
    /// Query heads.
    pub queries: usize,
    /// Key heads, which follow the queries.
    pub keys: usize,
    /// The width of a head.
    pub d: usize,
    /// The weights of a normalization of each query and each key (d), and its epsilon.
    pub norms: Option<(&'a [f32], &'a [f32], f32)>,
}

#[inline(always)]
fn rotate_row_body<const FMA: bool>(row: &mut [f32], table: &[f32], heads: Rotated) {
    let (cosines, sines) = table.split_at(heads.d / 2);
    let rotated = &mut row[..(heads.queries + heads.keys) * heads.d];
    for (i, head) in rotated.chunks_exact_mut(heads.d).enumerate() {
        if let Some((queries, keys, epsilon)) = heads.norms {
            let weight = if i < heads.queries { queries } else { keys };
            let scale = reciprocal_rms(head, epsilon);
            for (x, &w) in head.iter_mut().zip(weight) {
                *x = *x * scale * w;
            }
        }
        let (first, second) = head.split_at_mut(heads.d / 2);
        for (((a, b), &cos), &sin) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
            let (x, y) = (*a, *b);
            *a = fma::<FMA>(x, cos, -(y * sin));
            *b = fma::<FMA>(y, cos, x * sin);
        }
    }
}

multiversion! {
    pub fn rotate_row(row: &mut [f32], table: &[f32], heads: Rotated<'_>) = rotate_row_body
}

/// Normalize the heads at the start of each row if wanted, and rotate them by the row's position. `table(i)` returns the
/// cosines and sines of row i.
pub fn rotate<'a>(
    rows: &mut [f32],
    width: usize,
    heads: Rotated,
    table: impl Fn(usize) -> &'a [f32] + Sync,
) {
    let n = rows.len() / width;
    let out = Shared::new(rows);
    let part = |i: usize| {
        for row in i * ROWS..n.min((i + 1) * ROWS) {
            // SAFETY: each row belongs to one job.
            rotate_row(unsafe { out.slice(row * width, width) }, table(row), heads);
        }
    };
    match n.div_ceil(ROWS) {
        1 => part(0),
        jobs => parallel(jobs, part),
    }
}

#[inline(always)]
fn swiglu_row_body<const FMA: bool>(gate: &[f32], up: &[f32], y: &mut [f32]) {
    for ((y, &g), &u) in y.iter_mut().zip(gate).zip(up) {
        *y = g / (1.0 + exp::<FMA>(-g)) * u;
    }
}

multiversion! {
    pub fn swiglu_row(gate: &[f32], up: &[f32], y: &mut [f32]) = swiglu_row_body
}

/// SwiGLU (Shazeer 2020): each row of `x` is a gate and a value of the same width; returns silu(gate) * value.
pub fn swiglu(x: &[f32], inner: usize) -> Vec<f32> {
    let n = x.len() / (2 * inner);
    let mut y = vec![0.0; n * inner];
    let out = Shared::new(&mut y);
    const CHUNK: usize = 4096;
    let chunks = inner.div_ceil(CHUNK);
    let part = |job: usize| {
        let (row, from) = (job / chunks, job % chunks * CHUNK);
        let length = CHUNK.min(inner - from);
        let (gate, up) = x[row * 2 * inner..][..2 * inner].split_at(inner);
        // SAFETY: each job has a range of its own.
        let y = unsafe { out.slice(row * inner + from, length) };
        swiglu_row(&gate[from..][..length], &up[from..][..length], y);
    };
    // one row is computed faster than another thread is woken
    match n * chunks {
        1 => part(0),
        jobs => parallel(jobs, part),
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_normalized_rotated_and_gated() {
        let mut y = [0.0; 4];
        rms_norm(&[3.0, 4.0, 0.0, 0.0], &[1.0, 2.0, 1.0, 1.0], 0.0, &mut y);
        assert!((y[0] - 1.2).abs() < 1e-6 && (y[1] - 3.2).abs() < 1e-6, "{y:?}");

        // a quarter turn takes (1, 0) to (0, 1); values stay
        let heads = Rotated { queries: 1, keys: 1, d: 4, norms: None };
        let mut row = [1.0, 2.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 5.0, 6.0, 7.0, 8.0];
        rotate(&mut row, 12, heads, |_| &[0.0, 1.0, 1.0, 0.0]);
        assert_eq!(row, [0.0, 2.0, 1.0, 0.0, 0.0, 2.0, 1.0, 0.0, 5.0, 6.0, 7.0, 8.0]);

        let y = swiglu(&[0.0, 1.0, -60.0, 2.0, 3.0, 4.0], 3);
        assert!((y[1] - 3.0 / (1.0 + (-1.0f32).exp())).abs() < 1e-6 && y[0] == 0.0, "{y:?}");
        assert!(y[2].abs() < 1e-6);
    }
}
