//! Normalization, GELU and attention. Without gradients on the CPU they are our fused kernels, else they are
//! composed of candle's operations (the fused ones of the crate candle-nn drop the gradient silently: `apply_op3_no_bwd`).

mod activation;
mod attention;
mod dropout;

pub use activation::Activation;
pub use attention::{Heads, attend};
pub use dropout::{Dropout, dropout};

use super::{kernels, linear::Floats};
use candle_core::{D, DType, Result, Tensor};

/// Whether our own kernels can compute on `x`.
fn is_ours(x: &Tensor, others: &[&Tensor]) -> bool {
    let is_tracked = x.track_op() || others.iter().any(|other| other.track_op());
    x.device().is_cpu() && x.dtype() == DType::F32 && !is_tracked
}

/// Layer normalization (Ba et al. 2016) of x (n, c) over c.
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
    // a mean of 16-bit floats is too inexact
    let x = x.to_dtype(DType::F32)?;
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + epsilon)?.sqrt()?;
    let normal = x.broadcast_div(&deviation)?;
    normal.broadcast_mul(weight)?.broadcast_add(bias)?.to_dtype(kind)
}

/// RMS normalization (Zhang and Sennrich 2019) of x (n, c) over c.
pub fn rms_norm(x: &Tensor, weight: &Tensor, epsilon: f64) -> Result<Tensor> {
    let contiguous = x.contiguous()?;
    let (floats, weight) = (Floats::of(&contiguous)?, Floats::of(weight)?);
    let mut y = vec![0.0; floats.len()];
    kernels::rms_norm(&floats, &weight, epsilon as f32, &mut y);
    Tensor::from_vec(y, x.shape(), x.device())
}

/// GELU in its tanh form (Hendrycks and Gimpel 2016).
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
