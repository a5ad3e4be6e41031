//! AdamW (Loshchilov and Hutter 2019): Adam with weight decay applied to the weights directly, not through the
//! gradient. On the CPU its state is plain `f32` vectors, so that a run can be saved and resumed bit for bit.

use anyhow::{Context, Result};
use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor, Var};
use rayon::prelude::*;
use std::cell::RefCell;

/// The hyperparameters, which stay the same for a whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay rate of the running mean of the gradients.
    pub beta1: f64,
    /// Decay rate of the running mean of the squared gradients.
    pub beta2: f64,
    /// Added to the denominator, for numerical stability.
    pub epsilon: f64,
    /// Weight decay: in each step a matrix is multiplied by 1 - learning rate * decay. Biases and layer norms don't
    /// decay.
    pub decay: f64,
}

/// The optimizer state of one parameter. Both vectors are as long as the parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// First moment: the running mean of the gradients.
    pub mean: Vec<f32>,
    /// Second moment: the running mean of the squared gradients.
    pub square: Vec<f32>,
}

impl Moments {
    /// The state before the first step, for a parameter of `length` values.
    pub fn new(length: usize) -> Self {
        Self { mean: vec![0.0; length], square: vec![0.0; length] }
    }

    /// Set both moments to zero, as before the first step.
    pub fn reset(&mut self) {
        *self = Self::new(self.mean.len());
    }
}

/// The constants of one step, the same for all parameters.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    optimizer: AdamW,
    /// The factor that applies weight decay to a matrix.
    decay: f64,
    /// The learning rate, with the bias correction of the first moment.
    rate: f64,
    /// The bias correction of the second moment.
    square_scale: f64,
    /// Gradients are multiplied by this first: below 1 when their norm is clipped.
    gradient_scale: f64,
}

impl AdamW {
    /// The constants of step number `step` (from 1) at this learning rate. Gradients will be multiplied by
    /// `gradient_scale`.
    pub fn update(&self, step: usize, rate: f64, gradient_scale: f64) -> Update {
        let correction = |beta: f64| 1.0 - beta.powi(step.min(1 << 30) as i32);
        Update {
            optimizer: *self,
            decay: 1.0 - rate * self.decay,
            rate: rate / correction(self.beta1),
            square_scale: 1.0 / correction(self.beta2),
            gradient_scale,
        }
    }
}

impl Update {
    fn decay(&self, parameter: &Var) -> f64 {
        if parameter.rank() >= 2 { self.decay } else { 1.0 }
    }

    /// Update a parameter in the CPU's memory, with its moments.
    ///
    /// # Errors
    /// When the lengths of parameter, moments and gradient differ.
    pub fn apply(&self, parameter: &Var, moments: &mut Moments, gradient: &[f32]) -> Result<()> {
        let decay = self.decay(parameter) as f32;
        let kernel = Kernel { moments: RefCell::new(moments), gradient, decay, update: self };
        parameter.as_tensor().inplace_op1(&kernel).context("a step of AdamW")
    }

    /// The same for a parameter on any device, in candle's operations. `moments` are the first and the second.
    ///
    /// # Errors
    /// When shapes differ or the device fails.
    pub fn apply_on_device(
        &self,
        parameter: &Var,
        [mean, square]: &mut [Tensor; 2],
        gradient: Tensor,
    ) -> Result<()> {
        let AdamW { beta1, beta2, epsilon, .. } = self.optimizer;
        let g = (gradient * self.gradient_scale)?;
        *mean = ((&*mean * beta1)? + (&g * (1.0 - beta1))?)?;
        *square = ((&*square * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
        let size = ((&*square * self.square_scale)?.sqrt()? + epsilon)?;
        let change = ((&*mean * self.rate)? / size)?;
        let decayed = (parameter.as_tensor().detach() * self.decay(parameter))?;
        Ok(parameter.set(&(decayed - change)?)?)
    }
}

/// Values that one thread updates at a time.
const CHUNK: usize = 1 << 14;

/// The update of one parameter as an operation of candle, which is how candle gives access to a tensor's memory.
struct Kernel<'a> {
    moments: RefCell<&'a mut Moments>,
    gradient: &'a [f32],
    decay: f32,
    update: &'a Update,
}

impl InplaceOp1 for Kernel<'_> {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn cpu_fwd(&self, parameter: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (CpuStorage::F32(all), Some((from, to))) = (parameter, layout.contiguous_offsets())
        else {
            candle_core::bail!("AdamW needs a contiguous f32 tensor")
        };
        let gradient = self.gradient;
        let moments = &mut *self.moments.borrow_mut();
        let lengths = [to - from, moments.mean.len(), moments.square.len()];
        if lengths.iter().any(|n| *n != gradient.len()) {
            candle_core::bail!(
                "parameter and moments have {lengths:?} values, the gradient {}",
                gradient.len()
            );
        }
        let Update { optimizer, rate, square_scale, gradient_scale, .. } = *self.update;
        let (beta1, beta2) = (optimizer.beta1 as f32, optimizer.beta2 as f32);
        let (epsilon, decay) = (optimizer.epsilon as f32, self.decay);
        let (rate, square_scale) = (rate as f32, square_scale as f32);
        let gradient_scale = gradient_scale as f32;
        all[from..to]
            .par_chunks_mut(CHUNK)
            .zip(moments.mean.par_chunks_mut(CHUNK))
            .zip(moments.square.par_chunks_mut(CHUNK))
            .zip(gradient.par_chunks(CHUNK))
            .for_each(|(((parameter, mean), square), gradient)| {
                let values = parameter.iter_mut().zip(mean).zip(square).zip(gradient);
                for (((p, m), v), &g) in values {
                    let g = g * gradient_scale;
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    let size = (*v * square_scale).sqrt() + epsilon;
                    *p = *p * decay - rate * *m / size;
                }
            });
        Ok(())
    }
}

/// The learning rate of a step (from 1): it rises linearly over `warmup` steps to `highest`, then falls along half a
/// cosine to a tenth of that at step `steps`.
pub fn rate(highest: f64, step: usize, warmup: usize, steps: usize) -> f64 {
    if step <= warmup {
        return highest * step as f64 / warmup as f64;
    }
    let done = (step - warmup) as f64 / (steps.saturating_sub(warmup)).max(1) as f64;
    let wave = 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos());
    highest * (0.1 + 0.9 * wave)
}
