//! The KV cache: keys and values of the tokens read so far, in shared blocks. Forking a sequence copies one pointer per
//! block, and truncating it copies nothing.
//!
//! Paging follows vLLM's PagedAttention (Kwon et al. 2023). Full blocks are never written again, so branches with the
//! same prefix share its blocks, and memory holds the prefix once.

use super::kernels::Packed;
use half::{f16, slice::HalfFloatSliceExt};
use std::sync::Arc;

/// Tokens per block.
pub const BLOCK: usize = 64;

/// A network with a context of more tokens than this caches them in 16 bits, also if its weights are not rounded.
pub const LONG: usize = 8192;

/// The layout of a block. For each layer it has the keys of all heads, transposed (d, BLOCK), so that the scores of all
/// positions are computed without sums across SIMD lanes; then the values of all heads (BLOCK, d).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) n_layer: usize,
    /// Query heads.
    pub(super) n_head: usize,
    /// Key and value heads.
    pub(super) n_kv: usize,
    /// The width of a head.
    pub(super) d: usize,
    /// Whether numbers are held in 16 bits.
    pub(super) is_half: bool,
}

/// The numbers of one block.
#[derive(Clone, Debug)]
pub(super) enum Block {
    Whole(Arc<Packed<f32>>),
    Half(Arc<Packed<f16>>),
}

impl Block {
    fn empty(layout: Layout) -> Self {
        let size = layout.size();
        match layout.is_half {
            false => Self::Whole(Arc::new(Packed::alone(0.0, size))),
            true => Self::Half(Arc::new(Packed::alone(f16::ZERO, size))),
        }
    }

    /// Its address, by which caches that share it know it.
    pub(super) fn place(&self) -> usize {
        match self {
            Self::Whole(block) => block.as_ptr().addr(),
            Self::Half(block) => block.as_ptr().addr(),
        }
    }

    /// Copy a block that is shared, so that it may be written.
    fn make_own(&mut self) {
        match self {
            Self::Whole(block) => {
                if Arc::get_mut(block).is_none() {
                    *block = Arc::new(block.copy());
                }
            }
            Self::Half(block) => {
                if Arc::get_mut(block).is_none() {
                    *block = Arc::new(block.copy());
                }
            }
        }
    }

    /// The size in bytes, or 0 if other caches share it.
    fn own_bytes(&self) -> usize {
        match self {
            Self::Whole(block) if Arc::strong_count(block) == 1 => 4 * block.len(),
            Self::Half(block) if Arc::strong_count(block) == 1 => 2 * block.len(),
            _ => 0,
        }
    }
}

impl Layout {
    /// The size of one token's keys and values in bytes.
    pub(super) fn bytes_per_token(&self) -> usize {
        let number = if self.is_half { 2 } else { 4 };
        self.size() / BLOCK * number
    }

    /// The offset of a head's keys in a block, in numbers.
    pub(super) fn keys_at(&self, layer: usize, head: usize) -> usize {
        (2 * layer * self.n_kv + head) * self.d * BLOCK
    }

    /// The offset of a head's values.
    pub(super) fn values_at(&self, layer: usize, head: usize) -> usize {
        self.keys_at(layer, head) + self.n_kv * self.d * BLOCK
    }

    fn size(&self) -> usize {
        self.n_layer * self.n_kv * 2 * self.d * BLOCK
    }
}

/// Write one token's keys and values of a layer into its place in a block.
fn put<T: Copy>(block: &mut [T], layout: Layout, layer: usize, slot: usize, k: &[T], v: &[T]) {
    let d = layout.d;
    for (head, (k, v)) in k.chunks_exact(d).zip(v.chunks_exact(d)).enumerate() {
        let keys = &mut block[layout.keys_at(layer, head)..][..d * BLOCK];
        for (i, &x) in k.iter().enumerate() {
            keys[i * BLOCK + slot] = x;
        }
        block[layout.values_at(layer, head) + slot * d..][..d].copy_from_slice(v);
    }
}

/// The KV cache of one sequence. A clone is a fork that shares all blocks.
#[derive(Clone, Debug)]
pub struct KvCache {
    pub(super) layout: Layout,
    pub(super) blocks: Vec<Block>,
    len: usize,
}

impl KvCache {
    /// An empty cache with this layout; [`Network::cache`](super::Network::cache) makes one for a network.
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, blocks: Vec::new(), len: 0 }
    }

    /// The form of its numbers: `f32` or `f16`.
    pub fn form(&self) -> &'static str {
        if self.layout.is_half { "f16" } else { "f32" }
    }

    /// The number of tokens it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no tokens.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Drop all but the first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.blocks.truncate(self.len.div_ceil(BLOCK));
    }

    /// The size of the blocks that no other cache shares, in bytes.
    pub fn own_bytes(&self) -> usize {
        self.blocks.iter().map(Block::own_bytes).sum()
    }

    /// Make room for `t` more tokens: allocate their blocks, and copy a last block that is shared (copy on write).
    pub(super) fn reserve(&mut self, t: usize) {
        let needed = (self.len + t).div_ceil(BLOCK);
        while self.blocks.len() < needed {
            self.blocks.push(Block::empty(self.layout));
        }
        for block in &mut self.blocks[self.len / BLOCK..] {
            block.make_own();
        }
    }

    /// Write one token's keys and values (each n_kv * d floats) of a layer at a reserved position.
    pub(super) fn write(&mut self, layer: usize, position: usize, k: &[f32], v: &[f32]) {
        let (layout, slot) = (self.layout, position % BLOCK);
        let written = match &mut self.blocks[position / BLOCK] {
            Block::Whole(block) => {
                Arc::get_mut(block).map(|block| put(block, layout, layer, slot, k, v))
            }
            Block::Half(block) => Arc::get_mut(block).map(|block| {
                let mut rounded = vec![f16::ZERO; k.len() + v.len()];
                let (half_k, half_v) = rounded.split_at_mut(k.len());
                half_k.convert_from_f32_slice(k);
                half_v.convert_from_f32_slice(v);
                put(block, layout, layer, slot, half_k, half_v);
            }),
        };
        debug_assert!(written.is_some(), "a reserved block is this cache's own");
    }

    /// Count `t` more tokens as read, after their keys and values were written.
    pub(super) fn advance(&mut self, t: usize) {
        self.len += t;
    }
}
