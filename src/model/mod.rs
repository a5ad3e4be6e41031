//! The network, its tokenizer and its weights. This module knows nothing about prompts or sampling.

mod cache;
mod families;
pub mod gpt2;
pub mod kernels;
mod linear;
pub mod llama;
pub mod memorized;
pub mod memory;
pub mod network;
mod ops;
mod random;
pub mod tensors;
pub mod tokenizer;

pub use cache::KvCache;
pub use families::{family, parse_config};
pub use gpt2::{Gpt2, Windows};
pub use linear::{Floats, Precision, Weight, with_floats};
pub use memorized::Memorized;
pub use network::{Architecture, Network, Span};
pub use ops::{Activation, Dropout};
pub use random::Shape;
pub use tensors::{Kind, Raw, Spec, Tensors};
pub use tokenizer::Tokenizer;

use crate::token::Defaults;
use anyhow::{Context, Result, ensure};
use std::any::Any;

/// The error for weights that contain NaN or infinity.
pub const NOT_NUMBERS: &str = "the weights contain NaN or infinity: the file is damaged or its training diverged; fetch \
                               it again or take an earlier checkpoint";

/// A network in memory with its tokenizer.
pub struct Model {
    /// Its name, as front ends show it.
    pub name: String,
    /// The network.
    pub network: Box<dyn Network>,
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// The SHA-256 of its weights, if it was read from files or the binary.
    pub sha256: Option<String>,
    /// Whether it is the model in the binary.
    pub embedded: bool,
    /// The index of its training text, if there is one beside its weights.
    pub memorized: Option<Memorized>,
    /// The length of the context in tokens: the network's, or what memory allows.
    pub context: usize,
    /// What its files say about it.
    pub about: About,
}

/// What a model's files say besides its weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Notes for the user, in sentences.
    pub notes: Vec<String>,
    /// The sampling values that they recommend.
    pub defaults: Defaults,
}

impl Model {
    /// A model without an index of its training text.
    pub fn new(name: String, network: Box<dyn Network>, tokenizer: Tokenizer) -> Self {
        let context = memory::context(&*network);
        let about = About::default();
        let (sha256, memorized) = (None, None);
        Self { name, network, tokenizer, sha256, embedded: false, memorized, context, about }
    }

    /// Build a network from tensors that are checked as they are read, and run it once on one token, so that NaN in the
    /// weights is found here and not while generating.
    ///
    /// # Errors
    /// When memory is insufficient, a tensor is missing or has another shape, or the logits are not finite.
    pub fn assemble(
        config: &dyn Architecture,
        precision: Precision,
        from: &mut dyn Tensors,
    ) -> Result<Box<dyn Network>> {
        memory::check(config, precision)?;
        let network = config.load(precision, from)?;
        let token = config.end().filter(|&id| (id as usize) < config.dims().vocabulary);
        let x = network
            .read(&mut [Span { ids: &[token.unwrap_or(0)], cache: &mut network.cache() }])?;
        let logits: Vec<f32> = network.head(&x)?.flatten_all()?.to_vec1()?;
        ensure!(logits.iter().all(|x| x.is_finite()), "{NOT_NUMBERS}");
        Ok(network)
    }

    /// Whether a token ends a text.
    pub fn is_end(&self, id: u32) -> bool {
        self.tokenizer.is_end(id) || self.network.config().ends().contains(&id)
    }

    /// The network as GPT-2, for training.
    ///
    /// # Errors
    /// When it belongs to another family.
    pub fn into_gpt2(self) -> Result<(Gpt2, Tokenizer)> {
        let family = self.network.config().family();
        let network: Box<dyn Any> = self.network;
        let network = network.downcast::<Gpt2>().ok().map(|network| *network);
        let why = || format!("{}: a `{family}` model; only `gpt2` can be trained here", self.name);
        Ok((network.with_context(why)?, self.tokenizer))
    }
}

/// Check that a tokenizer's vocabulary fits the network's.
///
/// # Errors
/// When the tokenizer has more tokens.
pub fn fits(tokenizer: &Tokenizer, config: &dyn Architecture) -> Result<()> {
    ensure!(
        tokenizer.size() <= config.dims().vocabulary,
        "the tokenizer numbers tokens up to {}, but the weights are for {}: they belong to different models",
        tokenizer.size(),
        config.dims().vocabulary
    );
    Ok(())
}
