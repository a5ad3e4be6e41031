//! Activations rounded to q8_0, as ggml does before a product with rounded weights.

use super::{
    super::{Level, Shared, level, multiversion, parallel},
    QK,
};

/// Blocks that are rounded by one thread.
const PART: usize = 256;
/// 1.5 * 2^23. In a sum with it the last digit is worth 1, so its low byte is the nearest integer.
const INTEGER: f32 = 12_582_912.0;

/// The rounded activations: signed bytes, and for each block its scale, the sums of the bytes of its halves and of all,
/// and the last one multiplied by the scale.
pub(super) struct Activations {
    pub q: Vec<i8>,
    pub d: Vec<f32>,
    pub halves: Vec<[i32; 2]>,
    pub sum: Vec<i32>,
    pub total: Vec<f32>,
}

impl Activations {
    /// Round rows of whole blocks.
    pub fn round(x: &[f32]) -> Self {
        let blocks = x.len() / QK;
        let (mut q, mut d, mut halves) =
            (vec![0; x.len()], vec![0.0; blocks], vec![[0; 2]; blocks]);
        let (to_q, to_d) = (Shared::new(&mut q), Shared::new(&mut d));
        let to_halves = Shared::new(&mut halves);
        parallel(blocks.div_ceil(PART), |part| {
            let (from, count) = (part * PART, PART.min(blocks - part * PART));
            // SAFETY: each part has its own blocks.
            let (q, d, halves) = unsafe {
                (
                    to_q.slice(from * QK, count * QK),
                    to_d.slice(from, count),
                    to_halves.slice(from, count),
                )
            };
            round_blocks(&x[from * QK..][..count * QK], q, d, halves);
        });
        let sum: Vec<i32> = halves.iter().map(|[first, second]| first + second).collect();
        let total = sum.iter().zip(&d).map(|(&sum, d)| d * sum as f32).collect();
        Self { q, d, halves, sum, total }
    }
}

#[inline(always)]
fn round_body<const FMA: bool>(x: &[f32], q: &mut [i8], d: &mut [f32], halves: &mut [[i32; 2]]) {
    const HALF: usize = QK / 2;
    let _ = FMA;
    let chunks = x.as_chunks::<QK>().0.iter().zip(q.as_chunks_mut::<QK>().0);
    for (((x, q), d), sums) in chunks.zip(d).zip(halves) {
        let x = x.as_chunks::<HALF>().0;
        let mut lanes = [0.0f32; HALF];
        for half in x {
            for (lane, x) in lanes.iter_mut().zip(half) {
                *lane = if x.abs() > *lane { x.abs() } else { *lane };
            }
        }
        let most = lanes.iter().fold(0.0f32, |m, &x| if x > m { x } else { m });
        let inverse = if most > 0.0 { 127.0 / most } else { 0.0 };
        *d = most / 127.0;
        for ((x, q), sum) in x.iter().zip(q.as_chunks_mut::<HALF>().0).zip(sums) {
            for (q, x) in q.iter_mut().zip(x) {
                *q = (x * inverse + INTEGER).to_bits() as u8 as i8;
            }
            *sum = q.iter().map(|q| i32::from(*q)).sum();
        }
    }
}

multiversion! {
    pub fn round_any(x: &[f32], q: &mut [i8], d: &mut [f32], halves: &mut [[i32; 2]]) = round_body
}

/// Round blocks: each becomes bytes with a scale, and the sums of its halves.
fn round_blocks(x: &[f32], q: &mut [i8], d: &mut [f32], halves: &mut [[i32; 2]]) {
    #[cfg(target_arch = "x86_64")]
    if matches!(level(), Level::Avx2 | Level::AvxVnni) {
        // SAFETY: the level was detected on this processor.
        return unsafe { avx2(x, q, d, halves) };
    }
    round_any(x, q, d, halves);
}

/// As `round_body`, of which the compiler makes slow code with AVX2.
///
/// # Safety
/// Needs AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(x: &[f32], q: &mut [i8], d: &mut [f32], halves: &mut [[i32; 2]]) {
    use std::arch::x86_64::*;
    let sign = _mm256_set1_ps(-0.0);
    let chunks = x.as_chunks::<QK>().0.iter().zip(q.as_chunks_mut::<QK>().0);
    for (((x, q), d), sums) in chunks.zip(d).zip(halves) {
        let mut parts = [_mm256_setzero_ps(); 4];
        let mut most = _mm256_setzero_ps();
        for (part, x) in parts.iter_mut().zip(x.as_chunks::<8>().0) {
            // SAFETY: 8 floats.
            *part = unsafe { _mm256_loadu_ps(x.as_ptr()) };
            // The second operand if the first is NaN.
            most = _mm256_max_ps(_mm256_andnot_ps(sign, *part), most);
        }
        let most = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps::<1>(most));
        let most = _mm_max_ps(most, _mm_movehl_ps(most, most));
        let most = _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
        let inverse = _mm256_set1_ps(if most > 0.0 { 127.0 / most } else { 0.0 });
        *d = most / 127.0;
        let mut bytes = [_mm256_setzero_si256(); 4];
        for (bytes, part) in bytes.iter_mut().zip(parts) {
            let sum = _mm256_add_ps(_mm256_mul_ps(part, inverse), _mm256_set1_ps(INTEGER));
            let low = _mm256_slli_epi32::<24>(_mm256_castps_si256(sum));
            *bytes = _mm256_srai_epi32::<24>(low);
        }
        let first = _mm256_add_epi32(bytes[0], bytes[1]);
        let second = _mm256_add_epi32(bytes[2], bytes[3]);
        let both = _mm256_hadd_epi32(first, second);
        let both = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256::<1>(both));
        let words =
            (_mm256_packs_epi32(bytes[0], bytes[1]), _mm256_packs_epi32(bytes[2], bytes[3]));
        // Packing works on each half of a register alone.
        let bytes = _mm256_permutevar8x32_epi32(
            _mm256_packs_epi16(words.0, words.1),
            _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7),
        );
        // SAFETY: 8 and 32 bytes.
        unsafe {
            _mm_storel_epi64(sums.as_mut_ptr().cast(), _mm_hadd_epi32(both, both));
            _mm256_storeu_si256(q.as_mut_ptr().cast(), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_the_same_in_all_versions() {
        let mut x: Vec<f32> = (0..64 * QK as u32)
            .map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761) % 0x0300_0000 + 0x3e00_0000))
            .zip([1.0, -1.0, 0.3].into_iter().cycle())
            .map(|(x, by)| x * by)
            .collect();
        x[..QK].fill(0.0);
        x[QK + 3] = f32::NAN;
        x[2 * QK + 31] = f32::INFINITY;
        x[3 * QK..4 * QK].fill(f32::NAN);
        x[4 * QK] = -1e-42;
        let blocks = x.len() / QK;
        macro_rules! rounded {
            ($round:expr) => {{
                let (mut q, mut d) = (vec![0; x.len()], vec![0.0; blocks]);
                let mut halves = vec![[0; 2]; blocks];
                $round(&x, &mut q, &mut d, &mut halves);
                let d: Vec<u32> = d.into_iter().map(f32::to_bits).collect();
                (q, d, halves)
            }};
        }
        let plain = rounded!(round_body::<false>);
        assert!(rounded!(round_blocks) == plain);
        assert!(rounded!(round_any) == plain);
        #[cfg(target_arch = "x86_64")]
        if level() >= Level::Avx2 {
            // SAFETY: the level was detected on this processor.
            assert!(unsafe { rounded!(avx2) } == plain);
        }
    }
}
