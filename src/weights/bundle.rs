//! Reads TensorFlow checkpoints (V2 tensor bundles): an index, which is an SSTable of protobuf messages, and data
//! files with the values.

use super::{
    protobuf::{Value, field},
    sstable,
};
use anyhow::{Context, Result, bail, ensure};
use candle_core::{DType, Device, Tensor};
use indicatif::HumanCount;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// The index entry of a tensor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// TensorFlow's number for the data type (`DataType` in `types.proto`).
    pub kind: u64,
    /// Its shape.
    pub dims: Vec<usize>,
    /// The number of its data file.
    pub shard: u64,
    /// Its position in the data file, in bytes.
    pub offset: u64,
    /// Its size in bytes.
    pub size: u64,
    /// The masked CRC-32C of its bytes.
    pub sum: u32,
    /// Whether the tensor was saved in slices.
    pub sliced: bool,
}

/// A parsed index.
#[derive(Debug)]
pub struct Index {
    /// The number of data files.
    pub shards: u64,
    /// The tensors, by name.
    pub slots: BTreeMap<String, Slot>,
}

/// The maximum number of data files. A GPT-2 usually has one.
const MOST_SHARDS: u64 = 4096;

impl Index {
    /// Parse the bytes of an index file.
    ///
    /// # Errors
    /// When they are truncated or damaged, or not an index.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut entries = sstable::entries(bytes)?.into_iter();
        let (key, head) = entries.next().context("it is empty")?;
        ensure!(key.is_empty(), "it has no head");
        let shards = head_of(&head)?;
        let mut slots = BTreeMap::new();
        for (key, value) in entries {
            let name = String::from_utf8(key).context("a name is not UTF-8")?;
            let slot = Slot::parse(&value).with_context(|| format!("`{name}`"))?;
            ensure!(slot.shard < shards, "`{name}` is in file {} of {shards}", slot.shard);
            slots.insert(name, slot);
        }
        Ok(Self { shards, slots })
    }

    /// The minimum size in bytes of a data file, given its number.
    pub fn bytes_of(&self, shard: u64) -> u64 {
        let ends = self.slots.values().filter(|s| s.shard == shard).map(|s| s.offset + s.size);
        ends.max().unwrap_or(0)
    }
}

fn head_of(mut message: &[u8]) -> Result<u64> {
    let mut shards = 0;
    while let Some((number, value)) = field(&mut message).context("its head")? {
        match (number, value) {
            (1, Value::Number(n)) => shards = n,
            (2, Value::Number(n)) if n != 0 => bail!("it was written by a big-endian machine"),
            _ => {}
        }
    }
    ensure!(
        (1..=MOST_SHARDS).contains(&shards),
        "it names {shards} data files; from 1 to 4096 are read"
    );
    Ok(shards)
}

impl Slot {
    fn parse(mut message: &[u8]) -> Result<Self> {
        let mut slot = Self::default();
        while let Some((number, value)) = field(&mut message)? {
            match (number, value) {
                (1, Value::Number(n)) => slot.kind = n,
                (2, Value::Bytes(shape)) => slot.dims = dims(shape)?,
                (3, Value::Number(n)) => slot.shard = n,
                (4, Value::Number(n)) => slot.offset = n,
                (5, Value::Number(n)) => slot.size = n,
                (6, Value::Word(sum)) => slot.sum = sum,
                (7, _) => slot.sliced = true,
                _ => {}
            }
        }
        slot.offset.checked_add(slot.size).context("it ends past any file")?;
        Ok(slot)
    }

    /// The data type of its values.
    ///
    /// # Errors
    /// When it is not a type that weights have.
    fn dtype(&self) -> Result<DType> {
        Ok(match self.kind {
            1 => DType::F32,
            2 => DType::F64,
            14 => DType::BF16,
            19 => DType::F16,
            kind => bail!("its numbers are of TensorFlow's type {kind}, which weights don't have"),
        })
    }
}

