//! Dropout (Srivastava et al. 2014). The mask is a function of the seed and the place in the network, so that the
//! backward pass can compute it again, and a resumed run draws the same masks.

use crate::{model::kernels, splitmix::mix};
use candle_core::{Result, Tensor};

/// Dropout at one place of one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The probability that a value becomes 0, below 1; the others are multiplied by 1 / (1 - rate).
    pub rate: f32,
    /// The seed of the mask.
    pub seed: u64,
}

impl Dropout {
    /// The same rate with another mask, for another place in the network.
    pub fn at(self, place: u64) -> Self {
        Self { seed: mix(self.seed ^ mix(place)), ..self }
    }
}

/// Apply dropout to `x`; `None` or a rate of 0 returns it unchanged.
pub fn dropout(x: Tensor, dropout: Option<Dropout>) -> Result<Tensor> {
    let Some(Dropout { rate, seed }) = dropout.filter(|d| d.rate > 0.0) else { return Ok(x) };
    let mut mask = vec![1.0f32; x.elem_count()];
    kernels::drop_values(&mut mask, rate, seed);
    let mask = Tensor::from_vec(mask, x.shape(), x.device())?.to_dtype(x.dtype())?;
    x * mask
}
