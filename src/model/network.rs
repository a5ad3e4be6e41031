//! What all families of networks have in common: a configuration, and one pass over the new tokens of several sequences
//! with their KV caches. To add a family, write one file with its configuration ([`Architecture`], with the table of its
//! tensors) and its network ([`Network`]: embedding, blocks, head), and add a line to `families`.

use super::{
    KvCache, Precision, Weight,
    cache::Layout,
    kernels::{self, Rows},
    linear::with_floats,
    tensors::{Spec, Tensors},
};
use anyhow::{Result, ensure};
use candle_core::{Device, Tensor};
use std::{any::Any, fmt::Debug};

/// A family of networks.
pub struct Family {
    /// Its `model_type` in `config.json`, and its `general.architecture` in GGUF files.
    pub name: &'static str,
    /// Reads `config.json`; what this network can't do is refused by name.
    pub from_json: fn(&serde_json::Value) -> Result<Box<dyn Architecture>>,
    /// Reads the metadata of a GGUF file.
    pub from_gguf: fn(&dyn Metadata) -> Result<Box<dyn Architecture>>,
}

/// The metadata of a GGUF file.
pub trait Metadata {
    /// A count.
    ///
    /// # Errors
    /// When it is missing or no count.
    fn count(&self, key: &str) -> Result<usize>;
    /// A float.
    fn float(&self, key: &str) -> Option<f32>;
    /// The shape of a tensor, by its GGUF name; matrices are (out, in).
    fn shape(&self, tensor: &str) -> Option<Vec<usize>>;
}

/// A number in the metadata of a GGUF file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A 32-bit count.
    Count(usize),
    /// A 32-bit float.
    Float(f64),
}

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
    /// Tokens in the context.
    pub context: usize,
    /// Width of the embedding (of the residual stream).
    pub width: usize,
    /// Blocks.
    pub layers: usize,
    /// Attention heads of a block.
    pub heads: usize,
    /// Heads of keys and values; fewer than `heads` with grouped queries (Ainslie et al. 2023).
    pub kv_heads: usize,
    /// Width of a head.
    pub head_width: usize,
    /// Width of the feed-forward layer.
    pub inner: usize,
}

/// The configuration of a network: its sizes, and the one table of its tensors.
pub trait Architecture: Debug + Send + Sync {
    /// The family's name.
    fn family(&self) -> &'static str;
    /// The sizes.
    fn dims(&self) -> Dims;
    /// Every tensor, in the order in which [`Architecture::load`] reads them and [`Network::parts`] lists them.
    fn tensors(&self) -> Vec<Spec>;
    /// Build the network from the tensors of the table.
    ///
    /// # Errors
    /// When a tensor is missing or damaged.
    fn load(&self, precision: Precision, from: &mut dyn Tensors) -> Result<Box<dyn Network>>;
    /// The token that ends a text.
    fn end(&self) -> Option<u32>;
    /// Use the embedding as the head too, because the file has no head.
    fn tie_head(&mut self);
    /// `config.json`, with what other programs look for in it.
    fn to_json(&self) -> serde_json::Value;
    /// The metadata of a GGUF file beside those that all families have.
    fn to_gguf(&self) -> Vec<(&'static str, Number)>;
    /// Check that GGUF's metadata can describe this network.
    ///
    /// # Errors
    /// When it has a setting that GGUF has no key for.
    fn fits_gguf(&self) -> Result<()>;
    /// A copy.
    fn boxed(&self) -> Box<dyn Architecture>;

    /// The number of parameters.
    fn parameters(&self) -> usize {
        self.tensors().iter().map(Spec::len).sum()
    }
}

impl Clone for Box<dyn Architecture> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// A tensor of a network in memory.
pub enum Part<'a> {
    /// A matrix, in whichever form.
    Matrix(&'a Weight),
    /// A tensor in f32 that is never quantized.
    Float(&'a Tensor),
}

/// One sequence's share of a pass: new tokens, and the cache of those before them.
pub struct Span<'a> {
    /// The tokens to read, at least one.
    pub ids: &'a [u32],
    /// Grows by them.
    pub cache: &'a mut KvCache,
}

/// Attention of the block at hand. Takes the rows' queries, keys and values side by side, (n, (h + 2 kv) * d), and gives
/// (n, h * d).
pub type Attend<'a> = dyn FnMut(Tensor) -> Result<Tensor> + 'a;

/// A network with its weights. A family implements the pieces; [`read`](trait.Network.html#method.read) puts them
/// together. Dispatch is dynamic once a block, not in inner loops.
pub trait Network: Any + Send + Sync {
    /// Its configuration.
    fn config(&self) -> &dyn Architecture;
    /// Its tensors in the order of [`Architecture::tensors`].
    fn parts(&self) -> Vec<Part<'_>>;
    /// Embed tokens (n) at their positions (n): (n, c).
    ///
    /// # Errors
    /// When a token is outside the vocabulary.
    fn embed(&self, ids: &Tensor, positions: &Tensor) -> Result<Tensor>;
    /// One block: (n, c) to (n, c).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    fn block(&self, i: usize, x: Tensor, positions: &Tensor, attend: &mut Attend)
    -> Result<Tensor>;
    /// The factor of attention scores in a block.
    fn attention_scale(&self, i: usize) -> f32;
    /// The normalization after the last block: (n, c) to (n, c).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    fn last_norm(&self, x: &Tensor) -> Result<Tensor>;
    /// Logits (n, v) of (n, c).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    fn head(&self, x: &Tensor) -> Result<Tensor>;

