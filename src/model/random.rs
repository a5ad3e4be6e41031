//! Models of the published shapes with random weights: to measure speed and memory without a download.

use super::{Architecture, Model, Precision, Raw, Spec, Tokenizer, gpt2::Config, tensors::Kind};
use crate::splitmix::mix;
use anyhow::Result;
use candle_core::{Device, Tensor};
use std::str::FromStr;

/// The size of a published model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    name: &'static str,
    n_layer: usize,
    n_head: usize,
    n_embd: usize,
}

/// GPT-2's four sizes (Radford et al. 2019, table 2; with the corrected parameter counts).
const SHAPES: [Shape; 4] = [
    Shape { name: "124m", n_layer: 12, n_head: 12, n_embd: 768 },
    Shape { name: "355m", n_layer: 24, n_head: 16, n_embd: 1024 },
    Shape { name: "774m", n_layer: 36, n_head: 20, n_embd: 1280 },
    Shape { name: "1558m", n_layer: 48, n_head: 25, n_embd: 1600 },
];

impl FromStr for Shape {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = SHAPES.iter().find(|shape| shape.name == name).copied();
        known.ok_or_else(|| "one of 124m, 355m, 774m, 1558m is wanted".into())
    }
}

impl Shape {
    /// The configuration of this size.
    pub fn config(&self) -> Config {
        Config { n_layer: self.n_layer, n_head: self.n_head, ..Config::gpt2(self.n_embd) }
    }
}

impl Model {
    /// A model of this size with random weights; its tokenizer may have a smaller vocabulary.
    ///
    /// # Errors
    /// Only when memory is insufficient.
    pub fn random(shape: Shape, precision: Precision, tokenizer: Tokenizer) -> Result<Self> {
        let mut state = 1u32;
        let network = shape.config().load(precision, &mut |spec: &Spec| {
            let n = spec.len();
            let values: Vec<f32> = if spec.kind == Kind::Gain {
                vec![1.0; n]
            } else {
                // Uniform in ±0.035, which has a standard deviation of 0.02 like the published models.
                (0..n)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) * 0.035
                    })
                    .collect()
            };
            Ok(Raw::Float(Tensor::from_vec(values, &*spec.shape, &Device::Cpu)?))
        })?;
        let name = format!("random {}", shape.name);
        Ok(Self::new(name, network, tokenizer))
    }

    /// An untrained model, initialized like GPT-2: normally distributed weights with a standard deviation of 0.02,
    /// divided by the square root of 2 * layers for projections into the residual stream.
    ///
    /// # Errors
    /// Only when memory is insufficient.
    pub fn fresh(config: &dyn Architecture, tokenizer: Tokenizer, seed: u64) -> Result<Self> {
        let residual = 0.02 / (2.0 * config.dims().layers as f64).sqrt();
        let mut tensors = 0;
        let network = config.load(Precision::F32, &mut |spec: &Spec| {
            let n = spec.len();
            tensors += 1;
            let own = mix(seed ^ mix(tensors));
            let values = match spec.kind {
                Kind::Gain => vec![1.0; n],
                Kind::Bias => vec![0.0; n],
                Kind::Positions => normal(n, own, 0.01),
                Kind::Projection => normal(n, own, residual),
                Kind::Embedding | Kind::Head | Kind::Matrix => normal(n, own, 0.02),
            };
            Ok(Raw::Float(Tensor::from_vec(values, &*spec.shape, &Device::Cpu)?))
        })?;
        let name = "a new model".to_owned();
        Ok(Self::new(name, network, tokenizer))
    }
}

/// Normally distributed numbers with mean 0 (Box and Muller 1958).
fn normal(n: usize, seed: u64, deviation: f64) -> Vec<f32> {
    let even = |i: u64| (mix(seed ^ mix(i)) >> 11) as f64 / (1u64 << 53) as f64;
    let draw = |i: u64| {
        let (radius, angle) = ((-2.0 * (1.0 - even(2 * i)).ln()).sqrt(), even(2 * i + 1));
        (deviation * radius * (std::f64::consts::TAU * angle).cos()) as f32
    };
    (0..n as u64).map(draw).collect()
}
