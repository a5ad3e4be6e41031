//! Matrix products with 8-bit weights. The numbers are ggml's q8_0 (blocks of 32 signed bytes and one f16 scale). They
//! are stored in tiles of 16 rows, so that one VNNI instruction multiplies four inputs with sixteen rows, and each
//! weight is read once for all rows of a batch. Activations are rounded to q8_0 too, as in ggml.

#[cfg(target_arch = "x86_64")]
mod x86;

use super::{Level, Shared, level, multiversion, parallel};
use half::f16;

/// Weights per block, which share a scale.
pub const QK: usize = 32;
/// Rows per tile.
const LANES: usize = 16;

/// Sixteen rows of one block: `q[g][row][j]` is the weight of input `4 g + j`.
#[derive(Clone)]
#[repr(C, align(32))]
struct Tile {
    q: [[[i8; 4]; LANES]; QK / 4],
    d: [f16; LANES],
}

/// An (out, in) matrix of 8-bit weights. Its rows are padded to a multiple of 16.
pub struct Q8Matrix {
    tiles: Vec<Tile>,
    rows: usize,
    blocks: usize,
}

/// The quantized activations: signed bytes, and for each block its scale and the sum of its bytes.
struct Activations {
    q: Vec<i8>,
    d: Vec<f32>,
    sum: Vec<i32>,
}

impl Q8Matrix {
    /// Quantize an (out, in) matrix. `row(o, buffer)` writes row `o` into the buffer. `None` if `input` is not a
    /// multiple of 32.
    pub fn quantize(
        rows: usize,
        input: usize,
        row: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Option<Self> {
        let mut this = Self::empty(rows, input)?;
        let blocks = this.blocks;
        let tiles = Shared::new(&mut this.tiles);
        parallel(rows.div_ceil(LANES), |t| {
            // SAFETY: each t has its own tiles.
            let tiles = unsafe { tiles.slice(t * blocks, blocks) };
            let mut buffer = vec![0.0; input];
            for lane in 0..LANES.min(rows - t * LANES) {
                row(t * LANES + lane, &mut buffer);
                for (tile, values) in tiles.iter_mut().zip(buffer.as_chunks::<QK>().0) {
                    let mut q = [0; QK];
                    // Round the scale to f16 first, so that the bytes are computed with the scale that is stored.
                    let most = values.iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    let d = f16::from_f32(most / 127.0);
                    let inverse = if d.to_f32() > 0.0 { 1.0 / d.to_f32() } else { 0.0 };
                    for (q, x) in q.iter_mut().zip(values) {
                        *q = (x * inverse).round().clamp(-127.0, 127.0) as i8;
                    }
                    tile.set(lane, d, &q);
                }
            }
        });
        Some(this)
    }

    /// Rearrange (out, in) weights that are q8_0 already: each row is a sequence of blocks of an f16 scale and 32
    /// bytes.
    pub fn from_q8_0(rows: usize, input: usize, data: &[u8]) -> Option<Self> {
        let mut this = Self::empty(rows, input)?;
        let blocks = this.blocks;
        if data.len() != rows * blocks * (QK + 2) {
            return None;
        }
        for (i, block) in data.chunks_exact(QK + 2).enumerate() {
            let (row, b) = (i / blocks, i % blocks);
            let mut q = [0; QK];
            for (q, &byte) in q.iter_mut().zip(&block[2..]) {
                // -128 would overflow AVX2's pair sums. A quantizer that scales by the largest absolute value never
                // writes it.
                *q = (byte as i8).max(-127);
            }
            let d = f16::from_le_bytes([block[0], block[1]]);
            this.tiles[row / LANES * blocks + b].set(row % LANES, d, &q);
        }
        Some(this)
    }

    fn empty(rows: usize, input: usize) -> Option<Self> {
        if !input.is_multiple_of(QK) {
            return None;
        }
        let zero = Tile { q: [[[0; 4]; LANES]; QK / 4], d: [f16::ZERO; LANES] };
        let blocks = input / QK;
        Some(Self { tiles: vec![zero; rows.div_ceil(LANES) * blocks], rows, blocks })
    }

    /// The shape (out, in).
    pub fn dims(&self) -> (usize, usize) {
        (self.rows, self.blocks * QK)
    }

    /// The size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.tiles.len() * size_of::<Tile>()
    }

