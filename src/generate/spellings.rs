//! The vocabulary sorted by its bytes, to find the tokens that begin with some bytes and those that are a beginning of
//! them.

use crate::model::Tokenizer;

/// The ids of all tokens that are text, sorted by their bytes.
pub(super) struct Spellings(Vec<u32>);

impl Spellings {
    /// The tokens of a vocabulary of `size`.
    pub(super) fn new(tokenizer: &Tokenizer, size: usize) -> Self {
        let is_text = |id: &u32| !tokenizer.bytes(*id).is_empty() && Some(*id) != tokenizer.end();
        let mut ids: Vec<u32> = (0..size as u32).filter(is_text).collect();
        ids.sort_by(|&a, &b| tokenizer.bytes(a).cmp(tokenizer.bytes(b)));
        Self(ids)
    }

    /// The tokens that begin with `bytes` and are longer.
    pub(super) fn beyond(&self, tokenizer: &Tokenizer, bytes: &[u8]) -> &[u32] {
        let from = self.0.partition_point(|&id| tokenizer.bytes(id) <= bytes);
        let rest = &self.0[from..];
        let count = rest.partition_point(|&id| tokenizer.bytes(id).starts_with(bytes));
        &rest[..count]
    }

    /// The tokens that `bytes` begin with, the shortest first.
    pub(super) fn within<'a>(
        &'a self,
        tokenizer: &'a Tokenizer,
        bytes: &'a [u8],
    ) -> impl DoubleEndedIterator<Item = u32> + 'a {
        (1..=bytes.len()).flat_map(move |length| {
            let part = &bytes[..length];
            let from = self.0.partition_point(|&id| tokenizer.bytes(id) < part);
            self.0[from..]
                .iter()
                .copied()
                .take_while(move |&id| tokenizer.bytes(id) == part)
                .collect::<Vec<_>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_by_their_bytes() {
        let t =
            Tokenizer::from_json(include_bytes!("../../models/inkwell/tokenizer.json")).unwrap();
        let spellings = Spellings::new(&t, t.size());
        for bytes in [&b" nobo"[..], b" no", b"\n", b"<", b"\xe2", b" smallest"] {
            let mut beyond = spellings.beyond(&t, bytes).to_vec();
            beyond.sort();
            let is_beyond = |id: &u32| {
                let token = t.bytes(*id);
                token.starts_with(bytes) && token.len() > bytes.len() && Some(*id) != t.end()
            };
            assert_eq!(beyond, (0..t.size() as u32).filter(is_beyond).collect::<Vec<_>>());
            let mut within: Vec<u32> = spellings.within(&t, bytes).collect();
            assert!(within.is_sorted_by_key(|&id| t.bytes(id).len()));
            within.sort();
            let is_within = |id: &u32| !t.bytes(*id).is_empty() && bytes.starts_with(t.bytes(*id));
            assert_eq!(within, (0..t.size() as u32).filter(is_within).collect::<Vec<_>>());
        }
    }
}
