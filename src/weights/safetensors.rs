//! Reads memory-mapped safetensors files, a single one or several with an index, and writes them. This module and
//! `kernels` are the only ones with `unsafe` code.

use super::names::{by_published, stripped};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor, safetensors::MmapedSafetensors};
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// Open files of named tensors, mapped into memory.
pub struct Safetensors {
    maps: Vec<(PathBuf, MmapedSafetensors)>,
    /// The names in the files, by those without prefixes such as `transformer.`.
    names: BTreeMap<String, String>,
}

/// The contents of `model.safetensors.index.json`. PyTorch's index has the same format.
#[derive(Deserialize)]
struct Shards {
    weight_map: BTreeMap<String, String>,
}

/// The file names that an index lists. They must all be in the folder of the index.
///
/// # Errors
/// When it is not a valid index, lists no files, or lists a path outside its folder.
pub fn shard_names(json: &[u8]) -> Result<BTreeSet<String>> {
    let map: Shards = serde_json::from_slice(json)?;
    let names: BTreeSet<String> = map.weight_map.into_values().collect();
    ensure!(!names.is_empty(), "it names no weight files");
    for name in &names {
        let plain = Path::new(name).file_name().is_some_and(|file| file == name.as_str());
        ensure!(plain, "`{name}` is not the name of a file in its folder");
    }
    Ok(names)
}

/// The paths of the files that an index lists; all are in its folder.
///
/// # Errors
/// When it is not a valid index, lists a path outside its folder, or a file is missing.
pub fn shards(index: &Path) -> Result<Vec<PathBuf>> {
    let shown = || format!("{}", index.display());
    let json = fs::read(index).with_context(shown)?;
    let names = shard_names(&json).with_context(shown)?;
    let mut paths = Vec::new();
    for name in names {
        let path = index.with_file_name(&name);
        ensure!(
            path.is_file(),
            "{}: missing; {} names it: copy it there",
            path.display(),
            index.file_name().unwrap_or_default().display()
        );
        paths.push(path);
    }
    Ok(paths)
}

impl Safetensors {
    /// Map files into memory.
    ///
    /// # Errors
    /// When a file is missing or truncated, or its header is invalid.
    #[allow(unsafe_code)]
    pub fn map(paths: &[PathBuf]) -> Result<Self> {
        let mut maps = Vec::new();
        for path in paths {
            // SAFETY: the file is mapped read-only while its tensors are copied out. If another program truncates it
            // during that time, this process may crash; every reader of mapped files has this limit.
            let map = unsafe { MmapedSafetensors::new(path) }.with_context(|| {
                format!("{}: not a whole safetensors file; fetch it again", path.display())
            })?;
            maps.push((path.clone(), map));
        }
        let all = maps.iter().flat_map(|(_, map)| map.tensors()).map(|(name, _)| name);
        let names = by_published(all).with_context(|| match paths.first() {
            Some(path) => path.display().to_string(),
            None => "no files".to_owned(),
        })?;
        Ok(Self { maps, names })
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.maps.iter().map(|(path, _)| &**path)
    }

    /// The names of all tensors, without prefixes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    fn find(&self, name: &str) -> Option<(&Path, &MmapedSafetensors, &str)> {
        let full = self.names.get(stripped(name))?;
        let (path, map) = self.maps.iter().find(|(_, map)| map.get(full).is_ok())?;
        Some((path, map, full))
    }

    /// Whether a tensor with this published name exists.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The file that contains it.
    pub fn place_of(&self, name: &str) -> Option<&Path> {
        self.find(name).map(|(path, ..)| path)
    }

    /// Whether two tensors are the same, byte for byte.
    ///
    /// # Errors
    /// When one is missing.
    pub fn are_same(&self, a: &str, b: &str) -> Result<bool> {
        let view = |name: &str| {
            let (_, map, full) = self.find(name).with_context(|| format!("`{name}` is missing"))?;
            anyhow::Ok(map.get(full)?)
        };
        let (a, b) = (view(a)?, view(b)?);
        Ok(a.dtype() == b.dtype() && a.shape() == b.shape() && a.data() == b.data())
    }

    /// A tensor by its published name, in f32.
    ///
    /// # Errors
    /// When it is missing, or its type is not one that weights have.
    pub fn get(&self, name: &str) -> Result<Tensor> {
        let shown = || format!("`{name}`");
        let (_, map, full) = self.find(name).with_context(|| format!("`{name}` is missing"))?;
        let tensor = map.load(full, &Device::Cpu).with_context(shown)?;
        let is_float = matches!(
            tensor.dtype(),
            DType::F8E4M3 | DType::F16 | DType::BF16 | DType::F32 | DType::F64
        );
        ensure!(
            is_float,
            "`{name}` is of the type {:?}, which weights don't have; a quantized model is read as GGUF",
            tensor.dtype()
        );
        tensor.to_dtype(DType::F32).with_context(shown)
    }
}

/// Writes a safetensors file: the header's length, the header in JSON, then the data of one tensor after the other.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Writer {
    /// Create a file for f32 tensors with these names and shapes.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn create(path: &Path, tensors: &[(String, Vec<usize>)]) -> Result<Self> {
        let mut head = serde_json::Map::new();
        head.insert("__metadata__".into(), json!({ "format": "pt" }));
        let mut at = 0;
        for (name, shape) in tensors {
            let end = at + 4 * shape.iter().product::<usize>();
            let entry = json!({ "dtype": "F32", "shape": shape, "data_offsets": [at, end] });
            head.insert(name.clone(), entry);
            at = end;
        }
        let mut head = serde_json::to_string(&head)?;
        // Tensor data starts at a multiple of eight bytes.
        head.push_str(&" ".repeat(head.len().next_multiple_of(8) - head.len()));
        let begin = || {
            let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
            file.write_all(&(head.len() as u64).to_le_bytes())?;
            file.write_all(head.as_bytes())?;
            Ok::<_, std::io::Error>(file)
        };
        let file = begin().with_context(|| format!("{}", path.display()))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Write the next tensor's values.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn write(&mut self, numbers: &[f32]) -> Result<()> {
        let mut bytes = Vec::with_capacity(1 << 16);
        for part in numbers.chunks(1 << 14) {
            bytes.clear();
            bytes.extend(part.iter().flat_map(|x| x.to_le_bytes()));
            self.file.write_all(&bytes).with_context(|| format!("{}", self.path.display()))?;
        }
        Ok(())
    }

    /// Finish the file and sync it to disk.
    ///
    /// # Errors
    /// When the data can't be written.
    pub fn finish(self) -> Result<()> {
        let Self { path, file } = self;
        let sync = || file.into_inner()?.sync_all();
        sync().with_context(|| format!("{}", path.display()))
    }
}
