//! LoRA adapters as PEFT saves them: `adapter_config.json` and `adapter_model.safetensors`. Their matrices are merged into
//! those of the base model as these are read: W + scale * B A (Hu et al. 2021).

use super::{kinds, names::stripped, safetensors::Safetensors};
use crate::model::{Raw, Spec};
use anyhow::{Context, Result, ensure};
use candle_core::Device;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const CONFIG: &str = "adapter_config.json";
const WEIGHTS: &str = "adapter_model.safetensors";

/// An open adapter.
pub struct Adapter {
    path: PathBuf,
    config: Value,
    file: Safetensors,
}

/// Whether a folder has an adapter instead of a model.
pub fn is_adapter(folder: &Path) -> bool {
    folder.join(CONFIG).is_file() && !folder.join("config.json").is_file()
}

/// The name or path of the model that an adapter was trained over.
///
/// # Errors
/// When the adapter doesn't say, or is of a kind that is not read here; the error names the file.
pub fn base_of(folder: &Path) -> Result<String> {
    let place = folder.join(CONFIG);
    let config = config(&place)?;
    let base = config["base_model_name_or_path"].as_str().filter(|base| !base.is_empty());
    let base = base.with_context(|| {
        format!(
            "{}: it doesn't name the model that the adapter was trained over; write its name or folder as \
             base_model_name_or_path",
            place.display()
        )
    })?;
    Ok(base.to_owned())
}

fn config(place: &Path) -> Result<Value> {
    let shown = || place.display().to_string();
    let json = fs::read(place).with_context(shown)?;
    let config: Value = serde_json::from_slice(&json).with_context(shown)?;
    let kind = config["peft_type"].as_str().unwrap_or("unknown");
    let is_plain = kind == "LORA" && config["use_dora"] != true && config["use_qalora"] != true;
    ensure!(
        is_plain,
        "{}: an adapter of the kind {kind}{}, and only plain LoRA is read here; merge it with PEFT (merge_and_unload), save \
         the model, and open that",
        place.display(),
        if config["use_dora"] == true { " with DoRA" } else { "" }
    );
    Ok(config)
}

impl Adapter {
    /// Open the adapter in a folder.
    ///
    /// # Errors
    /// When a file is missing, damaged, or of a kind that is not read here; the error names it.
    pub fn open(folder: &Path) -> Result<Self> {
        let config = config(&folder.join(CONFIG))?;
        let path = folder.join(WEIGHTS);
        ensure!(
            path.is_file(),
            "{}: missing; save the adapter with save_pretrained, which writes safetensors",
            path.display()
        );
        let file = Safetensors::map(std::slice::from_ref(&path));
        let file = file.map_err(|error| kinds::explain_any(std::slice::from_ref(&path), error))?;
        Ok(Self { path, config, file })
    }

    /// Its file of weights.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has an output head of its own.
    pub fn has_head(&self) -> bool {
        self.file.has("lm_head.weight")
    }

    /// Check that all of its matrices are for tensors of this table.
    ///
    /// # Errors
    /// When one is not, since the model would be another than the one that was trained.
    pub fn fits(&self, table: &[Spec]) -> Result<()> {
        let known: BTreeSet<&str> = table.iter().map(|spec| stripped(&spec.name)).collect();
        for name in self.file.names() {
            let stem = name.strip_suffix(".lora_A.weight");
            let stem = stem.or_else(|| name.strip_suffix(".lora_B.weight"));
            let target = stem.map_or_else(|| name.to_owned(), |stem| format!("{stem}.weight"));
            ensure!(
                known.contains(&*target),
                "{}: `{name}` is for no tensor of the base model; the adapter belongs to another one",
                self.path.display()
            );
        }
        Ok(())
    }

    /// Whether it replaces a tensor of the base model as a whole.
    pub fn has(&self, spec: &Spec) -> bool {
        self.file.has(&spec.name)
    }

    /// A tensor that it replaces.
    ///
    /// # Errors
    /// When it is damaged, or of another shape.
    pub fn get(&self, spec: &Spec) -> Result<Raw> {
        let shown = || self.path.display().to_string();
        let raw = self.file.get(&spec.name).map(Raw::Float).with_context(shown)?;
        ensure!(
            raw.dims() == spec.shape,
            "{}: `{}` has the shape {:?}, and the base model has {:?}",
            shown(),
            spec.name,
            raw.dims(),
            spec.shape
        );
        Ok(raw)
    }

    /// A tensor of the base model with the adapter's matrices merged into it.
    ///
    /// # Errors
    /// When shapes don't fit.
    pub fn merge(&self, spec: &Spec, raw: Raw) -> Result<Raw> {
        let shown = || self.path.display().to_string();
        let name = stripped(&spec.name);
        let stem = name.strip_suffix(".weight").unwrap_or(name);
        let [a, b] = ["A", "B"].map(|which| format!("{stem}.lora_{which}.weight"));
        if !self.file.has(&a) {
            return Ok(raw);
        }
        let merged = || {
            let (a, b) = (self.file.get(&a)?, self.file.get(&b)?); // (rank, in), (out, rank)
            let rank = a.dim(0)? as f64;
            let alpha = self.alpha(stem);
            let by = if self.config["use_rslora"] == true { rank.sqrt() } else { rank };
            let product = (b.matmul(&a)? * (alpha / by))?; // (out, in)
            let base = match raw {
                Raw::Float(base) => base,
                Raw::Ggml(base) => {
                    let base = base.dequantize(&Device::Cpu)?;
                    if spec.in_out { base.t()?.contiguous()? } else { base }
                }
            };
            let product = if spec.in_out { product.t()?.contiguous()? } else { product };
            ensure!(
                product.dims() == base.dims(),
                "`{stem}`: its matrices are for the shape {:?}, and the base model has {:?}",
                product.dims(),
                base.dims()
            );
            anyhow::Ok(Raw::Float((base + product)?))
        };
        merged().with_context(shown)
    }

    /// The alpha of a layer: that of the first pattern that its name ends with, or the general one.
    fn alpha(&self, stem: &str) -> f64 {
        let ends = |key: &str| {
            let key = key.trim_start_matches('^').trim_end_matches('$');
            stem.strip_suffix(key).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let patterns = self.config["alpha_pattern"].as_object();
        let own = patterns.and_then(|map| map.iter().find(|(key, _)| ends(stripped(key))));
        let alpha = own.map_or(&self.config["lora_alpha"], |(_, alpha)| alpha);
        alpha.as_f64().unwrap_or(8.0)
    }
}
