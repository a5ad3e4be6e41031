//! Weights in a safetensors file, mapped into memory. With `kernels` the only place with an `unsafe` block.

use super::gpt2::Raw;
use anyhow::{Context, Result};
use candle_core::{DType, Device, safetensors::MmapedSafetensors};
use std::path::Path;

/// An open file of named tensors.
pub struct Safetensors {
    file: MmapedSafetensors,
    /// Some checkpoints name the body `transformer.`, some don't.
    prefix: &'static str,
}

impl Safetensors {
    /// Map a file.
    ///
    /// # Errors
    /// When it is missing, torn, or its header lies about it.
    #[allow(unsafe_code)]
    pub fn map(path: &Path) -> Result<Self> {
        // SAFETY: the file is mapped for reading while its tensors are copied out of it; a program that shortens it
        // within that second could end this one, as with every reader of mapped weights.
        let file = unsafe { MmapedSafetensors::new(path) }.with_context(|| {
            format!("{}: not a whole safetensors file; fetch it again", path.display())
        })?;
        let prefix = if file.get("transformer.wte.weight").is_ok() { "transformer." } else { "" };
        Ok(Self { file, prefix })
    }

    fn full(&self, name: &str) -> String {
        if name == "lm_head.weight" { name.into() } else { format!("{}{name}", self.prefix) }
    }

    /// Whether a tensor of this published name is there.
    pub fn has(&self, name: &str) -> bool {
        self.file.get(&self.full(name)).is_ok()
    }

    /// A tensor by its published name, in f32.
    ///
    /// # Errors
    /// When it is missing.
    pub fn get(&self, name: &str, _shape: &[usize]) -> Result<Raw> {
        let name = self.full(name);
        let tensor = self
            .file
            .load(&name, &Device::Cpu)
            .with_context(|| format!("`{name}` is missing or unreadable"))?;
        Ok(Raw::Float(tensor.to_dtype(DType::F32)?))
    }
}
