//! Writes GGUF files with the names and metadata of llama.cpp's converter (`convert_hf_to_gguf.py`). Tensors are
//! written one after the other, so only one is in memory besides the network.

use super::{CONTROL, NORMAL, UNUSED, pairs};
use crate::model::{
    Architecture, Network, Tokenizer, Weight,
    network::{Number, Part},
    tokenizer::Parts,
};
use anyhow::{Context, Result, ensure};
use candle_core::{
    DType, Device, Tensor,
    quantized::{GgmlDType, QTensor},
};
use std::{borrow::Cow, io::Write};

/// The alignment of the tensor data, in bytes.
const ALIGNMENT: usize = 32;

/// A metadata value.
enum Value {
    Count(u32),
    Float(f32),
    Text(String),
    Texts(Vec<String>),
    Kinds(Vec<i32>),
    Flag(bool),
}

/// Write a network with its tokenizer, or without one for a cache. The `extra` metadata is written last.
///
/// # Errors
/// When the output can't be written, or a weight can't be converted to its target type.
pub fn write(
    to: &mut impl Write,
    name: &str,
    network: &dyn Network,
    tokenizer: Option<&Tokenizer>,
    extra: &[(&str, String)],
) -> Result<()> {
    let mut head = b"GGUF".to_vec();
    let parts = network.named_parts();
    let metadata = metadata(name, network.config(), tokenizer, extra)?;
    head.extend(3u32.to_le_bytes());
    head.extend((parts.len() as u64).to_le_bytes());
    head.extend((metadata.len() as u64).to_le_bytes());
    for (key, value) in &metadata {
        put_text(&mut head, key);
        put_value(&mut head, value);
    }
    let mut offset = 0;
    for (spec, part) in &parts {
        let (form, dims) = shape_of(part)?;
        put_text(&mut head, &spec.gguf);
        head.extend((dims.len() as u32).to_le_bytes());
        for dim in dims.iter().rev() {
            head.extend((*dim as u64).to_le_bytes());
        }
        head.extend(number_of(form)?.to_le_bytes());
        head.extend((offset as u64).to_le_bytes());
        let size = dims.iter().product::<usize>() / form.block_size() * form.type_size();
        offset += size.next_multiple_of(ALIGNMENT);
    }
    head.resize(head.len().next_multiple_of(ALIGNMENT), 0);
    to.write_all(&head)?;
    for (spec, part) in &parts {
        let mut bytes = bytes_of(part)?;
        if spec.paired_heads > 0 {
            bytes = pairs::moved(&bytes, spec, true)?.into();
        }
        to.write_all(&bytes)?;
        let end = bytes.len().next_multiple_of(ALIGNMENT) - bytes.len();
        to.write_all(&[0; ALIGNMENT][..end])?;
    }
    Ok(())
}

fn metadata(
    name: &str,
    config: &dyn Architecture,
    tokenizer: Option<&Tokenizer>,
    extra: &[(&str, String)],
) -> Result<Vec<(String, Value)>> {
    let text = |text: &str| Value::Text(text.into());
    let mut metadata = vec![
        ("general.architecture".to_owned(), text(config.gguf_name())),
        ("general.name".to_owned(), text(name)),
        ("general.quantization_version".to_owned(), Value::Count(2)),
    ];
    metadata.extend(config.to_gguf().into_iter().map(|(key, number)| match number {
        Number::Count(n) => (key, Value::Count(n as u32)),
        Number::Float(x) => (key, Value::Float(x as f32)),
    }));
    let vocabulary = tokenizer.map(|tokenizer| vocabulary(config, tokenizer)).transpose()?;
    let extra = extra.iter().map(|(key, value)| (*key, text(value)));
    let rest = vocabulary.into_iter().flatten().chain(extra);
    metadata.extend(rest.map(|(key, value)| (key.to_owned(), value)));
    Ok(metadata)
}

