//! What only training needs: attention over whole sequences with its gradient, dropout, and the loss over a vocabulary.

use super::{Shared, fma, math, multiversion, parallel, softmax};
use gemm::{Parallelism, gemm};

/// How rows of queries, keys and values (b * t, 3 * heads * d) are cut.
pub struct Grid {
    /// Sequences.
    pub batch: usize,
    /// Tokens of each.
    pub time: usize,
    /// Heads of a row.
    pub heads: usize,
    /// What scores are multiplied with.
    pub scale: f32,
    /// The share of weights that is dropped, and the seed that draws which.
    pub dropout: Option<(f32, u64)>,
}

/// A matrix inside a slice: where it begins, and the steps from row to row and column to column.
#[derive(Clone, Copy)]
struct View<'a>(&'a [f32], usize, usize);

impl<'a> View<'a> {
    fn t(self) -> Self {
        View(self.0, self.2, self.1)
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows * columns == 0 || (rows - 1) * self.1 + (columns - 1) * self.2 < self.0.len()
    }
}

/// out (m, n) = scale * a (m, k) * b (k, n), on this thread.
fn product(out: &mut [f32], (m, k, n): (usize, usize, usize), a: View, b: View, scale: f32) {
    assert!(out.len() == m * n && a.holds(m, k) && b.holds(k, n));
    let step = |s: usize| s as isize;
    // SAFETY: all three lie within their slices by the line above; `out` is borrowed alone.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            step(n),
            false,
            a.0.as_ptr(),
            step(a.2),
            step(a.1),
            b.0.as_ptr(),
            step(b.2),
            step(b.1),
            0.0,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// One head of one sequence.
struct Head<'a> {
    q: View<'a>,
    k: View<'a>,
    v: View<'a>,
    /// The weights after the softmax (t, t), 0 where nothing is seen.
    p: Vec<f32>,
}

impl Grid {
    fn head<'a>(&self, qkv: &'a [f32], job: usize) -> Head<'a> {
        let (t, row) = (self.time, qkv.len() / (self.batch * self.time));
        let d = row / 3 / self.heads;
        let at = job / self.heads * t * row + job % self.heads * d;
        let view = |i: usize| View(&qkv[at + i * row / 3..], row, 1);
        let (q, k, v) = (view(0), view(1), view(2));
        let mut p = vec![0.0; t * t];
        product(&mut p, (t, d, t), q, k.t(), self.scale);
        for (i, row) in p.chunks_exact_mut(t).enumerate() {
            let (seen, unseen) = row.split_at_mut(i + 1);
            let whole = softmax(seen);
            seen.iter_mut().for_each(|x| *x *= whole);
            unseen.fill(0.0);
        }
        Head { q, k, v, p }
    }

    /// What a head's weights are multiplied with where values are dropped.
    fn mask(&self, job: usize) -> Option<Vec<f32>> {
        let (rate, seed) = self.dropout.filter(|(rate, _)| *rate > 0.0)?;
        let mut mask = vec![1.0; self.time * self.time];
        drop_chunk(&mut mask, rate, mix(seed ^ job as u64));
        Some(mask)
    }
}

fn times(a: &[f32], mask: Option<&Vec<f32>>) -> Vec<f32> {
    match mask {
        Some(mask) => a.iter().zip(mask).map(|(a, m)| a * m).collect(),
        None => a.to_vec(),
    }
}

/// (b * t, 3c) queries, keys and values to (b * t, c), every row seeing those before it and itself.
pub fn attend_whole(qkv: &[f32], grid: &Grid) -> Vec<f32> {
    let (t, row) = (grid.time, qkv.len() / (grid.batch * grid.time));
    let (c, d) = (row / 3, row / 3 / grid.heads);
    let mut y = vec![0.0; qkv.len() / 3];
    let out = Shared::new(&mut y);
    parallel(grid.batch * grid.heads, |job| {
        let head = grid.head(qkv, job);
        let p = match grid.mask(job) {
            Some(mask) => times(&head.p, Some(&mask)),
            None => head.p,
        };
        let mut rows = vec![0.0; t * d];
        product(&mut rows, (t, t, d), View(&p, t, 1), head.v, 1.0);
        let at = job / grid.heads * t * c + job % grid.heads * d;
        for (i, from) in rows.chunks_exact(d).enumerate() {
            // SAFETY: these columns of these rows are this job's alone.
            unsafe { out.slice(at + i * c, d) }.copy_from_slice(from);
        }
    });
    y
}

/// The gradient of [`attend_whole`]'s input, given that of its output.
pub fn attend_whole_grad(qkv: &[f32], g: &[f32], grid: &Grid) -> Vec<f32> {
    let (t, row) = (grid.time, qkv.len() / (grid.batch * grid.time));
    let (c, d) = (row / 3, row / 3 / grid.heads);
    let mut y = vec![0.0; qkv.len()];
    let out = Shared::new(&mut y);
    parallel(grid.batch * grid.heads, |job| {
        let Head { q, k, v, p } = grid.head(qkv, job);
        let mask = grid.mask(job);
        let (sequence, head) = (job / grid.heads, job % grid.heads);
        let dy = View(&g[sequence * t * c + head * d..], c, 1);
        let mut part = vec![0.0; t * d];
        let put = |part: &[f32], i: usize| {
            let at = sequence * t * row + i * c + head * d;
            for (r, from) in part.chunks_exact(d).enumerate() {
                // SAFETY: these columns of these rows are this job's alone.
                unsafe { out.slice(at + r * row, d) }.copy_from_slice(from);
            }
        };
        let dropped = times(&p, mask.as_ref());
        product(&mut part, (t, t, d), View(&dropped, t, 1).t(), dy, 1.0);
        put(&part, 2);
        let mut ds = dropped;
        product(&mut ds, (t, d, t), dy, v.t(), 1.0);
        if let Some(mask) = &mask {
            ds.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
        }
        for (ds, p) in ds.chunks_exact_mut(t).zip(p.chunks_exact(t)) {
            softmax_grad(ds, p);
        }
        product(&mut part, (t, t, d), View(&ds, t, 1), k, grid.scale);
        put(&part, 0);
        product(&mut part, (t, t, d), View(&ds, t, 1).t(), q, grid.scale);
        put(&part, 1);
    });
    y
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
    /// The gradient of a softmax's input, in place of that of its output `g`; `p` is the output.
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
    /// The loss of a row of logits in nats; they become their gradient, times `share`.
    pub fn cross_entropy(logits: &mut [f32], target: usize, share: f32) -> f32 = cross_entropy_row
}

/// 64 bits that look drawn at random from 64 others (splitmix64's finish, Steele et al. 2014).
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn drop_chunk(x: &mut [f32], rate: f32, seed: u64) {
    let (least, scale) = ((f64::from(rate) * 2f64.powi(64)) as u64, 1.0 / (1.0 - rate));
    for (i, x) in x.iter_mut().enumerate() {
        *x *= if mix(seed.wrapping_add(i as u64)) < least { 0.0 } else { scale };
    }
}

/// Values of which a share is 0 and the others are larger by as much; the seed draws which.
pub fn drop_values(x: &[f32], rate: f32, seed: u64) -> Vec<f32> {
    const CHUNK: usize = 4096;
    let mut y = x.to_vec();
    let out = Shared::new(&mut y);
    parallel(x.len().div_ceil(CHUNK), |i| {
        let at = i * CHUNK;
        // SAFETY: each i has a chunk of its own.
        let chunk = unsafe { out.slice(at, CHUNK.min(x.len() - at)) };
        drop_chunk(chunk, rate, mix(seed ^ mix(i as u64)));
    });
    y
}
