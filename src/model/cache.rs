//! Keys and values of the tokens read so far, in shared blocks: a fork costs a pointer a block, a cut nothing.
//!
//! The paging follows vLLM's PagedAttention (Kwon et al. 2023): full blocks are never written again, so branches of one
//! prefix share them, and memory holds the prefix once.

use std::sync::Arc;

/// Tokens in a block.
pub const BLOCK: usize = 64;

/// Where things lie in a block: for each layer and head the keys, transposed (d, BLOCK), so that scores of all
/// positions add up without sums across lanes; then the values (BLOCK, d).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) n_layer: usize,
    /// Heads of queries.
    pub(super) n_head: usize,
    /// Heads of keys and values.
    pub(super) n_kv: usize,
    /// Width of a head.
    pub(super) d: usize,
}

impl Layout {
    /// Where the keys of a head begin; the values follow after `d * BLOCK`.
    pub(super) fn at(&self, layer: usize, head: usize) -> usize {
        (layer * self.n_kv + head) * 2 * self.d * BLOCK
    }
    fn size(&self) -> usize {
        self.n_layer * self.n_kv * 2 * self.d * BLOCK
    }
}

/// The keys and values of one sequence. Cloning one branches it.
#[derive(Clone, Debug)]
pub struct KvCache {
    pub(super) layout: Layout,
    pub(super) blocks: Vec<Arc<[f32]>>,
    len: usize,
}

impl KvCache {
    /// An empty cache; [`Network::cache`](super::Network::cache) makes one for a network.
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, blocks: Vec::new(), len: 0 }
    }

    /// How many tokens it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Nothing has been read.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forget all but the first `len` tokens.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.blocks.truncate(self.len.div_ceil(BLOCK));
    }

    /// The bytes that this one alone holds, shared blocks left out.
    pub fn own_bytes(&self) -> usize {
        self.blocks.iter().filter(|b| Arc::strong_count(b) == 1).map(|b| b.len() * 4).sum()
    }

    /// Make room for `t` more tokens: the blocks they fall in are there and are this cache's own.
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

    /// Write one token's keys and values (each n_kv * d wide) of a layer at a position that was reserved.
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

    /// The tokens written since `reserve` count from now on.
    pub(super) fn advance(&mut self, t: usize) {
        self.len += t;
    }
}
