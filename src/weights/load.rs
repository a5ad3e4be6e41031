//! Loads models from files or from the binary itself.

use super::{Checkpoint, quantized, sum};
use crate::model::{
    About, Memorized, Model, Precision, Shape, Tokenizer, fits, memory, parse_config,
};
use anyhow::{Context, Result};
use std::{path::Path, thread};

/// The name of the embedded model.
pub const EMBEDDED: &str = "inkwell";

static CONFIG: &[u8] = include_bytes!("../../models/inkwell/config.json");
static TOKENIZER: &[u8] = include_bytes!("../../models/inkwell/tokenizer.json");
static WEIGHTS: &[u8] = include_bytes!("../../models/inkwell/model.gguf");

/// Load the small model that is embedded in the binary.
///
/// # Errors
/// Only when the embedded model is damaged.
pub fn embedded(precision: Precision) -> Result<Model> {
    let mut model = Checkpoint::embedded()?.load(precision)?;
    model.embedded = true;
    Ok(model)
}

/// Load a model from any path that [`Checkpoint::open`] opens, with the index of its training text if there is one.
///
/// # Errors
/// When a file is missing, truncated or of another shape; the error names it.
pub fn open(path: &Path, precision: Precision) -> Result<Model> {
    let mut model = Checkpoint::open(path)?.load(precision)?;
    model.memorized = Memorized::find(path)?;
    Ok(model)
}

/// A model of a published size with random weights and the embedded model's tokenizer, for benchmarks.
///
/// # Errors
/// When there isn't enough memory.
pub fn random(shape: Shape, precision: Precision) -> Result<Model> {
    Model::random(shape, precision, embedded_tokenizer()?)
}

/// The tokenizer of the embedded model.
fn embedded_tokenizer() -> Result<Tokenizer> {
    Tokenizer::from_json(TOKENIZER).context("the tokenizer in this binary")
}

/// The name of the embedded model and its size as text, for `--version`.
pub fn about_embedded() -> [String; 2] {
    let parameters = parse_config(CONFIG).map_or(0, |config| config.parameters());
    let (millions, bytes) = (parameters as f64 / 1e6, memory::size(WEIGHTS.len() as u64));
    [EMBEDDED.to_owned(), format!("{millions:.1} million parameters ({bytes})")]
}

impl Checkpoint {
    /// Open the embedded model without loading it.
    ///
    /// # Errors
    /// Only when the embedded model is damaged.
    pub fn embedded() -> Result<Self> {
        let config = parse_config(CONFIG);
        let open =
            config.and_then(|c| Self::in_program(EMBEDDED, c, embedded_tokenizer()?, WEIGHTS));
        open.context("the model in this binary")
    }

    /// Load the network. If an earlier start cached the quantized weights, they are read from the cache (see
    /// `quantized`).
    ///
    /// # Errors
    /// When a tensor is missing, truncated or of another shape, or there isn't enough memory; the error names the
    /// file.
    pub fn load(mut self, precision: Precision) -> Result<Model> {
        fits(&self.tokenizer, &*self.config).with_context(|| self.place())?;
        memory::check(&*self.config, precision).with_context(|| self.place())?;
        let config = self.config.clone();
        // Large files that weren't summed before are read meanwhile.
        let files = self.files();
        let sum = thread::spawn(move || sum::of(&files));
        let cached = self
            .is_plain()
            .then(|| quantized::open(&self, precision))
            .flatten()
            .and_then(|mut cached| Model::assemble(&*config, precision, &mut cached).ok());
        let network = match cached {
            Some(network) => network,
            None => {
                let network = Model::assemble(&*config, precision, &mut self)?;
                if self.is_plain() {
                    quantized::save(&self, &*network, precision);
                }
                network
            }
        };
        let sha256 = match sum.join() {
            Ok(Ok(sum)) => Some(sum),
            Ok(Err(error)) => {
                tracing::warn!("receipts won't name the weights: {error:#}");
                None
            }
            Err(_) => None,
        };
        let about = About { notes: self.notes, defaults: self.defaults };
        Ok(Model { sha256, about, ..Model::new(self.name, network, self.tokenizer) })
    }
}
