//! One step after the other: windows in, a loss out, and weights that are a little better. A function of the weights,
//! the moments and the step's number alone.

use super::{
    adamw::{self, AdamW, Moments},
    dataset::{Batch, Dataset},
    gradients::Gradients,
    graph::Graph,
    options::Options,
    pass::{Buffers, Manner},
    weights::Weights,
};
use crate::model::{Dropout, kernels::mix};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Var};
use std::time::{Duration, Instant};

/// Weights that learn, and what the optimizer remembers of them.
pub struct Trainer {
    /// The weights.
    pub weights: Weights,
    /// What AdamW remembers, in the order of [`Weights::trained`].
    pub moments: Vec<Moments>,
    /// How many steps were made.
    pub step: usize,
    gradients: Gradients,
    buffers: Buffers,
    /// The same on a GPU, where it learns there.
    graph: Option<Graph>,
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
        let lengths = weights.trained().iter().map(|(name, var)| (name.clone(), var.elem_count()));
        let gradients = Gradients::new(lengths);
        let moments = weights.trained().iter().map(|(_, var)| Moments::new(var.elem_count()));
        let (moments, buffers) = (moments.collect(), Buffers::default());
        Self { moments, step: 0, gradients, buffers, graph: None, weights }
    }

    /// Learn on a device from now on.
    ///
    /// # Errors
    /// When it has too little memory.
    pub fn move_to(&mut self, device: &Device) -> Result<()> {
        self.gradients = Gradients::new(std::iter::empty());
        self.graph = Some(Graph::new(&self.weights, &self.moments, device)?);
        Ok(())
    }

    /// Bring what a device has learnt into weights and moments here.
    ///
    /// # Errors
    /// When the device fails.
    pub fn fetch(&mut self) -> Result<()> {
        match &self.graph {
            Some(graph) => graph.fetch(&self.weights, &mut self.moments),
            None => Ok(()),
        }
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
        let (loss, norm) = self.gradients(batches, options)?;
        let rate = adamw::rate(options.learning_rate, self.step + 1, options.warmup, options.steps);
        if !loss.is_finite() || !norm.is_finite() {
            return Ok(Outcome { loss, norm, rate });
        }
        let scale = match options.clip {
            clip if clip > 0.0 && norm > clip => clip / norm,
            _ => 1.0,
        };
        self.step += 1;
        let optimizer = optimizer(options);
        if let Some(graph) = &mut self.graph {
            graph.step(&optimizer, (self.step, rate), scale)?;
            return Ok(Outcome { loss, norm, rate });
        }
        let parameters = self.weights.trained().iter().zip(&mut self.moments);
        for (((_, parameter), moments), gradient) in parameters.zip(self.gradients.values()) {
            optimizer.step(parameter, moments, gradient, (self.step, rate), scale)?;
        }
        Ok(Outcome { loss, norm, rate })
    }

    /// Add up the gradients of the mean loss of a token over some windows; gives it, and their length.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn gradients(&mut self, batches: &[Batch], options: &Options) -> Result<(f64, f64)> {
        if self.graph.is_some() {
            return self.gradients_there(batches, options);
        }
        let view = self.weights.view()?;
        let all: usize = batches.iter().map(|b| b.targets.len()).sum();
        self.gradients.clear();
        let mut loss = 0.0;
        for (part, batch) in batches.iter().enumerate() {
            let manner = self.manner(options, part);
            let share = 1.0 / all as f32;
            loss += view.learn(batch, manner, share, &mut self.gradients, &mut self.buffers)?;
        }
        if let Some(name) = self.gradients.missing() {
            anyhow::bail!("`{name}` got no gradient");
        }
        Ok((loss / all as f64, self.gradients.norm()))
    }

    fn gradients_there(&mut self, batches: &[Batch], options: &Options) -> Result<(f64, f64)> {
        let manners: Vec<Manner> = (0..batches.len()).map(|i| self.manner(options, i)).collect();
        let all: usize = batches.iter().map(|b| b.targets.len()).sum();
        let Self { graph, weights, .. } = self;
        let graph = graph.as_mut().context("no device")?;
        graph.clear();
        let mut loss = 0.0;
        for (batch, manner) in batches.iter().zip(manners) {
            loss += graph.learn(weights, batch, manner, 1.0 / all as f64).context(
                "on the GPU; when its memory ended: lower --batch-size or --window, or give \
                 --gradient-checkpointing",
            )?;
        }
        Ok((loss / all as f64, graph.norm()?))
    }

    /// How long a step will take. Changes nothing that a step looks at.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn time(&mut self, data: &Dataset, options: &Options) -> Result<Duration> {
        let manner = self.manner(options, 0);
        let batch = data.batch(0, options.batch, options.window);
        if self.graph.is_some() {
            // once for what is made at the first use
            self.gradients_there(std::slice::from_ref(&batch), options)?;
            let begun = Instant::now();
            self.gradients_there(&[batch], options)?;
            return Ok(begun.elapsed() * options.accumulate as u32);
        }
        let view = self.weights.view()?;
        let part = view.time(&batch, manner, &mut self.gradients, &mut self.buffers)?;
        // AdamW reads and writes seven numbers for each that learns, as it does here.
        let length = self.weights.count().min(1 << 23);
        let (mut moments, scratch) = (Moments::new(length), vec![0.0; length]);
        let parameter = Var::zeros(length, DType::F32, &Device::Cpu)?;
        let mut best = Duration::MAX;
        for _ in 0..2 {
            let begun = Instant::now();
            optimizer(options).step(&parameter, &mut moments, &scratch, (1, 0.0), 1.0)?;
            best = best.min(begun.elapsed());
        }
        let change = best.mul_f64(1.15 * self.weights.count() as f64 / length.max(1) as f64);
        Ok(part * options.accumulate as u32 + change)
    }

    fn manner(&self, options: &Options, part: usize) -> Manner {
        let seed = mix(options.seed ^ mix((self.step * options.accumulate + part) as u64));
        Manner {
            time: options.window,
            dropout: Some(Dropout { rate: options.dropout, seed }),
            checkpointing: options.checkpointing,
        }
    }

    /// The gradients that were added up last, in the order of [`Weights::trained`].
    pub fn last_gradients(&self) -> impl Iterator<Item = &[f32]> {
        self.gradients.values()
    }

    /// The mean loss of a token over at most so many windows of a text, in nats, nothing dropped.
    ///
    /// # Errors
    /// When shapes do not fit, or memory ends.
    pub fn validate(&mut self, data: &Dataset, options: &Options) -> Result<f64> {
        let manner = self.manner(options, 0);
        let Self { weights, graph, buffers, .. } = self;
        let view = weights.view()?;
        let (mut sum, mut tokens) = (0.0, 0);
        for first in (0..options.validation_windows).step_by(options.batch) {
            let batch = data.in_order(first, options.batch, options.window);
            if batch.targets.is_empty() {
                break;
            }
            sum += match graph {
                Some(graph) => graph.measure(weights, &batch, manner)?,
                None => view.measure(&batch, options.window, buffers)?,
            };
            tokens += batch.targets.len();
        }
        ensure!(tokens > 0, "the text to validate with is shorter than a window");
        Ok(sum / tokens as f64)
    }
}

fn optimizer(options: &Options) -> AdamW {
    AdamW {
        beta1: options.beta1,
        beta2: options.beta2,
        epsilon: options.epsilon,
        decay: options.weight_decay,
    }
}
