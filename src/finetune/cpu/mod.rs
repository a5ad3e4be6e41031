//! Training on the CPU: the network forward and backward on float slices, without an autograd graph. Gradients are
//! written directly where they are accumulated, and buffers are allocated once and kept from step to step.
//!
//! Shapes: n rows (tokens of all windows, one after the other), c = n_embd, v = vocabulary. `Gpt2::forward` is the same
//! network in candle's operations; tests compare their gradients.

mod block;
mod gradients;
mod linear;
mod loss;

pub use loss::ROWS;

use super::{
    adamw::{AdamW, Moments, Update},
    backend::{Backend, Pass},
    dataset::Batch,
    weights::Weights,
};
use crate::model::{Floats, gpt2::Config, kernels::Grid};
use anyhow::{Context, Result, ensure};
use block::{Activations, Block, Norm, Scratch, drop_from};
use candle_core::{DType, Device, Var};
use gradients::Gradients;
use linear::{Adapter, Linear};
use loss::Head;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// The backend that computes on the CPU. It updates the weights and moments it is given in place.
pub struct Cpu {
    gradients: Gradients,
    buffers: Buffers,
}

/// Memory that is reused from step to step.
#[derive(Default)]
struct Buffers {
    /// The input of each block, (n, c) each.
    inputs: Vec<Vec<f32>>,
    /// The activations of each block; of only one with gradient checkpointing.
    activations: Vec<Activations>,
    scratch: Scratch,
    /// The residual stream, (n, c).
    x: Vec<f32>,
    /// The output of the last layer norm, (n, c); in the backward pass its gradient.
    hidden: Vec<f32>,
    /// (at most [`ROWS`], v).
    logits: Vec<f32>,
}

impl Cpu {
    /// A backend for these weights. Takes memory for one gradient of each trained parameter.
    pub fn new(weights: &Weights) -> Self {
        let lengths = weights.trained().iter().map(|(name, var)| (name.clone(), var.elem_count()));
        Self { gradients: Gradients::new(lengths), buffers: Buffers::default() }
    }
}

impl Backend for Cpu {
    fn clear(&mut self) {
        self.gradients.clear();
    }

    fn accumulate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        tokens: usize,
    ) -> Result<f64> {
        let share = 1.0 / tokens as f32;
        Network::of(weights)?.train(batch, pass, share, &mut self.gradients, &mut self.buffers)
    }

    fn gradient_norm(&self) -> Result<f64> {
        if let Some(name) = self.gradients.missing() {
            anyhow::bail!("`{name}` got no gradient");
        }
        Ok(self.gradients.norm())
    }

    fn gradients(&self) -> Result<Vec<Vec<f32>>> {
        Ok(self.gradients.values().map(<[f32]>::to_vec).collect())
    }

    fn update(
        &mut self,
        weights: &Weights,
        moments: &mut [Moments],
        update: &Update,
    ) -> Result<()> {
        let parameters = weights.trained().iter().zip(moments).zip(self.gradients.values());
        for (((_, parameter), moments), gradient) in parameters {
            update.apply(parameter, moments, gradient)?;
        }
        Ok(())
    }

    fn copy_back(&self, _: &Weights, _: &mut [Moments]) -> Result<()> {
        Ok(())
    }

    fn evaluate(&mut self, weights: &Weights, batch: &Batch, window: usize) -> Result<f64> {
        Network::of(weights)?.evaluate(batch, window, &mut self.buffers)
    }

    fn estimate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        optimizer: &AdamW,
        parts: usize,
    ) -> Result<Duration> {
        let network = Network::of(weights)?;
        let part = network.estimate(batch, pass, &mut self.gradients, &mut self.buffers)?;
        let update = estimate_update(weights.count(), optimizer)?;
        Ok(part * parts as u32 + update)
    }
}

/// How long AdamW takes for `count` values, from timing it on at most 8 million.
fn estimate_update(count: usize, optimizer: &AdamW) -> Result<Duration> {
    let length = count.min(1 << 23);
    let (mut moments, gradient) = (Moments::new(length), vec![0.0; length]);
    let parameter = Var::zeros(length, DType::F32, &Device::Cpu)?;
    let update = optimizer.update(1, 0.0, 1.0);
    let mut best = Duration::MAX;
    for _ in 0..2 {
        let begun = Instant::now();
        update.apply(&parameter, &mut moments, &gradient)?;
        best = best.min(begun.elapsed());
    }
    // 15% more for the norm of the gradients, which reads all of them once
    Ok(best.mul_f64(1.15 * count as f64 / length.max(1) as f64))
}

