//! The network forward and back on floats, without a graph: every gradient is written where it is added up, and all
//! room is taken once. `Gpt2::forward` says the same in candle's operations; tests hold the two against each other.

mod block;
mod linear;
mod loss;

pub use loss::ROWS;

use super::{dataset::Batch, gradients::Gradients};
use crate::model::{Config, Dropout, Floats, kernels::Grid};
use anyhow::{Context, Result, ensure};
use block::{Block, Kept, Norm, Room};
use linear::{Linear, Small};
use loss::Head;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// A model's numbers as they lie in memory, by name.
pub struct View<'a> {
    /// The model's shape.
    pub config: &'a Config,
    /// Its tensors, and the small matrices beside some.
    pub tensors: HashMap<&'a str, Floats<'a>>,
    /// What the products of small matrices are multiplied with.
    pub scale: f32,
}

/// What is kept from step to step, so that memory is asked for once.
#[derive(Default)]
pub struct Buffers {
    /// What each block got.
    inputs: Vec<Vec<f32>>,
    /// What each block kept; of one block where it is made again.
    kept: Vec<Kept>,
    room: Room,
    x: Vec<f32>,
    hidden: Vec<f32>,
    logits: Vec<f32>,
}

/// How a batch is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// Tokens of a window.
    pub time: usize,
    /// What is dropped.
    pub dropout: Option<Dropout>,
    /// Whether what blocks need on the way back is made again instead of kept (Chen et al. 2016).
    pub checkpointing: bool,
}

