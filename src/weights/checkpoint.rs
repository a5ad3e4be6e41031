//! A model on disk in any format: its configuration, its tokenizer, and its tensors one at a time. Errors name the
//! file and what to do about it.

use super::{
    gguf::Gguf,
    run::{self, Run},
    safetensors::{Safetensors, shards},
    torch::Torch,
};
use crate::model::{
    Architecture, NOT_NUMBERS, Raw, Spec, Tensors, Tokenizer, parse_config, tensors::Kind,
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::{
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
}

impl std::fmt::Display for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::PyTorch => "PyTorch",
            Self::Gguf => "GGUF",
            Self::TensorFlow => "TensorFlow checkpoint",
        })
    }
}

/// An open checkpoint. The weights stay on disk until they are requested.
pub struct Checkpoint {
    /// Its name, as shown to the user.
    pub name: String,
    /// Its configuration.
    pub config: Box<dyn Architecture>,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Notes for the user, in sentences.
    pub notes: Vec<String>,
    weights: Weights,
}

enum Weights {
    Safetensors(Safetensors),
    Torch(Vec<(PathBuf, Torch<fs::File>)>),
    Gguf(PathBuf, Box<Gguf<Box<dyn Bytes>>>),
    Run(Run),
}

/// A source of bytes: a file, or memory that is part of the program.
trait Bytes: Read + Seek {}
impl<R: Read + Seek> Bytes for R {}

impl Checkpoint {
    /// Open a GGUF file that is embedded in the program, with its configuration and vocabulary.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn in_program(
        name: &str,
        config: Box<dyn Architecture>,
        tokenizer: Tokenizer,
        gguf: &'static [u8],
    ) -> Result<Self> {
        let gguf = Gguf::open(Box::new(Cursor::new(gguf)) as Box<dyn Bytes>)?;
        let weights = Weights::Gguf(PathBuf::new(), Box::new(gguf));
        let this = Self { name: name.into(), config, tokenizer, notes: Vec::new(), weights };
        Ok(this.tied())
    }

    /// Open a folder in the Hugging Face layout (`config.json`; `tokenizer.json`, or `vocab.json` and `merges.txt`;
    /// `model.safetensors` or `pytorch_model.bin`, whole or sharded, or `model.gguf`), a run folder of gpt-2-simple,
    /// a folder that contains one run, a run's `.index` file, or a GGUF file.
    /// index of a run, or a GGUF file.
    ///
    /// When a file is missing, truncated or of another architecture; the error names it.
    /// For every file that is missing, torn or of another model, with its name.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_file() {
            return match path.extension().and_then(|e| e.to_str()) {
                Some("index") => Self::of_run(path),
                _ => Self::of_gguf(path),
            };
        }
        ensure!(path.is_dir(), "{}: no such model folder or file", path.display());
        match () {
            () if path.join("config.json").is_file() => Self::of_folder(path),
            () if run::is_run(path) => Self::of_run(path),
            () => Self::of_one_inside(path),
        }
    }

    fn of_folder(folder: &Path) -> Result<Self> {
        let place = folder.join("config.json");
        let json = fs::read(&place).with_context(|| format!("{}", place.display()))?;
        let config = parse_config(&json).with_context(|| format!("{}", place.display()))?;
        let tokenizer = tokenizer_in(folder)?;
        let weights = weights_in(folder)?;
        Ok(Self { name: name_of(folder), config, tokenizer, notes: Vec::new(), weights }.tied())
    }

    fn of_run(path: &Path) -> Result<Self> {
        let mut run = Run::open(path)?;
        let folder = match path.is_dir() {
            true => path,
            false => path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new(".")),
        };
        let tokenizer = tokenizer_in(folder)?;
        let mut config = run.config.clone();
        config.eos_token_id = tokenizer.end();
        let notes = std::mem::take(&mut run.notes);
        let (config, weights) = (Box::new(config), Weights::Run(run));
        Ok(Self { name: name_of(folder), config, tokenizer, notes, weights }.tied())
    }

    fn of_gguf(path: &Path) -> Result<Self> {
        let shown = || format!("{}", path.display());
        let mut gguf = open_gguf(path)?;
        let config = gguf.config().with_context(shown)?;
        let tied = gguf.is_tied().with_context(shown)?;
        let tokenizer = gguf.tokenizer().with_context(shown)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let weights = Weights::Gguf(path.to_owned(), Box::new(gguf));
        let mut this = Self { name, config, tokenizer, notes: Vec::new(), weights }.tied();
        if tied {
            this.config.tie_head();
        }
        Ok(this)
    }

    /// gpt-2-simple keeps runs in its `checkpoint` folder. If that contains exactly one run, use it.
    fn of_one_inside(folder: &Path) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
        let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        runs.retain(|path| path.is_dir() && run::is_run(path));
        runs.sort();
        match &runs[..] {
            [run] => Self::of_run(run),
            [] => bail!(
                "{}: not a model folder: it has neither config.json nor the hparams.json of a gpt-2-simple run",
                folder.display()
            ),
            [first, ..] => bail!(
                "{}: it holds {} runs; give one of them, for example {}",
                folder.display(),
                runs.len(),
                first.display()
            ),
        }
    }

    /// If the file has no output head, the token embedding is used, whatever the configuration says.
    fn tied(mut self) -> Self {
        let mut heads = self.config.tensors().into_iter().filter(|spec| spec.kind == Kind::Head);
        if !heads.all(|head| self.has(&head)) {
            self.config.tie_head();
        }
        self
    }

    /// Its format.
    pub fn form(&self) -> Form {
        match self.weights {
            Weights::Safetensors(_) => Form::Safetensors,
            Weights::Torch(_) => Form::PyTorch,
            Weights::Gguf(..) => Form::Gguf,
            Weights::Run(_) => Form::TensorFlow,
        }
    }

    /// The files with the weights.
    pub fn files(&self) -> Vec<PathBuf> {
        match &self.weights {
            Weights::Safetensors(tensors) => tensors.files().map(Path::to_owned).collect(),
            Weights::Torch(parts) => parts.iter().map(|(path, _)| path.clone()).collect(),
            Weights::Gguf(path, _) if path.as_os_str().is_empty() => Vec::new(),
            Weights::Gguf(path, _) => vec![path.clone()],
            Weights::Run(run) => run.files().map(Path::to_owned).collect(),
        }
    }

    /// Whether a tensor exists.
    pub fn has(&self, tensor: &Spec) -> bool {
        match &self.weights {
            Weights::Safetensors(tensors) => tensors.has(&tensor.name),
            Weights::Torch(parts) => in_parts(parts, &tensor.name).is_some(),
            Weights::Gguf(_, gguf) => gguf.has(tensor),
            Weights::Run(run) => run.has(&tensor.name),
        }
    }

    /// The first file, for error messages.
    pub fn place(&self) -> String {
        self.files().first().map_or_else(|| self.name.clone(), |file| file.display().to_string())
    }
}

