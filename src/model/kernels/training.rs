//! Kernels that only training uses: attention over whole sequences and its gradient, dropout, and the cross-entropy
//! loss.

use super::{
    By, Matrix, Shared, attention::softmax, fma, math, multiversion, parallel, product,
    product::column_sums,
};
use crate::splitmix::mix;

/// The layout of rows of queries, keys and values (b * t, 3 * heads * d), and how attention is computed on them.
pub struct Grid {
    /// The number of sequences.
    pub batch: usize,
    /// Tokens per sequence.
    pub time: usize,
    /// The number of attention heads.
    pub heads: usize,
    /// The factor of the attention scores.
    pub scale: f32,
    /// Dropout of the attention weights: the rate, and the seed of the masks.
    pub dropout: Option<(f32, u64)>,
}

/// One attention head of one sequence: views of its queries, keys and values, each (t, d).
struct Head<'a> {
    q: Matrix<'a>,
    k: Matrix<'a>,
    v: Matrix<'a>,
    /// The attention weights after the softmax (t, t), 0 above the diagonal.
    p: Vec<f32>,
}

impl Grid {
    fn head<'a>(&self, qkv: &'a [f32], job: usize) -> Head<'a> {
        let (t, row) = (self.time, qkv.len() / (self.batch * self.time));
        let d = row / 3 / self.heads;
        let at = job / self.heads * t * row + job % self.heads * d;
        let view = |i: usize| Matrix(&qkv[at + i * row / 3..], row, 1);
        let (q, k, v) = (view(0), view(1), view(2));
        let mut p = vec![0.0; t * t];
        product(&mut p, (t, d, t), q, k.t(), (self.scale, false), By::One);
        for (i, row) in p.chunks_exact_mut(t).enumerate() {
            let (seen, unseen) = row.split_at_mut(i + 1);
            softmax(seen);
            unseen.fill(0.0);
        }
        Head { q, k, v, p }
    }

    /// The dropout mask of a head's attention weights (t, t): 0 or 1 / (1 - rate). `None` without dropout.
    fn mask(&self, job: usize) -> Option<Vec<f32>> {
        let (rate, seed) = self.dropout.filter(|(rate, _)| *rate > 0.0)?;
        let mut mask = vec![1.0; self.time * self.time];
        drop_chunk(&mut mask, rate, mix(seed ^ job as u64));
        Some(mask)
    }
}

/// The product of two matrices times `scale`, on this thread.
fn set(out: &mut [f32], shape: (usize, usize, usize), a: Matrix, b: Matrix, scale: f32) {
    product(out, shape, a, b, (scale, false), By::One);
}

fn times(a: &mut [f32], mask: Option<&Vec<f32>>) {
    if let Some(mask) = mask {
        a.iter_mut().zip(mask).for_each(|(a, m)| *a *= m);
    }
}

/// Causal attention: (b * t, 3c) queries, keys and values to `y` (b * t, c). Each row attends to itself and to those
/// before it.
pub fn attend_whole(qkv: &[f32], grid: &Grid, y: &mut [f32]) {
    let (t, row) = (grid.time, qkv.len() / (grid.batch * grid.time));
    let (c, d) = (row / 3, row / 3 / grid.heads);
    let out = Shared::new(y);
    parallel(grid.batch * grid.heads, |job| {
        let mut head = grid.head(qkv, job);
        times(&mut head.p, grid.mask(job).as_ref());
        let mut rows = vec![0.0; t * d];
        set(&mut rows, (t, t, d), Matrix(&head.p, t, 1), head.v, 1.0);
        let at = job / grid.heads * t * c + job % grid.heads * d;
        for (i, from) in rows.chunks_exact(d).enumerate() {
            // SAFETY: these columns of these rows are this job's alone.
            unsafe { out.slice(at + i * c, d) }.copy_from_slice(from);
        }
    });
}

