//! Reads PyTorch's `.bin` files: zip archives (since PyTorch 1.6), and the sequence of pickles that older versions
//! wrote.

use super::{
    names::{by_published, stripped},
    pickle::{Id, Node, Pickle},
};
use anyhow::{Context, Result, bail, ensure};
use candle_core::{DType, Device, Tensor};
use std::{
    collections::{BTreeMap, HashMap},
    io::{Read, Seek, SeekFrom},
};
use zip::{CompressionMethod, ZipArchive};

/// The maximum size of a pickle in bytes. A pickle of weights has several hundred thousand, since the values are
/// outside it.
const LARGEST_PICKLE: u64 = 16 << 20;
/// How the old format begins: a pickle of PyTorch's magic number.
const OLD: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

/// An open file and the positions of its tensors.
pub struct Torch<R> {
    file: R,
    tensors: BTreeMap<String, Slot>,
    storages: HashMap<String, Storage>,
    settings: Settings,
}

/// What nanoGPT saves beside the tensors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The whole numbers and truth values of `model_args`.
    pub numbers: BTreeMap<String, i64>,
    /// The name of the data that the model was trained on.
    pub dataset: Option<String>,
}

/// A tensor, as a view of a storage.
struct Slot {
    storage: String,
    /// The name of PyTorch's class for it, such as `FloatStorage`.
    class: String,
    first: u64,
    dims: Vec<usize>,
    strides: Vec<usize>,
}

/// The position and size of a storage in the file, in bytes.
#[derive(Clone, Copy)]
struct Storage {
    offset: u64,
    size: u64,
}

impl<R: Read + Seek> Torch<R> {
    /// Read the positions of all tensors.
    ///
    /// # Errors
    /// When it is not such a file, is truncated, or its pickle is not one of weights.
    pub fn open(mut file: R) -> Result<Self> {
        let mut head = Vec::new();
        file.by_ref().take(LARGEST_PICKLE).read_to_end(&mut head)?;
        file.rewind()?;
        if head.starts_with(OLD) {
            return Self::old(file, &head);
        }
        ensure!(head.starts_with(b"PK"), "neither form of PyTorch's files: is it all there?");
        drop(head);
        Self::archive(file)
    }

    fn archive(file: R) -> Result<Self> {
        let mut zip = ZipArchive::new(file).context("not a complete archive; download it again")?;
        let mut storages = HashMap::new();
        let mut pickle = None;
        for index in 0..zip.len() {
            let mut entry = zip.by_index_raw(index)?;
            let name = entry.name()?.into_owned();
            let Some((_, inside)) = name.split_once('/') else { continue };
            if inside == "data.pkl" || inside == "byteorder" {
                ensure!(entry.compression() == CompressionMethod::Stored, "`{inside}` is packed");
                let mut bytes = Vec::new();
                entry.by_ref().take(LARGEST_PICKLE).read_to_end(&mut bytes)?;
                match inside {
                    "data.pkl" => pickle = Some(bytes),
                    _ => ensure!(bytes == b"little", "it was written by a big-endian machine"),
                }
            } else if let Some(key) = inside.strip_prefix("data/") {
                ensure!(entry.compression() == CompressionMethod::Stored, "`{inside}` is packed");
                let (offset, size) = (entry.data_start().context("no place")?, entry.size());
                storages.insert(key.to_owned(), Storage { offset, size });
            }
        }
        let bytes = pickle.context("it has no data.pkl: no PyTorch file")?;
        let pickle = Pickle::read(&mut &*bytes).context("data.pkl")?;
        let (tensors, settings) = (tensors(&pickle)?, Settings::of(&pickle));
        Ok(Self { file: zip.into_inner(), tensors, storages, settings })
    }