    /// An empty cache for one sequence.
    fn cache(&self) -> KvCache {
        let Dims { layers, heads, kv_heads, head_width, .. } = self.config().dims();
        KvCache::new(Layout { n_layer: layers, n_head: heads, n_kv: kv_heads, d: head_width })
    }

    /// Read the tokens of several sequences in one pass; gives the hidden states (n, c) of the last layer, rows in the
    /// order of the spans.
    ///
    /// # Errors
    /// When a sequence would grow past the context, a token is outside the vocabulary, or weights are on a GPU.
    fn read(&self, spans: &mut [Span]) -> Result<Tensor> {
        let Dims { context, layers, .. } = self.config().dims();
        for span in spans.iter_mut() {
            let (past, t) = (span.cache.len(), span.ids.len());
            ensure!(t > 0 && past + t <= context, "{past} + {t} tokens in a context of {context}");
            span.cache.reserve(t);
        }
        let ids: Vec<u32> = spans.iter().flat_map(|s| s.ids.iter().copied()).collect();
        let positions: Vec<u32> = spans
            .iter()
            .flat_map(|s| (s.cache.len()..s.cache.len() + s.ids.len()).map(|p| p as u32))
            .collect();
        let positions = Tensor::new(positions, &Device::Cpu)?;
        let mut x = self.embed(&Tensor::new(ids, &Device::Cpu)?, &positions)?;
        for i in 0..layers {
            let scale = self.attention_scale(i);
            x = self.block(i, x, &positions, &mut |qkv| attend(&qkv, i, scale, spans))?;
        }
        let x = self.last_norm(&x)?;
        for span in spans.iter_mut() {
            span.cache.advance(span.ids.len());
        }
        Ok(x)
    }

    /// The tensors with their entries in the table.
    fn named_parts(&self) -> Vec<(Spec, Part<'_>)> {
        self.config().tensors().into_iter().zip(self.parts()).collect()
    }

    /// Bytes that the weights take in memory.
    fn bytes(&self) -> usize {
        let bytes = |part: Part| match part {
            Part::Matrix(weight) => weight.bytes(),
            Part::Float(tensor) => 4 * tensor.elem_count(),
        };
        self.parts().into_iter().map(bytes).sum()
    }

    /// How many matrices are held in which form, the most common first.
    fn precisions(&self) -> Vec<(String, usize)> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for part in self.parts() {
            let Part::Matrix(weight) = part else { continue };
            let name = weight.precision();
            match counts.iter_mut().find(|(n, _)| *n == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

/// Attention of new rows over the caches, after their keys and values were written there.
fn attend(qkv: &Tensor, layer: usize, scale: f32, spans: &mut [Span]) -> Result<Tensor> {
    let Some(first) = spans.first() else { return Ok(qkv.clone()) };
    let Layout { n_head, n_kv, d, .. } = first.cache.layout;
    let (q, kv) = (n_head * d, n_kv * d);
    let n = qkv.dim(0)?;
    let y = with_floats(&qkv.contiguous()?, |qkv| {
        let mut rows = qkv.chunks_exact(q + 2 * kv);
        for span in spans.iter_mut() {
            for i in 0..span.ids.len() {
                let Some(row) = rows.next() else { break };
                let position = span.cache.len() + i;
                span.cache.write(layer, position, &row[q..q + kv], &row[q + kv..]);
            }
        }
        let rows: Vec<Rows> = spans
            .iter()
            .map(|s| Rows { count: s.ids.len(), cache: s.cache, first: s.cache.len() })
            .collect();
        Ok(kernels::attend(qkv, &rows, layer, scale))
    })?;
    Ok(Tensor::from_vec(y, (n, q), &Device::Cpu)?)
}
