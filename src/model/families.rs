//! The list of supported families of networks.

use super::{
    gpt2, llama,
    network::{Architecture, ELSEWHERE, Family},
};
use anyhow::{Context, Result, bail};

/// All supported families.
const FAMILIES: [&[Family]; 2] = [&[gpt2::FAMILY], &llama::FAMILIES];

/// The family with this name.
///
/// # Errors
/// When it is not supported.
pub fn family(name: &str) -> Result<&'static Family> {
    let all = || FAMILIES.into_iter().flatten();
    let known = || all().map(|family| family.name).collect::<Vec<_>>().join("`, `");
    let found = all().find(|family| family.name == name);
    found.with_context(|| {
        format!(
            "it describes a `{name}` model, which is not read here; these are: `{}`; {ELSEWHERE}",
            known()
        )
    })
}

/// Parse `config.json`. A file without `model_type` is GPT-2's, because the first GPT-2 files had none.
///
/// # Errors
/// When it is malformed, or the network is not supported.
pub fn parse_config(json: &[u8]) -> Result<Box<dyn Architecture>> {
    let value: serde_json::Value = serde_json::from_slice(json)?;
    if let Some(how) = value.get("quantization_config").filter(|how| !how.is_null()) {
        let method = how["quant_method"].as_str().unwrap_or("an unknown method");
        bail!(
            "its weights are quantized by {method} (quantization_config), which is not read here; use the model's weights in \
             f16 or f32, or a GGUF file"
        );
    }
    let name = value.get("model_type").and_then(|name| name.as_str()).unwrap_or("gpt2");
    (family(name)?.from_json)(&value)
}
