//! AdamW (Loshchilov and Hutter 2019): Adam with a decay that is no part of the gradient. Its state is plain floats, so
//! that a run can be written down and resumed to the bit.

use anyhow::{Context, Result};
use candle_core::{CpuStorage, InplaceOp1, Layout, Var};
use rayon::prelude::*;
use std::cell::RefCell;

/// What stays the same from step to step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// How slowly the mean of the gradients changes.
    pub beta1: f64,
    /// How slowly the mean of their squares changes.
    pub beta2: f64,
    /// Added to what is divided by.
    pub epsilon: f64,
    /// What matrices lose in a step, times the learning rate. Biases and norms lose nothing.
    pub decay: f64,
}

/// What is remembered of a parameter's gradients, as long as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Their running mean.
    pub mean: Vec<f32>,
    /// The running mean of their squares.
    pub square: Vec<f32>,
}

impl Moments {
    /// Of a parameter of so many numbers that no step has touched.
    pub fn new(length: usize) -> Self {
        Self { mean: vec![0.0; length], square: vec![0.0; length] }
    }
}

/// Numbers that one thread takes at once.
const CHUNK: usize = 1 << 14;

/// A step of one parameter; candle lends its floats through this.
struct Step<'a> {
    moments: RefCell<&'a mut Moments>,
    gradient: &'a [f32],
    settings: AdamW,
    /// Those of `settings` and the step's number, as floats.
    kept: f32,
    rate: f32,
    square_scale: f32,
    gradient_scale: f32,
}

impl AdamW {
    /// Change a parameter. `step` counts from 1; gradients are first multiplied with `scale`.
    ///
    /// # Errors
    /// When shapes differ.
    pub fn step(
        &self,
        parameter: &Var,
        moments: &mut Moments,
        gradient: &[f32],
        (step, rate): (usize, f64),
        scale: f64,
    ) -> Result<()> {
        let decays = parameter.rank() >= 2;
        let power = |beta: f64| 1.0 - beta.powi(step.min(1 << 30) as i32);
        let step = Step {
            moments: RefCell::new(moments),
            gradient,
            settings: *self,
            kept: if decays { (1.0 - rate * self.decay) as f32 } else { 1.0 },
            rate: (rate / power(self.beta1)) as f32,
            square_scale: (1.0 / power(self.beta2)) as f32,
            gradient_scale: scale as f32,
        };
        parameter.as_tensor().inplace_op1(&step).context("a step of AdamW")
    }
}

impl InplaceOp1 for Step<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, parameter: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(all), Some((from, to))) = (parameter, layout.contiguous_offsets())
        else {
            candle_core::bail!("needs a contiguous f32 tensor")
        };
        let gradient = self.gradient;
        let moments = &mut *self.moments.borrow_mut();
        let lengths = [to - from, moments.mean.len(), moments.square.len()];
        if lengths.iter().any(|n| *n != gradient.len()) {
            candle_core::bail!("lengths differ: {lengths:?} and {}", gradient.len());
        }
        let (beta1, beta2) = (self.settings.beta1 as f32, self.settings.beta2 as f32);
        let epsilon = self.settings.epsilon as f32;
        let Self { kept, rate, square_scale, gradient_scale, .. } = *self;
        all[from..to]
            .par_chunks_mut(CHUNK)
            .zip(moments.mean.par_chunks_mut(CHUNK))
            .zip(moments.square.par_chunks_mut(CHUNK))
            .zip(gradient.par_chunks(CHUNK))
            .for_each(|(((parameter, mean), square), gradient)| {
                let numbers = parameter.iter_mut().zip(mean).zip(square).zip(gradient);
                for (((p, m), v), &g) in numbers {
                    let g = g * gradient_scale;
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    let size = (*v * square_scale).sqrt() + epsilon;
                    *p = *p * kept - rate * *m / size;
                }
            });
        Ok(())
    }
}

/// The learning rate of a step (from 1): it rises evenly over `warmup` steps, then falls on half a cosine to a tenth.
pub fn rate(highest: f64, step: usize, warmup: usize, steps: usize) -> f64 {
    if step <= warmup {
        return highest * step as f64 / warmup as f64;
    }
    let done = (step - warmup) as f64 / (steps.saturating_sub(warmup)).max(1) as f64;
    let wave = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
    highest * (0.1 + 0.9 * wave)
}
