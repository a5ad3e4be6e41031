//! Causal attention of new rows over paged keys and values, for several sequences at once.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::{
    Level, Shared, fma,
    half::widen_f16,
    level,
    math::{exp, most},
    multiversion, parallel,
};
use crate::model::cache::{BLOCK, Block, KvCache};
use std::ops::Range;

/// Rows and heads that are processed together: they all read a block of keys while it is in the L1 cache.
const TILE: usize = 8;
/// How many rows and heads use each number of a block when it is loaded.
const TOGETHER: usize = 4;

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
    // A set is the heads that share keys, or one head if the threads couldn't share the sets evenly. A job computes some
    // sets for several rows: while tokens are generated, neighboring ones, whose keys lie next to each other in each
    // block, so that memory is read in order.
    let (threads, tiles) = (rayon::current_num_threads(), views.len().div_ceil(TILE));
    let is_even =
        (tiles * layout.n_kv).is_multiple_of(threads) || tiles * layout.n_kv >= 4 * threads;
    let share = if is_even { group } else { 1 };
    let (tile, sets) = ((TILE / share).max(1), heads / share);
    let span = if views.len() <= tile { (sets / (2 * threads)).max(1) } else { 1 };
    let jobs = sets.div_ceil(span);
    parallel(views.len().div_ceil(tile) * jobs, |job| {
        let (from, first) = (job / jobs * tile, job % jobs * span);
        let views = &views[from..(from + tile).min(views.len())];
        let sets = first..(first + span).min(sets);
        let longest = views.iter().map(|v| v.seen).max().unwrap_or(0).next_multiple_of(BLOCK);
        // Each row with each head of a set is a pair; a row of `scores` and one of `sums` belong to it.
        let pairs = Pairs { views, share };
        let kv_head = |set: usize| set * share / group;
        let query = |set: usize, pair: usize| {
            &qkv[(from + pair / share) * width + (set * share + pair % share) * d..][..d]
        };
        let mut scores = vec![0.0; sets.len() * pairs.count() * longest];
        let mut keys = Numbers::new(d);
        for b in 0..longest / BLOCK {
            for (set, scores) in sets.clone().zip(scores.chunks_exact_mut(pairs.count() * longest))
            {
                let at = layout.keys_at(layer, kv_head(set));
                pairs.runs(b, |run, block| {
                    let queries: [&[f32]; TOGETHER] =
                        std::array::from_fn(|i| query(set, (run.start + i).min(run.end - 1)));
                    let mut rows = [[0.0; BLOCK]; TOGETHER];
                    keys.score(&queries[..run.len()], (block, at), scale, &mut rows);
                    for (pair, row) in run.zip(rows) {
                        scores[pair * longest + b * BLOCK..][..BLOCK].copy_from_slice(&row);
                    }
                });
            }
        }
        for (pair, row) in scores.chunks_exact_mut(longest).enumerate() {
            let (seen, unseen) = row.split_at_mut(pairs.seen(pair % pairs.count()));
            softmax(seen);
            unseen.fill(0.0);
        }
        let mut sums = vec![0.0; sets.len() * pairs.count() * d];
        let mut values = Numbers::new(d);
        for b in 0..longest / BLOCK {
            let scores = scores.chunks_exact(pairs.count() * longest);
            let sums = sums.chunks_exact_mut(pairs.count() * d);
            for ((set, scores), sums) in sets.clone().zip(scores).zip(sums) {
                let at = layout.values_at(layer, kv_head(set));
                pairs.runs(b, |run, block| {
                    // a row of weights is 0 behind what its row sees
                    let seen = run.clone().map(|pair| pairs.seen(pair)).max().unwrap_or(0);
                    let n = (seen - b * BLOCK).min(BLOCK);
                    let weights = |pair: usize| &scores[pair * longest + b * BLOCK..][..n];
                    let weights: [&[f32]; TOGETHER] =
                        std::array::from_fn(|i| weights((run.start + i).min(run.end - 1)));
                    let sums = &mut sums[run.start * d..run.end * d];
                    values.weigh(&weights[..run.len()], (block, at), sums);
                });
            }
        }
        for (i, sums) in sums.chunks_exact(share * d).enumerate() {
            let (set, row) = (sets.start + i / views.len(), from + i % views.len());
            // SAFETY: these heads of this row are this job's alone.
            unsafe { out.slice(row * c + set * share * d, share * d) }.copy_from_slice(sums);
        }
    });
    y
}

