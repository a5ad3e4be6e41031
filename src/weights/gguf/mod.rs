//! GGUF files of GPT-2, read and written: names and metadata as llama.cpp's converter has them, matrices (out, in).

mod head;
mod write;

use crate::model::{Config, Raw, Tokenizer};
use anyhow::{Context, Result, bail, ensure};
use candle_core::{
    Device,
    quantized::gguf_file::{Content, Value},
};
use std::{
    collections::HashMap,
    io::{Read, Seek, SeekFrom},
};

pub use write::write;

/// Token types of GGUF.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;

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
        let content = head::read(&mut reader).context("not a whole GGUF file")?;
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
        // The converter tells four times the width whatever it is: the tensor knows better.
        let up = self.content.tensor_infos.get("blk.0.ffn_up.weight");
        let inner = up.and_then(|info| info.shape.dims().first().copied());
        let json = serde_json::json!({
            "model_type": "gpt2",
            "vocab_size": embedding.shape.dims().first().copied().unwrap_or(0),
            "n_positions": self.number("gpt2.context_length")?,
            "n_embd": self.number("gpt2.embedding_length")?,
            "n_layer": self.number("gpt2.block_count")?,
            "n_head": self.number("gpt2.attention.head_count")?,
            "n_inner": inner,
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
                Some(CONTROL | USER_DEFINED) => special.push(token.clone()),
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

    /// Whether the head is the embedding once more, as older converters wrote it.
    ///
    /// # Errors
    /// When the file is torn.
    pub fn is_tied(&mut self) -> Result<bool> {
        let info = |name: &str| self.content.tensor_infos.get(name);
        let (Some(wte), Some(head)) = (info("token_embd.weight"), info("output.weight")) else {
            return Ok(true);
        };
        if wte.ggml_dtype != head.ggml_dtype || wte.shape != head.shape {
            return Ok(false);
        }
        let data = self.content.tensor_data_offset;
        let places = [wte.offset, head.offset].map(|offset| data.saturating_add(offset));
        let mut left = wte.shape.elem_count() / wte.ggml_dtype.block_size();
        left = left.saturating_mul(wte.ggml_dtype.type_size());
        let mut pieces = [vec![0; 1 << 16], vec![0; 1 << 16]];
        let mut past = 0;
        while left > 0 {
            let length = left.min(1 << 16);
            for (piece, place) in pieces.iter_mut().zip(places) {
                self.reader.seek(SeekFrom::Start(place.saturating_add(past)))?;
                self.reader.read_exact(&mut piece[..length]).context("it ends early")?;
            }
            if pieces[0][..length] != pieces[1][..length] {
                return Ok(false);
            }
            past += length as u64;
            left -= length;
        }
        Ok(true)
    }

    /// A tensor by its published name and shape: vectors in f32, matrices as they are stored, (out, in).
    ///
    /// # Errors
    /// When it is missing, torn, or of another shape.
    pub fn get(&mut self, published: &str, shape: &[usize]) -> Result<Raw> {
        let name =
            name_of(published).with_context(|| format!("`{published}` is no part of GPT-2"))?;
        let info = self.content.tensor_infos.get(&name);
        let info = info.with_context(|| format!("`{name}` is missing"))?;
        let got = info.shape.dims();
        let mut want = shape.to_vec();
        if published.starts_with("h.") {
            want.reverse();
        }
        // Before a byte is read, so that the file's own numbers are never those of an allocation.
        ensure!(got == want, "`{name}` has the shape {got:?}; its metadata ask for {want:?}");
        let block = info.ggml_dtype.block_size();
        let rows = want.last().is_some_and(|row| row.is_multiple_of(block));
        ensure!(rows, "`{name}`: its rows don't divide into blocks of {block}");
        let tensor = info
            .read(&mut self.reader, self.content.tensor_data_offset, &Device::Cpu)
            .with_context(|| format!("`{name}`"))?;
        if tensor.rank() == 1 || published == "wpe.weight" {
            return Ok(Raw::Float(tensor.dequantize(&Device::Cpu)?));
        }
        Ok(Raw::Ggml(tensor.into()))
    }
}
