//! Causal attention of new rows over paged keys and values, for several sequences at once.

use super::{Shared, fma, half::widen_f16, math::exp, multiversion, parallel};
use crate::model::cache::{BLOCK, Block, KvCache};

/// Rows and heads that are processed together: they all read a block of keys while it is in the L1 cache.
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

/// The numbers of one head in a block. Blocks in 16 bits are widened once for rows of sequences that share them.
struct Widened {
    buffer: Vec<f32>,
    place: usize,
}

impl Widened {
    fn new(length: usize) -> Self {
        Self { buffer: vec![0.0; length], place: 0 }
    }

    fn floats<'a>(&'a mut self, block: &'a Block, at: usize) -> &'a [f32] {
        let range = at..at + self.buffer.len();
        match block {
            Block::Whole(block) => &block[range],
            Block::Half(block) => {
                let place = block.as_ptr().addr();
                if std::mem::replace(&mut self.place, place) != place {
                    widen_f16(&block[range], &mut self.buffer);
                }
                &self.buffer
            }
        }
    }
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
    // A job computes heads that share keys for several rows, or one head if there were too few jobs for the threads.
    // Keys in 16 bits are always shared, since widening them takes longer than using them.
    let jobs = views.len().div_ceil(TILE) * layout.n_kv;
    let few = !layout.is_half && jobs < 4 * rayon::current_num_threads();
    let share = if few { 1 } else { group };
    let (tile, sets) = ((TILE / share).max(1), heads / share);
    parallel(views.len().div_ceil(tile) * sets, |job| {
        let (from, head) = (job / sets * tile, job % sets * share);
        let views = &views[from..(from + tile).min(views.len())];
        // each row with each head; a row of `scores` belongs to one of them
        let pairs =
            || (0..views.len()).flat_map(|i| (0..share).map(move |j| (i, j, i * share + j)));
        let longest = views.iter().map(|v| v.seen).max().unwrap_or(0).next_multiple_of(BLOCK);
        let mut scores = vec![0.0; views.len() * share * longest];
        let at = layout.at(layer, head / group);
        let mut keys = Widened::new(d * BLOCK);
        for b in 0..longest / BLOCK {
            for (i, j, pair) in pairs().filter(|(i, ..)| views[*i].seen > b * BLOCK) {
                let q = &qkv[(from + i) * width + (head + j) * d..][..d];
                let keys = keys.floats(&views[i].cache.blocks[b], at);
                let row = &mut scores[pair * longest + b * BLOCK..][..BLOCK];
                if let Some(row) = row.as_mut_array() {
                    score_block(q, keys, scale, row);
                }
            }
        }
        let normalize = |(i, _, pair): (usize, usize, usize)| {
            softmax(&mut scores[pair * longest..][..views[i].seen])
        };
        let sums: Vec<f32> = pairs().map(normalize).collect();
        let mut values = Widened::new(d * BLOCK);
        for b in 0..longest / BLOCK {
            for (i, j, pair) in pairs().filter(|(i, ..)| views[*i].seen > b * BLOCK) {
                let n = BLOCK.min(views[i].seen - b * BLOCK);
                let values = values.floats(&views[i].cache.blocks[b], at + d * BLOCK);
                let p = &scores[pair * longest + b * BLOCK..][..n];
                // SAFETY: (row, head) is this job's alone.
                let y = unsafe { out.slice((from + i) * c + (head + j) * d, d) };
                weigh_block(p, values, sums[pair], y);
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
fn weigh_in_registers<const FMA: bool, const D: usize>(
    p: &[f32],
    values: &[f32],
    scale: f32,
    y: &mut [f32; D],
) {
    let mut lanes = *y;
    for (&p, values) in p.iter().zip(values.as_chunks::<D>().0) {
        for (lane, &v) in lanes.iter_mut().zip(values) {
            *lane = fma::<FMA>(p * scale, v, *lane);
        }
    }
    *y = lanes;
}

#[inline(always)]
fn weigh_body<const FMA: bool>(p: &[f32], values: &[f32], scale: f32, y: &mut [f32]) {
    // Heads are 64 or 128 wide in most published models, so that the whole accumulator stays in registers.
    if let Some(y) = y.as_mut_array::<64>() {
        return weigh_in_registers::<FMA, 64>(p, values, scale, y);
    }
    if let Some(y) = y.as_mut_array::<128>() {
        return weigh_in_registers::<FMA, 128>(p, values, scale, y);
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
