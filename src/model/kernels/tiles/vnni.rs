//! Products with rounded weights with AVX-512 VNNI.

use super::{
    Activations, LANES, QK, TOGETHER, check,
    forms::{Part, Q4K, Q6K, Q8, Q40, Q41, Tile},
};
use half::f16;
use std::arch::x86_64::*;

/// A form with a kernel.
pub(super) trait Vnni: Tile {
    /// Add to `sums` the products of a row of tiles with N rows of activations from `row` on.
    ///
    /// # Safety
    /// Needs AVX-512 with VNNI, and `row + N` rows of activations for `tiles`.
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    );
}

/// # Safety
/// Needs AVX-512 with VNNI.
pub(super) unsafe fn multiply<T: Vnni>(
    tiles: &[T],
    a: &Activations,
    row: usize,
    sums: &mut [[f32; LANES]],
) {
    check(tiles, a, row + sums.len());
    let mut done = 0;
    macro_rules! take {
        ($($n:literal)*) => {
            match sums.len() {
                $($n => if let Some(sums) = sums.first_chunk_mut::<$n>() {
                    // SAFETY: by contract and by the check above.
                    unsafe { T::products(tiles, a, row, sums) };
                    done = $n;
                })*
                _ => {}
            }
        };
    }
    take!(1 2 3 4 5 6 7 8);
    debug_assert!(done == sums.len() && done <= TOGETHER);
}

/// The products of unsigned weights of a block with a block of activations, plus `start`.
///
/// # Safety
/// Needs the features named; 32 bytes at `q`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn dot(w: &[__m512i; QK / 4], q: *const i8, start: i32) -> __m512 {
    let q = q.cast::<i32>();
    // two sums, so that an instruction need not wait for the one before
    let (mut even, mut odd) = (_mm512_set1_epi32(start), _mm512_setzero_si512());
    for g in (0..QK / 4).step_by(2) {
        // SAFETY: within the 32 bytes.
        let (low, high) = unsafe { (q.add(g).read_unaligned(), q.add(g + 1).read_unaligned()) };
        even = _mm512_dpbusd_epi32(even, w[g], _mm512_set1_epi32(low));
        odd = _mm512_dpbusd_epi32(odd, w[g + 1], _mm512_set1_epi32(high));
    }
    _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd))
}

/// The numbers of 64 bytes' low halves, and of their high halves.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn halves(bytes: __m512i) -> (__m512i, __m512i) {
    let low = _mm512_set1_epi8(15);
    (_mm512_and_si512(bytes, low), _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), low))
}

/// A block of 4 bits, low halves first.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn block4(q: &[[[u8; 4]; LANES]; QK / 8]) -> [__m512i; QK / 4] {
    let mut w = [_mm512_setzero_si512(); QK / 4];
    for (g, bytes) in q.iter().enumerate() {
        // SAFETY: 64 bytes.
        (w[g], w[g + 4]) = halves(unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) });
    }
    w
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn floats(x: &[f16; LANES]) -> __m512 {
    // SAFETY: 32 bytes.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(x.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn counts(x: &[u8; LANES]) -> __m512 {
    // SAFETY: 16 bytes.
    _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(x.as_ptr().cast()) }))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn begin<const N: usize>(sums: &[[f32; LANES]; N]) -> [__m512; N] {
    let mut acc = [_mm512_setzero_ps(); N];
    for (acc, sums) in acc.iter_mut().zip(sums) {
        // SAFETY: 16 floats.
        *acc = unsafe { _mm512_loadu_ps(sums.as_ptr()) };
    }
    acc
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
fn end<const N: usize>(acc: [__m512; N], sums: &mut [[f32; LANES]; N]) {
    for (acc, sums) in acc.into_iter().zip(sums) {
        // SAFETY: 16 floats.
        unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), acc) };
    }
}

// In all kernels, `at` is the block's number among the activations, and there are as many as the callers checked.

