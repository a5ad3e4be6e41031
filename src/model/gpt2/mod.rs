//! The GPT-2 network (Radford et al. 2019). Shapes: n rows (the tokens of all sequences, one after the other), b batch,
//! t time, c channels, h heads, v vocabulary. The names of tensors are only in [`Config::tensors`]; fields here are in
//! the same order.

mod config;
mod train;

pub use config::{Config, FAMILY};
pub use train::Windows;

use super::{
    Precision, Weight,
    linear::Linear,
    network::{Architecture, Attend, Network, Part},
    ops::{self, Activation, Dropout},
    tensors::{Loader, Tensors},
};
use anyhow::Result;
use candle_core::Tensor;
use std::any::Any;

/// The network and its weights.
pub struct Gpt2 {
    /// Its configuration.
    pub config: Config,
    wte: Weight,
    wpe: Tensor,
    blocks: Vec<Block>,
    ln_f: LayerNorm,
    lm_head: Option<Weight>,
    activation: Activation,
    precision: Precision,
}

struct Block {
    ln_1: LayerNorm,
    ln_2: LayerNorm,
    c_attn: Linear,
    c_proj: Linear,
    c_fc: Linear,
    mlp_proj: Linear,
}

struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Gpt2 {
    /// Build the network from the tensors of its table, rounding the matrices to a precision.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(config: Config, precision: Precision, from: &mut dyn Tensors) -> Result<Self> {
        let mut next = Loader::new(config.tensors(), precision, from);
        let epsilon = config.layer_norm_epsilon;
        let norm = |next: &mut Loader| {
            Ok::<_, anyhow::Error>(LayerNorm {
                weight: next.float()?,
                bias: next.float()?,
                epsilon,
            })
        };
        let (wte, wpe) = (next.matrix()?, next.float()?);
        let mut blocks = Vec::with_capacity(config.n_layer);
        for _ in 0..config.n_layer {
            blocks.push(Block {
                ln_1: norm(&mut next)?,
                ln_2: norm(&mut next)?,
                c_attn: next.linear()?,
                c_proj: next.linear()?,
                c_fc: next.linear()?,
                mlp_proj: next.linear()?,
            });
        }
        let ln_f = norm(&mut next)?;
        let lm_head = if config.tie_word_embeddings { None } else { Some(next.matrix()?) };
        let activation = config.activation()?;
        Ok(Self { config, wte, wpe, blocks, ln_f, lm_head, activation, precision })
    }

    /// One block, with optional dropout of the outputs of attention and of the feed-forward layer.
    fn run_block(
        &self,
        i: usize,
        x: &Tensor,
        dropout: Option<Dropout>,
        attend: &mut Attend,
    ) -> Result<Tensor> {
        let block = &self.blocks[i];
        let drop = |x, place| ops::dropout(x, dropout.map(|d| d.at(3 * i as u64 + place)));
        let qkv = block.c_attn.forward(&block.ln_1.forward(x)?)?; // (n, 3c)
        let x = (x + drop(block.c_proj.forward(&attend(qkv)?)?, 2)?)?;
        let hidden = self.activation.apply(&block.c_fc.forward(&block.ln_2.forward(&x)?)?)?; // (n, inner)
        Ok((&x + drop(block.mlp_proj.forward(&hidden)?, 3)?)?)
    }
}

impl dyn Network {
    /// The network as GPT-2, the only family that can be trained here; `None` for other families.
    pub fn as_gpt2(&self) -> Option<&Gpt2> {
        (self as &dyn Any).downcast_ref()
    }
}

impl Network for Gpt2 {
    fn config(&self) -> &dyn Architecture {
        &self.config
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = vec![Part::Matrix(&self.wte), Part::Float(&self.wpe)];
        for block in &self.blocks {
            for norm in [&block.ln_1, &block.ln_2] {
                parts.extend([Part::Float(&norm.weight), Part::Float(&norm.bias)]);
            }
            for linear in [&block.c_attn, &block.c_proj, &block.c_fc, &block.mlp_proj] {
                parts.push(Part::Matrix(&linear.weight));
                parts.extend(linear.bias.as_ref().map(Part::Float));
            }
        }
        parts.extend([Part::Float(&self.ln_f.weight), Part::Float(&self.ln_f.bias)]);
        parts.extend(self.lm_head.as_ref().map(Part::Matrix));
        parts
    }

    fn embed(&self, ids: &Tensor, positions: &Tensor) -> Result<Tensor> {
        Ok((self.wte.lookup(ids)? + self.wpe.index_select(positions, 0)?)?) // (n, c)
    }

    fn block(&self, i: usize, x: Tensor, _: &Tensor, attend: &mut Attend) -> Result<Tensor> {
        self.run_block(i, &x, None, attend)
    }

    fn attention_scale(&self, i: usize) -> f32 {
        self.config.attention_scale(i)
    }

    fn last_norm(&self, x: &Tensor) -> Result<Tensor> {
        self.ln_f.forward(x)
    }

    fn head(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.lm_head.as_ref().unwrap_or(&self.wte).forward(x, None)?)
    }
}

impl LayerNorm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::layer_norm(x, &self.weight, &self.bias, self.epsilon)?)
    }
}
