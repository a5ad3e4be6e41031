//! The options of training. They are stored in `run.json`, so a resumed run keeps those it was started with.

use super::{adamw::AdamW, weights::Scope};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Everything that a step depends on besides weights and text, and how often the run validates, samples and saves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Total number of steps.
    pub steps: usize,
    /// Windows per batch.
    pub batch: usize,
    /// Tokens per window.
    pub window: usize,
    /// Batches per step, whose gradients are accumulated.
    pub accumulate: usize,
    /// The peak learning rate; see [`rate`](super::adamw::rate).
    pub learning_rate: f64,
    /// Steps over which the learning rate rises to its peak; 0 = it starts there.
    pub warmup: usize,
    /// AdamW's weight decay for matrices; biases and layer norms don't decay.
    pub weight_decay: f64,
    /// AdamW's decay rate of the first moment.
    pub beta1: f64,
    /// AdamW's decay rate of the second moment.
    pub beta2: f64,
    /// AdamW's epsilon, added to the denominator.
    pub epsilon: f64,
    /// Gradients whose norm is larger are scaled down to this norm; 0 = no clipping.
    pub clip: f64,
    /// Dropout probability, from 0 (off) to below 1.
    pub dropout: f32,
    /// Seed of the order of the windows, the dropout masks, new weights and the samples.
    pub seed: u64,
    /// Which weights are trained.
    pub scope: Scope,
    /// Gradient checkpointing (Chen et al. 2016): recompute activations in the backward pass instead of keeping them. Less
    /// memory, about a third more time.
    pub checkpointing: bool,
    /// Steps between validations.
    pub validate_every: usize,
    /// Maximum number of windows per validation.
    pub validation_windows: usize,
    /// Early stopping: the run ends after this many validations in a row without a lower loss; 0 = off.
    pub patience: usize,
    /// Steps between samples; 0 = no samples.
    pub sample_every: usize,
    /// Tokens per sample.
    pub sample_length: usize,
    /// Steps between checkpoints.
    pub save_every: usize,
    /// How many checkpoints are kept.
    pub keep: usize,
    /// Steps between lines of output.
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
    /// The defaults for training from scratch.
    pub fn from_scratch() -> Self {
        Self { learning_rate: 1e-3, warmup: 100, batch: 8, ..Self::default() }
    }

    /// Check the ranges.
    ///
    /// # Errors
    /// Names the option that is out of range, as on the command line.
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
            ensure!(number > 0, "--{name}: must be at least 1");
        }
        let rate = self.learning_rate;
        ensure!(rate > 0.0 && rate <= 1.0, "--learning-rate {rate}: must be above 0 and at most 1");
        ensure!(
            (0.0..1.0).contains(&self.dropout),
            "--dropout {}: must be at least 0 and below 1",
            self.dropout
        );
        for (name, number) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            ensure!(
                (0.0..1.0).contains(&number),
                "{name} {number}: must be at least 0 and below 1"
            );
        }
        ensure!(self.clip >= 0.0, "--clip {}: must be 0 or more", self.clip);
        ensure!(
            self.weight_decay >= 0.0,
            "--weight-decay {}: must be 0 or more",
            self.weight_decay
        );
        Ok(())
    }

    /// The options that differ from `other` and change the weights, as on the command line, each with both values. The
    /// number of steps is not one of them: a finished run continues when it is given a higher one.
    pub fn changed(&self, other: &Self) -> Vec<String> {
        let of = |options: &Self| {
            let scope = match &options.scope {
                Scope::Full => "all weights".to_owned(),
                Scope::Blocks => "--only-train-transformer-layers".to_owned(),
                Scope::Lora(lora) => {
                    format!(
                        "--lora {} of {} (alpha {})",
                        lora.rank,
                        lora.targets.join(","),
                        lora.alpha
                    )
                }
            };
            [
                ("--seed", options.seed.to_string()),
                ("--batch-size", options.batch.to_string()),
                ("--window", options.window.to_string()),
                ("--accumulate", options.accumulate.to_string()),
                ("--learning-rate", options.learning_rate.to_string()),
                ("--warmup", options.warmup.to_string()),
                ("--weight-decay", options.weight_decay.to_string()),
                ("--clip", options.clip.to_string()),
                ("--dropout", options.dropout.to_string()),
                ("trained weights:", scope),
            ]
        };
        let pairs = of(self).into_iter().zip(of(other));
        let differ = pairs.filter(|((_, mine), (_, its))| mine != its);
        differ.map(|((name, mine), (_, its))| format!("{name} {mine} instead of {its}")).collect()
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

    /// Tokens per step.
    pub fn tokens(&self) -> usize {
        self.batch * self.window * self.accumulate
    }
}
