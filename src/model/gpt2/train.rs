//! GPT-2 for training: forward passes over whole sequences without a KV cache, in operations that have gradients, and
//! the tensors by their published names.

use super::Gpt2;
use crate::model::{
    Weight,
    network::{Network, Part},
    ops::{self, Dropout, Heads},
};
use anyhow::{Result, bail, ensure};
use candle_core::Tensor;

/// A batch of whole sequences.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// The number of sequences.
    pub batch: usize,
    /// Tokens per sequence.
    pub time: usize,
    /// Dropout, while training.
    pub dropout: Option<Dropout>,
}

impl Gpt2 {
    /// Read (b, t) tokens without a KV cache and with gradients; returns the hidden states (b * t, c).
    ///
    /// # Errors
    /// When t is past the context or a token is outside the vocabulary.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let (batch, time) = ids.dims2()?;
        let windows = Windows { batch, time, dropout: None };
        let mut x = self.embed_windows(ids, None)?;
        for i in 0..self.config.n_layer {
            x = self.block_of_windows(i, &x, windows)?;
        }
        self.last_norm(&x)
    }

    /// The input of the first block for (b, t) tokens: token and position embeddings (b * t, c).
    ///
    /// # Errors
    /// As [`Gpt2::forward`].
    pub fn embed_windows(&self, ids: &Tensor, dropout: Option<Dropout>) -> Result<Tensor> {
        let (b, t) = ids.dims2()?;
        let context = self.config.n_positions;
        ensure!(t <= context, "{t} tokens in a context of {context}");
        let positions = Tensor::arange(0, t as u32, ids.device())?.repeat(b)?;
        let x = self.embed(&ids.flatten_all()?, &positions)?;
        Ok(ops::dropout(x, dropout.map(|d| d.at(0)))?)
    }

    /// One block over whole sequences: (b * t, c) to (b * t, c). Dropout is applied to the attention weights, and to
    /// both outputs that are added to the residual stream.
    ///
    /// # Errors
    /// Only when shapes do not fit.
    pub fn block_of_windows(&self, i: usize, x: &Tensor, windows: Windows) -> Result<Tensor> {
        let Windows { batch, time, dropout } = windows;
        let heads = Heads {
            batch,
            time,
            heads: self.config.n_head,
            scale: self.config.attention_scale(i),
            dropout: dropout.map(|d| d.at(3 * i as u64 + 1)),
        };
        self.run_block(i, x, dropout, &mut |qkv| Ok(ops::attend(&qkv, heads)?))
    }

    /// The tensors by their published names, in their published shapes.
    ///
    /// # Errors
    /// When a matrix is not in f32.
    pub fn into_tensors(self) -> Result<Vec<(String, Tensor)>> {
        let mut all = Vec::new();
        for (spec, part) in self.named_parts() {
            let (tensor, turned) = match part {
                Part::Float(t) | Part::Matrix(Weight::Dense(t)) => (t, false),
                Part::Matrix(Weight::Transposed(t)) => (t, spec.in_out),
                Part::Matrix(_) => bail!("`{}` is not in f32", spec.name),
            };
            all.push((spec.name, tensor.clone(), turned));
        }
        drop(self); // frees the model's references, so that only one matrix at a time is in memory twice
        let published = |(name, tensor, turned): (String, Tensor, bool)| {
            Ok((name, if turned { tensor.t()?.contiguous()? } else { tensor }))
        };
        all.into_iter().map(published).collect()
    }
}
