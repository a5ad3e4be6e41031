//! From files, or the binary itself, to a model that can read. Errors name the file and the way out.

use super::{
    Config, Gpt2, KvCache, Memorized, Precision, Span, Tokenizer, find::EMBEDDED,
    formats::Checkpoint, gpt2::Source, memory, rounded,
};
use anyhow::{Context, Result, ensure};
use std::path::Path;

pub(super) const NOT_NUMBERS: &str = "the weights hold numbers that are none (NaN or infinite): the file is damaged or its \
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
    /// What stands in the text that it was taught, where an index of it lies beside it.
    pub memorized: Option<Memorized>,
}

static CONFIG: &[u8] = include_bytes!("../../models/inkwell/config.json");
static TOKENIZER: &[u8] = include_bytes!("../../models/inkwell/tokenizer.json");
static WEIGHTS: &[u8] = include_bytes!("../../models/inkwell/model.gguf");

impl Checkpoint {
    /// The model that comes in the binary.
    ///
    /// # Errors
    /// Only when the binary was built with a broken one.
    pub fn embedded() -> Result<Self> {
        let config = Config::parse(CONFIG);
        let open =
            config.and_then(|c| Self::in_program(EMBEDDED, c, embedded_tokenizer()?, WEIGHTS));
        open.context("the model in this binary")
    }
}

/// The model in the binary, without reading it: its name, and its size in words.
pub fn in_the_program() -> [String; 2] {
    let parameters = Config::parse(CONFIG).map_or(0, |config| config.parameters());
    let (millions, bytes) = (parameters as f64 / 1e6, memory::size(WEIGHTS.len() as u64));
    let size = format!("{millions:.1} million parameters ({bytes})");
    [super::EMBEDDED.to_owned(), size]
}

impl Model {
    /// The small one that comes in the binary.
    ///
    /// # Errors
    /// Only when the binary was built with a broken one.
    pub fn embedded(precision: Precision) -> Result<Self> {
        let mut model = Self::from_checkpoint(Checkpoint::embedded()?, precision)?;
        model.embedded = true;
        Ok(model)
    }

    /// Whatever [`Checkpoint::open`] opens.
    ///
    /// # Errors
    /// For every file that is missing, torn or of another shape, with its name.
    pub fn open(path: &Path, precision: Precision) -> Result<Self> {
        let mut model = Self::from_checkpoint(Checkpoint::open(path)?, precision)?;
        model.memorized = Memorized::find(path)?;
        Ok(model)
    }

    /// Read an open checkpoint. What was rounded before is taken from where it was kept.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_checkpoint(mut from: Checkpoint, precision: Precision) -> Result<Self> {
        if let Some(network) = rounded::open(&from, precision) {
            let Checkpoint { name, tokenizer, .. } = from;
            return Ok(Self { name, network, tokenizer, embedded: false, memorized: None });
        }
        let config = from.config.clone();
        let end = fits(&from.tokenizer, &config).with_context(|| from.place())?;
        let network = assemble(config, end, precision, &mut |name, shape| from.get(name, shape))?;
        rounded::save(&from, &network, precision);
        let Checkpoint { name, tokenizer, .. } = from;
        Ok(Self { name, network, tokenizer, embedded: false, memorized: None })
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
    let network = Gpt2::load(config, precision, get)?;
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

/// The tokenizer of the model in the binary.
pub(super) fn embedded_tokenizer() -> Result<Tokenizer> {
    Tokenizer::from_json(TOKENIZER).context("the tokenizer in this binary")
}
