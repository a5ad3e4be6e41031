//! The forms of rounded weights, in tiles of sixteen rows. The numbers are ggml's, and its bytes can be written again
//! without loss.

use super::{LANES, QK};
use candle_core::quantized::GgmlDType;
use half::f16;

/// Sixteen rows of one or more blocks of 32 weights.
pub(super) trait Tile: Copy + Send + Sync {
    /// The form in ggml.
    const FORM: GgmlDType;
    /// Blocks of 32 weights per tile.
    const BLOCKS: usize;
    /// The bytes of a row of the tile in ggml's form.
    const BYTES: usize;
    /// A tile of zeros.
    const ZERO: Self;

    /// Set a row from ggml's bytes.
    fn set(&mut self, lane: usize, bytes: &[u8]);
    /// A row in ggml's bytes.
    fn bytes(&self, lane: usize, to: &mut Vec<u8>);
    /// A block of a row.
    fn block(&self, lane: usize, block: usize) -> Block;
}

/// A block of a row: weight i is `q[i] * d[i / 16] + m`.
pub(super) struct Block {
    pub q: [i8; QK],
    pub d: [f32; 2],
    pub m: f32,
}

/// `q8_0`: signed bytes with a scale. `q[g][lane][j]` is the weight of input `4 g + j`.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Q8 {
    pub q: [[[i8; 4]; LANES]; QK / 4],
    pub d: [f16; LANES],
}

/// `q4_0`: numbers from 0 to 15, minus 8, with a scale. `q[g][lane][j]` has the weight of input `4 g + j` in its low half,
/// and that of input `4 g + j + 16` in its high half.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct Q40 {
    pub q: [[[u8; 4]; LANES]; QK / 8],
    pub d: [f16; LANES],
}

/// `q4_1`: as `q4_0`, with a smallest value instead of the 8.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Q41 {
    pub q: [[[u8; 4]; LANES]; QK / 8],
    pub d: [f16; LANES],
    pub m: [f16; LANES],
}

/// `q4_K`: eight blocks with scales and smallest values in 6 bits, which share factors for both. Of two neighboring
/// blocks, the first has the low halves of `q[pair][g][lane][j]`, the second the high halves, for input `4 g + j`.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Q4K {
    pub q: [[[[u8; 4]; LANES]; QK / 4]; 4],
    pub scales: [[u8; LANES]; 8],
    pub mins: [[u8; LANES]; 8],
    pub d: [f16; LANES],
    pub m: [f16; LANES],
}

/// `q6_K`: numbers from 0 to 63, minus 32, in eight blocks, of which four are a part. Each half of a block has a scale in 8
/// bits, and all share a factor.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Q6K {
    pub parts: [Part; 2],
    pub d: [f16; LANES],
}

/// Four blocks of q6_K. Block k has its lower four bits in `low[k % 2][g][lane][j]` for input `4 g + j`, in the low half of
/// the byte if k is below 2 and else in the high half, and its upper two bits in `high[g][lane][j]`, from bit `2 k` on.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Part {
    pub low: [[[[u8; 4]; LANES]; QK / 4]; 2],
    pub high: [[[u8; 4]; LANES]; QK / 4],
    /// Of each half of each block.
    pub scales: [[i8; LANES]; 8],
}

fn half_at(bytes: &[u8], at: usize) -> f16 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The numbers of a block of 4 bits, less `by`.
fn halves(q: &[[[u8; 4]; LANES]; QK / 8], lane: usize, by: i8) -> [i8; QK] {
    std::array::from_fn(|i| {
        let byte = q[i % 16 / 4][lane][i % 4];
        (if i < 16 { byte & 15 } else { byte >> 4 }) as i8 - by
    })
}

impl Tile for Q8 {
    const FORM: GgmlDType = GgmlDType::Q8_0;
    const BLOCKS: usize = 1;
    const BYTES: usize = 2 + QK;
    const ZERO: Self = Self { q: [[[0; 4]; LANES]; QK / 4], d: [f16::ZERO; LANES] };

