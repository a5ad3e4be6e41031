//! The Llama network (Touvron et al. 2023) and its relatives: RMS normalization, rotary positions, grouped-query
//! attention and SwiGLU. Shapes: n rows (the tokens of all sequences, one after the other), c channels, h heads, kv
//! heads of keys and values, d the width of a head. The names of tensors are only in [`Config::tensors`]; fields here
//! are in the same order.

mod config;
mod gguf;
mod rope;
mod table;

pub use config::{Config, FAMILIES, Member};
pub use rope::Scaling;

use super::{
    Floats, Precision, Weight,
    kernels::{self, Rotated},
    linear::{Linear, joined},
    network::{Architecture, Attend, Dims, Network, Part},
    ops,
    tensors::{Loader, Tensors},
};
use anyhow::Result;
use candle_core::{Device, Tensor};
use rope::Rope;

/// The network and its weights.
pub struct Llama {
    /// Its configuration.
    pub config: Config,
    embedding: Weight,
    blocks: Vec<Block>,
    norm: Tensor,
    head: Option<Weight>,
    divisors: Option<Tensor>,
    rope: Rope,
    precision: Precision,
}

struct Block {
    attention_norm: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    /// The normalizations of each query and each key (d).
    head_norms: Option<[Tensor; 2]>,
    output: Linear,
    inner_norm: Tensor,
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl Llama {
    /// Build the network from the tensors of its table, rounding the matrices to a precision.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn load(config: Config, precision: Precision, from: &mut dyn Tensors) -> Result<Self> {
        let mut next = Loader::new(config.tensors(), precision, from);
        let linear = |next: &mut Loader, bias: bool| -> Result<Linear> {
            let weight = next.matrix()?;
            Ok(Linear { weight, bias: bias.then(|| next.float()).transpose()? })
        };
        let Dims { layers, head_width, context, .. } = config.dims;
        let embedding = next.matrix()?;
        let mut blocks = Vec::with_capacity(layers);
        for _ in 0..layers {
            blocks.push(Block {
                attention_norm: next.float()?,
                query: linear(&mut next, config.biases)?,
                key: linear(&mut next, config.biases)?,
                value: linear(&mut next, config.biases)?,
                head_norms: match config.member {
                    Member::Qwen3 => Some([next.float()?, next.float()?]),
                    _ => None,
                },
                output: linear(&mut next, config.output_bias)?,
                inner_norm: next.float()?,
                gate: linear(&mut next, false)?,
                up: linear(&mut next, false)?,
                down: linear(&mut next, false)?,
            });
        }
        let norm = next.float()?;
        let head = if config.tied { None } else { Some(next.matrix()?) };
        let divisors = (config.scaling == Scaling::Tensor).then(|| next.float()).transpose()?;
        let numbers = divisors.as_ref().map(Tensor::to_vec1::<f32>).transpose()?;
        let rope =
            Rope::new(head_width, config.theta, config.scaling, numbers.as_deref(), context)?;
        Ok(Self { config, embedding, blocks, norm, head, divisors, rope, precision })
    }

    /// Queries, keys and values (n, (h + 2 kv) * d) of normalized rows, with queries and keys rotated.
    fn attention_input(&self, block: &Block, x: &Tensor, positions: &Tensor) -> Result<Tensor> {
        let Dims { heads, kv_heads, head_width: d, .. } = self.config.dims;
        let mut rows = joined([&block.query, &block.key, &block.value], x)?;
        let positions: Vec<u32> = positions.to_vec1()?;
        let width = (heads + 2 * kv_heads) * d;
        let norms = match &block.head_norms {
            Some([query, key]) => Some((Floats::of(query)?, Floats::of(key)?)),
            None => None,
        };
        let norms = norms.as_ref().map(|(q, k)| (&**q, &**k, self.config.epsilon as f32));
        let rotated = Rotated { queries: heads, keys: kv_heads, d, norms };
        kernels::rotate(&mut rows, width, rotated, |row| self.rope.at(positions[row] as usize));
        Ok(Tensor::from_vec(rows, (positions.len(), width), &Device::Cpu)?)
    }
}

impl Network for Llama {
    fn config(&self) -> &dyn Architecture {
        &self.config
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn parts(&self) -> Vec<Part<'_>> {
        fn linear<'a>(parts: &mut Vec<Part<'a>>, layer: &'a Linear) {
            parts.push(Part::Matrix(&layer.weight));
            parts.extend(layer.bias.as_ref().map(Part::Float));
        }
        let mut parts = vec![Part::Matrix(&self.embedding)];
        for block in &self.blocks {
            parts.push(Part::Float(&block.attention_norm));
            for layer in [&block.query, &block.key, &block.value] {
                linear(&mut parts, layer);
            }
            parts.extend(block.head_norms.iter().flatten().map(Part::Float));
            linear(&mut parts, &block.output);
            parts.push(Part::Float(&block.inner_norm));
            for layer in [&block.gate, &block.up, &block.down] {
                linear(&mut parts, layer);
            }
        }
        parts.push(Part::Float(&self.norm));
        parts.extend(self.head.as_ref().map(Part::Matrix));
        parts.extend(self.divisors.as_ref().map(Part::Float));
        parts
    }

    fn embed(&self, ids: &Tensor, _: &Tensor) -> Result<Tensor> {
        self.embedding.lookup(ids)
    }

    fn block(
        &self,
        i: usize,
        x: Tensor,
        positions: &Tensor,
        attend: &mut Attend,
    ) -> Result<Tensor> {
        let block = &self.blocks[i];
        let normal = |x: &Tensor, weight| ops::rms_norm(x, weight, self.config.epsilon);
        let rows = normal(&x, &block.attention_norm)?;
        let attended = attend(self.attention_input(block, &rows, positions)?)?;
        let x = (x + block.output.forward(&attended)?)?;
        let rows = normal(&x, &block.inner_norm)?;
        let inner = self.config.dims.inner;
        let gated = kernels::swiglu(&joined([&block.gate, &block.up], &rows)?, inner);
        let gated = Tensor::from_vec(gated, (x.dim(0)?, inner), &Device::Cpu)?;
        Ok((x + block.down.forward(&gated)?)?)
    }

    fn attention_scale(&self, _: usize) -> f32 {
        1.0 / (self.config.dims.head_width as f32).sqrt()
    }

    fn last_norm(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::rms_norm(x, &self.norm, self.config.epsilon)?)
    }

    fn head(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.head.as_ref().unwrap_or(&self.embedding).forward(x, None)?)
    }
}
