//! GPT-2 (Radford et al. 2019), the whole network. Shapes: n rows (tokens of all sequences, one after the other),
//! b batch, t time, c channels, h heads, v vocabulary.
//!
//! Names follow the published checkpoint (`wte`, `h.0.attn.c_attn`, ...). There is one network, `block` after `block`; reading with a
//! cache and without differ in attention alone.

use super::{
    Config, KvCache, Precision, Weight,
    kernels::{self, Rows},
    linear::with_floats,
    ops::{self, Dropout, Heads},
};
use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor, quantized::QTensor};
use std::sync::Arc;

/// Where weights come from: a published name to a tensor of the (published) shape asked for.
pub type Source<'a> = dyn FnMut(&str, &[usize]) -> Result<Raw> + 'a;

/// A tensor as a file holds it.
pub enum Raw {
    /// Floats in f32, laid out as published: `Conv1D` matrices (in, out).
    Float(Tensor),
    /// One of ggml's forms, matrices (out, in).
    Ggml(Arc<QTensor>),
}

/// A piece of the network.
pub enum Part<'a> {
    /// A matrix.
    Matrix(&'a Weight),
    /// A vector or the table of positions, in f32.
    Vector(&'a Tensor),
}

/// One sequence's share of a pass: new tokens, and what was read of it before.
pub struct Span<'a> {
    /// The tokens to read, at least one.
    pub ids: &'a [u32],
    /// Grows by them.
    pub cache: &'a mut KvCache,
}

/// Whole sequences that are read together, from the beginning.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// How many.
    pub batch: usize,
    /// Tokens of each.
    pub time: usize,
    /// What is dropped.
    pub dropout: Option<Dropout>,
}

/// The network and its weights.
pub struct Gpt2 {
    /// Its shape.
    pub config: Config,
    wte: Weight,
    wpe: Tensor,
    blocks: Vec<Block>,
    ln_f: LayerNorm,
    lm_head: Option<Weight>,
}

struct Block {
    ln_1: LayerNorm,
    c_attn: Linear,
    c_proj: Linear,
    ln_2: LayerNorm,
    c_fc: Linear,
    mlp_proj: Linear,
}

struct Linear {
    weight: Weight,
    bias: Tensor,
}

struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl Gpt2 {
    /// Build it from tensors in f32, rounding the matrices to a precision. A head that stands beside the embedding is
    /// used when the configuration says that they are not tied.
    ///
    /// # Errors
    /// What the source says of a tensor that is missing or has another shape.
    pub fn load(config: Config, precision: Precision, get: &mut Source) -> Result<Self> {
        let (c, v, inner) = (config.n_embd, config.vocab_size, config.inner());
        // ggml keeps embeddings of 4-bit models finer, since they are looked up as well.
        let table = if precision == Precision::Q4k { Precision::Q8_0 } else { precision };
        let wte = match get("wte.weight", &[v, c])? {
            // Variables stay themselves, so that they get their gradient.
            Raw::Float(t) if table == Precision::F32 => Weight::Transposed(t),
            Raw::Float(t) => Weight::round(&t, table)?,
            Raw::Ggml(t) => Weight::ggml(t, table)?,
        };
        let wpe = get("wpe.weight", &[config.n_positions, c])?.float()?;
        let mut blocks = Vec::with_capacity(config.n_layer);
        for i in 0..config.n_layer {
            let mut norm = |name: &str| LayerNorm::load(&format!("h.{i}.{name}"), &config, get);
            let (ln_1, ln_2) = (norm("ln_1")?, norm("ln_2")?);
            let mut linear = |name: &str, input, out| {
                Linear::load(&format!("h.{i}.{name}"), input, out, precision, get)
            };
            blocks.push(Block {
                ln_1,
                c_attn: linear("attn.c_attn", c, 3 * c)?,
                c_proj: linear("attn.c_proj", c, c)?,
                ln_2,
                c_fc: linear("mlp.c_fc", c, inner)?,
                mlp_proj: linear("mlp.c_proj", inner, c)?,
            });
        }
        let ln_f = LayerNorm::load("ln_f", &config, get)?;
        let lm_head = match config.tie_word_embeddings {
            true => None,
            false => Some(match get("lm_head.weight", &[v, c])? {
                Raw::Float(t) => Weight::round(&t, table)?,
                Raw::Ggml(t) => Weight::ggml(t, table)?,
            }),
        };
        Ok(Self { config, wte, wpe, blocks, ln_f, lm_head })
    }

    /// Read the tokens of several sequences in one pass; gives the last layer's (n, c), rows in the order of the spans.
    ///
    /// # Errors
    /// When a sequence would grow past the context, a token is outside the vocabulary, or weights are on a GPU.
    pub fn read(&self, spans: &mut [Span]) -> Result<Tensor> {
        let context = self.config.n_positions;
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
        let mut x =
            self.embed(&Tensor::new(ids, &Device::Cpu)?, &Tensor::new(positions, &Device::Cpu)?)?;
        let mut attend = |layer, qkv| self.attend_cached(layer, qkv, spans);
        for i in 0..self.blocks.len() {
            x = self.block(i, &x, None, &mut attend)?;
        }
        let x = self.ln_f.forward(&x)?;
        for span in spans.iter_mut() {
            span.cache.advance(span.ids.len());
        }
        Ok(x)
    }

    /// Read (b, t) tokens from the beginning, without a cache and with gradients; gives (b * t, c).
    ///
    /// # Errors
    /// When t is past the context or a token is outside the vocabulary.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        let (batch, time) = ids.dims2()?;
        let windows = Windows { batch, time, dropout: None };
        let mut x = self.embed_windows(ids, None)?;
        for i in 0..self.blocks.len() {
            x = self.block_of_windows(i, &x, windows)?;
        }
        self.last_norm(&x)
    }

    /// What the first block gets for (b, t) tokens: (b * t, c).
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

    /// What a block makes of (b * t, c); values are dropped of attention's weights, and of what the block adds.
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
        self.block(i, x, dropout, &mut |_, qkv| Ok(ops::attend(&qkv, heads)?))
    }

    /// (n, c) normalized after the last block. Fails only when shapes do not fit.
    pub fn last_norm(&self, x: &Tensor) -> Result<Tensor> {
        self.ln_f.forward(x)
    }

    /// (n, c) to logits (n, v).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    pub fn head(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.lm_head.as_ref().unwrap_or(&self.wte).forward(x, None)?)
    }

    /// Its tensors by their published names, laid out as published.
    ///
    /// # Errors
    /// When a matrix is not in f32.
    pub fn into_tensors(self) -> Result<Vec<(String, Tensor)>> {
        let Self { wte, wpe, blocks, ln_f, lm_head, .. } = self;
        let float = |weight: Weight, name: &str| match weight {
            Weight::Dense(t) | Weight::Transposed(t) => Ok(t),
            _ => anyhow::bail!("`{name}` is not in f32"),
        };
        let mut all = vec![
            ("wte.weight".to_owned(), float(wte, "wte.weight")?),
            ("wpe.weight".to_owned(), wpe),
        ];
        for (i, block) in blocks.into_iter().enumerate() {
            for (name, norm) in [("ln_1", block.ln_1), ("ln_2", block.ln_2)] {
                all.push((format!("h.{i}.{name}.weight"), norm.weight));
                all.push((format!("h.{i}.{name}.bias"), norm.bias));
            }
            for (name, linear) in [
                ("attn.c_attn", block.c_attn),
                ("attn.c_proj", block.c_proj),
                ("mlp.c_fc", block.c_fc),
                ("mlp.c_proj", block.mlp_proj),
            ] {
                let name = format!("h.{i}.{name}");
                let weight = match linear.weight {
                    Weight::Transposed(t) => t.t()?.contiguous()?,
                    weight => float(weight, &name)?,
                };
                all.push((format!("{name}.weight"), weight));
                all.push((format!("{name}.bias"), linear.bias));
            }
        }
        all.push(("ln_f.weight".into(), ln_f.weight));
        all.push(("ln_f.bias".into(), ln_f.bias));
        if let Some(head) = lm_head {
            all.push(("lm_head.weight".into(), float(head, "lm_head.weight")?));
        }
        Ok(all)
    }

    /// Every piece under its published name.
    pub fn parts(&self) -> Vec<(String, Part<'_>)> {
        let mut parts = vec![
            ("wte.weight".to_string(), Part::Matrix(&self.wte)),
            ("wpe.weight".to_string(), Part::Vector(&self.wpe)),
        ];
        for (i, block) in self.blocks.iter().enumerate() {
            for (name, norm) in [("ln_1", &block.ln_1), ("ln_2", &block.ln_2)] {
                parts.push((format!("h.{i}.{name}.weight"), Part::Vector(&norm.weight)));
                parts.push((format!("h.{i}.{name}.bias"), Part::Vector(&norm.bias)));
            }
            for (name, linear) in [
                ("attn.c_attn", &block.c_attn),
                ("attn.c_proj", &block.c_proj),
                ("mlp.c_fc", &block.c_fc),
                ("mlp.c_proj", &block.mlp_proj),
            ] {
                parts.push((format!("h.{i}.{name}.weight"), Part::Matrix(&linear.weight)));
                parts.push((format!("h.{i}.{name}.bias"), Part::Vector(&linear.bias)));
            }
        }
        parts.push(("ln_f.weight".into(), Part::Vector(&self.ln_f.weight)));
        parts.push(("ln_f.bias".into(), Part::Vector(&self.ln_f.bias)));
        parts.extend(self.lm_head.iter().map(|head| ("lm_head.weight".into(), Part::Matrix(head))));
        parts
    }

    /// Bytes that the weights take in memory.
    pub fn bytes(&self) -> usize {
        let bytes = |part: Part| match part {
            Part::Matrix(weight) => weight.bytes(),
            Part::Vector(tensor) => 4 * tensor.elem_count(),
        };
        self.parts().into_iter().map(|(_, part)| bytes(part)).sum()
    }

    /// How many matrices are held in which form, the commonest first.
    pub fn precisions(&self) -> Vec<(String, usize)> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for (_, part) in self.parts() {
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

    fn embed(&self, ids: &Tensor, positions: &Tensor) -> Result<Tensor> {
        Ok((self.wte.lookup(ids)? + self.wpe.index_select(positions, 0)?)?) // (n, c)
    }

    fn block(
        &self,
        i: usize,
        x: &Tensor,
        dropout: Option<Dropout>,
        attend: &mut dyn FnMut(usize, Tensor) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let block = &self.blocks[i];
        let drop = |x, place| ops::dropout(x, dropout.map(|d| d.at(3 * i as u64 + place)));
        let qkv = block.c_attn.forward(&block.ln_1.forward(x)?)?; // (n, 3c)
        let x = (x + drop(block.c_proj.forward(&attend(i, qkv)?)?, 2)?)?;
        let hidden = ops::gelu(&block.c_fc.forward(&block.ln_2.forward(&x)?)?)?; // (n, inner)
        Ok((&x + drop(block.mlp_proj.forward(&hidden)?, 3)?)?)
    }

    /// qkv (n, 3c) to (n, c), over what the caches hold and these rows.
    fn attend_cached(&self, layer: usize, qkv: Tensor, spans: &mut [Span]) -> Result<Tensor> {
        let (n, c) = (qkv.dim(0)?, self.config.n_embd);
        let y = with_floats(&qkv.contiguous()?, |qkv| {
            let mut rows = qkv.chunks_exact(3 * c);
            for span in spans.iter_mut() {
                for i in 0..span.ids.len() {
                    let Some(row) = rows.next() else { break };
                    let position = span.cache.len() + i;
                    span.cache.write(layer, position, &row[c..2 * c], &row[2 * c..]);
                }
            }
            let rows: Vec<Rows> = spans
                .iter()
                .map(|s| Rows { count: s.ids.len(), cache: s.cache, first: s.cache.len() })
                .collect();
            Ok(kernels::attend(qkv, &rows, layer, self.config.attention_scale(layer)))
        })?;
        Ok(Tensor::from_vec(y, (n, c), &Device::Cpu)?)
    }
}