    fn set(&mut self, lane: usize, bytes: &[u8]) {
        self.d[lane] = half_at(bytes, 0);
        for (group, bytes) in self.q.iter_mut().zip(bytes[2..].as_chunks::<4>().0) {
            // -128 would overflow AVX2's pair sums. A quantizer that scales by the largest absolute value never writes
            // it.
            group[lane] = bytes.map(|byte| (byte as i8).max(-127));
        }
    }

    fn bytes(&self, lane: usize, to: &mut Vec<u8>) {
        to.extend(self.d[lane].to_le_bytes());
        to.extend(self.q.iter().flat_map(|group| group[lane]).map(|q| q as u8));
    }

    fn block(&self, lane: usize, _: usize) -> Block {
        let q = std::array::from_fn(|i| self.q[i / 4][lane][i % 4]);
        Block { q, d: [self.d[lane].to_f32(); 2], m: 0.0 }
    }
}

impl Tile for Q40 {
    const FORM: GgmlDType = GgmlDType::Q4_0;
    const BLOCKS: usize = 1;
    const BYTES: usize = 2 + QK / 2;
    const ZERO: Self = Self { q: [[[0x88; 4]; LANES]; QK / 8], d: [f16::ZERO; LANES] };

    fn set(&mut self, lane: usize, bytes: &[u8]) {
        self.d[lane] = half_at(bytes, 0);
        for (group, bytes) in self.q.iter_mut().zip(bytes[2..].as_chunks::<4>().0) {
            group[lane] = *bytes;
        }
    }

    fn bytes(&self, lane: usize, to: &mut Vec<u8>) {
        to.extend(self.d[lane].to_le_bytes());
        to.extend(self.q.iter().flat_map(|group| group[lane]));
    }

    fn block(&self, lane: usize, _: usize) -> Block {
        Block { q: halves(&self.q, lane, 8), d: [self.d[lane].to_f32(); 2], m: 0.0 }
    }
}

impl Tile for Q41 {
    const FORM: GgmlDType = GgmlDType::Q4_1;
    const BLOCKS: usize = 1;
    const BYTES: usize = 4 + QK / 2;
    const ZERO: Self =
        Self { q: [[[0; 4]; LANES]; QK / 8], d: [f16::ZERO; LANES], m: [f16::ZERO; LANES] };

    fn set(&mut self, lane: usize, bytes: &[u8]) {
        (self.d[lane], self.m[lane]) = (half_at(bytes, 0), half_at(bytes, 2));
        for (group, bytes) in self.q.iter_mut().zip(bytes[4..].as_chunks::<4>().0) {
            group[lane] = *bytes;
        }
    }

    fn bytes(&self, lane: usize, to: &mut Vec<u8>) {
        to.extend(self.d[lane].to_le_bytes());
        to.extend(self.m[lane].to_le_bytes());
        to.extend(self.q.iter().flat_map(|group| group[lane]));
    }

    fn block(&self, lane: usize, _: usize) -> Block {
        let q = halves(&self.q, lane, 0);
        Block { q, d: [self.d[lane].to_f32(); 2], m: self.m[lane].to_f32() }
    }
}

impl Tile for Q4K {
    const FORM: GgmlDType = GgmlDType::Q4K;
    const BLOCKS: usize = 8;
    const BYTES: usize = 4 + 12 + 8 * QK / 2;
    const ZERO: Self = Self {
        q: [[[[0; 4]; LANES]; QK / 4]; 4],
        scales: [[0; LANES]; 8],
        mins: [[0; LANES]; 8],
        d: [f16::ZERO; LANES],
        m: [f16::ZERO; LANES],
    };

    fn set(&mut self, lane: usize, bytes: &[u8]) {
        (self.d[lane], self.m[lane]) = (half_at(bytes, 0), half_at(bytes, 2));
        // Blocks 4 to 7 have the upper two bits of their scales and smallest values in the bytes of blocks 0 to 3.
        let six = &bytes[4..16];
        for i in 0..4 {
            self.scales[i][lane] = six[i] & 63;
            self.mins[i][lane] = six[i + 4] & 63;
            self.scales[i + 4][lane] = six[i + 8] & 15 | six[i] >> 6 << 4;
            self.mins[i + 4][lane] = six[i + 8] >> 4 | six[i + 4] >> 6 << 4;
        }
        for (pair, bytes) in self.q.iter_mut().zip(bytes[16..].chunks_exact(QK)) {
            for (group, bytes) in pair.iter_mut().zip(bytes.as_chunks::<4>().0) {
                group[lane] = *bytes;
            }
        }
    }

