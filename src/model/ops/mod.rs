//! Layer normalization, GELU and attention: fused where only the result is wanted, composed of candle's operations where
//! a gradient is (candle-nn's own fused ones drop it silently: `apply_op3_no_bwd`), and on a GPU.

mod attention;
mod dropout;

pub use attention::{Heads, attend};
pub use dropout::{Dropout, dropout};

use super::{kernels, linear::Floats};
use candle_core::{D, DType, Result, Tensor};

/// Whether our own kernels may make `x`.
fn is_ours(x: &Tensor, others: &[&Tensor]) -> bool {
    let is_tracked = x.track_op() || others.iter().any(|other| other.track_op());
    x.device().is_cpu() && x.dtype() == DType::F32 && !is_tracked
}

/// x (n, c) normalized over c.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f64) -> Result<Tensor> {
    if is_ours(x, &[weight, bias]) {
        let contiguous = x.contiguous()?;
        let (floats, weight, bias) =
            (Floats::of(&contiguous)?, Floats::of(weight)?, Floats::of(bias)?);
        let mut y = vec![0.0; floats.len()];
        kernels::layer_norm(&floats, &weight, &bias, epsilon as f32, &mut y);
        return Tensor::from_vec(y, x.shape(), x.device());
    }
    let kind = x.dtype();
    // a mean of 16-bit numbers loses too much
    let x = x.to_dtype(DType::F32)?;
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + epsilon)?.sqrt()?;
    let normal = x.broadcast_div(&deviation)?;
    normal.broadcast_mul(weight)?.broadcast_add(bias)?.to_dtype(kind)
}

/// GELU in its tanh form.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if is_ours(x, &[]) {
        let contiguous = x.contiguous()?;
        let floats = Floats::of(&contiguous)?;
        let mut y = vec![0.0; floats.len()];
        kernels::gelu(&floats, &mut y);
        return Tensor::from_vec(y, x.shape(), x.device());
    }
    x.gelu()
}
