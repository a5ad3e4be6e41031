//! Products of queries with keys and of weights with values with AVX-512 and with AVX2. Each number of a block is loaded,
//! and converted if it has 16 bits, once for several rows and heads.

/// Call a kernel for the number of rows and for the form of the block's numbers. `$parts` is how many vectors of each row
/// it sums at once: with the numbers that are multiplied, as many as there are registers.
macro_rules! dispatch {
    ($kernel:ident, $rows:expr, ($block:expr, $at:expr, $len:expr), [$($n:literal: $parts:literal)*], $args:expr) => {
        let (place, is_half): (*const u8, bool) = match $block {
            Block::Whole(b) => (b[$at..$at + $len].as_ptr().cast(), false),
            Block::Half(b) => (b[$at..$at + $len].as_ptr().cast(), true),
        };
        $(if let Some(rows) = $rows.as_array::<$n>() {
            return match is_half {
                true => $kernel::<true, $n, $parts>(rows, place, $args),
                false => $kernel::<false, $n, $parts>(rows, place, $args),
            };
        })*
        const { assert!(TOGETHER == 4) };
        unreachable!("{} rows", $rows.len());
    };
}

/// The kernels for one set of instructions: its features, how many numbers a vector has, the parts for each number of
/// rows, and the instructions.
macro_rules! kernels {
    (
        $name:ident, features: $features:literal, lanes: $lanes:literal, parts: $parts:tt, vector: $vector:ident,
        zero: $zero:ident, all: $all:ident, load: $load:ident, load_half: $load_half:ident, widen: $widen:ident,
        multiply_add: $multiply_add:ident, multiply: $multiply:ident, store: $store:ident
    ) => {
        pub(super) mod $name {
            use super::super::{BLOCK, Block, TOGETHER};
            use std::arch::x86_64::*;

            /// Numbers in a vector.
            pub const LANES: usize = $lanes;

            /// The scores of queries of the same width d with a block of keys (d, BLOCK), which begin at `at`.
            ///
            /// # Safety
            /// Needs the features named.
            #[target_feature(enable = $features)]
            pub unsafe fn score(
                queries: &[&[f32]],
                (block, at): (&Block, usize),
                scale: f32,
                rows: &mut [[f32; BLOCK]; TOGETHER],
            ) {
                let d = queries.first().map_or(0, |query| query.len());
                assert!(queries.iter().all(|query| query.len() == d));
                // SAFETY: the keys are within the block, and have d rows, as wide as BLOCK.
                unsafe {
                    dispatch! { score_some, queries, (block, at, d * BLOCK), $parts, (scale, rows) }
                }
            }

            /// Add values (BLOCK, d), which begin at `at`, to the sums (n, d), weighted.
            ///
            /// # Safety
            /// Needs the features named; d is a multiple of `LANES`.
            #[target_feature(enable = $features)]
            pub unsafe fn weigh(
                weights: &[&[f32]],
                (block, at): (&Block, usize),
                d: usize,
                sums: &mut [f32],
            ) {
                let n = weights.first().map_or(0, |weights| weights.len());
                assert!(n <= BLOCK && weights.iter().all(|weights| weights.len() == n));
                assert!(sums.len() == weights.len() * d && d.is_multiple_of(LANES));
                // SAFETY: the values are within the block, and have n rows at least, as wide as d; so have the sums, by
                // the above.
                unsafe {
                    dispatch! { weigh_some, weights, (block, at, d * BLOCK), $parts, (d, sums) }
                }
            }

            /// A vector of numbers, in 32 bits or in 16.
            ///
            /// # Safety
            /// Needs the features named; the place has a vector of numbers after number `at`.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn load<const HALF: bool>(place: *const u8, at: usize) -> $vector {
                // SAFETY: by contract.
                unsafe {
                    if HALF {
                        $widen($load_half(place.add(2 * at).cast()))
                    } else {
                        $load(place.cast::<f32>().add(at))
                    }
                }
            }

            /// # Safety
            /// Needs the features named; the queries are equally wide, and there are as many rows of keys.
            #[target_feature(enable = $features)]
            unsafe fn score_some<const HALF: bool, const N: usize, const PARTS: usize>(
                queries: &[&[f32]; N],
                keys: *const u8,
                (scale, rows): (f32, &mut [[f32; BLOCK]; TOGETHER]),
            ) {
                const { assert!(BLOCK.is_multiple_of(LANES * PARTS)) };
                for from in (0..BLOCK).step_by(LANES * PARTS) {
                    let mut sums = [[$zero(); PARTS]; N];
                    for i in 0..queries[0].len() {
                        let mut q = [$zero(); N];
                        for (q, query) in q.iter_mut().zip(queries) {
                            // SAFETY: all queries are as wide as the first.
                            *q = $all(unsafe { *query.get_unchecked(i) });
                        }
                        for j in 0..PARTS {
                            // SAFETY: within row i of the keys, by contract.
                            let part = unsafe { load::<HALF>(keys, i * BLOCK + from + LANES * j) };
                            for (sums, q) in sums.iter_mut().zip(q) {
                                sums[j] = $multiply_add(q, part, sums[j]);
                            }
                        }
                    }
                    let scale = $all(scale);
                    for (sums, row) in sums.into_iter().zip(rows.iter_mut()) {
                        let row = row[from..].as_chunks_mut::<LANES>().0;
                        for (sum, row) in sums.into_iter().zip(row) {
                            // SAFETY: an array of a vector's numbers.
                            unsafe { $store(row.as_mut_ptr(), $multiply(sum, scale)) };
                        }
                    }
                }
            }

            /// # Safety
            /// Needs the features named; `values` and `sums` are as [`weigh`] wants them.
            #[target_feature(enable = $features)]
            unsafe fn weigh_some<const HALF: bool, const N: usize, const PARTS: usize>(
                weights: &[&[f32]; N],
                values: *const u8,
                (d, sums): (usize, &mut [f32]),
            ) {
                let mut column = 0;
                // SAFETY: the columns are below d.
                unsafe {
                    while column + LANES * PARTS <= d {
                        weigh_columns::<HALF, N, PARTS>(weights, values, (column, d), sums);
                        column += LANES * PARTS;
                    }
                    while column + LANES <= d {
                        weigh_columns::<HALF, N, 1>(weights, values, (column, d), sums);
                        column += LANES;
                    }
                }
            }

            /// # Safety
            /// As [`weigh_some`]; there are `PARTS` vectors of columns after this column.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn weigh_columns<const HALF: bool, const N: usize, const PARTS: usize>(
                weights: &[&[f32]; N],
                values: *const u8,
                (column, d): (usize, usize),
                sums: &mut [f32],
            ) {
                // SAFETY: all indexes are below the limits that the contract gives.
                unsafe {
                    let place = sums.as_mut_ptr().add(column);
                    let mut lanes = [[$zero(); PARTS]; N];
                    for (i, lanes) in lanes.iter_mut().enumerate() {
                        for (j, lane) in lanes.iter_mut().enumerate() {
                            *lane = $load(place.add(i * d + LANES * j));
                        }
                    }
                    for row in 0..weights[0].len() {
                        let mut weight = [$zero(); N];
                        for (weight, weights) in weight.iter_mut().zip(weights) {
                            *weight = $all(*weights.get_unchecked(row));
                        }
                        for j in 0..PARTS {
                            let part = load::<HALF>(values, row * d + column + LANES * j);
                            for (lanes, weight) in lanes.iter_mut().zip(weight) {
                                lanes[j] = $multiply_add(weight, part, lanes[j]);
                            }
                        }
                    }
                    for (i, lanes) in lanes.into_iter().enumerate() {
                        for (j, lane) in lanes.into_iter().enumerate() {
                            $store(place.add(i * d + LANES * j), lane);
                        }
                    }
                }
            }
        }
    };
}

