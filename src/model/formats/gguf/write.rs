//! GGUF files written: names and metadata as llama.cpp's converter has them.

use super::{CONTROL, NORMAL, UNUSED, name_of};
use crate::model::{Gpt2, Part, Tokenizer, Weight, tokenizer::Parts};
use anyhow::{Context, Result};
use candle_core::{
    Device, Tensor,
    quantized::{
        GgmlDType, QStorage, QTensor,
        gguf_file::{self, Value},
    },
};
use std::{
    borrow::Cow,
    io::{Seek, Write},
};

/// Write a network with its tokenizer; `extra` metadata come last.
///
/// # Errors
/// What the writer says, or a weight that cannot be had in the form it is held in.
pub fn write(
    to: &mut (impl Write + Seek),
    name: &str,
    network: &Gpt2,
    tokenizer: &Tokenizer,
    extra: &[(&str, String)],
) -> Result<()> {
    let config = &network.config;
    let count = |n: usize| Value::U32(n as u32);
    let strings = |list: Vec<String>| Value::Array(list.into_iter().map(Value::String).collect());
    let Parts { tokens, merges, special } = tokenizer.parts()?;
    let kinds = (0..config.vocab_size)
        .map(|id| {
            Value::I32(match tokens.get(&(id as u32)) {
                None => UNUSED,
                Some(token) if special.contains(token) => CONTROL,
                Some(_) => NORMAL,
            })
        })
        .collect();
    let tokens = (0..config.vocab_size)
        .map(|id| tokens.get(&(id as u32)).cloned().unwrap_or(format!("[PAD{id}]")))
        .collect();
    let mut metadata: Vec<(&str, Value)> = vec![
        ("general.architecture", Value::String("gpt2".into())),
        ("general.name", Value::String(name.into())),
        ("general.quantization_version", Value::U32(2)),
        ("gpt2.context_length", count(config.n_positions)),
        ("gpt2.embedding_length", count(config.n_embd)),
        ("gpt2.block_count", count(config.n_layer)),
        ("gpt2.feed_forward_length", count(config.inner())),
        ("gpt2.attention.head_count", count(config.n_head)),
        ("gpt2.attention.layer_norm_epsilon", Value::F32(config.layer_norm_epsilon as f32)),
        ("tokenizer.ggml.model", Value::String("gpt2".into())),
        ("tokenizer.ggml.pre", Value::String("gpt-2".into())),
        ("tokenizer.ggml.tokens", strings(tokens)),
        ("tokenizer.ggml.token_type", Value::Array(kinds)),
        ("tokenizer.ggml.merges", strings(merges)),
    ];
    if let Some(end) = config.eos_token_id.or(tokenizer.end()) {
        metadata.push(("tokenizer.ggml.bos_token_id", Value::U32(end)));
        metadata.push(("tokenizer.ggml.eos_token_id", Value::U32(end)));
    }
    metadata.extend(extra.iter().map(|(key, text)| (*key, Value::String(text.clone()))));
    let mut tensors = Vec::new();
    for (published, part) in network.parts() {
        let name = name_of(&published).with_context(|| format!("`{published}` has no name"))?;
        tensors.push((name, quantized(part)?));
    }
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(n, t)| (n.as_str(), &**t)).collect();
    Ok(gguf_file::write(to, &metadata, &tensors)?)
}

/// A part in ggml's storage, (out, in).
fn quantized(part: Part) -> Result<std::sync::Arc<QTensor>> {
    let floats = |t: &Tensor| Ok(QTensor::quantize(&t.contiguous()?, GgmlDType::F32)?.into());
    match part {
        Part::Vector(t) | Part::Matrix(Weight::Transposed(t)) => floats(t),
        Part::Matrix(Weight::Dense(t)) => floats(&t.t()?),
        Part::Matrix(Weight::Half(t)) => {
            let kind = match t.dtype() {
                candle_core::DType::BF16 => GgmlDType::BF16,
                _ => GgmlDType::F16,
            };
            Ok(QTensor::quantize(&t.to_dtype(candle_core::DType::F32)?, kind)?.into())
        }
        Part::Matrix(Weight::Quantized(_, t)) => Ok(t.clone()),
        Part::Matrix(Weight::Q8(w)) => {
            let (rows, input) = w.dims();
            let bytes: Vec<u8> = (0..rows).flat_map(|o| w.row_q8_0(o)).collect();
            let storage = QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, GgmlDType::Q8_0)?;
            Ok(QTensor::new(storage, (rows, input))?.into())
        }
    }
}
