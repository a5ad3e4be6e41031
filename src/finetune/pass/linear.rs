//! A layer that multiplies with a matrix, forward and back, with small matrices beside it where there are some (LoRA).

use super::super::gradients::Gradients;
use crate::model::kernels::{By, Matrix, column_sums, product};
use rayon::prelude::*;

/// x (n, in) to x * weight + bias (n, out).
pub struct Linear<'a> {
    /// Its published name, without `.weight`.
    pub name: String,
    /// (in, out).
    pub weight: &'a [f32],
    /// (out).
    pub bias: &'a [f32],
    /// Small matrices whose product is added to the weight.
    pub small: Option<Small<'a>>,
}

/// A matrix of low rank: scale * a * b.
#[derive(Clone, Copy)]
pub struct Small<'a> {
    /// (in, rank).
    pub a: &'a [f32],
    /// (rank, out).
    pub b: &'a [f32],
    /// What the product is multiplied with.
    pub scale: f32,
}

impl Linear<'_> {
    fn dims(&self) -> (usize, usize) {
        (self.weight.len() / self.bias.len(), self.bias.len())
    }

    /// `y` is the result, with `base` added where it is given.
    pub fn forward(&self, x: &[f32], base: Option<&[f32]>, y: &mut [f32]) {
        let (input, out) = self.dims();
        let n = x.len() / input;
        let begin = |(i, y): (usize, &mut [f32])| match base {
            Some(base) => {
                let base = &base[i * out..][..out];
                y.iter_mut().zip(self.bias).zip(base).for_each(|((y, b), x)| *y = b + x);
            }
            None => y.copy_from_slice(self.bias),
        };
        y.par_chunks_mut(out).enumerate().with_min_len(32).for_each(begin);
        let (x, weight) = (Matrix::new(x, input), Matrix::new(self.weight, out));
        product(y, (n, input, out), x, weight, (1.0, true), By::All);
        if let Some(Small { a, b, scale }) = self.small {
            let rank = a.len() / input;
            let mut between = vec![0.0; n * rank];
            set(&mut between, (n, input, rank), x, Matrix::new(a, rank), 1.0);
            let between = Matrix::new(&between, rank);
            product(y, (n, rank, out), between, Matrix::new(b, out), (scale, true), By::All);
        }
    }

    /// Add up the gradients, given that of the output `g`; `dx` becomes that of the input `x`.
    pub fn back(&self, x: &[f32], g: &[f32], dx: &mut [f32], gradients: &mut Gradients) {
        let (input, out) = self.dims();
        let n = x.len() / input;
        let bias = format!("{}.bias", self.name);
        gradients.add(&bias, |to, onto| column_sums(g, to, onto));
        let (x, dy) = (Matrix::new(x, input), Matrix::new(g, out));
        gradients.add(&format!("{}.weight", self.name), |to, onto| {
            product(to, (input, n, out), x.t(), dy, (1.0, onto), By::All);
        });
        set(dx, (n, out, input), dy, Matrix::new(self.weight, out).t(), 1.0);
        let Some(Small { a, b, scale }) = self.small else { return };
        let rank = a.len() / input;
        let (a, b) = (Matrix::new(a, rank), Matrix::new(b, out));
        let mut between = vec![0.0; n * rank];
        set(&mut between, (n, input, rank), x, a, 1.0);
        gradients.add(&format!("{}.lora_b", self.name), |to, onto| {
            let between = Matrix::new(&between, rank).t();
            product(to, (rank, n, out), between, dy, (scale, onto), By::All);
        });
        set(&mut between, (n, out, rank), dy, b.t(), scale);
        let back = Matrix::new(&between, rank);
        gradients.add(&format!("{}.lora_a", self.name), |to, onto| {
            product(to, (input, n, rank), x.t(), back, (1.0, onto), By::All);
        });
        product(dx, (n, rank, input), back, a.t(), (1.0, true), By::All);
    }
}

fn set(out: &mut [f32], shape: (usize, usize, usize), a: Matrix, b: Matrix, scale: f32) {
    product(out, shape, a, b, (scale, false), By::All);
}
