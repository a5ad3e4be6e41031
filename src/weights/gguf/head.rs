//! Reads the header of a GGUF file. candle has a reader too, but it divides by an alignment of 0 and needs 32 times
//! the size of a byte array in memory. This one checks the alignment and does not keep such arrays.

use anyhow::{Context, Result, bail, ensure};
use candle_core::quantized::{
    GgmlDType,
    gguf_file::{Content, DEFAULT_ALIGNMENT, TensorInfo, Value, VersionedMagic},
};
use std::{
    collections::HashMap,
    io::{Read, Seek, SeekFrom},
};

/// The maximum length of a string in bytes. A chat template may have several thousand.
const LONGEST_TEXT: u64 = 1 << 24;
/// The maximum length of an array: the tokens or the merges.
const LONGEST_LIST: u64 = 1 << 23;

/// Read the header.
///
/// # Errors
/// When the file is truncated, a count exceeds its size, or its version or a tensor type is unknown.
pub fn read<R: Read + Seek>(file: &mut R) -> Result<Content> {
    let start = file.stream_position()?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(start))?;
    let mut head = Head { left: end.saturating_sub(start), file };
    ensure!(head.bytes::<4>()? == *b"GGUF", "it does not begin as one");
    let version = u32::from_le_bytes(head.bytes()?);
    let magic = match version {
        2 => VersionedMagic::GgufV2,
        3 => VersionedMagic::GgufV3,
        1 => bail!("version 1, which was written for some weeks of 2023: convert the model again"),
        v if v.swap_bytes() <= 3 => bail!("it is for big-endian machines: convert the model again"),
        v => bail!("version {v}, which is unknown here"),
    };
    let (tensors, metadata) = (head.count()?, head.count()?);
    // An entry of metadata takes at least 13 bytes, a tensor's at least 24.
    let least = tensors.saturating_mul(24).saturating_add(metadata.saturating_mul(13));
    ensure!(
        least <= head.left,
        "it claims {tensors} tensors and {metadata} metadata entries, more than fit into it"
    );
    let metadata = (0..metadata).map(|_| head.metadata()).collect::<Result<HashMap<_, _>>>()?;
    let tensor_infos = (0..tensors).map(|_| head.tensor()).collect::<Result<HashMap<_, _>>>()?;
    let alignment = match metadata.get("general.alignment") {
        None => DEFAULT_ALIGNMENT,
        Some(Value::U32(n)) if n.is_power_of_two() && *n <= 1 << 20 => (*n).into(),
        Some(value) => bail!("`general.alignment` is {value:?}"),
    };
    let tensor_data_offset = file.stream_position()?.next_multiple_of(alignment);
    Ok(Content { magic, metadata, tensor_infos, tensor_data_offset })
}

/// A reader that never reads past the end of the file.
struct Head<'a, R> {
    file: &'a mut R,
    left: u64,
}

impl<R: Read> Head<'_, R> {
    fn spend(&mut self, bytes: u64) -> Result<()> {
        self.left = self.left.checked_sub(bytes).context("it ends early: fetch it again")?;
        Ok(())
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.spend(N as u64)?;
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn count(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    fn kind(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn text(&mut self) -> Result<String> {
        let length = self.count()?;
        ensure!(length <= LONGEST_TEXT, "a text of {length} bytes");
        self.spend(length)?;
        let mut bytes = vec![0; length as usize];
        self.file.read_exact(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
    }

    fn metadata(&mut self) -> Result<(String, Value)> {
        let key = self.text()?;
        let kind = self.kind()?;
        let value = match kind {
            9 => self.list().with_context(|| format!("`{key}`"))?,
            kind => self.value(kind).with_context(|| format!("`{key}`"))?,
        };
        Ok((key, value))
    }

    fn list(&mut self) -> Result<Value> {
        let (kind, count) = (self.kind()?, self.count()?);
        ensure!(kind != 9, "lists in a list, which no model here has");
        let least = if kind == 8 { 8 } else { 1 };
        let fits = count <= LONGEST_LIST && count.saturating_mul(least) <= self.left;
        ensure!(fits, "a list of {count}");
        // A vocabulary has only strings, i32 and f32 values; elements of other types are read but not kept.
        let mut values = Vec::new();
        for _ in 0..count {
            let value = self.value(kind)?;
            if matches!(value, Value::String(_) | Value::I32(_) | Value::F32(_)) {
                values.push(value);
            }
        }
        Ok(Value::Array(values))
    }

    fn value(&mut self, kind: u32) -> Result<Value> {
        Ok(match kind {
            0 => Value::U8(u8::from_le_bytes(self.bytes()?)),
            1 => Value::I8(i8::from_le_bytes(self.bytes()?)),
            2 => Value::U16(u16::from_le_bytes(self.bytes()?)),
            3 => Value::I16(i16::from_le_bytes(self.bytes()?)),
            4 => Value::U32(u32::from_le_bytes(self.bytes()?)),
            5 => Value::I32(i32::from_le_bytes(self.bytes()?)),
            6 => Value::F32(f32::from_le_bytes(self.bytes()?)),
            7 => Value::Bool(self.bytes::<1>()? != [0]),
            8 => Value::String(self.text()?),
            10 => Value::U64(u64::from_le_bytes(self.bytes()?)),
            11 => Value::I64(i64::from_le_bytes(self.bytes()?)),
            12 => Value::F64(f64::from_le_bytes(self.bytes()?)),
            kind => bail!("a value of kind {kind}"),
        })
    }

    fn tensor(&mut self) -> Result<(String, TensorInfo)> {
        let name = self.text()?;
        let rank = self.kind()?;
        ensure!((1..=4).contains(&rank), "`{name}` has {rank} dimensions");
        let mut dims = Vec::new();
        for _ in 0..rank {
            dims.push(usize::try_from(self.count()?)?);
        }
        dims.reverse();
        let kind = self.kind()?;
        let ggml_dtype = form(kind)
            .with_context(|| format!("`{name}` is in ggml's form {kind}, which is not read here; convert the model to f16, q8_0 or q4_k_m"))?;
        Ok((name, TensorInfo { ggml_dtype, shape: dims.into(), offset: self.count()? }))
    }
}

/// ggml's type with this number, if it is supported.
pub fn form(kind: u32) -> Option<GgmlDType> {
    use GgmlDType as D;
    Some(match kind {
        0 => D::F32,
        1 => D::F16,
        2 => D::Q4_0,
        3 => D::Q4_1,
        6 => D::Q5_0,
        7 => D::Q5_1,
        8 => D::Q8_0,
        10 => D::Q2K,
        11 => D::Q3K,
        12 => D::Q4K,
        13 => D::Q5K,
        14 => D::Q6K,
        30 => D::BF16,
        _ => return None,
    })
}
