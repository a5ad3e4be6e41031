//! Products with rounded weights with AVX2.

use super::{
    Activations, LANES, QK, check,
    forms::{Q4K, Q6K, Q8, Q40, Q41, Tile},
};
use half::f16;
use std::arch::x86_64::*;

/// A form with a kernel.
pub(super) trait Avx2: Tile {
    /// Add to `sums` the products of a row of tiles with a row of activations.
    ///
    /// # Safety
    /// Needs AVX2, FMA and F16C, and this row of activations for `tiles`.
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]);
}

/// # Safety
/// Needs AVX2, FMA and F16C.
pub(super) unsafe fn multiply<T: Avx2>(
    tiles: &[T],
    a: &Activations,
    row: usize,
    sums: &mut [[f32; LANES]],
) {
    check(tiles, a, row + sums.len());
    for (i, sums) in sums.iter_mut().enumerate() {
        // SAFETY: by contract and by the check above.
        unsafe { T::product(tiles, a, row + i, sums) };
    }
}

/// Eight of sixteen scales.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn eight(x: &[f16; LANES], half: usize) -> __m256 {
    // SAFETY: 16 of 32 bytes.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(x.as_ptr().add(8 * half).cast()) })
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn eight_counts(x: &[u8; LANES], half: usize) -> __m256 {
    // SAFETY: 8 of 16 bytes.
    let bytes = unsafe { _mm_loadl_epi64(x.as_ptr().add(8 * half).cast()) };
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))
}

/// The products of four unsigned weights of eight rows with four activations, added to `sum`.
///
/// # Safety
/// Needs the features named; 4 bytes at `q`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn add_four(sum: __m256i, w: __m256i, q: *const i8) -> __m256i {
    // SAFETY: by contract.
    let x = _mm256_set1_epi32(unsafe { q.cast::<i32>().read_unaligned() });
    let pairs = _mm256_maddubs_epi16(w, x);
    _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

/// The products of eight rows of a block of 4 bits with 32 activations.
///
/// # Safety
/// Needs the features named; 32 bytes at `x`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn dot4(q: &[[[u8; 4]; LANES]; QK / 8], half: usize, x: *const i8) -> __m256i {
    let low = _mm256_set1_epi8(15);
    let mut sum = _mm256_setzero_si256();
    for (g, bytes) in q.iter().enumerate() {
        // SAFETY: 32 of 64 bytes, and within the activations by contract.
        unsafe {
            let bytes = _mm256_loadu_si256(bytes.as_ptr().add(8 * half).cast());
            sum = add_four(sum, _mm256_and_si256(bytes, low), x.add(4 * g));
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
            sum = add_four(sum, high, x.add(4 * g + 16));
        }
    }
    sum
}

// In all kernels, `at` is the block's number among the activations, and there are as many as the callers checked.

impl Avx2 for Q8 {
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
        for half in 0..2 {
            let place = sums[8 * half..].as_mut_ptr();
            // SAFETY: 8 of 16 floats, and see above.
            unsafe {
                let mut acc = _mm256_loadu_ps(place);
                for (b, tile) in tiles.iter().enumerate() {
                    let at = row * tiles.len() + b;
                    let q = a.q.as_ptr().add(at * QK);
                    let mut dot = _mm256_setzero_si256();
                    for (g, w) in tile.q.iter().enumerate() {
                        // maddubs needs one unsigned operand: use |w|, and multiply the inputs by the sign of w.
                        let w = _mm256_loadu_si256(w.as_ptr().add(8 * half).cast());
                        let x = _mm256_set1_epi32(q.add(4 * g).cast::<i32>().read_unaligned());
                        let pairs =
                            _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
                        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
                        dot = _mm256_add_epi32(dot, fours);
                    }
                    let da = _mm256_set1_ps(*a.d.get_unchecked(at));
                    let scale = _mm256_mul_ps(eight(&tile.d, half), da);
                    acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, acc);
                }
                _mm256_storeu_ps(place, acc);
            }
        }
    }
}

impl Avx2 for Q40 {
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
        for half in 0..2 {
            let place = sums[8 * half..].as_mut_ptr();
            // SAFETY: 8 of 16 floats, and see above.
            unsafe {
                let mut acc = _mm256_loadu_ps(place);
                for (b, tile) in tiles.iter().enumerate() {
                    let at = row * tiles.len() + b;
                    let dot = dot4(&tile.q, half, a.q.as_ptr().add(at * QK));
                    let shift = _mm256_set1_epi32(8 * *a.sum.get_unchecked(at));
                    let dot = _mm256_cvtepi32_ps(_mm256_sub_epi32(dot, shift));
                    let da = _mm256_set1_ps(*a.d.get_unchecked(at));
                    acc = _mm256_fmadd_ps(dot, _mm256_mul_ps(eight(&tile.d, half), da), acc);
                }
                _mm256_storeu_ps(place, acc);
            }
        }
    }
}

