//! Products with 8-bit weights with AVX-512 VNNI and with AVX2.

use super::{Activations, LANES, QK, Tile};
use std::arch::x86_64::*;

/// # Safety
/// Needs the features named; `row + N` rows of activations for `tiles`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
pub(super) unsafe fn vnni<const N: usize>(
    tiles: &[Tile],
    a: &Activations,
    row: usize,
    sums: &mut [[f32; LANES]; 4],
) {
    let blocks = tiles.len();
    assert!(a.q.len() >= (row + N) * blocks * QK && a.d.len() >= (row + N) * blocks);
    assert!(a.sum.len() == a.d.len());
    // SAFETY: loads within `tiles`, and within the activations by the lines above.
    unsafe {
        let flip = _mm512_set1_epi8(-128);
        let mut acc: [__m512; N] = std::array::from_fn(|i| _mm512_loadu_ps(sums[i].as_ptr()));
        for (b, tile) in tiles.iter().enumerate() {
            let at = tile.q.as_ptr().cast::<__m512i>();
            // dpbusd needs unsigned weights: add 128 here, and subtract 128 times the sum of the inputs below.
            let w: [__m512i; QK / 4] =
                std::array::from_fn(|g| _mm512_xor_si512(_mm512_loadu_si512(at.add(g)), flip));
            let d = _mm512_cvtph_ps(_mm256_loadu_si256(tile.d.as_ptr().cast()));
            for (i, acc) in acc.iter_mut().enumerate() {
                let block = (row + i) * blocks + b;
                let q = a.q.as_ptr().add(block * QK).cast::<i32>();
                let mut even = _mm512_set1_epi32(-128 * *a.sum.get_unchecked(block));
                let mut odd = _mm512_setzero_si512();
                for g in (0..QK / 4).step_by(2) {
                    let low = _mm512_set1_epi32(q.add(g).read_unaligned());
                    let high = _mm512_set1_epi32(q.add(g + 1).read_unaligned());
                    even = _mm512_dpbusd_epi32(even, w[g], low);
                    odd = _mm512_dpbusd_epi32(odd, w[g + 1], high);
                }
                let dot = _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
                let scale = _mm512_mul_ps(d, _mm512_set1_ps(*a.d.get_unchecked(block)));
                *acc = _mm512_fmadd_ps(dot, scale, *acc);
            }
        }
        for (sums, acc) in sums.iter_mut().zip(acc) {
            _mm512_storeu_ps(sums.as_mut_ptr(), acc);
        }
    }
}

/// # Safety
/// Needs the features named; a row of activations for `tiles`.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn avx2(tiles: &[Tile], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
    let blocks = tiles.len();
    assert!(a.q.len() >= (row + 1) * blocks * QK && a.d.len() >= (row + 1) * blocks);
    // SAFETY: loads within `tiles`, and within the activations by the line above.
    unsafe {
        let ones = _mm256_set1_epi16(1);
        let mut acc: [__m256; 2] =
            std::array::from_fn(|h| _mm256_loadu_ps(sums.as_ptr().add(8 * h)));
        for (b, tile) in tiles.iter().enumerate() {
            let block = row * blocks + b;
            let q = a.q.as_ptr().add(block * QK).cast::<i32>();
            let da = _mm256_set1_ps(*a.d.get_unchecked(block));
            for (h, acc) in acc.iter_mut().enumerate() {
                let at = tile.q.as_ptr().cast::<__m256i>().add(h);
                let mut dot = _mm256_setzero_si256();
                for g in 0..QK / 4 {
                    // maddubs needs one unsigned operand: use |w|, and multiply the inputs by the sign of w.
                    let w = _mm256_loadu_si256(at.add(2 * g));
                    let x = _mm256_set1_epi32(q.add(g).read_unaligned());
                    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
                    dot = _mm256_add_epi32(dot, _mm256_madd_epi16(pairs, ones));
                }
                let d = _mm256_cvtph_ps(_mm_loadu_si128(tile.d.as_ptr().cast::<__m128i>().add(h)));
                *acc = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_mul_ps(d, da), *acc);
            }
        }
        for (h, acc) in acc.into_iter().enumerate() {
            _mm256_storeu_ps(sums.as_mut_ptr().add(8 * h), acc);
        }
    }
}
