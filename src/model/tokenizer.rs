//! Text to tokens and back, without loss of bytes: GPT-2's byte-level BPE, with the `tokenizers` crate.

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::HashMap, path::Path};
use tokenizers::{
    AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Trainer,
    models::bpe::{BPE, BpeTrainer, Vocab},
    pre_tokenizers::byte_level::ByteLevel,
    tokenizer::Tokenizer as Inner,
};

/// The token that marks the end of a text.
const END: &str = "<|endoftext|>";

/// A BPE tokenizer: a vocabulary and its merges.
pub struct Tokenizer {
    inner: Inner,
    bytes: Vec<Vec<u8>>,
    /// Ids below the highest one that have no token.
    holes: Vec<usize>,
    end: Option<u32>,
}

/// The parts of a tokenizer, as files store them.
pub struct Parts {
    /// The tokens by id, spelled in GPT-2's byte alphabet.
    pub tokens: HashMap<u32, String>,
    /// The merges in order, each as "a b".
    pub merges: Vec<String>,
    /// The special tokens, which stand for no text.
    pub special: Vec<String>,
}

#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    decoder: Value,
    #[serde(default)]
    normalizer: Value,
}

impl Tokenizer {
    /// Parse the contents of `tokenizer.json`.
    ///
    /// # Errors
    /// When it is not a tokenizer, or the ids have too large gaps.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        // The library panics at a malformed decoder and at a malformed `Precompiled` normalizer, so check both first.
        let probe: Probe = serde_json::from_slice(json)?;
        let mapped = probe.normalizer.to_string().contains("Precompiled");
        ensure!(!mapped, "its characters are mapped (`Precompiled`), which GPT-2's never are");
        drop(probe.decoder);
        let mut inner = Inner::from_bytes(json).map_err(|e| anyhow!("{e}"))?;
        // Prompts are neither truncated nor padded.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| anyhow!("{e}"))?;
        Self::new(inner)
    }

    /// Read `vocab.json` (or `encoder.json`) and `merges.txt` (or `vocab.bpe`).
    ///
    /// # Errors
    /// When a file is missing or malformed; the error names it.
    pub fn from_files(vocab: &Path, merges: &Path) -> Result<Self> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))
        };
        let ids: HashMap<String, u32> =
            serde_json::from_str(&read(vocab)?).with_context(|| format!("{}", vocab.display()))?;
        let text = read(merges)?;
        let pairs = text
            .lines()
            .filter(|line| !line.starts_with("#version") && !line.is_empty())
            .map(|line| {
                let (a, b) = line.split_once(' ').with_context(|| {
                    format!("{}: `{line}` is not two parts with a space between", merges.display())
                })?;
                Ok((a.to_string(), b.to_string()))
            })
            .collect::<Result<Vec<_>>>()?;
        let special = ids.contains_key(END).then(|| END.to_string());
        Self::from_parts(ids, pairs, special.into_iter().collect())
            .with_context(|| format!("{}", merges.display()))
    }

    /// Learn a vocabulary of at most `size` tokens from a text by byte-pair encoding (Sennrich et al. 2016). It
    /// contains all bytes and the end-of-text token.
    ///
    /// # Errors
    /// When the library fails.
    pub fn learn(text: &str, size: usize) -> Result<Self> {
        let mut trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .min_frequency(2)
            .special_tokens(vec![AddedToken::from(END, true)])
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let bytes = ByteLevel::new(false, true, true);
        let words = |text: &str| {
            let mut text = PreTokenizedString::from(text);
            bytes.pre_tokenize(&mut text)?;
            let splits = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
            Ok(splits.into_iter().map(|(word, ..)| word.to_owned()).collect())
        };
        let documents = text.split(END).flat_map(|document| document.split_inclusive('\n'));
        trainer.feed(documents, words).map_err(|e| anyhow!("{e}"))?;
        let mut bpe = BPE::default();
        trainer.train(&mut bpe).map_err(|e| anyhow!("{e}"))?;
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(bytes));
        inner.with_decoder(Some(bytes));
        let end = AddedToken::from(END, true);
        inner.add_special_tokens([end]).map_err(|e| anyhow!("{e}"))?;
        Self::new(inner)
    }

    /// Build a tokenizer from tokens with their ids, merges in order, and special tokens.
    ///
    /// # Errors
    /// When a merge refers to a token that is not in the vocabulary.
    pub fn from_parts(
        tokens: HashMap<String, u32>,
        merges: Vec<(String, String)>,
        special: Vec<String>,
    ) -> Result<Self> {
        let bpe = BPE::builder()
            .vocab_and_merges(tokens.into_iter().collect::<Vocab>(), merges)
            .build()
            .map_err(|e| anyhow!("{e}"))?;
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        inner.with_decoder(Some(ByteLevel::new(false, true, true)));
        let special = special.into_iter().map(|token| AddedToken::from(token, true));
        inner.add_special_tokens(special).map_err(|e| anyhow!("{e}"))?;
        Self::new(inner)
    }

    /// The parts that it is made of.
    ///
    /// # Errors
    /// When the library's model is not BPE.
    pub fn parts(&self) -> Result<Parts> {
        let tokens = self.inner.get_vocab(true).into_iter().map(|(t, id)| (id, t)).collect();
        let json: serde_json::Value = serde_json::from_str(&self.to_json()?)?;
        let merges = json["model"]["merges"].as_array().context("the tokenizer is no BPE")?;
        let merges = merges
            .iter()
            .map(|merge| match merge {
                serde_json::Value::String(pair) => pair.clone(),
                pair => {
                    let part = |i: usize| pair[i].as_str().unwrap_or_default();
                    format!("{} {}", part(0), part(1))
                }
            })
            .collect();
        let added = self.inner.get_added_tokens_decoder();
        let special = added.into_values().map(|t| t.content).collect();
        Ok(Parts { tokens, merges, special })
    }

    fn new(inner: Inner) -> Result<Self> {
        let ids = inner.get_vocab(true);
        ensure!(!ids.is_empty(), "the vocabulary is empty");
        let size = ids.values().max().map_or(0, |&most| most as usize + 1);
        ensure!(
            size <= 4 * ids.len() + 1024,
            "the vocabulary numbers {} tokens up to {size}",
            ids.len()
        );
        let of_char = bytes_of_chars();
        let added = inner.get_added_tokens_decoder();
        let mut bytes = vec![Vec::new(); size];
        for (text, id) in ids {
            bytes[id as usize] = if added.contains_key(&id) {
                text.into_bytes()
            } else {
                // A character outside the byte alphabet is taken literally.
                let mut buffer = [0; 4];
                text.chars()
                    .flat_map(|c| match of_char.get(&c) {
                        Some(&byte) => vec![byte],
                        None => c.encode_utf8(&mut buffer).as_bytes().to_vec(),
                    })
                    .collect()
            };
        }
        let end = inner.token_to_id(END);
        let holes = (0..size).filter(|&id| bytes[id].is_empty()).collect();
        Ok(Self { inner, bytes, holes, end })
    }

    /// The highest id plus 1.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The id of the end-of-text token, if there is one.
    pub fn end(&self) -> Option<u32> {
        self.end
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// Only when the vocabulary lacks a byte.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(|e| anyhow!("{e}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The bytes of a token; empty for an id without a token.
    pub fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// Exclude ids without a token from sampling: set their scores to minus infinity.
    pub fn forbid_unnamed(&self, scores: &mut [f32]) {
        let size = self.bytes.len().min(scores.len());
        scores[size..].fill(f32::NEG_INFINITY);
        for &id in self.holes.iter().take_while(|&&id| id < size) {
            scores[id] = f32::NEG_INFINITY;
        }
    }

    /// The text of tokens, with `�` for invalid UTF-8.
    pub fn decode(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| self.bytes(id)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The contents of `tokenizer.json`.
    ///
    /// # Errors
    /// When the library fails.
    pub fn to_json(&self) -> Result<String> {
        self.inner.to_string(false).map_err(|e| anyhow!("{e}"))
    }
}

/// GPT-2's byte alphabet: each byte is written as a printable character, itself if it is one, else the next from U+0100
/// on.
fn bytes_of_chars() -> HashMap<char, u8> {
    let mut next = 0x100;
    (0..=255u8)
        .map(|byte| match byte {
            b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => (byte as char, byte),
            _ => {
                next += 1;
                (char::from_u32(next - 1).unwrap_or('\u{fffd}'), byte)
            }
        })
        .collect()
}
