//! Where gradients are accumulated: one buffer for each trained parameter, kept from step to step.

use rayon::prelude::*;
use std::collections::HashMap;

/// Values that one thread adds up at a time.
const CHUNK: usize = 1 << 14;

/// The gradients of all trained parameters.
pub struct Gradients {
    /// From a parameter's name to its index in `sums`.
    places: HashMap<String, usize>,
    sums: Vec<Sum>,
}

struct Sum {
    name: String,
    values: Vec<f32>,
    /// Whether anything was added since the last [`Gradients::clear`]. Until then `values` are stale.
    begun: bool,
}

impl Gradients {
    /// Buffers for parameters with these names and lengths.
    pub fn new(parameters: impl Iterator<Item = (String, usize)>) -> Self {
        let sum = |(name, length)| Sum { name, values: vec![0.0; length], begun: false };
        let sums: Vec<Sum> = parameters.map(sum).collect();
        let places = sums.iter().enumerate().map(|(i, sum)| (sum.name.clone(), i));
        Self { places: places.collect(), sums }
    }

    /// Start new sums.
    pub fn clear(&mut self) {
        self.sums.iter_mut().for_each(|sum| sum.begun = false);
    }

    /// Let `f` write to the buffer of a parameter. When its second argument is true it must add to the buffer, otherwise
    /// overwrite it. Nothing happens when the parameter is not trained.
    pub fn add(&mut self, name: &str, f: impl FnOnce(&mut [f32], bool)) {
        if let Some(&i) = self.places.get(name) {
            let sum = &mut self.sums[i];
            f(&mut sum.values, sum.begun);
            sum.begun = true;
        }
    }

    /// Add `values` to the gradient of a parameter.
    pub fn add_values(&mut self, name: &str, values: &[f32]) {
        self.add(name, |sum, onto| match onto {
            true => sum.iter_mut().zip(values).for_each(|(sum, x)| *sum += x),
            false => sum.copy_from_slice(values),
        });
    }

    /// Add row i of `g` (n, width) to row `places[i]` of the gradient of a table, such as an embedding.
    pub fn add_rows(&mut self, name: &str, width: usize, places: &[u32], g: &[f32]) {
        self.add(name, |sum, onto| {
            if !onto {
                sum.fill(0.0);
            }
            for (&place, g) in places.iter().zip(g.chunks_exact(width)) {
                let row = &mut sum[place as usize * width..][..width];
                row.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
            }
        });
    }

    /// The name of a parameter to which nothing was added, if there is one.
    pub fn missing(&self) -> Option<&str> {
        self.sums.iter().find(|sum| !sum.begun).map(|sum| &*sum.name)
    }

    /// The gradients, flattened, in the order of the parameters.
    pub fn values(&self) -> impl Iterator<Item = &[f32]> {
        self.sums.iter().map(|sum| &*sum.values)
    }

    /// The L2 norm of all gradients together. The result doesn't depend on the number of threads.
    pub fn norm(&self) -> f64 {
        let squares = |x: &[f32]| x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
        let of = |values: &[f32]| {
            let parts: Vec<f64> = values.par_chunks(CHUNK).map(squares).collect();
            parts.iter().sum::<f64>()
        };
        self.values().map(of).sum::<f64>().sqrt()
    }
}
