//! Where gradients are added up: one place for each parameter that learns, kept from step to step.

use rayon::prelude::*;
use std::collections::HashMap;

/// Numbers that one thread takes at once.
const CHUNK: usize = 1 << 14;

/// The gradients of all parameters that learn.
pub struct Gradients {
    places: HashMap<String, usize>,
    sums: Vec<Sum>,
}

struct Sum {
    name: String,
    values: Vec<f32>,
    /// Whether anything was added since it was cleared; before, the values mean nothing.
    begun: bool,
}

impl Gradients {
    /// Of parameters with these names and lengths.
    pub fn new(parameters: impl Iterator<Item = (String, usize)>) -> Self {
        let sum = |(name, length)| Sum { name, values: vec![0.0; length], begun: false };
        let sums: Vec<Sum> = parameters.map(sum).collect();
        let places = sums.iter().enumerate().map(|(i, sum)| (sum.name.clone(), i));
        Self { places: places.collect(), sums }
    }

    /// Forget what was added up.
    pub fn clear(&mut self) {
        self.sums.iter_mut().for_each(|sum| sum.begun = false);
    }

    /// Whether a parameter learns.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Let `f` set a parameter's gradient, or add to it where it is told so; nothing where it doesn't learn.
    pub fn add(&mut self, name: &str, f: impl FnOnce(&mut [f32], bool)) {
        if let Some(&i) = self.places.get(name) {
            let sum = &mut self.sums[i];
            f(&mut sum.values, sum.begun);
            sum.begun = true;
        }
    }

    /// Add to a parameter's gradient.
    pub fn add_values(&mut self, name: &str, values: &[f32]) {
        self.add(name, |to, onto| match onto {
            true => to.iter_mut().zip(values).for_each(|(to, x)| *to += x),
            false => to.copy_from_slice(values),
        });
    }

    /// Add the rows of `g`, as wide as `width`, to the rows of a parameter that `places` names.
    pub fn add_rows(&mut self, name: &str, width: usize, places: &[u32], g: &[f32]) {
        self.add(name, |to, onto| {
            if !onto {
                to.fill(0.0);
            }
            for (&place, g) in places.iter().zip(g.chunks_exact(width)) {
                let row = &mut to[place as usize * width..][..width];
                row.iter_mut().zip(g).for_each(|(to, g)| *to += g);
            }
        });
    }

    /// The parameter that got no gradient, if there is one.
    pub fn missing(&self) -> Option<&str> {
        self.sums.iter().find(|sum| !sum.begun).map(|sum| &*sum.name)
    }

    /// The gradients, in the order of the parameters.
    pub fn values(&self) -> impl Iterator<Item = &[f32]> {
        self.sums.iter().map(|sum| &*sum.values)
    }

    /// The length of all of them together, added up in an order that threads don't change.
    pub fn norm(&self) -> f64 {
        let squares = |x: &[f32]| x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
        let of = |values: &[f32]| {
            let parts: Vec<f64> = values.par_chunks(CHUNK).map(squares).collect();
            parts.iter().sum::<f64>()
        };
        self.values().map(of).sum::<f64>().sqrt()
    }
}
