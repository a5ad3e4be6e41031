//! Weights in safetensors files, one or several with their index, mapped into memory. With `kernels` the only place with
//! an `unsafe` block.

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

/// Open files of named tensors.
pub struct Safetensors {
    maps: Vec<(PathBuf, MmapedSafetensors)>,
    /// Some checkpoints name the body `transformer.`, some don't.
    prefix: &'static str,
}

/// What `model.safetensors.index.json` says; PyTorch's has the same form.
#[derive(Deserialize)]
struct Shards {
    weight_map: BTreeMap<String, String>,
}

/// The names of the files that an index names, all of them beside it.
///
/// # Errors
/// When it is not an index, names no files, or names a path outside its folder.
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

/// The files that an index names; they are in its folder.
///
/// # Errors
/// When it is not an index, names a path outside its folder, or a file is missing.
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
    /// Map files.
    ///
    /// # Errors
    /// When one is missing or truncated, or its header is wrong.
    #[allow(unsafe_code)]
    pub fn map(paths: &[PathBuf]) -> Result<Self> {
        let mut maps = Vec::new();
        for path in paths {
            // SAFETY: the file is mapped for reading while its tensors are copied out of it; a program that shortens it
            // within that second could end this one, as with every reader of mapped weights.
            let map = unsafe { MmapedSafetensors::new(path) }.with_context(|| {
                format!("{}: not a whole safetensors file; fetch it again", path.display())
            })?;
            maps.push((path.clone(), map));
        }
        let mut this = Self { maps, prefix: "transformer." };
        if !this.has("wte.weight") {
            this.prefix = "";
        }
        Ok(this)
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.maps.iter().map(|(path, _)| &**path)
    }

    /// The names of all tensors, as the files have them.
    pub fn names(&self) -> Vec<String> {
        self.maps.iter().flat_map(|(_, map)| map.tensors()).map(|(name, _)| name).collect()
    }

    fn full(&self, name: &str) -> String {
        if name == "lm_head.weight" { name.into() } else { format!("{}{name}", self.prefix) }
    }

    /// Whether a tensor of this published name is there.
    pub fn has(&self, name: &str) -> bool {
        let name = self.full(name);
        self.maps.iter().any(|(_, map)| map.get(&name).is_ok())
    }

    /// The file that has it.
    pub fn place_of(&self, name: &str) -> Option<&Path> {
        let name = self.full(name);
        self.maps.iter().find(|(_, map)| map.get(&name).is_ok()).map(|(path, _)| &**path)
    }

    /// A tensor by its published name, in f32.
    ///
    /// # Errors
    /// When it is missing, or its numbers are of a type that weights don't have.
    pub fn get(&self, name: &str) -> Result<Tensor> {
        let name = self.full(name);
        let found = self.maps.iter().find(|(_, map)| map.get(&name).is_ok());
        let (_, map) = found.with_context(|| format!("`{name}` is missing"))?;
        let shown = || format!("`{name}`");
        let tensor = map.load(&name, &Device::Cpu).with_context(shown)?;
        tensor.to_dtype(DType::F32).with_context(shown)
    }
}

/// A file that is being written: the length of a head, the head in JSON, then the numbers of one tensor after the other.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Writer {
    /// Begin a file of tensors in f32 with these names and shapes.
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
        // The numbers begin at a multiple of eight.
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

    /// Write the next tensor's numbers.
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

    /// All is written; it is on the disk when this returns.
    ///
    /// # Errors
    /// When it isn't.
    pub fn finish(self) -> Result<()> {
        let Self { path, file } = self;
        let sync = || file.into_inner()?.sync_all();
        sync().with_context(|| format!("{}", path.display()))
    }
}
