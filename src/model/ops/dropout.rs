//! Dropout (Srivastava et al. 2014) whose masks are a function of a seed and a place: nothing has to be remembered for
//! the way back, and a run that is resumed draws the same.

use crate::{model::kernels, splitmix::mix};
use candle_core::{Result, Tensor};

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
        Self { seed: mix(self.seed ^ mix(place)), ..self }
    }
}

/// `x` with values dropped, where there is something to drop.
pub fn dropout(x: Tensor, dropout: Option<Dropout>) -> Result<Tensor> {
    let Some(Dropout { rate, seed }) = dropout.filter(|d| d.rate > 0.0) else { return Ok(x) };
    let mut mask = vec![1.0f32; x.elem_count()];
    kernels::drop_values(&mut mask, rate, seed);
    let mask = Tensor::from_vec(mask, x.shape(), x.device())?.to_dtype(x.dtype())?;
    x * mask
}
