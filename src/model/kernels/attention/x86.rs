//! Products of queries with keys and of weights with values with AVX-512 and with AVX2. Each number of a block is loaded,
//! and converted if it has 16 bits, once for several rows and heads.

/// Call a kernel for the number of rows and for the form of the block's numbers. `$parts` is how many vectors of each row
/// it sums at once: as many as the registers hold.
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
        debug_assert!(false, "{} rows", $rows.len());
    };
}

/// The kernels for one set of instructions: its features, how many numbers a vector has, the parts for each number of
/// rows, and the instructions.
macro_rules! kernels {
    (
        $name:ident, $features:literal, $lanes:literal, $parts:tt, $vector:ident, $zero:ident, $all:ident, $load:ident,
        $load_half:ident, $widen:ident, $multiply_add:ident, $multiply:ident, $store:ident
    ) => {
        pub(super) mod $name {
            use super::super::{BLOCK, Block, TOGETHER};
            use std::arch::x86_64::*;

            /// The width of a head is a multiple of this.
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
                        let mut parts = [$zero(); PARTS];
                        for (j, part) in parts.iter_mut().enumerate() {
                            // SAFETY: within row i of the keys, by contract.
                            *part = unsafe { load::<HALF>(keys, i * BLOCK + from + LANES * j) };
                        }
                        for (sums, query) in sums.iter_mut().zip(queries) {
                            // SAFETY: all queries are as wide as the first.
                            let q = $all(unsafe { *query.get_unchecked(i) });
                            for (sum, part) in sums.iter_mut().zip(parts) {
                                *sum = $multiply_add(q, part, *sum);
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
                        let mut parts = [$zero(); PARTS];
                        for (j, part) in parts.iter_mut().enumerate() {
                            *part = load::<HALF>(values, row * d + column + LANES * j);
                        }
                        for (lanes, weights) in lanes.iter_mut().zip(weights) {
                            let weight = $all(*weights.get_unchecked(row));
                            for (lane, part) in lanes.iter_mut().zip(parts) {
                                *lane = $multiply_add(weight, part, *lane);
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
    avx512, "avx512f", 16, [1: 4 2: 4 3: 4 4: 4], __m512, _mm512_setzero_ps, _mm512_set1_ps, _mm512_loadu_ps,
    _mm256_loadu_si256, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_mul_ps, _mm512_storeu_ps
);
kernels!(
    avx2, "avx2,fma,f16c", 8, [1: 8 2: 4 3: 4 4: 2], __m256, _mm256_setzero_ps, _mm256_set1_ps, _mm256_loadu_ps,
    _mm_loadu_si128, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_mul_ps, _mm256_storeu_ps
);
