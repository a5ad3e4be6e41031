//! Sequences of tokens with their KV caches, and how what one has read is shared with others.

use crate::model::KvCache;

/// A sequence of tokens, and the KV cache of those already read.
pub(super) struct Memory {
    pub(super) tokens: Vec<u32>,
    pub(super) cache: KvCache,
}

impl Memory {
    /// The tokens that the cache holds.
    pub(super) fn read(&self) -> &[u32] {
        &self.tokens[..self.cache.len()]
    }

    /// Whether some of the tokens are not read yet.
    pub(super) fn has_more(&self) -> bool {
        self.cache.len() < self.tokens.len()
    }

    /// At most `most` of the tokens that are not read yet, and the cache that they are appended to.
    pub(super) fn next_block(&mut self, most: usize) -> (&[u32], &mut KvCache) {
        let unread = &self.tokens[self.cache.len()..];
        (&unread[..unread.len().min(most)], &mut self.cache)
    }
}

/// A sequence that is being read. The logits after the tokens from `needed` on are needed, so these tokens are always
/// read by the sequence itself; the KV cache of those before can come from another one.
pub(super) struct Reader<'a> {
    pub(super) memory: &'a Memory,
    pub(super) needed: usize,
}

impl Reader<'_> {
    fn sharable(&self) -> &[u32] {
        &self.memory.tokens[..self.needed]
    }

    fn is_behind(&self) -> bool {
        self.memory.cache.len() < self.needed
    }
}

/// What a reader can do in this step.
pub(super) struct Share {
    /// The cache of a longer prefix than its own, which another sequence has read.
    pub(super) cache: Option<KvCache>,
    /// Whether it waits, because an earlier reader is reading the same prefix.
    pub(super) waits: bool,
}

/// For each reader, the longest prefix that another reader or a kept sequence has read.
pub(super) fn share<'a>(
    readers: &[Reader<'a>],
    kept: impl Iterator<Item = &'a Memory> + Clone,
) -> Vec<Share> {
    let share_of = |(i, reader): (usize, &Reader)| {
        if !reader.is_behind() {
            return Share { cache: None, waits: false };
        }
        let have = reader.memory.cache.len();
        let others = readers.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, r)| r.memory);
        let cache =
            longest(reader.sharable(), others.chain(kept.clone())).filter(|c| c.len() > have);
        let ahead = readers[..i].iter().filter(|r| r.is_behind());
        let ahead = ahead.map(|r| common(reader.sharable(), &r.memory.tokens)).max().unwrap_or(0);
        let waits = ahead > cache.as_ref().map_or(have, KvCache::len);
        Share { cache, waits }
    };
    readers.iter().enumerate().map(share_of).collect()
}

/// The cache of the longest prefix of `wanted` that one of these has read; `None` if none has read any of it.
pub(super) fn longest<'a>(
    wanted: &[u32],
    memories: impl Iterator<Item = &'a Memory>,
) -> Option<KvCache> {
    let read = memories.map(|m| (common(wanted, m.read()), m));
    let (read, memory) = read.max_by_key(|(read, _)| *read).filter(|(read, _)| *read > 0)?;
    let mut cache = memory.cache.clone();
    cache.truncate(read);
    Some(cache)
}

/// The length of the longest common prefix, in tokens.
pub(super) fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