/// The rows and heads of a job.
#[derive(Clone, Copy)]
struct Pairs<'a> {
    views: &'a [View<'a>],
    /// Heads per row.
    share: usize,
}

impl<'a> Pairs<'a> {
    fn count(self) -> usize {
        self.views.len() * self.share
    }

    /// How many positions a pair attends to.
    fn seen(self, pair: usize) -> usize {
        self.views[pair / self.share].seen
    }

    /// The block of a pair, if it attends to its first position at least.
    fn block(self, pair: usize, b: usize) -> Option<&'a Block> {
        let view = self.views.get(pair / self.share)?;
        (view.seen > b * BLOCK).then(|| &view.cache.blocks[b])
    }

    /// Call `f` for runs of at most `TOGETHER` pairs with the same block.
    fn runs(self, b: usize, mut f: impl FnMut(Range<usize>, &'a Block)) {
        let mut pair = 0;
        while pair < self.count() {
            let mut end = pair + 1;
            if let Some(block) = self.block(pair, b) {
                let is_same = |other: &Block| other.place() == block.place();
                while end - pair < TOGETHER && self.block(end, b).is_some_and(is_same) {
                    end += 1;
                }
                f(pair..end, block);
            }
            pair = end;
        }
    }
}

/// The products with blocks of keys and of values. Where the kernels don't convert numbers in 16 bits themselves, they
/// are widened once for neighboring runs with the same block.
struct Numbers {
    d: usize,
    buffer: Vec<f32>,
    /// The block in the buffer, and where its numbers begin.
    place: (usize, usize),
}

impl Numbers {
    fn new(d: usize) -> Self {
        Self { d, buffer: Vec::new(), place: (0, 0) }
    }

    /// One head's numbers of a block, which begin at `at`.
    fn floats<'a>(&'a mut self, (block, at): (&'a Block, usize)) -> &'a [f32] {
        let range = at..at + self.d * BLOCK;
        match block {
            Block::Whole(block) => &block[range],
            Block::Half(numbers) => {
                self.buffer.resize(range.len(), 0.0);
                let place = (block.place(), at);
                if std::mem::replace(&mut self.place, place) != place {
                    widen_f16(&numbers[range], &mut self.buffer);
                }
                &self.buffer
            }
        }
    }

    /// The scores of some queries with a block of keys.
    fn score(
        &mut self,
        queries: &[&[f32]],
        keys: (&Block, usize),
        scale: f32,
        rows: &mut [[f32; BLOCK]; TOGETHER],
    ) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level was detected on this processor.
        unsafe {
            match level() {
                Level::Avx512Vnni => return x86::avx512::score(queries, keys, scale, rows),
                Level::Avx2 | Level::AvxVnni => {
                    return x86::avx2::score(queries, keys, scale, rows);
                }
                Level::Baseline => {}
            }
        }
        let keys = self.floats(keys);
        for (query, row) in queries.iter().zip(rows) {
            score_block(query, keys, scale, row);
        }
    }

    /// Add a block's values, weighted, to the sums (n, d).
    fn weigh(&mut self, weights: &[&[f32]], values: (&Block, usize), sums: &mut [f32]) {
        let d = self.d;
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the level was detected on this processor.
        unsafe {
            match level() {
                Level::Avx512Vnni if d.is_multiple_of(x86::avx512::LANES) => {
                    return x86::avx512::weigh(weights, values, d, sums);
                }
                Level::Avx2 | Level::AvxVnni if d.is_multiple_of(x86::avx2::LANES) => {
                    return x86::avx2::weigh(weights, values, d, sums);
                }
                _ => {}
            }
        }
        let values = self.floats(values);
        for (weights, sums) in weights.iter().zip(sums.chunks_exact_mut(d)) {
            weigh_block(weights, values, sums);
        }
    }
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
fn softmax_body<const FMA: bool>(row: &mut [f32]) {
    let most = most(row);
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
    let scale = 1.0 / sum;
    row.iter_mut().for_each(|x| *x *= scale);
}

multiversion! {
    /// Replace a row of scores by weights that add up to 1.
    pub fn softmax(row: &mut [f32]) = softmax_body
}

#[inline(always)]
fn weigh_in_registers<const FMA: bool, const D: usize>(
    p: &[f32],
    values: &[f32],
    y: &mut [f32; D],
) {
    let mut lanes = *y;
    for (&p, values) in p.iter().zip(values.as_chunks::<D>().0) {
        for (lane, &v) in lanes.iter_mut().zip(values) {
            *lane = fma::<FMA>(p, v, *lane);
        }
    }
    *y = lanes;
}

#[inline(always)]
fn weigh_body<const FMA: bool>(p: &[f32], values: &[f32], y: &mut [f32]) {
    // Heads are 64 or 128 wide in most published models, so that the whole accumulator stays in registers.
    if let Some(y) = y.as_mut_array::<64>() {
        return weigh_in_registers::<FMA, 64>(p, values, y);
    }
    if let Some(y) = y.as_mut_array::<128>() {
        return weigh_in_registers::<FMA, 128>(p, values, y);
    }
    let d = y.len();
    for (&p, values) in p.iter().zip(values.chunks_exact(d)) {
        for (y, &v) in y.iter_mut().zip(values) {
            *y = fma::<FMA>(p, v, *y);
        }
    }
}

multiversion! {
    /// Add a block's values (BLOCK, d), weighted by `p`, to `y` (d).
    pub fn weigh_block(p: &[f32], values: &[f32], y: &mut [f32]) = weigh_body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::cache::Layout, splitmix::mix};

