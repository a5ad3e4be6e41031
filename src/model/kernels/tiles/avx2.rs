//! Products with rounded weights with AVX2.

use super::{
    Activations, LANES, QK, check,
    forms::{Part, Q4K, Q6K, Q8, Q40, Q41, Tile},
};
use half::f16;
use std::arch::x86_64::*;

/// A form with a kernel.
pub(super) trait Avx2: Tile {
    /// Add the products of eight rows of the tile, the first or the second half, with N rows of activations. `at` is where
    /// the activations for the tile's first block are.
    ///
    /// # Safety
    /// Needs AVX2, FMA and F16C, and `at` has activations for the tile.
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]);
}

/// Add to `sums` the products of a row of tiles with rows of activations from `row` on.
///
/// # Safety
/// Needs AVX2, FMA and F16C.
pub(super) unsafe fn multiply<T: Avx2>(
    tiles: &[T],
    a: &Activations,
    mut row: usize,
    sums: &mut [[f32; LANES]],
) {
    check(tiles, a, row + sums.len());
    // Up to four rows share the weights that were unpacked for them. There are only 16 registers.
    let (fours, rest) = sums.as_chunks_mut::<4>();
    let (twos, ones) = rest.as_chunks_mut::<2>();
    // SAFETY: by contract and by the check above.
    unsafe {
        for sums in fours {
            products(tiles, a, row, sums);
            row += 4;
        }
        for sums in twos {
            products(tiles, a, row, sums);
            row += 2;
        }
        for sums in ones.as_chunks_mut::<1>().0 {
            products(tiles, a, row, sums);
        }
    }
}

/// # Safety
/// Needs AVX2, FMA and F16C, and `row + N` rows of activations for `tiles`.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn products<T: Avx2, const N: usize>(
    tiles: &[T],
    a: &Activations,
    row: usize,
    sums: &mut [[f32; LANES]; N],
) {
    let mut acc = [[_mm256_setzero_ps(); N]; 2];
    for (half, acc) in acc.iter_mut().enumerate() {
        for (acc, sums) in acc.iter_mut().zip(sums.iter()) {
            // SAFETY: 8 of 16 floats.
            *acc = unsafe { _mm256_loadu_ps(sums.as_ptr().add(8 * half)) };
        }
    }
    let blocks = tiles.len() * T::BLOCKS;
    for (t, tile) in tiles.iter().enumerate() {
        let at = At { a, first: row * blocks + t * T::BLOCKS, blocks };
        for (half, acc) in acc.iter_mut().enumerate() {
            // SAFETY: by contract.
            unsafe { tile.add(half, at, acc) };
        }
    }
    for (half, acc) in acc.into_iter().enumerate() {
        for (acc, sums) in acc.into_iter().zip(sums.iter_mut()) {
            // SAFETY: 8 of 16 floats.
            unsafe { _mm256_storeu_ps(sums.as_mut_ptr().add(8 * half), acc) };
        }
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

/// Eight rows of four weights.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn weights<T>(group: &[[T; 4]; LANES], half: usize) -> __m256i {
    const { assert!(size_of::<T>() == 1) };
    // SAFETY: 32 of 64 bytes.
    unsafe { _mm256_loadu_si256(group.as_ptr().add(8 * half).cast()) }
}

/// Four activations, for each of eight rows.
///
/// # Safety
/// Needs the features named; 4 bytes at `q`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn four(q: *const i8) -> __m256i {
    // SAFETY: by contract.
    _mm256_set1_epi32(unsafe { q.cast::<i32>().read_unaligned() })
}

/// The sums of pairs of 16-bit numbers.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
fn pairs(x: __m256i) -> __m256i {
    _mm256_madd_epi16(x, _mm256_set1_epi16(1))
}

/// Where the activations for a block are, in each of N rows. [`multiply`] checked that all rows have all blocks.
#[derive(Clone, Copy)]
pub(super) struct At<'a, const N: usize> {
    a: &'a Activations,
    /// The block's number in the first row, and how many blocks a row has.
    first: usize,
    blocks: usize,
}

