//! From files, or the binary itself, to a model that can read. Errors name the file and the way out.

use super::{
    Config, Gpt2, KvCache, Precision, Span, Tokenizer,
    formats::{Checkpoint, gguf::Gguf},
    gpt2::{Raw, Source},
    memory, rounded,
};
use anyhow::{Context, Result, ensure};
use std::{io::Cursor, path::Path};

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
        let mut config = Config::parse(CONFIG).context(broken)?;
        config.tie_word_embeddings |= !gguf.has("lm_head.weight");
        let end = fits(&tokenizer, &config)?;
        let network = assemble(config, end, precision, &mut |name, shape| gguf.get(name, shape))?;
        Ok(Self { name: "inkwell".into(), network, tokenizer, embedded: true })
    }

    /// Whatever [`Checkpoint::open`] opens.
    ///
    /// # Errors
    /// For every file that is missing, torn or of another shape, with its name.
    pub fn open(path: &Path, precision: Precision) -> Result<Self> {
        Self::from_checkpoint(Checkpoint::open(path)?, precision)
    }

    /// Read an open checkpoint. What was rounded before is taken from where it was kept.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_checkpoint(mut from: Checkpoint, precision: Precision) -> Result<Self> {
        if let Some(network) = rounded::open(&from, precision) {
            let Checkpoint { name, tokenizer, .. } = from;
            return Ok(Self { name, network, tokenizer, embedded: false });
        }
        let (config, files) = (from.config.clone(), from.files());
        let end = fits(&from.tokenizer, &config);
        let network = end.and_then(|end| {
            assemble(config, end, precision, &mut |name, shape| from.get(name, shape))
        });
        let network = network.with_context(|| match &files[..] {
            [file] => format!("{}", file.display()),
            _ => from.name.clone(),
        })?;
        rounded::save(&from, &network, precision);
        let Checkpoint { name, tokenizer, .. } = from;
        Ok(Self { name, network, tokenizer, embedded: false })
    }
}

/// A network of tensors that are checked one by one as they come; `end` is the token for a first pass.
pub(super) fn assemble(
    config: Config,
    end: u32,
    precision: Precision,
    get: &mut Source,
) -> Result<Gpt2> {
    memory::check(&config, precision)?;
    let network = Gpt2::load(config, precision, &mut |name, shape| checked(name, shape, get))?;
    // So that weights that are not numbers are found here and not on the page.
    let mut cache = KvCache::new(&network.config);
    let x = network.read(&mut [Span { ids: &[end], cache: &mut cache }])?;
    let logits: Vec<f32> = network.head(&x)?.flatten_all()?.to_vec1()?;
    ensure!(logits.iter().all(|x| x.is_finite()), "{NOT_NUMBERS}");
    Ok(network)
}

/// Whether a vocabulary is for weights of this shape; its token for a first pass.
///
/// # Errors
/// When it is not.
pub(super) fn fits(tokenizer: &Tokenizer, config: &Config) -> Result<u32> {
    ensure!(
        tokenizer.size() <= config.vocab_size,
        "the tokenizer numbers tokens up to {}, but the weights are for {}: they belong to different models",
        tokenizer.size(),
        config.vocab_size
    );
    Ok(tokenizer.end().unwrap_or(0))
}

/// A tensor that has the shape asked for, and only numbers in it.
///
/// # Errors
/// When it has not.
pub fn checked(name: &str, shape: &[usize], get: &mut Source) -> Result<Raw> {
    let tensor = get(name, shape)?;
    let (mut want, got) = (shape.to_vec(), tensor.dims());
    if matches!(tensor, Raw::Ggml(_)) && name.starts_with("h.") {
        want.reverse();
    }
    ensure!(got == want, "`{name}` has the shape {got:?}; config.json asks for {want:?}");
    if let Raw::Float(floats) = &tensor {
        // Here, since 8-bit weights would hide a NaN from the first pass below.
        let sum = floats.sum_all()?.to_scalar::<f32>()?;
        ensure!(sum.is_finite(), "`{name}`: {NOT_NUMBERS}");
    }
    Ok(tensor)
}

/// The tokenizer of the model in the binary.
pub(super) fn embedded_tokenizer() -> Result<Tokenizer> {
    Tokenizer::from_json(TOKENIZER).context("the tokenizer in this binary")
}
