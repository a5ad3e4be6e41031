//! Causal attention of new rows over paged keys and values, for several sequences at once.

use super::{Shared, fma, math::exp, multiversion, parallel};
use crate::model::cache::{BLOCK, KvCache};

/// Rows that are processed together: they all read a block of keys while it is in the L1 cache.
const TILE: usize = 8;

/// The new rows of one sequence in a pass.
pub struct Rows<'a> {
    /// The number of rows.
    pub count: usize,
    /// The sequence's KV cache; the keys and values of these rows are already in it.
    pub cache: &'a KvCache,
    /// The position of the first row in the sequence.
    pub first: usize,
}

/// One row: the cache, and how many positions of it the row attends to.
#[derive(Clone, Copy)]
struct View<'a> {
    cache: &'a KvCache,
    seen: usize,
}

/// Causal attention for all rows of all sequences, in order. Takes the queries, keys and values of each row, (n, (h + 2
/// kv) * d), and returns (n, h * d). With fewer key and value heads than query heads, neighboring query heads share one
/// (grouped-query attention).
pub fn attend(qkv: &[f32], rows: &[Rows], layer: usize, scale: f32) -> Vec<f32> {
    let Some(first) = rows.first() else { return Vec::new() };
    let layout = first.cache.layout;
    let (heads, d) = (layout.n_head, layout.d);
    let (c, group) = (heads * d, heads / layout.n_kv);
    let width = c + 2 * layout.n_kv * d;
    let views: Vec<View> = rows
        .iter()
        .flat_map(|r| (0..r.count).map(|i| View { cache: r.cache, seen: r.first + i + 1 }))
        .collect();
    let mut y = vec![0.0; views.len() * c];
    let out = Shared::new(&mut y);
    let tiles = views.len().div_ceil(TILE);
    parallel(tiles * heads, |job| {
        let (tile, head) = (job / heads, job % heads);
        let from = tile * TILE;
        let views = &views[from..(from + TILE).min(views.len())];
        let mut sums = [0.0; TILE];
        let longest = views.iter().map(|v| v.seen).max().unwrap_or(0).next_multiple_of(BLOCK);
        let mut scores = vec![0.0; views.len() * longest];
        let at = layout.at(layer, head / group);
        for b in 0..longest / BLOCK {
            for (i, view) in views.iter().enumerate().filter(|(_, v)| v.seen > b * BLOCK) {
                let q = &qkv[(from + i) * width + head * d..][..d];
                let keys = &view.cache.blocks[b][at..at + d * BLOCK];
                let row = &mut scores[i * longest + b * BLOCK..][..BLOCK];
                if let Some(row) = row.as_mut_array() {
                    score_block(q, keys, scale, row);
                }
            }
        }
        for (i, view) in views.iter().enumerate() {
            sums[i] = softmax(&mut scores[i * longest..][..view.seen]);
        }
        for b in 0..longest / BLOCK {
            for (i, view) in views.iter().enumerate().filter(|(_, v)| v.seen > b * BLOCK) {
                let n = BLOCK.min(view.seen - b * BLOCK);
                let values = &view.cache.blocks[b][at + d * BLOCK..at + 2 * d * BLOCK];
                let p = &scores[i * longest + b * BLOCK..][..n];
                // SAFETY: (row, head) is this job's alone.
                let y = unsafe { out.slice((from + i) * c + head * d, d) };
                weigh_block(p, values, sums[i], y);
            }
        }
    });
    y
}

#[inline(always)]
fn score_body<const FMA: bool>(q: &[f32], keys: &[f32], scale: f32, row: &mut [f32; BLOCK]) {
    let mut lanes = [0.0; BLOCK];
    for (&q, keys) in q.iter().zip(keys.as_chunks::<BLOCK>().0) {
        for (lane, &k) in lanes.iter_mut().zip(keys) {
            *lane = fma::<FMA>(q, k, *lane);
        }
    }
    for (out, lane) in row.iter_mut().zip(lanes) {
        *out = lane * scale;
    }
}

multiversion! {
    /// The scores of one query (d) with a block of transposed keys (d, BLOCK).
    pub fn score_block(q: &[f32], keys: &[f32], scale: f32, row: &mut [f32; BLOCK]) = score_body
}

#[inline(always)]
fn softmax_body<const FMA: bool>(row: &mut [f32]) -> f32 {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut lanes = [0.0f32; 16];
    let (chunks, rest) = row.as_chunks_mut::<16>();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *x = exp::<FMA>(*x - most);
            *lane += *x;
        }
    }
    let mut sum: f32 = lanes.iter().sum();
    for x in rest {
        *x = exp::<FMA>(*x - most);
        sum += *x;
    }
    1.0 / sum
}

multiversion! {
    /// Replace a row by the exponentials of its values minus their maximum. Returns the factor that makes them add up
    /// to 1.
    pub fn softmax(row: &mut [f32]) -> f32 = softmax_body
}

#[inline(always)]
fn weigh_body<const FMA: bool>(p: &[f32], values: &[f32], scale: f32, y: &mut [f32]) {
    // Heads are 64 wide in every published GPT-2, so that the whole accumulator stays in registers.
    if let Some(y) = y.as_mut_array::<64>() {
        let mut lanes = *y;
        for (&p, values) in p.iter().zip(values.as_chunks::<64>().0) {
            for (lane, &v) in lanes.iter_mut().zip(values) {
                *lane = fma::<FMA>(p * scale, v, *lane);
            }
        }
        *y = lanes;
        return;
    }
    let d = y.len();
    for (&p, values) in p.iter().zip(values.chunks_exact(d)) {
        for (y, &v) in y.iter_mut().zip(values) {
            *y = fma::<FMA>(p * scale, v, *y);
        }
    }
}

multiversion! {
    /// Add a block's values (BLOCK, d), weighted by `p * scale`, to `y` (d).
    pub fn weigh_block(p: &[f32], values: &[f32], scale: f32, y: &mut [f32]) = weigh_body
}
