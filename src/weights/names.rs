//! The names of tensors in files of weights: prefixes that training programs put before the published names, and
//! tensors that a network doesn't use.

use crate::model::{Architecture, Kind};
use anyhow::{Context, Result, bail};
use std::collections::{BTreeMap, BTreeSet};

/// Prefixes before published names, in any order and combination: of data parallelism, of `torch.compile`, of PEFT, of
/// other wrappers, and of `transformers`.
const PREFIXES: [&str; 6] =
    ["module.", "_orig_mod.", "base_model.model.", "base_model.", "model.", "transformer."];

/// Parts of names that only quantized weights have.
const QUANTIZED: [&str; 8] =
    ["SCB", "absmax", "quant_map", "quant_state", "qweight", "qzeros", "g_idx", "weight_scale"];

/// A name without its prefixes.
pub fn stripped(mut name: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    name
}

/// The names in a file, by the names without their prefixes.
///
/// # Errors
/// When two of them are the same tensor.
pub fn by_published(names: impl IntoIterator<Item = String>) -> Result<BTreeMap<String, String>> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for name in names {
        let published = stripped(&name).to_owned();
        if let Some(other) = all.insert(published, name.clone())
            && other != name
        {
            bail!("`{other}` and `{name}` are the same tensor; delete the one that is not wanted");
        }
    }
    Ok(all)
}

/// The number of the layer in a tensor's name: 3 for `h.3.ln_1.weight`, `layers.3.mlp`, `blk.3.attn_q` and
/// `model/h3/ln_1/g`.
fn layer(name: &str) -> Option<usize> {
    let mut parts = name.split(['.', '/']).peekable();
    while let Some(part) = parts.next() {
        if matches!(part, "h" | "layers" | "blk") {
            return parts.next()?.parse().ok();
        }
        if let Some(number) = part.strip_prefix('h').and_then(|number| number.parse().ok()) {
            return Some(number);
        }
    }
    None
}

/// Buffers that some programs save beside the weights. They are constants.
fn is_buffer(name: &str) -> bool {
    [".attn.bias", ".attn.masked_bias", ".inv_freq", "rope_freqs.weight"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Check the tensors that a network doesn't use. `names` are all names in the files, without prefixes; `wanted` are
/// those that the network reads. Returns a note if some are left over.
///
/// # Errors
/// When the network would compute something else than the weights were trained for.
pub fn check(
    config: &dyn Architecture,
    names: &BTreeSet<String>,
    wanted: &BTreeSet<String>,
) -> Result<Option<String>> {
    let left: Vec<&String> =
        names.iter().filter(|name| !wanted.contains(*name) && !is_buffer(name)).collect();
    let last = |name: &str| name.rsplit(['.', '/']).next().unwrap_or_default().to_owned();
    if let Some(name) = left.iter().find(|name| QUANTIZED.contains(&&*last(name))) {
        bail!(
            "`{name}`: the weights are quantized in a form that is not read here; use the model's weights in f16 or f32, \
             or a GGUF file"
        );
    }
    if let Some(name) =
        left.iter().find(|name| name.contains(".lora_A") || name.contains(".lora_B"))
    {
        bail!(
            "`{name}`: LoRA matrices that are not merged; merge them (PEFT's merge_and_unload) and save the model again"
        );
    }
    let layers = config.dims().layers;
    let most = left.iter().filter_map(|name| layer(name)).max();
    if let Some(most) = most.filter(|most| *most >= layers) {
        bail!(
            "the weights have {} layers, and the configuration says {layers}: they belong to different models, or the \
             configuration was changed",
            most + 1
        );
    }
    if let Some(name) = left.iter().find(|name| layer(name).is_some() || **name == "lm_head.bias") {
        bail!("`{name}`: a part that this network doesn't have, so its text would be wrong");
    }
    if left.is_empty() {
        return Ok(None);
    }
    let mut shown: Vec<_> = left.iter().take(3).map(|name| format!("`{name}`")).collect();
    if left.len() > shown.len() {
        shown.push("...".into());
    }
    let count = left.len();
    let tensors = if count == 1 { "tensor is" } else { "tensors are" };
    Ok(Some(format!(
        "{count} {tensors} not used, as no part of a language model: {}",
        shown.join(", ")
    )))
}

/// The same configuration with the head that the weights have.
///
/// # Errors
/// When the family doesn't know the setting.
pub fn with_own_head(config: &dyn Architecture) -> Result<Box<dyn Architecture>> {
    let mut json = config.to_json();
    json["tie_word_embeddings"] = false.into();
    let untied = crate::model::parse_config(json.to_string().as_bytes())?;
    let has_head = untied.tensors().iter().any(|spec| spec.kind == Kind::Head);
    has_head.then_some(untied).context("an output head of its own, which this family doesn't have")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::gpt2::Config;

    #[test]
    fn prefixes_are_taken_off_in_any_order() {
        for name in ["", "module.", "_orig_mod.module.", "base_model.model.transformer.", "model."]
        {
            assert_eq!(stripped(&format!("{name}h.0.ln_1.weight")), "h.0.ln_1.weight");
        }
        assert_eq!(stripped("modulex.wte.weight"), "modulex.wte.weight");
        let twice = ["wte.weight", "module.wte.weight"].map(str::to_owned);
        assert!(by_published(twice).unwrap_err().to_string().contains("same tensor"));
    }

    fn wanted(config: &dyn Architecture) -> BTreeSet<String> {
        config.tensors().iter().map(|spec| stripped(&spec.name).to_owned()).collect()
    }

    #[test]
    fn what_is_left_over_is_a_note_or_an_error() {
        let config = Config::gpt2(64);
        let wanted = wanted(&config);
        let with = |more: &[&str]| {
            let mut names = wanted.clone();
            names.extend(more.iter().map(|name| (*name).to_owned()));
            check(&config, &names, &wanted).map_err(|error| error.to_string())
        };
        assert_eq!(with(&["h.0.attn.bias", "h.0.attn.masked_bias"]), Ok(None));
        let note = with(&["score.weight"]).unwrap().unwrap();
        assert!(note.starts_with("1 tensor is not used") && note.contains("`score.weight`"));
        for (name, why) in [
            ("h.1.ln_1.weight", "have 2 layers, and the configuration says 1"),
            ("model/h11/ln_1/g", "have 12 layers"),
            ("blk.3.attn_norm.weight", "have 4 layers"),
            ("h.0.crossattention.c_attn.weight", "doesn't have"),
            ("lm_head.bias", "doesn't have"),
            ("h.0.attn.c_attn.lora_A.default.weight", "not merged"),
            ("h.0.attn.c_attn.SCB", "quantized"),
        ] {
            let error = with(&[name]).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
