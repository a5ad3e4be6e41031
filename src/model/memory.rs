//! Whether a model fits this machine's memory, before it is loaded.

use super::{Architecture, Network, Precision, Spec, tensors::Kind};
use anyhow::{Result, ensure};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Bytes in addition to weights and caches: the program itself, its buffers, the tokenizer.
const REST: u64 = 64 << 20;

/// The context in tokens for which there must be memory. A longer one is used as far as memory allows.
pub const LEAST: usize = 2048;

/// The bytes that a model needs while generating: its weights, the KV cache of one context of at most `LEAST` tokens,
/// and `REST`.
pub fn needed(config: &dyn Architecture, precision: Precision) -> u64 {
    // Sixteenths of a byte per weight, including the scales of blocks. The embedding of 4-bit and 5-bit models is q8_0.
    let sixteenths = |precision: Precision| (2.0 * precision.bits()) as u64;
    let of_table = if precision.is_small() { Precision::Q8_0 } else { precision };
    let (of_matrices, of_table) = (sixteenths(precision), sixteenths(of_table));
    let bytes = |spec: &Spec| {
        let sixteenths = match spec.kind {
            Kind::Embedding | Kind::Head => of_table,
            Kind::Matrix | Kind::Projection => of_matrices,
            Kind::Positions | Kind::Gain | Kind::Bias => 64,
        };
        spec.len() as u64 * sixteenths / 16
    };
    let weights: u64 = config.tensors().iter().map(bytes).sum();
    weights + cache_bytes(config, precision, config.dims().context.min(LEAST)) + REST
}

fn cache_bytes(config: &dyn Architecture, precision: Precision, tokens: usize) -> u64 {
    config.dims().layout(precision).bytes_per_token() as u64 * tokens as u64
}

/// The context in tokens that memory allows beside the weights, which are loaded already.
pub fn context(network: &dyn Network) -> usize {
    let config = network.config();
    let whole = config.dims().context;
    if whole <= LEAST { whole } else { allowed(config, network.precision(), free()) }
}

/// A context takes at most half of what is free, so that there is room for branches and for other programs.
fn allowed(config: &dyn Architecture, precision: Precision, free: u64) -> usize {
    let whole = config.dims().context;
    let most =
        usize::try_from(free / 2 / cache_bytes(config, precision, 1).max(1)).unwrap_or(usize::MAX);
    if most >= whole { whole } else { (most / 1024 * 1024).max(LEAST) }
}

/// Refuse a model that does not fit. The error gives its size and the most precise form that would fit.
///
/// # Errors
/// When less memory is free than the model needs.
pub fn check(config: &dyn Architecture, precision: Precision) -> Result<()> {
    fits(config, precision, free())
}

fn fits(config: &dyn Architecture, precision: Precision, free: u64) -> Result<()> {
    let need = needed(config, precision);
    let smaller = [Precision::F16, Precision::Q8_0, Precision::Q4k]
        .into_iter()
        .filter(|p| needed(config, *p) < need)
        .find(|p| needed(config, *p) <= free);
    let way_out = match smaller {
        Some(p) => format!("`--quantization {p}` needs {}", size(needed(config, p))),
        None => {
            "no smaller form of it fits either; close other programs or take a smaller model".into()
        }
    };
    ensure!(
        need <= free,
        "as {precision} it needs {} of memory, and {} are free; {way_out}",
        size(need),
        size(free)
    );
    Ok(())
}

/// Bytes of memory available without swapping; `u64::MAX` if the system doesn't tell.
pub fn free() -> u64 {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let Ok(system) = System::new_with_specifics(memory) else { return u64::MAX };
    let limit = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    match system.available_memory() {
        0 => u64::MAX,
        free => free.min(limit),
    }
}

/// A size for people, in decimal units as on the Hugging Face hub: 1.5 GB, 548 MB, 1.4 MB, 112.6 kB.
pub fn size(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        1e9.. => format!("{:.1} GB", bytes / 1e9),
        1e7.. => format!("{:.0} MB", bytes / 1e6),
        1e6.. => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.1} kB", bytes / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shape;

    #[test]
    fn sizes_are_those_of_the_published_shapes() {
        let config = "124m".parse::<Shape>().unwrap().config();
        let mib = |p| needed(&config, p) >> 20;
        assert_eq!((mib(Precision::F32), mib(Precision::Q8_0)), (610, 228));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let config = "1558m".parse::<Shape>().unwrap().config();
        assert!(fits(&config, Precision::F32, 16 << 30).is_ok());
        let say = |free: u64| fits(&config, Precision::F32, free).unwrap_err().to_string();
        assert!(say(4 << 30).contains("`--quantization f16` needs"), "{}", say(4 << 30));
        assert!(say(3 << 30).contains("`--quantization q8_0` needs"), "{}", say(3 << 30));
        assert!(say(1 << 29).contains("smaller model"), "{}", say(1 << 29));
    }
}