impl<const N: usize> At<'_, N> {
    /// The block `k` blocks further on.
    ///
    /// # Safety
    /// It is a block of the same tile.
    #[inline(always)]
    unsafe fn then(self, k: usize) -> Self {
        Self { first: self.first + k, ..self }
    }

    #[inline(always)]
    fn number(&self, i: usize) -> usize {
        self.first + i * self.blocks
    }

    /// The activations of each row.
    #[inline(always)]
    fn q(&self) -> [*const i8; N] {
        // SAFETY: each row has this block.
        std::array::from_fn(|i| unsafe { self.a.q.as_ptr().add(self.number(i) * QK) })
    }

    /// Add the products of eight rows of a block, which are integers, times the scales `d` and the scale of the activations.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn add(&self, dots: [__m256i; N], d: __m256, acc: &mut [__m256; N]) {
        for (i, (acc, dot)) in acc.iter_mut().zip(dots).enumerate() {
            // SAFETY: each row has this block.
            let da = _mm256_set1_ps(unsafe { *self.a.d.get_unchecked(self.number(i)) });
            *acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_mul_ps(d, da), *acc);
        }
    }

    /// Add the sum of each row's block, times `m`.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn add_total(&self, m: __m256, acc: &mut [__m256; N]) {
        for (i, acc) in acc.iter_mut().enumerate() {
            // SAFETY: each row has this block.
            let total = _mm256_set1_ps(unsafe { *self.a.total.get_unchecked(self.number(i)) });
            *acc = _mm256_fmadd_ps(m, total, *acc);
        }
    }
}

/// The products of eight rows of a block of 4 bits, the low halves of all bytes first, with 32 activations.
///
/// # Safety
/// Needs the features named; 32 bytes at each of `x`.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn dots4<const N: usize>(
    q: &[[[u8; 4]; LANES]; QK / 8],
    half: usize,
    x: [*const i8; N],
) -> [__m256i; N] {
    let low = _mm256_set1_epi8(15);
    // Eight pairs of products of at most 15 times 127 fit into 16 bits.
    let mut sums = [_mm256_setzero_si256(); N];
    for (g, bytes) in q.iter().enumerate() {
        let bytes = weights(bytes, half);
        let (first, second) =
            (_mm256_and_si256(bytes, low), _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low));
        for (sum, x) in sums.iter_mut().zip(x) {
            // SAFETY: within the activations by contract.
            let (y, z) = unsafe { (four(x.add(4 * g)), four(x.add(4 * g + 16))) };
            let both =
                _mm256_add_epi16(_mm256_maddubs_epi16(first, y), _mm256_maddubs_epi16(second, z));
            *sum = _mm256_add_epi16(*sum, both);
        }
    }
    for sum in &mut sums {
        *sum = pairs(*sum);
    }
    sums
}

impl Avx2 for Q8 {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]) {
        let x = at.q();
        let mut dots = [_mm256_setzero_si256(); N];
        for (g, w) in self.q.iter().enumerate() {
            // maddubs needs one unsigned operand: use |w|, and multiply the inputs by the sign of w.
            let w = weights(w, half);
            let size = _mm256_abs_epi8(w);
            for (dot, x) in dots.iter_mut().zip(x) {
                // SAFETY: within the block.
                let x = _mm256_sign_epi8(unsafe { four(x.add(4 * g)) }, w);
                *dot = _mm256_add_epi32(*dot, pairs(_mm256_maddubs_epi16(size, x)));
            }
        }
        at.add(dots, eight(&self.d, half), acc);
    }
}

impl Avx2 for Q40 {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]) {
        // SAFETY: 32 activations of each row.
        let mut dots = unsafe { dots4(&self.q, half, at.q()) };
        for (i, dot) in dots.iter_mut().enumerate() {
            // SAFETY: each row has this block.
            let sum = unsafe { *at.a.sum.get_unchecked(at.number(i)) };
            *dot = _mm256_sub_epi32(*dot, _mm256_set1_epi32(8 * sum));
        }
        at.add(dots, eight(&self.d, half), acc);
    }
}

impl Avx2 for Q41 {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]) {
        at.add_total(eight(&self.m, half), acc);
        // SAFETY: 32 activations of each row.
        let dots = unsafe { dots4(&self.q, half, at.q()) };
        at.add(dots, eight(&self.d, half), acc);
    }
}

impl Avx2 for Q4K {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]) {
        let low = _mm256_set1_epi8(15);
        let (d, m) = (eight(&self.d, half), eight(&self.m, half));
        let m = _mm256_sub_ps(_mm256_setzero_ps(), m);
        for (pair, q) in self.q.iter().enumerate() {
            // SAFETY: a tile has eight blocks.
            let at = unsafe { [at.then(2 * pair), at.then(2 * pair + 1)] };
            let x = [at[0].q(), at[1].q()];
            // As in `dots4`.
            let mut sums = [[_mm256_setzero_si256(); N]; 2];
            for (g, bytes) in q.iter().enumerate() {
                let bytes = weights(bytes, half);
                let bytes = [bytes, _mm256_srli_epi16::<4>(bytes)];
                for ((sums, x), bytes) in sums.iter_mut().zip(x).zip(bytes) {
                    let w = _mm256_and_si256(bytes, low);
                    for (sum, x) in sums.iter_mut().zip(x) {
                        // SAFETY: within the block.
                        let x = unsafe { four(x.add(4 * g)) };
                        *sum = _mm256_add_epi16(*sum, _mm256_maddubs_epi16(w, x));
                    }
                }
            }
            for (k, (at, mut sums)) in at.into_iter().zip(sums).enumerate() {
                let b = 2 * pair + k;
                at.add_total(_mm256_mul_ps(m, eight_counts(&self.mins[b], half)), acc);
                for sum in &mut sums {
                    *sum = pairs(*sum);
                }
                at.add(sums, _mm256_mul_ps(d, eight_counts(&self.scales[b], half)), acc);
            }
        }
    }
}