/// The weights as float slices, by their published names.
struct Network<'a> {
    config: &'a Config,
    weights: &'a Weights,
    tensors: HashMap<&'a str, Floats<'a>>,
    /// All LoRA matrices, in the order of [`Weights::trained`]; empty without LoRA.
    adapters: Vec<Floats<'a>>,
}

impl<'a> Network<'a> {
    /// Fails when a tensor is not in this machine's memory.
    fn of(weights: &'a Weights) -> Result<Self> {
        let tensors = weights.all().map(|(name, tensor)| Ok((name, Floats::of(tensor)?)));
        let adapters = weights.trained().iter().filter(|_| weights.is_lora());
        let adapters = adapters.map(|(_, var)| Ok(Floats::of(var)?));
        Ok(Self {
            config: &weights.config,
            weights,
            tensors: tensors.collect::<Result<_>>()?,
            adapters: adapters.collect::<Result<_>>()?,
        })
    }

    /// The sum of the token losses of `batch` in nats. Adds the gradients of `share` times this sum to `gradients`.
    ///
    /// Fails when a token is outside the vocabulary or a window is longer than the context.
    fn train(
        &self,
        batch: &Batch,
        pass: Pass,
        share: f32,
        gradients: &mut Gradients,
        buffers: &mut Buffers,
    ) -> Result<f64> {
        let Pass { window, dropout, checkpointing } = pass;
        let (c, layers) = (self.config.n_embd, self.config.n_layer);
        self.embed(batch, pass, buffers)?;
        let Buffers { inputs, activations, scratch, x, hidden, logits } = buffers;
        inputs.resize_with(layers, Vec::new);
        let kept = if checkpointing { 1 } else { layers };
        activations.resize_with(kept, Activations::default);
        for (i, input) in inputs.iter_mut().enumerate() {
            input.clear();
            input.extend_from_slice(x);
            let own = &mut activations[if checkpointing { 0 } else { i }];
            self.block(i, batch, pass)?.forward(x, own, scratch);
        }
        let ln_f = self.norm("ln_f")?;
        hidden.resize(x.len(), 0.0);
        ln_f.forward(x, hidden);
        let loss = self.head()?.train(hidden, &batch.targets, share, logits, gradients)?;
        let mut g = vec![0.0; x.len()];
        ln_f.backward(x, hidden, &mut g, gradients);
        for (i, input) in inputs.iter().enumerate().rev() {
            let block = self.block(i, batch, pass)?;
            let own = match checkpointing {
                true => {
                    x.copy_from_slice(input);
                    block.forward(x, &mut activations[0], scratch);
                    &activations[0]
                }
                false => &activations[i],
            };
            block.backward(input, &mut g, own, scratch, gradients);
        }
        drop_from(&mut g, dropout.map(|d| d.at(0)));
        gradients.add_rows("wte.weight", c, &batch.inputs, &g);
        let positions: Vec<u32> = (0..batch.inputs.len()).map(|i| (i % window) as u32).collect();
        gradients.add_rows("wpe.weight", c, &positions, &g);
        Ok(loss)
    }

    /// The sum of the token losses of `batch` in nats, without dropout. Fails as [`Network::train`] does.
    fn evaluate(&self, batch: &Batch, window: usize, buffers: &mut Buffers) -> Result<f64> {
        let pass = Pass { window, dropout: None, checkpointing: true };
        self.embed(batch, pass, buffers)?;
        let Buffers { activations, scratch, x, hidden, logits, .. } = buffers;
        activations.resize_with(activations.len().max(1), Activations::default);
        for i in 0..self.config.n_layer {
            self.block(i, batch, pass)?.forward(x, &mut activations[0], scratch);
        }
        hidden.resize(x.len(), 0.0);
        self.norm("ln_f")?.forward(x, hidden);
        self.head()?.loss(hidden, &batch.targets, logits)
    }