    fn bytes(&self, lane: usize, to: &mut Vec<u8>) {
        to.extend(self.d[lane].to_le_bytes());
        to.extend(self.m[lane].to_le_bytes());
        let (scale, min) = (|i: usize| self.scales[i][lane], |i: usize| self.mins[i][lane]);
        to.extend((0..4).map(|i| scale(i) | scale(i + 4) >> 4 << 6));
        to.extend((0..4).map(|i| min(i) | min(i + 4) >> 4 << 6));
        to.extend((0..4).map(|i| scale(i + 4) & 15 | min(i + 4) << 4));
        to.extend(self.q.iter().flatten().flat_map(|group| group[lane]));
    }

    fn block(&self, lane: usize, block: usize) -> Block {
        let q = std::array::from_fn(|i| {
            let byte = self.q[block / 2][i / 4][lane][i % 4];
            (if block.is_multiple_of(2) { byte & 15 } else { byte >> 4 }) as i8
        });
        let d = self.d[lane].to_f32() * f32::from(self.scales[block][lane]);
        let m = -self.m[lane].to_f32() * f32::from(self.mins[block][lane]);
        Block { q, d: [d; 2], m }
    }
}

impl Tile for Q6K {
    const FORM: GgmlDType = GgmlDType::Q6K;
    const BLOCKS: usize = 8;
    const BYTES: usize = 128 + 64 + 16 + 2;
    const ZERO: Self = Self {
        parts: [Part {
            low: [[[[0; 4]; LANES]; QK / 4]; 2],
            high: [[[0; 4]; LANES]; QK / 4],
            scales: [[0; LANES]; 8],
        }; 2],
        d: [f16::ZERO; LANES],
    };

    fn set(&mut self, lane: usize, bytes: &[u8]) {
        let put = |to: &mut [[[u8; 4]; LANES]; QK / 4], bytes: &[u8]| {
            for (group, bytes) in to.iter_mut().zip(bytes.as_chunks::<4>().0) {
                group[lane] = *bytes;
            }
        };
        for (n, part) in self.parts.iter_mut().enumerate() {
            let (low, high) = (&bytes[64 * n..], &bytes[128 + 32 * n..]);
            put(&mut part.low[0], &low[..QK]);
            put(&mut part.low[1], &low[QK..2 * QK]);
            put(&mut part.high, &high[..QK]);
            for (scales, byte) in part.scales.iter_mut().zip(&bytes[192 + 8 * n..]) {
                scales[lane] = *byte as i8;
            }
        }
        self.d[lane] = half_at(bytes, 208);
    }

    fn bytes(&self, lane: usize, to: &mut Vec<u8>) {
        let parts = || self.parts.iter();
        to.extend(parts().flat_map(|part| part.low.iter().flatten()).flat_map(|group| group[lane]));
        to.extend(parts().flat_map(|part| &part.high).flat_map(|group| group[lane]));
        to.extend(parts().flat_map(|part| &part.scales).map(|scales| scales[lane] as u8));
        to.extend(self.d[lane].to_le_bytes());
    }

    fn block(&self, lane: usize, block: usize) -> Block {
        let (part, k) = (&self.parts[block / 4], block % 4);
        let q = std::array::from_fn(|i| {
            let low = part.low[k % 2][i / 4][lane][i % 4] >> (k / 2 * 4) & 15;
            let high = part.high[i / 4][lane][i % 4] >> (2 * k) & 3;
            (low | high << 4) as i8 - 32
        });
        let d = self.d[lane].to_f32();
        let scale = |half: usize| d * f32::from(part.scales[2 * k + half][lane]);
        Block { q, d: [scale(0), scale(1)], m: 0.0 }
    }
}