fn dims(mut message: &[u8]) -> Result<Vec<usize>> {
    let mut dims = Vec::new();
    while let Some((number, value)) = field(&mut message)? {
        let (2, Value::Bytes(mut dim)) = (number, value) else { continue };
        let mut size = 0;
        while let Some((number, value)) = field(&mut dim)? {
            if let (1, Value::Number(n)) = (number, value) {
                size = usize::try_from(n).ok().filter(|n| *n <= 1 << 40).context("its shape")?;
            }
        }
        dims.push(size);
        ensure!(dims.len() <= 8, "it has more than 8 dimensions");
    }
    Ok(dims)
}

/// An index with its data files.
pub struct Bundle {
    /// The parsed index.
    pub index: Index,
    files: Vec<(PathBuf, File)>,
}

impl Bundle {
    /// Open a checkpoint by the path of its index file.
    ///
    /// # Errors
    /// When the index is damaged, or a data file is missing or too short. The error names the file and its expected
    /// size.
    pub fn open(index: &Path) -> Result<Self> {
        let shown = || format!("{}", index.display());
        let facts = std::fs::metadata(index).with_context(shown)?;
        ensure!(facts.len() <= 64 << 20, "{}: too large for an index", index.display());
        let read = Index::parse(&std::fs::read(index).with_context(shown)?);
        let read =
            read.with_context(|| format!("{}: not a complete TensorFlow index", index.display()))?;
        let mut files = Vec::new();
        for shard in 0..read.shards {
            let path = index.with_extension(format!("data-{shard:05}-of-{:05}", read.shards));
            let want = read.bytes_of(shard);
            let Ok(file) = File::open(&path) else {
                bail!(
                    "{}: missing; it holds the weights ({} bytes); copy it into the folder of {}",
                    path.display(),
                    HumanCount(want),
                    index.file_name().unwrap_or_default().display()
                );
            };
            let have = file.metadata().with_context(|| format!("{}", path.display()))?.len();
            ensure!(
                have >= want,
                "{}: it has {} bytes of {}: copy it again",
                path.display(),
                HumanCount(have),
                HumanCount(want)
            );
            files.push((path, file));
        }
        Ok(Self { index: read, files })
    }

    /// The data files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| &**path)
    }

    /// A tensor in f32. Leading dimensions of 1 are removed until it fits `shape`.
    ///
    /// # Errors
    /// When it is missing, of another shape or type, or its checksum is wrong.
    pub fn get(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let slot = self.index.slots.get(name).with_context(|| format!("`{name}` is missing"))?;
        ensure!(!slot.sliced, "`{name}` was saved in slices, which are not read here");
        let mut dims = &slot.dims[..];
        while let [1, rest @ ..] = dims
            && dims.len() > shape.len()
        {
            dims = rest;
        }
        ensure!(dims == shape, "`{name}` has the shape {dims:?}; hparams.json asks for {shape:?}");
        let dtype = slot.dtype().with_context(|| format!("`{name}`"))?;
        let size = shape.iter().product::<usize>() * dtype.size_in_bytes();
        ensure!(slot.size == size as u64, "`{name}` has {} bytes; {size} are wanted", slot.size);
        let (_, file) = &mut self.files[slot.shard as usize];
        let mut bytes = vec![0; size];
        let mut read = || {
            file.seek(SeekFrom::Start(slot.offset))?;
            file.read_exact(&mut bytes)
        };
        read().with_context(|| format!("`{name}`"))?;
        ensure!(
            sstable::masked(crc32c::crc32c(&bytes)) == slot.sum,
            "the sum of `{name}` is wrong: the file is damaged; copy it again"
        );
        let tensor = Tensor::from_raw_buffer(&bytes, dtype, shape, &Device::Cpu)?;
        Ok(tensor.to_dtype(DType::F32)?)
    }
}
