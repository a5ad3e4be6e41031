//! Dropout (Srivastava et al. 2014) whose masks are a function of a seed and a place: nothing has to be remembered for
//! the way back, and a run that is resumed draws the same.

use super::floats;
use crate::model::{kernels, linear::with_floats};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

/// What is dropped in one place of one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of values that become 0, below 1; the others grow by as much.
    pub rate: f32,
    /// Draws which.
    pub seed: u64,
}

impl Dropout {
    /// The same in another place of the network, with draws of its own.
    pub fn at(self, place: u64) -> Self {
        Self { seed: kernels::mix(self.seed ^ kernels::mix(place)), ..self }
    }
}

/// `x` with values dropped, where there is something to drop.
pub fn dropout(x: Tensor, dropout: Option<Dropout>) -> Result<Tensor> {
    match dropout {
        Some(dropout) if dropout.rate > 0.0 => x.contiguous()?.apply_op1(dropout),
        _ => Ok(x),
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = kernels::drop_values(floats(x, layout)?, self.rate, self.seed);
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let y = with_floats(&grad, |g| Ok(kernels::drop_values(g, self.rate, self.seed)))?;
        Tensor::from_vec(y, x.shape(), x.device()).map(Some)
    }
}
