//! The KV cache: keys and values of the tokens read so far, in shared blocks. Forking a sequence copies one pointer per
//! block, and truncating it copies nothing.
//!
//! Paging follows vLLM's PagedAttention (Kwon et al. 2023). Full blocks are never written again, so branches with the
//! same prefix share its blocks, and memory holds the prefix once.

use std::sync::Arc;

/// Tokens per block.
pub const BLOCK: usize = 64;

/// The layout of a block. For each layer and head it has the keys, transposed (d, BLOCK), so that the scores of all
/// positions are computed without sums across SIMD lanes; then the values (BLOCK, d).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) n_layer: usize,
    /// Query heads.
    pub(super) n_head: usize,
    /// Key and value heads.
    pub(super) n_kv: usize,
    /// The width of a head.
    pub(super) d: usize,
}

impl Layout {
    /// The offset of a head's keys in a block, in floats; its values follow after `d * BLOCK`.
    pub(super) fn at(&self, layer: usize, head: usize) -> usize {
        (layer * self.n_kv + head) * 2 * self.d * BLOCK
    }
    fn size(&self) -> usize {
        self.n_layer * self.n_kv * 2 * self.d * BLOCK
    }
}

/// The KV cache of one sequence. A clone is a fork that shares all blocks.
#[derive(Clone, Debug)]
pub struct KvCache {
    pub(super) layout: Layout,
    pub(super) blocks: Vec<Arc<[f32]>>,
    len: usize,
}

impl KvCache {
    /// An empty cache with this layout; [`Network::cache`](super::Network::cache) makes one for a network.
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, blocks: Vec::new(), len: 0 }
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
        self.blocks.iter().filter(|b| Arc::strong_count(b) == 1).map(|b| b.len() * 4).sum()
    }

    /// Make room for `t` more tokens: allocate their blocks, and copy a last block that is shared (copy on write).
    pub(super) fn reserve(&mut self, t: usize) {
        let needed = (self.len + t).div_ceil(BLOCK);
        while self.blocks.len() < needed {
            self.blocks.push(std::iter::repeat_n(0.0, self.layout.size()).collect());
        }
        for block in &mut self.blocks[self.len / BLOCK..] {
            if Arc::get_mut(block).is_none() {
                *block = block.iter().copied().collect();
            }
        }
    }

    /// Write one token's keys and values (each n_kv * d floats) of a layer at a reserved position.
    pub(super) fn write(&mut self, layer: usize, position: usize, k: &[f32], v: &[f32]) {
        let Layout { n_kv, d, .. } = self.layout;
        let layout = self.layout;
        let Some(block) = Arc::get_mut(&mut self.blocks[position / BLOCK]) else {
            unreachable!("a reserved block is this cache's own")
        };
        let slot = position % BLOCK;
        for head in 0..n_kv {
            let at = layout.at(layer, head);
            let (keys, values) = block[at..at + 2 * d * BLOCK].split_at_mut(d * BLOCK);
            for (i, &x) in k[head * d..(head + 1) * d].iter().enumerate() {
                keys[i * BLOCK + slot] = x;
            }
            values[slot * d..(slot + 1) * d].copy_from_slice(&v[head * d..(head + 1) * d]);
        }
    }

    /// Count `t` more tokens as read, after their keys and values were written.
    pub(super) fn advance(&mut self, t: usize) {
        self.len += t;
    }
}
