//! The output layer: cross-entropy over the vocabulary and its gradients, for a few hundred rows at a time, so that the
//! logits of a whole batch (n, v) are never in memory at once.

use super::gradients::Gradients;
use crate::model::kernels::{self, By, Matrix, log_sum_exp, product};
use anyhow::{Result, ensure};
use rayon::prelude::*;

/// How many rows of logits are in memory at once.
pub const ROWS: usize = 512;

/// The matrix from hidden states to logits, often the token embedding itself.
pub struct Head<'a> {
    /// Its published name.
    pub name: &'a str,
    /// (v, c).
    pub weight: &'a [f32],
    /// c.
    pub width: usize,
}

impl Head<'_> {
    /// Write the logits (n, v) of `rows` (n, c) to `logits`.
    fn logits<'a>(&self, rows: &[f32], logits: &'a mut Vec<f32>) -> &'a mut [f32] {
        let (c, v) = (self.width, self.weight.len() / self.width);
        let n = rows.len() / c;
        logits.resize(n * v, 0.0);
        let head = Matrix::new(self.weight, c).t();
        product(logits, (n, c, v), Matrix::new(rows, c), head, (1.0, false), By::All);
        logits
    }

    /// The sum of the cross-entropy losses of `hidden` (n, c), in nats.
    ///
    /// # Errors
    /// When there aren't n targets.
    pub fn loss(&self, hidden: &[f32], targets: &[u32], logits: &mut Vec<f32>) -> Result<f64> {
        let v = self.weight.len() / self.width;
        ensure!(hidden.len() == targets.len() * self.width, "one target per row is needed");
        let mut loss = 0.0;
        for (rows, targets) in hidden.chunks(ROWS * self.width).zip(targets.chunks(ROWS)) {
            let logits = self.logits(rows, logits);
            let of = |(row, &target): (&[f32], &u32)| log_sum_exp(row) - row[target as usize];
            let losses: Vec<f32> = logits.par_chunks(v).zip(targets).map(of).collect();
            loss += losses.iter().map(|&x| f64::from(x)).sum::<f64>();
        }
        Ok(loss)
    }

    /// The same loss with gradients: replaces `hidden` by the gradient of `share` times the sum, and adds that of the
    /// matrix to `gradients`.
    ///
    /// # Errors
    /// As [`Head::loss`].
    pub fn train(
        &self,
        hidden: &mut [f32],
        targets: &[u32],
        share: f32,
        logits: &mut Vec<f32>,
        gradients: &mut Gradients,
    ) -> Result<f64> {
        let (c, v) = (self.width, self.weight.len() / self.width);
        ensure!(hidden.len() == targets.len() * c, "one target per row is needed");
        let mut loss = 0.0;
        for (rows, targets) in hidden.chunks_mut(ROWS * c).zip(targets.chunks(ROWS)) {
            let n = targets.len();
            let logits = self.logits(rows, logits);
            let of = |(row, &target): (&mut [f32], &u32)| {
                kernels::cross_entropy(row, target as usize, share)
            };
            let losses: Vec<f32> = logits.par_chunks_mut(v).zip(targets).map(of).collect();
            loss += losses.iter().map(|&x| f64::from(x)).sum::<f64>();
            let grad = Matrix::new(logits, v);
            gradients.add(self.name, |sum, onto| {
                product(sum, (v, n, c), grad.t(), Matrix::new(rows, c), (1.0, onto), By::All);
            });
            let head = Matrix::new(self.weight, c);
            product(rows, (n, v, c), grad, head, (1.0, false), By::All);
        }
        Ok(loss)
    }
}