impl Vnni for Q8 {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    ) {
        let mut acc = begin(sums);
        let flip = _mm512_set1_epi8(-128);
        for (b, tile) in tiles.iter().enumerate() {
            // dpbusd needs unsigned weights: add 128 here, and subtract 128 times the sum of the inputs below.
            let mut w = [flip; QK / 4];
            for (w, q) in w.iter_mut().zip(&tile.q) {
                // SAFETY: 64 bytes.
                *w = _mm512_xor_si512(unsafe { _mm512_loadu_si512(q.as_ptr().cast()) }, flip);
            }
            let d = floats(&tile.d);
            for (i, acc) in acc.iter_mut().enumerate() {
                let at = (row + i) * tiles.len() + b;
                // SAFETY: see above.
                unsafe {
                    let dot = dot(&w, a.q.as_ptr().add(at * QK), -128 * *a.sum.get_unchecked(at));
                    let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(at)));
                    *acc = _mm512_fmadd_ps(dot, scale, *acc);
                }
            }
        }
        end(acc, sums);
    }
}

impl Vnni for Q40 {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    ) {
        let mut acc = begin(sums);
        for (b, tile) in tiles.iter().enumerate() {
            let (w, d) = (block4(&tile.q), floats(&tile.d));
            for (i, acc) in acc.iter_mut().enumerate() {
                let at = (row + i) * tiles.len() + b;
                // SAFETY: see above.
                unsafe {
                    let dot = dot(&w, a.q.as_ptr().add(at * QK), -8 * *a.sum.get_unchecked(at));
                    let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(at)));
                    *acc = _mm512_fmadd_ps(dot, scale, *acc);
                }
            }
        }
        end(acc, sums);
    }
}

impl Vnni for Q41 {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    ) {
        let mut acc = begin(sums);
        for (b, tile) in tiles.iter().enumerate() {
            let (w, d, m) = (block4(&tile.q), floats(&tile.d), floats(&tile.m));
            for (i, acc) in acc.iter_mut().enumerate() {
                let at = (row + i) * tiles.len() + b;
                // SAFETY: see above.
                unsafe {
                    let dot = dot(&w, a.q.as_ptr().add(at * QK), 0);
                    let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(at)));
                    *acc = _mm512_fmadd_ps(m, _mm512_set1_ps(*a.total.get_unchecked(at)), *acc);
                    *acc = _mm512_fmadd_ps(dot, scale, *acc);
                }
            }
        }
        end(acc, sums);
    }
}

impl Vnni for Q4K {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    ) {
        let mut acc = begin(sums);
        let blocks = tiles.len() * Self::BLOCKS;
        for (t, tile) in tiles.iter().enumerate() {
            let (d, m) = (floats(&tile.d), floats(&tile.m));
            for (pair, q) in tile.q.iter().enumerate() {
                let mut w = [[_mm512_setzero_si512(); QK / 4]; 2];
                for (g, bytes) in q.iter().enumerate() {
                    // SAFETY: 64 bytes.
                    (w[0][g], w[1][g]) =
                        halves(unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) });
                }
                for (half, w) in w.iter().enumerate() {
                    let b = 2 * pair + half;
                    let d = _mm512_mul_ps(d, counts(&tile.scales[b]));
                    let m = _mm512_mul_ps(m, counts(&tile.mins[b]));
                    for (i, acc) in acc.iter_mut().enumerate() {
                        let at = (row + i) * blocks + t * Self::BLOCKS + b;
                        // SAFETY: see above.
                        unsafe {
                            let dot = dot(w, a.q.as_ptr().add(at * QK), 0);
                            let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(at)));
                            let total = _mm512_set1_ps(*a.total.get_unchecked(at));
                            *acc = _mm512_fnmadd_ps(m, total, *acc);
                            *acc = _mm512_fmadd_ps(dot, scale, *acc);
                        }
                    }
                }
            }
        }
        end(acc, sums);
    }
}

