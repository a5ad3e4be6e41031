//! Training steps: batches in, loss out, weights updated. A step depends only on weights, moments, options and the step's
//! number, so a resumed run makes exactly the steps that an uninterrupted one would have made.

use super::{
    adamw::{self, Moments},
    backend::{Backend, Pass},
    cpu::Cpu,
    dataset::{Batch, Dataset},
    graph::Graph,
    options::Options,
    weights::Weights,
};
use crate::{model::Dropout, splitmix::mix};
use anyhow::{Result, ensure};
use candle_core::Device;
use std::time::Duration;

/// The weights in training, their optimizer state, and where the steps are computed.
pub struct Trainer {
    /// The weights. While training on a GPU, as of the last [`Trainer::copy_back`].
    pub weights: Weights,
    /// AdamW's state, in the order of [`Weights::trained`]. While training on a GPU, as of the last
    /// [`Trainer::copy_back`].
    pub moments: Vec<Moments>,
    /// How many steps were made.
    pub step: usize,
    backend: Box<dyn Backend>,
}

/// What a step reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The mean loss per token before the step, in nats.
    pub loss: f64,
    /// The gradient norm before clipping.
    pub norm: f64,
    /// The learning rate of the step.
    pub rate: f64,
}

impl Trainer {
    /// A trainer at step 0, on the CPU.
    pub fn new(weights: Weights) -> Self {
        let moments = weights.trained().iter().map(|(_, var)| Moments::new(var.elem_count()));
        let (moments, backend) = (moments.collect(), Box::new(Cpu::new(&weights)));
        Self { weights, moments, step: 0, backend }
    }

    /// Compute all further steps on a device of candle.
    ///
    /// # Errors
    /// When the device has too little memory.
    pub fn move_to(&mut self, device: &Device) -> Result<()> {
        self.backend = Box::new(Graph::new(&self.weights, &self.moments, device)?);
        Ok(())
    }

    /// Bring `weights` and `moments` up to date. Needed only when training on a GPU.
    ///
    /// # Errors
    /// When the device fails.
    pub fn copy_back(&mut self) -> Result<()> {
        self.backend.copy_back(&self.weights, &mut self.moments)
    }

    /// Make the next step on the windows whose turn it is. When loss or gradient norm are not finite, nothing is changed.
    ///
    /// # Errors
    /// When memory runs out or the device fails.
    pub fn step(&mut self, data: &Dataset, options: &Options) -> Result<Outcome> {
        let parts = options.accumulate;
        let batches: Vec<Batch> = (0..parts)
            .map(|part| {
                let first = (self.step * parts + part) * options.batch;
                data.batch(first, options.batch, options.window)
            })
            .collect();
        self.step_on(&batches, options)
    }

    /// Make one step on the given batches. Their gradients are accumulated.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn step_on(&mut self, batches: &[Batch], options: &Options) -> Result<Outcome> {
        let (loss, norm) = self.accumulate(batches, options)?;
        let rate = adamw::rate(options.learning_rate, self.step + 1, options.warmup, options.steps);
        if !loss.is_finite() || !norm.is_finite() {
            return Ok(Outcome { loss, norm, rate });
        }
        // gradient clipping by global norm (Pascanu et al. 2013)
        let scale = match options.clip {
            clip if clip > 0.0 && norm > clip => clip / norm,
            _ => 1.0,
        };
        self.step += 1;
        let update = options.optimizer().update(self.step, rate, scale);
        self.backend.update(&self.weights, &mut self.moments, &update)?;
        Ok(Outcome { loss, norm, rate })
    }

    /// Compute the gradients of the mean loss per token over some batches. Returns that loss, in nats, and the gradient
    /// norm.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn accumulate(&mut self, batches: &[Batch], options: &Options) -> Result<(f64, f64)> {
        let tokens: usize = batches.iter().map(|b| b.targets.len()).sum();
        self.backend.clear();
        let mut loss = 0.0;
        for (part, batch) in batches.iter().enumerate() {
            let pass = self.pass(options, part);
            loss += self.backend.accumulate(&self.weights, batch, pass, tokens)?;
        }
        Ok((loss / tokens as f64, self.backend.gradient_norm()?))
    }

    /// A copy of the gradients that [`Trainer::accumulate`] computed last, flattened, in the order of
    /// [`Weights::trained`].
    ///
    /// # Errors
    /// When there are none, or the device fails.
    pub fn gradients(&self) -> Result<Vec<Vec<f32>>> {
        self.backend.gradients()
    }

    /// Estimate how long a step will take. Leaves weights, moments and step number as they are.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn estimate(&mut self, data: &Dataset, options: &Options) -> Result<Duration> {
        let pass = self.pass(options, 0);
        let batch = data.batch(0, options.batch, options.window);
        let (optimizer, parts) = (options.optimizer(), options.accumulate);
        self.backend.estimate(&self.weights, &batch, pass, &optimizer, parts)
    }

    /// How the batch number `part` of the next step is run. Each batch draws other dropout masks.
    fn pass(&self, options: &Options, part: usize) -> Pass {
        let seed = mix(options.seed ^ mix((self.step * options.accumulate + part) as u64));
        Pass {
            window: options.window,
            dropout: Some(Dropout { rate: options.dropout, seed }),
            checkpointing: options.checkpointing,
        }
    }

    /// The mean loss per token over the first [`Options::validation_windows`] windows of a text, in nats, without
    /// dropout.
    ///
    /// # Errors
    /// As [`Trainer::step`], and when the text is shorter than a window.
    pub fn validate(&mut self, data: &Dataset, options: &Options) -> Result<f64> {
        let (mut sum, mut tokens) = (0.0, 0);
        for first in (0..options.validation_windows).step_by(options.batch) {
            let batch = data.in_order(first, options.batch, options.window);
            if batch.targets.is_empty() {
                break;
            }
            sum += self.backend.evaluate(&self.weights, &batch, options.window)?;
            tokens += batch.targets.len();
        }
        ensure!(
            tokens > 0,
            "the validation text is shorter than a window of {} tokens; lower --window",
            options.window
        );
        Ok(sum / tokens as f64)
    }
}
