//! Products of matrices of floats, by the `gemm` crate: what training is made of.

use super::{Shared, parallel};
use gemm::{Parallelism, gemm};

/// A matrix inside a slice: where it begins, and the steps from row to row and column to column.
#[derive(Clone, Copy)]
pub struct Matrix<'a>(pub(super) &'a [f32], pub(super) usize, pub(super) usize);

impl<'a> Matrix<'a> {
    /// Rows of a width, one after the other.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        Self(values, width, 1)
    }

    /// The same, rows for columns.
    pub fn t(self) -> Self {
        Self(self.0, self.2, self.1)
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows * columns == 0 || (rows - 1) * self.1 + (columns - 1) * self.2 < self.0.len()
    }
}

/// Who computes a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The thread that asks.
    One,
    /// All of them.
    All,
}

/// `out` (m, n) = scale * a (m, k) * b (k, n); with `onto` that is added to what `out` holds.
///
/// # Panics
/// When a matrix isn't that large.
pub fn product(
    out: &mut [f32],
    (m, k, n): (usize, usize, usize),
    a: Matrix,
    b: Matrix,
    (scale, onto): (f32, bool),
    by: By,
) {
    assert!(out.len() == m * n && a.holds(m, k) && b.holds(k, n));
    let step = |s: usize| s as isize;
    let threads = match by {
        By::One => Parallelism::None,
        By::All => Parallelism::Rayon(rayon::current_num_threads()),
    };
    // SAFETY: all three lie within their slices by the line above; `out` is borrowed alone.
    unsafe {
        gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            step(n),
            onto,
            a.0.as_ptr(),
            step(a.2),
            step(a.1),
            b.0.as_ptr(),
            step(b.2),
            step(b.1),
            if onto { 1.0 } else { 0.0 },
            scale,
            false,
            false,
            false,
            threads,
        );
    }
}

/// Add up the columns of rows as wide as `to`; with `onto` they are added to what it holds.
pub fn column_sums(rows: &[f32], to: &mut [f32], onto: bool) {
    const BAND: usize = 64;
    let width = to.len();
    let out = Shared::new(to);
    parallel(width.div_ceil(BAND), |i| {
        let from = i * BAND;
        let count = BAND.min(width - from);
        // SAFETY: each band is one job's alone.
        let to = unsafe { out.slice(from, count) };
        if !onto {
            to.fill(0.0);
        }
        for row in rows.chunks_exact(width) {
            for (to, x) in to.iter_mut().zip(&row[from..from + count]) {
                *to += x;
            }
        }
    });
}
