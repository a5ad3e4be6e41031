//! The repository of a Bluesky account (`repo.car`): blocks of CBOR, of which the posts are read.

use super::{LONGEST, Reason, find::Skipped, pipeline::Pipeline, summary::SkipReason};
use anyhow::{Result, bail};
use std::io::{BufRead, ErrorKind, Read};

/// How deep values may be nested.
const DEEPEST: usize = 64;

/// Whether a file starts like a repository.
pub fn is_repository(raw: &[u8]) -> bool {
    raw.len() > 16
        && raw[1] & 0xe0 == 0xa0
        && memchr::memmem::find(&raw[..raw.len().min(256)], b"eroots").is_some()
}

/// Send all posts through the pipeline.
///
/// # Errors
/// I/O errors, and when the file is damaged.
pub fn read(input: &mut dyn BufRead, pipeline: &mut Pipeline) -> Result<()> {
    pipeline.read_as("a Bluesky repository");
    let mut first = true;
    while let Some(length) = length(input)? {
        let mut block = Vec::new();
        input.take(length.min(LONGEST as u64)).read_to_end(&mut block)?;
        if block.len() as u64 != length {
            bail!(Skipped::new(SkipReason::Unreadable, "damaged or cut off; download it again"));
        }
        if std::mem::take(&mut first) {
            continue; // the header
        }
        if let Some((kind, text)) = data(&block).and_then(record)
            && kind == "app.bsky.feed.post"
        {
            pipeline.watch.parts(text.len());
            pipeline.watch.text(text.len());
            if text.is_empty() {
                pipeline.reject(Reason::Empty, "");
            } else {
                pipeline.post(&text)?;
            }
        }
    }
    Ok(())
}

/// A length in groups of seven bits; `None` at the end of the file.
fn length(input: &mut dyn BufRead) -> Result<Option<u64>> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let mut byte = [0];
        match input.read_exact(&mut byte) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && shift == 0 => {
                return Ok(None);
            }
            result => result?,
        }
        value |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The data of a block, behind its identifier: two numbers, a hash's number and length, and the hash.
fn data(block: &[u8]) -> Option<&[u8]> {
    let mut rest = block;
    let mut numbers = [0; 4];
    for number in &mut numbers {
        let end = rest.iter().take(9).position(|byte| byte & 0x80 == 0)?;
        *number = rest[..=end]
            .iter()
            .rev()
            .fold(0_usize, |all, byte| all << 7 | usize::from(byte & 0x7f));
        rest = &rest[end + 1..];
    }
    rest.get(numbers[3]..)
}

/// The type and the text of a record.
fn record(data: &[u8]) -> Option<(String, String)> {
    let mut cbor = Cbor(data);
    let (5, count) = cbor.head()? else { return None };
    let (mut kind, mut text) = (String::new(), String::new());
    for _ in 0..count {
        let name = cbor.text()?;
        match &*name {
            "$type" => kind = cbor.text()?,
            "text" if cbor.0.first()? >> 5 == 3 => text = cbor.text()?,
            _ => cbor.skip(0)?,
        }
    }
    Some((kind, text))
}

/// Values in CBOR, as far as records use it.
struct Cbor<'a>(&'a [u8]);

impl Cbor<'_> {
    /// The kind of the next value, and its number or length.
    fn head(&mut self) -> Option<(u8, u64)> {
        let (first, rest) = self.0.split_first()?;
        let size = match first & 0x1f {
            small @ 0..24 => {
                self.0 = rest;
                return Some((first >> 5, small.into()));
            }
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let bytes = rest.get(..size)?;
        self.0 = &rest[size..];
        Some((first >> 5, bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))))
    }

    fn bytes(&mut self, length: u64) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<String> {
        let (3, length) = self.head()? else { return None };
        self.bytes(length).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn skip(&mut self, depth: usize) -> Option<()> {
        let (kind, number) = self.head()?;
        let inside = match kind {
            2 | 3 => return self.bytes(number).map(|_| ()),
            4 => number,
            5 => number.checked_mul(2)?,
            6 => 1,
            _ => return Some(()),
        };
        if depth > DEEPEST {
            return None;
        }
        (0..inside).try_for_each(|_| self.skip(depth + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn posts_are_read() {
        let mut block = vec![0x01, 0x71, 0x12, 0x02, 0xaa, 0xbb, 0xa3];
        block.extend(b"\x64text\x68The oven\x65langs\x81\x62en\x65$type\x72app.bsky.feed.post");
        assert_eq!(
            data(&block).and_then(record),
            Some(("app.bsky.feed.post".into(), "The oven".into()))
        );
        assert_eq!(record(b"\xa1\x64text"), None);
        assert_eq!(length(&mut &b"\x80\x02x"[..]).unwrap(), Some(256));
        assert_eq!(length(&mut &b""[..]).unwrap(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            data(&bytes);
            record(&bytes);
            is_repository(&bytes);
        }
    }
}