impl Tensors for Checkpoint {
    /// A tensor. Floats are returned in the published shape, ggml's quantized types as stored.
    ///
    /// # Errors
    /// When it is missing, truncated, of another shape, or contains NaN; the error names its file.
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        let Spec { name, shape, .. } = tensor;
        let mut place = self.place();
        let raw = match &mut self.weights {
            Weights::Safetensors(tensors) => {
                place = tensors.place_of(name).map_or(place, |path| path.display().to_string());
                tensors.get(name).map(Raw::Float)
            }
            Weights::Torch(parts) => match in_parts(parts, name) {
                None => Err(anyhow!("`{name}` is missing")),
                Some((part, name)) => {
                    let (path, part) = &mut parts[part];
                    place = path.display().to_string();
                    part.get(&name, shape).map(Raw::Float).with_context(|| format!("`{name}`"))
                }
            },
            Weights::Gguf(_, gguf) => gguf.get(tensor),
            Weights::Run(run) => run.get(name, shape).map(Raw::Float),
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

/// The shard that contains a tensor, and its name there: some checkpoints have the prefix `transformer.`, others
/// none.
fn in_parts(parts: &[(PathBuf, Torch<fs::File>)], name: &str) -> Option<(usize, String)> {
    [name.to_owned(), format!("transformer.{name}")]
        .into_iter()
        .find_map(|name| Some((parts.iter().position(|(_, part)| part.has(&name))?, name)))
}

/// The weights beside a `config.json`.
fn weights_in(folder: &Path) -> Result<Weights> {
    let place = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    if let Some(whole) = place("model.safetensors") {
        return Ok(Weights::Safetensors(Safetensors::map(&[whole])?));
    }
    if let Some(index) = place("model.safetensors.index.json") {
        return Ok(Weights::Safetensors(Safetensors::map(&shards(&index)?)?));
    }
    let torch = match place("pytorch_model.bin") {
        Some(whole) => vec![whole],
        None => match place("pytorch_model.bin.index.json") {
            Some(index) => shards(&index)?,
            None => Vec::new(),
        },
    };
    if !torch.is_empty() {
        let open = |path: PathBuf| {
            let shown = || format!("{}", path.display());
            let part =
                Torch::open(fs::File::open(&path).with_context(shown)?).with_context(shown)?;
            Ok((path, part))
        };
        return Ok(Weights::Torch(torch.into_iter().map(open).collect::<Result<_>>()?));
    }
    if let Some(gguf) = place("model.gguf") {
        let open = open_gguf(&gguf)?;
        return Ok(Weights::Gguf(gguf, Box::new(open)));
    }
    for other in ["tf_model.h5", "flax_model.msgpack", "model.onnx", "rust_model.ot"] {
        ensure!(
            place(other).is_none(),
            "{}: this format is not read here; put the model's model.safetensors or pytorch_model.bin there instead",
            folder.join(other).display()
        );
    }
    bail!(
        "{}: missing; put the weights into the folder of config.json",
        folder.join("model.safetensors").display()
    )
}

fn open_gguf(path: &Path) -> Result<Gguf<Box<dyn Bytes>>> {
    let open = || {
        let mut file = fs::File::open(path)?;
        let mut start = [0; 262];
        let archive = file.read_exact(&mut start).is_ok() && start.ends_with(b"ustar");
        ensure!(!archive, "an archive; unpack it (tar xf) and give the folder with hparams.json");
        file.rewind()?;
        Gguf::open(Box::new(BufReader::with_capacity(1 << 20, file)) as Box<dyn Bytes>)
    };
    open().with_context(|| format!("{}", path.display()))
}

/// A folder's own name; also resolves `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| PathBuf::from(folder));
    whole.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

/// The vocabulary beside a model's weights.
fn tokenizer_in(folder: &Path) -> Result<Tokenizer> {
    let json = folder.join("tokenizer.json");
    if json.is_file() {
        let bytes = fs::read(&json).with_context(|| format!("{}", json.display()))?;
        return Tokenizer::from_json(&bytes).with_context(|| format!("{}", json.display()));
    }
    for (vocab, merges) in [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")] {
        let (vocab, merges) = (folder.join(vocab), folder.join(merges));
        if vocab.is_file() && merges.is_file() {
            return Tokenizer::from_files(&vocab, &merges);
        }
    }
    bail!(
        "{}: no tokenizer: neither tokenizer.json, nor vocab.json and merges.txt, nor encoder.json and vocab.bpe",
        folder.display()
    )
}