    /// A number in [-1, 1) that depends on where it is.
    fn number(place: [usize; 4]) -> f32 {
        let hash = place.into_iter().fold(7, |hash, x| mix(hash ^ mix(x as u64)));
        (hash >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// The numbers of a row: queries, keys and values.
    fn row(layout: Layout, sequence: usize, position: usize, layer: usize) -> Vec<f32> {
        let width = (layout.n_head + 2 * layout.n_kv) * layout.d;
        (0..width).map(|i| number([sequence, position, layer, i])).collect()
    }

    #[test]
    fn it_agrees_with_the_definition_for_any_heads_and_sequences() {
        // Enough heads that several are computed in one job.
        let many = 8 * rayon::current_num_threads() + 3;
        for (n_head, n_kv, d) in [(many, many, 16), (2 * many, many, 8), (12, 4, 64), (3, 1, 24)] {
            for is_half in [false, true] {
                let layout = Layout { n_layer: 2, n_head, n_kv, d, is_half };
                // Sequences with some read positions, and some new rows.
                for lengths in [vec![(70, 1)], vec![(0, 1), (130, 1), (64, 2)], vec![(3, 17)]] {
                    agrees(layout, &lengths);
                }
            }
        }
    }

    fn agrees(layout: Layout, lengths: &[(usize, usize)]) {
        let Layout { n_head, n_kv, d, .. } = layout;
        let (q, kv, layer) = (n_head * d, n_kv * d, 1);
        let mut caches = Vec::new();
        for (sequence, (read, new)) in lengths.iter().enumerate() {
            let mut cache = KvCache::new(layout);
            cache.reserve(read + new);
            for position in 0..read + new {
                let row = row(layout, sequence, position, layer);
                cache.write(layer, position, &row[q..q + kv], &row[q + kv..]);
            }
            cache.advance(*read);
            caches.push(cache);
        }
        let rows: Vec<Rows> = caches
            .iter()
            .zip(lengths)
            .map(|(cache, (read, new))| Rows { count: *new, cache, first: *read })
            .collect();
        let places = lengths.iter().enumerate().flat_map(|(sequence, (read, new))| {
            (*read..read + new).map(move |position| (sequence, position))
        });
        let places: Vec<_> = places.collect();
        let qkv: Vec<f32> = places.iter().flat_map(|(s, p)| row(layout, *s, *p, layer)).collect();
        let y = attend(&qkv, &rows, layer, 0.3);
        for ((sequence, position), y) in places.iter().zip(y.chunks_exact(q)) {
            let own = row(layout, *sequence, *position, layer);
            let seen: Vec<_> = (0..=*position).map(|p| row(layout, *sequence, p, layer)).collect();
            for (head, y) in y.chunks_exact(d).enumerate() {
                let at = q + head / (n_head / n_kv) * d;
                let query = &own[head * d..][..d];
                let dot = |row: &[f32]| -> f32 { query.iter().zip(row).map(|(a, b)| a * b).sum() };
                let scores: Vec<f32> =
                    seen.iter().map(|row| (0.3 * dot(&row[at..][..d])).exp()).collect();
                let total: f32 = scores.iter().sum();
                for (i, y) in y.iter().enumerate() {
                    let values = seen.iter().map(|row| row[at + kv + i]);
                    let sum: f32 = values.zip(&scores).map(|(v, score)| v * score / total).sum();
                    assert!((y - sum).abs() < 2e-3, "{layout:?}, head {head}: {y} for {sum}");
                }
            }
        }
    }
}
