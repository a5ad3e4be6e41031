//! A checkpoint written anew in the Hugging Face layout, tensor by tensor, as `transformers` reads it. What is written
//! appears whole or not at all.

use super::{Checkpoint, safetensors::Writer};
use crate::{
    model::{Config, Memorized, Raw, fits, memorized, tokenizer::Parts},
    whole,
};
use anyhow::{Context, Result, ensure};
use candle_core::Device;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Every tensor of a network of this shape, by its published name, with its published shape.
pub fn tensors(config: &Config) -> Vec<(String, Vec<usize>)> {
    let (c, inner) = (config.n_embd, config.inner());
    let mut all = vec![
        ("wte.weight".to_owned(), vec![config.vocab_size, c]),
        ("wpe.weight".to_owned(), vec![config.n_positions, c]),
    ];
    for i in 0..config.n_layer {
        let mut linear = |name: &str, input: usize, out: usize| {
            all.push((format!("h.{i}.{name}.weight"), vec![input, out]));
            all.push((format!("h.{i}.{name}.bias"), vec![out]));
        };
        linear("attn.c_attn", c, 3 * c);
        linear("attn.c_proj", c, c);
        linear("mlp.c_fc", c, inner);
        linear("mlp.c_proj", inner, c);
        for norm in ["ln_1", "ln_2"] {
            all.push((format!("h.{i}.{norm}.weight"), vec![c]));
            all.push((format!("h.{i}.{norm}.bias"), vec![c]));
        }
    }
    all.push(("ln_f.weight".into(), vec![c]));
    all.push(("ln_f.bias".into(), vec![c]));
    if !config.tie_word_embeddings {
        all.push(("lm_head.weight".into(), vec![config.vocab_size, c]));
    }
    all
}

/// Write a checkpoint, with the index of what it was taught, into a folder, which must not be there yet.
///
/// # Errors
/// When the folder is there or cannot be made, or a tensor is missing, damaged or of another shape.
pub fn to_folder(
    from: &mut Checkpoint,
    memorized: Option<&Memorized>,
    folder: &Path,
) -> Result<()> {
    let shown = || format!("{}", folder.display());
    ensure!(fs::symlink_metadata(folder).is_err(), "{}: there already", folder.display());
    let aside = tempfile::tempdir_in(whole::folder_of(folder)).with_context(shown)?;
    let new = aside.path();
    fits(&from.tokenizer, &from.config)?;
    write_json(&new.join("config.json"), &config_json(&from.config))?;
    write_tokenizer(from, new)?;
    write_weights(from, &new.join("model.safetensors"))?;
    if let Some(memorized) = memorized {
        memorized.write(&new.join(memorized::FILE))?;
    }
    fs::rename(new, folder).with_context(shown)
}

fn config_json(config: &Config) -> Value {
    let mut json = json!(config);
    // The older name, by which llama.cpp's converter knows it.
    json["n_ctx"] = json!(config.n_positions);
    json["architectures"] = json!(["GPT2LMHeadModel"]);
    json["bos_token_id"] = json!(config.eos_token_id);
    json["dtype"] = json!("float32");
    json
}

fn write_tokenizer(from: &Checkpoint, folder: &Path) -> Result<()> {
    fs::write(folder.join("tokenizer.json"), from.tokenizer.to_json()?)?;
    let Parts { tokens, merges, .. } = from.tokenizer.parts()?;
    let vocab: serde_json::Map<_, _> =
        tokens.into_iter().map(|(id, token)| (token, id.into())).collect();
    write_json(&folder.join("vocab.json"), &vocab.into())?;
    fs::write(folder.join("merges.txt"), format!("#version: 0.2\n{}\n", merges.join("\n")))?;
    let mut json = json!({
        "tokenizer_class": "GPT2Tokenizer",
        "model_max_length": from.config.n_positions,
        "add_prefix_space": false,
    });
    if let Some(end) = from.tokenizer.end() {
        let end = String::from_utf8_lossy(from.tokenizer.bytes(end)).into_owned();
        for role in ["bos_token", "eos_token", "unk_token"] {
            json[role] = end.clone().into();
        }
    }
    write_json(&folder.join("tokenizer_config.json"), &json)
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    fs::write(path, text).with_context(|| format!("{}", path.display()))
}

fn write_weights(from: &mut Checkpoint, path: &Path) -> Result<()> {
    let tensors = tensors(&from.config);
    let named: Vec<_> =
        tensors.iter().map(|(name, shape)| (written(name), shape.clone())).collect();
    let mut file = Writer::create(path, &named)?;
    for (name, shape) in &tensors {
        file.write(&floats(from, name, shape)?)?;
    }
    file.finish()
}

/// The name that `transformers` gives a tensor of a model with a head.
fn written(published: &str) -> String {
    match published {
        "lm_head.weight" => published.to_owned(),
        _ => format!("transformer.{published}"),
    }
}

/// A tensor's numbers in their published order.
///
/// # Errors
/// When it is missing, damaged, of another shape, or holds what is no number.
pub fn floats(from: &mut Checkpoint, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
    let tensor = match from.get(name, shape)? {
        Raw::Float(tensor) => tensor,
        Raw::Ggml(tensor) => {
            let tensor = tensor.dequantize(&Device::Cpu)?;
            if name.starts_with("h.") { tensor.t()? } else { tensor }
        }
    };
    Ok(tensor.flatten_all()?.to_vec1()?)
}
