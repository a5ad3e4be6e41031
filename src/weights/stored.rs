//! The weights of a checkpoint on disk, in any format: which tensors there are, and one tensor at a time.

use super::{
    gguf::Gguf,
    kinds,
    names::{self, stripped},
    nano::Nano,
    run::Run,
    safetensors::{Safetensors, shards},
    torch::Torch,
};
use crate::model::{Architecture, Kind, NOT_NUMBERS, Raw, Spec, Tensors};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufReader, Cursor, Read, Seek},
    path::{Path, PathBuf},
};

/// The format of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A Hugging Face folder with safetensors.
    Safetensors,
    /// PyTorch's `.bin` files with a configuration.
    PyTorch,
    /// A GGUF file, as llama.cpp uses.
    Gguf,
    /// A run folder of gpt-2-simple, or OpenAI's original release.
    TensorFlow,
    /// nanoGPT's `ckpt.pt`.
    NanoGpt,
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::PyTorch => "PyTorch",
            Self::Gguf => "GGUF",
            Self::TensorFlow => "TensorFlow checkpoint",
            Self::NanoGpt => "nanoGPT checkpoint",
        })
    }
}

/// Open weights. They stay on disk until they are requested.
pub enum Weights {
    /// One or several files, mapped into memory.
    Safetensors(Safetensors),
    /// One or several files.
    Torch(Vec<(PathBuf, Torch<fs::File>)>),
    /// A file, or memory that is part of the program, whose path is empty.
    Gguf(PathBuf, Box<GgufFile>),
    /// A TensorFlow checkpoint.
    Run(Run),
    /// A checkpoint of nanoGPT.
    Nano(Nano),
}

/// A GGUF file, wherever its bytes are.
type GgufFile = Gguf<Box<dyn Bytes>>;

/// A source of bytes: a file, or memory that is part of the program.
pub trait Bytes: Read + Seek {}
impl<R: Read + Seek> Bytes for R {}

impl Weights {
    /// The weights beside a `config.json`.
    ///
    /// # Errors
    /// When there are none, or a file is missing, truncated or of another kind; the error names it.
    pub fn beside(config: &Path) -> Result<Self> {
        let place = |name: &str| Some(config.with_file_name(name)).filter(|path| path.is_file());
        if let Some(whole) = place("model.safetensors") {
            return safetensors(&[whole]);
        }
        if let Some(index) = place("model.safetensors.index.json") {
            return safetensors(&shards(&index)?);
        }
        if let Some(whole) = place("pytorch_model.bin") {
            return torch(vec![whole]);
        }
        if let Some(index) = place("pytorch_model.bin.index.json") {
            return torch(shards(&index)?);
        }
        if let Some(gguf) = place("model.gguf") {
            return Self::gguf(&gguf).map(|gguf| Self::Gguf(gguf.0, gguf.1));
        }
        for other in ["tf_model.h5", "flax_model.msgpack", "model.onnx", "rust_model.ot"] {
            ensure!(
                place(other).is_none(),
                "{}: this format is not read here; put the model's model.safetensors or pytorch_model.bin there instead",
                config.with_file_name(other).display()
            );
        }
        bail!(
            "{}: missing; put the weights into the folder of config.json",
            config.with_file_name("model.safetensors").display()
        )
    }

    /// Open a GGUF file.
    ///
    /// # Errors
    /// When it is damaged or of another kind.
    pub fn gguf(path: &Path) -> Result<(PathBuf, Box<GgufFile>)> {
        let open = || {
            let file = BufReader::with_capacity(1 << 20, fs::File::open(path)?);
            Gguf::open(Box::new(file) as Box<dyn Bytes>)
        };
        let gguf = open().map_err(|error| kinds::explain(path, error))?;
        Ok((path.to_owned(), Box::new(gguf)))
    }

