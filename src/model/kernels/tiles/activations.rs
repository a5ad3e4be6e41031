//! Activations rounded to q8_0, as ggml does before a product with rounded weights.

use super::{
    super::{Shared, multiversion, parallel},
    QK,
};

/// Blocks that are rounded by one thread.
const PART: usize = 256;

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
                // In the sum with 1.5 * 2^23 the last digit is worth 1, so its low byte is the nearest integer.
                *q = (x * inverse + 12_582_912.0).to_bits() as u8 as i8;
            }
            *sum = q.iter().map(|q| i32::from(*q)).sum();
        }
    }
}

multiversion! {
    /// Round blocks: each becomes bytes with a scale, and the sums of its halves.
    pub fn round_blocks(x: &[f32], q: &mut [i8], d: &mut [f32], halves: &mut [[i32; 2]]) = round_body
}