// AVX-512 has 32 registers, AVX2 has 16.
kernels!(
    avx512, features: "avx512f", lanes: 16, parts: [1: 4 2: 4 3: 4 4: 4], vector: __m512, zero: _mm512_setzero_ps,
    all: _mm512_set1_ps, load: _mm512_loadu_ps, load_half: _mm256_loadu_si256, widen: _mm512_cvtph_ps,
    multiply_add: _mm512_fmadd_ps, multiply: _mm512_mul_ps, store: _mm512_storeu_ps
);
kernels!(
    avx2, features: "avx2,fma,f16c", lanes: 8, parts: [1: 8 2: 4 3: 4 4: 2], vector: __m256, zero: _mm256_setzero_ps,
    all: _mm256_set1_ps, load: _mm256_loadu_ps, load_half: _mm_loadu_si128, widen: _mm256_cvtph_ps,
    multiply_add: _mm256_fmadd_ps, multiply: _mm256_mul_ps, store: _mm256_storeu_ps
);

#[cfg(test)]
mod tests {
    use super::super::{BLOCK, Block, Level, TOGETHER, level, score_block, weigh_block};
    use crate::{model::kernels::Packed, splitmix::mix};
    use half::f16;
    use std::sync::Arc;

    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let number = |i: usize| (mix(seed ^ mix(i as u64)) >> 40) as f32 / (1 << 23) as f32 - 1.0;
        (0..n).map(|i| f16::from_f32(number(i)).to_f32()).collect()
    }

    /// The same numbers in a block, in 32 bits and in 16.
    fn blocks(numbers: &[f32]) -> [Block; 2] {
        let (mut whole, mut half) =
            (Packed::alone(0.0, numbers.len()), Packed::alone(f16::ZERO, numbers.len()));
        whole.copy_from_slice(numbers);
        half.iter_mut().zip(numbers).for_each(|(half, x)| *half = f16::from_f32(*x));
        [Block::Whole(Arc::new(whole)), Block::Half(Arc::new(half))]
    }

    macro_rules! agree {
        ($kernels:ident) => {
            for d in [4, 8, 15, 16, 24, 40, 64, 72, 80, 128] {
                let at = 3 * d;
                let all = numbers(at + d * BLOCK, d as u64);
                for (block, rows) in
                    blocks(&all).iter().flat_map(|b| (1..=TOGETHER).map(move |n| (b, n)))
                {
                    let queries: Vec<_> =
                        (0..rows).map(|row| numbers(d, 100 + row as u64)).collect();
                    let queries: Vec<&[f32]> = queries.iter().map(|query| &query[..]).collect();
                    let mut scores = [[0.0; BLOCK]; TOGETHER];
                    // SAFETY: the features were detected on this processor.
                    unsafe { super::$kernels::score(&queries, (block, at), 0.3, &mut scores) };
                    for (query, scores) in queries.iter().zip(&scores) {
                        let mut expected = [0.0; BLOCK];
                        score_block(query, &all[at..], 0.3, &mut expected);
                        assert_eq!(*scores, expected, "{rows} queries as wide as {d}");
                    }
                    if !d.is_multiple_of(super::$kernels::LANES) {
                        continue;
                    }
                    for n in [1, 63, 64] {
                        let weights: Vec<_> =
                            (0..rows).map(|row| numbers(n, 200 + row as u64)).collect();
                        let weights: Vec<&[f32]> =
                            weights.iter().map(|weights| &weights[..]).collect();
                        let mut sums = numbers(rows * d, 300);
                        let mut expected = sums.clone();
                        // SAFETY: as above.
                        unsafe { super::$kernels::weigh(&weights, (block, at), d, &mut sums) };
                        for (weights, sums) in weights.iter().zip(expected.chunks_exact_mut(d)) {
                            weigh_block(weights, &all[at..], sums);
                        }
                        assert_eq!(sums, expected, "{rows} rows of {n} weights, {d} wide");
                    }
                }
            }
        };
    }

    #[test]
    fn both_sets_of_instructions_give_the_same_as_the_plain_code() {
        if level() >= Level::Avx2 {
            agree!(avx2);
        }
        if level() == Level::Avx512Vnni {
            agree!(avx512);
        }
    }
}