    /// Row `o` in f32.
    pub fn row(&self, o: usize) -> Vec<f32> {
        let tiles = &self.tiles[o / LANES * self.blocks..][..self.blocks];
        let lane = o % LANES;
        tiles
            .iter()
            .flat_map(|t| {
                let d = t.d[lane].to_f32();
                t.q.iter().flat_map(move |g| g[lane]).map(move |q| q as f32 * d)
            })
            .collect()
    }

    /// Row `o` in ggml's format: blocks of an f16 scale and 32 bytes.
    pub fn row_q8_0(&self, o: usize) -> Vec<u8> {
        let tiles = &self.tiles[o / LANES * self.blocks..][..self.blocks];
        let lane = o % LANES;
        let mut bytes = Vec::with_capacity(self.blocks * (QK + 2));
        for t in tiles {
            bytes.extend(t.d[lane].to_le_bytes());
            bytes.extend(t.q.iter().flat_map(|g| g[lane]).map(|q| q as u8));
        }
        bytes
    }

    /// The product of x (n, in) with the matrix: (n, out), plus the bias.
    pub fn matmul(&self, x: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
        Self::matmul_joined(&[(self, bias)], x)
    }

    /// The products of x (n, in) with several matrices of the same input, next to each other in each row. Activations
    /// are rounded once, and the threads are called once.
    pub fn matmul_joined(matrices: &[(&Self, Option<&[f32]>)], x: &[f32]) -> Vec<f32> {
        let Some((first, _)) = matrices.first() else { return Vec::new() };
        let blocks = first.blocks;
        assert!(matrices.iter().all(|(matrix, _)| matrix.blocks == blocks));
        let input = blocks * QK;
        let n = x.len() / input;
        let mut activations = Activations {
            q: vec![0; n * input],
            d: vec![0.0; n * blocks],
            sum: vec![0; n * blocks],
        };
        round_rows(x, &mut activations.q, &mut activations.d, &mut activations.sum);
        // for each row of tiles: its matrix, its number there, and its first column in the result
        let mut jobs = Vec::new();
        let mut width = 0;
        for (m, (matrix, _)) in matrices.iter().enumerate() {
            let firsts = (0..matrix.rows).step_by(LANES);
            jobs.extend(firsts.enumerate().map(|(t, first)| (m, t, width + first)));
            width += matrix.rows;
        }
        let mut y = vec![0.0; n * width];
        let out = Shared::new(&mut y);
        let level = level();
        parallel(jobs.len(), |job| {
            let (m, t, column) = jobs[job];
            let (matrix, bias) = matrices[m];
            let tiles = &matrix.tiles[t * blocks..][..blocks];
            let lanes = LANES.min(matrix.rows - t * LANES);
            let mut start = [0.0; LANES];
            if let Some(bias) = bias {
                start[..lanes].copy_from_slice(&bias[t * LANES..][..lanes]);
            }
            let mut row = 0;
            while row < n {
                let group = (n - row).min(4);
                let mut sums = [start; 4];
                multiply(level, tiles, &activations, row, group, &mut sums);
                for (i, sums) in sums.iter().enumerate().take(group) {
                    // SAFETY: (row, tile) is this job's alone.
                    unsafe { out.slice((row + i) * width + column, lanes) }
                        .copy_from_slice(&sums[..lanes]);
                }
                row += group;
            }
        });
        y
    }
}

impl Tile {
    fn set(&mut self, lane: usize, d: f16, q: &[i8; QK]) {
        self.d[lane] = d;
        for (group, q) in self.q.iter_mut().zip(q.as_chunks::<4>().0) {
            group[lane] = *q;
        }
    }
}

#[inline(always)]
fn round_body<const FMA: bool>(x: &[f32], q: &mut [i8], d: &mut [f32], sum: &mut [i32]) {
    let _ = FMA;
    let chunks = x.as_chunks::<QK>().0.iter().zip(q.as_chunks_mut::<QK>().0);
    for (((x, q), d), sum) in chunks.zip(d).zip(sum) {
        let most = x.iter().fold(0.0f32, |m, x| if x.abs() > m { x.abs() } else { m });
        let inverse = if most > 0.0 { 127.0 / most } else { 0.0 };
        let mut total = 0;
        for (q, x) in q.iter_mut().zip(x) {
            // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
            let r = (x * inverse + 12_582_912.0) - 12_582_912.0;
            *q = r as i8;
            total += *q as i32;
        }
        *d = most / 127.0;
        *sum = total;
    }
}

