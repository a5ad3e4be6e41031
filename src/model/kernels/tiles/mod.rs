//! Matrix products with rounded weights: ggml's q8_0, q4_0, q4_1, q4_K and q6_K. They are stored in tiles of 16 rows, so that
//! one VNNI instruction multiplies four inputs with sixteen rows, and each weight comes from memory once for all rows of a
//! batch.
//! Activations are rounded to q8_0 too, as in ggml.

mod activations;
#[cfg(target_arch = "x86_64")]
mod eight;
mod forms;
#[cfg(target_arch = "x86_64")]
mod vnni;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::{
    Level, Shared,
    heap::{Heap, Packed},
    level, parallel,
};
use activations::Activations;
use candle_core::quantized::GgmlDType;
use forms::{Q4K, Q6K, Q8, Q40, Q41, Tile};
use half::f16;

/// Weights per block, which share a scale.
pub const QK: usize = 32;
/// Rows per tile.
const LANES: usize = 16;
/// Rows of activations that are multiplied with a row of tiles while it is in the cache.
const TOGETHER: usize = 8;

/// An (out, in) matrix of rounded weights. Its rows are padded to a multiple of 16.
pub struct TiledMatrix {
    tiles: Tiles,
    rows: usize,
    /// Blocks per row.
    blocks: usize,
}

enum Tiles {
    Q8(Packed<Q8>),
    Q40(Packed<Q40>),
    Q41(Packed<Q41>),
    Q4K(Packed<Q4K>),
    Q6K(Packed<Q6K>),
}

/// Evaluate an expression with the tiles of any form, and with the name of their type.
macro_rules! with_tiles {
    ($tiles:expr, |$name:ident: $kind:ident| $body:expr) => {
        match $tiles {
            Tiles::Q8($name) => {
                type $kind = Q8;
                $body
            }
            Tiles::Q40($name) => {
                type $kind = Q40;
                $body
            }
            Tiles::Q41($name) => {
                type $kind = Q41;
                $body
            }
            Tiles::Q4K($name) => {
                type $kind = Q4K;
                $body
            }
            Tiles::Q6K($name) => {
                type $kind = Q6K;
                $body
            }
        }
    };
}

impl TiledMatrix {
    /// Quantize an (out, in) matrix to q8_0. `row(o, buffer)` writes row `o` into the buffer. `None` if `input` is not a
    /// multiple of 32.
    pub fn quantize(
        rows: usize,
        input: usize,
        heap: &mut Heap,
        row: impl Fn(usize, &mut [f32]) + Sync,
    ) -> Option<Self> {
        if !input.is_multiple_of(QK) {
            return None;
        }
        let blocks = input / QK;
        let mut all = heap.array(Q8::ZERO, rows.div_ceil(LANES) * blocks);
        let tiles = Shared::new(&mut all);
        parallel(rows.div_ceil(LANES), |t| {
            // SAFETY: each t has its own tiles.
            let tiles = unsafe { tiles.slice(t * blocks, blocks) };
            let mut buffer = vec![0.0; input];
            for lane in 0..LANES.min(rows - t * LANES) {
                row(t * LANES + lane, &mut buffer);
                for (tile, values) in tiles.iter_mut().zip(buffer.as_chunks::<QK>().0) {
                    // Round the scale to f16 first, so that the bytes are computed with the scale that is stored.
                    let most = values.iter().fold(0.0f32, |m, x| m.max(x.abs()));
                    let d = f16::from_f32(most / 127.0);
                    let inverse = if d.to_f32() > 0.0 { 1.0 / d.to_f32() } else { 0.0 };
                    tile.d[lane] = d;
                    for (i, x) in values.iter().enumerate() {
                        tile.q[i / 4][lane][i % 4] =
                            (x * inverse).round().clamp(-127.0, 127.0) as i8;
                    }
                }
            }
        });
        Some(Self { tiles: Tiles::Q8(all), rows, blocks })
    }

    /// Rearrange (out, in) weights in ggml's bytes. `None` if the form has no tiles, or the data have another length.
    pub fn from_ggml(
        form: GgmlDType,
        (rows, input): (usize, usize),
        heap: &mut Heap,
        data: &[u8],
    ) -> Option<Self> {
        let tiles = match form {
            GgmlDType::Q8_0 => Tiles::Q8(rearrange((rows, input), heap, data)?),
            GgmlDType::Q4_0 => Tiles::Q40(rearrange((rows, input), heap, data)?),
            GgmlDType::Q4_1 => Tiles::Q41(rearrange((rows, input), heap, data)?),
            GgmlDType::Q4K => Tiles::Q4K(rearrange((rows, input), heap, data)?),
            GgmlDType::Q6K => Tiles::Q6K(rearrange((rows, input), heap, data)?),
            _ => return None,
        };
        Some(Self { tiles, rows, blocks: input / QK })
    }

    /// The form in ggml.
    pub fn form(&self) -> GgmlDType {
        with_tiles!(&self.tiles, |_tiles: Kind| Kind::FORM)
    }

    /// The shape (out, in).
    pub fn dims(&self) -> (usize, usize) {
        (self.rows, self.blocks * QK)
    }

