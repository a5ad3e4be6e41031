//! One step after the other: windows in, a loss out, and weights that are a little better. A function of the weights,
//! the moments and the step's number alone.

use super::{
    adamw::{self, AdamW, Moments},
    dataset::{Batch, Dataset},
    loss::{self, cross_entropy},
    options::Options,
    weights::Weights,
};
use crate::model::{Dropout, Gpt2, kernels::mix};
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};

/// Weights that learn, and what the optimizer remembers of them.
pub struct Trainer {
    /// The weights.
    pub weights: Weights,
    /// What AdamW remembers, in the order of [`Weights::trained`].
    pub moments: Vec<Moments>,
    /// How many steps were made.
    pub step: usize,
}

/// What a step says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The mean loss of a token before the step, in nats.
    pub loss: f64,
    /// The length of the gradient before it was clipped.
    pub norm: f64,
    /// The learning rate.
    pub rate: f64,
}

impl Trainer {
    /// At step 0.
    pub fn new(weights: Weights) -> Self {
        let moments = weights.trained().iter().map(|(_, var)| Moments::new(var.elem_count()));
        Self { moments: moments.collect(), step: 0, weights }
    }

    /// One step on the windows that are its turn. When the loss or the gradient is no number, nothing is changed.
    ///
    /// # Errors
    /// When shapes do not fit, or memory ends.
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

    /// One step on the given windows, their gradients added up.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn step_on(&mut self, batches: &[Batch], options: &Options) -> Result<Outcome> {
        let network = self.weights.network()?;
        let all: usize = batches.iter().map(|b| b.targets.len()).sum();
        let (mut loss, mut gradients) = (0.0, Vec::new());
        for (part, batch) in batches.iter().enumerate() {
            let seed = mix(options.seed ^ mix((self.step * batches.len() + part) as u64));
            let dropout = Some(Dropout { rate: options.dropout, seed });
            let share = 1.0 / all as f32;
            let (sum, own) = self.gradients(&network, batch, options.window, dropout, share)?;
            loss += sum / all as f64;
            gradients = match gradients.is_empty() {
                true => own,
                false => {
                    let pairs = gradients.iter().zip(&own);
                    pairs.map(|(a, b)| a + b).collect::<candle_core::Result<_>>()?
                }
            };
        }
        let norm = adamw::norm(&gradients)?;
        let rate = adamw::rate(options.learning_rate, self.step + 1, options.warmup, options.steps);
        if !loss.is_finite() || !norm.is_finite() {
            return Ok(Outcome { loss, norm, rate });
        }
        let scale = match options.clip {
            clip if clip > 0.0 && norm > clip => clip / norm,
            _ => 1.0,
        };
        self.step += 1;
        let optimizer = AdamW {
            beta1: options.beta1,
            beta2: options.beta2,
            epsilon: options.epsilon,
            decay: options.weight_decay,
        };
        let parameters = self.weights.trained().iter().zip(&mut self.moments).zip(&gradients);
        for (((_, parameter), moments), gradient) in parameters {
            optimizer.step(parameter, moments, gradient, (self.step, rate), scale)?;
        }
        Ok(Outcome { loss, norm, rate })
    }

    /// The sum of the losses of a batch, and the gradients of `share` times it.
    fn gradients(
        &self,
        network: &Gpt2,
        batch: &Batch,
        time: usize,
        dropout: Option<Dropout>,
        share: f32,
    ) -> Result<(f64, Vec<Tensor>)> {
        let hidden = network.forward_training(&ids_of(batch, time)?, dropout)?;
        let (head_name, head) = self.weights.head()?;
        let (sum, back) = cross_entropy(&hidden, head, &batch.targets, Some(share))?;
        let back = back.context("gradients were asked for")?;
        // A sum whose gradient is the one that came back, so that candle goes on with it from here.
        let mut store = (hidden * back.hidden)?.sum_all()?.backward()?;
        let mut gradients = Vec::new();
        for (name, parameter) in self.weights.trained() {
            let own = store.remove(parameter.as_tensor());
            gradients.push(match own {
                Some(own) if name == head_name => (own + &back.head)?,
                None if name == head_name => back.head.clone(),
                own => own.with_context(|| format!("`{name}` got no gradient"))?,
            });
        }
        Ok((sum, gradients))
    }

    /// The mean loss of a token over at most so many windows of a text, in nats, nothing dropped.
    ///
    /// # Errors
    /// When shapes do not fit, or memory ends.
    pub fn validate(&self, data: &Dataset, options: &Options) -> Result<f64> {
        let network = self.weights.network()?;
        let head = self.weights.head()?.1;
        let (mut sum, mut tokens) = (0.0, 0);
        for first in (0..options.validation_windows).step_by(options.batch) {
            let batch = data.in_order(first, options.batch, options.window);
            if batch.targets.is_empty() {
                break;
            }
            let hidden = network.forward(&ids_of(&batch, options.window)?)?.detach();
            sum += loss::cross_entropy(&hidden, head, &batch.targets, None)?.0;
            tokens += batch.targets.len();
        }
        Ok(sum / tokens.max(1) as f64)
    }
}

/// The inputs of a batch, (b, t).
fn ids_of(batch: &Batch, time: usize) -> Result<Tensor> {
    let rows = batch.inputs.len() / time;
    Ok(Tensor::from_slice(&batch.inputs, (rows, time), &Device::Cpu)?)
}
