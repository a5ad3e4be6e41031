//! What the kernels with AVX2 and with AVX-VNNI share: they compute eight rows of a tile at a time.

use super::{
    Activations, LANES, QK,
    forms::{Part, Q6K},
};
use half::f16;
use std::arch::x86_64::*;

/// Eight of sixteen scales.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn eight(x: &[f16; LANES], half: usize) -> __m256 {
    // SAFETY: 16 of 32 bytes.
    _mm256_cvtph_ps(unsafe { _mm_loadu_si128(x.as_ptr().add(8 * half).cast()) })
}

#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn eight_counts(x: &[u8; LANES], half: usize) -> __m256 {
    // SAFETY: 8 of 16 bytes.
    let bytes = unsafe { _mm_loadl_epi64(x.as_ptr().add(8 * half).cast()) };
    _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))
}

/// Eight rows of four weights.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) fn weights<T>(group: &[[T; 4]; LANES], half: usize) -> __m256i {
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
pub(super) unsafe fn four(q: *const i8) -> __m256i {
    // SAFETY: by contract.
    _mm256_set1_epi32(unsafe { q.cast::<i32>().read_unaligned() })
}

/// Where the activations for a block are, in each of N rows. `multiply` checked that all rows have all blocks.
#[derive(Clone, Copy)]
pub(super) struct At<'a, const N: usize> {
    pub a: &'a Activations,
    /// The block's number in the first row, and how many blocks a row has.
    pub first: usize,
    pub blocks: usize,
}

impl<const N: usize> At<'_, N> {
    /// The block `k` blocks further on.
    ///
    /// # Safety
    /// It is a block of the same tile.
    #[inline(always)]
    pub(super) unsafe fn then(self, k: usize) -> Self {
        Self { first: self.first + k, ..self }
    }

    #[inline(always)]
    pub(super) fn number(&self, i: usize) -> usize {
        self.first + i * self.blocks
    }

    /// The activations of each row.
    #[inline(always)]
    pub(super) fn q(&self) -> [*const i8; N] {
        // SAFETY: each row has this block.
        std::array::from_fn(|i| unsafe { self.a.q.as_ptr().add(self.number(i) * QK) })
    }

    /// The sum of each row's activations times `-offset`: what corrects products with weights that `offset` was added to.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn minus_sums(&self, offset: i32) -> [__m256i; N] {
        std::array::from_fn(|i| {
            // SAFETY: each row has this block.
            _mm256_set1_epi32(-offset * unsafe { *self.a.sum.get_unchecked(self.number(i)) })
        })
    }

    /// Add the products of eight rows of a block, which are integers, times the scales `d` and the scale of the activations.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn add(&self, dots: [__m256i; N], d: __m256, acc: &mut [__m256; N]) {
        for (i, (acc, dot)) in acc.iter_mut().zip(dots).enumerate() {
            // SAFETY: each row has this block.
            let da = _mm256_set1_ps(unsafe { *self.a.d.get_unchecked(self.number(i)) });
            *acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_mul_ps(d, da), *acc);
        }
    }

    /// Add the sum of each row's block, times `m`.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn add_total(&self, m: __m256, acc: &mut [__m256; N]) {
        for (i, acc) in acc.iter_mut().enumerate() {
            // SAFETY: each row has this block.
            let total = _mm256_set1_ps(unsafe { *self.a.total.get_unchecked(self.number(i)) });
            *acc = _mm256_fmadd_ps(m, total, *acc);
        }
    }
}

impl Q6K {
    /// Fetch a quarter of the next tile into the cache. A tile is not read from its start to its end, so the processor
    /// doesn't foresee what is read next.
    #[inline(always)]
    pub(super) fn fetch_next(&self, quarter: usize) {
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
    pub(super) fn group<const K: usize>(&self, g: usize, half: usize) -> __m256i {
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
}