impl Part {
    /// Block K: a constant, so that the compiler knows the shifts.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    fn weights<const K: usize>(&self) -> [__m512i; QK / 4] {
        let (low, high) = (_mm512_set1_epi8(15), _mm512_set1_epi8(48));
        let mut w = [_mm512_setzero_si512(); QK / 4];
        for ((w, a), b) in w.iter_mut().zip(&self.low[K % 2]).zip(&self.high) {
            // SAFETY: 64 bytes each.
            let (a, b) = unsafe {
                (_mm512_loadu_si512(a.as_ptr().cast()), _mm512_loadu_si512(b.as_ptr().cast()))
            };
            let (a, b) = match K {
                0 => (a, _mm512_slli_epi16::<4>(b)),
                1 => (a, _mm512_slli_epi16::<2>(b)),
                2 => (_mm512_srli_epi16::<4>(a), b),
                _ => (_mm512_srli_epi16::<4>(a), _mm512_srli_epi16::<2>(b)),
            };
            *w = _mm512_or_si512(_mm512_and_si512(a, low), _mm512_and_si512(b, high));
        }
        w
    }

    /// Add the products of block K with rows of activations to `acc`; `d` are the factors. The block's number in the first
    /// row is `at`, and there are `blocks` in a row.
    ///
    /// # Safety
    /// As [`Vnni::products`].
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn add_block<const K: usize, const N: usize>(
        &self,
        d: __m512,
        a: &Activations,
        (at, blocks): (usize, usize),
        acc: &mut [__m512; N],
    ) {
        let w = self.weights::<K>();
        let scales = [0, 1].map(|half| {
            // SAFETY: 16 bytes.
            unsafe { _mm_loadu_si128(self.scales[2 * K + half].as_ptr().cast()) }
        });
        let scales = [_mm512_cvtepi8_epi32(scales[0]), _mm512_cvtepi8_epi32(scales[1])];
        for (i, acc) in acc.iter_mut().enumerate() {
            let at = at + i * blocks;
            // SAFETY: by contract.
            unsafe {
                let q = a.q.as_ptr().add(at * QK).cast::<i32>();
                let [first, second] = *a.halves.get_unchecked(at);
                let mut dots = [_mm512_set1_epi32(-32 * first), _mm512_set1_epi32(-32 * second)];
                for g in 0..QK / 8 {
                    let x = q.add(g).read_unaligned();
                    let y = q.add(g + 4).read_unaligned();
                    dots[0] = _mm512_dpbusd_epi32(dots[0], w[g], _mm512_set1_epi32(x));
                    dots[1] = _mm512_dpbusd_epi32(dots[1], w[g + 4], _mm512_set1_epi32(y));
                }
                let dot = _mm512_add_epi32(
                    _mm512_mullo_epi32(dots[0], scales[0]),
                    _mm512_mullo_epi32(dots[1], scales[1]),
                );
                let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(at)));
                *acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot), scale, *acc);
            }
        }
    }
}

impl Vnni for Q6K {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
    unsafe fn products<const N: usize>(
        tiles: &[Self],
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]; N],
    ) {
        let mut acc = begin(sums);
        let blocks = tiles.len() * Self::BLOCKS;
        for (t, tile) in tiles.iter().enumerate() {
            let d = floats(&tile.d);
            for (n, part) in tile.parts.iter().enumerate() {
                let at = row * blocks + t * Self::BLOCKS + 4 * n;
                // SAFETY: by contract, and see above.
                unsafe {
                    part.add_block::<0, N>(d, a, (at, blocks), &mut acc);
                    part.add_block::<1, N>(d, a, (at + 1, blocks), &mut acc);
                    part.add_block::<2, N>(d, a, (at + 2, blocks), &mut acc);
                    part.add_block::<3, N>(d, a, (at + 3, blocks), &mut acc);
                }
            }
        }
        end(acc, sums);
    }
}
