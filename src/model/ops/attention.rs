//! Causal attention from the beginning, composed of candle's operations, so that it has a gradient on every device.

use super::{Dropout, dropout};
use candle_core::{DType, Result, Tensor};

/// How the rows of queries, keys and values are cut.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// Sequences.
    pub batch: usize,
    /// Tokens of each.
    pub time: usize,
    /// Heads of a row.
    pub heads: usize,
    /// What scores are multiplied with.
    pub scale: f32,
    /// What is dropped of the weights.
    pub dropout: Option<Dropout>,
}

/// qkv (b * t, 3c) to (b * t, c), every row seeing those before it and itself.
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
    let weights = candle_nn::ops::softmax(&scores.broadcast_add(&unseen)?, 3)?;
    let weights = dropout(weights.to_dtype(v.dtype())?, dropped)?;
    weights.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((b * t, h * d)) // (b * t, c)
}
