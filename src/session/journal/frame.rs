//! Frames of the journal file: length, checksum, payload. What follows the last
//! complete frame is a torn tail, from a write that a crash interrupted.

use super::bytes::{In, Out};

/// Append a payload as a frame: its length in 7-bit groups, its CRC-32 (little-endian), itself. A key is a
/// frame, so five bytes are spent on it and not eight.
pub(crate) fn put(out: &mut Vec<u8>, payload: &[u8]) {
    let mut head = Out::default();
    head.size(payload.len());
    out.append(&mut head.0);
    out.extend(crc32fast::hash(payload).to_le_bytes());
    out.extend(payload);
}

/// Reads payloads; stops before the first frame that isn't whole.
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    /// Where the next frame begins: after the last one, how many bytes are good.
    pub at: usize,
}

impl<'a> Frames<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What stands after the good frames could have been written by no crash: something else damaged it.
    pub fn is_damaged(&self) -> bool {
        let rest = &self.bytes[self.at..];
        // A crash leaves an incomplete frame or, on some file systems, an allocated block of zeros.
        let Some((len, _, after)) = head(rest) else { return false };
        after.len() > len && rest.iter().any(|byte| *byte != 0)
    }
}

/// The length and checksum of a frame, and what follows them.
fn head(rest: &[u8]) -> Option<(usize, u32, &[u8])> {
    let mut read = In(rest);
    let len = read.size()?;
    let (crc, after) = read.0.split_first_chunk()?;
    Some((len, u32::from_le_bytes(*crc), after))
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, crc, after) = head(&self.bytes[self.at..])?;
        let payload = after.get(..len)?;
        // An empty frame would be five zeros, like an allocated block that was never written.
        if payload.is_empty() || crc32fast::hash(payload) != crc {
            return None;
        }
        self.at = self.bytes.len() - after.len() + len;
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_tail_is_left_out() {
        let mut file = Vec::new();
        let payloads: [&[u8]; 3] = [b"one", b"two, longer", b"3"];
        let mut ends = vec![0];
        for payload in payloads {
            put(&mut file, payload);
            ends.push(file.len());
        }
        for cut in 0..=file.len() {
            let mut frames = Frames::new(&file[..cut]);
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert!(frames.by_ref().eq(payloads[..whole].iter().copied()));
            assert_eq!(frames.at, ends[whole]);
            assert!(!frames.is_damaged());
        }
        let mut zeros = file.clone();
        zeros.extend([0; 4096]);
        let mut frames = Frames::new(&zeros);
        assert_eq!(frames.by_ref().count(), 3);
        assert!(!frames.is_damaged());
    }

    #[test]
    fn damage_in_the_middle_is_no_torn_tail() {
        let mut file = Vec::new();
        put(&mut file, b"one");
        let first = file.len();
        put(&mut file, b"two");
        put(&mut file, b"three");
        file[first + 5] ^= 1;
        let mut frames = Frames::new(&file);
        assert_eq!(frames.by_ref().count(), 1);
        assert!(frames.is_damaged());
    }
}
