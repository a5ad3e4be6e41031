//! Products of queries with keys and of weights with values with AVX-512. Each number of a block is loaded, and
//! converted if it has 16 bits, once for several rows and heads.

use super::{BLOCK, Block, TOGETHER};
use std::arch::x86_64::*;

/// Call a kernel for the number of rows and for the form of the block's numbers.
macro_rules! dispatch {
    ($kernel:ident, $rows:expr, ($block:expr, $at:expr, $len:expr), $($arg:expr),*) => {
        match ($block, $rows.first_chunk::<4>(), $rows.first_chunk::<3>(), $rows.first_chunk::<2>(), $rows.first_chunk::<1>()) {
            (Block::Whole(b), Some(rows), ..) => $kernel::<false, 4>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Whole(b), _, Some(rows), ..) => $kernel::<false, 3>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Whole(b), _, _, Some(rows), _) => $kernel::<false, 2>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Whole(b), _, _, _, Some(rows)) => $kernel::<false, 1>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Half(b), Some(rows), ..) => $kernel::<true, 4>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Half(b), _, Some(rows), ..) => $kernel::<true, 3>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Half(b), _, _, Some(rows), _) => $kernel::<true, 2>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            (Block::Half(b), _, _, _, Some(rows)) => $kernel::<true, 1>(rows, b[$at..$at + $len].as_ptr().cast(), $($arg),*),
            _ => {}
        }
    };
}

/// The scores of queries of the same width d with a block of keys (d, BLOCK), which begin at `at`.
///
/// # Safety
/// Needs the features named.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn score(
    queries: &[&[f32]],
    (block, at): (&Block, usize),
    scale: f32,
    rows: &mut [[f32; BLOCK]; TOGETHER],
) {
    let d = queries.first().map_or(0, |query| query.len());
    assert!(queries.iter().all(|query| query.len() == d));
    // SAFETY: the keys are within the block, and have d rows, as wide as BLOCK.
    unsafe { dispatch!(score_some, queries, (block, at, d * BLOCK), scale, rows) }
}

/// Add values (BLOCK, d), which begin at `at`, to the sums (n, d), weighted.
///
/// # Safety
/// Needs the features named; d is a multiple of 16.
#[target_feature(enable = "avx512f")]
pub(super) unsafe fn weigh(
    weights: &[&[f32]],
    (block, at): (&Block, usize),
    d: usize,
    sums: &mut [f32],
) {
    let n = weights.first().map_or(0, |weights| weights.len());
    assert!(n <= BLOCK && weights.iter().all(|weights| weights.len() == n));
    assert!(sums.len() == weights.len() * d && d.is_multiple_of(16));
    // SAFETY: the values are within the block, and have n rows at least, as wide as d; so have the sums, by the above.
    unsafe { dispatch!(weigh_some, weights, (block, at, d * BLOCK), d, sums) }
}

/// Sixteen numbers, in 32 bits or in 16.
///
/// # Safety
/// Needs the features named; the place has sixteen numbers after number `at`.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load<const HALF: bool>(place: *const u8, at: usize) -> __m512 {
    // SAFETY: by contract.
    unsafe {
        if HALF {
            _mm512_cvtph_ps(_mm256_loadu_si256(place.add(2 * at).cast()))
        } else {
            _mm512_loadu_ps(place.cast::<f32>().add(at))
        }
    }
}

/// # Safety
/// Needs the features named; the queries are equally wide, and there are as many rows of keys.
#[target_feature(enable = "avx512f")]
unsafe fn score_some<const HALF: bool, const N: usize>(
    queries: &[&[f32]; N],
    keys: *const u8,
    scale: f32,
    rows: &mut [[f32; BLOCK]; TOGETHER],
) {
    const PARTS: usize = BLOCK / 16;
    let mut sums = [[_mm512_setzero_ps(); PARTS]; N];
    for i in 0..queries[0].len() {
        let mut parts = [_mm512_setzero_ps(); PARTS];
        for (j, part) in parts.iter_mut().enumerate() {
            // SAFETY: row i of the keys, by contract.
            *part = unsafe { load::<HALF>(keys, i * BLOCK + 16 * j) };
        }
        for (sums, query) in sums.iter_mut().zip(queries) {
            // SAFETY: all queries are as wide as the first.
            let q = _mm512_set1_ps(unsafe { *query.get_unchecked(i) });
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = _mm512_fmadd_ps(q, part, *sum);
            }
        }
    }
    let scale = _mm512_set1_ps(scale);
    for (sums, row) in sums.into_iter().zip(rows) {
        for (sum, row) in sums.into_iter().zip(row.as_chunks_mut::<16>().0) {
            // SAFETY: an array of 16 numbers.
            unsafe { _mm512_storeu_ps(row.as_mut_ptr(), _mm512_mul_ps(sum, scale)) };
        }
    }
}

/// # Safety
/// Needs the features named; `values` and `sums` are as [`weigh`] wants them.
#[target_feature(enable = "avx512f")]
unsafe fn weigh_some<const HALF: bool, const N: usize>(
    weights: &[&[f32]; N],
    values: *const u8,
    d: usize,
    sums: &mut [f32],
) {
    let mut column = 0;
    // SAFETY: the columns are below d.
    unsafe {
        while column + 64 <= d {
            weigh_columns::<HALF, N, 4>(weights, values, (column, d), sums);
            column += 64;
        }
        while column + 16 <= d {
            weigh_columns::<HALF, N, 1>(weights, values, (column, d), sums);
            column += 16;
        }
    }
}

/// # Safety
/// As [`weigh_some`]; there are 16 * PARTS columns after this one.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn weigh_columns<const HALF: bool, const N: usize, const PARTS: usize>(
    weights: &[&[f32]; N],
    values: *const u8,
    (column, d): (usize, usize),
    sums: &mut [f32],
) {
    // SAFETY: all indexes are below the limits that the contract gives.
    unsafe {
        let place = sums.as_mut_ptr().add(column);
        let mut lanes = [[_mm512_setzero_ps(); PARTS]; N];
        for (i, lanes) in lanes.iter_mut().enumerate() {
            for (j, lane) in lanes.iter_mut().enumerate() {
                *lane = _mm512_loadu_ps(place.add(i * d + 16 * j));
            }
        }
        for row in 0..weights[0].len() {
            let mut parts = [_mm512_setzero_ps(); PARTS];
            for (j, part) in parts.iter_mut().enumerate() {
                *part = load::<HALF>(values, row * d + column + 16 * j);
            }
            for (lanes, weights) in lanes.iter_mut().zip(weights) {
                let weight = _mm512_set1_ps(*weights.get_unchecked(row));
                for (lane, part) in lanes.iter_mut().zip(parts) {
                    *lane = _mm512_fmadd_ps(weight, part, *lane);
                }
            }
        }
        for (i, lanes) in lanes.into_iter().enumerate() {
            for (j, lane) in lanes.into_iter().enumerate() {
                _mm512_storeu_ps(place.add(i * d + 16 * j), lane);
            }
        }
    }
}
