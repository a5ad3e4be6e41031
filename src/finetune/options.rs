//! How a run learns: what it is begun with, and what a resumed one finds in its folder again.

use super::{adamw::AdamW, weights::Scope};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Everything that a step depends on beside weights and text, and when the run looks at itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The run's last step.
    pub steps: usize,
    /// Windows that are read together.
    pub batch: usize,
    /// Tokens of a window.
    pub window: usize,
    /// Batches whose gradients are added up for one step.
    pub accumulate: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to it.
    pub warmup: usize,
    /// What matrices lose in a step, times the learning rate.
    pub weight_decay: f64,
    /// AdamW's share of the old mean.
    pub beta1: f64,
    /// AdamW's share of the old mean of squares.
    pub beta2: f64,
    /// AdamW's small number.
    pub epsilon: f64,
    /// The longest that a gradient may be; 0 leaves it as it is.
    pub clip: f64,
    /// The share of values that is dropped.
    pub dropout: f32,
    /// Draws the order of windows, what is dropped, and samples.
    pub seed: u64,
    /// Which numbers learn.
    pub scope: Scope,
    /// Whether what blocks need on the way back is made again instead of kept: less memory, a third more time.
    pub checkpointing: bool,
    /// Steps between two validations.
    pub validate_every: usize,
    /// The most windows of a validation.
    pub validation_windows: usize,
    /// Validations in a row that may bring nothing better before the run ends; 0 for any number.
    pub patience: usize,
    /// Steps between two samples; 0 for none.
    pub sample_every: usize,
    /// Tokens of a sample.
    pub sample_length: usize,
    /// Steps between two checkpoints.
    pub save_every: usize,
    /// Checkpoints that stay.
    pub keep: usize,
    /// Steps between two lines.
    pub print_every: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            steps: 1000,
            batch: 4,
            window: 256,
            accumulate: 1,
            learning_rate: 1e-4,
            warmup: 20,
            weight_decay: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            clip: 1.0,
            dropout: 0.0,
            seed: 0,
            scope: Scope::Full,
            checkpointing: false,
            validate_every: 100,
            validation_windows: 64,
            patience: 0,
            sample_every: 100,
            sample_length: 60,
            save_every: 100,
            keep: 2,
            print_every: 1,
        }
    }
}

impl Options {
    /// What suits a model that is made from nothing.
    pub fn from_scratch() -> Self {
        Self { learning_rate: 1e-3, warmup: 100, batch: 8, ..Self::default() }
    }

    /// What no type says.
    ///
    /// # Errors
    /// When a number is outside its range; it is named as on the command line.
    pub fn check(&self) -> Result<()> {
        for (name, number) in [
            ("steps", self.steps),
            ("batch-size", self.batch),
            ("window", self.window),
            ("accumulate", self.accumulate),
            ("validate-every", self.validate_every),
            ("save-every", self.save_every),
            ("keep", self.keep),
            ("print-every", self.print_every),
        ] {
            ensure!(number > 0, "--{name}: at least 1");
        }
        let rate = self.learning_rate;
        ensure!(rate > 0.0 && rate <= 1.0, "--learning-rate: above 0 and at most 1, not {rate}");
        ensure!((0.0..1.0).contains(&self.dropout), "--dropout: from 0, below 1");
        for (name, number) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            ensure!((0.0..1.0).contains(&number), "{name}: from 0, below 1");
        }
        ensure!(self.clip >= 0.0, "--clip: 0 or more");
        ensure!(self.weight_decay >= 0.0, "--weight-decay: 0 or more");
        Ok(())
    }

    /// AdamW with these hyperparameters.
    pub fn optimizer(&self) -> AdamW {
        AdamW {
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            decay: self.weight_decay,
        }
    }

    /// Tokens that a step reads.
    pub fn tokens(&self) -> usize {
        self.batch * self.window * self.accumulate
    }
}