fn vocabulary(
    config: &dyn Architecture,
    tokenizer: &Tokenizer,
) -> Result<Vec<(&'static str, Value)>> {
    let Parts { tokens, merges, special, words } = tokenizer.parts()?;
    let kind = |id| match tokens.get(&id) {
        None => UNUSED,
        Some(token) if special.contains(token) => CONTROL,
        Some(_) => NORMAL,
    };
    let all = 0..config.dims().vocabulary as u32;
    let kinds = all.clone().map(kind).collect();
    let spelt = |id| tokens.get(&id).cloned().unwrap_or(format!("[PAD{id}]"));
    let mut vocabulary = vec![
        ("tokenizer.ggml.model", Value::Text("gpt2".into())),
        ("tokenizer.ggml.pre", Value::Text(words.into())),
        ("tokenizer.ggml.tokens", Value::Texts(all.map(spelt).collect())),
        ("tokenizer.ggml.token_type", Value::Kinds(kinds)),
        ("tokenizer.ggml.merges", Value::Texts(merges)),
    ];
    let end = config.end().or(tokenizer.end());
    let begin = tokenizer.begin().first().copied();
    if let Some(begin) = begin.or(end) {
        vocabulary.push(("tokenizer.ggml.bos_token_id", Value::Count(begin)));
    }
    if let Some(end) = end {
        vocabulary.push(("tokenizer.ggml.eos_token_id", Value::Count(end)));
    }
    if config.gguf_name() != "gpt2" || begin.is_some() {
        vocabulary.push(("tokenizer.ggml.add_bos_token", Value::Flag(begin.is_some())));
    }
    Ok(vocabulary)
}

fn put_text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u64).to_le_bytes());
    to.extend(text.as_bytes());
}

fn put_value(to: &mut Vec<u8>, value: &Value) {
    let mut kind = |kind: u32| to.extend(kind.to_le_bytes());
    match value {
        Value::Flag(flag) => {
            kind(7);
            to.push(u8::from(*flag));
        }
        Value::Count(n) => {
            kind(4);
            to.extend(n.to_le_bytes());
        }
        Value::Float(x) => {
            kind(6);
            to.extend(x.to_le_bytes());
        }
        Value::Text(text) => {
            kind(8);
            put_text(to, text);
        }
        Value::Texts(texts) => {
            kind(9);
            kind(8);
            to.extend((texts.len() as u64).to_le_bytes());
            texts.iter().for_each(|text| put_text(to, text));
        }
        Value::Kinds(kinds) => {
            kind(9);
            kind(5);
            to.extend((kinds.len() as u64).to_le_bytes());
            kinds.iter().for_each(|n| to.extend(n.to_le_bytes()));
        }
    }
}

/// The type and the shape, (out, in), in which a part is written.
fn shape_of(part: &Part) -> Result<(GgmlDType, Vec<usize>)> {
    let weight = match part {
        Part::Float(t) => return Ok((GgmlDType::F32, t.dims().to_vec())),
        Part::Matrix(weight) => weight,
    };
    let form = match weight {
        Weight::Dense(_) | Weight::Transposed(_) => GgmlDType::F32,
        Weight::Half(t) if t.dtype() == DType::BF16 => GgmlDType::BF16,
        Weight::Half(_) => GgmlDType::F16,
        Weight::Quantized(_, t) => t.dtype(),
        Weight::Tiled(t) => t.form(),
    };
    let (rows, input) = weight.dims()?;
    ensure!(input.is_multiple_of(form.block_size()), "rows that don't divide into blocks");
    Ok((form, vec![rows, input]))
}

/// A part's bytes in that type.
fn bytes_of<'a>(part: &Part<'a>) -> Result<Cow<'a, [u8]>> {
    let floats = |t: &Tensor| -> Result<Cow<'a, [u8]>> {
        let numbers = t.flatten_all()?.to_vec1::<f32>()?;
        Ok(numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>().into())
    };
    match *part {
        Part::Float(t) | Part::Matrix(Weight::Transposed(t)) => floats(t),
        Part::Matrix(Weight::Dense(t)) => floats(&t.t()?),
        Part::Matrix(Weight::Half(t)) => {
            let form = match t.dtype() {
                DType::BF16 => GgmlDType::BF16,
                _ => GgmlDType::F16,
            };
            let whole = QTensor::quantize(&t.to_device(&Device::Cpu)?.to_dtype(DType::F32)?, form)?;
            Ok(whole.data()?.into_owned().into())
        }
        Part::Matrix(Weight::Quantized(_, t)) => Ok(t.data()?),
        Part::Matrix(Weight::Tiled(w)) => {
            let (rows, _) = w.dims();
            Ok((0..rows).flat_map(|o| w.row_bytes(o)).collect::<Vec<u8>>().into())
        }
    }
}

/// ggml's number for a type.
fn number_of(form: GgmlDType) -> Result<u32> {
    let known = (0..=30).find(|number| super::head::form(*number) == Some(form));
    known.with_context(|| format!("{form:?} has no number"))
}
