//! Reads sorted string tables (SSTables) in LevelDB's format, as TensorFlow writes them: blocks of prefix-compressed
//! keys, an index of the blocks, and a footer. Every length and checksum is verified.

use super::protobuf::{take, varint};
use anyhow::{Context, Result, bail, ensure};
use std::borrow::Cow;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// The magic number: the last eight bytes of every table.
const MAGIC: [u8; 8] = 0xdb47_7524_8b80_fb57u64.to_le_bytes();
/// The footer's size: two block handles, padding, and the magic number.
const FOOTER: usize = 48;
/// The size of a block's trailer: one byte for the compression and four for the checksum.
const TRAILER: usize = 5;
/// The maximum size of all keys and values, in bytes. The index of the largest GPT-2 has several hundred thousand.
const LARGEST: usize = 16 << 20;

/// A block handle: the block's position and size.
#[derive(Clone, Copy)]
struct Place {
    offset: u64,
    size: u64,
}

/// All entries of a table, in order.
///
/// # Errors
/// When it is not a table, a length is out of range, or a checksum is wrong.
pub fn entries(table: &[u8]) -> Result<Vec<Entry>> {
    let body = table.len().checked_sub(FOOTER).context("it is too short")?;
    let (blocks, mut footer) = table.split_at(body);
    ensure!(footer.ends_with(&MAGIC), "its end is not that of an index: is it all there?");
    place(&mut footer)?;
    let index = place(&mut footer)?;
    let mut left = LARGEST;
    let mut all: Vec<Entry> = Vec::new();
    for (_, value) in pairs(&block(blocks, index)?, &mut left)? {
        let found = block(blocks, place(&mut value.as_slice())?)?;
        all.append(&mut pairs(&found, &mut left)?);
    }
    ensure!(all.is_sorted_by(|a, b| a.0 < b.0), "its keys are not in order");
    Ok(all)
}

/// LevelDB's masked CRC-32C. The mask is needed because the CRC of data that contains its own CRC is a weak check.
pub fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn place(bytes: &mut &[u8]) -> Result<Place> {
    Ok(Place { offset: varint(bytes)?, size: varint(bytes)? })
}

/// A block's contents, decompressed.
fn block(blocks: &[u8], Place { offset, size }: Place) -> Result<Cow<'_, [u8]>> {
    let mut rest = blocks;
    take(&mut rest, offset).context("a block is outside the file")?;
    let packed = take(&mut rest, size).context("a block is outside the file")?;
    let trailer = take(&mut rest, TRAILER as u64).context("a block is outside the file")?;
    let sum = crc32c::crc32c_append(crc32c::crc32c(packed), &trailer[..1]);
    ensure!(
        trailer[1..] == masked(sum).to_le_bytes(),
        "the sum of the block at {offset} is wrong: the file is damaged; copy it again"
    );
    match trailer[0] {
        0 => Ok(packed.into()),
        1 => {
            let length = snap::raw::decompress_len(packed)?;
            ensure!(length <= LARGEST, "a block of {length} bytes");
            Ok(snap::raw::Decoder::new().decompress_vec(packed)?.into())
        }
        kind => bail!("a block has an unknown compression ({kind})"),
    }
}

/// A block's entries. Each key is stored as the length of the prefix it shares with the key before, and the rest.
fn pairs(block: &[u8], left: &mut usize) -> Result<Vec<Entry>> {
    // The block ends with an array of restart points for binary search, which are not needed here.
    let (rest, count) = block.split_last_chunk::<4>().context("a block without an end")?;
    let starts = 4 * u64::from(u32::from_le_bytes(*count));
    let entries = (rest.len() as u64).checked_sub(starts).context("a block's end is wrong")?;
    let mut rest = &rest[..entries as usize];
    let mut all = Vec::new();
    let mut key = Vec::new();
    while !rest.is_empty() {
        let (shared, own, length) = (varint(&mut rest)?, varint(&mut rest)?, varint(&mut rest)?);
        ensure!(shared <= key.len() as u64, "a key begins with more than there was before it");
        key.truncate(shared as usize);
        key.extend_from_slice(take(&mut rest, own)?);
        let value = take(&mut rest, length)?;
        *left = left.checked_sub(key.len() + value.len()).context("it is too large")?;
        all.push((key.clone(), value.to_vec()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of one data block, compressed or not.
    fn table(entries: &[(&str, usize, &str)], snappy: bool) -> Vec<u8> {
        let mut data = Vec::new();
        for (key, shared, value) in entries {
            let own = &key.as_bytes()[*shared..];
            data.extend([*shared as u8, own.len() as u8, value.len() as u8]);
            data.extend(own);
            data.extend(value.as_bytes());
        }
        data.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        let mut file = Vec::new();
        let first = add(&mut file, &data, snappy);
        let mut index = vec![0, 1, first.len() as u8, b'z'];
        index.extend(&first);
        index.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        let index = add(&mut file, &index, false);
        let mut footer = [0u8; FOOTER];
        footer[2..2 + index.len()].copy_from_slice(&index);
        footer[FOOTER - 8..].copy_from_slice(&MAGIC);
        file.extend(footer);
        file
    }

    fn add(file: &mut Vec<u8>, block: &[u8], snappy: bool) -> Vec<u8> {
        let packed = match snappy {
            true => snap::raw::Encoder::new().compress_vec(block).unwrap(),
            false => block.to_vec(),
        };
        let place = vec![file.len() as u8, packed.len() as u8];
        let sum = crc32c::crc32c_append(crc32c::crc32c(&packed), &[snappy.into()]);
        file.extend(packed);
        file.push(snappy.into());
        file.extend(masked(sum).to_le_bytes());
        place
    }

    #[test]
    fn keys_share_their_beginnings() {
        for snappy in [false, true] {
            let file = table(&[("model/a", 0, "1"), ("model/b", 6, "22"), ("n", 0, "")], snappy);
            let found = entries(&file).unwrap();
            let pair = |k: &str, v: &str| (k.as_bytes().to_vec(), v.as_bytes().to_vec());
            assert_eq!(found, [pair("model/a", "1"), pair("model/b", "22"), pair("n", "")]);
        }
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let file = table(&[("a", 0, "1"), ("b", 0, "2")], false);
        for at in 0..file.len() {
            for torn in [&file[..at], &file[at + 1..]] {
                assert!(entries(torn).is_err());
            }
        }
        let mut wrong = file.clone();
        wrong[3] ^= 1;
        assert!(entries(&wrong).unwrap_err().to_string().contains("sum"));
        assert!(entries(&table(&[("b", 0, "1"), ("a", 0, "2")], false)).is_err(), "order");
        assert!(entries(&table(&[("a", 0, "1"), ("a", 1, "2")], false)).is_err(), "twice");
    }
}
