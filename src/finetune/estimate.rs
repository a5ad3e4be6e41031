//! What a run will take, said before its first step: memory from the shapes, time from a product that is timed.

use super::{
    loss,
    options::Options,
    weights::{Scope, Weights},
};
use crate::model::memory::{free, gib};
use anyhow::{Result, bail};
use candle_core::{DType, Device, Tensor};
use std::time::{Duration, Instant};

/// Time and memory of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Bytes at the height of a step.
    pub bytes: u64,
    /// Of one step.
    pub step: Duration,
}

impl Estimate {
    /// Of steps with these weights.
    ///
    /// # Errors
    /// Only when memory ends.
    pub fn new(weights: &Weights, options: &Options) -> Result<Self> {
        let speed = speed()?;
        // Forward and both products of the way back, on every token (Kaplan et al. 2020).
        let operations = 6.0 * weights.config.parameters() as f64 * options.tokens() as f64;
        let step = Duration::from_secs_f64(operations / speed * 1.3);
        Ok(Self { bytes: bytes(weights, options), step })
    }

    /// Refuse what needs more memory than there is, naming what would fit.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn check(&self, weights: &Weights, options: &Options) -> Result<()> {
        let free = free();
        if self.bytes <= free {
            return Ok(());
        }
        let mut smaller = options.clone();
        let mut way_out = String::new();
        while way_out.is_empty() && (smaller.batch > 1 || smaller.window > 64) {
            match smaller.batch {
                1 => smaller.window = (smaller.window / 2).max(64),
                _ => smaller.batch /= 2,
            }
            if bytes(weights, &smaller) <= free {
                way_out = format!(
                    "--batch-size {} --window {} would fit ({})",
                    smaller.batch,
                    smaller.window,
                    gib(bytes(weights, &smaller))
                );
            }
        }
        if way_out.is_empty() {
            way_out = match options.scope {
                Scope::Lora(_) => "take a smaller model, or close other programs".into(),
                _ => "take --lora 8, a smaller model, or close other programs".into(),
            };
        }
        bail!("it needs {} of memory, and {} are free; {way_out}", gib(self.bytes), gib(free))
    }
}

/// Bytes at the height of a step.
fn bytes(weights: &Weights, options: &Options) -> u64 {
    let config = &weights.config;
    let (all, learning) = (config.parameters(), weights.count());
    let (c, v, inner) = (config.n_embd, config.vocab_size, config.inner());
    let rows = options.batch * options.window;
    // Weights, those that are merged for a step, and gradients (one of each product on the way too); both moments.
    let of_weights = match options.scope {
        Scope::Full => 2 * all + 3 * learning,
        _ => 3 * all + 3 * learning,
    };
    // What a block's operations keep for the way back.
    let kept = config.n_layer * rows * (13 * c + 2 * inner);
    let at_once = 2 * loss::ROWS.min(rows) * v + 2 * v * c + 6 * rows * inner;
    4 * (of_weights + kept + at_once) as u64 + (128 << 20)
}

/// Floating-point operations a second of a product here and now.
fn speed() -> Result<f64> {
    let n = 512;
    let a = Tensor::ones((n, n), DType::F32, &Device::Cpu)?;
    let mut best = f64::INFINITY;
    for _ in 0..4 {
        let begun = Instant::now();
        a.matmul(&a)?;
        best = best.min(begun.elapsed().as_secs_f64());
    }
    Ok(2.0 * (n * n * n) as f64 / best.max(1e-9))
}

/// Seconds as a person says them.
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