impl Raw {
    fn float(self) -> Result<Tensor> {
        match self {
            Self::Float(tensor) => Ok(tensor),
            Self::Ggml(tensor) => Ok(tensor.dequantize(&Device::Cpu)?),
        }
    }

    /// Its shape as published.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Self::Float(tensor) => tensor.dims().to_vec(),
            Self::Ggml(tensor) => tensor.shape().dims().to_vec(),
        }
    }
}

impl Linear {
    fn load(
        name: &str,
        input: usize,
        out: usize,
        precision: Precision,
        get: &mut Source,
    ) -> Result<Self> {
        let weight = match get(&format!("{name}.weight"), &[input, out])? {
            Raw::Float(t) if precision == Precision::F32 => Weight::Dense(t),
            Raw::Float(t) => Weight::round(&t.t()?, precision).with_context(|| name.to_string())?,
            Raw::Ggml(t) => Weight::ggml(t, precision).with_context(|| name.to_string())?,
        };
        Ok(Self { weight, bias: get(&format!("{name}.bias"), &[out])?.float()? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.weight.forward(x, Some(&self.bias))?)
    }
}

impl LayerNorm {
    fn load(name: &str, config: &Config, get: &mut Source) -> Result<Self> {
        Ok(Self {
            weight: get(&format!("{name}.weight"), &[config.n_embd])?.float()?,
            bias: get(&format!("{name}.bias"), &[config.n_embd])?.float()?,
            epsilon: config.layer_norm_epsilon,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(ops::layer_norm(x, &self.weight, &self.bias, self.epsilon)?)
    }
}
