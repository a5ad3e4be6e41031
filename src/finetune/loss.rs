//! The cross-entropy over the vocabulary and its gradients in one go, a block of rows at a time: the logits of a whole
//! batch are never kept.

use crate::model::kernels;
use anyhow::Result;
use candle_core::{CpuStorage, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;
use std::cell::RefCell;

/// Rows whose logits are there at once.
pub const ROWS: usize = 512;

/// What the network's last layer gets back.
pub struct Gradients {
    /// Of its output (n, c).
    pub hidden: Tensor,
    /// Of the matrix (v, c) that makes logits of it.
    pub head: Tensor,
}

/// The sum over rows of the loss of `hidden` (n, c) under `head` (v, c), in nats; with `share` also the gradients of
/// `share` times that sum.
///
/// # Errors
/// When shapes do not fit, or memory ends.
pub fn cross_entropy(
    hidden: &Tensor,
    head: &Tensor,
    targets: &[u32],
    share: Option<f32>,
) -> Result<(f64, Option<Gradients>)> {
    let (hidden, head) = (hidden.detach(), head.detach());
    let n = hidden.dim(0)?;
    let (mut loss, mut parts, mut whole) = (0.0, Vec::new(), None::<Tensor>);
    for from in (0..n).step_by(ROWS) {
        let rows = hidden.narrow(0, from, ROWS.min(n - from))?;
        let logits = rows.matmul(&head.t()?)?;
        let targets = &targets[from..from + rows.dim(0)?];
        let op = Rows { targets, share: share.unwrap_or(0.0), loss: RefCell::new(0.0) };
        logits.inplace_op1(&op)?;
        loss += op.loss.into_inner();
        if share.is_some() {
            parts.push(logits.matmul(&head)?);
            let part = logits.t()?.matmul(&rows)?;
            whole = Some(match whole {
                Some(whole) => (whole + part)?,
                None => part,
            });
        }
    }
    let Some(head) = whole else { return Ok((loss, None)) };
    Ok((loss, Some(Gradients { hidden: Tensor::cat(&parts, 0)?, head })))
}

/// Logits become their gradients in place.
struct Rows<'a> {
    targets: &'a [u32],
    share: f32,
    loss: RefCell<f64>,
}

impl InplaceOp1 for Rows<'_> {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, logits: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let (n, v) = layout.shape().dims2()?;
        let (CpuStorage::F32(all), Some((from, to))) = (logits, layout.contiguous_offsets()) else {
            candle_core::bail!("needs contiguous f32 logits")
        };
        if n != self.targets.len() || self.targets.iter().any(|&id| id as usize >= v) {
            candle_core::bail!("a token outside the vocabulary");
        }
        let (targets, share) = (self.targets, self.share);
        let losses: Vec<f32> = all[from..to]
            .par_chunks_mut(v)
            .zip(targets)
            .map(|(row, &target)| kernels::cross_entropy(row, target as usize, share))
            .collect();
        *self.loss.borrow_mut() = losses.iter().map(|&x| f64::from(x)).sum();
        Ok(())
    }
}