    /// How long [`Network::train`] takes for a batch, from timing one block and [`ROWS`] rows of the head. All blocks
    /// have the same shape.
    fn estimate(
        &self,
        batch: &Batch,
        pass: Pass,
        gradients: &mut Gradients,
        buffers: &mut Buffers,
    ) -> Result<Duration> {
        self.embed(batch, pass, buffers)?;
        let Buffers { activations, scratch, x, hidden, logits, .. } = buffers;
        activations.resize_with(activations.len().max(1), Activations::default);
        let block = self.block(0, batch, pass)?;
        let (input, mut g) = (x.clone(), vec![0.0; x.len()]);
        // the first round also allocates memory, so the faster of two counts
        let (mut forward, mut backward) = (Duration::MAX, Duration::MAX);
        for _ in 0..2 {
            let begun = Instant::now();
            block.forward(x, &mut activations[0], scratch);
            forward = forward.min(begun.elapsed());
            let begun = Instant::now();
            block.backward(&input, &mut g, &activations[0], scratch, gradients);
            backward = backward.min(begun.elapsed());
        }
        let rows = ROWS.min(batch.targets.len());
        hidden.clear();
        hidden.extend_from_slice(&input[..rows * self.config.n_embd]);
        let mut head = Duration::MAX;
        for _ in 0..2 {
            let begun = Instant::now();
            self.head()?.train(hidden, &batch.targets[..rows], 0.0, logits, gradients)?;
            head = head.min(begun.elapsed());
        }
        let passes = if pass.checkpointing { 2 } else { 1 };
        let blocks = (passes * forward + backward) * self.config.n_layer as u32;
        Ok(blocks + head.mul_f64(batch.targets.len() as f64 / rows as f64))
    }

    /// Token plus position embeddings into `buffers.x`, (n, c).
    fn embed(&self, batch: &Batch, pass: Pass, buffers: &mut Buffers) -> Result<()> {
        let (c, v, window) = (self.config.n_embd, self.config.vocab_size, pass.window);
        let context = self.config.n_positions;
        ensure!(window <= context, "a window of {window} tokens in a context of {context}");
        let known = batch.inputs.iter().chain(&batch.targets).all(|&id| (id as usize) < v);
        ensure!(known, "a token is outside the vocabulary of {v}");
        let (wte, wpe) = (self.get("wte.weight")?, self.get("wpe.weight")?);
        buffers.x.resize(batch.inputs.len() * c, 0.0);
        for (i, (x, &id)) in buffers.x.chunks_exact_mut(c).zip(&batch.inputs).enumerate() {
            let (token, position) = (&wte[id as usize * c..][..c], &wpe[i % window * c..][..c]);
            x.iter_mut().zip(token).zip(position).for_each(|((x, t), p)| *x = t + p);
        }
        drop_from(&mut buffers.x, pass.dropout.map(|d| d.at(0)));
        Ok(())
    }

    fn get(&self, name: &str) -> Result<&[f32]> {
        let found = self.tensors.get(name);
        Ok(found.with_context(|| format!("the model has no tensor `{name}`"))?)
    }

    fn head(&self) -> Result<Head<'_>> {
        let name = self.config.head();
        Ok(Head { name, weight: self.get(name)?, width: self.config.n_embd })
    }

    fn norm(&self, name: &str) -> Result<Norm<'_>> {
        Ok(Norm {
            weight: self.get(&format!("{name}.weight"))?,
            bias: self.get(&format!("{name}.bias"))?,
            epsilon: self.config.layer_norm_epsilon as f32,
            name: name.to_owned(),
        })
    }

    fn linear(&self, name: String) -> Result<Linear<'_>> {
        let matrix = format!("{name}.weight");
        let adapter = self.weights.adapter(&matrix).map(|[a, b]| Adapter {
            a: &self.adapters[a],
            b: &self.adapters[b],
            scale: self.weights.scale() as f32,
        });
        let (weight, bias) = (self.get(&matrix)?, self.get(&format!("{name}.bias"))?);
        Ok(Linear { weight, bias, adapter, name })
    }

    fn block(&self, i: usize, batch: &Batch, pass: Pass) -> Result<Block<'_>> {
        let drop = |place: usize| pass.dropout.map(|d| d.at((3 * i + place) as u64));
        Ok(Block {
            ln_1: self.norm(&format!("h.{i}.ln_1"))?,
            c_attn: self.linear(format!("h.{i}.attn.c_attn"))?,
            c_proj: self.linear(format!("h.{i}.attn.c_proj"))?,
            ln_2: self.norm(&format!("h.{i}.ln_2"))?,
            c_fc: self.linear(format!("h.{i}.mlp.c_fc"))?,
            mlp_proj: self.linear(format!("h.{i}.mlp.c_proj"))?,
            grid: Grid {
                batch: batch.inputs.len() / pass.window,
                time: pass.window,
                heads: self.config.n_head,
                scale: self.config.attention_scale(i),
                dropout: drop(1).map(|d| (d.rate, d.seed)),
            },
            dropouts: [drop(2), drop(3)],
        })
    }
}