/// The gradient of [`attend_whole`]'s input, written to `y` (b * t, 3c), given that of its output, `g` (b * t, c). The
/// attention weights are computed again instead of being stored (as in FlashAttention, Dao et al. 2022).
pub fn attend_whole_grad(qkv: &[f32], g: &[f32], grid: &Grid, y: &mut [f32]) {
    let (t, row) = (grid.time, qkv.len() / (grid.batch * grid.time));
    let (c, d) = (row / 3, row / 3 / grid.heads);
    let out = Shared::new(y);
    parallel(grid.batch * grid.heads, |job| {
        let Head { q, k, v, p } = grid.head(qkv, job);
        let mask = grid.mask(job);
        let (sequence, head) = (job / grid.heads, job % grid.heads);
        let dy = Matrix(&g[sequence * t * c + head * d..], c, 1);
        let mut part = vec![0.0; t * d];
        let put = |part: &[f32], i: usize| {
            let at = sequence * t * row + i * c + head * d;
            for (r, from) in part.chunks_exact(d).enumerate() {
                // SAFETY: these columns of these rows are this job's alone.
                unsafe { out.slice(at + r * row, d) }.copy_from_slice(from);
            }
        };
        let mut ds = p.clone();
        times(&mut ds, mask.as_ref());
        set(&mut part, (t, t, d), Matrix(&ds, t, 1).t(), dy, 1.0);
        put(&part, 2);
        set(&mut ds, (t, d, t), dy, v.t(), 1.0);
        times(&mut ds, mask.as_ref());
        for (ds, p) in ds.chunks_exact_mut(t).zip(p.chunks_exact(t)) {
            softmax_grad(ds, p);
        }
        set(&mut part, (t, t, d), Matrix(&ds, t, 1), k, grid.scale);
        put(&part, 0);
        set(&mut part, (t, t, d), Matrix(&ds, t, 1).t(), q, grid.scale);
        put(&part, 1);
    });
}

#[inline(always)]
fn softmax_grad_row<const FMA: bool>(g: &mut [f32], p: &[f32]) {
    let mut lanes = [0.0f32; 16];
    for (g, p) in g.as_chunks::<16>().0.iter().zip(p.as_chunks::<16>().0) {
        for ((lane, &g), &p) in lanes.iter_mut().zip(g).zip(p) {
            *lane = fma::<FMA>(g, p, *lane);
        }
    }
    let whole = g.len() / 16 * 16;
    let rest: f32 = g[whole..].iter().zip(&p[whole..]).map(|(g, p)| g * p).sum();
    let along = lanes.iter().sum::<f32>() + rest;
    for (g, &p) in g.iter_mut().zip(p) {
        *g = p * (*g - along);
    }
}

multiversion! {
    /// The gradient of a softmax's input. It replaces that of the output in `g`; `p` is the output.
    pub fn softmax_grad(g: &mut [f32], p: &[f32]) = softmax_grad_row
}

#[inline(always)]
fn cross_entropy_row<const FMA: bool>(logits: &mut [f32], target: usize, share: f32) -> f32 {
    let whole = math::log_sum_exp_body::<FMA>(logits);
    let loss = whole - logits[target];
    for x in logits.iter_mut() {
        *x = share * math::exp::<FMA>(*x - whole);
    }
    logits[target] -= share;
    loss
}

multiversion! {
    /// The cross-entropy of a row of logits in nats. The logits are replaced by their gradient times `share`.
    pub fn cross_entropy(logits: &mut [f32], target: usize, share: f32) -> f32 = cross_entropy_row
}

fn drop_chunk(x: &mut [f32], rate: f32, seed: u64) {
    let (least, scale) = ((f64::from(rate) * 2f64.powi(64)) as u64, 1.0 / (1.0 - rate));
    for (i, x) in x.iter_mut().enumerate() {
        *x *= if mix(seed.wrapping_add(i as u64)) < least { 0.0 } else { scale };
    }
}

