//! Causal attention from the beginning as one operation with its own gradient: the weights of a head are computed again
//! on the way back and never kept (as in FlashAttention, Dao et al. 2022).

use super::{Dropout, floats};
use crate::model::{kernels, linear::with_floats};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

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

/// qkv (b * t, 3c) to (b * t, c).
pub fn attend(qkv: &Tensor, heads: Heads) -> Result<Tensor> {
    qkv.contiguous()?.apply_op1(heads)
}

impl Heads {
    fn grid(&self) -> kernels::Grid {
        kernels::Grid {
            batch: self.batch,
            time: self.time,
            heads: self.heads,
            scale: self.scale,
            dropout: self.dropout.map(|d| (d.rate, d.seed)),
        }
    }
}

impl CustomOp1 for Heads {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, qkv: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, width) = layout.shape().dims2()?;
        let y = kernels::attend_whole(floats(qkv, layout)?, &self.grid());
        Ok((CpuStorage::F32(y), (n, width / 3).into()))
    }

    fn bwd(&self, qkv: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let y = with_floats(qkv, |qkv| {
            with_floats(&grad, |g| Ok(kernels::attend_whole_grad(qkv, g, &self.grid())))
        })?;
        Tensor::from_vec(y, qkv.shape(), qkv.device()).map(Some)
    }
}
