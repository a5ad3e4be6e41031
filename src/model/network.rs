//! The interface of all families of networks: a configuration, and one forward pass over the new tokens of several
//! sequences with their KV caches. To add a family, write one file with its configuration ([`Architecture`], with the
//! table of its tensors) and its network ([`Network`]: embedding, blocks, head), and add a line to `families`.

use super::{
    KvCache, Precision, Weight,
    cache::{LONG, Layout},
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
    /// Parse `config.json`. A setting that this network doesn't support is an error that names it.
    pub from_json: fn(&serde_json::Value) -> Result<Box<dyn Architecture>>,
    /// Parse the metadata of a GGUF file.
    pub from_gguf: fn(&dyn Metadata) -> Result<Box<dyn Architecture>>,
}

/// The way out for a network that is not computed here.
pub const ELSEWHERE: &str =
    "llama.cpp's server or vLLM may compute it, and --model takes the address of such a server";

/// The metadata of a GGUF file.
pub trait Metadata {
    /// An integer by its key.
    ///
    /// # Errors
    /// When it is missing or not an integer.
    fn count(&self, key: &str) -> Result<usize>;
    /// A float by its key.
    fn float(&self, key: &str) -> Option<f32>;
    /// A text by its key.
    fn text(&self, key: &str) -> Option<&str>;
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
    /// The number of tokens in the vocabulary.
    pub vocabulary: usize,
    /// The length of the context in tokens.
    pub context: usize,
    /// Width of the embedding and of the residual stream (`n_embd`).
    pub width: usize,
    /// The number of blocks (layers).
    pub layers: usize,
    /// Attention heads per block.
    pub heads: usize,
    /// Heads of keys and values; fewer than `heads` with grouped-query attention (Ainslie et al. 2023).
    pub kv_heads: usize,
    /// Width of a head.
    pub head_width: usize,
    /// Width of the feed-forward layer.
    pub inner: usize,
}

impl Dims {
    /// The layout of the KV cache. Its numbers are held in 16 bits if the weights are rounded too, or if the context is
    /// long.
    pub(super) fn layout(&self, precision: Precision) -> Layout {
        Layout {
            n_layer: self.layers,
            n_head: self.heads,
            n_kv: self.kv_heads,
            d: self.head_width,
            is_half: precision != Precision::F32 || self.context > LONG,
        }
    }
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
    /// `general.architecture` in GGUF files, if it is not the family's name.
    fn gguf_name(&self) -> &'static str {
        self.family()
    }
    /// The token that ends a text.
    fn end(&self) -> Option<u32>;
    /// All tokens that end a text.
    fn ends(&self) -> Vec<u32> {
        self.end().into_iter().collect()
    }
    /// Use the embedding as the head too (weight tying), because the file has no head.
    fn tie_head(&mut self);
    /// The contents of `config.json`, with the keys that other programs expect.
    fn to_json(&self) -> serde_json::Value;
    /// The metadata of a GGUF file, apart from the keys that all families have.
    fn to_gguf(&self) -> Vec<(String, Number)>;
    /// Check that GGUF's metadata can describe this network.
    ///
    /// # Errors
    /// When it has a setting that GGUF has no key for.
    fn fits_gguf(&self) -> Result<()>;
    /// Check that `config.json` can describe this network.
    ///
    /// # Errors
    /// When it has a setting that `config.json` has no key for.
    fn fits_json(&self) -> Result<()> {
        Ok(())
    }
    /// A boxed clone.
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
    /// A matrix, in any precision.
    Matrix(&'a Weight),
    /// A tensor in f32 that is never quantized.
    Float(&'a Tensor),
}

/// One sequence in a forward pass: new tokens, and the KV cache of those before them.
pub struct Span<'a> {
    /// The tokens to read, at least one.
    pub ids: &'a [u32],
    /// The sequence's cache; the pass appends the new tokens.
    pub cache: &'a mut KvCache,
}

/// The attention of one block. Takes the rows' queries, keys and values next to each other, (n, (h + 2 kv) * d), and
/// returns (n, h * d).
pub type Attend<'a> = dyn FnMut(Tensor) -> Result<Tensor> + 'a;

/// A network with its weights. A family implements the parts; [`read`](trait.Network.html#method.read) combines them to
/// a forward pass. Dispatch is dynamic once per block, not in inner loops.
pub trait Network: Any + Send + Sync {
    /// Its configuration.
    fn config(&self) -> &dyn Architecture;
    /// Its tensors in the order of [`Architecture::tensors`].
    fn parts(&self) -> Vec<Part<'_>>;
    /// Embed tokens (n) at their positions (n); returns (n, c).
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
    /// The factor of the attention scores in a block.
    fn attention_scale(&self, i: usize) -> f32;
    /// The normalization after the last block: (n, c) to (n, c).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    fn last_norm(&self, x: &Tensor) -> Result<Tensor>;
    /// The logits (n, v) of hidden states (n, c).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    fn head(&self, x: &Tensor) -> Result<Tensor>;

    /// The precision in which its matrices were loaded.
    fn precision(&self) -> Precision;

    /// An empty cache for one sequence.
    fn cache(&self) -> KvCache {
        KvCache::new(self.config().dims().layout(self.precision()))
    }

    /// Read the tokens of several sequences in one pass. Returns the hidden states (n, c) after the last block, with
    /// the rows in the order of the spans.
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

    /// The size of the weights in memory, in bytes.
    fn bytes(&self) -> usize {
        let bytes = |part: Part| match part {
            Part::Matrix(weight) => weight.bytes(),
            Part::Float(tensor) => 4 * tensor.elem_count(),
        };
        self.parts().into_iter().map(bytes).sum()
    }

    /// The number of matrices in each precision, the most common first.
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

/// Attention of the new rows over the caches, after their own keys and values were written there.
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