    /// The old format: pickles of a magic number, a version, system information, the tensors and the storages' names;
    /// then the storages.
    fn old(mut file: R, head: &[u8]) -> Result<Self> {
        let mut rest = head;
        for what in ["its beginning", "its version", "its machine"] {
            Pickle::read(&mut rest).context(what)?;
        }
        let found = Pickle::read(&mut rest).context("its pickle")?;
        let keys = Pickle::read(&mut rest).context("its list of storages")?;
        let (tensors, settings) = (tensors(&found)?, Settings::of(&found));
        let end = file.seek(SeekFrom::End(0))?;
        let mut at = (head.len() - rest.len()) as u64;
        let mut storages = HashMap::new();
        for key in keys.list(keys.root()).context("its list of storages")? {
            let key = keys.text(*key).context("a storage without a name")?;
            let class = tensors.values().find(|t| t.storage == key).map(|t| &*t.class);
            let width = match class.map(width_of) {
                Some(width) => width?,
                None => bail!("no tensor has the storage {key}"),
            };
            file.seek(SeekFrom::Start(at))?;
            let mut count = [0; 8];
            file.read_exact(&mut count).context("it ends early")?;
            let size = u64::from_le_bytes(count).checked_mul(width);
            let next = size.and_then(|size| at.checked_add(8)?.checked_add(size));
            let (Some(size), Some(next)) = (size, next.filter(|next| *next <= end)) else {
                bail!("it ends early: fetch it again");
            };
            storages.insert(key.to_owned(), Storage { offset: at + 8, size });
            at = next;
        }
        Ok(Self { file, tensors, storages, settings })
    }

    /// What nanoGPT saved beside the tensors; empty in other files.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The shape of a tensor.
    pub fn dims(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(stripped(name)).map(|slot| &*slot.dims)
    }

    /// The names of all tensors, without prefixes such as `transformer.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether there is a tensor of this published name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(stripped(name))
    }

    /// Whether two names are for the same values in the file.
    pub fn are_shared(&self, a: &str, b: &str) -> bool {
        let place = |name: &str| {
            let slot = self.tensors.get(stripped(name))?;
            Some((&slot.storage, slot.first, &slot.dims, &slot.strides))
        };
        place(a).is_some() && place(a) == place(b)
    }

    /// A tensor in f32.
    ///
    /// # Errors
    /// When it is missing, truncated, of another shape, or not contiguous.
    pub fn get(&mut self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let slot = self.tensors.get(stripped(name)).context("it is missing")?;
        let dims = &slot.dims;
        ensure!(dims == shape, "it has the shape {dims:?}; config.json asks for {shape:?}");
        let storage = self.storages.get(&slot.storage).context("its numbers are missing")?;
        let dtype = match &*slot.class {
            "FloatStorage" => DType::F32,
            "DoubleStorage" => DType::F64,
            "HalfStorage" => DType::F16,
            "BFloat16Storage" => DType::BF16,
            class => bail!("its numbers are of `{class}`, which weights don't have"),
        };
        let width = dtype.size_in_bytes();
        let size = shape.iter().product::<usize>() * width;
        let from = slot.first.checked_mul(width as u64).context("it begins past its numbers")?;
        let inside = from.checked_add(size as u64).is_some_and(|end| end <= storage.size);
        ensure!(inside, "it has {} bytes of {size}", storage.size.saturating_sub(from));
        let rows_first = packed(shape.iter().rev(), slot.strides.iter().rev());
        let columns_first = packed(shape.iter(), slot.strides.iter());
        ensure!(rows_first || columns_first, "its values are not contiguous");
        let end = self.file.seek(SeekFrom::End(0))?;
        let start = storage.offset.checked_add(from).context("it is past the end of the file")?;
        ensure!(start.checked_add(size as u64).is_some_and(|last| last <= end), "it is torn");
        self.file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; size];
        self.file.read_exact(&mut bytes)?;
        let tensor = if rows_first {
            Tensor::from_raw_buffer(&bytes, dtype, shape, &Device::Cpu)?
        } else {
            let turned: Vec<usize> = shape.iter().rev().copied().collect();
            Tensor::from_raw_buffer(&bytes, dtype, &turned, &Device::Cpu)?.t()?.contiguous()?
        };
        Ok(tensor.to_dtype(DType::F32)?)
    }
}

impl Settings {
    fn of(pickle: &Pickle) -> Self {
        let pairs = |id: Id| match pickle.node(id) {
            Node::Dict(pairs) => &**pairs,
            _ => &[],
        };
        let entry = |id: Id, key: &str| {
            let found = pairs(id).iter().find(|(name, _)| pickle.text(*name) == Some(key));
            found.map(|(_, value)| *value)
        };
        let root = pickle.root();
        let numbers = entry(root, "model_args").map_or(&[][..], pairs).iter();
        let number = |(name, value): &(Id, Id)| match pickle.node(*value) {
            Node::Int(number) => Some((pickle.text(*name)?.to_owned(), *number)),
            _ => None,
        };
        let dataset = entry(root, "config").and_then(|config| entry(config, "dataset"));
        let is_name =
            |name: &&str| !name.is_empty() && !name.contains(['/', '\\']) && *name != "..";
        let dataset = dataset.and_then(|id| pickle.text(id)).filter(is_name).map(str::to_owned);
        Self { numbers: numbers.filter_map(number).collect(), dataset }
    }
}