impl Avx2 for Q41 {
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
        for half in 0..2 {
            let place = sums[8 * half..].as_mut_ptr();
            // SAFETY: 8 of 16 floats, and see above.
            unsafe {
                let mut acc = _mm256_loadu_ps(place);
                for (b, tile) in tiles.iter().enumerate() {
                    let at = row * tiles.len() + b;
                    let dot = dot4(&tile.q, half, a.q.as_ptr().add(at * QK));
                    let da = _mm256_set1_ps(*a.d.get_unchecked(at));
                    let total = _mm256_set1_ps(*a.total.get_unchecked(at));
                    acc = _mm256_fmadd_ps(eight(&tile.m, half), total, acc);
                    let scale = _mm256_mul_ps(eight(&tile.d, half), da);
                    acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, acc);
                }
                _mm256_storeu_ps(place, acc);
            }
        }
    }
}

impl Avx2 for Q4K {
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
        let low = _mm256_set1_epi8(15);
        let blocks = tiles.len() * Self::BLOCKS;
        for half in 0..2 {
            let place = sums[8 * half..].as_mut_ptr();
            // SAFETY: 8 of 16 floats, and see above.
            unsafe {
                let mut acc = _mm256_loadu_ps(place);
                for (t, tile) in tiles.iter().enumerate() {
                    let (d, m) = (eight(&tile.d, half), eight(&tile.m, half));
                    for b in 0..Self::BLOCKS {
                        let at = row * blocks + t * Self::BLOCKS + b;
                        let q = a.q.as_ptr().add(at * QK);
                        let mut dot = _mm256_setzero_si256();
                        for (g, bytes) in tile.q[b / 2].iter().enumerate() {
                            let bytes = _mm256_loadu_si256(bytes.as_ptr().add(8 * half).cast());
                            let bytes = match b.is_multiple_of(2) {
                                true => bytes,
                                false => _mm256_srli_epi16::<4>(bytes),
                            };
                            dot = add_four(dot, _mm256_and_si256(bytes, low), q.add(4 * g));
                        }
                        let da = _mm256_set1_ps(*a.d.get_unchecked(at));
                        let total = _mm256_set1_ps(*a.total.get_unchecked(at));
                        let min = _mm256_mul_ps(m, eight_counts(&tile.mins[b], half));
                        acc = _mm256_fnmadd_ps(min, total, acc);
                        let scale = _mm256_mul_ps(d, eight_counts(&tile.scales[b], half));
                        let scale = _mm256_mul_ps(scale, da);
                        acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, acc);
                    }
                }
                _mm256_storeu_ps(place, acc);
            }
        }
    }
}

impl Avx2 for Q6K {
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn product(tiles: &[Self], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
        let (low, high) = (_mm256_set1_epi8(15), _mm256_set1_epi8(48));
        let blocks = tiles.len() * Self::BLOCKS;
        for half in 0..2 {
            let place = sums[8 * half..].as_mut_ptr();
            // SAFETY: 8 of 16 floats, and see above.
            unsafe {
                let mut acc = _mm256_loadu_ps(place);
                for (t, tile) in tiles.iter().enumerate() {
                    let d = eight(&tile.d, half);
                    for b in 0..Self::BLOCKS {
                        let (part, k) = (&tile.parts[b / 4], b % 4);
                        let at = row * blocks + t * Self::BLOCKS + b;
                        let q = a.q.as_ptr().add(at * QK);
                        let halves = *a.halves.get_unchecked(at);
                        let mut dots = halves.map(|sum| _mm256_set1_epi32(-32 * sum));
                        for g in 0..QK / 4 {
                            let four = part.low[k % 2][g].as_ptr().add(8 * half);
                            let two = part.high[g].as_ptr().add(8 * half);
                            let four = _mm256_loadu_si256(four.cast());
                            let two = _mm256_loadu_si256(two.cast());
                            let (four, two) = match k {
                                0 => (four, _mm256_slli_epi16::<4>(two)),
                                1 => (four, _mm256_slli_epi16::<2>(two)),
                                2 => (_mm256_srli_epi16::<4>(four), two),
                                _ => (_mm256_srli_epi16::<4>(four), _mm256_srli_epi16::<2>(two)),
                            };
                            let (four, two) =
                                (_mm256_and_si256(four, low), _mm256_and_si256(two, high));
                            let dot = &mut dots[g / 4];
                            *dot = add_four(*dot, _mm256_or_si256(four, two), q.add(4 * g));
                        }
                        let scale = |of: usize| {
                            let bytes = part.scales[2 * k + of].as_ptr().add(8 * half);
                            _mm256_cvtepi8_epi32(_mm_loadl_epi64(bytes.cast()))
                        };
                        let dot = _mm256_add_epi32(
                            _mm256_mullo_epi32(dots[0], scale(0)),
                            _mm256_mullo_epi32(dots[1], scale(1)),
                        );
                        let scale = _mm256_mul_ps(d, _mm256_set1_ps(*a.d.get_unchecked(at)));
                        acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, acc);
                    }
                }
                _mm256_storeu_ps(place, acc);
            }
        }
    }
}
