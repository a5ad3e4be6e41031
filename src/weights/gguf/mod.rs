//! Reads and writes GGUF files with the names and metadata of llama.cpp's converter. Matrices are (out, in).

mod head;
mod pairs;
mod vocabulary;
mod write;

use crate::model::{
    Architecture, Raw, Spec, Tensors, Tokenizer, family,
    network::{Family, Metadata},
};
use anyhow::{Context, Result, ensure};
use candle_core::{
    Device,
    quantized::gguf_file::{Content, Value},
};
use std::io::{Read, Seek, SeekFrom};

pub use write::write;

/// GGUF's token types.
const NORMAL: i32 = 1;
const UNKNOWN: i32 = 2;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;

/// An open GGUF file.
pub struct Gguf<R> {
    content: Content,
    family: &'static Family,
    reader: R,
}

impl<R: Read + Seek> Gguf<R> {
    /// Read a file's header.
    ///
    /// # Errors
    /// When it is not GGUF, is truncated, or has another architecture.
    pub fn open(mut reader: R) -> Result<Self> {
        let content = head::read(&mut reader).context("not a complete GGUF file")?;
        let name = content.metadata.get("general.architecture").and_then(|v| v.to_string().ok());
        let family = family(name.map_or("", String::as_str))?;
        Ok(Self { content, family, reader })
    }

    /// A metadata value, if it is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.content.metadata.get(key)?.to_string().ok().map(String::as_str)
    }

    /// The configuration in the metadata.
    ///
    /// # Errors
    /// When a value is missing or out of range.
    pub fn config(&self) -> Result<Box<dyn Architecture>> {
        (self.family.from_gguf)(&self.content)
    }

    /// The tokenizer in the metadata.
    ///
    /// # Errors
    /// When it is missing, or of a kind that is not read here.
    pub fn tokenizer(&self) -> Result<Tokenizer> {
        vocabulary::read(&self.content, self.family.name)
    }

    /// The names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.content.tensor_infos.keys().map(String::as_str)
    }

    /// Whether a tensor is there.
    pub fn has(&self, tensor: &Spec) -> bool {
        self.content.tensor_infos.contains_key(&tensor.gguf)
    }

    /// Whether the output head is the token embedding: the file has no head, or a copy of the embedding, as older
    /// converters wrote it.
    ///
    /// # Errors
    /// When the file is truncated.
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
}

impl<R: Read + Seek> Tensors for Gguf<R> {
    /// A tensor. Matrices keep their stored type, (out, in); all others are converted to f32.
    ///
    /// # Errors
    /// When it is missing, truncated, or of another shape.
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        let name = &tensor.gguf;
        let info = self.content.tensor_infos.get(name);
        let info = info.with_context(|| format!("`{name}` is missing"))?;
        let (got, want) = (info.shape.dims(), tensor.gguf_shape());
        // Checked before memory is allocated, so that a damaged file can't ask for any amount of it.
        ensure!(got == want, "`{name}` has the shape {got:?}; its metadata ask for {want:?}");
        let block = info.ggml_dtype.block_size();
        let rows = want.last().is_some_and(|row| row.is_multiple_of(block));
        ensure!(rows, "`{name}`: its row length is not a multiple of the block size {block}");
        let raw = info
            .read(&mut self.reader, self.content.tensor_data_offset, &Device::Cpu)
            .with_context(|| format!("`{name}`"))?;
        let raw = match tensor.is_matrix() {
            true => Raw::Ggml(raw.into()),
            false => Raw::Float(raw.dequantize(&Device::Cpu)?),
        };
        pairs::undo(raw, tensor)
    }
}

impl Metadata for Content {
    fn count(&self, key: &str) -> Result<usize> {
        let value = self.metadata.get(key).with_context(|| format!("`{key}` is missing"))?;
        // The converter writes u32; other programs have written i32 or u64.
        let number = match value {
            Value::I32(n) => u64::try_from(*n).ok(),
            Value::I64(n) => u64::try_from(*n).ok(),
            value => value.to_u64().ok(),
        };
        Ok(number.with_context(|| format!("`{key}` is not a count"))? as usize)
    }

    fn float(&self, key: &str) -> Option<f32> {
        self.metadata.get(key)?.to_f32().ok()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.to_string().ok().map(String::as_str)
    }

    fn shape(&self, tensor: &str) -> Option<Vec<usize>> {
        Some(self.tensor_infos.get(tensor)?.shape.dims().to_vec())
    }
}