impl View<'_> {
    /// The sum of the losses of a batch in nats; the gradients of `share` times it are added up.
    ///
    /// # Errors
    /// When a token is outside the vocabulary or a window outside the context.
    pub fn learn(
        &self,
        batch: &Batch,
        manner: Manner,
        share: f32,
        gradients: &mut Gradients,
        buffers: &mut Buffers,
    ) -> Result<f64> {
        let Manner { time, dropout, checkpointing } = manner;
        let (c, layers) = (self.config.n_embd, self.config.n_layer);
        self.embed(batch, manner, buffers)?;
        let Buffers { inputs, kept, room, x, hidden, logits } = buffers;
        inputs.resize_with(layers, Vec::new);
        kept.resize_with(if checkpointing { 1 } else { layers }, Kept::default);
        for (i, input) in inputs.iter_mut().enumerate() {
            input.clear();
            input.extend_from_slice(x);
            let kept = &mut kept[if checkpointing { 0 } else { i }];
            self.block(i, batch, manner)?.forward(x, kept, room);
        }
        let ln_f = self.norm("ln_f")?;
        hidden.resize(x.len(), 0.0);
        ln_f.forward(x, hidden);
        let loss = self.head()?.learn(hidden, &batch.targets, share, logits, gradients)?;
        let mut g = vec![0.0; x.len()];
        ln_f.back(x, hidden, &mut g, gradients);
        for (i, input) in inputs.iter().enumerate().rev() {
            let block = self.block(i, batch, manner)?;
            let kept = match checkpointing {
                true => {
                    x.copy_from_slice(input);
                    block.forward(x, &mut kept[0], room);
                    &kept[0]
                }
                false => &kept[i],
            };
            block.back(input, &mut g, kept, room, gradients);
        }
        block::drop_from(&mut g, dropout.map(|d| d.at(0)));
        gradients.add_rows("wte.weight", c, &batch.inputs, &g);
        let positions: Vec<u32> = (0..batch.inputs.len()).map(|i| (i % time) as u32).collect();
        gradients.add_rows("wpe.weight", c, &positions, &g);
        Ok(loss)
    }

    /// The sum of the losses of a batch in nats, nothing dropped.
    ///
    /// # Errors
    /// As [`View::learn`].
    pub fn measure(&self, batch: &Batch, time: usize, buffers: &mut Buffers) -> Result<f64> {
        let manner = Manner { time, dropout: None, checkpointing: true };
        self.embed(batch, manner, buffers)?;
        let Buffers { kept, room, x, hidden, logits, .. } = buffers;
        kept.resize_with(kept.len().max(1), Kept::default);
        for i in 0..self.config.n_layer {
            self.block(i, batch, manner)?.forward(x, &mut kept[0], room);
        }
        hidden.resize(x.len(), 0.0);
        self.norm("ln_f")?.forward(x, hidden);
        self.head()?.loss(hidden, &batch.targets, logits)
    }

    /// How long such a batch takes, from one block and one part of the head that are timed; all blocks are alike.
    ///
    /// # Errors
    /// As [`View::learn`].
    pub fn time(
        &self,
        batch: &Batch,
        manner: Manner,
        gradients: &mut Gradients,
        buffers: &mut Buffers,
    ) -> Result<Duration> {
        self.embed(batch, manner, buffers)?;
        let Buffers { kept, room, x, hidden, logits, .. } = buffers;
        kept.resize_with(kept.len().max(1), Kept::default);
        let block = self.block(0, batch, manner)?;
        let (input, mut g) = (x.clone(), vec![0.0; x.len()]);
        // Memory is touched for the first time in the first round, so that counts for nothing.
        let (mut there, mut back) = (Duration::MAX, Duration::MAX);
        for _ in 0..2 {
            let begun = Instant::now();
            block.forward(x, &mut kept[0], room);
            there = there.min(begun.elapsed());
            let begun = Instant::now();
            block.back(&input, &mut g, &kept[0], room, gradients);
            back = back.min(begun.elapsed());
        }
        let rows = ROWS.min(batch.targets.len());
        hidden.clear();
        hidden.extend_from_slice(&input[..rows * self.config.n_embd]);
        let mut whole = Duration::MAX;
        for _ in 0..2 {
            let begun = Instant::now();
            self.head()?.learn(hidden, &batch.targets[..rows], 0.0, logits, gradients)?;
            whole = whole.min(begun.elapsed());
        }
        let passes = if manner.checkpointing { 2 } else { 1 };
        let blocks = (passes * there + back) * self.config.n_layer as u32;
        Ok(blocks + whole.mul_f64(batch.targets.len() as f64 / rows as f64))
    }

    fn embed(&self, batch: &Batch, manner: Manner, buffers: &mut Buffers) -> Result<()> {
        let (c, v, time) = (self.config.n_embd, self.config.vocab_size, manner.time);
        let context = self.config.n_positions;
        ensure!(time <= context, "{time} tokens in a context of {context}");
        let known = batch.inputs.iter().chain(&batch.targets).all(|&id| (id as usize) < v);
        ensure!(known, "a token outside the vocabulary of {v}");
        let (wte, wpe) = (self.get("wte.weight")?, self.get("wpe.weight")?);
        buffers.x.resize(batch.inputs.len() * c, 0.0);
        for (i, (x, &id)) in buffers.x.chunks_exact_mut(c).zip(&batch.inputs).enumerate() {
            let (token, place) = (&wte[id as usize * c..][..c], &wpe[i % time * c..][..c]);
            x.iter_mut().zip(token).zip(place).for_each(|((x, t), p)| *x = t + p);
        }
        block::drop_from(&mut buffers.x, manner.dropout.map(|d| d.at(0)));
        Ok(())
    }

    fn get(&self, name: &str) -> Result<&[f32]> {
        let found = self.tensors.get(name).with_context(|| format!("`{name}` is missing"))?;
        Ok(found)
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
        let small = |end: &str| self.tensors.get(&*format!("{name}.{end}"));
        let small = match (small("lora_a"), small("lora_b")) {
            (Some(a), Some(b)) => Some(Small { a, b, scale: self.scale }),
            _ => None,
        };
        let weight = self.get(&format!("{name}.weight"))?;
        Ok(Linear { weight, bias: self.get(&format!("{name}.bias"))?, small, name })
    }

    fn block(&self, i: usize, batch: &Batch, manner: Manner) -> Result<Block<'_>> {
        let drop = |place: usize| manner.dropout.map(|d| d.at((3 * i + place) as u64));
        Ok(Block {
            ln_1: self.norm(&format!("h.{i}.ln_1"))?,
            c_attn: self.linear(format!("h.{i}.attn.c_attn"))?,
            c_proj: self.linear(format!("h.{i}.attn.c_proj"))?,
            ln_2: self.norm(&format!("h.{i}.ln_2"))?,
            c_fc: self.linear(format!("h.{i}.mlp.c_fc"))?,
            mlp_proj: self.linear(format!("h.{i}.mlp.c_proj"))?,
            grid: Grid {
                batch: batch.inputs.len() / manner.time,
                time: manner.time,
                heads: self.config.n_head,
                scale: self.config.attention_scale(i),
                dropout: drop(1).map(|d| (d.rate, d.seed)),
            },
            dropped: [drop(2), drop(3)],
        })
    }
}