    /// The size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        with_tiles!(&self.tiles, |tiles: Kind| size_of::<Kind>() * tiles.len())
    }

    /// Row `o` in f32.
    pub fn row(&self, o: usize) -> Vec<f32> {
        with_tiles!(&self.tiles, |tiles: Kind| {
            let count = self.blocks / Kind::BLOCKS;
            let tiles = &tiles[o / LANES * count..][..count];
            let blocks =
                tiles.iter().flat_map(|t| (0..Kind::BLOCKS).map(|b| t.block(o % LANES, b)));
            blocks
                .flat_map(|b| {
                    std::array::from_fn::<_, QK, _>(|i| f32::from(b.q[i]) * b.d[i / 16] + b.m)
                })
                .collect()
        })
    }

    /// Row `o` in ggml's bytes.
    pub fn row_bytes(&self, o: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        with_tiles!(&self.tiles, |tiles: Kind| {
            let count = self.blocks / Kind::BLOCKS;
            for tile in &tiles[o / LANES * count..][..count] {
                tile.bytes(o % LANES, &mut bytes);
            }
        });
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
        let n = x.len() / (blocks * QK);
        let activations = Activations::round(x);
        let width: usize = matrices.iter().map(|(matrix, _)| matrix.rows).sum();
        let count = |matrix: &Self| matrix.rows.div_ceil(LANES);
        let jobs = matrices.iter().map(|(matrix, _)| count(matrix)).sum();
        // The matrix of a job, the number of its row of tiles, and its first column in the result.
        let place = |mut t: usize| {
            let (mut m, mut before) = (0, 0);
            while t >= count(matrices[m].0) {
                t -= count(matrices[m].0);
                before += matrices[m].0.rows;
                m += 1;
            }
            (matrices[m], t, before + t * LANES)
        };
        let mut y = vec![0.0; n * width];
        let out = Shared::new(&mut y);
        let level = level();
        parallel(jobs, |job| {
            let ((matrix, bias), t, column) = place(job);
            let lanes = LANES.min(matrix.rows - t * LANES);
            let mut start = [0.0; LANES];
            if let Some(bias) = bias {
                copy(&bias[t * LANES..][..lanes], &mut start[..lanes]);
            }
            let compute = |row: usize, sums: &mut [[f32; LANES]]| {
                matrix.multiply(level, t, &activations, row, sums);
                for (i, sums) in sums.iter().enumerate() {
                    // SAFETY: (row, tile) is this job's alone.
                    copy(&sums[..lanes], unsafe { out.slice((row + i) * width + column, lanes) });
                }
            };
            if n == 1 {
                return compute(0, &mut [start]);
            }
            for row in (0..n).step_by(TOGETHER) {
                compute(row, &mut [start; TOGETHER][..(n - row).min(TOGETHER)]);
            }
        });
        y
    }

    /// Add to `sums` the products of row `t` of tiles with rows of activations from `row` on.
    fn multiply(
        &self,
        level: Level,
        t: usize,
        a: &Activations,
        row: usize,
        sums: &mut [[f32; LANES]],
    ) {
        with_tiles!(&self.tiles, |tiles: Kind| {
            let count = self.blocks / Kind::BLOCKS;
            let tiles = &tiles[t * count..][..count];
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level was detected on this processor.
            unsafe {
                match level {
                    Level::Avx512Vnni => return vnni::multiply(tiles, a, row, sums),
                    Level::AvxVnni => return x86::avx_vnni::multiply(tiles, a, row, sums),
                    Level::Avx2 => return x86::avx2::multiply(tiles, a, row, sums),
                    Level::Baseline => {}
                }
            }
            let _ = level;
            for (i, sums) in sums.iter_mut().enumerate() {
                portable(tiles, a, row + i, sums);
            }
        });
    }
}

/// Copy the numbers of a tile, nearly always sixteen: that many are copied without a call.
fn copy(from: &[f32], to: &mut [f32]) {
    match (from.as_array::<LANES>(), to.as_mut_array::<LANES>()) {
        (Some(from), Some(to)) => *to = *from,
        _ => to.copy_from_slice(from),
    }
}

/// Check that there are `rows` rows of activations.
#[cfg(target_arch = "x86_64")]
fn check<T: Tile>(tiles: &[T], a: &Activations, rows: usize) {
    let blocks = rows * tiles.len() * T::BLOCKS;
    assert!(a.q.len() >= blocks * QK && a.d.len() >= blocks);
    assert!(a.sum.len() >= blocks && a.total.len() >= blocks && a.halves.len() >= blocks);
}

/// Arrange the bytes of rows in tiles. `None` if they have another length than rows of whole blocks.
fn rearrange<T: Tile>(
    (rows, input): (usize, usize),
    heap: &mut Heap,
    data: &[u8],
) -> Option<Packed<T>> {
    let count = input / QK / T::BLOCKS;
    let is_whole = input == count * T::BLOCKS * QK && data.len() == rows * count * T::BYTES;
    if !is_whole || count == 0 {
        return None;
    }
    let mut tiles = heap.array(T::ZERO, rows.div_ceil(LANES) * count);
    for (row, data) in data.chunks_exact(count * T::BYTES).enumerate() {
        let tiles = &mut tiles[row / LANES * count..][..count];
        for (tile, bytes) in tiles.iter_mut().zip(data.chunks_exact(T::BYTES)) {
            tile.set(row % LANES, bytes);
        }
    }
    Some(tiles)
}

/// Add to `sums` the products of a row of tiles with a row of activations.
fn portable<T: Tile>(tiles: &[T], a: &Activations, row: usize, sums: &mut [f32; LANES]) {
    let blocks = tiles.len() * T::BLOCKS;
    for (lane, sum) in sums.iter_mut().enumerate() {
        for b in 0..blocks {
            let at = row * blocks + b;
            let block = tiles[b / T::BLOCKS].block(lane, b % T::BLOCKS);
            let q = &a.q[at * QK..][..QK];
            for (half, d) in block.d.into_iter().enumerate() {
                let pairs = block.q.iter().zip(q).skip(16 * half).take(16);
                let dot: i32 = pairs.map(|(w, a)| i32::from(*w) * i32::from(*a)).sum();
                *sum += dot as f32 * (d * a.d[at]);
            }
            *sum += block.m * a.total[at];
        }
    }
}

#[cfg(test)]
mod tests;