/// Dropout in place: each value becomes 0 with probability `rate`, else it is multiplied by 1 / (1 - rate). The mask is
/// a function of the seed.
pub fn drop_values(x: &mut [f32], rate: f32, seed: u64) {
    const CHUNK: usize = 4096;
    let length = x.len();
    let out = Shared::new(x);
    parallel(length.div_ceil(CHUNK), |i| {
        let at = i * CHUNK;
        // SAFETY: each i has a chunk of its own.
        let chunk = unsafe { out.slice(at, CHUNK.min(length - at)) };
        drop_chunk(chunk, rate, mix(seed ^ mix(i as u64)));
    });
}

#[inline(always)]
fn layer_norm_grad_rows<const FMA: bool>(
    x: &[f32],
    weight: &[f32],
    epsilon: f32,
    g: &[f32],
    dx: &mut [f32],
    sums: &mut [f32],
) {
    let c = weight.len();
    let (dw, db) = sums.split_at_mut(c);
    for ((x, g), dx) in x.chunks_exact(c).zip(g.chunks_exact(c)).zip(dx.chunks_exact_mut(c)) {
        let (mean, scale) = math::moments(x, epsilon);
        let (mut whole, mut along) = ([0.0f32; 16], [0.0f32; 16]);
        let mut add = |x: &[f32], g: &[f32], w: &[f32]| {
            let lanes = whole.iter_mut().zip(&mut along);
            for ((((whole, along), &x), &g), &w) in lanes.zip(x).zip(g).zip(w) {
                *whole += g * w;
                *along = fma::<FMA>(g * w, (x - mean) * scale, *along);
            }
        };
        for ((x, g), w) in x.chunks(16).zip(g.chunks(16)).zip(weight.chunks(16)) {
            add(x, g, w);
        }
        let whole = whole.iter().sum::<f32>() / c as f32;
        let along = along.iter().sum::<f32>() / c as f32;
        let numbers = dx.iter_mut().zip(x).zip(g).zip(weight).zip(dw.iter_mut()).zip(db.iter_mut());
        for (((((dx, &x), &g), &w), dw), db) in numbers {
            let normal = (x - mean) * scale;
            *dx += scale * (g * w - whole - normal * along);
            *dw = fma::<FMA>(g, normal, *dw);
            *db += g;
        }
    }
}

multiversion! {
    /// For some rows: add the input's gradient to `dx`, and those of weight and bias to the two halves of `sums` (2c).
    pub fn layer_norm_grad_part(x: &[f32], weight: &[f32], epsilon: f32, g: &[f32], dx: &mut [f32], sums: &mut [f32]) = layer_norm_grad_rows
}

/// The gradient of layer normalization, given that of its output, `g`. Adds the input's gradient to `dx`, and returns
/// those of weight and bias, concatenated (2c).
pub fn layer_norm_grad(
    x: &[f32],
    weight: &[f32],
    epsilon: f32,
    g: &[f32],
    dx: &mut [f32],
) -> Vec<f32> {
    const ROWS: usize = 32;
    let (c, length) = (weight.len(), x.len());
    let parts = length.div_ceil(ROWS * c);
    let mut sums = vec![0.0; parts * 2 * c];
    let (out, part) = (Shared::new(dx), Shared::new(&mut sums));
    parallel(parts, |i| {
        let at = i * ROWS * c;
        let count = (ROWS * c).min(length - at);
        let (x, g) = (&x[at..at + count], &g[at..at + count]);
        // SAFETY: rows and sums of each i are its alone.
        let (dx, sums) = unsafe { (out.slice(at, count), part.slice(i * 2 * c, 2 * c)) };
        layer_norm_grad_part(x, weight, epsilon, g, dx, sums);
    });
    let mut whole = vec![0.0; 2 * c];
    column_sums(&sums, &mut whole, false);
    whole
}
