//! From a folder, a file, or the binary itself, to a model that can read. Errors name the file and the way out.

use super::{
    Config, Gpt2, KvCache, Precision, Span, Tokenizer,
    gguf::Gguf,
    gpt2::{Raw, Source},
    memory, rounded,
    tensors::Safetensors,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    io::{BufReader, Cursor, Read, Seek},
    path::{Path, PathBuf},
};

const NOT_NUMBERS: &str = "the weights hold numbers that are none (NaN or infinite): the file is damaged or its \
     training diverged; fetch it again or take an earlier checkpoint";

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
static WEIGHTS: &[u8] = include_bytes!("../../models/inkwell/model.gguf");

impl Model {
    /// The small one that comes in the binary.
    ///
    /// # Errors
    /// Only when the binary was built with a broken one.
    pub fn embedded(precision: Precision) -> Result<Self> {
        let broken = "the model in this binary";
        let mut gguf = Gguf::open(Cursor::new(WEIGHTS)).context(broken)?;
        let tokenizer = embedded_tokenizer()?;
        let config = Config::parse(CONFIG).context(broken)?;
        let mut model = Self::from_gguf("inkwell", config, tokenizer, precision, &mut gguf)?;
        model.embedded = true;
        Ok(model)
    }

    /// A folder in the Hugging Face layout (`config.json`; `tokenizer.json`, or `vocab.json` and `merges.txt`;
    /// `model.safetensors` or `model.gguf`), or a GGUF file.
    ///
    /// # Errors
    /// For every file that is missing, torn or of another shape, with its name.
    pub fn open(path: &Path, precision: Precision) -> Result<Self> {
        if path.is_file() {
            return Self::open_gguf(path, precision);
        }
        let folder = path;
        if !folder.is_dir() {
            bail!("{}: no such model folder or file", folder.display());
        }
        let path = folder.join("config.json");
        let json = fs::read(&path).with_context(|| {
            format!("{}: a model folder needs one; is this the folder?", path.display())
        })?;
        let config = Config::parse(&json).with_context(|| format!("{}", path.display()))?;
        let tokenizer = open_tokenizer(folder)?;
        let name = name_of(folder);
        let weights = folder.join("model.safetensors");
        if weights.is_file() {
            if let Some(model) = rounded::open(&weights, &name, &config, &json, precision) {
                return Ok(model);
            }
            let tensors = Safetensors::map(&weights)?;
            let model = Self::assemble(
                &name,
                config,
                tokenizer,
                precision,
                &mut |name, shape| tensors.get(name, shape),
                tensors.has("lm_head.weight"),
            )
            .with_context(|| format!("{}", weights.display()))?;
            rounded::save(&weights, &model, &json, precision);
            return Ok(model);
        }
        let gguf = folder.join("model.gguf");
        if gguf.is_file() {
            let mut file = open_gguf(&gguf)?;
            return Self::from_gguf(&name, config, tokenizer, precision, &mut file)
                .with_context(|| format!("{}", gguf.display()));
        }
        bail!("{}: missing; the weights have to lie beside config.json", weights.display())
    }

    /// One GGUF file, its tokenizer in it.
    fn open_gguf(path: &Path, precision: Precision) -> Result<Self> {
        let mut gguf = open_gguf(path)?;
        let mut read = || {
            let config = gguf.config()?;
            let tokenizer = gguf.tokenizer()?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Self::from_gguf(&name, config, tokenizer, precision, &mut gguf)
        };
        read().with_context(|| format!("{}", path.display()))
    }

    /// From an open GGUF file, with a configuration and a tokenizer from wherever.
    pub(super) fn from_gguf<R: Read + Seek>(
        name: &str,
        config: Config,
        tokenizer: Tokenizer,
        precision: Precision,
        gguf: &mut Gguf<R>,
    ) -> Result<Self> {
        let has_head = gguf.has("lm_head.weight");
        Self::assemble(name, config, tokenizer, precision, &mut |name, _| gguf.get(name), has_head)
    }

    fn assemble(
        name: &str,
        mut config: Config,
        tokenizer: Tokenizer,
        precision: Precision,
        get: &mut Source,
        has_head: bool,
    ) -> Result<Self> {
        ensure!(
            tokenizer.size() <= config.vocab_size,
            "the tokenizer numbers tokens up to {}, but the weights are for {}: they belong to different models",
            tokenizer.size(),
            config.vocab_size
        );
        memory::check(&config, precision)?;
        // A head that the configuration promises and the file lacks is the embedding, as it was published.
        config.tie_word_embeddings |= !has_head;
        let network = Gpt2::load(config, precision, &mut |name, shape| {
            let tensor = get(name, shape)?;
            let (mut want, got) = (shape.to_vec(), tensor.dims());
            if matches!(tensor, Raw::Ggml(_)) && name.starts_with("h.") {
                want.reverse();
            }
            ensure!(got == want, "`{name}` has the shape {got:?}; config.json asks for {want:?}");
            if let Raw::Float(floats) = &tensor {
                // Here, since 8-bit weights would hide a NaN from the first pass below.
                ensure!(
                    floats.sum_all()?.to_scalar::<f32>()?.is_finite(),
                    "`{name}`: {NOT_NUMBERS}"
                );
            }
            Ok(tensor)
        })?;
        let model = Self { name: name.into(), network, tokenizer, embedded: false };
        model.check()?;
        Ok(model)
    }

    /// A first pass, so that weights that are not numbers are found here and not on the page.
    fn check(&self) -> Result<()> {
        let mut cache = KvCache::new(&self.network.config);
        let ids = [self.tokenizer.end().unwrap_or(0)];
        let x = self.network.read(&mut [Span { ids: &ids, cache: &mut cache }])?;
        let logits: Vec<f32> = self.network.head(&x)?.flatten_all()?.to_vec1()?;
        ensure!(logits.iter().all(|x| x.is_finite()), "{NOT_NUMBERS}");
        Ok(())
    }
}

fn open_gguf(path: &Path) -> Result<Gguf<BufReader<fs::File>>> {
    let open = || Gguf::open(BufReader::with_capacity(1 << 20, fs::File::open(path)?));
    open().with_context(|| format!("{}", path.display()))
}

/// A folder's own name, also for `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| PathBuf::from(folder));
    whole.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

/// The tokenizer of the model in the binary.
pub(super) fn embedded_tokenizer() -> Result<Tokenizer> {
    Tokenizer::from_json(TOKENIZER).context("the tokenizer in this binary")
}

pub(super) fn open_tokenizer(folder: &Path) -> Result<Tokenizer> {
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