impl Avx2 for Q6K {
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]) {
        let d = eight(&self.d, half);
        for (n, part) in self.parts.iter().enumerate() {
            // SAFETY: a tile has eight blocks.
            let at = |k| unsafe { at.then(4 * n + k) };
            self.fetch_next(2 * half + n);
            // SAFETY: the tile has these blocks.
            unsafe {
                at(0).add(part.dots::<0, N>(half, at(0)), d, acc);
                at(1).add(part.dots::<1, N>(half, at(1)), d, acc);
                at(2).add(part.dots::<2, N>(half, at(2)), d, acc);
                at(3).add(part.dots::<3, N>(half, at(3)), d, acc);
            }
        }
    }
}

impl Q6K {
    /// Fetch a quarter of the next tile into the cache. A tile is not read from its start to its end, so the processor
    /// doesn't foresee what is read next.
    #[inline(always)]
    fn fetch_next(&self, quarter: usize) {
        const LINE: usize = 64;
        const LINES: usize = size_of::<Q6K>().div_ceil(4 * LINE);
        let next = std::ptr::from_ref(self).wrapping_add(1).cast::<i8>();
        for line in quarter * LINES..(quarter + 1) * LINES {
            // SAFETY: a prefetch may name any address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(next.wrapping_add(line * LINE)) };
        }
    }
}

impl Part {
    /// Group `g` of block K, for eight rows. K is a constant, so that the compiler knows the shifts.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn group<const K: usize>(&self, g: usize, half: usize) -> __m256i {
        let (a, b) = (weights(&self.low[K % 2][g], half), weights(&self.high[g], half));
        let (a, b) = match K {
            0 => (a, _mm256_slli_epi16::<4>(b)),
            1 => (a, _mm256_slli_epi16::<2>(b)),
            2 => (_mm256_srli_epi16::<4>(a), b),
            _ => (_mm256_srli_epi16::<4>(a), _mm256_srli_epi16::<2>(b)),
        };
        let (low, high) = (_mm256_set1_epi8(15), _mm256_set1_epi8(48));
        _mm256_or_si256(_mm256_and_si256(a, low), _mm256_and_si256(b, high))
    }

    /// The products of eight rows of block K with rows of activations.
    ///
    /// # Safety
    /// As [`Avx2::add`].
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    unsafe fn dots<const K: usize, const N: usize>(&self, half: usize, at: At<N>) -> [__m256i; N] {
        let x = at.q();
        let mut dots = [_mm256_setzero_si256(); N];
        for of in 0..2 {
            let mut sums = [_mm256_setzero_si256(); N];
            for g in (4 * of..4 * of + 4).step_by(2) {
                let (v, w) = (self.group::<K>(g, half), self.group::<K>(g + 1, half));
                for (sum, x) in sums.iter_mut().zip(x) {
                    // SAFETY: within the block.
                    let (y, z) = unsafe { (four(x.add(4 * g)), four(x.add(4 * g + 4))) };
                    // Two pairs of products of at most 63 times 127 fit into 16 bits.
                    let both =
                        _mm256_add_epi16(_mm256_maddubs_epi16(v, y), _mm256_maddubs_epi16(w, z));
                    *sum = _mm256_add_epi32(*sum, pairs(both));
                }
            }
            // SAFETY: 8 of 16 bytes.
            let bytes =
                unsafe { _mm_loadl_epi64(self.scales[2 * K + of].as_ptr().add(8 * half).cast()) };
            let scale = _mm256_cvtepi8_epi32(bytes);
            for (i, (dot, sum)) in dots.iter_mut().zip(sums).enumerate() {
                // SAFETY: by contract.
                let total = unsafe { at.a.halves.get_unchecked(at.number(i))[of] };
                let sum = _mm256_sub_epi32(sum, _mm256_set1_epi32(32 * total));
                *dot = _mm256_add_epi32(*dot, _mm256_mullo_epi32(sum, scale));
            }
        }
        dots
    }
}
