//! Causal attention over whole sequences, composed of candle's operations, so that it has a gradient on every device.

use super::{Dropout, dropout};
use candle_core::{D, DType, Result, Tensor};

/// The layout of the rows of queries, keys and values.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// The number of sequences.
    pub batch: usize,
    /// Tokens per sequence.
    pub time: usize,
    /// The number of attention heads.
    pub heads: usize,
    /// The factor of the attention scores.
    pub scale: f32,
    /// Dropout of the attention weights.
    pub dropout: Option<Dropout>,
}

/// Causal attention: queries, keys and values (b * t, 3c) to (b * t, c). Each row attends to itself and to those before
/// it in its sequence.
pub fn attend(qkv: &Tensor, heads: Heads) -> Result<Tensor> {
    let Heads { batch: b, time: t, heads: h, scale, dropout: dropped } = heads;
    let d = qkv.dim(1)? / 3 / h;
    let qkv = qkv.reshape((b, t, 3, h, d))?.permute((2, 0, 3, 1, 4))?; // (3, b, h, t, d)
    let part = |i: usize| qkv.get(i)?.contiguous();
    let (q, k, v) = (part(0)?, part(1)?, part(2)?);
    let scores = (q.matmul(&k.t()?)? * f64::from(scale))?.to_dtype(DType::F32)?;
    let unseen: Vec<f32> =
        (0..t * t).map(|i| if i % t > i / t { f32::NEG_INFINITY } else { 0.0 }).collect();
    let unseen = Tensor::from_vec(unseen, (t, t), qkv.device())?;
    let weights = softmax(&scores.broadcast_add(&unseen)?)?;
    let weights = dropout(weights.to_dtype(v.dtype())?, dropped)?;
    weights.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((b * t, h * d)) // (b * t, c)
}

/// The softmax of each row.
fn softmax(x: &Tensor) -> Result<Tensor> {
    let exp = x.broadcast_sub(&x.max_keepdim(D::Minus1)?)?.exp()?;
    exp.broadcast_div(&exp.sum_keepdim(D::Minus1)?)
}