multiversion! {
    /// Quantize rows: each block becomes bytes with a scale and the sum of the bytes.
    pub fn round_rows(x: &[f32], q: &mut [i8], d: &mut [f32], sum: &mut [i32]) = round_body
}

/// Add to `sums` the products of a row of tiles with `group` (1 to 4) rows of activations, starting at `row`.
fn multiply(
    level: Level,
    tiles: &[Tile],
    a: &Activations,
    row: usize,
    group: usize,
    sums: &mut [[f32; LANES]; 4],
) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the level was detected on this processor.
    unsafe {
        match (level, group) {
            (Level::Avx512Vnni, 1) => return x86::vnni::<1>(tiles, a, row, sums),
            (Level::Avx512Vnni, 2) => return x86::vnni::<2>(tiles, a, row, sums),
            (Level::Avx512Vnni, 3) => return x86::vnni::<3>(tiles, a, row, sums),
            (Level::Avx512Vnni, _) => return x86::vnni::<4>(tiles, a, row, sums),
            (Level::Avx2, _) => {
                for (i, sums) in sums.iter_mut().enumerate().take(group) {
                    x86::avx2(tiles, a, row + i, sums);
                }
                return;
            }
            (Level::Baseline, _) => {}
        }
    }
    let _ = level;
    for (i, sums) in sums.iter_mut().enumerate().take(group) {
        portable(tiles, a, row + i, sums);
    }
}

fn portable(tiles: &[Tile], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
    let blocks = tiles.len();
    for (b, tile) in tiles.iter().enumerate() {
        let at = row * blocks + b;
        let (groups, _) = a.q[at * QK..][..QK].as_chunks::<4>();
        let mut dots = [0i32; LANES];
        for (w, a) in tile.q.iter().zip(groups) {
            for (dot, w) in dots.iter_mut().zip(w) {
                *dot += (0..4).map(|j| w[j] as i32 * a[j] as i32).sum::<i32>();
            }
        }
        for ((sum, dot), d) in sums.iter_mut().zip(dots).zip(tile.d) {
            *sum += dot as f32 * (d.to_f32() * a.d[at]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudorandom numbers, the same in each run.
    fn noise(n: usize, seed: u32) -> Vec<f32> {
        let mut x = seed;
        let mut next = || {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..n).map(|_| next() * 4.0).collect()
    }

    #[test]
    fn every_level_agrees_with_f32() {
        let (rows, input) = (37, 96);
        let w = noise(rows * input, 1);
        let m =
            Q8Matrix::quantize(rows, input, |o, row| row.copy_from_slice(&w[o * input..][..input]))
                .unwrap();
        let bytes: Vec<u8> = (0..rows).flat_map(|o| m.row_q8_0(o)).collect();
        let m = Q8Matrix::from_q8_0(rows, input, &bytes).unwrap();
        for n in 1..=6 {
            let (x, bias) = (noise(n * input, 2), noise(rows, 3));
            let mut a =
                Activations { q: vec![0; n * input], d: vec![0.; n * 3], sum: vec![0; n * 3] };
            round_rows(&x, &mut a.q, &mut a.d, &mut a.sum);
            let y = m.matmul(&x, Some(&bias));
            for r in 0..n {
                for o in 0..rows {
                    let row = m.row(o);
                    let exact: f32 = (0..input).map(|i| row[i] * x[r * input + i]).sum();
                    let got = y[r * rows + o] - bias[o];
                    assert!((got - exact).abs() < 0.35, "{got} for {exact}");
                    // and every level computes the same products
                    for l in [Level::Baseline, Level::Avx2, Level::Avx512Vnni] {
                        if l <= level() {
                            let mut sums = [[0.0; LANES]; 4];
                            multiply(l, &m.tiles[o / LANES * 3..][..3], &a, r, 1, &mut sums);
                            let diff = (sums[0][o % LANES] - got).abs();
                            assert!(diff < 1e-4, "{l:?}: {diff}");
                        }
                    }
                }
            }
        }
    }
}
