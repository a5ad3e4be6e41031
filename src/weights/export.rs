//! Writes a checkpoint in the Hugging Face layout, as `transformers` reads it, one tensor at a time. The folder
//! appears only when it is complete.

use super::{Checkpoint, safetensors::Writer};
use crate::{
    model::{Memorized, Raw, Spec, Tensors, fits, gpt2, memorized, tokenizer::Parts},
    whole,
};
use anyhow::{Context, Result, ensure};
use candle_core::Device;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Write a checkpoint, with the index of its training text, into a new folder.
///
/// # Errors
/// When the folder exists or cannot be created, or a tensor is missing, damaged or of another shape.
pub fn to_folder(
    from: &mut Checkpoint,
    memorized: Option<&Memorized>,
    folder: &Path,
) -> Result<()> {
    let shown = || format!("{}", folder.display());
    ensure!(
        fs::symlink_metadata(folder).is_err(),
        "{}: already exists; give another name",
        folder.display()
    );
    from.config.fits_json()?;
    let aside = tempfile::tempdir_in(whole::folder_of(folder)).with_context(shown)?;
    let new = aside.path();
    fits(&from.tokenizer, &*from.config)?;
    write_json(&new.join("config.json"), &from.config.to_json())?;
    if !from.generation.is_null() {
        write_json(&new.join("generation_config.json"), &from.generation)?;
    }
    write_tokenizer(from, new)?;
    write_weights(from, &new.join("model.safetensors"))?;
    if let Some(memorized) = memorized {
        memorized.write(&new.join(memorized::FILE))?;
    }
    fs::rename(new, folder).with_context(shown)
}

fn write_tokenizer(from: &Checkpoint, folder: &Path) -> Result<()> {
    fs::write(folder.join("tokenizer.json"), from.tokenizer.to_json()?)?;
    if from.config.family() != gpt2::FAMILY.name {
        return write_json(&folder.join("tokenizer_config.json"), &tokenizer_config(from));
    }
    let Parts { tokens, merges, .. } = from.tokenizer.parts()?;
    let vocab: serde_json::Map<_, _> =
        tokens.into_iter().map(|(id, token)| (token, id.into())).collect();
    write_json(&folder.join("vocab.json"), &vocab.into())?;
    fs::write(folder.join("merges.txt"), format!("#version: 0.2\n{}\n", merges.join("\n")))?;
    let mut json = json!({
        "tokenizer_class": "GPT2Tokenizer",
        "model_max_length": from.config.dims().context,
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

/// `tokenizer_config.json` for `transformers`' class that takes all else from `tokenizer.json`.
fn tokenizer_config(from: &Checkpoint) -> Value {
    let tokenizer = &from.tokenizer;
    let begin = tokenizer.begin().first().copied();
    let mut json = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": from.config.dims().context,
        "clean_up_tokenization_spaces": false,
        "add_bos_token": begin.is_some(),
    });
    for (role, id) in [("bos_token", begin), ("eos_token", from.config.end().or(tokenizer.end()))] {
        json[role] = id.and_then(|id| tokenizer.name(id)).into();
    }
    json
}

fn write_json(path: &Path, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)? + "\n";
    fs::write(path, text).with_context(|| format!("{}", path.display()))
}

fn write_weights(from: &mut Checkpoint, path: &Path) -> Result<()> {
    let tensors = from.config.tensors();
    let named: Vec<_> =
        tensors.iter().map(|spec| (written(from, &spec.name), spec.shape.clone())).collect();
    let mut file = Writer::create(path, &named)?;
    for spec in &tensors {
        file.write(&floats(from, spec)?)?;
    }
    file.finish()
}

/// The name that `transformers` gives a tensor of a model with a head.
fn written(from: &Checkpoint, published: &str) -> String {
    match published {
        _ if from.config.family() != gpt2::FAMILY.name => published.to_owned(),
        "lm_head.weight" => published.to_owned(),
        _ => format!("transformer.{published}"),
    }
}

/// A tensor's values in the published order.
///
/// # Errors
/// When it is missing, damaged, of another shape, or contains NaN.
pub fn floats(from: &mut Checkpoint, spec: &Spec) -> Result<Vec<f32>> {
    let tensor = match from.get(spec)? {
        Raw::Float(tensor) => tensor,
        Raw::Ggml(tensor) => {
            let tensor = tensor.dequantize(&Device::Cpu)?;
            if spec.in_out { tensor.t()? } else { tensor }
        }
    };
    Ok(tensor.flatten_all()?.to_vec1()?)
}