    /// A GGUF file that is part of the program.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn in_program(gguf: &'static [u8]) -> Result<Self> {
        let gguf = Gguf::open(Box::new(Cursor::new(gguf)) as Box<dyn Bytes>)?;
        Ok(Self::Gguf(PathBuf::new(), Box::new(gguf)))
    }

    /// The format.
    pub fn form(&self) -> Form {
        match self {
            Self::Safetensors(_) => Form::Safetensors,
            Self::Torch(_) => Form::PyTorch,
            Self::Gguf(..) => Form::Gguf,
            Self::Run(_) => Form::TensorFlow,
            Self::Nano(_) => Form::NanoGpt,
        }
    }

    /// The files.
    pub fn files(&self) -> Vec<PathBuf> {
        match self {
            Self::Safetensors(tensors) => tensors.files().map(Path::to_owned).collect(),
            Self::Torch(parts) => parts.iter().map(|(path, _)| path.clone()).collect(),
            Self::Gguf(path, _) if path.as_os_str().is_empty() => Vec::new(),
            Self::Gguf(path, _) => vec![path.clone()],
            Self::Run(run) => run.files().map(Path::to_owned).collect(),
            Self::Nano(nano) => vec![nano.path().to_owned()],
        }
    }

    /// Whether a tensor exists.
    pub fn has(&self, tensor: &Spec) -> bool {
        match self {
            Self::Safetensors(tensors) => tensors.has(&tensor.name),
            Self::Torch(parts) => parts.iter().any(|(_, part)| part.has(&tensor.name)),
            Self::Gguf(_, gguf) => gguf.has(tensor),
            Self::Run(run) => run.has(&tensor.name),
            Self::Nano(nano) => nano.has(tensor),
        }
    }

    /// The names of all tensors, without prefixes, in the alphabet of the format.
    fn names(&self) -> BTreeSet<String> {
        match self {
            Self::Safetensors(tensors) => tensors.names().map(str::to_owned).collect(),
            Self::Torch(parts) => {
                parts.iter().flat_map(|(_, part)| part.names()).map(str::to_owned).collect()
            }
            Self::Gguf(_, gguf) => gguf.names().map(str::to_owned).collect(),
            Self::Run(run) => run.names().map(str::to_owned).collect(),
            Self::Nano(nano) => nano.names().map(str::to_owned).collect(),
        }
    }

    /// Check that the network uses all tensors that matter. Returns a note if others are left over.
    ///
    /// # Errors
    /// When the network would compute something else than the weights were trained for.
    pub fn check(&self, config: &dyn Architecture) -> Result<Option<String>> {
        let tensors = config.tensors().into_iter();
        let wanted = match self {
            Self::Safetensors(_) | Self::Torch(_) | Self::Nano(_) => {
                tensors.map(|spec| stripped(&spec.name).to_owned()).collect()
            }
            Self::Gguf(..) => tensors.map(|spec| spec.gguf).collect(),
            Self::Run(_) => tensors.filter_map(|spec| super::run::name_of(&spec.name)).collect(),
        };
        let mut names = self.names();
        if !config.tensors().iter().any(|spec| spec.kind == Kind::Head) {
            // a copy of the embedding
            names.remove("lm_head.weight");
            names.remove("output.weight");
        }
        names::check(config, &names, &wanted)
    }

    /// Whether there is a head that differs from the embedding, though the configuration has none.
    ///
    /// # Errors
    /// When one of the two can't be read.
    pub fn has_own_head(&mut self, config: &dyn Architecture) -> Result<bool> {
        let specs = config.tensors();
        let embedding = specs.iter().find(|spec| spec.kind == Kind::Embedding);
        let Some(embedding) = embedding else { return Ok(false) };
        if specs.iter().any(|spec| spec.kind == Kind::Head) {
            return Ok(false);
        }
        let head = Spec { name: "lm_head.weight".into(), kind: Kind::Head, ..embedding.clone() };
        match self {
            // GGUF's configuration says whether there is one
            Self::Gguf(..) | Self::Run(_) => return Ok(false),
            _ if !self.has(&head) => return Ok(false),
            Self::Safetensors(file) if file.are_same(&head.name, &embedding.name)? => {
                return Ok(false);
            }
            Self::Torch(parts)
                if parts.iter().any(|(_, part)| part.are_shared(&head.name, &embedding.name)) =>
            {
                return Ok(false);
            }
            Self::Nano(nano) if nano.are_shared(&head.name, &embedding.name) => return Ok(false),
            _ => {}
        }
        let [head, embedding] = [&head, embedding].map(|spec| {
            let Raw::Float(floats) = self.get(spec)? else { bail!("`{}`: no floats", spec.name) };
            Ok(floats.flatten_all()?.to_vec1::<f32>()?)
        });
        Ok(head? != embedding?)
    }
}

impl Tensors for Weights {
    /// A tensor. Floats are returned in the published shape, ggml's quantized types as stored.
    ///
    /// # Errors
    /// When it is missing, truncated, of another shape, or contains NaN; the error names its file.
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        let Spec { name, shape, .. } = tensor;
        let first = self.files().first().map(|file| file.display().to_string());
        let mut place = first.unwrap_or_else(|| "the program".into());
        let raw = match self {
            Self::Safetensors(tensors) => {
                place = tensors.place_of(name).map_or(place, |path| path.display().to_string());
                tensors.get(name).map(Raw::Float)
            }
            Self::Torch(parts) => match parts.iter_mut().find(|(_, part)| part.has(name)) {
                None => Err(anyhow!("`{name}` is missing")),
                Some((path, part)) => {
                    place = path.display().to_string();
                    part.get(name, shape).map(Raw::Float).with_context(|| format!("`{name}`"))
                }
            },
            Self::Gguf(_, gguf) => gguf.get(tensor),
            Self::Run(run) => run.get(name, shape).map(Raw::Float),
            Self::Nano(nano) => nano.get(tensor).map(Raw::Float),
        };
        raw.and_then(|raw| checked(tensor, raw)).context(place)
    }
}

/// Check that a tensor has the expected shape and contains no NaN.
fn checked(spec: &Spec, tensor: Raw) -> Result<Raw> {
    let Spec { name, shape, .. } = spec;
    let want = if matches!(tensor, Raw::Ggml(_)) { spec.gguf_shape() } else { shape.clone() };
    let got = tensor.dims();
    ensure!(got == want, "`{name}` has the shape {got:?}; config.json asks for {want:?}");
    if let Raw::Float(floats) = &tensor {
        // Checked here, because quantization would hide a NaN.
        let sum = floats.sum_all()?.to_scalar::<f32>()?;
        ensure!(sum.is_finite(), "`{name}`: {NOT_NUMBERS}");
    }
    Ok(tensor)
}

fn safetensors(paths: &[PathBuf]) -> Result<Weights> {
    let open = Safetensors::map(paths).map_err(|error| kinds::explain_any(paths, error))?;
    Ok(Weights::Safetensors(open))
}

fn torch(paths: Vec<PathBuf>) -> Result<Weights> {
    let open = |path: PathBuf| {
        let read = || Torch::open(fs::File::open(&path)?);
        let part = read().map_err(|error| kinds::explain(&path, error))?;
        Ok((path, part))
    };
    Ok(Weights::Torch(paths.into_iter().map(open).collect::<Result<_>>()?))
}
