//! Products of f32 matrices for training, with the `gemm` crate.

use super::{Shared, parallel};
use gemm::{Parallelism, gemm};

/// A view of a matrix in a slice that begins at its first element: row stride and column stride, in floats.
#[derive(Clone, Copy)]
pub struct Matrix<'a>(pub(super) &'a [f32], pub(super) usize, pub(super) usize);

impl<'a> Matrix<'a> {
    /// A row-major matrix with rows of this width.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        Self(values, width, 1)
    }

    /// The transposed view.
    pub fn t(self) -> Self {
        Self(self.0, self.2, self.1)
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        rows * columns == 0 || (rows - 1) * self.1 + (columns - 1) * self.2 < self.0.len()
    }
}

/// Which threads compute a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The calling thread only.
    One,
    /// All compute threads.
    All,
}

/// `out` (m, n) = scale * a (m, k) * b (k, n); with `onto` the result is added to `out`.
///
/// # Panics
/// When a slice is too short for its matrix.
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

/// Sum rows as wide as `to` column by column into `to`; with `onto` the sums are added to its contents.
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
