//! Where a training step runs: [`Cpu`](super::cpu::Cpu), hand-written kernels on floats, or
//! [`Graph`](super::graph::Graph), candle's operations on a GPU. [`Trainer`](super::trainer::Trainer) holds one of them
//! and doesn't know which.

use super::{
    adamw::{AdamW, Moments, Update},
    dataset::Batch,
    weights::Weights,
};
use crate::model::Dropout;
use anyhow::Result;
use std::time::Duration;

/// How a batch is run forward and backward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Tokens per window.
    pub window: usize,
    /// The dropout rate and the seed of its masks; `None` = no dropout.
    pub dropout: Option<Dropout>,
    /// Gradient checkpointing (Chen et al. 2016): keep only each block's input and recompute its other activations in
    /// the backward pass.
    pub checkpointing: bool,
}

/// Computes and accumulates gradients, and applies them to the weights.
///
/// # Errors
/// All methods fail when tensors have unexpected shapes or the device fails or runs out of memory.
pub trait Backend {
    /// Start a new sum of gradients.
    fn clear(&mut self);

    /// Run `batch` forward and backward. Returns the sum of its token losses (cross-entropy, in nats) and adds the
    /// gradients of that sum, divided by `tokens`, to the accumulated ones. `tokens` counts the targets of all batches of
    /// the step, so that the accumulated gradients are those of the mean loss.
    fn accumulate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        tokens: usize,
    ) -> Result<f64>;

    /// The L2 norm of the accumulated gradients, over all trained parameters together. Also fails when a parameter got no
    /// gradient.
    fn gradient_norm(&self) -> Result<f64>;

    /// A copy of the accumulated gradients, flattened, in the order of [`Weights::trained`].
    fn gradients(&self) -> Result<Vec<Vec<f32>>>;

    /// Apply one optimizer step with the accumulated gradients. A GPU updates its own copies of weights and moments;
    /// [`Backend::copy_back`] brings them here.
    fn update(&mut self, weights: &Weights, moments: &mut [Moments], update: &Update)
    -> Result<()>;

    /// Copy trained weights and moments from the device into `weights` and `moments`. Does nothing on the CPU, which works
    /// on these themselves.
    fn copy_back(&self, weights: &Weights, moments: &mut [Moments]) -> Result<()>;

    /// The sum of the token losses of `batch` in nats, forward only and without dropout.
    fn evaluate(&mut self, weights: &Weights, batch: &Batch, window: usize) -> Result<f64>;

    /// Estimate how long a step of `parts` batches like `batch` will take. Leaves weights and moments as they are.
    fn estimate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        optimizer: &AdamW,
        parts: usize,
    ) -> Result<Duration>;
}
