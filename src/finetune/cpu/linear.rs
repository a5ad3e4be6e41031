//! A linear layer, forward and backward, optionally with a LoRA adapter (Hu et al. 2021).

use super::gradients::Gradients;
use crate::model::kernels::{By, Matrix, column_sums, product};
use rayon::prelude::*;

/// y = x W + b, from x (n, in) to y (n, out).
pub struct Linear<'a> {
    /// Its published name without `.weight`, such as `h.0.attn.c_attn`.
    pub name: String,
    /// W (in, out).
    pub weight: &'a [f32],
    /// b (out).
    pub bias: &'a [f32],
    /// LoRA matrices whose product is added to W.
    pub adapter: Option<Adapter<'a>>,
}

/// A low-rank addition to a matrix: scale * A B.
#[derive(Clone, Copy)]
pub struct Adapter<'a> {
    /// A (in, rank).
    pub a: &'a [f32],
    /// B (rank, out).
    pub b: &'a [f32],
    /// alpha / rank.
    pub scale: f32,
}

impl Linear<'_> {
    fn dims(&self) -> (usize, usize) {
        (self.weight.len() / self.bias.len(), self.bias.len())
    }

    /// Write the output for `x` (n, in) to `y` (n, out), plus `residual` (n, out) if given.
    pub fn forward(&self, x: &[f32], residual: Option<&[f32]>, y: &mut [f32]) {
        let (input, out) = self.dims();
        let n = x.len() / input;
        let start = |(i, y): (usize, &mut [f32])| match residual {
            Some(residual) => {
                let residual = &residual[i * out..][..out];
                y.iter_mut().zip(self.bias).zip(residual).for_each(|((y, b), x)| *y = b + x);
            }
            None => y.copy_from_slice(self.bias),
        };
        y.par_chunks_mut(out).enumerate().with_min_len(32).for_each(start);
        let (x, weight) = (Matrix::new(x, input), Matrix::new(self.weight, out));
        product(y, (n, input, out), x, weight, (1.0, true), By::All);
        if let Some(Adapter { a, b, scale }) = self.adapter {
            let rank = a.len() / input;
            let mut xa = vec![0.0; n * rank];
            set(&mut xa, (n, input, rank), x, Matrix::new(a, rank), 1.0);
            let xa = Matrix::new(&xa, rank);
            product(y, (n, rank, out), xa, Matrix::new(b, out), (scale, true), By::All);
        }
    }

    /// Given the gradient `g` (n, out) of the output, write that of the input `x` (n, in) to `dx`, and add those of the
    /// parameters to `gradients`.
    pub fn backward(&self, x: &[f32], g: &[f32], dx: &mut [f32], gradients: &mut Gradients) {
        let (input, out) = self.dims();
        let n = x.len() / input;
        let bias = format!("{}.bias", self.name);
        gradients.add(&bias, |sum, onto| column_sums(g, sum, onto));
        let (x, dy) = (Matrix::new(x, input), Matrix::new(g, out));
        gradients.add(&format!("{}.weight", self.name), |sum, onto| {
            product(sum, (input, n, out), x.t(), dy, (1.0, onto), By::All);
        });
        set(dx, (n, out, input), dy, Matrix::new(self.weight, out).t(), 1.0);
        let Some(Adapter { a, b, scale }) = self.adapter else { return };
        let rank = a.len() / input;
        let (a, b) = (Matrix::new(a, rank), Matrix::new(b, out));
        let mut between = vec![0.0; n * rank];
        set(&mut between, (n, input, rank), x, a, 1.0); // x A
        gradients.add(&format!("{}.lora_b", self.name), |sum, onto| {
            let xa = Matrix::new(&between, rank);
            product(sum, (rank, n, out), xa.t(), dy, (scale, onto), By::All);
        });
        set(&mut between, (n, out, rank), dy, b.t(), scale); // its gradient
        let grad = Matrix::new(&between, rank);
        gradients.add(&format!("{}.lora_a", self.name), |sum, onto| {
            product(sum, (input, n, rank), x.t(), grad, (1.0, onto), By::All);
        });
        product(dx, (n, rank, input), grad, a.t(), (1.0, true), By::All);
    }
}

/// out = scale * a b, on all threads. `shape` is (rows of a, columns of a, columns of b).
fn set(out: &mut [f32], shape: (usize, usize, usize), a: Matrix, b: Matrix, scale: f32) {
    product(out, shape, a, b, (scale, false), By::All);
}
