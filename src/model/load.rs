//! From a folder, or from the binary itself, to a model that can read. Errors name the file and the way out.

use super::{Config, Gpt2, KvCache, Precision, Span, Tokenizer};
use anyhow::{Context, Result, bail, ensure};
use candle_core::{
    DType, Device, Tensor,
    safetensors::{MmapedSafetensors, SliceSafetensors},
};
use std::{fs, path::Path};

/// A network with its tokenizer.
pub struct Model {
    /// As a person would say it.
    pub name: String,
    /// The network.
    pub network: Gpt2,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Whether it is the one in the binary.
    pub embedded: bool,
}

static CONFIG: &[u8] = include_bytes!("../../models/inkwell/config.json");
static TOKENIZER: &[u8] = include_bytes!("../../models/inkwell/tokenizer.json");
static WEIGHTS: &[u8] = include_bytes!("../../models/inkwell/model.safetensors");

/// Named tensors in one file or in memory.
enum Tensors {
    Memory(SliceSafetensors<'static>),
    Mapped(MmapedSafetensors),
}

impl Model {
    /// The small one that comes in the binary.
    ///
    /// # Errors
    /// Only when the binary was built with a broken one.
    pub fn embedded(precision: Precision) -> Result<Self> {
        let tensors = Tensors::Memory(SliceSafetensors::new(WEIGHTS)?);
        let tokenizer = Tokenizer::from_json(TOKENIZER)?;
        Self::assemble(
            "inkwell".into(),
            Config::parse(CONFIG)?,
            tokenizer,
            &tensors,
            precision,
            true,
        )
        .context("the model in this binary")
    }

    /// A folder in the Hugging Face layout: `config.json`, `tokenizer.json` (or `vocab.json` and `merges.txt`),
    /// `model.safetensors`.
    ///
    /// # Errors
    /// For every file that is missing, torn or of another shape, with its name.
    pub fn open(folder: &Path, precision: Precision) -> Result<Self> {
        let missing =
            |file: &str, way_out: &str| format!("{}: {way_out}", folder.join(file).display());
        if !folder.is_dir() {
            bail!("{}: no such model folder", folder.display());
        }
        let path = folder.join("config.json");
        let json = fs::read(&path).with_context(|| {
            missing("config.json", "a model folder needs one; is this the folder?")
        })?;
        let config = Config::parse(&json).with_context(|| format!("{}", path.display()))?;
        let tokenizer = open_tokenizer(folder)?;
        let path = folder.join("model.safetensors");
        if !path.is_file() {
            bail!(missing(
                "model.safetensors",
                "missing; the weights have to lie beside config.json"
            ));
        }
        let tensors = Tensors::map(&path)?;
        let name = folder
            .canonicalize()
            .ok()
            .and_then(|f| f.file_name().map(|n| n.to_string_lossy().into_owned()))
            .unwrap_or_else(|| folder.display().to_string());
        Self::assemble(name, config, tokenizer, &tensors, precision, false)
            .with_context(|| format!("{}", path.display()))
    }

    fn assemble(
        name: String,
        mut config: Config,
        tokenizer: Tokenizer,
        tensors: &Tensors,
        precision: Precision,
        embedded: bool,
    ) -> Result<Self> {
        ensure!(
            tokenizer.size() <= config.vocab_size,
            "the tokenizer numbers tokens up to {}, but the weights are for {}: they belong to different models",
            tokenizer.size(),
            config.vocab_size
        );
        // Some checkpoints name the body `transformer.`, some don't.
        let prefix = if tensors.has("transformer.wte.weight") { "transformer." } else { "" };
        // A head that the configuration promises and the file lacks is the embedding, as it was published.
        config.tie_word_embeddings |= !tensors.has("lm_head.weight");
        let network = Gpt2::load(config, precision, &mut |name, shape| {
            let full = match name {
                "lm_head.weight" => name.to_string(),
                _ => format!("{prefix}{name}"),
            };
            let tensor = tensors.get(&full)?;
            ensure!(
                tensor.dims() == shape,
                "`{full}` has the shape {:?}; config.json asks for {shape:?}",
                tensor.dims()
            );
            Ok(tensor.to_dtype(DType::F32)?)
        })?;
        let model = Self { name, network, tokenizer, embedded };
        model.check()?;
        Ok(model)
    }

    /// A first pass, so that weights that are not numbers are found here and not on the page.
    fn check(&self) -> Result<()> {
        let mut cache = KvCache::new(&self.network.config);
        let ids = [self.tokenizer.end().unwrap_or(0)];
        let x = self.network.read(&mut [Span { ids: &ids, cache: &mut cache }])?;
        let logits: Vec<f32> = self.network.head(&x)?.flatten_all()?.to_vec1()?;
        ensure!(
            logits.iter().all(|x| x.is_finite()),
            "the weights hold numbers that are none (NaN or infinite): the file is damaged or its training diverged; fetch it again or take an earlier checkpoint"
        );
        Ok(())
    }
}

fn open_tokenizer(folder: &Path) -> Result<Tokenizer> {
    let json = folder.join("tokenizer.json");
    if json.is_file() {
        let bytes = fs::read(&json).with_context(|| format!("{}", json.display()))?;
        return Tokenizer::from_json(&bytes).with_context(|| format!("{}", json.display()));
    }
    let (vocab, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
    if !vocab.is_file() || !merges.is_file() {
        bail!(
            "{}: no tokenizer: neither tokenizer.json nor both vocab.json and merges.txt",
            folder.display()
        );
    }
    Tokenizer::from_files(&vocab, &merges)
}

impl Tensors {
    #[allow(unsafe_code)]
    fn map(path: &Path) -> Result<Self> {
        // SAFETY: the file is mapped for reading while its tensors are copied out of it; a program that shortens it
        // within that second could end this one, as with every reader of mapped weights.
        let mapped = unsafe { MmapedSafetensors::new(path) }.with_context(|| {
            format!("{}: not a whole safetensors file; fetch it again", path.display())
        })?;
        Ok(Self::Mapped(mapped))
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Memory(t) => t.get(name).is_ok(),
            Self::Mapped(t) => t.get(name).is_ok(),
        }
    }

    fn get(&self, name: &str) -> Result<Tensor> {
        match self {
            Self::Memory(t) => t.load(name, &Device::Cpu),
            Self::Mapped(t) => t.load(name, &Device::Cpu),
        }
        .with_context(|| format!("`{name}` is missing or unreadable"))
    }
}