/// Whether the values are contiguous. Dimensions and strides are given from the innermost to the outermost.
fn packed<'a>(
    dims: impl Iterator<Item = &'a usize>,
    strides: impl Iterator<Item = &'a usize>,
) -> bool {
    let mut next = 1usize;
    dims.zip(strides).all(|(dim, stride)| {
        let fits = *dim == 1 || *stride == next;
        next = next.saturating_mul(*dim);
        fits
    })
}

fn width_of(class: &str) -> Result<u64> {
    Ok(match class {
        "ByteStorage" | "CharStorage" | "BoolStorage" => 1,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "FloatStorage" | "IntStorage" => 4,
        "DoubleStorage" | "LongStorage" => 8,
        class => bail!("a storage of `{class}`, which is unknown"),
    })
}

/// The tensors of a dictionary, or of a nested one (`state_dict`, `model_state_dict`, `model`), as training scripts
/// save it.
fn tensors(pickle: &Pickle) -> Result<BTreeMap<String, Slot>> {
    let Node::Dict(mut pairs) = pickle.node(pickle.root()).clone() else {
        bail!("it holds no dictionary of tensors");
    };
    for key in ["state_dict", "model_state_dict", "model"] {
        let inner = pairs.iter().find(|(name, _)| pickle.text(*name) == Some(key));
        if let Some(Node::Dict(inner)) = inner.map(|(_, value)| pickle.node(*value)) {
            pairs = inner.clone();
            break;
        }
    }
    let mut tensors = BTreeMap::new();
    for (name, value) in pairs {
        let Some(name) = pickle.text(name) else { continue };
        if let Some(slot) = slot(pickle, value).with_context(|| format!("`{name}`"))? {
            tensors.insert(name.to_owned(), slot);
        }
    }
    ensure!(!tensors.is_empty(), "it holds no tensors");
    let names = by_published(tensors.keys().cloned())?;
    let mut renamed = BTreeMap::new();
    for (published, full) in names {
        renamed.extend(tensors.remove(&full).map(|slot| (published, slot)));
    }
    Ok(renamed)
}

/// The tensor that a value describes; `None` if the value is not a tensor.
fn slot(pickle: &Pickle, value: Id) -> Result<Option<Slot>> {
    let Node::Call(what, with) = pickle.node(value) else { return Ok(None) };
    let (mut what, mut with) = (*what, *with);
    if let Node::Global(_, "_rebuild_parameter") = pickle.node(what) {
        let inner =
            pickle.list(with).and_then(|list| list.first()).context("an empty parameter")?;
        let Node::Call(call, args) = pickle.node(*inner) else { bail!("no parameter") };
        (what, with) = (*call, *args);
    }
    let Node::Global(_, "_rebuild_tensor_v2") = pickle.node(what) else { return Ok(None) };
    let Some([storage, first, dims, strides, ..]) = pickle.list(with) else {
        bail!("a tensor that says too little");
    };
    let Node::Elsewhere(place) = pickle.node(*storage) else { bail!("a tensor of nothing") };
    let Some([_, class, key, ..]) = pickle.list(*place) else { bail!("a storage of nothing") };
    let Node::Global(_, class) = pickle.node(*class) else { bail!("a storage without a type") };
    let numbers = |id: Id| -> Result<Vec<usize>> {
        let list = pickle.list(id).filter(|list| list.len() <= 8).context("its shape")?;
        list.iter().map(|id| Ok(usize::try_from(pickle.int(*id).context("its shape")?)?)).collect()
    };
    let slot = Slot {
        storage: pickle.text(*key).context("a storage without a name")?.to_owned(),
        class: (*class).to_owned(),
        first: pickle.int(*first).context("its beginning")?,
        dims: numbers(*dims)?,
        strides: numbers(*strides)?,
    };
    ensure!(slot.dims.len() == slot.strides.len(), "its shape");
    Ok(Some(slot))
}
