//! The network, its tokenizer and its weights. Knows nothing of prompts or sampling.

mod cache;
mod config;
mod gpt2;
pub mod kernels;
mod linear;
pub mod memorized;
pub mod memory;
mod ops;
mod random;
pub mod tokenizer;

pub use cache::KvCache;
pub use config::Config;
pub use gpt2::{Gpt2, Part, Raw, Source, Span, Windows};
pub use linear::{Floats, Precision, Weight, with_floats};
pub use memorized::Memorized;
pub use ops::Dropout;
pub use random::Shape;
pub use tokenizer::Tokenizer;

use anyhow::{Result, ensure};

/// Why weights that hold NaN or infinity are refused.
pub const NOT_NUMBERS: &str = "the weights contain NaN or infinity: the file is damaged or its training diverged; fetch \
                               it again or take an earlier checkpoint";

/// A network in memory with its tokenizer.
pub struct Model {
    /// Its name, as front ends show it.
    pub name: String,
    /// The network.
    pub network: Gpt2,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Whether it is the one in the binary.
    pub embedded: bool,
    /// The index of its training text, if there is one beside its weights.
    pub memorized: Option<Memorized>,
}

impl Model {
    /// A model without an index of its training text.
    pub fn new(name: String, network: Gpt2, tokenizer: Tokenizer) -> Self {
        Self { name, network, tokenizer, embedded: false, memorized: None }
    }

    /// Build a network from tensors that are checked one by one as they are read, and run it once on one token (`end`,
    /// or token 0), so that weights with NaN are found here and not when text is generated.
    ///
    /// # Errors
    /// When memory is short, a tensor is missing or has another shape, or the logits are not finite.
    pub fn assemble(
        config: Config,
        end: Option<u32>,
        precision: Precision,
        get: &mut Source,
    ) -> Result<Gpt2> {
        memory::check(&config, precision)?;
        let network = Gpt2::load(config, precision, get)?;
        let mut cache = KvCache::new(&network.config);
        let x = network.read(&mut [Span { ids: &[end.unwrap_or(0)], cache: &mut cache }])?;
        let logits: Vec<f32> = network.head(&x)?.flatten_all()?.to_vec1()?;
        ensure!(logits.iter().all(|x| x.is_finite()), "{NOT_NUMBERS}");
        Ok(network)
    }
}

/// Check that a tokenizer's vocabulary fits a network's.
///
/// # Errors
/// When the tokenizer has more tokens.
pub fn fits(tokenizer: &Tokenizer, config: &Config) -> Result<()> {
    ensure!(
        tokenizer.size() <= config.vocab_size,
        "the tokenizer numbers tokens up to {}, but the weights are for {}: they belong to different models",
        tokenizer.size(),
        config.vocab_size
    );
    Ok(())
}
