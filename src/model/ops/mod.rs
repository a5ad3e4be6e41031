//! Layer normalization, GELU, attention and dropout as candle operations that have a gradient: candle-nn's own fused
//! ones drop it silently (`apply_op3_no_bwd`). On a GPU the first two are composed of plain operations.

mod attention;
mod dropout;

pub use attention::{Heads, attend};
pub use dropout::{Dropout, dropout};

use super::{kernels, linear::with_floats};
use candle_core::{
    CpuStorage, CustomOp1, CustomOp3, D, DType, Layout, Result, Shape, Tensor, bail,
};

fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((from, to)) = layout.contiguous_offsets() else { bail!("needs contiguous tensors") };
    Ok(&storage.as_slice::<f32>()?[from..to])
}

struct LayerNorm {
    epsilon: f64,
}

/// x (n, c) normalized over c.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, epsilon: f64) -> Result<Tensor> {
    if x.device().is_cpu() && x.dtype() == DType::F32 {
        return x.contiguous()?.apply_op3(weight, bias, LayerNorm { epsilon });
    }
    let (normal, _) = normalize(x, epsilon)?;
    normal.broadcast_mul(weight)?.broadcast_add(bias)
}

/// Mean 0 and variance 1 over the last dimension, and what was divided by.
fn normalize(x: &Tensor, epsilon: f64) -> Result<(Tensor, Tensor)> {
    let x = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (x.sqr()?.mean_keepdim(D::Minus1)? + epsilon)?.sqrt()?;
    Ok((x.broadcast_div(&deviation)?, deviation))
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let x = floats(x, x_layout)?;
        let (weight, bias) = (floats(weight, weight_layout)?, floats(bias, bias_layout)?);
        let mut y = vec![0.0; x.len()];
        kernels::layer_norm(x, weight, bias, self.epsilon as f32, &mut y);
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _bias: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (normal, deviation) = normalize(x, self.epsilon)?;
        let rows: Vec<usize> = (0..x.rank() - 1).collect();
        let weight_grad = (grad * &normal)?.sum(rows.as_slice())?;
        let bias_grad = grad.sum(rows.as_slice())?;
        let g = grad.broadcast_mul(weight)?;
        let along = normal.broadcast_mul(&(&g * &normal)?.mean_keepdim(D::Minus1)?)?;
        let x_grad =
            (g.broadcast_sub(&g.mean_keepdim(D::Minus1)?)? - along)?.broadcast_div(&deviation)?;
        Ok((Some(x_grad), Some(weight_grad), Some(bias_grad)))
    }
}

struct Gelu;

/// GELU in its tanh form.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() && x.dtype() == DType::F32 {
        return x.contiguous()?.apply_op1(Gelu);
    }
    x.gelu()
}

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(kernels::gelu(floats(x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let g = grad.contiguous()?;
        let y = with_floats(x, |x| with_floats(&g, |g| Ok(kernels::gelu_grad(x, g))))?;
        Tensor::from_vec(y, x.shape(), x.device()).map(Some)
    }
}
