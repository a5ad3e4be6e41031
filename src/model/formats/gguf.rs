//! GGUF files of GPT-2, read and written: names and metadata as llama.cpp's converter has them, matrices (out, in).

use crate::model::{Config, Gpt2, Part, Raw, Tokenizer, Weight, tokenizer::Parts};
use anyhow::{Context, Result, bail, ensure};
use candle_core::{
    Device, Tensor,
    quantized::{
        GgmlDType, QStorage, QTensor,
        gguf_file::{self, Content, Value},
    },
};
use std::{
    borrow::Cow,
    collections::HashMap,
    io::{Read, Seek, Write},
};

/// An open file.
pub struct Gguf<R> {
    content: Content,
    reader: R,
}

/// The GGUF name of a published one.
fn name_of(published: &str) -> Option<String> {
    let fixed = match published {
        "wte.weight" => "token_embd.weight",
        "wpe.weight" => "position_embd.weight",
        "ln_f.weight" => "output_norm.weight",
        "ln_f.bias" => "output_norm.bias",
        "lm_head.weight" => "output.weight",
        _ => "",
    };
    if !fixed.is_empty() {
        return Some(fixed.into());
    }
    let (layer, rest) = published.strip_prefix("h.")?.split_once('.')?;
    let (part, kind) = rest.rsplit_once('.')?;
    let part = match part {
        "ln_1" => "attn_norm",
        "attn.c_attn" => "attn_qkv",
        "attn.c_proj" => "attn_output",
        "ln_2" => "ffn_norm",
        "mlp.c_fc" => "ffn_up",
        "mlp.c_proj" => "ffn_down",
        _ => return None,
    };
    Some(format!("blk.{layer}.{part}.{kind}"))
}

impl<R: Read + Seek> Gguf<R> {
    /// Read the head of a file.
    ///
    /// # Errors
    /// When it is not GGUF, is torn, or holds another architecture.
    pub fn open(mut reader: R) -> Result<Self> {
        let content = Content::read(&mut reader).context("not a whole GGUF file")?;
        let this = Self { content, reader };
        let architecture = this.text("general.architecture").unwrap_or_default();
        ensure!(
            architecture == "gpt2",
            "it holds a `{architecture}` model; only `gpt2` is read here"
        );
        Ok(this)
    }

    /// Metadata that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.content.metadata.get(key)?.to_string().ok().map(String::as_str)
    }

    fn number(&self, key: &str) -> Result<usize> {
        let value =
            self.content.metadata.get(key).with_context(|| format!("`{key}` is missing"))?;
        // A converter writes u32, others have written i32 or u64.
        let number = match value {
            Value::I32(n) => u64::try_from(*n).ok(),
            Value::I64(n) => u64::try_from(*n).ok(),
            value => value.to_u64().ok(),
        };
        Ok(number.with_context(|| format!("`{key}` is no count"))? as usize)
    }

    /// The shape that the metadata tell.
    ///
    /// # Errors
    /// When a number is missing or absurd.
    pub fn config(&self) -> Result<Config> {
        let embedding = self
            .content
            .tensor_infos
            .get("token_embd.weight")
            .context("`token_embd.weight` is missing")?;
        let json = serde_json::json!({
            "model_type": "gpt2",
            "vocab_size": embedding.shape.dims().first().copied().unwrap_or(0),
            "n_positions": self.number("gpt2.context_length")?,
            "n_embd": self.number("gpt2.embedding_length")?,
            "n_layer": self.number("gpt2.block_count")?,
            "n_head": self.number("gpt2.attention.head_count")?,
            "n_inner": self.number("gpt2.feed_forward_length").ok(),
            "layer_norm_epsilon": self
                .content
                .metadata
                .get("gpt2.attention.layer_norm_epsilon")
                .and_then(|v| v.to_f32().ok())
                .unwrap_or(1e-5),
            "tie_word_embeddings": !self.has("lm_head.weight"),
            "eos_token_id": self.number("tokenizer.ggml.eos_token_id").ok(),
        });
        Config::parse(json.to_string().as_bytes())
    }

    /// The tokenizer in the metadata.
    ///
    /// # Errors
    /// When it is missing or no byte-level BPE.
    pub fn tokenizer(&self) -> Result<Tokenizer> {
        let kind = self.text("tokenizer.ggml.model").unwrap_or("none");
        if kind != "gpt2" {
            bail!("its tokenizer is `{kind}`; GPT-2's is a byte-level BPE named `gpt2`");
        }
        let list = |key: &str| -> Result<&Vec<Value>> {
            let value = self.content.metadata.get(key);
            Ok(value.with_context(|| format!("`{key}` is missing"))?.to_vec()?)
        };
        let kinds = list("tokenizer.ggml.token_type").ok();
        let kind = |id: usize| kinds.and_then(|k| k.get(id)).and_then(|v| v.to_i32().ok());
        let (mut vocabulary, mut special) = (HashMap::new(), Vec::new());
        for (id, token) in list("tokenizer.ggml.tokens")?.iter().enumerate() {
            let token = token.to_string()?.clone();
            match kind(id) {
                Some(UNUSED) => continue,
                Some(CONTROL) => special.push(token.clone()),
                _ => {}
            }
            vocabulary.insert(token, id as u32);
        }
        let merges = list("tokenizer.ggml.merges")?
            .iter()
            .map(|v| {
                let pair = v.to_string()?;
                let (a, b) = pair.split_once(' ').context("a merge without a space")?;
                Ok((a.to_string(), b.to_string()))
            })
            .collect::<Result<Vec<_>>>()?;
        Tokenizer::from_parts(vocabulary, merges, special)
    }

    /// Whether a tensor of this published name is there.
    pub fn has(&self, published: &str) -> bool {
        name_of(published).is_some_and(|name| self.content.tensor_infos.contains_key(&name))
    }

    /// A tensor by its published name and shape: vectors in f32, matrices as they are stored, (out, in).
    ///
    /// # Errors
    /// When it is missing, torn, or of another shape.
    pub fn get(&mut self, published: &str, shape: &[usize]) -> Result<Raw> {
        let name =
            name_of(published).with_context(|| format!("`{published}` is no part of GPT-2"))?;
        let info = self.content.tensor_infos.get(&name);
        let got = info.with_context(|| format!("`{name}` is missing"))?.shape.dims();
        let mut want = shape.to_vec();
        if published.starts_with("h.") {
            want.reverse();
        }
        // Before a byte is read, so that the file's own numbers are never those of an allocation.
        ensure!(got == want, "`{name}` has the shape {got:?}; its metadata ask for {want:?}");
        let tensor = self.content.tensor(&mut self.reader, &name, &Device::Cpu)?;
        if tensor.rank() == 1 || published == "wpe.weight" {
            return Ok(Raw::Float(tensor.dequantize(&Device::Cpu)?));
        }
        Ok(Raw::Ggml(tensor))
    }
}

/// Token types of GGUF.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const UNUSED: i32 = 5;

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
