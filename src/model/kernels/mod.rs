//! The inner loops, compiled for several instruction sets and chosen at run time. Apart from the memory map, this is
//! the only module with `unsafe` blocks: calls to code for CPU features that were detected first, and disjoint writes
//! by threads.
#![allow(unsafe_code)]

mod attention;
mod half;
mod heap;
mod math;
mod product;
mod rotary;
mod team;
mod tiles;
mod training;

pub use attention::{Rows, attend};
pub use half::half_matmul;
pub use heap::{Heap, Packed, give_back};
pub use math::{above, entropy, gelu, gelu_grad, highest, layer_norm, log_sum_exp};
pub use product::{By, Matrix, column_sums, product};
pub use rotary::{Rotated, rms_norm, rotate, swiglu};
pub use tiles::TiledMatrix;
pub use training::{
    Grid, attend_whole, attend_whole_grad, cross_entropy, drop_values, layer_norm_grad,
    softmax_grad,
};

use std::sync::atomic::{AtomicUsize, Ordering};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// The instruction sets of this processor that the kernels use, best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The instruction set that the binary was compiled for.
    Baseline,
    /// AVX2, FMA and F16C.
    Avx2,
    /// AVX2 with the VNNI dot products.
    AvxVnni,
    /// AVX-512 with the VNNI dot products.
    Avx512Vnni,
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::AvxVnni => "avx-vnni",
            Self::Avx512Vnni => "avx512-vnni",
        }
    }

    /// Whether this processor has its instructions.
    fn is_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = || {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
            };
            match self {
                Self::Baseline => true,
                Self::Avx2 => has_avx2(),
                Self::AvxVnni => has_avx2() && is_x86_feature_detected!("avxvnni"),
                Self::Avx512Vnni => {
                    has_avx2()
                        && is_x86_feature_detected!("avx512f")
                        && is_x86_feature_detected!("avx512bw")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512dq")
                        && is_x86_feature_detected!("avx512vnni")
                }
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Baseline;
    }
}

/// The processor's level. The standard library caches the detection.
pub fn level() -> Level {
    let best = [Level::Avx512Vnni, Level::AvxVnni, Level::Avx2];
    best.into_iter().find(|level| level.is_available()).unwrap_or(Level::Baseline)
}

/// Compile one safe body for three sets of instructions, and call the version for this processor. The body takes
/// `FMA: bool`, which says whether `f32::mul_add` is one instruction (else it is a slow library call).
macro_rules! multiversion {
    ($(#[$doc:meta])* pub fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$doc])*
        pub fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")]
                fn avx512($($arg: $ty),*) $(-> $ret)? {
                    $body::<true>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $ty),*) $(-> $ret)? {
                    $body::<true>($($arg),*)
                }
                // SAFETY: the features were detected on this processor.
                match $crate::model::kernels::level() {
                    $crate::model::kernels::Level::Avx512Vnni => return unsafe { avx512($($arg),*) },
                    $crate::model::kernels::Level::Avx2 | $crate::model::kernels::Level::AvxVnni => {
                        return unsafe { avx2($($arg),*) };
                    }
                    $crate::model::kernels::Level::Baseline => {}
                }
            }
            $body::<false>($($arg),*)
        }
    };
}
use multiversion;

#[inline(always)]
fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// A slice that several threads write at once, each in its own ranges.
struct Shared<T>(*mut T, usize);

// SAFETY: `Shared::slice` is called for disjoint ranges only; each caller says why.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    fn new(slice: &mut [T]) -> Self {
        Self(slice.as_mut_ptr(), slice.len())
    }

    /// # Safety
    /// No two live slices may overlap.
    #[allow(clippy::mut_from_ref)]
    unsafe fn slice(&self, at: usize, len: usize) -> &mut [T] {
        assert!(at + len <= self.1);
        // SAFETY: within the slice by the line above, disjoint by contract.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(at), len) }
    }
}

/// Call `f` once for each of `0..n`, on all compute threads.
///
/// candle's own thread pool pins its threads and spins. With it a token took thirty times as long on two busy cores,
/// and was no faster on idle ones.
fn parallel(n: usize, f: impl Fn(usize) + Sync) {
    if n < 2 {
        return (0..n).for_each(f);
    }
    let threads = rayon::current_num_threads();
    // Each thread takes a part of what is left ("guided self-scheduling", Polychronopoulos and Kuck 1987): at first long
    // ranges, which are read fast, and at last short ones, so that all threads end at the same time.
    let cursor = AtomicUsize::new(0);
    let end_of = |from: usize| (from < n).then(|| from + ((n - from) / (2 * threads)).max(1));
    let work = || {
        while let Ok(from) = cursor.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end_of) {
            (from..end_of(from).unwrap_or(n)).for_each(&f);
        }
    };
    // The team has one leader at a time; a second caller, as in training, uses rayon's threads.
    if !team::run(&work) {
        rayon::scope(|scope| {
            for _ in 1..threads.min(n) {
                scope.spawn(|_| work());
            }
            work();
        });
    }
}

/// Call `f` with each element, on all compute threads; the results are in the elements' order.
pub fn map_mut<T: Send, R: Send>(
    elements: &mut [T],
    f: impl Fn(usize, &mut T) -> R + Sync,
) -> Vec<R> {
    let n = elements.len();
    let mut results: Vec<Option<R>> = (0..n).map(|_| None).collect();
    let (elements, places) = (Shared::new(elements), Shared::new(&mut results));
    parallel(n, |i| {
        // SAFETY: each i has its own element and its own place.
        let (element, place) = unsafe { (elements.slice(i, 1), places.slice(i, 1)) };
        place[0] = Some(f(i, &mut element[0]));
    });
    results.into_iter().flatten().collect()
}

/// Start the compute threads, before anything uses them: `threads` of them, or one per core. With `behind` they get a
/// lower priority than the thread that handles keys, where the system allows it.
pub fn start(threads: Option<usize>, behind: bool) {
    heap::keep_buffers();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .thread_name(|i| format!("compute-{i}"))
        .start_handler(move |_| {
            if let (true, Ok(priority)) = (behind, ThreadPriorityValue::try_from(BEHIND)) {
                // If the priority can't be set, the system's normal scheduling applies.
                let _ = set_current_thread_priority(ThreadPriority::Crossplatform(priority));
            }
        });
    // This fails if the threads are already running; they stay as they are.
    let _ = pool.build_global();
}

/// The priority of compute threads, 0 to 99. Slightly below the default, so that keys are handled first, while idle
/// cores are fully used.
const BEHIND: u8 = 25;

/// Run `f` on a compute thread, so that the other threads are awake for each step in it.
pub fn on_threads<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| f())
}

/// The number of compute threads.
pub fn threads() -> usize {
    rayon::current_num_threads()
}
